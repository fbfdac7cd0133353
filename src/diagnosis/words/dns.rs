//! The words of the reasons of the DNS layer.

use super::{ReasonWords, text};

pub(super) const NXDOMAIN: ReasonWords = ReasonWords {
    summary_zh: "解析器称该域名不存在",
    symptoms: text(
        "Node: `getaddrinfo ENOTFOUND api.anthropic.com`, passed on as `Can't reach the API server - check \
         your internet or DNS (ENOTFOUND)` or `FailedToOpenSocket`. Python: `[Errno -2] Name or service not \
         known`. Go: `no such host`. curl: `(6) Could not resolve host`.",
        "Node：`getaddrinfo ENOTFOUND api.anthropic.com`，客户端转述为 `Can't reach the API server - check \
         your internet or DNS (ENOTFOUND)` 或 `FailedToOpenSocket`。Python：`[Errno -2] Name or service not \
         known`。Go：`no such host`。curl：`(6) Could not resolve host`。",
    ),
    tell: text(
        "The resolver answers with the code NXDOMAIN. Another resolver is asked for the same name: where \
         that one has addresses, the first blocks the name or cannot know it; where it has none either, the \
         name is wrong or gone. A server that cannot answer is `dns_servfail` or `dns_timeout`, a name \
         without an address `dns_nodata`.",
        "解析器返回 NXDOMAIN。再向另一个解析器查询同一域名：若对方给出地址，说明前者屏蔽了该域名或无法得\
         知；若同样没有，则域名有误或已不存在。服务器无法应答属于 `dns_servfail` 或 `dns_timeout`，域名存在\
         但没有地址属于 `dns_nodata`。",
    ),
    remedy: text(
        "Check the spelling of {host}, then ask another resolver: `dig @1.1.1.1 {host}`. If only \
         {resolver} does not know it, have its owner unblock the name, or set another `nameserver` in \
         `/etc/resolv.conf`. Where local DNS never knows outside names, let the proxy resolve them: `export \
         HTTPS_PROXY=http://PROXY:PORT` (for Claude Code also `CLAUDE_CODE_PROXY_RESOLVES_HOSTS=1`).",
        "先核对 {host} 的拼写，再询问另一个解析器：`dig @1.1.1.1 {host}`。如果只有 {resolver} 不认识它，请\
         其管理者解除屏蔽，或在 `/etc/resolv.conf` 中换一个 `nameserver`。如果本地 DNS 本来就不解析外部域\
         名，请让代理解析：`export HTTPS_PROXY=http://PROXY:PORT`（Claude Code 还可用 \
         `CLAUDE_CODE_PROXY_RESOLVES_HOSTS=1`）。",
    ),
};

pub(super) const NODATA: ReasonWords = ReasonWords {
    summary_zh: "域名存在，但没有该地址族的地址",
    symptoms: text(
        "Node: `getaddrinfo ENODATA` or `ENOTFOUND`. Python: `[Errno -5] No address associated with \
         hostname`. curl: `(6) Could not resolve host`, often only with `-4` or only with `-6`.",
        "Node：`getaddrinfo ENODATA` 或 `ENOTFOUND`。Python：`[Errno -5] No address associated with \
         hostname`。curl：`(6) Could not resolve host`，往往只在 `-4` 或只在 `-6` 时出现。",
    ),
    tell: text(
        "The answer is NOERROR and holds no address. It counts where no family has one, or where \
         `families` names the one that lacks; a name with addresses of one family only is fine by default \
         and is walked over that one. A name that does not exist at all is `dns_nxdomain`.",
        "应答为 NOERROR，但不含地址。只有当两个地址族都没有地址，或 `families` 指明了缺少的那个时才算失\
         败；默认情况下，只有一个地址族有地址的域名是正常的，只走那一族。域名根本不存在属于 \
         `dns_nxdomain`。",
    ),
    remedy: text(
        "Ask for both kinds: `dig A {host}` and `dig AAAA {host}`, here and `@1.1.1.1`. If others have the \
         address, {resolver} filters it: ask its owner. If nobody has, take the family out of the target's \
         `families`. A network with IPv6 only needs DNS64 with NAT64, or a proxy, to reach a host with IPv4 \
         only.",
        "两种记录都查一遍：`dig A {host}` 和 `dig AAAA {host}`，本地查一次，再加 `@1.1.1.1` 查一次。若别处\
         有地址，说明 {resolver} 过滤了它，请联系其管理者。若哪里都没有，请把该地址族从目标的 `families` 中\
         去掉。只有 IPv6 的网络要访问只有 IPv4 的主机，需要 DNS64 加 NAT64，或者使用代理。",
    ),
};

