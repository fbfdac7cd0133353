//! Anthropic's dialect, also spoken by Claude on Bedrock's newer endpoint, on AWS's Claude platform and on Foundry.
//!
//! Facts from the public API documentation of mid-2026: the error shape is
//! `{"type":"error","error":{"type","message","details"?},"request_id"}`, every answer of the API itself carries
//! `request-id`, and the edge in front of it is Cloudflare's. `GET /api/hello` is undocumented and is what the vendor's own
//! client asks first.

mod events;

use std::time::SystemTime;

use http::HeaderName;
use serde_json::{Value, json};

use super::rate_limit::Said;
use super::sent::{self, LONG_PROMPT, PROMPT, STREAMED_TOKENS};
use super::verdict::{self, Body, Found, Marks, by_cloudflare, listed};
use super::{Answer, Call, CallKind, Event, EventReading, Price, Provider, Reading, StatusPage, prices};
use crate::outcome::{Reason, Usage};

const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
const HEADERS: sent::Headers = &[VERSION];
const JSON: sent::Headers = &[VERSION, ("content-type", "application/json")];
const STREAM: sent::Headers =
    &[VERSION, ("content-type", "application/json"), ("accept", "text/event-stream")];

/// The error types of the documentation, and the edge's own `forbidden`.
const ERROR_TYPES: &[&str] = &[
    "invalid_request_error",
    "authentication_error",
    "billing_error",
    "permission_error",
    "not_found_error",
    "conflict_error",
    "request_too_large",
    "rate_limit_error",
    "api_error",
    "timeout_error",
    "overloaded_error",
    "forbidden",
];

/// The Claude API.
#[derive(Debug)]
pub(super) struct Anthropic;

impl Provider for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn default_url(&self) -> Option<&'static str> {
        Some("https://api.anthropic.com")
    }

    fn networks(&self) -> &'static [&'static str] {
        // Published inbound ranges, "will not change without notice" (API documentation, IP addresses).
        &["160.79.104.0/23", "2607:6bc0::/48"]
    }

    fn kinds(&self) -> &'static [CallKind] {
        &[CallKind::Hello, CallKind::Models, CallKind::CountTokens, CallKind::Message, CallKind::Stream]
    }

    fn call(&self, kind: CallKind, model: &str) -> Option<Call> {
        let asked = |prompt| json!([{"role": "user", "content": prompt}]);
        let call = match kind {
            CallKind::Hello => sent::get(kind, "/api/hello", HEADERS, false),
            CallKind::Models => sent::get(kind, "/v1/models?limit=1", HEADERS, true),
            CallKind::CountTokens => {
                let body = json!({"model": model, "messages": asked(PROMPT)});
                sent::post(kind, "/v1/messages/count_tokens", JSON, &body)
            }
            CallKind::Message => {
                let body = json!({"model": model, "max_tokens": 1, "messages": asked(PROMPT)});
                Call { most: sent::most(1), ..sent::post(kind, "/v1/messages", JSON, &body) }
            }
            CallKind::Stream => {
                let messages = asked(LONG_PROMPT);
                let body = json!({"model": model, "max_tokens": STREAMED_TOKENS, "messages": messages, "stream": true});
                Call { most: sent::most(STREAMED_TOKENS), ..sent::post(kind, "/v1/messages", STREAM, &body) }
            }
            CallKind::Get => return None,
        };
        Some(call)
    }

    fn default_model(&self) -> Option<&'static str> {
        Some("claude-haiku-4-5")
    }

    fn price(&self, model: &str) -> Option<Price> {
        prices::of(prices::ANTHROPIC, model)
    }

    fn key_header(&self) -> (HeaderName, &'static str) {
        (HeaderName::from_static("x-api-key"), "")
    }

    fn status_page(&self) -> Option<StatusPage> {
        // The second is the same page at its host's own name, which is not behind the first one's challenge.
        Some(StatusPage {
            urls: &[
                "https://status.claude.com/api/v2/summary.json",
                "https://anthropic.statuspage.io/api/v2/summary.json",
            ],
            component: Some("k8w3r06qmzrp"),
        })
    }

    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        let json = answer.json();
        let error = json.as_ref().map(ApiError::of).unwrap_or_default();
        let request_id = answer
            .header("request-id")
            .or(error.request_id)
            // Where Claude is served by others.
            .or_else(|| answer.header("x-amzn-requestid"))
            .or_else(|| answer.header("apim-request-id"));
        let found = Found {
            marks: Marks::of(request_id.is_some(), by_cloudflare(answer)),
            body: Body::of(error.documented, has_shape(kind, answer, json.as_ref())),
            reason: error.reason(answer.status.as_u16()),
            kind: error.kind,
            message: error.message,
            error_type: listed(error.kind, ERROR_TYPES),
            request_id,
            usage: json.as_ref().filter(|_| kind.is_paid()).and_then(|json| json.get("usage")).map(usage),
            said: Said {
                message: error.message,
                window: answer.header("anthropic-ratelimit-unified-representative-claim"),
                ..Said::default()
            },
            ..Found::default()
        };
        verdict::reading(answer, json.as_ref(), &found, now)
    }

    fn read_event(&self, event: Event<'_>) -> EventReading {
        events::read(event)
    }
}

