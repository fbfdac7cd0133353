//! The words of the reasons of the API layer that are about the way: HTTP itself, and who answers in the API's place.

use super::{ReasonWords, text};

pub(super) const TIMEOUT: ReasonWords = ReasonWords {
    summary_zh: "请求在时限内没有得到完整应答",
    symptoms: text(
        "`API Error (Request timed out.) - Retrying in N seconds... (attempt x/10)`, `APITimeoutError: \
         Request timed out.`, `ReadTimeout`, `read ETIMEDOUT`; curl: `(28) Operation timed out`. Long calls \
         without streaming hang forever.",
        "`API Error (Request timed out.) - Retrying in N seconds... (attempt x/10)`、`APITimeoutError: \
         Request timed out.`、`ReadTimeout`、`read ETIMEDOUT`；curl：`(28) Operation timed out`。不用流式的\
         长调用会一直卡住。",
    ),
    tell: text(
        "DNS, TCP and TLS worked and the request was sent; the answer did not come, or not whole. The same \
         call over HTTP/1.1 tells `http2_broken`, the free call without a key tells a slow model or account \
         from an API that is silent to all. Where only kept connections fail, something on the way forgets \
         idle ones. A stream that falls silent is `stream_stalled`.",
        "DNS、TCP、TLS 都正常，请求已发出，但应答没来，或没来全。用 HTTP/1.1 重做可识别 `http2_broken`；不\
         带密钥的免费调用可区分是模型或账户慢，还是 API 对谁都沉默。若只有保持的连接失败，说明途中有设备忘\
         掉了空闲连接。流中途沉默属于 `stream_stalled`。",
    ),
    remedy: text(
        "Retry with backoff, and look at the provider's status page. Long answers: stream them, or raise \
         the client's timeout (and `timeout` here). If only kept connections fail, a NAT or load balancer \
         forgets idle ones: send TCP keepalives more often than it does (`sysctl \
         net.ipv4.tcp_keepalive_time=60`, and switch keepalive on in the client) or close idle connections \
         sooner.",
        "请按退避策略重试，并查看提供方的状态页。长回答请用流式，或调大客户端的超时（以及这里的 \
         `timeout`）。如果只有保持的连接失败，说明 NAT 或负载均衡器忘掉了空闲连接：请以更短的间隔发送 TCP \
         keepalive（`sysctl net.ipv4.tcp_keepalive_time=60`，并在客户端打开 keepalive），或更早关闭空闲连\
         接。",
    ),
};

pub(super) const RESET: ReasonWords = ReasonWords {
    summary_zh: "应答完成之前连接被切断",
    symptoms: text(
        "`Unable to connect to API (ECONNRESET)`, `socket hang up`, `UND_ERR_SOCKET`, `Server disconnected \
         without sending a response`, `Connection reset by peer`; curl: `(52) Empty reply from server` or \
         `(56) Recv failure`.",
        "`Unable to connect to API (ECONNRESET)`、`socket hang up`、`UND_ERR_SOCKET`、`Server disconnected \
         without sending a response`、`Connection reset by peer`；curl：`(52) Empty reply from server` 或 \
         `(56) Recv failure`。",
    ),
    tell: text(
        "The handshake was done, so the cut came after the request. The same call over HTTP/1.1 tells \
         `http2_broken`, the free call without a key tells whether anything of the API answers. A cut \
         inside a stream is `stream_cut`; a server that asked for a client certificate and then hung up is \
         `tls_client_cert_required`.",
        "握手已完成，所以是在请求之后被切断的。用 HTTP/1.1 重做可识别 `http2_broken`；不带密钥的免费调用可\
         看出 API 是否还有应答。流中被切断属于 `stream_cut`；索要客户端证书后挂断的服务器属于 \
         `tls_client_cert_required`。",
    ),
    remedy: text(
        "Retry: a single cut is common. If it stays, try `curl -v --http1.1 {url}/` from here and \
         from another network. If only this one fails, a proxy, VPN or security agent here cuts calls: have \
         {host} exempted. If large requests or kept connections only fail, raise the body limit or the idle \
         timeout of what stands between.",
        "请重试：偶尔一次很常见。如果持续出现，请在这里和另一个网络上各执行一次 `curl -v --http1.1 \
         {url}/`。如果只有这里失败，则是本地的代理、VPN 或安全软件在切断调用：请让 {host} 免于检\
         查。如果只有大请求或保持的连接失败，请调大途中设备的请求体上限或空闲超时。",
    ),
};