pub(super) const SERVFAIL: ReasonWords = ReasonWords {
    summary_zh: "解析器无法给出答案（SERVFAIL）",
    symptoms: text(
        "Node: `getaddrinfo EAI_AGAIN`. Python: `[Errno -3] Temporary failure in name resolution`. Go: \
         `server misbehaving`. Often only inside containers or WSL, while curl on the host works.",
        "Node：`getaddrinfo EAI_AGAIN`。Python：`[Errno -3] Temporary failure in name resolution`。Go：\
         `server misbehaving`。常常只出现在容器或 WSL 中，而宿主机上 curl 正常。",
    ),
    tell: text(
        "The reply's code is SERVFAIL or another failure; what the server adds to it (extended errors) is \
         in the detail. Each server of resolv.conf is asked by itself, and another resolver as well: that \
         tells a sick server from a zone that is broken for everyone. Silence is `dns_timeout`, a flat \
         refusal `dns_refused`.",
        "应答码为 SERVFAIL 或其他失败；服务器附加的说明（扩展错误）在详情里。resolv.conf 中的每台服务器都\
         会被单独询问，另外还会问别的解析器：由此区分是这台服务器有病，还是该域对所有人都坏了。没有回音属于 \
         `dns_timeout`，明确拒绝属于 `dns_refused`。",
    ),
    remedy: text(
        "Ask another: `dig @1.1.1.1 {host}`. If only {resolver} fails, repair it or its forwarder, or set \
         a `nameserver` that works in `/etc/resolv.conf`; for Docker put `\"dns\": [\"1.1.1.1\"]` into \
         `/etc/docker/daemon.json`, for WSL set `generateResolvConf = false` in `/etc/wsl.conf` and write \
         resolv.conf yourself. If every resolver fails, the zone of {host} is broken: tell the provider.",
        "问问别的解析器：`dig @1.1.1.1 {host}`。如果只有 {resolver} 失败，请修复它或它的上游，或在 \
         `/etc/resolv.conf` 中写入可用的 `nameserver`；Docker 请在 `/etc/docker/daemon.json` 中加 `\"dns\": \
         [\"1.1.1.1\"]`，WSL 请在 `/etc/wsl.conf` 中设 `generateResolvConf = false` 并自行编写 \
         resolv.conf。如果所有解析器都失败，说明 {host} 所在的域坏了，请告知提供方。",
    ),
};

