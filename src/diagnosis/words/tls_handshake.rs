//! The words of the reasons of the TLS layer that are about the handshake.

use super::{ReasonWords, text};

pub(super) const NOT_TLS: ReasonWords = ReasonWords {
    summary_zh: "该端口上的应答不是 TLS",
    symptoms: text(
        "Node: `EPROTO … wrong version number` or `ERR_SSL_WRONG_VERSION_NUMBER`. Python: `[SSL: \
         WRONG_VERSION_NUMBER]`. Go: `first record does not look like a TLS handshake`. curl: `(35) … wrong \
         version number`.",
        "Node：`EPROTO … wrong version number` 或 `ERR_SSL_WRONG_VERSION_NUMBER`。Python：`[SSL: \
         WRONG_VERSION_NUMBER]`。Go：`first record does not look like a TLS handshake`。curl：`(35) … wrong \
         version number`。",
    ),
    tell: text(
        "The first bytes that came back are no TLS record; the detail shows them. Then plain HTTP is \
         spoken to the port, to see what answers there: a portal's redirect, a block page, another service. \
         A server that only cuts or stays silent is `tls_reset` or `tls_timeout`.",
        "收到的第一批字节不是 TLS 记录（见详情）。随后用明文 HTTP 与该端口对话，看那里是谁：门户跳转、拦截\
         页，还是别的服务。只切断或沉默的属于 `tls_reset` 或 `tls_timeout`。",
    ),
    remedy: text(
        "Look at it: `curl -v http://{address}/`. A portal wants you to sign in to the network first; a \
         block page names whom to ask. If it is a gateway of your own that speaks plain HTTP, write \
         `http://` or its TLS port in the URL.",
        "看看是什么：`curl -v http://{address}/`。若是门户，请先登录网络；拦截页上会写明该找谁。如果是您自\
         己的网关且只说明文 HTTP，请在 URL 中写 `http://` 或它的 TLS 端口。",
    ),
};

pub(super) const RESET: ReasonWords = ReasonWords {
    summary_zh: "连接在 TLS 握手期间被切断",
    symptoms: text(
        "`Client network socket disconnected before secure TLS connection was established`; curl: `OpenSSL \
         SSL_connect: SSL_ERROR_SYSCALL` or `(35) Recv failure: Connection reset by peer` after the client \
         hello; Python: `EOF occurred in violation of protocol`.",
        "`Client network socket disconnected before secure TLS connection was established`；curl：\
         ClientHello 之后出现 `OpenSSL SSL_connect: SSL_ERROR_SYSCALL` 或 `(35) Recv failure: Connection \
         reset by peer`；Python：`EOF occurred in violation of protocol`。",
    ),
    tell: text(
        "TCP worked, and the connection was cut before the handshake was done. Three handshakes with the \
         same address tell more: with another server name (`tls_sni_filtered` if that is answered), with \
         small segments (`tls_mtu_blackhole`), with a small client hello (`tls_large_hello_dropped`). This \
         reason stays where none of them gets through.",
        "TCP 正常，握手完成之前连接被切断。再与同一地址做三次握手以便分辨：换一个服务器名（若有应答则为 \
         `tls_sni_filtered`）、用小报文段（`tls_mtu_blackhole`）、用小的 ClientHello\
         （`tls_large_hello_dropped`）。三者都不通时，原因保持不变。",
    ),
    remedy: text(
        "Something between here and {address} cuts TLS, or the server there is not well. Try `openssl \
         s_client -connect {address} -servername {host} </dev/null` from here and from another network. If \
         only this one fails, ask its owner to allow {host} or exempt it from inspection; if all fail, ask \
         the provider.",
        "本机与 {address} 之间有东西在切断 TLS，或那边的服务器有问题。请在这里和另一个网络上各执行一次 \
         `openssl s_client -connect {address} -servername {host} </dev/null`。如果只有这里失败，请网络管理\
         者放行 {host} 或免于检查；如果到处都失败，请联系提供方。",
    ),
};

