//! The words of the reasons of the TLS layer that are about the certificate.

use super::{ReasonWords, text};

pub(super) const UNTRUSTED_ISSUER: ReasonWords = ReasonWords {
    summary_zh: "证书的颁发者不受信任",
    symptoms: text(
        "Node: `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`, `unable to get local issuer certificate` or \
         `SELF_SIGNED_CERT_IN_CHAIN`. Python: `CERTIFICATE_VERIFY_FAILED: self-signed certificate in \
         certificate chain`. rustls: `UnknownIssuer`. Go: `certificate signed by unknown authority`.",
        "Node：`UNABLE_TO_GET_ISSUER_CERT_LOCALLY`、`unable to get local issuer certificate` 或 \
         `SELF_SIGNED_CERT_IN_CHAIN`。Python：`CERTIFICATE_VERIFY_FAILED: self-signed certificate in \
         certificate chain`。rustls：`UnknownIssuer`。Go：`certificate signed by unknown authority`。",
    ),
    tell: text(
        "The chain leads neither to the bundled Mozilla roots nor to this machine's store (or not to \
         `tls.ca_file`), and the host is one of your own. At a provider's own host the same is \
         `tls_intercepted`; where only a public intermediate is missing, `tls_incomplete_chain`; where the \
         machine's store alone knows it, `tls_intercepted_trusted`.",
        "证书链既不通向内置的 Mozilla 根证书，也不通向本机信任库（或不通向 `tls.ca_file`），而且主机是您自\
         己的。提供方自己的主机出现同样情况属于 `tls_intercepted`；只缺公共中间证书属于 \
         `tls_incomplete_chain`；只有本机信任库认识它则属于 `tls_intercepted_trusted`。",
    ),
    remedy: text(
        "If you run {host}, point clients at the authority of {issuer}: `tls.ca_file` here, \
         `NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE` or `REQUESTS_CA_BUNDLE` elsewhere, or install a public \
         certificate. If you do not, somebody intercepts TLS: ask who. Never disable verification.",
        "如果 {host} 归您管，请让客户端信任 {issuer} 的根证书：此处用 `tls.ca_file`，别处用 \
         `NODE_EXTRA_CA_CERTS`、`SSL_CERT_FILE` 或 `REQUESTS_CA_BUNDLE`，或者换成公共证书。如果不归您管，说\
         明有人在拦截 TLS：请查明是谁。切勿关闭证书验证。",
    ),
};

pub(super) const INTERCEPTED: ReasonWords = ReasonWords {
    summary_zh: "途中有设备用自己的证书拦截 TLS",
    symptoms: text(
        "Node: `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`, `SELF_SIGNED_CERT_IN_CHAIN`. Python: \
         `CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate`. rustls: `UnknownIssuer`. \
         Browsers work, since the company's root is installed for them.",
        "Node：`UNABLE_TO_GET_ISSUER_CERT_LOCALLY`、`SELF_SIGNED_CERT_IN_CHAIN`。Python：\
         `CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate`。rustls：`UnknownIssuer`。浏览\
         器正常，因为公司的根证书已为它装好。",
    ),
    tell: text(
        "The host is the provider's own, whose certificate must be of a public issuer, and what came is \
         signed by somebody whom neither the bundled roots nor this machine's store know. An expired or \
         wrong certificate of a known issuer keeps its own reason; one that the machine trusts is \
         `tls_intercepted_trusted`. The key is not sent.",
        "主机是提供方自己的，证书必须出自公共颁发者，而收到的证书由内置根证书和本机信任库都不认识的一方签\
         发。已知颁发者的过期或错误证书另有原因；本机信任的属于 `tls_intercepted_trusted`。此时不会发送密\
         钥。",
    ),
    remedy: text(
        "Whoever signs as {issuer} opens TLS here: a company proxy, a security agent, an antivirus. Get \
         its root certificate and name it to each client: `NODE_EXTRA_CA_CERTS=/path/ca.pem`; \
         `SSL_CERT_FILE` and `REQUESTS_CA_BUNDLE`, which take the place of the public roots, so name a \
         bundle that has both. Or have {host} exempted from inspection. Never disable verification. If \
         nobody knows {issuer}, do not send your key over this network.",
        "以 {issuer} 之名签发证书的一方在此拆开 TLS：公司代理、安全软件或杀毒软件。请取得其根证书并告知每\
         个客户端：`NODE_EXTRA_CA_CERTS=/path/ca.pem`；`SSL_CERT_FILE` 和 `REQUESTS_CA_BUNDLE` 会取代公共根\
         证书，请指向两者都包含的证书包。或者让 {host} 免于检查。切勿关闭证书验证。如果没人知道 {issuer} 是\
         谁，请不要在这个网络上发送密钥。",
    ),
};