pub(super) const REFUSED: ReasonWords = ReasonWords {
    summary_zh: "解析器拒绝应答，或其端口无人监听",
    symptoms: text(
        "Node: `getaddrinfo EREFUSED`, `queryA EREFUSED` or `EAI_AGAIN`. Go: `lookup HOST on \
         127.0.0.53:53: read: connection refused`. Python: `[Errno -3] Temporary failure in name \
         resolution`.",
        "Node：`getaddrinfo EREFUSED`、`queryA EREFUSED` 或 `EAI_AGAIN`。Go：`lookup HOST on \
         127.0.0.53:53: read: connection refused`。Python：`[Errno -3] Temporary failure in name \
         resolution`。",
    ),
    tell: text(
        "The reply's code is REFUSED, or the machine says that nothing listens on the port, or there is no \
         server to ask. A server that runs and cannot answer is `dns_servfail`; one that drops questions \
         without a word is `dns_timeout`.",
        "应答码为 REFUSED，或者对方主机表示该端口无人监听，或者根本没有可问的服务器。服务器在运行却答不出\
         来属于 `dns_servfail`；一声不响地丢弃询问属于 `dns_timeout`。",
    ),
    remedy: text(
        "See who is asked: `cat /etc/resolv.conf`. Start the service behind {resolver} (`systemctl restart \
         systemd-resolved`, dnsmasq, unbound), or have it allow this client's network (`allow-query`, \
         `access-control`). In containers and WSL name a server that can be reached from there: `\"dns\"` \
         in `/etc/docker/daemon.json`, or your own resolv.conf.",
        "查看问的是谁：`cat /etc/resolv.conf`。启动 {resolver} 背后的服务（`systemctl restart \
         systemd-resolved`、dnsmasq、unbound），或让它允许本机所在网络（`allow-query`、`access-control`）。\
         在容器和 WSL 中，请指定那里够得着的服务器：`/etc/docker/daemon.json` 的 `\"dns\"`，或自己的 \
         resolv.conf。",
    ),
};

pub(super) const TIMEOUT: ReasonWords = ReasonWords {
    summary_zh: "解析器未在时限内应答",
    symptoms: text(
        "Calls hang for 5 s and more before they begin. Node: `queryA ETIMEOUT` or `EAI_AGAIN`. Go: \
         `lookup HOST: i/o timeout`. Python: `[Errno -3] Temporary failure in name resolution`. curl: `(28) \
         Resolving timed out`.",
        "调用尚未开始就卡住 5 秒以上。Node：`queryA ETIMEOUT` 或 `EAI_AGAIN`。Go：`lookup HOST: i/o \
         timeout`。Python：`[Errno -3] Temporary failure in name resolution`。curl：`(28) Resolving timed \
         out`。",
    ),
    tell: text(
        "The question was sent more than once, and no reply came. Other resolvers are asked beside it: \
         where they answer, it is this one; where nobody answers and control hosts fail too, it is \
         `offline`. A port that is closed would have said so (`dns_refused`).",
        "询问发送了不止一次，却没有任何应答。同时还问了其他解析器：若它们能答，问题就在这一台；若谁都不\
         答、对照主机也不通，则是 `offline`。如果只是端口关闭，对方会明说（`dns_refused`）。",
    ),
    remedy: text(
        "Try it by hand, over UDP and TCP: `dig {host}` and `dig +tcp {host}`. See that {resolver} runs \
         and that firewall and VPN let port 53 through to it. Or use another one: `nameserver` in \
         `/etc/resolv.conf`, `\"dns\"` in `/etc/docker/daemon.json`; for WSL set `generateResolvConf = \
         false` in `/etc/wsl.conf` and write resolv.conf yourself.",
        "分别用 UDP 和 TCP 手工试一次：`dig {host}` 和 `dig +tcp {host}`。确认 {resolver} 在运行，且防火墙\
         和 VPN 放行到它的 53 端口。或者换一台：`/etc/resolv.conf` 的 `nameserver`、\
         `/etc/docker/daemon.json` 的 `\"dns\"`；WSL 请在 `/etc/wsl.conf` 中设 `generateResolvConf = false` \
         并自行编写 resolv.conf。",
    ),
};