pub(super) const PROTOCOL: ReasonWords = ReasonWords {
    summary_zh: "应答不是有效的 HTTP",
    symptoms: text(
        "Node: `HPE_INVALID_CONSTANT` or `Parse Error: Expected HTTP/`. Python: `RemoteProtocolError: \
         illegal status line`. curl: `(1) Received HTTP/0.9 when not allowed` or `(16) Error in the HTTP2 \
         framing layer`.",
        "Node：`HPE_INVALID_CONSTANT` 或 `Parse Error: Expected HTTP/`。Python：`RemoteProtocolError: \
         illegal status line`。curl：`(1) Received HTTP/0.9 when not allowed` 或 `(16) Error in the HTTP2 \
         framing layer`。",
    ),
    tell: text(
        "What came back breaks the rules of the HTTP version that was agreed on. Over HTTP/2 the same call \
         is made over HTTP/1.1 too: if that works it is `http2_broken`. An answer that is valid HTTP and \
         not the API's is `not_the_api`.",
        "收到的内容违反了所商定 HTTP 版本的规则。若用的是 HTTP/2，还会用 HTTP/1.1 重做同样的调用：若成功则\
         为 `http2_broken`。是有效的 HTTP 但不是 API 的应答，属于 `not_the_api`。",
    ),
    remedy: text(
        "See the raw answer: `curl -v --http1.1 {url}/`, and compare from another network. If \
         they differ, a proxy or inspecting device here rewrites HTTP: exempt {host} or update it. If the \
         URL is of your own gateway, check that its port speaks HTTP and not, say, gRPC.",
        "查看原始应答：`curl -v --http1.1 {url}/`，并在另一个网络上对比。如果不同，则是这里的代理\
         或检查设备改写了 HTTP：请让 {host} 免于检查或升级该设备。如果 URL 指向您自己的网关，请确认该端口说\
         的是 HTTP，而不是例如 gRPC。",
    ),
};

pub(super) const HTTP2_BROKEN: ReasonWords = ReasonWords {
    summary_zh: "HTTP/2 失败，而 HTTP/1.1 正常",
    symptoms: text(
        "curl hangs and `curl --http1.1` works; `(92) HTTP/2 stream 1 was not closed cleanly: \
         PROTOCOL_ERROR`, `ERR_HTTP2_STREAM_CANCEL`, `http2: server sent GOAWAY`; in some clients the \
         misleading `UNKNOWN_CERTIFICATE_VERIFICATION_ERROR`.",
        "curl 卡住而 `curl --http1.1` 正常；`(92) HTTP/2 stream 1 was not closed cleanly: \
         PROTOCOL_ERROR`、`ERR_HTTP2_STREAM_CANCEL`、`http2: server sent GOAWAY`；有些客户端会给出误导性的 \
         `UNKNOWN_CERTIFICATE_VERIFICATION_ERROR`。",
    ),
    tell: text(
        "Over HTTP/2 the call is silent, cut or malformed, and the same call over HTTP/1.1 works. An API \
         that answers in neither stays `http_timeout`, `http_reset` or `http_protocol`.",
        "用 HTTP/2 调用时沉默、被切断或格式错误，用 HTTP/1.1 做同样的调用则成功。两者都不行的仍是 \
         `http_timeout`、`http_reset` 或 `http_protocol`。",
    ),
    remedy: text(
        "Force HTTP/1.1 until it is repaired: `curl --http1.1`, `GODEBUG=http2client=0` for Go, \
         `http2=False` for httpx, `http: { version: h1 }` here. Then have the proxy, VPN or inspecting \
         device on the way updated, or {host} exempted from it.",
        "修好之前请强制使用 HTTP/1.1：`curl --http1.1`，Go 用 `GODEBUG=http2client=0`，httpx 用 \
         `http2=False`，此处用 `http: { version: h1 }`。然后升级途中的代理、VPN 或检查设备，或让 {host} 免\
         于检查。",
    ),
};

pub(super) const NOT_REDIRECTED: ReasonWords = ReasonWords {
    summary_zh: "80 端口的明文 HTTP 未重定向到 HTTPS",
    symptoms: text(
        "Nothing fails. A client with `http://` in its URL sends its key in plain text and does not \
         notice.",
        "没有任何失败。URL 写成 `http://` 的客户端会以明文发送密钥而毫无察觉。",
    ),
    tell: text(
        "With `http.redirect_https: true`, port 80 is asked beside the journey and did not answer with a \
         redirect to `https://`. A port that is closed or silent is not complained about.",
        "设了 `http.redirect_https: true` 时，探测之外还会询问 80 端口，它没有返回到 `https://` 的重定向。\
         端口关闭或沉默则不作要求。",
    ),
    remedy: text(
        "Whoever runs {host} should redirect or close port 80; in nginx `return 308 \
         https://$host$request_uri;`. Check it by `curl -sI http://{host}/`. If plain HTTP is wanted, leave \
         `redirect_https` out.",
        "{host} 的管理者应重定向或关闭 80 端口；nginx 写 `return 308 https://$host$request_uri;`。用 `curl \
         -sI http://{host}/` 验证。如果确实需要明文 HTTP，请去掉 `redirect_https`。",
    ),
};

