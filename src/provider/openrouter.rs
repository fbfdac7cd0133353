//! `OpenRouter`'s dialect: chat completions, an error's code is a status, and what is known of a key instead of a long list.
//!
//! Facts from the vendor's documentation of 2026: once a model has been asked the status is 200, and an error is in the body or
//! in a chunk; 402 is missing credit; limits are stated only with its own 429. There is no price and no model by default, as both
//! are those of whom it routes to. Some of them refuse fewer than 16 tokens, so that is what a message asks for.

use std::time::SystemTime;

use super::chat::{Dialect, KINDS, no_effort};
use super::verdict::by_cloudflare;
use super::{Answer, Call, CallKind, Event, EventReading, Provider, Reading};

/// The types its metadata names.
const ERROR_TYPES: &[&str] = &[
    "invalid_request",
    "invalid_prompt",
    "context_length_exceeded",
    "max_tokens_exceeded",
    "unauthorized",
    "payment_required",
    "permission_denied",
    "region_restricted",
    "not_found",
    "timeout",
    "rate_limit_exceeded",
    "provider_overloaded",
    "provider_unavailable",
    "server",
];

const DIALECT: Dialect = Dialect {
    limit: "max_tokens",
    fewest: 16,
    ask_for_usage: true,
    effort: no_effort,
    request_ids: &["x-generation-id", "x-request-id"],
    marks: &[],
    unmarked: true,
    edge: by_cloudflare,
    error_types: ERROR_TYPES,
};

/// The `OpenRouter` API.
#[derive(Debug)]
pub(super) struct OpenRouter;

impl Provider for OpenRouter {
    fn name(&self) -> &'static str {
        "openrouter"
    }

    fn default_url(&self) -> Option<&'static str> {
        Some("https://openrouter.ai/api/v1")
    }

    fn kinds(&self) -> &'static [CallKind] {
        KINDS
    }

    fn call(&self, kind: CallKind, model: &str) -> Option<Call> {
        DIALECT.call(kind, "/key", model)
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
        (
            Hello,
            401,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":401,"message":"No auth credentials found"},"user_id":"u"}"#,
            None,
            Origin,
            None,
        ),
        (
            Hello,
            403,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":403,"message":"m","metadata":{"error_type":"region_restricted"}},"user_id":"u"}"#,
            Some(R::RegionBlocked),
            Origin,
            Some("region_restricted"),
        ),
        (
            Models,
            401,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":401,"message":"User not found."},"user_id":"u"}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("other"),
        ),
        (
            Message,
            402,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":402,"message":"Insufficient credits","metadata":{"error_type":"payment_required"}},"user_id":"u"}"#,
            Some(R::Billing),
            Origin,
            Some("payment_required"),
        ),
        (
            Message,
            403,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":403,"message":"m","metadata":{"error_type":"region_restricted"}},"user_id":"u"}"#,
            Some(R::RegionBlocked),
            Origin,
            Some("region_restricted"),
        ),
        (
            Message,
            403,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":403,"message":"Key limit exceeded (daily limit)"},"user_id":"u"}"#,
            Some(R::SpendLimit),
            Origin,
            Some("other"),
        ),
        (
            Message,
            400,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":400,"message":"x/y is not a valid model ID"},"user_id":"u"}"#,
            Some(R::ModelNotFound),
            Origin,
            Some("other"),
        ),
        (
            Message,
            404,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":404,"message":"No endpoints found for x/y."},"user_id":"u"}"#,
            Some(R::ModelNotFound),
            Origin,
            Some("other"),
        ),
        (
            Message,
            408,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":408,"message":"timed out","metadata":{"error_type":"timeout"}},"user_id":"u"}"#,
            Some(R::ProviderError),
            Origin,
            Some("timeout"),
        ),
        (
            Message,
            429,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-day","metadata":{"error_type":"rate_limit_exceeded"}},"user_id":"u"}"#,
            Some(R::RateLimited),
            Origin,
            Some("rate_limit_exceeded"),
        ),
        (
            Message,
            502,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":502,"message":"Provider returned error","metadata":{"error_type":"provider_unavailable"}},"user_id":"u"}"#,
            Some(R::ProviderError),
            Origin,
            Some("provider_unavailable"),
        ),
        (
            Message,
            503,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":503,"message":"No available model provider"},"user_id":"u"}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("other"),
        ),
        (
            Message,
            200,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":429,"message":"m","metadata":{"error_type":"rate_limit_exceeded"}},"user_id":"u"}"#,
            Some(R::RateLimited),
            Origin,
            Some("rate_limit_exceeded"),
        ),
        (
            Message,
            200,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":502,"message":"Provider returned error"},"user_id":"u"}"#,
            Some(R::ProviderError),
            Origin,
            Some("other"),
        ),
        (
            Message,
            200,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"code":402,"message":"Insufficient credits"},"user_id":"u"}"#,
            Some(R::Billing),
            Origin,
            Some("other"),
        ),
        (
            Message,
            524,
            &[("cf-ray", "1-FRA"), ("content-type", "text/html")],
            r#"<html>"#,
            Some(R::EdgeOriginUnreachable),
            Edge,
            None,
        ),
    ];

    #[test]
    fn the_answer_table() {
        hold("openrouter", ROWS);
    }
}
