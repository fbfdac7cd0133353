//! The words of the reasons of the proxy layer.

use super::{ReasonWords, text};

pub(super) const UNREACHABLE: ReasonWords = ReasonWords {
    summary_zh: "无法连接到代理",
    symptoms: text(
        "`Proxy server unreachable`, `ProxyError … Connection refused`, `connect ECONNREFUSED` with the \
         proxy's address; curl: `(5) Could not resolve proxy` or `(7) Failed to connect to \
         proxy.example.com port 3128`.",
        "`Proxy server unreachable`、`ProxyError … Connection refused`、带有代理地址的 `connect \
         ECONNREFUSED`；curl：`(5) Could not resolve proxy` 或 `(7) Failed to connect to proxy.example.com \
         port 3128`。",
    ),
    tell: text(
        "The proxy's own name does not resolve, its port refuses or stays silent, or its certificate does \
         not verify. The destination has nothing to do with it: other targets over this proxy fail alike. A \
         proxy that took the connection and then said nothing is `proxy_timeout`.",
        "代理自己的域名解析不了，其端口拒绝或沉默，或其证书未通过验证。这与目的地无关：经该代理的其他目标\
         同样失败。接受了连接却不说话属于 `proxy_timeout`。",
    ),
    remedy: text(
        "See whether {proxy} runs and can be reached from here: `curl -v -x {proxy} {url}/`. \
         Correct host and port in `HTTPS_PROXY` or under `routes`. If the proxy is gone for good and the \
         direct way works, `unset HTTPS_PROXY https_proxy ALL_PROXY all_proxy`.",
        "检查 {proxy} 是否在运行、从这里能否连上：`curl -v -x {proxy} {url}/`。更正 `HTTPS_PROXY` \
         或 `routes` 下的主机和端口。如果代理已不复存在而直连可用，请执行 `unset HTTPS_PROXY https_proxy \
         ALL_PROXY all_proxy`。",
    ),
};

pub(super) const AUTH_REQUIRED: ReasonWords = ReasonWords {
    summary_zh: "代理要求凭据",
    symptoms: text(
        "`Tunnel connection failed: 407 Proxy Authentication Required`; curl: `(56) CONNECT tunnel failed, \
         response 407`; with SOCKS `authentication failed`.",
        "`Tunnel connection failed: 407 Proxy Authentication Required`；curl：`(56) CONNECT tunnel failed, \
         response 407`；SOCKS 则为 `authentication failed`。",
    ),
    tell: text(
        "The proxy answers 407 and offers schemes, which the detail names, or SOCKS wants or rejects a \
         password. A proxy that knows who you are and still says no is `proxy_denied`; a 401 from behind \
         the tunnel is the API's (`auth_invalid`).",
        "代理返回 407 并列出认证方式（见详情），或 SOCKS 要求密码、拒绝密码。代理知道您是谁却仍说不，属于 \
         `proxy_denied`；隧道后面来的 401 是 API 的（`auth_invalid`）。",
    ),
    remedy: text(
        "Put user and password, percent-encoded, into the proxy's URL: `http://USER:PASSWORD@HOST:PORT` in \
         `HTTPS_PROXY`, or `${PROXY_PASSWORD}` under `routes`. If {proxy} offers only NTLM, Negotiate or \
         Kerberos, which most SDKs do not speak, run a local relay (cntlm, px) and point clients at that.",
        "把用户名和密码（百分号编码）写进代理 URL：`HTTPS_PROXY` 中写 `http://USER:PASSWORD@HOST:PORT`，\
         `routes` 下用 `${PROXY_PASSWORD}`。如果 {proxy} 只提供 NTLM、Negotiate 或 Kerberos（多数 SDK 不支\
         持），请在本机运行中继（cntlm、px）并让客户端指向它。",
    ),
};