pub(super) const SLOW: ReasonWords = ReasonWords {
    summary_zh: "应答比预期慢",
    symptoms: text(
        "Everything works and takes longer than people are used to; clients with tight timeouts begin to \
         say `Request timed out.`",
        "一切正常，只是比平时慢；超时设得紧的客户端开始报 `Request timed out.`",
    ),
    tell: text(
        "The call took longer than `http.expect.max_latency`, which is not set by default. The times of \
         the layers below tell the network from the provider: a long round trip or handshake is the former, \
         a long wait between request and answer the latter. What a busy canary held up itself is not counted.",
        "调用耗时超过 `http.expect.max_latency`（默认不设）。下面各层的耗时可区分网络与提供方：往返或握手\
         慢是前者，请求与应答之间等得久是后者。探针自身繁忙造成的等待不计入。",
    ),
    remedy: text(
        "Compare the layers of the path: if TCP and TLS are slow too, look at the route (VPN, proxy, \
         distance); if only the API is, look at the provider's status page, try a smaller model or another \
         region, and quote {request_id}. If the limit is too strict, raise `http.expect.max_latency`.",
        "对比该路径各层的耗时：如果 TCP 和 TLS 也慢，请检查线路（VPN、代理、距离）；如果只有 API 慢，请查\
         看提供方状态页，试试更小的模型或其他地区，并提供 {request_id}。如果限值过严，请调大 \
         `http.expect.max_latency`。",
    ),
};

pub(super) const NOT_THE_API: ReasonWords = ReasonWords {
    summary_zh: "应答的是途中的某个东西，而不是 API",
    symptoms: text(
        "`API returned an empty or malformed response (HTTP 200)`, `Unexpected token '<'`, \
         `JSONDecodeError: Expecting value`; in a browser a sign-in or block page.",
        "`API returned an empty or malformed response (HTTP 200)`、`Unexpected token '<'`、\
         `JSONDecodeError: Expecting value`；在浏览器中是登录页或拦截页。",
    ),
    tell: text(
        "The answer has neither the marks of the API (its request id, its error shape) nor those of its \
         edge: it is a page for people, a redirect or a foreign body, whatever its status. An answer of the \
         API of the wrong shape is `unexpected_body`, a challenge of its edge `edge_challenge`.",
        "应答既没有 API 的标记（请求 ID、错误格式），也没有其边缘的标记：是给人看的网页、重定向或陌生内\
         容，不论状态码如何。API 自己给出的格式不对的应答属于 `unexpected_body`，其边缘的质询属于 \
         `edge_challenge`。",
    ),
    remedy: text(
        "See what it says: `curl -v {url}/`. Sign in to the network's portal, or ask whoever runs \
         the filter or gateway to let {host} through. If the URL is of a gateway, check its path and its \
         route to the API, and where the base URL comes from (`env | grep BASE_URL`).",
        "看看它说什么：`curl -v {url}/`。请登录网络门户，或请过滤系统、网关的管理者放行 {host}。\
         如果 URL 指向网关，请检查路径和它到 API 的路由，以及基础 URL 出自哪里（`env | grep BASE_URL`）。",
    ),
};

