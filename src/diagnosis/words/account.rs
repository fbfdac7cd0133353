//! The words of the reasons of the API layer that are about what was asked for and who may: key, account, limits, request.

use super::{ReasonWords, text};

pub(super) const AUTH_INVALID: ReasonWords = ReasonWords {
    summary_zh: "API 拒绝该密钥",
    symptoms: text(
        "401 `invalid x-api-key`, `x-api-key header is required`, `Invalid authentication credentials`, \
         `Incorrect API key provided`, `Please run /login`.",
        "客户端报告 401 `invalid x-api-key`、`x-api-key header is required`、`Invalid authentication \
         credentials`、`Incorrect API key provided`、`Please run /login`。",
    ),
    tell: text(
        "The API itself answers, with its request id, that the key is not right, and its free call without \
         a key works: so the network is fine. A key that is right and may not do this is `auth_forbidden`; \
         a 407 is the proxy's (`proxy_auth_required`).",
        "API 自己（带有请求 ID）回答密钥不对，而不带密钥的免费调用正常：所以网络没有问题。密钥正确但无权做\
         此事属于 `auth_forbidden`；407 是代理的（`proxy_auth_required`）。",
    ),
    remedy: text(
        "Find out which key is in use: an old variable often wins over the one just set (`env | cut -d= \
         -f1 | grep KEY`, the shell's profile, the service's environment). It must be whole, without blanks \
         or a line's end, and belong to {host}. Otherwise make a new one in the provider's console and put \
         it where `api_key` points.",
        "查明用的是哪个密钥：旧变量常常压过刚设的变量（`env | cut -d= -f1 | grep KEY`、shell 配置、服务的\
         环境）。密钥必须完整，没有空格和换行，并且属于 {host}。否则请在提供方控制台新建一个，放到 \
         `api_key` 所指之处。",
    ),
};

pub(super) const AUTH_FORBIDDEN: ReasonWords = ReasonWords {
    summary_zh: "密钥有效，但无权做此操作",
    symptoms: text(
        "403 `permission_error`, `Your API key does not have permission to use the specified resource`, \
         `AccessDeniedException`, `PERMISSION_DENIED`.",
        "客户端报告 403 `permission_error`、`Your API key does not have permission to use the specified \
         resource`、`AccessDeniedException`、`PERMISSION_DENIED`。",
    ),
    tell: text(
        "The API itself answers, with its request id, that this key may not do this; it did recognise it. \
         A key it does not know is `auth_invalid`, a refusal for all that come from here `region_blocked`, \
         one by a policy of the network `tenant_restricted`.",
        "API 自己（带有请求 ID）回答该密钥不许做此事，也就是说它认得密钥。不认识的密钥属于 \
         `auth_invalid`，对来自此地的所有人的拒绝属于 `region_blocked`，因网络策略而拒绝属于 \
         `tenant_restricted`。",
    ),
    remedy: text(
        "Ask the organization's administrator to allow {model} and this kind of call for the key's \
         workspace, project or role, or use a key that may. In clouds grant the role (on Bedrock \
         `bedrock:InvokeModel` and access to the model). Support can look it up by {request_id}.",
        "请组织管理员为该密钥所在的工作区、项目或角色开通 {model} 和此类调用，或换用有权限的密钥。在云上请\
         授予角色（Bedrock 需要 `bedrock:InvokeModel` 和模型访问权限）。技术支持可凭 {request_id} 查询。",
    ),
};

pub(super) const TENANT_RESTRICTED: ReasonWords = ReasonWords {
    summary_zh: "网络限制了可以使用的组织",
    symptoms: text(
        "403 with `tenant_restriction_violation` and `Access restricted by network policy. Contact IT \
         Administrator.`: the account works at home and not in the company's network.",
        "403，带有 `tenant_restriction_violation` 和 `Access restricted by network policy. Contact IT \
         Administrator.`：账户在家能用，在公司网络不能用。",
    ),
    tell: text(
        "The API answers with that code, which it does only where a proxy on the way has added a header \
         with the organizations that are allowed. A key without permission anywhere is `auth_forbidden`.",
        "API 返回该代码，而只有当途中的代理添加了注明允许组织的头时才会如此。到处都没有权限的密钥属于 \
         `auth_forbidden`。",
    ),
    remedy: text(
        "Use a key of the organization that this network allows, or ask whoever runs its proxy to add \
         yours to the allowed ones (for Anthropic the header `anthropic-allowed-org-ids`). A new key of the \
         same organization does not help.",
        "请使用本网络允许的组织的密钥，或请代理管理者把您的组织加入允许名单（Anthropic 用的头是 \
         `anthropic-allowed-org-ids`）。同一组织的新密钥无济于事。",
    ),
};