/// The parts of an error body; all absent for a body of another shape.
#[derive(Debug, Default)]
struct ApiError<'a> {
    /// Whether the body has the documented top-level `"type": "error"`.
    documented: bool,
    kind: Option<&'a str>,
    message: Option<&'a str>,
    code: Option<&'a str>,
    request_id: Option<&'a str>,
}

impl<'a> ApiError<'a> {
    fn of(json: &'a Value) -> Self {
        let error = json.get("error");
        let text = |value: Option<&'a Value>| value.and_then(Value::as_str);
        let in_error = |key: &str| text(error.and_then(|error| error.get(key)));
        let details = error.and_then(|error| error.get("details"));
        Self {
            documented: text(json.get("type")) == Some("error"),
            kind: in_error("type"),
            message: in_error("message"),
            code: in_error("error_code").or(text(details.and_then(|details| details.get("error_code")))),
            request_id: text(json.get("request_id")),
        }
    }

    fn says(&self, words: &str) -> bool {
        self.message.is_some_and(|message| message.contains(words))
    }

    /// What it says beyond the status.
    fn reason(&self, status: u16) -> Option<Reason> {
        let reason = match status {
            400 if self.says("credit balance is too low") => Reason::Billing,
            400 if self.says("You have reached your specified") => Reason::SpendLimit,
            400 if self.says("unsupported countries") => Reason::RegionBlocked,
            // Of the headers that were sent, not of the key.
            401 if self.says("CORS requests are not allowed") => Reason::RequestRejected,
            403 if self.code == Some("tenant_restriction_violation") => Reason::TenantRestricted,
            403 if self.kind == Some("forbidden") && !self.documented => Reason::RegionBlocked,
            429 if self.code == Some("enforced_spend_limit_reached") => Reason::SpendLimit,
            500.. if self.kind == Some("overloaded_error") => Reason::ProviderOverloaded,
            _ => return None,
        };
        Some(reason)
    }
}

fn has_shape(kind: CallKind, answer: &Answer<'_>, json: Option<&Value>) -> bool {
    let has = |key: &str, is: fn(&Value) -> bool| json.and_then(|json| json.get(key)).is_some_and(is);
    match kind {
        CallKind::Hello => has("message", |message| message.as_str() == Some("hello")),
        CallKind::Models => has("data", Value::is_array),
        CallKind::CountTokens => has("input_tokens", Value::is_u64),
        CallKind::Message => has("content", Value::is_array),
        CallKind::Stream => answer.is_event_stream(),
        CallKind::Get => true,
    }
}