pub(super) const MALFORMED: ReasonWords = ReasonWords {
    summary_zh: "解析器的应答不是对该问题的有效回答",
    symptoms: text(
        "Node: `queryA EBADRESP`. Python: `[Errno -4] Non-recoverable failure in name resolution`. Go: \
         `cannot unmarshal DNS message`. Often on guest networks, where the same name works at home.",
        "Node：`queryA EBADRESP`。Python：`[Errno -4] Non-recoverable failure in name resolution`。Go：\
         `cannot unmarshal DNS message`。常见于访客网络，同一域名在家里却正常。",
    ),
    tell: text(
        "Something came back that is no answer to the question: it cannot be read, answers another \
         question, is cut short even over TCP, or is an HTTP error where DNS over HTTPS was asked. It is \
         told from a server that honestly fails (`dns_servfail`) by the bytes themselves, which the detail \
         describes.",
        "收到了回包，但它不是对问题的回答：无法解析、答非所问、用 TCP 仍被截断，或在 DNS over HTTPS 时返回 \
         HTTP 错误。它与老实报错的服务器（`dns_servfail`）的区别在于字节本身，详情里有描述。",
    ),
    remedy: text(
        "Look at it raw: `dig {host}` and `dig +tcp {host}`. On a guest network sign in to its portal \
         first. If a device on the way answers in place of {resolver}, ask an encrypted one, such as \
         `https://1.1.1.1/dns-query` under `resolvers`; if the server is your own, update it.",
        "看看原始应答：`dig {host}` 和 `dig +tcp {host}`。在访客网络上请先登录其门户。如果是途中设备冒充 \
         {resolver} 应答，请改用加密解析器，例如在 `resolvers` 下写 `https://1.1.1.1/dns-query`；如果服务器\
         是您自己的，请升级它。",
    ),
};

pub(super) const SINKHOLED: ReasonWords = ReasonWords {
    summary_zh: "域名解析到不可能是该 API 的地址：被屏蔽或改写",
    symptoms: text(
        "An instant `connect ECONNREFUSED 0.0.0.0:443` or `127.0.0.1:443`, or a block page of Pi-hole, \
         AdGuard or the company. It works on another network.",
        "立刻出现 `connect ECONNREFUSED 0.0.0.0:443` 或 `127.0.0.1:443`，或者看到 Pi-hole、AdGuard 或公司\
         的拦截页。换个网络就好了。",
    ),
    tell: text(
        "The answer holds `0.0.0.0` or `::`, or, where the expected networks are known, a loopback or \
         private address. The hosts file is read as programs read it, so an entry there shows as well. A \
         public address outside the expected networks is `dns_unexpected_address`.",
        "应答中含有 `0.0.0.0` 或 `::`；在已知预期网段时，也包括环回或私有地址。hosts 文件按程序的方式读\
         取，所以其中的条目同样能看出来。预期网段以外的公网地址属于 `dns_unexpected_address`。",
    ),
    remedy: text(
        "See where the address comes from: `grep {host} /etc/hosts` and `dig {host}`. Delete the line from \
         the hosts file, or put {host} on the allow list of {resolver} (Pi-hole, AdGuard, the company's \
         filter). If an inner gateway is meant to answer, list its network under `expected_networks`.",
        "查明地址来自何处：`grep {host} /etc/hosts` 和 `dig {host}`。从 hosts 文件中删除该行，或把 {host} \
         加入 {resolver} 的放行名单（Pi-hole、AdGuard、公司过滤系统）。如果本来就该由内部网关应答，请把它的\
         网段写进 `expected_networks`。",
    ),
};