pub(super) const SELF_SIGNED: ReasonWords = ReasonWords {
    summary_zh: "证书是自签名的",
    symptoms: text(
        "Node: `DEPTH_ZERO_SELF_SIGNED_CERT`. Python: `CERTIFICATE_VERIFY_FAILED: self-signed \
         certificate`. curl: `(60) SSL certificate problem: self-signed certificate`.",
        "Node 报 `DEPTH_ZERO_SELF_SIGNED_CERT`；Python：`CERTIFICATE_VERIFY_FAILED: self-signed \
         certificate`。curl：`(60) SSL certificate problem: self-signed certificate`。",
    ),
    tell: text(
        "The server's certificate is its own issuer and in no trust store. A private root above the \
         certificate is `tls_untrusted_issuer`; at a provider's own host either is `tls_intercepted`.",
        "服务器证书的颁发者就是它自己，且不在任何信任库中。证书之上另有私有根属于 `tls_untrusted_issuer`；\
         在提供方自己的主机上，两者都属于 `tls_intercepted`。",
    ),
    remedy: text(
        "If {host} is a gateway of your own, give it a certificate of a public or company issuer, or name \
         this one in `tls.ca_file` (other clients: `NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`). If it is not \
         yours, a portal, a router or a default virtual host answers: check the URL and the DNS answer. \
         Never disable verification.",
        "如果 {host} 是您自己的网关，请给它换上公共或公司颁发的证书，或在 `tls.ca_file` 中写明此证书（其他\
         客户端：`NODE_EXTRA_CA_CERTS`、`SSL_CERT_FILE`）。如果不是您的，则是门户、路由器或默认虚拟主机在应\
         答：请检查 URL 和 DNS 答案。切勿关闭证书验证。",
    ),
};

pub(super) const INCOMPLETE_CHAIN: ReasonWords = ReasonWords {
    summary_zh: "服务器没有发送中间证书",
    symptoms: text(
        "Node: `UNABLE_TO_VERIFY_LEAF_SIGNATURE`. Python: `unable to get local issuer certificate`. Go: \
         `certificate signed by unknown authority`. Browsers work, since they fetch or remember what is \
         missing.",
        "Node：`UNABLE_TO_VERIFY_LEAF_SIGNATURE`。Python：`unable to get local issuer certificate`。Go：\
         `certificate signed by unknown authority`。浏览器正常，因为它会自行获取或记得缺少的证书。",
    ),
    tell: text(
        "The chain ends below an issuer that was not sent, and whose organization owns a root that is \
         trusted: only the link is missing. An organization that nobody trusts would be \
         `tls_untrusted_issuer` or `tls_intercepted`.",
        "证书链止于一个未发送的颁发者之下，而该颁发者的组织拥有受信任的根证书：只缺中间一环。若该组织无人\
         信任，则为 `tls_untrusted_issuer` 或 `tls_intercepted`。",
    ),
    remedy: text(
        "Whoever runs {host} must send the whole chain: in nginx `ssl_certificate fullchain.pem;`, with \
         ACME clients the file `fullchain.pem` and not `cert.pem`. What is sent shows `openssl s_client \
         -connect {address} -servername {host} -showcerts </dev/null`. Until then clients can be given the \
         missing certificate of {issuer} (`NODE_EXTRA_CA_CERTS`).",
        "{host} 的管理者必须发送完整的证书链：nginx 写 `ssl_certificate fullchain.pem;`，ACME 客户端用 \
         `fullchain.pem` 而不是 `cert.pem`。实际发送了什么，看 `openssl s_client -connect {address} \
         -servername {host} -showcerts </dev/null`。在此之前，可把 {issuer} 缺少的证书交给客户端\
         （`NODE_EXTRA_CA_CERTS`）。",
    ),
};

