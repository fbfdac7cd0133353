//! One table over all dialects: who is let in, and how each says no.

use super::super::super::Simulator;
use super::super::super::test_client::{Answered, call, get, request, start};
use http::{Method, Version};
use serde_json::Value;

const KEY: &str = "sk-ant-sim-valid";
const CHAT: &str = r#"{"model":"MODEL","stream":STREAM,"stream_options":{"include_usage":true},"max_tokens":3,"messages":[{"role":"user","content":"hi there"}]}"#;

/// What a fault looks like: its name, the status, a place in the body and what stands there.
type Refused = (&'static str, u16, &'static str, &'static str);

struct Case {
    label: &'static str,
    /// A keyed call that costs nothing, and where its answer has something.
    path: &'static str,
    content: &'static str,
    /// The header that holds the key, and what stands before it.
    header: (&'static str, &'static str),
    missing: Refused,
    wrong: Refused,
    faults: &'static [Refused],
    /// The request's id, if the provider gives one.
    id: Option<&'static str>,
    /// A header of a limit and what its value looks like once one request is booked.
    limit: Option<(&'static str, &'static str)>,
    /// What a rate limit tells of waiting in the headers.
    retry_after: Option<&'static str>,
}

const CASES: [Case; 8] = [
    Case {
        label: "openai",
        path: "/v1/models",
        content: "/data/0/id",
        header: ("authorization", "Bearer "),
        missing: ("", 401, "/error/type", "invalid_request_error"),
        wrong: ("http-401", 401, "/error/code", "invalid_api_key"),
        faults: &[
            ("http-403", 403, "/error/type", "invalid_request_error"),
            ("http-403-region", 403, "/error/code", "unsupported_country_region_territory"),
            ("http-404", 404, "/error/code", "model_not_found"),
            ("http-429", 429, "/error/code", "rate_limit_exceeded"),
            ("http-429-spend", 429, "/error/code", "insufficient_quota"),
            ("http-500", 500, "/error/type", "server_error"),
            ("http-529", 503, "/error/type", "server_error"),
        ],
        id: Some("x-request-id"),
        limit: Some(("x-ratelimit-reset-requests", "ms")),
        retry_after: Some("7"),
    },
    Case {
        label: "azure",
        path: "/openai/models?api-version=2024-10-21",
        content: "/data/0/status",
        header: ("api-key", ""),
        missing: ("", 401, "/error/code", "401"),
        wrong: ("http-401", 401, "/error/code", "401"),
        faults: &[
            ("http-403", 403, "/error/code", "403"),
            ("http-404", 404, "/error/code", "DeploymentNotFound"),
            ("http-429", 429, "/error/code", "429"),
            ("http-400-credit", 429, "/error/code", "insufficient_quota"),
            ("http-500", 500, "/error/code", "InternalServerError"),
            ("http-529", 503, "/error/code", "ServiceUnavailable"),
        ],
        id: Some("apim-request-id"),
        limit: Some(("x-ratelimit-reset-requests", "1")),
        retry_after: Some("7"),
    },
    Case {
        label: "gemini",
        path: "/v1beta/models",
        content: "/models/0/name",
        header: ("x-goog-api-key", ""),
        missing: ("", 403, "/error/status", "PERMISSION_DENIED"),
        wrong: ("http-401", 400, "/error/details/0/reason", "API_KEY_INVALID"),
        faults: &[
            ("http-403", 403, "/error/status", "PERMISSION_DENIED"),
            ("http-403-region", 400, "/error/status", "FAILED_PRECONDITION"),
            ("http-404", 404, "/error/status", "NOT_FOUND"),
            ("http-429", 429, "/error/details/1/retryDelay", "7s"),
            (
                "http-429-spend",
                429,
                "/error/details/0/violations/0/quotaId",
                "GenerateRequestsPerDayPerProjectPerModel",
            ),
            ("http-500", 500, "/error/status", "INTERNAL"),
            ("http-529", 503, "/error/status", "UNAVAILABLE"),
        ],
        id: None,
        limit: None,
        retry_after: None,
    },
    Case {
        label: "mistral",
        path: "/v1/models",
        content: "/data/0/id",
        header: ("authorization", "Bearer "),
        missing: ("", 401, "/detail", "Unauthorized"),
        wrong: ("http-401", 401, "/detail", "Unauthorized"),
        faults: &[
            ("http-403", 403, "/object", "error"),
            ("http-404", 404, "/type", "invalid_model"),
            ("http-429", 429, "/code", "1300"),
            ("http-402", 402, "/type", "payment_required"),
            ("http-500", 500, "/object", "error"),
            ("http-529", 503, "/code", "3505"),
        ],
        id: Some("mistral-correlation-id"),
        limit: Some(("ratelimitbysize-reset", "1")),
        retry_after: Some("7"),
    },
    Case {
        label: "groq",
        path: "/openai/v1/models",
        content: "/data/0/id",
        header: ("authorization", "Bearer "),
        missing: ("", 401, "/error/code", "invalid_api_key"),
        wrong: ("http-401", 401, "/error/code", "invalid_api_key"),
        faults: &[
            ("http-403", 403, "/error/message", "Access denied. Please check your network settings."),
            ("http-404", 404, "/error/code", "model_not_found"),
            ("http-429", 429, "/error/code", "rate_limit_exceeded"),
            ("http-400-spend", 400, "/error/code", "blocked_api_access"),
            ("http-500", 500, "/error/type", "internal_server_error"),
            ("http-529", 503, "/error/type", "internal_server_error"),
        ],
        id: Some("x-request-id"),
        limit: Some(("x-ratelimit-reset-requests", "ms")),
        retry_after: Some("7"),
    },
    Case {
        label: "openrouter",
        path: "/api/v1/key",
        content: "/data/label",
        header: ("authorization", "Bearer "),
        missing: ("", 401, "/error/message", "No auth credentials found"),
        wrong: ("http-401", 401, "/error/message", "User not found."),
        faults: &[
            ("http-403-region", 403, "/error/metadata/error_type", "region_restricted"),
            ("http-404", 404, "/error/message", "No endpoints found for no-such-model."),
            ("http-429", 429, "/error/metadata/headers/X-RateLimit-Remaining", "0"),
            (
                "http-402",
                402,
                "/error/message",
                "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
            ),
            ("http-500", 500, "/error/message", "Internal Server Error"),
            ("http-529", 503, "/error/metadata/error_type", "provider_overloaded"),
        ],
        id: None,
        limit: None,
        retry_after: Some("7"),
    },
    Case {
        label: "vertex",
        path: "/v1beta1/publishers/google/models",
        content: "/publisherModels/0/name",
        header: ("authorization", "Bearer "),
        missing: ("", 401, "/error/details/0/reason", "CREDENTIALS_MISSING"),
        wrong: ("http-401", 401, "/error/status", "UNAUTHENTICATED"),
        faults: &[
            ("http-403", 403, "/error/status", "PERMISSION_DENIED"),
            ("http-404", 404, "/error/status", "NOT_FOUND"),
            ("http-429", 429, "/error/status", "RESOURCE_EXHAUSTED"),
            ("http-500", 500, "/error/status", "INTERNAL"),
            ("http-504", 504, "/error/status", "DEADLINE_EXCEEDED"),
            ("http-529", 503, "/error/status", "UNAVAILABLE"),
        ],
        id: None,
        limit: None,
        retry_after: None,
    },
    Case {
        label: "bedrock",
        path: "/foundation-models",
        content: "/modelSummaries/0/modelId",
        header: ("authorization", "Bearer "),
        missing: ("", 403, "/message", "Missing Authentication Token"),
        wrong: ("http-401", 403, "/message", "The security token included in the request is invalid."),
        faults: &[
            ("http-429", 429, "/message", "Too many requests, please wait before trying again."),
            ("http-400-credit", 400, "/message", "Your request exceeds the service quota for your account."),
            ("http-500", 500, "/message", "The server encountered an internal error."),
            ("http-529", 503, "/message", "Bedrock is unable to process your request."),
        ],
        id: Some("x-amzn-requestid"),
        limit: None,
        retry_after: None,
    },
];

fn check(answer: &Answered, (fault, status, place, said): Refused, label: &str) {
    assert_eq!(answer.status, status, "{fault} {label}");
    assert_eq!(answer.json().pointer(place).and_then(Value::as_str), Some(said), "{fault} {label}");
}

#[tokio::test]
async fn every_dialect_lets_in_who_has_the_key_and_says_no_in_its_own_way() {
    let simulator = start().await;
    for case in &CASES {
        let Case { label, path, header: (name, before), .. } = case;
        let host = format!("{label}.sim.test");
        let good = get(&simulator, &host, path, &[(name, &format!("{before}{KEY}"))]).await.unwrap();
        assert_eq!(good.status, 200, "{label}");
        assert!(good.json().pointer(case.content).is_some_and(Value::is_string), "{label}");
        assert!(case.id.is_none_or(|id| good.headers.contains_key(id)), "{label}");
        assert!(!good.headers.contains_key("request-id"), "{label}: that is Anthropic's");
        match case.limit {
            Some((limit, like)) => assert!(good.headers[limit].to_str().unwrap().ends_with(like), "{label}"),
            None => assert!(!good.headers.keys().any(|name| name.as_str().contains("ratelimit")), "{label}"),
        }
        check(&get(&simulator, &host, path, &[]).await.unwrap(), case.missing, label);
        let wrong = get(&simulator, &host, path, &[(name, &format!("{before}sk-wrong"))]).await.unwrap();
        check(&wrong, case.wrong, label);
        assert!(!String::from_utf8_lossy(&wrong.body).contains("sk-wrong"), "{label}");
        assert!(get(&simulator, &host, "/nothing", &[]).await.unwrap().status.is_client_error(), "{label}");
    }
}

#[tokio::test]
async fn every_dialect_has_the_faults_in_its_own_shape() {
    let simulator = start().await;
    for case in &CASES {
        let Case { label, path, .. } = case;
        for refused in case.faults.iter().chain([&case.wrong]) {
            let host = format!("{}.{label}.sim.test", refused.0);
            let answer = get(&simulator, &host, path, &[]).await.unwrap();
            check(&answer, *refused, label);
            assert!(case.id.is_none_or(|id| answer.headers.contains_key(id)), "{label}");
            let wait = answer.headers.get("retry-after").map(|wait| wait.to_str().unwrap());
            assert_eq!(wait, case.retry_after.filter(|_| refused.0 == "http-429"), "{label}");
        }
    }
}

async fn chat(simulator: &Simulator, host: &str, path: &str, model: &str, stream: bool) -> Answered {
    let body = CHAT.replace("MODEL", model).replace("STREAM", &stream.to_string());
    let bearer = format!("Bearer {KEY}");
    let asked = request(
        Method::POST,
        "https",
        &format!("{host}.sim.test"),
        path,
        &[("authorization", &bearer)],
        &body,
    );
    call(simulator, Version::HTTP_2, asked).await.unwrap()
}

/// The data of each event, but for the last word.
fn chunks(answer: &Answered) -> Vec<Value> {
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let data: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    data.iter().filter(|data| **data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn chat_completions_are_whole_or_streamed() {
    let simulator = start().await;
    for (label, path, model) in [
        ("openai", "/v1/chat/completions", "gpt-5-nano"),
        ("azure", "/openai/deployments/mine/chat/completions?api-version=2024-10-21", "any"),
        ("mistral", "/v1/chat/completions", "mistral-small-latest"),
        ("groq", "/openai/v1/chat/completions", "llama-3.1-8b-instant"),
        ("openrouter", "/api/v1/chat/completions", "anthropic/claude-haiku-4.5"),
    ] {
        let whole = chat(&simulator, label, path, model, false).await.json();
        assert_eq!(whole["choices"][0]["message"]["content"], "Hello from the", "{label}");
        assert_eq!(whole["choices"][0]["finish_reason"], "length", "{label}");
        assert_eq!(whole["usage"]["total_tokens"], 12, "{label}");
        let streamed = chat(&simulator, label, path, model, true).await;
        assert!(streamed.body.ends_with(b"data: [DONE]\n\n"), "{label}");
        let chunks = chunks(&streamed);
        let said: String =
            chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str()).collect();
        assert_eq!(said, "Hello from the", "{label}");
        assert_eq!(chunks.last().unwrap()["usage"]["completion_tokens"], 3, "{label}");

        let broken = chat(&simulator, &format!("stream-error.{label}"), path, model, true).await;
        assert!(!broken.body.ends_with(b"data: [DONE]\n\n"), "{label}");
        let last = self::chunks(&broken).pop().unwrap();
        assert!(last.get("error").is_some() || last["object"] == "error", "{label}: {last}");
        if label != "azure" {
            let gone = chat(&simulator, label, path, "gone", false).await;
            assert_eq!(gone.status, 404, "{label}");
        }
    }
}

#[tokio::test]
async fn gemini_generates_counts_and_streams() {
    let simulator = start().await;
    let ask = async |method: &str| {
        let body = r#"{"contents":[{"role":"user","parts":[{"text":"hi there"}]}],"generationConfig":{"maxOutputTokens":3}}"#;
        let path = format!("/v1beta/models/gemini-2.5-flash-lite:{method}");
        let key = [("x-goog-api-key", KEY)];
        call(
            &simulator,
            Version::HTTP_11,
            request(Method::POST, "https", "gemini.sim.test", &path, &key, body),
        )
        .await
        .unwrap()
    };
    assert_eq!(ask("countTokens").await.json()["totalTokens"], 9);
    let whole = ask("generateContent").await.json();
    assert_eq!(whole["candidates"][0]["content"]["parts"][0]["text"], "Hello from the");
    assert_eq!(whole["usageMetadata"]["totalTokenCount"], 12);
    let array = ask("streamGenerateContent").await.json();
    assert_eq!(array[0]["candidates"], whole["candidates"], "without alt=sse it is one array");
    let chunks = chunks(&ask("streamGenerateContent?alt=sse").await);
    assert_eq!(chunks.len(), 4);
    assert_eq!(chunks[3]["candidates"][0]["finishReason"], "MAX_TOKENS");
}
