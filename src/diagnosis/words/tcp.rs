//! The words of the reasons of the TCP layer.

use super::{ReasonWords, text};

pub(super) const REFUSED: ReasonWords = ReasonWords {
    summary_zh: "连接被拒绝",
    symptoms: text(
        "Node: `connect ECONNREFUSED 160.79.104.10:443`. Python: `[Errno 111] Connection refused`. curl: \
         `(7) Failed to connect … Connection refused`. Some clients add `a firewall or proxy may be \
         blocking it`.",
        "Node：`connect ECONNREFUSED 160.79.104.10:443`。Python：`[Errno 111] Connection refused`。curl：\
         `(7) Failed to connect … Connection refused`。有些客户端会附上 `a firewall or proxy may be \
         blocking it`。",
    ),
    tell: text(
        "The first packet is answered with a reset: somebody is there and says no. Packets that are \
         dropped are `tcp_timeout`, a missing route is `tcp_unreachable`. An address outside the expected \
         networks is told as a DNS reason, a proxy that refuses as `proxy_unreachable`. A control host \
         tells whether only this destination is refused.",
        "第一个包就收到复位：那边有人，而且说“不”。包被丢弃属于 `tcp_timeout`，没有路由属于 \
         `tcp_unreachable`。地址不在预期网段内会作为 DNS 的原因报告，代理拒绝连接属于 `proxy_unreachable`。\
         对照主机用来判断是否只有这个目的地被拒。",
    ),
    remedy: text(
        "Try it by hand: `curl -v telnet://{address}`. If other hosts work, a firewall or security agent \
         here or on the way rejects {address}: look at `nft list ruleset` and have the destination allowed. \
         If the URL is of a gateway of your own, see that it runs and listens on that port.",
        "手工试一次：`curl -v telnet://{address}`。如果其他主机能通，说明本机或途中的防火墙、安全软件拒绝\
         了 {address}：请查看 `nft list ruleset` 并放行该目的地。如果 URL 指向您自己的网关，请确认它在运行\
         并监听该端口。",
    ),
};

pub(super) const TIMEOUT: ReasonWords = ReasonWords {
    summary_zh: "连接尝试在时限内没有回应：数据包被丢弃",
    symptoms: text(
        "Node: `UND_ERR_CONNECT_TIMEOUT` or `connect ETIMEDOUT`. Python: `ConnectTimeout`. Go: `dial tcp: \
         i/o timeout`. curl: `(28) Connection timed out`. Clients with a patient default hang for two \
         minutes.",
        "Node：`UND_ERR_CONNECT_TIMEOUT` 或 `connect ETIMEDOUT`。Python：`ConnectTimeout`。Go：`dial tcp: \
         i/o timeout`。curl：`(28) Connection timed out`。默认耐心较长的客户端会卡住两分钟。",
    ),
    tell: text(
        "Nothing came back for the first packet: no reset (`tcp_refused`), no \"unreachable\" \
         (`tcp_unreachable`). A control host on the same route tells a blocked destination from a dead \
         uplink (`offline`), the other family tells `ipv6_broken` from both, and other routes tell whether \
         a proxy is needed (`proxy_required`).",
        "第一个包发出后什么也没有回来：既没有复位（`tcp_refused`），也没有“不可达”（`tcp_unreachable`）。\
         同一线路上的对照主机用来区分目的地被封与出口已断（`offline`），另一个地址族用来排除 \
         `ipv6_broken`，其他线路用来判断是否必须走代理（`proxy_required`）。",
    ),
    remedy: text(
        "Packets to {address} are dropped. Have it allowed in the egress firewall or security group (for \
         the Claude API: 160.79.104.0/23 and 2607:6bc0::/48, port 443), and see that VPN routes do not \
         swallow it: `ip route get` with the address, `tcptraceroute {host}`. Where only a proxy may leave \
         the network, set `HTTPS_PROXY`.",
        "发往 {address} 的包被丢弃。请在出口防火墙或安全组中放行（以 Claude API 为例：160.79.104.0/23 和 \
         2607:6bc0::/48，端口 443），并确认 VPN 路由没有把它吞掉：对该地址执行 `ip route get`，以及 \
         `tcptraceroute {host}`。如果网络只允许经代理出去，请设置 `HTTPS_PROXY`。",
    ),
};