pub(super) const DENIED: ReasonWords = ReasonWords {
    summary_zh: "代理拒绝该目的地",
    symptoms: text(
        "`CONNECT tunnel failed, response 403`, `Host not in allowlist`, `unsuccessful tunnel`, \
         `ERR_PROXY_TUNNEL`; headers such as `x-deny-reason: host_not_allowed` or `X-Proxy-Error: \
         blocked-by-allowlist`.",
        "`CONNECT tunnel failed, response 403`、`Host not in allowlist`、`unsuccessful tunnel`、\
         `ERR_PROXY_TUNNEL`；以及 `x-deny-reason: host_not_allowed`、`X-Proxy-Error: blocked-by-allowlist` \
         之类的头。",
    ),
    tell: text(
        "The proxy itself answers the CONNECT with 403 or 451, or SOCKS with \"not allowed by its rules\": \
         no tunnel was made, so the answer cannot be the API's. Control hosts through the same proxy tell a \
         rule for this destination from a proxy that lets nobody through.",
        "代理自己以 403 或 451 回答 CONNECT，或 SOCKS 回答“规则不允许”：隧道并未建立，所以这个回答不可能来\
         自 API。经同一代理的对照主机用来区分是针对该目的地的规则，还是代理谁也不放行。",
    ),
    remedy: text(
        "Ask whoever runs {proxy} to allow CONNECT to {host}, port {port}. In a sandbox or CI add {host} to \
         its allow list of hosts. Do not look for the fault at the API: it was never asked.",
        "请 {proxy} 的管理者允许对 {host} 的 {port} 端口做 CONNECT。在沙箱或 CI 中，请把 {host} 加入其主机放\
         行名单。不必在 API 那边找问题：根本没有问到它。",
    ),
};

pub(super) const FAILED: ReasonWords = ReasonWords {
    summary_zh: "代理无法连到目的地",
    symptoms: text(
        "`CONNECT tunnel failed, response 502` (or 503, 504), `Tunnel connection failed: 503 Service \
         Unavailable`; with SOCKS `Host unreachable` or `Connection refused`.",
        "`CONNECT tunnel failed, response 502`（或 503、504）、`Tunnel connection failed: 503 Service \
         Unavailable`；SOCKS 则为 `Host unreachable` 或 `Connection refused`。",
    ),
    tell: text(
        "The proxy takes the order and reports that it did not get through: a 5xx to CONNECT, or a SOCKS \
         reply that says so. A rule would be `proxy_denied`. Control hosts through it tell a proxy without \
         an uplink from one that cannot reach just this host.",
        "代理接了活，却报告没打通：对 CONNECT 返回 5xx，或 SOCKS 如此回答。若是规则所致则为 \
         `proxy_denied`。经它访问对照主机，可区分是代理没有出口，还是只到不了这台主机。",
    ),
    remedy: text(
        "Look at the proxy's side: can it resolve {host} and reach port {port} (`curl -v {url}/` on \
         the proxy itself), and is its parent proxy up? Ask whoever runs {proxy}. Meanwhile another route \
         may work: `api-canary env` prints it.",
        "到代理那一侧检查：它能否解析 {host} 并连到 {port} 端口（在代理主机上执行 `curl -v \
         {url}/`）？它的上级代理是否正常？请联系 {proxy} 的管理者。其间也许另有线路可用：\
         `api-canary env` 会打印出来。",
    ),
};

