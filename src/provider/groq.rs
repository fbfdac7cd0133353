//! Groq's dialect: chat completions below `/openai/v1`.
//!
//! Facts from the vendor's documentation of 2026: its `x-ratelimit-*-requests` are for a day and its `-tokens` for a minute,
//! a refusal's type is the dimension, and 498 says that a tier has no room. Groq's own ids are in `x-request-id`.

use std::time::SystemTime;

use super::chat::{Dialect, KINDS, no_effort};
use super::verdict::by_cloudflare;
use super::{Answer, Call, CallKind, Event, EventReading, Price, Provider, Reading, prices};

/// Types and codes of its errors.
const ERROR_TYPES: &[&str] = &[
    "invalid_request_error",
    "invalid_api_key",
    "model_not_found",
    "model_decommissioned",
    "permissions_error",
    "rate_limit_exceeded",
    "tokens",
    "requests",
    "capacity_exceeded",
    "insufficient_quota",
    "internal_server_error",
    "service_unavailable",
];

const DIALECT: Dialect = Dialect {
    limit: "max_completion_tokens",
    fewest: 1,
    ask_for_usage: true,
    effort: no_effort,
    request_ids: &["x-request-id"],
    marks: &["x-groq-region"],
    unmarked: false,
    edge: by_cloudflare,
    error_types: ERROR_TYPES,
};

/// Groq's API.
#[derive(Debug)]
pub(super) struct Groq;

impl Provider for Groq {
    fn name(&self) -> &'static str {
        "groq"
    }

    fn default_url(&self) -> Option<&'static str> {
        Some("https://api.groq.com/openai/v1")
    }

    fn kinds(&self) -> &'static [CallKind] {
        KINDS
    }

    fn call(&self, kind: CallKind, model: &str) -> Option<Call> {
        DIALECT.call(kind, "/models", model)
    }

    fn default_model(&self) -> Option<&'static str> {
        Some("openai/gpt-oss-20b")
    }

    fn price(&self, model: &str) -> Option<Price> {
        prices::of(prices::GROQ, model)
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
    use super::super::conformance::{Row, hold, read};
    use crate::outcome::AnsweredBy::Origin;
    use crate::outcome::Reason as R;

    const ROWS: &[Row] = &[
        (
            Hello,
            401,
            &[("x-request-id", "req_1")],
            r#"{"error":{"message":"Invalid API Key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
            None,
            Origin,
            None,
        ),
        (
            Models,
            401,
            &[("x-request-id", "req_1")],
            r#"{"error":{"message":"Invalid API Key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("invalid_api_key"),
        ),
        (
            Message,
            400,
            &[("x-request-id", "req_1")],
            r#"{"error":{"message":"The model `x` has been decommissioned","type":"invalid_request_error","param":null,"code":"model_decommissioned"}}"#,
            Some(R::ModelNotFound),
            Origin,
            Some("model_decommissioned"),
        ),
        (
            Message,
            429,
            &[("x-request-id", "req_1")],
            r#"{"error":{"message":"Rate limit reached on tokens per minute (TPM): Limit 15000, Used 11972, Requested 4351. Please try again in 5.289s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
            Some(R::RateLimited),
            Origin,
            Some("rate_limit_exceeded"),
        ),
        (
            Message,
            498,
            &[("x-request-id", "req_1")],
            r#"{"error":{"message":"Flex tier capacity exceeded","type":"capacity_exceeded","param":null,"code":"capacity_exceeded"}}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("capacity_exceeded"),
        ),
        (
            Message,
            503,
            &[("x-request-id", "req_1")],
            r#"{"error":{"message":"Service Unavailable","type":"internal_server_error","param":null,"code":"service_unavailable"}}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("service_unavailable"),
        ),
        (
            Message,
            400,
            &[("x-request-id", "req_1")],
            r#"{"error":{"message":"Your organization has reached its spend limit","type":"invalid_request_error","param":null,"code":null}}"#,
            Some(R::SpendLimit),
            Origin,
            Some("invalid_request_error"),
        ),
    ];

    #[test]
    fn the_answer_table() {
        hold("groq", ROWS);
    }

    #[test]
    fn a_refusal_names_its_limit_and_its_wait() {
        let body = r#"{"error":{"message":"on tokens per minute (TPM): Limit 15000, Used 11972, Requested 4351. Please try again in 5.289s.","type":"tokens","code":"rate_limit_exceeded"}}"#;
        let reading = read("groq", Message, 429, &[], body);
        assert_eq!(reading.limited_by, Some("tokens"));
        assert_eq!(reading.retry_after, Some(std::time::Duration::from_millis(5289)));
        let reading = read("groq", Message, 429, &[("retry-after", "2")], body);
        assert_eq!(reading.retry_after, Some(std::time::Duration::from_secs(2)));
    }
}