/// The tokens of a usage object; those of the prompt that were written to or read from the cache are input too.
fn usage(usage: &Value) -> Usage {
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"].into_iter().filter_map(count);
    Usage {
        input_tokens: count("input_tokens").map(|tokens| cached.fold(tokens, u64::saturating_add)),
        output_tokens: count("output_tokens"),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
    use crate::outcome::AnsweredBy;
    use Reason as R;

    /// Marks on the answer: o = the API's request-id, e = the edge's cf-ray, both, or neither.
    fn read(kind: CallKind, status: u16, marks: &str, content_type: &'static str, body: &str) -> Reading {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        for mark in marks.chars() {
            match mark {
                'o' => headers.insert("request-id", HeaderValue::from_static("req_1")),
                'e' => headers.insert("cf-ray", HeaderValue::from_static("1-FRA")),
                'c' => headers.insert("cf-mitigated", HeaderValue::from_static("challenge")),
                _ => None,
            };
        }
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            body: body.as_bytes(),
            truncated: false,
        };
        Anthropic.read(kind, &answer, std::time::UNIX_EPOCH)
    }

    #[test]
    fn the_answer_table() {
        use AnsweredBy::{Between, Edge, Origin};
        const J: &str = "application/json";
        const H: &str = "text/html; charset=UTF-8";
        let api = |kind: &str, message: &str| {
            format!(
                r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"req_b"}}"#
            )
        };
        type Case = (u16, &'static str, &'static str, String, Option<R>, AnsweredBy);
        let cases: Vec<Case> = vec![
            (200, "oe", J, r#"{"data":[],"has_more":false}"#.into(), None, Origin),
            (200, "", J, r#"{"data":[]}"#.into(), None, Origin),
            (200, "oe", J, "rubbish".into(), Some(R::UnexpectedBody), Origin),
            (200, "", H, "<html>sign in</html>".into(), Some(R::NotTheApi), Between),
            (200, "", "", String::new(), Some(R::NotTheApi), Between),
            (200, "e", H, "<html>".into(), Some(R::NotTheApi), Edge),
            (302, "", "", String::new(), Some(R::NotTheApi), Between),
            (302, "e", "", String::new(), Some(R::UnexpectedStatus), Edge),
            (400, "oe", J, api("invalid_request_error", "Your credit balance is too low to access"), Some(R::Billing), Origin),
            (400, "oe", J, api("invalid_request_error", "You have reached your specified API usage limits"), Some(R::SpendLimit), Origin),
            (400, "oe", J, api("invalid_request_error", "anthropic-version: header is required"), Some(R::RequestRejected), Origin),
            (401, "oe", J, api("authentication_error", "invalid x-api-key"), Some(R::AuthInvalid), Origin),
            (400, "oe", J, api("invalid_request_error", "Access to Anthropic models is not allowed from unsupported countries"), Some(R::RegionBlocked), Origin),
            (401, "oe", J, api("authentication_error", "CORS requests are not allowed for this Organization"), Some(R::RequestRejected), Origin),
            (403, "e", J, r#"{"cloudflare_error":true,"error_code":1009}"#.into(), Some(R::RegionBlocked), Edge),
            (403, "e", J, r#"{"cloudflare_error":true,"error_code":1020}"#.into(), Some(R::EdgeChallenge), Edge),
            (409, "oe", J, api("conflict_error", "m"), Some(R::RequestRejected), Origin),
            (422, "oe", J, api("invalid_request_error", "m"), Some(R::RequestRejected), Origin),
            (401, "", H, "<html>login".into(), Some(R::NotTheApi), Between),
            (402, "oe", J, api("billing_error", "pay"), Some(R::Billing), Origin),
            (403, "oe", J, api("permission_error", "no"), Some(R::AuthForbidden), Origin),
            (403, "e", J, r#"{"error":{"type":"forbidden","message":"Request not allowed"}}"#.into(), Some(R::RegionBlocked), Edge),
            (403, "oe", J, r#"{"type":"error","error":{"type":"permission_error","error_code":"tenant_restriction_violation","message":"Access restricted by network policy."}}"#.into(), Some(R::TenantRestricted), Origin),
            (403, "ec", H, "<title>Just a moment...</title>".into(), Some(R::EdgeChallenge), Edge),
            (403, "e", H, "<html><title>Attention Required! | Cloudflare</title>".into(), Some(R::EdgeChallenge), Edge),
            (403, "", H, "<html>blocked by policy".into(), Some(R::NotTheApi), Between),
            (404, "oe", J, api("not_found_error", "model: x"), Some(R::ModelNotFound), Origin),
            (404, "e", "", String::new(), Some(R::UnexpectedStatus), Edge),
            (404, "", "text/plain", "no".into(), Some(R::NotTheApi), Between),
            (405, "oe", J, api("invalid_request_error", "method"), Some(R::RequestRejected), Origin),
            (413, "e", H, "<html>413".into(), Some(R::RequestRejected), Edge),
            (429, "oe", J, api("rate_limit_error", "30,000 input tokens per minute"), Some(R::RateLimited), Origin),
            (429, "oe", J, r#"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}"#.into(), Some(R::SpendLimit), Origin),
            (429, "ec", H, "<html>".into(), Some(R::EdgeChallenge), Edge),
            (500, "oe", J, api("api_error", "Internal server error"), Some(R::ProviderError), Origin),
            (503, "e", "text/plain", "upstream connect error or disconnect/reset before headers".into(), Some(R::ProviderError), Edge),
            (504, "oe", J, api("timeout_error", "t"), Some(R::ProviderError), Origin),
            (504, "e", H, "<html>504: Gateway time-out".into(), Some(R::EdgeOriginUnreachable), Edge),
            (520, "e", H, "<html>".into(), Some(R::EdgeOriginUnreachable), Edge),
            (522, "e", J, r#"{"cloudflare_error":true,"retry_after":120}"#.into(), Some(R::EdgeOriginUnreachable), Edge),
            (529, "oe", J, api("overloaded_error", "Overloaded"), Some(R::ProviderOverloaded), Origin),
            (503, "oe", J, api("overloaded_error", "Overloaded"), Some(R::ProviderOverloaded), Origin),
            (418, "oe", J, "{}".into(), Some(R::UnexpectedStatus), Origin),
        ];
        for (status, marks, content_type, body, reason, by) in cases {
            let reading = read(CallKind::Models, status, marks, content_type, &body);
            let said = (reading.failure.map(|failure| failure.reason), reading.answered_by);
            assert_eq!(said, (reason, by), "{status} {marks:?} {body}");
        }
    }

    #[test]
    fn hello_is_known_by_its_body_even_without_a_request_id() {
        let reading = read(CallKind::Hello, 200, "e", "application/json", r#"{"message":"hello"}"#);
        assert_eq!((reading.failure, reading.answered_by), (None, AnsweredBy::Origin));
    }

    #[test]
    fn the_request_id_comes_from_the_header_or_else_from_the_body() {
        let body = r#"{"type":"error","error":{"type":"new_error","message":"m"},"request_id":"req_b"}"#;
        let with = read(CallKind::Models, 500, "o", "application/json", body);
        let without = read(CallKind::Models, 500, "", "application/json", body);
        assert_eq!(with.request_id.as_deref(), Some("req_1"));
        assert_eq!(without.request_id.as_deref(), Some("req_b"));
        assert_eq!(with.error_type, Some("other"), "types not in the list share one label");
    }

    #[test]
    fn a_key_echoed_by_the_api_is_not_repeated() {
        let body = r#"{"type":"error","error":{"type":"authentication_error","message":"bad key sk-ant-api03-abc."}}"#;
        let detail = read(CallKind::Models, 401, "o", "application/json", body).failure.unwrap().detail;
        assert_eq!(detail, "HTTP 401 authentication_error: bad key sk-[redacted]");
    }
}