pub(super) const TIMEOUT: ReasonWords = ReasonWords {
    summary_zh: "TLS 握手未在时限内得到应答",
    symptoms: text(
        "The connection is made and then nothing happens until `Request timed out.`, `TLS handshake \
         timeout` (Go) or `_ssl.c: The handshake operation timed out` (Python); curl hangs after `TLS \
         handshake, Client hello (1)`.",
        "连接已建立，然后毫无动静，直到 `Request timed out.`、`TLS handshake timeout`（Go）或 `_ssl.c: The \
         handshake operation timed out`（Python）；curl 停在 `TLS handshake, Client hello (1)` 之后。",
    ),
    tell: text(
        "TCP worked, and the answer to the client hello did not come or did not come whole. Handshakes \
         with the same address by another server name, with small segments and with a small client hello \
         tell `tls_sni_filtered`, `tls_mtu_blackhole` and `tls_large_hello_dropped` apart. Where all stay \
         silent it is the server, or all TLS is dropped.",
        "TCP 正常，但对 ClientHello 的应答没来，或没来全。再与同一地址分别用另一个服务器名、小报文段、小的 \
         ClientHello 握手，以分辨 `tls_sni_filtered`、`tls_mtu_blackhole` 和 `tls_large_hello_dropped`。若\
         都沉默，则是服务器的问题，或所有 TLS 都被丢弃。",
    ),
    remedy: text(
        "Try `openssl s_client -connect {address} -servername {host} </dev/null` from another network too. \
         If it works there, have the firewall or VPN here let TLS to {host} through. If it hangs \
         everywhere, the server at {address} is overloaded or down: ask the provider, and use another \
         endpoint meanwhile.",
        "在另一个网络上也试一下 `openssl s_client -connect {address} -servername {host} </dev/null`。如果\
         那里正常，请让这边的防火墙或 VPN 放行到 {host} 的 TLS。如果到处都卡住，说明 {address} 上的服务器过\
         载或停机：请联系提供方，其间改用其他端点。",
    ),
};

pub(super) const SNI_FILTERED: ReasonWords = ReasonWords {
    summary_zh: "网络一看到这个服务器名就切断 TLS",
    symptoms: text(
        "`Client network socket disconnected before secure TLS connection was established`, \
         `SSL_ERROR_SYSCALL` or `Connection reset by peer` right after the client hello, for this host \
         only; with a VPN it works.",
        "仅此主机在 ClientHello 之后立刻出现 `Client network socket disconnected before secure TLS \
         connection was established`、`SSL_ERROR_SYSCALL` 或 `Connection reset by peer`；连上 VPN 就好了。",
    ),
    tell: text(
        "The same address answers TLS as soon as another server name is sent, and is cut or silent with \
         this one. Had a small client hello helped as well, it would be `tls_large_hello_dropped`; \
         had every handshake been answered, the cut comes and goes.",
        "同一地址，换一个服务器名立刻就应答 TLS，用这个名字则被切断或沉默。如果小的 ClientHello 同样有\
         效，就会是 `tls_large_hello_dropped`；如果每次握手都有应答，说明问题时有时无。",
    ),
    remedy: text(
        "Ask whoever runs the firewall to allow the server name {host} on port {port} (a rule for the address \
         alone is not enough). Until then use a permitted proxy or VPN: `export \
         HTTPS_PROXY=http://PROXY:PORT`. The proof for the ticket: `openssl s_client -connect {address} \
         -servername example.com </dev/null` answers, with `-servername {host}` it does not.",
        "请防火墙管理者放行 {port} 端口上的服务器名 {host}（只按地址放行不够）。在此之前请使用获准的代理或 \
         VPN：`export HTTPS_PROXY=http://PROXY:PORT`。可附在工单里的证据：`openssl s_client -connect \
         {address} -servername example.com </dev/null` 有应答，换成 `-servername {host}` 则没有。",
    ),
};

pub(super) const MTU_BLACKHOLE: ReasonWords = ReasonWords {
    summary_zh: "大的数据包在途中丢失",
    symptoms: text(
        "Inside a VPN, WSL2 or container the TLS handshake hangs (`TLS handshake timeout`, `Request timed \
         out.`), while `ping` and small sites work. It got well for others at an MTU of 1380.",
        "在 VPN、WSL2 或容器里 TLS 握手卡住（`TLS handshake timeout`、`Request timed out.`），而 `ping` 和\
         小网站正常。别人把 MTU 调到 1380 就好了。",
    ),
    tell: text(
        "The same address answers the handshake once our connection allows only small segments, so that \
         neither side sends large packets. A large client hello alone is told from it by a handshake with \
         classical keys: if only that helps, it is `tls_large_hello_dropped`.",
        "只要把连接限制为小报文段（双方都不发大包），同一地址就能应答握手。若问题只在于 ClientHello 太大，\
         则仅用传统密钥的握手有效，那是 `tls_large_hello_dropped`。",
    ),
    remedy: text(
        "Lower the MTU of the VPN or tunnel: `ip link set dev tun0 mtu 1380` (Docker: `\"mtu\": 1380` in \
         `/etc/docker/daemon.json`). On a router clamp the segments instead: `nft add rule inet filter \
         forward tcp flags syn tcp option maxseg size set rt mtu`. And let ICMP \"fragmentation needed\" \
         and ICMPv6 \"packet too big\" through.",
        "调低 VPN 或隧道的 MTU：`ip link set dev tun0 mtu 1380`（Docker：在 `/etc/docker/daemon.json` 中写 \
         `\"mtu\": 1380`）。在路由器上可改为钳制报文段：`nft add rule inet filter forward tcp flags syn tcp \
         option maxseg size set rt mtu`。并放行 ICMP 的“需要分片”和 ICMPv6 的“包过大”。",
    ),
};

