//! Groq: `GET /openai/v1/models`, `POST /openai/v1/chat/completions`.

use super::super::super::rate_limits::{Account, Used};
use super::super::answers::{Answer, from_edge, json, set, status};
use super::chat::{self, Style, complete, rate_limited, write_go_limits};
use super::{Ask, Failure, Provider, Served};
use http::HeaderMap;
use serde_json::{Value, json};

const MODELS: [&str; 2] = ["llama-3.1-8b-instant", "openai/gpt-oss-20b"];
/// What the models of this provider are called.
const FAMILIES: [&str; 7] = ["llama", "gemma", "openai/", "meta-llama/", "qwen/", "moonshotai/", "groq/"];

const STYLE: Style = Style { usage_always: false, ping: ": ping\n\n", error: broken };

pub(super) struct Groq;

impl Provider for Groq {
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure> {
        match ask.call.path() {
            "/openai/v1/models" if ask.is_get() => {
                ask.check_bearer()?;
                Ok(Served::json(&chat::models(&MODELS, "Groq"), Used::default()))
            }
            "/openai/v1/chat/completions" if ask.is_post() => {
                ask.check_bearer()?;
                let model = chat::model(ask)?;
                if !FAMILIES.iter().any(|family| model.starts_with(family)) {
                    return Err(Failure::NoSuchModel(model.to_owned()));
                }
                complete(ask, &STYLE, model)
            }
            _ => Err(Failure::NoSuchPath),
        }
    }

    fn refuse(&self, ask: &Ask<'_>, failure: &Failure) -> Answer {
        let request = "invalid_request_error";
        let (code, kind, name, message) = match failure {
            Failure::KeyMissing | Failure::KeyWrong => {
                (401, request, Some("invalid_api_key"), "Invalid API Key".to_owned())
            }
            Failure::Forbidden | Failure::Region => {
                let message = "Access denied. Please check your network settings.".to_owned();
                return json(status(403), json!({"error": {"message": message}}).to_string());
            }
            Failure::NoSuchPath => {
                let (method, path) = (&ask.call.head.method, ask.call.path());
                let message =
                    format!("Unknown request URL: {method} {path}. Please check the URL for typos.");
                (404, request, Some("unknown_url"), message)
            }
            Failure::NoSuchModel(model) => {
                let message = format!("The model `{model}` does not exist or you do not have access to it.");
                (404, request, Some("model_not_found"), message)
            }
            Failure::BadRequest(message) => (400, request, None, message.clone().into_owned()),
            Failure::RateLimited => {
                let message = "Rate limit reached for model `llama-3.1-8b-instant` on requests per day (RPD): Limit 1000, \
                    Used 1000, Requested 1. Please try again in 7s.";
                let answer = error(429, "requests", Some("rate_limit_exceeded"), message);
                return rate_limited(answer, write_go_limits);
            }
            Failure::Quota => {
                let message = "Your organization has reached its spend limit.".to_owned();
                (400, request, Some("blocked_api_access"), message)
            }
            Failure::Internal => (500, "internal_server_error", None, "Internal Server Error".to_owned()),
            Failure::Timeout => (504, "internal_server_error", None, "Gateway Timeout".to_owned()),
            Failure::Overloaded => {
                let message =
                    "The model is currently over capacity. Please try again and back off exponentially.";
                (503, "internal_server_error", None, message.to_owned())
            }
        };
        error(code, kind, name, &message)
    }

    fn dress(&self, ask: &Ask<'_>, answer: Answer) -> Answer {
        let mut answer = from_edge(answer, ask.ids);
        set(&mut answer, "x-request-id", &ask.ids.request_id);
        set(&mut answer, "x-groq-region", "sim");
        answer
    }

    fn tell_limits(&self, account: &Account, headers: &mut HeaderMap) {
        write_go_limits(account, headers);
    }
}

fn error(code: u16, kind: &str, name: Option<&str>, message: &str) -> Answer {
    let mut error = json!({"message": message, "type": kind});
    if let Some(name) = name {
        error["code"] = name.into();
    }
    json(status(code), json!({"error": error}).to_string())
}

fn broken(_chunk: Value) -> Value {
    json!({"error": {"message": "Internal Server Error", "type": "internal_server_error"}})
}