pub(super) const CERT_EXPIRED: ReasonWords = ReasonWords {
    summary_zh: "证书已过期",
    symptoms: text(
        "`SSL certificate has expired`, Node: `CERT_HAS_EXPIRED`, Python: `CERTIFICATE_VERIFY_FAILED: \
         certificate has expired`, Go: `certificate has expired or is not yet valid`, curl: `(60)`.",
        "客户端报 `SSL certificate has expired`；Node：`CERT_HAS_EXPIRED`；Python：\
         `CERTIFICATE_VERIFY_FAILED: certificate has expired`；Go：`certificate has expired or is not yet \
         valid`；curl：`(60)`。",
    ),
    tell: text(
        "Path, dates and name of a certificate are judged apart, so this is about the dates. The server is \
         asked for its time over a connection that carries no key: if ours differs by more than a minute \
         and the certificate is valid at the server's, it is `tls_clock_skew`.",
        "证书的路径、日期和名称是分开判断的，这里只是日期的问题。随后通过一条不带密钥的连接询问服务器的时\
         间：如果与本机相差一分钟以上，且按服务器时间证书有效，则为 `tls_clock_skew`。",
    ),
    remedy: text(
        "Whoever runs {host} must renew the certificate and reload the server: `openssl s_client -connect \
         {address} -servername {host} </dev/null | openssl x509 -noout -dates -issuer`. If {issuer} is a \
         company's own, it is the intercepting proxy's that has expired: tell those who run it.",
        "{host} 的管理者必须更新证书并重新加载服务器：`openssl s_client -connect {address} -servername \
         {host} </dev/null | openssl x509 -noout -dates -issuer`。如果 {issuer} 是公司自己的，则是拦截代理\
         的证书过期了：请告知其管理者。",
    ),
};

pub(super) const CERT_NOT_YET_VALID: ReasonWords = ReasonWords {
    summary_zh: "证书尚未生效",
    symptoms: text(
        "`CERT_NOT_YET_VALID`, `certificate is not yet valid`, Go: `certificate has expired or is not yet \
         valid`. Often after a laptop or WSL2 slept, or on a device without a clock battery.",
        "`CERT_NOT_YET_VALID`、`certificate is not yet valid`；Go：`certificate has expired or is not yet \
         valid`。常见于笔记本或 WSL2 休眠之后，或没有时钟电池的设备。",
    ),
    tell: text(
        "The certificate begins later than now. The server is asked for its time over a connection that \
         carries no key: if ours is wrong by more than a minute and the certificate is valid at the \
         server's time, it is `tls_clock_skew`; else it really was put in too early.",
        "证书的生效时间晚于现在。随后通过一条不带密钥的连接询问服务器的时间：如果本机相差一分钟以上，且按\
         服务器时间证书有效，则为 `tls_clock_skew`；否则就是真的启用过早。",
    ),
    remedy: text(
        "Check this machine's clock first: `timedatectl`. If it is right, whoever runs {host} put the \
         certificate of {issuer} in too early: go back to the one before until its first day, and look at \
         the clock of the machine that issues it.",
        "先检查本机时钟：`timedatectl`。如果时钟没错，则是 {host} 的管理者过早启用了 {issuer} 的证书：在生\
         效日之前请换回前一张，并检查签发机器的时钟。",
    ),
};