pub(super) const RESET: ReasonWords = ReasonWords {
    summary_zh: "连接在建立过程中被重置",
    symptoms: text(
        "Node: `connect ECONNRESET`. Python: `ConnectionResetError: [Errno 104] Connection reset by peer`. \
         curl: `(35)` or `(56) Recv failure: Connection reset by peer`, at once.",
        "Node：`connect ECONNRESET`。Python：`ConnectionResetError: [Errno 104] Connection reset by \
         peer`。curl：立刻出现 `(35)` 或 `(56) Recv failure: Connection reset by peer`。",
    ),
    tell: text(
        "The connection broke before a byte of ours was sent, so nothing of the call can have caused it. A \
         reset in answer to the client hello is `tls_reset`, one after the request `http_reset`. A control \
         host tells whether others are cut too.",
        "我们一个字节还没发，连接就断了，所以与调用内容无关。对客户端问候（ClientHello）的复位属于 \
         `tls_reset`，请求之后的复位属于 `http_reset`。对照主机用来判断别的目的地是否也被切断。",
    ),
    remedy: text(
        "Look for who cuts: a firewall, load balancer or security agent between here and {address} \
         (`tcpdump -ni any host {host} and 'tcp[tcpflags] & tcp-rst != 0'`). Have the destination allowed, \
         or a busy load balancer given more room.",
        "找出是谁切断的：本机与 {address} 之间的防火墙、负载均衡器或安全软件（`tcpdump -ni any host {host} \
         and 'tcp[tcpflags] & tcp-rst != 0'`）。请放行该目的地，或给繁忙的负载均衡器扩容。",
    ),
};

pub(super) const UNREACHABLE: ReasonWords = ReasonWords {
    summary_zh: "没有到该地址的路由，或被本机规则禁止",
    symptoms: text(
        "Node: `connect EHOSTUNREACH` or `ENETUNREACH`. Python: `[Errno 113] No route to host`, `[Errno \
         101] Network is unreachable`. curl: `(7) Couldn't connect to server`. `EPERM` or `EACCES` where a \
         local rule forbids it.",
        "Node：`connect EHOSTUNREACH` 或 `ENETUNREACH`。Python：`[Errno 113] No route to host`、`[Errno \
         101] Network is unreachable`。curl：`(7) Couldn't connect to server`。被本机规则禁止时是 `EPERM` \
         或 `EACCES`。",
    ),
    tell: text(
        "The kernel or a router says so itself, mostly at once; dropped packets say nothing \
         (`tcp_timeout`). Where every control fails alike it is `offline`, where only IPv6 does, \
         `ipv6_broken`.",
        "这是内核或路由器自己说的，多半立刻就说；被丢弃的包不会有任何回音（`tcp_timeout`）。若所有对照主机\
         都一样则是 `offline`，若只有 IPv6 如此则是 `ipv6_broken`。",
    ),
    remedy: text(
        "Look at the way to {address}: `ip route`, and `ip route get` with the address; a VPN that went \
         down often leaves its routes behind. Where the error is \"not permitted\", a local firewall or \
         sandbox forbids it: `nft list ruleset`. In a container see that its network exists and may leave.",
        "查看到 {address} 的去路：`ip route`，并对该地址执行 `ip route get`；断开的 VPN 常常会留下路由。如\
         果错误是“不允许”（not permitted），则是本机防火墙或沙箱禁止：`nft list ruleset`。在容器中请确认它\
         的网络存在且允许出网。",
    ),
};

pub(super) const OFFLINE: ReasonWords = ReasonWords {
    summary_zh: "从这里什么都访问不到",
    symptoms: text(
        "`ENETUNREACH`, `EAI_AGAIN`, `ETIMEDOUT` or just `fetch failed` and `Connection error.`, for every \
         site and not only for the API.",
        "`ENETUNREACH`、`EAI_AGAIN`、`ETIMEDOUT`，或者只有 `fetch failed`、`Connection error.`，而且所有网\
         站都这样，不只是 API。",
    ),
    tell: text(
        "The target fails at DNS or TCP by silence or a missing route, and so does every control host; \
         without controls, so do targets of at least two other owners, and nothing else got an answer. One \
         host that answers, be it with an error, proves that we are not offline; hosts of one provider that \
         are silent together do not prove that we are.",
        "目标在 DNS 或 TCP 层因沉默或没有路由而失败，所有对照主机也一样；没有对照主机时，则是至少另外两\
         家的目标也如此，且没有得到任何回应。只要有一台主机应答，哪怕是报错，就证明并未断网；同一提供方的多\
         台主机同时沉默，并不证明断网。",
    ),
    remedy: text(
        "Look at this machine's own connection first: cable, Wi-Fi, VPN, `ip addr`, `ip route`, then \
         `ping` the gateway. On a guest network sign in to its portal. Where only listed destinations may \
         be reached, the control fails at any time: name one under `control` that is allowed. Of {host} \
         nothing can be said from here.",
        "先检查本机自己的连接：网线、Wi-Fi、VPN、`ip addr`、`ip route`，再 `ping` 网关。在访客网络上请登录\
         其门户。如果网络只放行名单上的目的地，对照主机平时也不通：请在 `control` 下写一个获准的。从这里无法\
         判断 {host} 是否正常。",
    ),
};