pub(super) const UNEXPECTED_ADDRESS: ReasonWords = ReasonWords {
    summary_zh: "域名解析到预期网段之外的地址",
    symptoms: text(
        "Certificate errors, foreign pages or refused connections on this network only; at times nothing \
         at all, as long as whoever answers there passes the call on.",
        "只在本网络出现证书错误、陌生页面或连接被拒；有时毫无征兆，因为那里的应答者会把调用转发出去。",
    ),
    tell: text(
        "The answer holds a public address outside `expected_networks` (by default the networks that the \
         provider has published). The journey goes on, so that TLS and the call show who answers there; the \
         key is sent only where the certificate verifies. Private and null addresses are `dns_sinkholed`.",
        "应答中含有 `expected_networks`（默认为提供方公布的网段）之外的公网地址。探测会继续，由 TLS 和调用\
         看出那里是谁；只有证书通过验证才会发送密钥。私有地址和空地址属于 `dns_sinkholed`。",
    ),
    remedy: text(
        "Compare `dig {host}` with `dig @1.1.1.1 {host}`, and look into `/etc/hosts`. If they differ, \
         {resolver} rewrites the name: have its owner undo that, or use another resolver. If all agree, the \
         provider has moved or a gateway is meant: correct `expected_networks` (`[]` is not to check).",
        "对比 `dig {host}` 与 `dig @1.1.1.1 {host}`，并查看 `/etc/hosts`。若两者不同，说明 {resolver} 改写\
         了该域名：请其管理者取消，或换用其他解析器。若处处一致，则是提供方搬了家，或本来就指向网关：请更正 \
         `expected_networks`（`[]` 表示不检查）。",
    ),
};

pub(super) const TLS_FAILED: ReasonWords = ReasonWords {
    summary_zh: "与解析器的加密连接无法建立，或其证书未通过验证",
    symptoms: text(
        "Names do not resolve as soon as DNS over TLS or HTTPS is switched on: `DNSOverTLS=yes` in \
         systemd-resolved, \"secure DNS\" in browsers. Plain DNS works.",
        "一打开 DNS over TLS 或 HTTPS（systemd-resolved 的 `DNSOverTLS=yes`、浏览器的“安全 DNS”）域名就解\
         析不了，普通 DNS 却正常。",
    ),
    tell: text(
        "The resolver is a `tls://` or `https://` one, its port took the connection, and the handshake \
         failed or the certificate did not verify. Only the bundled roots or the resolver's own `ca_file` \
         count here, so that whoever intercepts TLS does not pass as a second opinion. Silence is \
         `dns_timeout`.",
        "该解析器是 `tls://` 或 `https://` 类型，端口接受了连接，但握手失败或证书未通过验证。这里只认内置\
         根证书或该解析器自己的 `ca_file`，免得拦截 TLS 的一方冒充第二意见。没有回音属于 `dns_timeout`。",
    ),
    remedy: text(
        "See who answers: `openssl s_client -connect SERVER:853 -servername NAME </dev/null`. If the \
         issuer is private, the network intercepts TLS: have {resolver} exempted, or use one over `udp://`. \
         If the server is your own, set `ca_file` and `server_name` under `resolvers`, or renew its \
         certificate.",
        "看看是谁在应答：`openssl s_client -connect SERVER:853 -servername NAME </dev/null`。如果颁发者是\
         私有的，说明网络在拦截 TLS：请为 {resolver} 申请豁免，或改用 `udp://` 的解析器。如果服务器是您自己\
         的，请在 `resolvers` 下设置 `ca_file` 和 `server_name`，或更新它的证书。",
    ),
};

pub(super) const BOGUS: ReasonWords = ReasonWords {
    summary_zh: "应答未通过 DNSSEC 验证",
    symptoms: text(
        "Resolvers that validate answer SERVFAIL (`EAI_AGAIN`, `server misbehaving`), those that do not \
         validate have addresses; `dig +cd` works where `dig` fails.",
        "做验证的解析器返回 SERVFAIL（`EAI_AGAIN`、`server misbehaving`），不做验证的却有地址；`dig` 失败\
         而 `dig +cd` 成功。",
    ),
    tell: text(
        "Only resolvers with `dnssec: true` are held to it: the signatures of their answers are checked \
         from the root's keys down, here and not by the resolver. That tells an answer that was altered on \
         the way, or a zone that is signed wrongly, from a server that merely fails (`dns_servfail`).",
        "只有设了 `dnssec: true` 的解析器才按此要求：从根密钥开始逐级验证应答的签名，由本程序而非解析器来\
         做。由此把途中被篡改的应答或签名有误的域，与单纯失败的服务器（`dns_servfail`）区分开。",
    ),
    remedy: text(
        "Have the proof spelt out: `delv {host}`. If the answers of other resolvers validate, do not trust \
         {resolver}: use another. If it fails everywhere, the zone is signed wrongly: tell the provider. \
         Signatures have dates, so check this machine's clock too (`timedatectl`).",
        "让工具把证明过程写出来：`delv {host}`。如果其他解析器的应答能通过验证，就不要再信任 {resolver}，\
         请换一个。如果处处都失败，说明该域签名有误，请告知提供方。签名有时效，也请检查本机时钟\
         （`timedatectl`）。",
    ),
};