pub(super) const NAME_MISMATCH: ReasonWords = ReasonWords {
    summary_zh: "证书属于另一个名称",
    symptoms: text(
        "Node: `ERR_TLS_CERT_ALTNAME_INVALID`. Python: `Hostname mismatch, certificate is not valid for \
         …`. Go: `certificate is valid for …, not …`. curl: `(60) SSL: no alternative certificate subject \
         name matches`.",
        "Node 报 `ERR_TLS_CERT_ALTNAME_INVALID`；Python：`Hostname mismatch, certificate is not valid for \
         …`。Go：`certificate is valid for …, not …`。curl：`(60) SSL: no alternative certificate subject \
         name matches`。",
    ),
    tell: text(
        "The issuer may well be trusted and the dates right: the names in the certificate, which the \
         detail lists, do not include the one asked for. An address outside the expected networks beside it \
         points to DNS, an unknown issuer to an interceptor.",
        "颁发者可能受信任，日期也对，但证书中的名称（见详情）不包含所要的名称。若同时地址在预期网段之外，\
         问题指向 DNS；若颁发者未知，则指向拦截者。",
    ),
    remedy: text(
        "See who answers at {address}, and whether DNS should lead there: `dig {host}`, `/etc/hosts`. \
         Correct the host in the URL, or `tls.server_name` where an inner address is called by another \
         name. If {host} is yours, have its certificate issued for that name too.",
        "查明 {address} 上是谁、DNS 是否应指向那里：`dig {host}`、`/etc/hosts`。请更正 URL 中的主机名；如\
         果以别名访问内部地址，请设置 `tls.server_name`。如果 {host} 归您管，请把该名称加入证书。",
    ),
};

pub(super) const REVOKED: ReasonWords = ReasonWords {
    summary_zh: "证书已被吊销",
    symptoms: text(
        "Firefox: `SEC_ERROR_REVOKED_CERTIFICATE`; Java: `CertPathValidatorException: Certificate has been \
         revoked`. Most SDKs and curl do not notice. On Windows `CRYPT_E_NO_REVOCATION_CHECK` or \
         `CRYPT_E_REVOCATION_OFFLINE` is something else: the check itself was blocked.",
        "Firefox：`SEC_ERROR_REVOKED_CERTIFICATE`；Java：`CertPathValidatorException: Certificate has been \
         revoked`。多数 SDK 和 curl 察觉不到。Windows 上的 `CRYPT_E_NO_REVOCATION_CHECK`、\
         `CRYPT_E_REVOCATION_OFFLINE` 是另一回事：吊销检查本身被拦。",
    ),
    tell: text(
        "The server itself sends a stapled OCSP response of its issuer that says \"revoked\". Nobody else \
         is asked, so a blocked OCSP server never leads to this reason.",
        "服务器自己附带了颁发者的 OCSP 应答，其中写着“已吊销”。不会询问其他任何人，所以 OCSP 服务器被封不\
         会导致这个原因。",
    ),
    remedy: text(
        "Whoever runs {host} must put in a new certificate with a new key, and ask {issuer} why the old \
         one was revoked: its key may be known to others. Do not send keys there until then.",
        "{host} 的管理者必须换上使用新密钥的新证书，并向 {issuer} 询问旧证书被吊销的原因：其私钥可能已外\
         泄。在此之前请勿向它发送密钥。",
    ),
};

pub(super) const CLOCK_SKEW: ReasonWords = ReasonWords {
    summary_zh: "本机时钟有误，证书因而显得不在有效期",
    symptoms: text(
        "`CERT_NOT_YET_VALID`, `certificate has expired` or `certificate is not yet valid`, for many hosts \
         at once; after sleep in WSL2 or a virtual machine.",
        "许多主机同时出现 `CERT_NOT_YET_VALID`、`certificate has expired` 或 `certificate is not yet \
         valid`；常见于 WSL2 或虚拟机休眠之后。",
    ),
    tell: text(
        "The certificate seems out of date. The server was asked for its time over a connection without a \
         key: it differs from ours by more than a minute, and at the server's time the certificate is \
         valid. A certificate out of date at both times is `tls_cert_expired` or `tls_cert_not_yet_valid`.",
        "证书看起来不在有效期。通过一条不带密钥的连接询问了服务器的时间：与本机相差一分钟以上，而按服务器\
         时间证书有效。若两种时间下都无效，则为 `tls_cert_expired` 或 `tls_cert_not_yet_valid`。",
    ),
    remedy: text(
        "Set this machine's clock ({clock}) right: `timedatectl set-ntp true`, or at once by `chronyc \
         makestep`. In WSL2 run `sudo hwclock -s`; in a virtual machine or container the host's clock is \
         the one to set. Where NTP is blocked, have UDP port 123 opened or name an inner time server.",
        "请校准本机时钟（{clock}）：`timedatectl set-ntp true`，或用 `chronyc makestep` 立即生效。WSL2 执\
         行 `sudo hwclock -s`；虚拟机或容器应校准宿主机的时钟。如果 NTP 被封，请放行 UDP 123 端口或指定内部\
         时间服务器。",
    ),
};