pub(super) const TIMEOUT: ReasonWords = ReasonWords {
    summary_zh: "代理未在时限内应答",
    symptoms: text(
        "Calls hang, then `Request timed out.` or `UND_ERR_CONNECT_TIMEOUT`; curl: `(28) Proxy CONNECT \
         aborted due to timeout`.",
        "调用卡住，然后出现 `Request timed out.` 或 `UND_ERR_CONNECT_TIMEOUT`；curl：`(28) Proxy CONNECT \
         aborted due to timeout`。",
    ),
    tell: text(
        "The proxy took the connection and then said nothing, or not enough, about the tunnel. No \
         connection at all is `proxy_unreachable`. Control hosts through it tell a proxy that is stuck from \
         one that waits for this destination.",
        "代理接受了连接，之后对隧道一言不发或没说完。根本连不上属于 `proxy_unreachable`。经它访问对照主\
         机，可区分是代理卡死，还是它在等这个目的地。",
    ),
    remedy: text(
        "Try other destinations: `curl -v -x {proxy} https://example.com/`. If they hang too, {proxy} is \
         overloaded or waits for its own DNS, directory or parent: tell whoever runs it. If only {host} \
         hangs, packets from the proxy to it are dropped: have port {port} opened there.",
        "试试别的目的地：`curl -v -x {proxy} https://example.com/`。如果也卡住，说明 {proxy} 过载，或在等\
         它自己的 DNS、目录服务或上级代理：请告知其管理者。如果只有 {host} 卡住，说明代理发往它的包被丢弃：\
         请在那边放行 {port} 端口。",
    ),
};

pub(super) const PROTOCOL: ReasonWords = ReasonWords {
    summary_zh: "应答的并不是代理",
    symptoms: text(
        "`400 Bad Request` to the CONNECT, `Proxy response is not HTTP`, `wrong version number` with an \
         `https://` proxy URL, `Malformed reply` or `invalid version` with SOCKS.",
        "对 CONNECT 返回 `400 Bad Request`、`Proxy response is not HTTP`；代理 URL 写成 `https://` 时出现 \
         `wrong version number`；SOCKS 则为 `Malformed reply` 或 `invalid version`。",
    ),
    tell: text(
        "What answers at the proxy's address speaks another protocol than its URL says: a web server, an \
         HTTP proxy asked for SOCKS, a plain one asked for TLS. A real proxy that refuses says so in its \
         own protocol (`proxy_denied`, `proxy_auth_required`).",
        "代理地址上的应答者说的协议与其 URL 不符：是网页服务器，或对 HTTP 代理说了 SOCKS，或对明文代理说了 \
         TLS。真正的代理要拒绝时会用自己的协议说（`proxy_denied`、`proxy_auth_required`）。",
    ),
    remedy: text(
        "Correct scheme and port of {proxy}: `http://` for a proxy spoken to in plain text (the usual \
         kind, also for https targets), `https://` only where the proxy itself speaks TLS, `socks5h://` for \
         SOCKS, mostly on port 1080. Then try `curl -v -x {proxy} {url}/`.",
        "更正 {proxy} 的协议和端口：以明文与之交谈的代理用 `http://`（最常见，目标是 https 时也一样），只\
         有代理自身使用 TLS 时才用 `https://`，SOCKS 用 `socks5h://`，端口多为 1080。然后试 `curl -v -x \
         {proxy} {url}/`。",
    ),
};

pub(super) const REQUIRED: ReasonWords = ReasonWords {
    summary_zh: "直连被封，而代理可用",
    symptoms: text(
        "It works in the browser; the program goes direct and ends in `ETIMEDOUT`, `fetch failed`, \
         `Connection error.` or a 403. With `HTTPS_PROXY` set it works.",
        "浏览器里正常；程序直连，结果是 `ETIMEDOUT`、`fetch failed`、`Connection error.` 或 403。设了 \
         `HTTPS_PROXY` 就好了。",
    ),
    tell: text(
        "All direct paths fail below the API's own answer, and a route through a proxy works from end to \
         end at the same time. That tells a network that wants its proxy used from an API that is down. It \
         is also said where local DNS knows no outside names and the proxy resolves them.",
        "所有直连路径都没能得到 API 自己的应答，而与此同时，经代理的线路全程畅通。由此区分是网络要求使用代\
         理，还是 API 停了。本地 DNS 不认识外部域名而代理能解析时也属此类。",
    ),
    remedy: text(
        "Have the program use the route {working_route}: `eval \"$(api-canary env)\"`, or `export \
         HTTPS_PROXY={proxy}`. List inner hosts in `NO_PROXY` (names and suffixes; Python knows no CIDR \
         there). Node reads these variables only with `NODE_USE_ENV_PROXY=1`. Or have direct access to \
         {host}, port {port}, allowed.",
        "让程序改走线路 {working_route}：`eval \"$(api-canary env)\"`，或 `export HTTPS_PROXY={proxy}`。把\
         内部主机列入 `NO_PROXY`（写名称和后缀；Python 不认 CIDR）。Node 只有在 `NODE_USE_ENV_PROXY=1` 时才\
         读取这些变量。或者申请放行到 {host} 的 {port} 端口的直连。",
    ),
};

