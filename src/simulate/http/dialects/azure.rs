//! Azure OpenAI: `GET /openai/models`, `POST /openai/deployments/{deployment}/chat/completions`, both with `api-version`.

use super::super::super::rate_limits::{Account, Used};
use super::super::answers::{Answer, json, set, status};
use super::chat::{Style, complete, rate_limited, write_limits};
use super::durations::whole;
use super::{Ask, Failure, Provider, Served};
use http::HeaderMap;
use serde_json::{Value, json};

const MODELS: [&str; 2] = ["gpt-5-nano-2025-08-07", "gpt-4o-mini-2024-07-18"];
/// A deployment is called as its owner likes; one called so does not exist.
const NO_DEPLOYMENT: &str = "no-such-";

const STYLE: Style = Style { usage_always: false, ping: ": ping\n\n", error: broken };

pub(super) struct Azure;

impl Provider for Azure {
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure> {
        let path = ask.call.path();
        let deployment = path.strip_prefix("/openai/deployments/");
        let deployment = deployment.and_then(|path| path.strip_suffix("/chat/completions"));
        let models = path == "/openai/models" && ask.is_get();
        if !(models || deployment.is_some() && ask.is_post()) {
            return Err(Failure::NoSuchPath);
        }
        ask.check(ask.call.header("api-key").or_else(|| ask.call.bearer()))?;
        if ask.call.parameter("api-version").is_none() {
            return Err(Failure::NoSuchPath);
        }
        match deployment {
            Some(name) if name.starts_with(NO_DEPLOYMENT) => Err(Failure::NoSuchModel(name.to_owned())),
            Some(name) => complete(ask, &STYLE, name),
            None => {
                let model = |id: &&str| {
                    let capabilities = json!({"chat_completion": true, "inference": true});
                    json!({"id": id, "object": "model", "status": "succeeded", "capabilities": capabilities,
                        "lifecycle_status": "generally-available", "created_at": 1_767_225_600})
                };
                let data: Vec<_> = MODELS.iter().map(model).collect();
                Ok(Served::json(&json!({"object": "list", "data": data}), Used::default()))
            }
        }
    }

    fn refuse(&self, _: &Ask<'_>, failure: &Failure) -> Answer {
        let (code, name, message) = match failure {
            Failure::KeyMissing | Failure::KeyWrong => (
                401,
                "401",
                "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key \
                 for an active subscription and use a correct regional API endpoint for your resource.",
            ),
            Failure::Forbidden | Failure::Region => {
                (403, "403", "Access denied due to Virtual Network/Firewall rules.")
            }
            Failure::NoSuchPath => (404, "404", "Resource not found"),
            Failure::NoSuchModel(_) => (
                404,
                "DeploymentNotFound",
                "The API deployment for this resource does not exist. If you created the deployment within the last 5 \
                 minutes, please wait a moment and try again.",
            ),
            Failure::BadRequest(message) => (400, "BadRequest", message.as_ref()),
            Failure::RateLimited => {
                let message = "Requests to the ChatCompletions_Create Operation have exceeded call rate limit of your \
                    current OpenAI S0 pricing tier. Please retry after 7 seconds.";
                let mut answer = rate_limited(error(429, "429", message), tell);
                set(&mut answer, "retry-after-ms", "7000");
                return answer;
            }
            Failure::Quota => (
                429,
                "insufficient_quota",
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            Failure::Internal => {
                (500, "InternalServerError", "The server had an error while processing your request.")
            }
            Failure::Timeout => (504, "Timeout", "The operation was timeout."),
            Failure::Overloaded => {
                (503, "ServiceUnavailable", "The service is temporarily unable to process your request.")
            }
        };
        error(code, name, message)
    }

    fn dress(&self, ask: &Ask<'_>, mut answer: Answer) -> Answer {
        set(&mut answer, "apim-request-id", &ask.ids.uuid);
        set(&mut answer, "x-ms-region", "Simulated Central");
        answer
    }

    fn tell_limits(&self, account: &Account, headers: &mut HeaderMap) {
        tell(account, headers);
    }
}

fn tell(account: &Account, headers: &mut HeaderMap) {
    write_limits(account, whole, headers);
}

fn error(code: u16, name: &str, message: &str) -> Answer {
    json(status(code), json!({"error": {"code": name, "message": message}}).to_string())
}

fn broken(_chunk: Value) -> Value {
    let message = "The server had an error while processing your request.";
    json!({"error": {"code": "InternalServerError", "message": message}})
}
