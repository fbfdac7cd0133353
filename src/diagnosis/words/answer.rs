//! The words of the reasons of the API layer that are about the provider's answer: its capacity, its content, its streams.

use super::{ReasonWords, text};

pub(super) const OVERLOADED: ReasonWords = ReasonWords {
    summary_zh: "提供方容量已满",
    symptoms: text(
        "`API Error: 529 Overloaded`, `overloaded_error`, 503 `The model is overloaded. Please try again \
         later.`, `capacity_exceeded`, `ServiceUnavailableException`.",
        "客户端报告 `API Error: 529 Overloaded`、`overloaded_error`、503 `The model is overloaded. Please \
         try again later.`、`capacity_exceeded`、`ServiceUnavailableException`。",
    ),
    tell: text(
        "The API itself says so, with its request id, and its free calls go on working. It concerns \
         everybody who asks for that model, unlike `rate_limited`, which is about your account. The status \
         page is often green all the same.",
        "这是 API 自己（带有请求 ID）说的，而免费调用仍然正常。它影响所有请求该模型的人，不同于只针对您账\
         户的 `rate_limited`。状态页往往仍是绿色。",
    ),
    remedy: text(
        "It is not your limit: wait {wait}, then retry with exponential backoff and jitter. Capacity is \
         per model and region: switch from {model} to another, or to another endpoint, while it lasts. \
         Quote {request_id} if you report it.",
        "这不是您的限额：请等待 {wait}，再以带抖动的指数退避重试。容量按模型和地区划分：其间请从 {model} \
         换到别的模型或其他端点。如需报告，请提供 {request_id}。",
    ),
};

pub(super) const ERROR: ReasonWords = ReasonWords {
    summary_zh: "提供方未能处理该请求",
    symptoms: text(
        "500 `Internal server error`, `api_error`, 503 `upstream connect error or disconnect/reset before \
         headers`, 502, `server_error`.",
        "客户端报告 500 `Internal server error`、`api_error`、503 `upstream connect error or \
         disconnect/reset before headers`、502、`server_error`。",
    ),
    tell: text(
        "A 5xx (or 408) with the marks of the API. The same from its edge is `edge_origin_unreachable`, \
         one that speaks of capacity `provider_overloaded`. It does not depend on the key: the free call \
         often fails alike.",
        "带有 API 标记的 5xx（或 408）。来自边缘的同类应答属于 `edge_origin_unreachable`，提到容量的属于 \
         `provider_overloaded`。与密钥无关：免费调用往往同样失败。",
    ),
    remedy: text(
        "Retry with backoff; SDKs do so by themselves. If it lasts, look at the provider's status page, \
         switch to another endpoint or model, and report it with {request_id}. If it comes from a gateway \
         of your own at {host}, look into its log.",
        "请按退避策略重试；SDK 会自动这样做。如果持续，请查看提供方状态页，换用其他端点或模型，并附上 \
         {request_id} 报告。如果来自您自己位于 {host} 的网关，请查看它的日志。",
    ),
};

pub(super) const UNEXPECTED_STATUS: ReasonWords = ReasonWords {
    summary_zh: "状态码不是预期的",
    symptoms: text(
        "A status that the client has no words for, such as a 3xx or 204; or one that `http.expect.status` \
         does not list.",
        "客户端没有对应说明的状态码，例如 3xx 或 204；或者 `http.expect.status` 未列出的状态码。",
    ),
    tell: text(
        "Everything worked, and the answer's status is neither a success of this call nor one with a \
         reason of its own. With `http.expect.status` set, only the listed ones are right.",
        "一切正常，但应答的状态码既不是该调用的成功状态，也没有专门的原因。设了 `http.expect.status` 时，\
         只有列出的才算对。",
    ),
    remedy: text(
        "See it: `curl -sv {url}/ -o /dev/null`. If the status is right, list it in \
         `http.expect.status`. If it is a redirect, write its destination into `url`: redirects are not \
         followed, since the key would go along. Otherwise tell whoever runs {host}, with {request_id}.",
        "看一下：`curl -sv {url}/ -o /dev/null`。如果该状态码没有问题，请列入 \
         `http.expect.status`。如果是重定向，请把目的地写进 `url`：不会跟随重定向，否则密钥会一并发过去。否\
         则请告知 {host} 的管理者，并附上 {request_id}。",
    ),
};

pub(super) const UNEXPECTED_BODY: ReasonWords = ReasonWords {
    summary_zh: "应答内容不是预期的",
    symptoms: text(
        "`Unexpected end of JSON input`, `KeyError`, `APIResponseValidationError`, an empty message, a \
         stream without any content.",
        "`Unexpected end of JSON input`、`KeyError`、`APIResponseValidationError`、空消息、没有任何内容的\
         流。",
    ),
    tell: text(
        "The status is right and the API's marks are there, but the body is not what this call returns, is \
         no stream where one was asked for, or does not match `http.expect.body_regex`. A foreign body \
         without these marks is `not_the_api`.",
        "状态码正确，也有 API 的标记，但内容不是此调用应返回的、要求流却不是流，或与 \
         `http.expect.body_regex` 不符。没有这些标记的陌生内容属于 `not_the_api`。",
    ),
    remedy: text(
        "See the body by hand: `curl -s {url}/` with the path of the call. If it is fine, correct \
         `http.expect.body_regex` or `provider`. If a gateway stands in between, see that it passes bodies \
         and streams on unbuffered and unchanged. Otherwise report it with {request_id}.",
        "手工查看内容：`curl -s {url}/` 加上调用的路径。如果没有问题，请更正 \
         `http.expect.body_regex` 或 `provider`。如果途中有网关，请确认它不缓冲、不改动地转发内容和流。否则\
         请附上 {request_id} 报告。",
    ),
};