pub(super) const BILLING: ReasonWords = ReasonWords {
    summary_zh: "账户存在付款问题",
    symptoms: text(
        "400 `Your credit balance is too low to access the Anthropic API`, 402, `insufficient_quota`, `You \
         exceeded your current quota, please check your plan and billing details`, `billing_not_active`.",
        "客户端报告 400 `Your credit balance is too low to access the Anthropic API`、402、\
         `insufficient_quota`、`You exceeded your current quota, please check your plan and billing \
         details`、`billing_not_active`。",
    ),
    tell: text(
        "The API says it in these words, whatever the status, and its free calls go on working. A limit \
         that was set on purpose is `spend_limit`, one that refills by itself `rate_limited`.",
        "不论状态码如何，API 以这些措辞说明，而免费调用仍然正常。有意设置的上限属于 `spend_limit`，会自行\
         恢复的属于 `rate_limited`。",
    ),
    remedy: text(
        "Add credits or mend the payment method in the provider's console, for the organization that this \
         key belongs to. If that one has credits, another key is in use than you think: compare its last \
         characters with the console's list. Retrying does not help.",
        "请在提供方控制台为该密钥所属的组织充值或修正付款方式。如果该组织明明有余额，说明实际使用的是另一\
         个密钥：请将其末尾几位与控制台列表对照。重试无济于事。",
    ),
};

pub(super) const SPEND_LIMIT: ReasonWords = ReasonWords {
    summary_zh: "账户已达到消费上限",
    symptoms: text(
        "400 `You have reached your specified API usage limits`, 429 with `enforced_spend_limit_reached` \
         and without `retry-after`, `billing_hard_limit_reached`, `Key limit exceeded`.",
        "400 `You have reached your specified API usage limits`、带有 `enforced_spend_limit_reached` 且没\
         有 `retry-after` 的 429、`billing_hard_limit_reached`、`Key limit exceeded`。",
    ),
    tell: text(
        "The API names a limit on money that somebody set for the organization, workspace or key. There is \
         nothing to wait for within minutes, unlike `rate_limited`; the account itself can pay, unlike \
         `billing`.",
        "API 指出的是有人为组织、工作区或密钥设置的金额上限。它不像 `rate_limited` 那样几分钟就恢复；账户\
         本身有支付能力，这一点不同于 `billing`。",
    ),
    remedy: text(
        "Have whoever owns the account raise the limit of the organization, workspace or key in the \
         provider's console, or wait until it begins anew (mostly with the month). See what spent it: the \
         usage page by key and model.",
        "请账户所有者在提供方控制台调高组织、工作区或密钥的上限，或等它重新计算（多为每月）。看看花在哪\
         里：按密钥和模型查看用量页。",
    ),
};