pub(super) const ADDRESS_FAILING: ReasonWords = ReasonWords {
    summary_zh: "该域名的部分地址不通",
    symptoms: text(
        "Now and then a call hangs for some seconds or fails with `ETIMEDOUT` or `ECONNRESET`, and works \
         when repeated.",
        "偶尔有调用卡住几秒，或以 `ETIMEDOUT`、`ECONNRESET` 失败，重试又好了。",
    ),
    tell: text(
        "With `addresses: all` every address of the answer is walked through all layers, and some fail \
         where others work. With `addresses: first` an address is known to fail only if one behind it had \
         to be taken.",
        "设为 `addresses: all` 时，应答中的每个地址都会走完各层，结果有的失败、有的正常。设为 `addresses: \
         first` 时，只有在不得不改用后面的地址时才会发现前面的不通。",
    ),
    remedy: text(
        "The failing addresses are named in the evidence. Have them allowed if your firewall lists \
         addresses one by one; else tell the provider of {host} which of them fail. Clients should try the \
         next address soon (happy eyeballs; in Node `autoSelectFamily`).",
        "失败的地址在证据中列出。如果您的防火墙逐个登记地址，请把它们加上；否则请告诉 {host} 的提供方哪些\
         地址不通。客户端应尽快尝试下一个地址（happy eyeballs；Node 中为 `autoSelectFamily`）。",
    ),
};

pub(super) const IPV6_BROKEN: ReasonWords = ReasonWords {
    summary_zh: "IPv6 不通，而 IPv4 正常",
    symptoms: text(
        "Calls hang for 5 s to 130 s or end in `ECONNRESET`, and work with `--dns-result-order=ipv4first`; \
         `curl -4` works, `curl -6` times out.",
        "调用卡住 5 到 130 秒，或以 `ECONNRESET` 结束，加上 `--dns-result-order=ipv4first` 就好了；`curl \
         -4` 成功，`curl -6` 超时。",
    ),
    tell: text(
        "Both families are walked to the same host at the same time: over IPv6 the API is not reached \
         (TCP, TLS or no answer), over IPv4 it works. An answer of the API over IPv6, even a refusal, means \
         that IPv6 itself works.",
        "两个地址族同时走向同一主机：经 IPv6 到不了 API（TCP、TLS 失败或没有应答），经 IPv4 正常。如果经 \
         IPv6 收到 API 的应答，哪怕是拒绝，也说明 IPv6 本身是通的。",
    ),
    remedy: text(
        "Have IPv6 repaired (`ip -6 route`, `curl -6v {url}/`), or prefer IPv4 until it is: the \
         line `precedence ::ffff:0:0/96 100` in `/etc/gai.conf`, for Node \
         `NODE_OPTIONS=--dns-result-order=ipv4first`. A machine that has no IPv6 should not have an IPv6 \
         default route either.",
        "请修好 IPv6（`ip -6 route`、`curl -6v {url}/`），在此之前优先使用 IPv4：在 \
         `/etc/gai.conf` 中加一行 `precedence ::ffff:0:0/96 100`，Node 用 \
         `NODE_OPTIONS=--dns-result-order=ipv4first`。没有 IPv6 的机器也不应有 IPv6 默认路由。",
    ),
};

pub(super) const IPV4_BROKEN: ReasonWords = ReasonWords {
    summary_zh: "IPv4 不通，而 IPv6 正常",
    symptoms: text(
        "Clients that know IPv4 only fail with `ETIMEDOUT` or `ENETUNREACH`; `curl -6` works, `curl -4` \
         does not.",
        "只会 IPv4 的客户端以 `ETIMEDOUT` 或 `ENETUNREACH` 失败；`curl -6` 成功，`curl -4` 失败。",
    ),
    tell: text(
        "Both families are walked to the same host at the same time: over IPv4 the API is not reached, \
         over IPv6 it works. An answer of the API over IPv4, even a refusal, means that IPv4 itself works. \
         It is also said where the API has no other address, and a control host is reached over IPv6 only.",
        "两个地址族同时走向同一主机：经 IPv4 到不了 API，经 IPv6 正常。如果经 IPv4 收到 API 的应答，哪怕是\
         拒绝，也说明 IPv4 本身是通的。API 没有其他地址，而对照主机只有经 IPv6 才通时，也属此类。",
    ),
    remedy: text(
        "Have IPv4 repaired: address and default route (`ip -4 addr`, `ip -4 route`), NAT of the router or \
         cloud (a NAT gateway or public address), NAT64 where the network has IPv6 only. If IPv4 is not \
         meant to work here, say `families: [ipv6]`.",
        "请修好 IPv4：地址和默认路由（`ip -4 addr`、`ip -4 route`）、路由器或云上的 NAT（NAT 网关或公网地\
         址），仅有 IPv6 的网络则检查 NAT64。如果这里本就不打算使用 IPv4，请写 `families: [ipv6]`。",
    ),
};