pub(super) const LARGE_HELLO_DROPPED: ReasonWords = ReasonWords {
    summary_zh: "较大的后量子 ClientHello 在途中被丢弃",
    symptoms: text(
        "Current browsers, Go 1.24 and OpenSSL 3.5 hang or are reset in the handshake; older clients on \
         the same machine work.",
        "较新的浏览器、Go 1.24 和 OpenSSL 3.5 在握手时卡住或被复位，同一台机器上的旧客户端却正常。",
    ),
    tell: text(
        "A client hello with the key share X25519MLKEM768 takes two packets, and is not answered. With \
         classical keys it fits into one, and the same address answers. That only our packets are too large \
         tells it from `tls_mtu_blackhole`, where small segments both ways are what helps.",
        "带 X25519MLKEM768 密钥的 ClientHello 需要两个包，没有应答；用传统密钥时一个包就够，同一地址随即应\
         答。只有我们发出的包过大，这一点使它区别于 `tls_mtu_blackhole`（那里需要双向都用小报文段）。",
    ),
    remedy: text(
        "Update the firewall, proxy or load balancer that reads client hellos (it expects them in one \
         packet), or exempt {host} from its inspection. Until then switch the large key share off in the \
         clients: `GODEBUG=tlsmlkem=0` for Go, `Groups = X25519:P-256` in `openssl.cnf`. To see it: \
         `openssl s_client -connect {address} -servername {host} -groups X25519 </dev/null` works.",
        "请升级读取 ClientHello 的防火墙、代理或负载均衡器（它以为 ClientHello 总在一个包里），或让 {host} \
         免于检查。在此之前可在客户端关闭大密钥：Go 用 `GODEBUG=tlsmlkem=0`，OpenSSL 在 `openssl.cnf` 中写 \
         `Groups = X25519:P-256`。验证方法：`openssl s_client -connect {address} -servername {host} -groups \
         X25519 </dev/null` 能通。",
    ),
};

pub(super) const VERSION: ReasonWords = ReasonWords {
    summary_zh: "客户端与服务器没有共同的 TLS 版本",
    symptoms: text(
        "Python: `[SSL: TLSV1_ALERT_PROTOCOL_VERSION]` or `[SSL: UNSUPPORTED_PROTOCOL]`. Node: \
         `ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION`. Go: `remote error: tls: protocol version not supported`.",
        "Python：`[SSL: TLSV1_ALERT_PROTOCOL_VERSION]` 或 `[SSL: UNSUPPORTED_PROTOCOL]`。Node：\
         `ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION`。Go：`remote error: tls: protocol version not supported`。",
    ),
    tell: text(
        "The server says so in an alert, or chose a version below `tls.min_version`. Other alerts are \
         `tls_alert`. The canary itself never speaks anything older than TLS 1.2.",
        "服务器用警报明说，或选择了低于 `tls.min_version` 的版本。其他警报属于 `tls_alert`。探针本身从不使\
         用 TLS 1.2 以前的版本。",
    ),
    remedy: text(
        "See what {host} offers: `openssl s_client -connect {address} -servername {host} -tls1_2 \
         </dev/null`, and the same with `-tls1_3`. If it has TLS 1.2 only, set `tls: { min_version: \"1.2\" \
         }`. If it has nothing newer than 1.1, the server or the inspecting device before it must be \
         updated.",
        "查看 {host} 提供什么：`openssl s_client -connect {address} -servername {host} -tls1_2 \
         </dev/null`，再换成 `-tls1_3`。如果只有 TLS 1.2，请设 `tls: { min_version: \"1.2\" }`。如果最新只\
         到 1.1，则必须升级服务器或它前面做检查的设备。",
    ),
};

