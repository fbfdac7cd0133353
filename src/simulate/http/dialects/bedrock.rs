//! Bedrock's control plane: `GET /foundation-models` with an API key as a bearer token; signatures are not checked. It
//! tells no limits.

use super::super::super::rate_limits::{Account, Used};
use super::super::answers::{Answer, json, set, status};
use super::{Ask, Failure, Provider, Served};
use http::HeaderMap;
use serde_json::json;

const MODELS: [(&str, &str); 2] = [
    ("anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5"),
    ("amazon.nova-micro-v1:0", "Nova Micro"),
];

pub(super) struct Bedrock;

impl Provider for Bedrock {
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure> {
        if ask.call.path() != "/foundation-models" || !ask.is_get() {
            return Err(Failure::NoSuchPath);
        }
        ask.check_bearer()?;
        let model = |(id, name): &(&str, &str)| {
            json!({
                "modelId": id,
                "modelName": name,
                "modelArn": format!("arn:aws:bedrock:sim-1::foundation-model/{id}"),
                "providerName": if id.starts_with("anthropic") { "Anthropic" } else { "Amazon" },
                "modelLifecycle": {"status": "ACTIVE"},
                "responseStreamingSupported": true,
            })
        };
        let list = json!({"modelSummaries": MODELS.iter().map(model).collect::<Vec<_>>()});
        Ok(Served::json(&list, Used::default()))
    }

    fn refuse(&self, _: &Ask<'_>, failure: &Failure) -> Answer {
        let (code, kind, message) = match failure {
            Failure::KeyMissing => {
                (403, "MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Failure::KeyWrong => {
                (403, "UnrecognizedClientException", "The security token included in the request is invalid.")
            }
            Failure::Forbidden => (
                403,
                "AccessDeniedException",
                "User is not authorized to perform: bedrock:ListFoundationModels because no identity-based policy allows \
                 the bedrock:ListFoundationModels action",
            ),
            Failure::Region => (
                400,
                "ValidationException",
                "Access to Anthropic models is not allowed from unsupported countries, regions, or territories.",
            ),
            Failure::NoSuchPath => (404, "UnknownOperationException", "The operation is unknown."),
            Failure::NoSuchModel(_) => (
                404,
                "ResourceNotFoundException",
                "Could not resolve the foundation model from the provided model identifier.",
            ),
            Failure::BadRequest(message) => (400, "ValidationException", message.as_ref()),
            Failure::RateLimited => {
                (429, "ThrottlingException", "Too many requests, please wait before trying again.")
            }
            Failure::Quota => (
                400,
                "ServiceQuotaExceededException",
                "Your request exceeds the service quota for your account.",
            ),
            Failure::Internal => {
                (500, "InternalServerException", "The server encountered an internal error.")
            }
            Failure::Timeout => (504, "InternalServerException", "The request timed out."),
            Failure::Overloaded => {
                (503, "ServiceUnavailableException", "Bedrock is unable to process your request.")
            }
        };
        let mut answer = json(status(code), json!({"message": message}).to_string());
        set(&mut answer, "x-amzn-errortype", kind);
        answer
    }

    fn dress(&self, ask: &Ask<'_>, mut answer: Answer) -> Answer {
        set(&mut answer, "x-amzn-requestid", &ask.ids.uuid);
        answer
    }

    fn tell_limits(&self, _: &Account, _: &mut HeaderMap) {}
}
