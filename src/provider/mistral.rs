//! Mistral's dialect: chat completions, errors without an envelope.
//!
//! Facts from public documentation and reports of 2026: 429 has `{"object":"error","message","type":"rate_limited","code"}`
//! or only a message, a key that is refused `{"detail"}` or a message; a stream counts its tokens unasked and older versions refuse
//! to be asked. Unverified: which header holds the request id, so an error is known by its shape.

use std::time::SystemTime;

use super::chat::{Dialect, KINDS, no_effort};
use super::verdict::by_cloudflare;
use super::{Answer, Call, CallKind, Event, EventReading, Provider, Reading};

/// Types of its errors, as reported.
const ERROR_TYPES: &[&str] = &[
    "rate_limited",
    "service_tier_capacity_exceeded",
    "invalid_model",
    "invalid_request_error",
    "invalid_request_message_order",
    "unauthorized",
    "internal_server_error",
];

const DIALECT: Dialect = Dialect {
    limit: "max_tokens",
    fewest: 1,
    ask_for_usage: false,
    effort: no_effort,
    request_ids: &["mistral-correlation-id", "x-kong-request-id"],
    marks: &["x-kong-upstream-latency"],
    unmarked: true,
    edge: by_cloudflare,
    error_types: ERROR_TYPES,
};

/// Mistral's API.
#[derive(Debug)]
pub(super) struct Mistral;

impl Provider for Mistral {
    fn name(&self) -> &'static str {
        "mistral"
    }

    fn default_url(&self) -> Option<&'static str> {
        Some("https://api.mistral.ai/v1")
    }

    fn kinds(&self) -> &'static [CallKind] {
        KINDS
    }

    fn call(&self, kind: CallKind, model: &str) -> Option<Call> {
        DIALECT.call(kind, "/models", model)
    }

    fn default_model(&self) -> Option<&'static str> {
        Some("mistral-small-latest")
    }

    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        DIALECT.read(kind, answer, now)
    }

    fn read_event(&self, event: Event<'_>) -> EventReading {
        DIALECT.read_event(event)
    }
}

#[cfg(test)]
mod tests {
    use super::super::CallKind::{Hello, Message, Models};
    use super::super::conformance::{Row, hold};
    use crate::outcome::AnsweredBy::{Edge, Origin};
    use crate::outcome::Reason as R;

    const ROWS: &[Row] = &[
        (Hello, 401, &[("cf-ray", "1-FRA")], r#"{"detail":"Unauthorized"}"#, None, Origin, None),
        (Hello, 401, &[], r#"{"message":"Unauthorized","request_id":"r"}"#, None, Origin, None),
        (Hello, 401, &[("cf-ray", "1-FRA")], r#"Unauthorized"#, Some(R::AuthInvalid), Edge, None),
        (
            Models,
            401,
            &[("cf-ray", "1-FRA")],
            r#"{"detail":"Unauthorized"}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("other"),
        ),
        (
            Message,
            400,
            &[("cf-ray", "1-FRA")],
            r#"{"object":"error","message":"Invalid model: x","type":"invalid_model","param":null,"code":"1500"}"#,
            Some(R::ModelNotFound),
            Origin,
            Some("invalid_model"),
        ),
        (
            Message,
            422,
            &[("cf-ray", "1-FRA")],
            r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"]}]}"#,
            Some(R::RequestRejected),
            Origin,
            Some("other"),
        ),
        (
            Message,
            429,
            &[("cf-ray", "1-FRA")],
            r#"{"object":"error","message":"Rate limit exceeded","type":"rate_limited","param":null,"code":"1300","raw_status_code":429}"#,
            Some(R::RateLimited),
            Origin,
            Some("rate_limited"),
        ),
        (
            Message,
            429,
            &[("cf-ray", "1-FRA")],
            r#"{"message":"Requests rate limit exceeded"}"#,
            Some(R::RateLimited),
            Origin,
            Some("other"),
        ),
        (
            Message,
            429,
            &[("cf-ray", "1-FRA")],
            r#"{"object":"error","message":"Service tier capacity exceeded for this model.","type":"service_tier_capacity_exceeded","code":"3505"}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("service_tier_capacity_exceeded"),
        ),
        (
            Message,
            500,
            &[("cf-ray", "1-FRA")],
            r#"{"object":"error","message":"m","type":"internal_server_error"}"#,
            Some(R::ProviderError),
            Origin,
            Some("internal_server_error"),
        ),
    ];

    #[test]
    fn the_answer_table() {
        hold("mistral", ROWS);
    }
}