pub(super) const ALERT: ReasonWords = ReasonWords {
    summary_zh: "服务器以警报结束了握手",
    symptoms: text(
        "`sslv3 alert handshake failure`, `tlsv1 unrecognized name`, `tlsv1 alert internal error`. Node: \
         `ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE`. Go: `remote error: tls: …`.",
        "客户端报告 `sslv3 alert handshake failure`、`tlsv1 unrecognized name`、`tlsv1 alert internal \
         error`。Node：`ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE`。Go：`remote error: tls: …`。",
    ),
    tell: text(
        "The server answered in TLS and refused; the detail has the alert's name. An alert about the \
         version is `tls_version`, one about a certificate that it asked for `tls_client_cert_required`. A \
         connection that is cut without an alert is `tls_reset`.",
        "服务器用 TLS 作了应答，但表示拒绝；警报名见详情。关于版本的警报属于 `tls_version`，关于它所索要证\
         书的属于 `tls_client_cert_required`。没有警报就切断属于 `tls_reset`。",
    ),
    remedy: text(
        "With \"unrecognized name\", {address} does not serve {host}: check the URL, `tls.server_name` and \
         the DNS answer. With \"handshake failure\", they share no cipher or key exchange. With \"internal \
         error\", the server is not well: retry, try another endpoint, and tell the provider the name of \
         the alert and the time.",
        "若为 unrecognized name，说明 {address} 不为 {host} 服务：请检查 URL、`tls.server_name` 和 DNS 答\
         案。若为 handshake failure，说明没有共同的加密套件或密钥交换。若为 internal error，说明服务器有问\
         题：请重试、换一个端点，并把警报名和时间告诉提供方。",
    ),
};

pub(super) const CLIENT_CERT_REQUIRED: ReasonWords = ReasonWords {
    summary_zh: "服务器要求客户端证书",
    symptoms: text(
        "`tlsv13 alert certificate required`, `ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`, `remote error: \
         tls: certificate required`, or HTTP `400 No required SSL certificate was sent`.",
        "`tlsv13 alert certificate required`、`ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED`、`remote error: \
         tls: certificate required`，或 HTTP `400 No required SSL certificate was sent`。",
    ),
    tell: text(
        "The server asked for a certificate in the handshake and then turned us away: by an alert, by \
         cutting the connection, or by such an answer. It is the same reason where one was sent and was \
         rejected; the detail says which. A server that never asked gives `tls_alert`.",
        "服务器在握手中索要证书，然后把我们拒之门外：发警报、切断连接，或给出上述应答。若已发送证书但被\
         拒，也是同一原因，详情会写明。从未索要证书的服务器则为 `tls_alert`。",
    ),
    remedy: text(
        "Have whoever runs {host} issue a client certificate, and name it under `tls.client_cert` \
         (`cert_file`, `key_file`). If there is one, see that it is not out of date and comes from the \
         issuer the server trusts: `openssl x509 -in CERT.pem -noout -enddate -issuer`. A public API asks \
         for none: check the URL.",
        "请 {host} 的管理者签发客户端证书，并在 `tls.client_cert`（`cert_file`、`key_file`）中写明。如果已\
         有证书，请确认未过期且出自服务器信任的颁发者：`openssl x509 -in CERT.pem -noout -enddate \
         -issuer`。公开的 API 不会索要：请检查 URL。",
    ),
};

pub(super) const OLD_VERSION_ACCEPTED: ReasonWords = ReasonWords {
    summary_zh: "服务器接受比应有版本更旧的 TLS",
    symptoms: text(
        "Nothing fails. Security scans complain about TLS 1.0 or 1.1 being enabled.",
        "没有任何失败。安全扫描会报告启用了 TLS 1.0 或 1.1。",
    ),
    tell: text(
        "Beside the journey, each version below `tls.min_version` is tried on a connection of its own, and \
         one of them was accepted. Where the server refuses them all, `probe_tls_older_versions_refused` is \
         1.",
        "在探测之外，对低于 `tls.min_version` 的每个版本各用一条连接尝试，其中有一个被接受。若服务器全部拒\
         绝，`probe_tls_older_versions_refused` 为 1。",
    ),
    remedy: text(
        "Whoever runs {host} should switch the old versions off, in nginx by `ssl_protocols TLSv1.2 \
         TLSv1.3;`, in HAProxy by `ssl-min-ver TLSv1.2`. If they are wanted, set `tls: { refuse_older: \
         false }`.",
        "请 {host} 的管理者关闭旧版本：nginx 用 `ssl_protocols TLSv1.2 TLSv1.3;`，HAProxy 用 `ssl-min-ver \
         TLSv1.2`。如果是有意保留，请设 `tls: { refuse_older: false }`。",
    ),
};
