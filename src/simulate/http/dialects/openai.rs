//! OpenAI: `GET /v1/models`, `POST /v1/chat/completions`.

use super::super::super::rate_limits::{Account, Used};
use super::super::answers::{Answer, from_edge, json, set, status};
use super::chat::{self, Style, complete, rate_limited, write_go_limits};
use super::{Ask, Failure, Provider, Served};
use http::HeaderMap;
use serde_json::{Value, json};

const MODELS: [&str; 3] = ["gpt-5-nano", "gpt-5-mini", "gpt-4o-mini"];
/// What the models of this provider are called.
const FAMILIES: [&str; 5] = ["gpt-", "chatgpt-", "o1", "o3", "o4"];

const STYLE: Style = Style { usage_always: false, ping: ": ping\n\n", error: broken };

pub(super) struct OpenAi;

impl Provider for OpenAi {
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure> {
        match ask.call.path() {
            "/v1/models" if ask.is_get() => {
                ask.check_bearer()?;
                Ok(Served::json(&chat::models(&MODELS, "openai"), Used::default()))
            }
            "/v1/chat/completions" if ask.is_post() => {
                ask.check_bearer()?;
                complete(ask, &STYLE, known(chat::model(ask)?)?)
            }
            path => match path.strip_prefix("/v1/models/").filter(|_| ask.is_get()) {
                None => Err(Failure::NoSuchPath),
                Some(model) => {
                    ask.check_bearer()?;
                    let list = chat::models(&[known(model)?], "openai");
                    Ok(Served::json(list.pointer("/data/0").unwrap_or(&list), Used::default()))
                }
            },
        }
    }

    fn refuse(&self, ask: &Ask<'_>, failure: &Failure) -> Answer {
        let request = "invalid_request_error";
        let (code, kind, name, message) = match failure {
            Failure::KeyMissing => (
                401,
                request,
                None,
                "You didn't provide an API key. You need to provide your API key in an Authorization \
                     header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
                    .to_owned(),
            ),
            Failure::KeyWrong => (
                401,
                request,
                Some("invalid_api_key"),
                "Incorrect API key provided. You can find your API key at \
                     https://platform.openai.com/account/api-keys."
                    .to_owned(),
            ),
            Failure::Forbidden => {
                (403, request, None, "You have insufficient permissions for this operation.".to_owned())
            }
            Failure::Region => {
                let message = "Country, region, or territory not supported".to_owned();
                (403, "request_forbidden", Some("unsupported_country_region_territory"), message)
            }
            Failure::NoSuchPath => {
                let (method, path) = (&ask.call.head.method, ask.call.path());
                (404, request, None, format!("Invalid URL ({method} {path})"))
            }
            Failure::NoSuchModel(model) => {
                let message = format!("The model `{model}` does not exist or you do not have access to it.");
                (404, request, Some("model_not_found"), message)
            }
            Failure::BadRequest(message) => (400, request, None, message.clone().into_owned()),
            Failure::RateLimited => {
                let message = "Rate limit reached for requests per min (RPM): Limit 1000, Used 1000, Requested 1. Please \
                    try again in 7s.";
                let answer = error(429, "requests", Some("rate_limit_exceeded"), message);
                let mut answer = rate_limited(answer, write_go_limits);
                set(&mut answer, "retry-after-ms", "7000");
                return answer;
            }
            Failure::Quota => {
                let message =
                    "You exceeded your current quota, please check your plan and billing details.".to_owned();
                (429, "insufficient_quota", Some("insufficient_quota"), message)
            }
            Failure::Internal => {
                let message =
                    "The server had an error while processing your request. Sorry about that!".to_owned();
                (500, "server_error", None, message)
            }
            Failure::Timeout => (504, "server_error", None, "Gateway timeout.".to_owned()),
            Failure::Overloaded => {
                let message = "The engine is currently overloaded, please try again later.".to_owned();
                (503, "server_error", None, message)
            }
        };
        error(code, kind, name, &message)
    }

    fn dress(&self, ask: &Ask<'_>, answer: Answer) -> Answer {
        let mut answer = from_edge(answer, ask.ids);
        set(&mut answer, "x-request-id", &ask.ids.request_id);
        set(&mut answer, "openai-processing-ms", "12");
        set(&mut answer, "openai-version", "2020-10-01");
        answer
    }

    fn tell_limits(&self, account: &Account, headers: &mut HeaderMap) {
        write_go_limits(account, headers);
    }
}

fn known(model: &str) -> Result<&str, Failure> {
    let known = FAMILIES.iter().any(|family| model.starts_with(family));
    if known { Ok(model) } else { Err(Failure::NoSuchModel(model.to_owned())) }
}

fn error(code: u16, kind: &str, name: Option<&str>, message: &str) -> Answer {
    let error = json!({"message": message, "type": kind, "param": null, "code": name});
    json(status(code), json!({"error": error}).to_string())
}

fn broken(_chunk: Value) -> Value {
    let message = "The server had an error while processing your request. Sorry about that!";
    json!({"error": {"message": message, "type": "server_error", "param": null, "code": null}})
}