pub(super) const DISAGREEMENT: ReasonWords = ReasonWords {
    summary_zh: "各解析器的答案毫无共同之处",
    symptoms: text(
        "It works on one machine and not on the next, on the host and not in the container, with the VPN \
         and not without, or only every other time.",
        "这台机器行、那台不行；宿主机行、容器里不行；连着 VPN 行、断开不行；或者时好时坏。",
    ),
    tell: text(
        "All resolvers of a target are asked the same in each run. One denies the name that another has, \
         one leads outside the expected networks and another does not, or, where no networks are known, one \
         has no address in common with any other. Hosts behind a CDN may do that honestly: state \
         `expected_networks`, then only what lies outside counts.",
        "每次运行都向目标的所有解析器提同样的问题：有的说域名不存在、有的却有地址；有的指向预期网段之外、\
         有的没有；在不知道预期网段时，则是某一个与其他任何一个都没有共同地址。CDN 后面的主机可能本就如此：\
         请写明 `expected_networks`，这样只有网段之外的才算。",
    ),
    remedy: text(
        "Compare them: `dig {host}` and `dig @1.1.1.1 {host}`. Repair or remove the resolver that blocks, \
         rewrites or is out of date, wherever clients use it (`/etc/resolv.conf`, VPN, container). If the \
         answers are all right, list their networks under `expected_networks`.",
        "逐个比较：`dig {host}` 和 `dig @1.1.1.1 {host}`。凡客户端用到的地方（`/etc/resolv.conf`、VPN、容\
         器），请修复或去掉那个屏蔽、改写或陈旧的解析器。如果各答案都对，请把这些网段写进 \
         `expected_networks`。",
    ),
};

pub(super) const RESOLVER_DOWN: ReasonWords = ReasonWords {
    summary_zh: "多个解析器中有一个没有应答",
    symptoms: text(
        "Every first call takes some 5 s longer and then works, or one lookup in two or three fails \
         (`EAI_AGAIN`).",
        "每次首个调用都要多等约 5 秒才成功，或者每两三次解析就失败一次（`EAI_AGAIN`）。",
    ),
    tell: text(
        "Each configured resolver and each server of resolv.conf is asked by itself (`system/ADDRESS`). \
         One gave no answer, by silence, refusal, SERVFAIL or broken TLS, while another did. As long as one \
         answers it is degraded; where none does, the failure itself is the reason.",
        "每个配置的解析器和 resolv.conf 中的每台服务器都单独询问（`system/ADDRESS`）。其中一个没有给出答案\
         （沉默、拒绝、SERVFAIL 或 TLS 故障），而另一个给了。只要还有一个能答就只是降级；若都不能答，则以该\
         失败本身为原因。",
    ),
    remedy: text(
        "Repair {resolver}, or take it out of `/etc/resolv.conf` (and out of the VPN's or DHCP's settings \
         that write it there). Until then `options timeout:1 attempts:2` in resolv.conf shortens the wait.",
        "修复 {resolver}，或把它从 `/etc/resolv.conf`（以及写入它的 VPN 或 DHCP 设置）中去掉。在此之前，可\
         在 resolv.conf 中加 `options timeout:1 attempts:2` 来缩短等待。",
    ),
};
