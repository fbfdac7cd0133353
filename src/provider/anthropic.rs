//! Anthropic's dialect: `GET /api/hello` without a key, `GET /v1/models` with one.
//!
//! Facts from the public API documentation of mid-2026: the error shape is
//! `{"type":"error","error":{"type","message","details"?},"request_id"}`, every answer of the API itself carries
//! `request-id`, and the edge in front of it is Cloudflare's.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderName, Method};
use serde_json::Value;

use super::answer::one_line;
use super::{
    Answer, Call, CallKind, Event, EventReading, Price, Provider, Reading, StatusPage, StreamMark, rate_limit,
};
use crate::outcome::{AnsweredBy, Failure, Reason, Usage};

const HEADERS: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];

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
        &[CallKind::Hello, CallKind::Models]
    }

    fn call(&self, kind: CallKind, _model: &str) -> Option<Call> {
        let (path, keyed) = match kind {
            CallKind::Hello => ("/api/hello", false),
            CallKind::Models => ("/v1/models?limit=1", true),
            CallKind::CountTokens | CallKind::Message | CallKind::Stream | CallKind::Get => return None,
        };
        let (body, most) = (Bytes::new(), Usage::default());
        Some(Call { kind, method: Method::GET, path: path.into(), headers: HEADERS, body, keyed, most })
    }

    fn default_model(&self) -> Option<&'static str> {
        Some("claude-haiku-4-5")
    }

    fn price(&self, _model: &str) -> Option<Price> {
        None
    }

    fn status_page(&self) -> Option<StatusPage> {
        None
    }

    fn read_event(&self, _event: Event<'_>) -> EventReading {
        EventReading { mark: StreamMark::Other, usage: Usage::default(), ends: false }
    }

    fn default_call(&self, has_key: bool) -> CallKind {
        if has_key { CallKind::Models } else { CallKind::Hello }
    }

    fn key_header(&self) -> (HeaderName, &'static str) {
        (HeaderName::from_static("x-api-key"), "")
    }

    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        let json = answer.json();
        let error = json.as_ref().map(ApiError::of).unwrap_or_default();
        let request_id = answer.header("request-id").or(error.request_id).map(str::to_owned);
        let good_body = json.as_ref().is_some_and(|json| has_shape(kind, json));
        let answered_by = if request_id.is_some() || (answer.status == 200 && good_body) {
            AnsweredBy::Origin
        } else if answer.headers.contains_key("cf-ray") || answer.header("server") == Some("cloudflare") {
            AnsweredBy::Edge
        } else {
            AnsweredBy::Between
        };
        let reason = judge(answer, &error, json.is_some(), good_body, answered_by);
        let error_type =
            error.kind.map(|kind| ERROR_TYPES.iter().find(|known| **known == kind).map_or("other", |k| k));
        Reading {
            failure: reason.map(|reason| Failure::new(reason, describe(answer, &error))),
            answered_by,
            request_id,
            error_type,
            rate_limits: rate_limit::anthropic(answer),
            retry_after: rate_limit::retry_after(answer, now),
            rate_limits_rejected: 0,
            limited_by: None,
            should_retry: None,
            usage: None,
        }
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
    cloudflare: bool,
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
            cloudflare: json.get("cloudflare_error").and_then(Value::as_bool) == Some(true),
        }
    }

    fn says(&self, words: &str) -> bool {
        self.message.is_some_and(|message| message.contains(words))
    }
}

fn has_shape(kind: CallKind, json: &Value) -> bool {
    match kind {
        CallKind::Hello => json.get("message").and_then(Value::as_str) == Some("hello"),
        CallKind::Models => json.get("data").is_some_and(Value::is_array),
        CallKind::CountTokens | CallKind::Message | CallKind::Stream | CallKind::Get => true,
    }
}

/// The answer table: status, shape and marks to a reason; `None` is a good answer.
fn judge(
    answer: &Answer<'_>,
    error: &ApiError<'_>,
    is_json: bool,
    good_body: bool,
    by: AnsweredBy,
) -> Option<Reason> {
    if answer.header("cf-mitigated") == Some("challenge") || is_challenge_page(answer) {
        return Some(Reason::EdgeChallenge);
    }
    // A page for people, from neither the API nor its edge: a portal or a block page, whatever its status.
    if by == AnsweredBy::Between && (answer.is_html() || answer.status.is_redirection()) {
        return Some(Reason::NotTheApi);
    }
    let reason = match answer.status.as_u16() {
        200 if good_body => return None,
        200 if by == AnsweredBy::Origin => Reason::UnexpectedBody,
        200 => Reason::NotTheApi,
        400 if error.says("credit balance is too low") => Reason::Billing,
        400 if error.says("You have reached your specified") => Reason::SpendLimit,
        400 if error.says("unsupported countries") => Reason::RegionBlocked,
        400 | 405 | 409 | 413 | 422 => Reason::RequestRejected,
        401 => Reason::AuthInvalid,
        402 => Reason::Billing,
        403 if error.code == Some("tenant_restriction_violation") => Reason::TenantRestricted,
        403 if error.kind == Some("forbidden") && !error.documented => Reason::RegionBlocked,
        403 if by == AnsweredBy::Between && !is_json => Reason::NotTheApi,
        403 if by == AnsweredBy::Edge && !is_json => Reason::EdgeChallenge,
        403 => Reason::AuthForbidden,
        404 if by == AnsweredBy::Origin => Reason::ModelNotFound,
        404 if by == AnsweredBy::Between => Reason::NotTheApi,
        429 if error.code == Some("enforced_spend_limit_reached") => Reason::SpendLimit,
        429 => Reason::RateLimited,
        529 => Reason::ProviderOverloaded,
        500.. if error.kind == Some("overloaded_error") => Reason::ProviderOverloaded,
        520..=527 | 530 => Reason::EdgeOriginUnreachable,
        502 | 504 if by == AnsweredBy::Edge && !is_json => Reason::EdgeOriginUnreachable,
        500.. if error.cloudflare => Reason::EdgeOriginUnreachable,
        500.. => Reason::ProviderError,
        _ => Reason::UnexpectedStatus,
    };
    Some(reason)
}

fn is_challenge_page(answer: &Answer<'_>) -> bool {
    const TITLES: [&[u8]; 2] = [b"<title>Just a moment", b"<title>Attention Required!"];
    matches!(answer.status.as_u16(), 403 | 429 | 503)
        && answer.is_html()
        && TITLES.iter().any(|title| answer.body.windows(title.len()).any(|window| window == *title))
}

fn describe(answer: &Answer<'_>, error: &ApiError<'_>) -> String {
    let status = answer.status.as_u16();
    match (error.kind, error.message) {
        (Some(kind), Some(message)) => format!("HTTP {status} {}: {}", one_line(kind), one_line(message)),
        (Some(kind), None) => format!("HTTP {status} {}", one_line(kind)),
        (None, _) => answer.describe(),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
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
