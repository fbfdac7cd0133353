//! Azure `OpenAI`'s dialect: chat completions at a deployment, which is what the model means here.
//!
//! Every resource has a host of its own, so there is no URL of the provider's. Facts from the vendor's reference of API version
//! 2024-10-21, its latest stable one. `apim-request-id` is on every answer of the API. Unverified: whether a deployment of an
//! older model takes `max_completion_tokens`, and whether it counts the tokens of a stream when asked.

use std::time::SystemTime;

use http::HeaderName;

use super::chat::{Dialect, KINDS, no_effort};
use super::{Answer, Call, CallKind, Event, EventReading, Provider, Reading, sent};

/// Codes of the reference and of `OpenAI` behind it.
const ERROR_TYPES: &[&str] = &[
    "DeploymentNotFound",
    "ResourceNotFound",
    "PermissionDenied",
    "AccessDenied",
    "Forbidden",
    "RateLimitReached",
    "NoCapacity",
    "OperationNotSupported",
    "BadRequest",
    "Timeout",
    "InternalServerError",
    "too_many_requests",
    "content_filter",
    "invalid_request_error",
    "insufficient_quota",
    "unsupported_parameter",
    "server_error",
];

const DIALECT: Dialect = Dialect {
    limit: "max_completion_tokens",
    fewest: 1,
    ask_for_usage: true,
    effort: no_effort,
    request_ids: &["apim-request-id", "x-request-id"],
    marks: &["x-ms-request-id", "x-ms-region"],
    unmarked: false,
    edge: |answer| answer.headers.contains_key("x-azure-ref"),
    error_types: ERROR_TYPES,
};

/// Azure `OpenAI`.
#[derive(Debug)]
pub(super) struct AzureOpenAi;

impl Provider for AzureOpenAi {
    fn name(&self) -> &'static str {
        "azure_openai"
    }

    fn default_url(&self) -> Option<&'static str> {
        None
    }

    fn kinds(&self) -> &'static [CallKind] {
        KINDS
    }

    fn call(&self, kind: CallKind, model: &str) -> Option<Call> {
        match kind {
            CallKind::Hello => Some(sent::get(kind, "/openai/models?api-version=2024-10-21", &[], false)),
            CallKind::Models => Some(sent::get(kind, "/openai/models?api-version=2024-10-21", &[], true)),
            CallKind::Message | CallKind::Stream => {
                let deployment = sent::segment(model);
                let path =
                    format!("/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21");
                DIALECT.completion(kind, path, model)
            }
            CallKind::CountTokens | CallKind::Get => None,
        }
    }

    fn key_header(&self) -> (HeaderName, &'static str) {
        (HeaderName::from_static("api-key"), "")
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
    use crate::outcome::AnsweredBy::{Between, Edge, Origin};
    use crate::outcome::Reason as R;

    const ROWS: &[Row] = &[
        (
            Hello,
            401,
            &[("apim-request-id", "a-1")],
            r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#,
            None,
            Origin,
            None,
        ),
        (
            Hello,
            401,
            &[("apim-request-id", "a-1")],
            r#"{"statusCode":401,"message":"Unauthorized. Access token is missing"}"#,
            None,
            Origin,
            None,
        ),
        (
            Hello,
            401,
            &[],
            r#"{"error":{"code":"401","message":"Access denied"}}"#,
            Some(R::AuthInvalid),
            Between,
            Some("other"),
        ),
        (
            Models,
            401,
            &[("apim-request-id", "a-1")],
            r#"{"error":{"code":"401","message":"Access denied"}}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("other"),
        ),
        (
            Models,
            401,
            &[("apim-request-id", "a-1")],
            r#"{"error":{"code":"PermissionDenied","message":"The principal lacks the required data action"}}"#,
            Some(R::AuthForbidden),
            Origin,
            Some("PermissionDenied"),
        ),
        (
            Models,
            403,
            &[("apim-request-id", "a-1")],
            r#"{"error":{"code":"AccessDenied","message":"Access denied due to Virtual Network/Firewall rules."}}"#,
            Some(R::AuthForbidden),
            Origin,
            Some("AccessDenied"),
        ),
        (
            Message,
            404,
            &[("apim-request-id", "a-1")],
            r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#,
            Some(R::ModelNotFound),
            Origin,
            Some("DeploymentNotFound"),
        ),
        (
            Message,
            429,
            &[("apim-request-id", "a-1")],
            r#"{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current tier."}}"#,
            Some(R::RateLimited),
            Origin,
            Some("other"),
        ),
        (
            Message,
            500,
            &[("apim-request-id", "a-1")],
            r#"{"error":{"code":"InternalServerError","message":"m"}}"#,
            Some(R::ProviderError),
            Origin,
            Some("InternalServerError"),
        ),
        (
            Message,
            503,
            &[("apim-request-id", "a-1")],
            r#"{"error":{"code":"NoCapacity","message":"m"}}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("NoCapacity"),
        ),
        (
            Models,
            502,
            &[("x-azure-ref", "z"), ("content-type", "text/html")],
            r#"<html>"#,
            Some(R::EdgeOriginUnreachable),
            Edge,
            None,
        ),
    ];

    #[test]
    fn the_answer_table() {
        hold("azure_openai", ROWS);
    }
}
