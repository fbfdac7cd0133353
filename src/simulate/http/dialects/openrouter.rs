//! OpenRouter: `GET /api/v1/key`, the keyless `GET /api/v1/models`, `POST /api/v1/chat/completions`. Limits are told with
//! a 429 only.

use super::super::super::rate_limits::{Account, Used};
use super::super::super::world::wall_clock;
use super::super::answers::{Answer, from_edge, json, set, status};
use super::super::limits::WAIT_SECONDS;
use super::chat::{self, Style, complete, put};
use super::{Ask, Failure, Provider, Served};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

const MODELS: [&str; 2] = ["anthropic/claude-haiku-4.5", "openai/gpt-4o-mini"];

const STYLE: Style = Style { usage_always: true, ping: ": OPENROUTER PROCESSING\n\n", error: broken };

pub(super) struct OpenRouter;

impl Provider for OpenRouter {
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure> {
        match ask.call.path() {
            "/api/v1/models" if ask.is_get() => {
                let model = |id: &&str| {
                    json!({"id": id, "name": id, "created": 1_767_225_600, "context_length": 200_000,
                        "pricing": {"prompt": "0.000001", "completion": "0.000005"}})
                };
                let list = json!({"data": MODELS.iter().map(model).collect::<Vec<_>>()});
                Ok(Served { answer: json(StatusCode::OK, list.to_string()), used: None })
            }
            "/api/v1/key" if ask.is_get() => {
                ask.check_bearer()?;
                let key = json!({
                    "label": "simulated", "limit": 100, "limit_remaining": 74.5, "limit_reset": null,
                    "usage": 25.5, "usage_daily": 0.5, "is_free_tier": false,
                });
                Ok(Served::json(&json!({"data": key}), Used::default()))
            }
            "/api/v1/chat/completions" if ask.is_post() => {
                ask.check_bearer()?;
                let model = chat::model(ask)?;
                // The name begins with who made the model.
                if !model.contains('/') {
                    return Err(Failure::NoSuchModel(model.to_owned()));
                }
                complete(ask, &STYLE, model)
            }
            _ => Err(Failure::NoSuchPath),
        }
    }

    fn refuse(&self, _: &Ask<'_>, failure: &Failure) -> Answer {
        let none = Value::Null;
        let (code, message, metadata) = match failure {
            Failure::KeyMissing => (401, "No auth credentials found".to_owned(), none),
            Failure::KeyWrong => (401, "User not found.".to_owned(), none),
            Failure::Forbidden => (403, "Your key does not have the permission for this.".to_owned(), none),
            Failure::Region => {
                let message = "This model is not available in your region.".to_owned();
                (403, message, json!({"error_type": "region_restricted"}))
            }
            Failure::NoSuchPath => (404, "Not Found".to_owned(), none),
            Failure::NoSuchModel(model) => (404, format!("No endpoints found for {model}."), none),
            Failure::BadRequest(message) => (400, message.clone().into_owned(), none),
            Failure::RateLimited => return rate_limited(),
            Failure::Quota => {
                let message = "Insufficient credits. Add more using https://openrouter.ai/settings/credits";
                (402, message.to_owned(), none)
            }
            Failure::Internal => (500, "Internal Server Error".to_owned(), none),
            Failure::Timeout => (504, "Request timed out".to_owned(), json!({"error_type": "timeout"})),
            Failure::Overloaded => {
                (503, "Provider returned error".to_owned(), json!({"error_type": "provider_overloaded"}))
            }
        };
        error(code, &message, metadata)
    }

    fn dress(&self, ask: &Ask<'_>, answer: Answer) -> Answer {
        let mut answer = from_edge(answer, ask.ids);
        if ask.call.path().ends_with("/chat/completions") {
            set(&mut answer, "x-generation-id", &ask.ids.request_id.replace("req_", "gen-"));
        }
        answer
    }

    fn tell_limits(&self, _: &Account, _: &mut HeaderMap) {}
}

fn rate_limited() -> Answer {
    let reset = (wall_clock().as_second() + i64::from(WAIT_SECONDS)) * 1000;
    let limits = [("X-RateLimit-Limit", 1000), ("X-RateLimit-Remaining", 0), ("X-RateLimit-Reset", reset)];
    let told: serde_json::Map<_, _> =
        limits.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.to_string()))).collect();
    let mut answer = error(429, "Rate limit exceeded: limit_rpm", json!({"headers": told}));
    for (name, value) in limits {
        put(answer.headers_mut(), name.to_ascii_lowercase(), value.to_string());
    }
    put(answer.headers_mut(), "retry-after".to_owned(), WAIT_SECONDS.to_string());
    answer
}

fn error(code: u16, message: &str, metadata: Value) -> Answer {
    let mut error = json!({"code": code, "message": message});
    if !metadata.is_null() {
        error["metadata"] = metadata;
    }
    json(status(code), json!({"error": error}).to_string())
}

/// The chunk goes on as any other, with an error in it.
fn broken(mut chunk: Value) -> Value {
    chunk["error"] = json!({"code": "server_error", "message": "Provider disconnected unexpectedly"});
    chunk["choices"] = json!([{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]);
    chunk
}