pub(super) const EDGE_CHALLENGE: ReasonWords = ReasonWords {
    summary_zh: "提供方的边缘要求本客户端接受质询",
    symptoms: text(
        "403, 429 or 503 with a page `<title>Just a moment...</title>` or `Attention Required! | \
         Cloudflare`; SDKs show its HTML or `ERR_BAD_REQUEST`.",
        "403、429 或 503，页面为 `<title>Just a moment...</title>` 或 `Attention Required! | Cloudflare`；\
         SDK 会显示这段 HTML 或 `ERR_BAD_REQUEST`。",
    ),
    tell: text(
        "The answer says `cf-mitigated: challenge`, is such a page, or is a 403 of the edge that is not \
         JSON. It comes before the API, so key and account have nothing to do with it. A refusal of the \
         region is `region_blocked`, a page of somebody in between `not_the_api`.",
        "应答带有 `cf-mitigated: challenge`，或是上述页面，或是边缘返回的非 JSON 的 403。它发生在 API 之\
         前，与密钥和账户无关。对地区的拒绝属于 `region_blocked`，途中他人的页面属于 `not_the_api`。",
    ),
    remedy: text(
        "The edge distrusts the address that calls leave from, mostly one of a VPN or data centre. Leave \
         by another egress (switch the VPN off, another route or proxy) and send an honest `User-Agent`. If \
         the address is yours, report the `cf-ray` of the answer to the provider.",
        "边缘不信任调用所用的出口地址，多半是 VPN 或数据中心的地址。请换一个出口（关闭 VPN、换线路或代\
         理），并发送真实的 `User-Agent`。如果该地址是您自己的，请把应答中的 `cf-ray` 报告给提供方。",
    ),
};

pub(super) const REGION_BLOCKED: ReasonWords = ReasonWords {
    summary_zh: "提供方拒绝此调用所来自的地区",
    symptoms: text(
        "403 `{\"error\":{\"type\":\"forbidden\",\"message\":\"Request not allowed\"}}`, `Country, region, \
         or territory not supported`, `User location is not supported for the API use.`, `App unavailable \
         in region`; on Bedrock a 400 about `unsupported countries`; `Failed to connect to \
         api.anthropic.com: ERR_BAD_REQUEST`.",
        "403 `{\"error\":{\"type\":\"forbidden\",\"message\":\"Request not allowed\"}}`、`Country, region, \
         or territory not supported`、`User location is not supported for the API use.`、`App unavailable \
         in region`；Bedrock 为提到 `unsupported countries` 的 400；`Failed to connect to \
         api.anthropic.com: ERR_BAD_REQUEST`。",
    ),
    tell: text(
        "The refusal has the words of the provider for it (or is a 451), and the free call without a key \
         is refused just the same: so it is the place the call comes from, not the key. A refusal of the \
         key alone is `auth_invalid` or `auth_forbidden`.",
        "拒绝中带有提供方对此的专门措辞（或为 451），而且不带密钥的免费调用同样被拒：所以问题在于调用的来\
         源地，而不是密钥。只拒绝密钥属于 `auth_invalid` 或 `auth_forbidden`。",
    ),
    remedy: text(
        "See where calls leave from: `curl -s https://www.cloudflare.com/cdn-cgi/trace` (the line `loc`), \
         and compare it with the provider's list of supported regions. Use an egress in an allowed region \
         that you may use (a cloud, the company's proxy), or a provider that serves yours. If the place is \
         wrong, have the address's owner correct its geolocation.",
        "查看调用从哪里出去：`curl -s https://www.cloudflare.com/cdn-cgi/trace`（`loc` 一行），并与提供方\
         支持的地区列表对照。请使用您有权使用、位于允许地区的出口（云、公司代理），或选用服务于您所在地区的\
         提供方。如果定位有误，请地址所有者更正其地理位置信息。",
    ),
};

pub(super) const EDGE_ORIGIN_UNREACHABLE: ReasonWords = ReasonWords {
    summary_zh: "提供方的边缘无法连到其源站",
    symptoms: text(
        "520, 522, 524 or 530, `504: Gateway time-out`, `error code: 502`, as an HTML page or without a \
         body.",
        "520、522、524 或 530，`504: Gateway time-out`、`error code: 502`，内容为 HTML 页面或为空。",
    ),
    tell: text(
        "The answer has the marks of the edge and not of the API: statuses 520 to 527 and 530, a 502 or \
         504 that is not JSON, or `cloudflare_error`. A 5xx of the API itself is `provider_error`. If a \
         gateway of your own sits behind such an edge, its origin is yours.",
        "应答带有边缘的标记而没有 API 的标记：520 至 527 和 530、非 JSON 的 502 或 504，或 \
         `cloudflare_error`。API 自己的 5xx 属于 `provider_error`。如果是您自己的网关位于这种边缘之后，源站\
         就是您的。",
    ),
    remedy: text(
        "Nothing is wrong here: wait {wait} and retry with backoff, or use another endpoint. Look at the \
         provider's status page, and report the `cf-ray` of the answer if it lasts. If {host} is a gateway \
         of your own, start its origin and let the edge reach it.",
        "本地没有问题：请等待 {wait}，按退避策略重试，或改用其他端点。请查看提供方状态页；若持续不好，请报\
         告应答中的 `cf-ray`。如果 {host} 是您自己的网关，请启动其源站并让边缘能连到它。",
    ),
};