pub(super) const IDLE_DROPPED: ReasonWords = ReasonWords {
    summary_zh: "网络会丢弃空闲连接",
    symptoms: text(
        "The first call after a pause hangs until `Request timed out.` or ends in `ECONNRESET`, `socket hang \
         up` or `Server disconnected without sending a response`, and works when repeated. Long calls \
         without streaming never come back, behind a NAT, VPN or load balancer only.",
        "停顿之后的第一次调用一直卡到 `Request timed out.`，或以 `ECONNRESET`、`socket hang up`、`Server \
         disconnected without sending a response` 结束，重试就成功。不用流式的长调用永远等不到结果，而且\
         只在 NAT、VPN 或负载均衡之后出现。",
    ),
    tell: text(
        "A connection was called over, kept without a byte for as long as `api-canary diagnose --idle-hold` \
         says, and called over again: the second call was cut or got no answer, while a new connection \
         works. A server that ends an idle connection says so first, and that is not complained about; a \
         new connection that fails as well is `http_timeout` or `http_reset`.",
        "在一条连接上调用一次，然后按 `api-canary diagnose --idle-hold` 所说的时间不发一个字节，再调用一\
         次：第二次被切断或没有应答，而新建的连接正常。服务器主动结束空闲连接时会先说明，那不算问题；新建\
         的连接也失败则是 `http_timeout` 或 `http_reset`。",
    ),
    remedy: text(
        "Something on the way (NAT, firewall, VPN, load balancer) forgets connections that are silent for \
         {held}: have its idle timeout raised. In clients send TCP keepalives more often than that (switch \
         keepalive on, and for many `sysctl -w net.ipv4.tcp_keepalive_time=60`), close pooled connections \
         that were idle for longer, and stream long answers. A shorter `--idle-hold` tells where the limit \
         is.",
        "途中有设备（NAT、防火墙、VPN、负载均衡）会忘掉静默 {held} 的连接：请让其管理者调高空闲超时。客户端\
         应以更短的间隔发送 TCP keepalive（打开 keepalive，许多客户端还需 `sysctl -w \
         net.ipv4.tcp_keepalive_time=60`），关闭空闲更久的池中连接，并用流式接收长应答。用更短的 \
         `--idle-hold` 再试，可以找出界限。",
    ),
};

pub(super) const EXHAUSTED: ReasonWords = ReasonWords {
    summary_zh: "探针耗尽了自身资源",
    symptoms: text(
        "In the log `Too many open files`, `Cannot assign requested address`; many targets time out at the \
         same moment, while a call by hand works at once.",
        "日志中有 `Too many open files`、`Cannot assign requested address`；许多目标同时超时，而手工调用立\
         刻成功。",
    ),
    tell: text(
        "The kernel says that descriptors, ports, buffers or memory ran out, or the program itself woke up \
         so late that a timeout may be its own. Nothing is said of the target then, unless it goes on for \
         runs while others work. \
         `api_canary_event_loop_lag_seconds` and `process_open_fds` show how far it is.",
        "内核表示描述符、端口、缓冲区或内存用尽，或者程序自己醒得太晚，超时可能是自己造成的。这时对目标不\
         作任何判断，除非多次运行都如此，而其他主机正常。`api_canary_event_loop_lag_seconds` 和 `process_open_fds` 显示其程度。",
    ),
    remedy: text(
        "Give the canary more room: `LimitNOFILE=65536` in its service (or `ulimit -n 65536`), more CPU, a \
         wider `net.ipv4.ip_local_port_range`. Or give it less to do: fewer targets and addresses, a longer \
         `interval`.",
        "给探针更多资源：在其服务中设 `LimitNOFILE=65536`（或 `ulimit -n 65536`）、更多 CPU、更宽的 \
         `net.ipv4.ip_local_port_range`。或者让它少做一些：减少目标和地址，加长 `interval`。",
    ),
};
