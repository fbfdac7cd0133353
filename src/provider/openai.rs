//! `OpenAI`'s dialect: chat completions, `GET /models` with the key or refused without one.
//!
//! Facts from the public API documentation and the vendor's own client of 2026: every answer of the API carries
//! `x-request-id`, the edge is Cloudflare's, 429 is also said when the credit is used up (`insufficient_quota`).

use std::time::SystemTime;

use super::chat::{Dialect, KINDS};
use super::verdict::by_cloudflare;
use super::{Answer, Call, CallKind, Event, EventReading, Price, Provider, Reading, StatusPage, prices};

/// Types and codes of the documentation.
pub(super) const ERROR_TYPES: &[&str] = &[
    "invalid_request_error",
    "invalid_api_key",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "model_not_found",
    "request_forbidden",
    "unsupported_country_region_territory",
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "billing_not_active",
    "rate_limit_exceeded",
    "rate_limit_error",
    "tokens",
    "requests",
    "unsupported_parameter",
    "unsupported_value",
    "server_error",
    "server_overloaded",
];

const DIALECT: Dialect = Dialect {
    limit: "max_completion_tokens",
    fewest: 1,
    ask_for_usage: true,
    effort,
    request_ids: &["x-request-id"],
    marks: &["openai-processing-ms", "openai-version"],
    unmarked: false,
    edge: by_cloudflare,
    error_types: ERROR_TYPES,
};

/// The `OpenAI` API.
#[derive(Debug)]
pub(super) struct OpenAi;

impl Provider for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn default_url(&self) -> Option<&'static str> {
        Some("https://api.openai.com/v1")
    }

    fn kinds(&self) -> &'static [CallKind] {
        KINDS
    }

    fn call(&self, kind: CallKind, model: &str) -> Option<Call> {
        DIALECT.call(kind, "/models", model)
    }

    fn default_model(&self) -> Option<&'static str> {
        Some("gpt-6-luna")
    }

    fn price(&self, model: &str) -> Option<Price> {
        prices::of(prices::OPENAI, model)
    }

    fn status_page(&self) -> Option<StatusPage> {
        Some(StatusPage { urls: &["https://status.openai.com/api/v2/summary.json"], component: None })
    }

    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        DIALECT.read(kind, answer, now)
    }

    fn read_event(&self, event: Event<'_>) -> EventReading {
        DIALECT.read_event(event)
    }
}