pub(super) const RATE_LIMITED: ReasonWords = ReasonWords {
    summary_zh: "速率限额已用尽",
    symptoms: text(
        "429 `This request would exceed the rate limit for your organization of 30,000 input tokens per \
         minute`, `rate_limit_error`, `Rate limit reached for …`, `RESOURCE_EXHAUSTED`, \
         `ThrottlingException`.",
        "客户端报告 429 `This request would exceed the rate limit for your organization of 30,000 input \
         tokens per minute`、`rate_limit_error`、`Rate limit reached for …`、`RESOURCE_EXHAUSTED`、\
         `ThrottlingException`。",
    ),
    tell: text(
        "A 429 of the API. Which limit it is follows from its headers and words \
         (`rate_limit_exceeded_total`). A 429 about money is `spend_limit` or `billing`, one that concerns \
         everybody is `provider_overloaded`; an edge or portal that says 429 is `edge_challenge` or \
         `not_the_api`.",
        "来自 API 的 429。是哪个限额，由其头部和措辞得知（`rate_limit_exceeded_total`）。关于金额的 429 属\
         于 `spend_limit` 或 `billing`，人人都受影响的属于 `provider_overloaded`；边缘或门户返回的 429 属于 \
         `edge_challenge` 或 `not_the_api`。",
    ),
    remedy: text(
        "Wait {wait}, then go on more slowly: honour `retry-after` and back off, cap how many calls run at \
         once, shrink or cache prompts where the limit is of input tokens, lower `max_tokens` where it is \
         of output. Ask the provider for a higher tier if it is too small for good. A gateway in between \
         must pass `retry-after` on.",
        "请等待 {wait}，然后放慢速度：遵守 `retry-after` 并退避，限制并发数；若是输入 token 限额，请精简或\
         缓存提示词；若是输出限额，请调低 `max_tokens`。如果限额长期不够，请向提供方申请更高等级。途中的网\
         关必须转发 `retry-after`。",
    ),
};

pub(super) const REQUEST_REJECTED: ReasonWords = ReasonWords {
    summary_zh: "API 认为请求有误",
    symptoms: text(
        "400 `invalid_request_error`, `anthropic-version: header is required`, 405, 413 \
         `request_too_large`, 422; through some proxies `400 Bad Request` by cloudflare.",
        "400 `invalid_request_error`、`anthropic-version: header is required`、405、413 \
         `request_too_large`、422；经某些代理时出现 cloudflare 的 `400 Bad Request`。",
    ),
    tell: text(
        "The API (or its edge) answers that it does not take this request; key, limits and capacity have \
         answers of their own. The detail has the API's words for what is wrong. A model it does not know \
         is `model_not_found`.",
        "API（或其边缘）回答不接受此请求；密钥、限额和容量各有其应答。错在哪里，API 的原话见详情。不认识的\
         模型属于 `model_not_found`。",
    ),
    remedy: text(
        "Read the API's words in the evidence and correct the target: `provider`, `url`, `call.kind`, \
         `http.headers`. Behind a gateway see that it passes path, body and headers on unchanged. If a \
         client gets 400 through a proxy, it must ask for a tunnel (CONNECT): use an `http://HOST:PORT` \
         proxy and a current client.",
        "请阅读证据中 API 的原话并更正目标：`provider`、`url`、`call.kind`、`http.headers`。如果在网关之\
         后，请确认它原样转发路径、内容和头部。如果客户端经代理得到 400，它必须请求隧道（CONNECT）：请使用 \
         `http://HOST:PORT` 形式的代理和新版客户端。",
    ),
};

pub(super) const MODEL_NOT_FOUND: ReasonWords = ReasonWords {
    summary_zh: "API 不认识该模型或路径",
    symptoms: text(
        "404 `not_found_error: model: …`, `The model … does not exist or you do not have access to it`, \
         `DeploymentNotFound`, `invalid model`, `The provided model identifier is invalid`.",
        "客户端报告 404 `not_found_error: model: …`、`The model … does not exist or you do not have access \
         to it`、`DeploymentNotFound`、`invalid model`、`The provided model identifier is invalid`。",
    ),
    tell: text(
        "The API itself answers so, with its request id. A 404 without its marks comes from something in \
         between (`not_the_api`). A model that is known and not allowed is `auth_forbidden` with most \
         providers.",
        "这是 API 自己（带有请求 ID）的回答。没有其标记的 404 来自途中的东西（`not_the_api`）。模型存在但\
         不允许使用，多数提供方归于 `auth_forbidden`。",
    ),
    remedy: text(
        "Compare {model} with the provider's list of models: it may be misspelt, retired, named otherwise \
         in this cloud or region, or not open to this account. Correct `call.model` (for Azure the \
         deployment). If it is the path, correct `url`: most dialects add `/v1/…` themselves.",
        "请将 {model} 与提供方的模型列表对照：可能拼错、已下线、在该云或地区另有名称，或未向此账户开放。请\
         更正 `call.model`（Azure 为部署名）。如果是路径的问题，请更正 `url`：多数方言会自行加上 `/v1/…`。",
    ),
};
