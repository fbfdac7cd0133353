//! Mistral: `GET /v1/models`, `POST /v1/chat/completions`; limits are told by size.

use super::super::super::rate_limits::{Account, Used};
use super::super::answers::{Answer, from_edge, json, set, status};
use super::chat::{self, Style, complete, put, rate_limited};
use super::durations::whole;
use super::{Ask, Failure, Provider, Served};
use http::HeaderMap;
use serde_json::{Value, json};

const MODELS: [&str; 2] = ["mistral-small-latest", "ministral-3b-latest"];

const STYLE: Style = Style { usage_always: true, ping: ": ping\n\n", error: broken };

pub(super) struct Mistral;

impl Provider for Mistral {
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure> {
        match ask.call.path() {
            "/v1/models" if ask.is_get() => {
                ask.check_bearer()?;
                Ok(Served::json(&chat::models(&MODELS, "mistralai"), Used::default()))
            }
            "/v1/chat/completions" if ask.is_post() => {
                ask.check_bearer()?;
                let model = chat::model(ask)?;
                // Mistral, Ministral, Codestral, Magistral, Devstral, …
                if !model.contains("stral") {
                    return Err(Failure::NoSuchModel(model.to_owned()));
                }
                complete(ask, &STYLE, model)
            }
            _ => Err(Failure::NoSuchPath),
        }
    }

    fn refuse(&self, _: &Ask<'_>, failure: &Failure) -> Answer {
        let (code, kind, name, message) = match failure {
            // These two do not come from the API but from what stands before it.
            Failure::KeyMissing | Failure::KeyWrong => {
                return json(status(401), json!({"detail": "Unauthorized"}).to_string());
            }
            Failure::NoSuchPath => {
                return json(status(404), json!({"detail": "Not Found"}).to_string());
            }
            Failure::Forbidden | Failure::Region => {
                (403, "forbidden", "1200", "You are not allowed to use this resource.".to_owned())
            }
            Failure::NoSuchModel(model) => (404, "invalid_model", "1500", format!("Invalid model: {model}")),
            Failure::BadRequest(message) => {
                (422, "invalid_request_error", "1000", message.clone().into_owned())
            }
            Failure::RateLimited => {
                return rate_limited(error(429, "rate_limited", "1300", "Rate limit exceeded"), tell);
            }
            Failure::Quota => (402, "payment_required", "1400", "You have used up your credits.".to_owned()),
            Failure::Internal => (500, "internal_server_error", "3000", "Internal server error".to_owned()),
            Failure::Timeout => (504, "internal_server_error", "3100", "Gateway timeout".to_owned()),
            Failure::Overloaded => {
                let message = "Service tier capacity exceeded for this model.".to_owned();
                (503, "service_tier_capacity_exceeded", "3505", message)
            }
        };
        error(code, kind, name, &message)
    }

    fn dress(&self, ask: &Ask<'_>, answer: Answer) -> Answer {
        let mut answer = from_edge(answer, ask.ids);
        set(&mut answer, "mistral-correlation-id", &ask.ids.uuid);
        set(&mut answer, "x-kong-request-id", &ask.ids.uuid);
        answer
    }

    fn tell_limits(&self, account: &Account, headers: &mut HeaderMap) {
        tell(account, headers);
    }
}

/// The size is that of all tokens of a minute.
fn tell(account: &Account, headers: &mut HeaderMap) {
    let (tokens, requests) = (account.tokens(), account.requests);
    let seconds = tokens.seconds_to_full.max(requests.seconds_to_full);
    // Without a request left there is no size left either.
    let remaining = if requests.remaining > 0.0 { tokens.remaining.floor() } else { 0.0 };
    put(headers, "x-ratelimitbysize-limit-minute".to_owned(), tokens.limit.to_string());
    put(headers, "x-ratelimitbysize-remaining-minute".to_owned(), remaining.to_string());
    put(headers, "ratelimitbysize-reset".to_owned(), whole(seconds));
}

fn error(code: u16, kind: &str, name: &str, message: &str) -> Answer {
    let error = json!({
        "object": "error", "message": message, "type": kind, "param": null, "code": name, "raw_status_code": code,
    });
    json(status(code), error.to_string())
}

fn broken(_chunk: Value) -> Value {
    let message = "Service tier capacity exceeded for this model.";
    json!({"object": "error", "message": message, "type": "service_tier_capacity_exceeded", "code": "3505"})
}