/// The least thinking the documentation says a model can be told to do; for others nothing is said, as what a model does
/// not know is refused.
fn effort(model: &str) -> Option<&'static str> {
    const NONE: [&str; 6] = ["gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.6", "gpt-6-luna", "gpt-6-sol"];
    const OTHERS: [&str; 3] = ["-pro", "-codex", "-chat"];
    if OTHERS.iter().any(|part| model.contains(part)) {
        None
    } else if NONE.iter().any(|start| model.starts_with(start)) {
        Some("none")
    } else if model == "gpt-5" || model.starts_with("gpt-5-") {
        Some("minimal")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::CallKind::{Hello, Message, Models, Stream};
    use super::super::conformance::{Row, hold, read};
    use super::*;
    use crate::outcome::AnsweredBy::{Between, Edge, Origin};
    use crate::outcome::Reason as R;

    const ROWS: &[Row] = &[
        (
            Hello,
            401,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"You didn't provide an API key.","type":"invalid_request_error","param":null,"code":null}}"#,
            None,
            Origin,
            None,
        ),
        (
            Hello,
            401,
            &[],
            r#"{"error":{"message":"no key","type":"invalid_request_error","param":null,"code":null}}"#,
            Some(R::AuthInvalid),
            Between,
            Some("invalid_request_error"),
        ),
        (
            Hello,
            403,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Country, region, or territory not supported","type":"request_forbidden","param":null,"code":"unsupported_country_region_territory"}}"#,
            Some(R::RegionBlocked),
            Origin,
            Some("unsupported_country_region_territory"),
        ),
        (
            Models,
            401,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("invalid_api_key"),
        ),
        (
            Models,
            403,
            &[("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Country, region, or territory not supported","type":"request_forbidden","param":null,"code":"unsupported_country_region_territory"}}"#,
            Some(R::RegionBlocked),
            Edge,
            Some("unsupported_country_region_territory"),
        ),
        (
            Models,
            403,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"You have insufficient permissions","type":"invalid_request_error","param":null,"code":null}}"#,
            Some(R::AuthForbidden),
            Origin,
            Some("invalid_request_error"),
        ),
        (
            Message,
            404,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"The model `x` does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            Some(R::ModelNotFound),
            Origin,
            Some("model_not_found"),
        ),
        (
            Message,
            403,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Project does not have access to model","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
            Some(R::AuthForbidden),
            Origin,
            Some("model_not_found"),
        ),
        (
            Message,
            400,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Unsupported parameter: 'max_tokens'","type":"invalid_request_error","param":null,"code":"unsupported_parameter"}}"#,
            Some(R::RequestRejected),
            Origin,
            Some("unsupported_parameter"),
        ),
        (
            Message,
            400,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Could not finish the message because max_tokens or model output limit was reached.","type":"invalid_request_error","param":null,"code":null}}"#,
            None,
            Origin,
            None,
        ),
        (
            Stream,
            400,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Could not finish the message because max_tokens or model output limit was reached.","type":"invalid_request_error","param":null,"code":null}}"#,
            Some(R::RequestRejected),
            Origin,
            Some("invalid_request_error"),
        ),
        (
            Message,
            429,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
            Some(R::Billing),
            Origin,
            Some("insufficient_quota"),
        ),
        (
            Message,
            429,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"credit_balance_exhausted"}}"#,
            Some(R::Billing),
            Origin,
            Some("credit_balance_exhausted"),
        ),
        (
            Message,
            400,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Billing hard limit has been reached","type":"invalid_request_error","param":null,"code":"billing_hard_limit_reached"}}"#,
            Some(R::SpendLimit),
            Origin,
            Some("billing_hard_limit_reached"),
        ),
        (
            Message,
            429,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
            Some(R::RateLimited),
            Origin,
            Some("rate_limit_exceeded"),
        ),
        (
            Message,
            429,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"m","type":"brand_new","param":null,"code":null}}"#,
            Some(R::RateLimited),
            Origin,
            Some("other"),
        ),
        (
            Message,
            500,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#,
            Some(R::ProviderError),
            Origin,
            Some("server_error"),
        ),
        (
            Message,
            503,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"The engine is currently overloaded","type":"server_error","param":null,"code":null}}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("server_error"),
        ),
        (
            Message,
            503,
            &[("cf-ray", "1-FRA")],
            r#"upstream connect error or disconnect/reset before headers"#,
            Some(R::ProviderError),
            Edge,
            None,
        ),
        (
            Message,
            502,
            &[("cf-ray", "1-FRA"), ("content-type", "text/html")],
            r#"<html>502 Bad gateway"#,
            Some(R::EdgeOriginUnreachable),
            Edge,
            None,
        ),
        (
            Models,
            200,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"[]"#,
            Some(R::UnexpectedBody),
            Origin,
            None,
        ),
        (
            Models,
            200,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
            r#"{"error":{"message":"gone wrong","type":"server_error","param":null,"code":null}}"#,
            Some(R::ProviderError),
            Origin,
            Some("server_error"),
        ),
        (
            Stream,
            200,
            &[("x-request-id", "req_1"), ("cf-ray", "1-FRA"), ("content-type", "application/json")],
            r#"{"choices":[]}"#,
            Some(R::UnexpectedBody),
            Origin,
            None,
        ),
        (
            Models,
            403,
            &[("x-request-id", "req_1"), ("content-type", "text/html")],
            r#"<html>blocked"#,
            Some(R::NotTheApi),
            Between,
            None,
        ),
    ];

    #[test]
    fn the_answer_table() {
        hold("openai", ROWS);
    }

    #[test]
    fn a_refusal_names_its_limit_and_its_wait() {
        let body = r#"{"error":{"message":"Rate limit reached for gpt-x in organization o on tokens per min (TPM): Limit 30000, Used 29999. Please try again in 1.2s.","type":"tokens","code":"rate_limit_exceeded"}}"#;
        let reading = read("openai", Message, 429, &[("x-request-id", "req_1")], body);
        assert_eq!(reading.limited_by, Some("tokens"));
        assert_eq!(reading.retry_after, Some(std::time::Duration::from_millis(1200)));
        assert_eq!(reading.request_id.as_deref(), Some("req_1"));
    }

    #[test]
    fn models_that_think_are_told_not_to_where_they_can_be() {
        for (model, said) in [
            ("gpt-6-luna", Some("none")),
            ("gpt-5.6-luna-2026-02-01", Some("none")),
            ("gpt-5-nano", Some("minimal")),
            ("gpt-5.2-pro", None),
            ("gpt-4o-mini", None),
            ("gpt-4.1", None),
        ] {
            let body = OpenAi.call(Message, model).unwrap().body;
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body.get("reasoning_effort").and_then(|effort| effort.as_str()), said, "{model}");
            assert_eq!(body["max_completion_tokens"], 1);
        }
    }
}