pub(super) const ENV_DISAGREEMENT: ReasonWords = ReasonWords {
    summary_zh: "各客户端对代理变量的理解不一致",
    symptoms: text(
        "curl works and the program does not, or the other way round; `NO_PROXY` seems to be ignored, so \
         that inner hosts go to the proxy.",
        "curl 行而程序不行，或者反过来；`NO_PROXY` 似乎被忽略，内部主机也走了代理。",
    ),
    tell: text(
        "The proxy variables are read as curl, Go, Python and Node each read them, for this URL. They do \
         not come to the same route; the detail says who goes where. What is walked on the route `env` is \
         curl's reading.",
        "针对这个 URL，按 curl、Go、Python 和 Node 各自的方式解读代理变量，得出的线路并不一致；谁走哪里见\
         详情。线路 `env` 上走的是 curl 的理解。",
    ),
    remedy: text(
        "Write the variables so that all agree: `https_proxy` and `HTTPS_PROXY` with the same value and a \
         scheme, and `no_proxy` and `NO_PROXY` with plain names and suffixes such as `.example.com`: no \
         CIDR, no `*` inside, no blanks. Or name the proxy under `routes`: then `api-canary env` prints its \
         variables in both cases.",
        "把变量写成人人都能理解一致：`https_proxy` 与 `HTTPS_PROXY` 取相同的值并带协议；`no_proxy` 与 \
         `NO_PROXY` 只写普通名称和 `.example.com` 之类的后缀：不要 CIDR，中间不要 `*`，不要空格。或者在 \
         `routes` 下给代理起名：这样 `api-canary env` 会按大小写两种形式打印变量。",
    ),
};

pub(super) const SCHEME_UNSUPPORTED: ReasonWords = ReasonWords {
    summary_zh: "代理变量无法使用：其协议或写法不受客户端支持",
    symptoms: text(
        "`ValueError: Unknown scheme for proxy URL URL('socks://…')`, `Using SOCKS proxy, but the \
         'socksio' package is not installed`, `Unsupported proxy protocol`; or the variable is silently \
         ignored.",
        "`ValueError: Unknown scheme for proxy URL URL('socks://…')`、`Using SOCKS proxy, but the \
         'socksio' package is not installed`、`Unsupported proxy protocol`；或者变量被悄悄忽略。",
    ),
    tell: text(
        "Nothing is connected to: the variable itself says `socks://`, `socks4://`, another scheme that \
         many clients refuse, or cannot be read as a URL. A proxy that is named well and does not answer is \
         `proxy_unreachable`.",
        "不必连接就能看出：变量本身写着 `socks://`、`socks4://` 或许多客户端拒绝的其他协议，或者根本不是 \
         URL。写法正确却不应答的代理属于 `proxy_unreachable`。",
    ),
    remedy: text(
        "Write `socks5h://HOST:PORT` in place of `socks://` (Python needs `pip install 'httpx[socks]'`), \
         or better an HTTP proxy as `http://HOST:PORT`: some clients, Claude Code for one, have no SOCKS at \
         all. Many desktops set `ALL_PROXY=socks://…`: correct it in their network settings.",
        "把 `socks://` 改写为 `socks5h://HOST:PORT`（Python 需要 `pip install 'httpx[socks]'`），最好用 \
         `http://HOST:PORT` 的 HTTP 代理：有些客户端（例如 Claude Code）根本不支持 SOCKS。许多桌面环境会设\
         置 `ALL_PROXY=socks://…`：请在其网络设置中更正。",
    ),
};