pub(super) const CERT_EXPIRING: ReasonWords = ReasonWords {
    summary_zh: "证书即将过期",
    symptoms: text(
        "Nothing fails yet. On the day, clients say `certificate has expired`.",
        "暂时没有任何失败。到那一天，客户端会报 `certificate has expired`。",
    ),
    tell: text(
        "A certificate of the chain ends within `tls.expiry_warning` (21 days by default); \
         `probe_ssl_earliest_cert_expiry` says when. Certificates that live for a few days only need a \
         shorter warning.",
        "证书链中有证书将在 `tls.expiry_warning`（默认 21 天）之内到期；具体时间见 \
         `probe_ssl_earliest_cert_expiry`。只有几天寿命的证书需要更短的预警。",
    ),
    remedy: text(
        "Whoever runs {host} should see why it was not renewed: with ACME `certbot renew --dry-run`, and \
         that the server was reloaded after the last renewal. If {issuer} is a company's own, tell those \
         who run the intercepting proxy. For short-lived certificates set `tls: { expiry_warning: 2d }`.",
        "{host} 的管理者应查明为何没有续期：使用 ACME 的执行 `certbot renew --dry-run`，并确认上次续期后服\
         务器重新加载过。如果 {issuer} 是公司自己的，请告知拦截代理的管理者。短期证书请设 `tls: { \
         expiry_warning: 2d }`。",
    ),
};

pub(super) const INTERCEPTED_TRUSTED: ReasonWords = ReasonWords {
    summary_zh: "TLS 被拦截，其颁发者只有本机信任",
    symptoms: text(
        "curl and browsers work; Node and Python fail on the same machine with \
         `UNABLE_TO_GET_ISSUER_CERT_LOCALLY` or `CERTIFICATE_VERIFY_FAILED`, and so do containers.",
        "curl 和浏览器正常；同一台机器上 Node 和 Python 却以 `UNABLE_TO_GET_ISSUER_CERT_LOCALLY` 或 \
         `CERTIFICATE_VERIFY_FAILED` 失败，容器里也一样。",
    ),
    tell: text(
        "The chain verifies against this machine's store and not against the bundled Mozilla roots \
         (`probe_tls_trusted`). It works here; clients that bring their own roots will refuse it. Where the \
         machine's store does not know the issuer either, it is `tls_intercepted`.",
        "证书链能通过本机信任库的验证，却通不过内置的 Mozilla 根证书（`probe_tls_trusted`）。在这里能用，\
         但自带根证书的客户端会拒绝。若本机信任库也不认识颁发者，则为 `tls_intercepted`。",
    ),
    remedy: text(
        "Point every client that brings its own roots at those of {issuer}: \
         `NODE_EXTRA_CA_CERTS=/path/ca.pem` (or `NODE_OPTIONS=--use-system-ca`), `SSL_CERT_FILE` and \
         `REQUESTS_CA_BUNDLE` for Python (a bundle that has the public roots too); copy it into container \
         images as well. Or have {host} exempted from inspection. Never disable verification. If {host} is \
         a gateway of your own, name its authority in `tls.ca_file`.",
        "让每个自带根证书的客户端信任 {issuer} 的根证书：`NODE_EXTRA_CA_CERTS=/path/ca.pem`（或 \
         `NODE_OPTIONS=--use-system-ca`），Python 用 `SSL_CERT_FILE` 和 `REQUESTS_CA_BUNDLE`（证书包里要同\
         时有公共根证书）；容器镜像里也要放。或者让 {host} 免于检查。切勿关闭证书验证。如果 {host} 是您自己\
         的网关，请在 `tls.ca_file` 中写明其根证书。",
    ),
};