pub(super) const STREAM_STALLED: ReasonWords = ReasonWords {
    summary_zh: "流陷入沉默",
    symptoms: text(
        "The spinner turns forever; `Stream idle timeout - partial response received`, `Response stalled \
         mid-stream`.",
        "转圈永不停止；`Stream idle timeout - partial response received`、`Response stalled mid-stream`。",
    ),
    tell: text(
        "The connection is open and no event came for longer than `http.expect.max_gap`, or until the \
         timeout. The detail tells three cases apart: no byte at all (the way, or a proxy that buffers), \
         bytes without a whole event, only pings (the provider or model). A stream that ends is \
         `stream_cut`.",
        "连接仍在，但超过 `http.expect.max_gap` 或直到超时都没有事件。详情区分三种情况：一个字节也没有（途\
         中问题，或代理在缓冲）、有字节但不成完整事件、只有 ping（提供方或模型）。流结束了则属于 \
         `stream_cut`。",
    ),
    remedy: text(
        "Set an idle timeout in clients (180 to 300 s) and let them ask again. If no byte came, see that \
         proxies and gateways do not buffer events (nginx: `proxy_buffering off;`). If only pings came, the \
         provider or {model} stalls: try another model, and report {request_id}.",
        "请在客户端设置空闲超时（180 到 300 秒）并重新请求。如果一个字节也没来，请确认代理和网关不缓冲事件\
         （nginx：`proxy_buffering off;`）。如果只有 ping，则是提供方或 {model} 停滞：请换一个模型，并报告 \
         {request_id}。",
    ),
};

pub(super) const STREAM_CUT: ReasonWords = ReasonWords {
    summary_zh: "流未到结尾就断了",
    symptoms: text(
        "`Connection closed mid-response`, `peer closed connection without sending complete message body \
         (incomplete chunked read)`, `read ETIMEDOUT`, `terminated`, `ECONNRESET` after the first chunk.",
        "`Connection closed mid-response`、`peer closed connection without sending complete message body \
         (incomplete chunked read)`、`read ETIMEDOUT`、`terminated`、首个数据块之后的 `ECONNRESET`。",
    ),
    tell: text(
        "The stream had begun, and the connection or the response ended before the event that completes \
         it. An error event is `stream_error`, silence `stream_stalled`. Cuts after the same time again and \
         again (60, 100, 121, 300 or 350 s) point to a timer on the way.",
        "流已开始，但在表示完成的事件之前连接或应答就结束了。出现错误事件属于 `stream_error`，沉默属于 \
         `stream_stalled`。如果总在相同时间（60、100、121、300 或 350 秒）断开，说明途中有计时器。",
    ),
    remedy: text(
        "Ask again: SDKs do not resume a stream. If it is cut after the same time always, raise the idle \
         or response timeout of the proxy, load balancer or gateway on the way (nginx: `proxy_read_timeout \
         600s;`). If it is cut at random, try without VPN or proxy.",
        "请重新请求：SDK 不会续传流。如果总在相同时间断开，请调大途中代理、负载均衡器或网关的空闲或响应超\
         时（nginx：`proxy_read_timeout 600s;`）。如果随机断开，请试试不经 VPN 或代理。",
    ),
};

pub(super) const STREAM_ERROR: ReasonWords = ReasonWords {
    summary_zh: "提供方在流中报告了错误",
    symptoms: text(
        "`anthropic.APIStatusError` with `overloaded_error` or `api_error` while streaming, after HTTP \
         200; half an answer.",
        "HTTP 200 之后、流式传输之中出现带有 `overloaded_error` 或 `api_error` 的 \
         `anthropic.APIStatusError`；只有半截回答。",
    ),
    tell: text(
        "An error event came after the 200 and before the end of the stream; its type is in the detail and \
         in `api_errors_total`. A connection that merely ends is `stream_cut`. The network delivered all of \
         it.",
        "在 200 之后、流结束之前收到错误事件；类型见详情和 `api_errors_total`。只是连接结束属于 \
         `stream_cut`。网络把这一切都送到了。",
    ),
    remedy: text(
        "Ask again with backoff: SDKs do not retry once a stream has begun. If the type is \
         `overloaded_error`, switch from {model} to another one meanwhile. Report it with {request_id} if \
         it lasts.",
        "请按退避策略重新请求：流一旦开始，SDK 就不会重试。如果类型是 `overloaded_error`，其间请从 {model} \
         换到别的模型。如果持续，请附上 {request_id} 报告。",
    ),
};

pub(super) const SLOW_FIRST_TOKEN: ReasonWords = ReasonWords {
    summary_zh: "首个 token 比预期慢",
    symptoms: text(
        "The first message takes minutes, with 0 tokens shown; then it flows.",
        "第一条消息要等几分钟，显示 0 个 token；之后就流畅了。",
    ),
    tell: text(
        "The first token of content came later than `http.expect.max_first_token`, which is not set by \
         default. The layers below have their usual times, so the network is not it; a stream that falls \
         silent later is `stream_stalled`.",
        "首个内容 token 晚于 `http.expect.max_first_token`（默认不设）。下面各层耗时正常，所以不是网络的问\
         题；之后才沉默的流属于 `stream_stalled`。",
    ),
    remedy: text(
        "The network is fine: {model} is slow to begin. Try a smaller model, another region or a priority \
         tier, shorten or cache long prompts, and look at the provider's status page. If the limit is too \
         strict, raise `http.expect.max_first_token`.",
        "网络没有问题：{model} 起步慢。请试试更小的模型、其他地区或优先等级，缩短或缓存长提示词，并查看提\
         供方状态页。如果限值过严，请调大 `http.expect.max_first_token`。",
    ),
};
