//! Gemini: `GET /v1beta/models`, and below a model `:generateContent`, `:streamGenerateContent` and `:countTokens`. It
//! tells no limits.

use super::super::super::rate_limits::{Account, Used};
use super::super::answers::{Answer, set, typed};
use super::super::model::Said;
use super::super::script::{Script, event, streams};
use super::google_rpc::{self, JSON, OVERLOADED, body, error, reason};
use super::{Ask, Failure, Provider, Served};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

const MODELS: [(&str, &str); 2] =
    [("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"), ("gemini-2.5-flash", "Gemini 2.5 Flash")];
const SERVICE: &str = "generativelanguage.googleapis.com";

pub(super) struct Gemini;

impl Provider for Gemini {
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure> {
        let path = ask.call.path().strip_prefix("/v1beta/models").ok_or(Failure::NoSuchPath)?;
        ask.check(ask.call.header("x-goog-api-key").or_else(|| ask.call.parameter("key")))?;
        if ask.is_get() {
            let name = path.strip_prefix('/').unwrap_or_default();
            let all: Vec<_> =
                MODELS.iter().filter(|(id, _)| path.is_empty() || *id == name).map(model).collect();
            return match (path.is_empty(), all.first()) {
                (true, _) => Ok(good(&json!({"models": all}), Used::default())),
                (false, Some(one)) => Ok(good(one, Used::default())),
                (false, None) => Err(Failure::NoSuchModel(name.to_owned())),
            };
        }
        let Some((model, method)) = path.strip_prefix('/').and_then(|path| path.split_once(':')) else {
            return Err(Failure::NoSuchPath);
        };
        if !model.starts_with("gemini-") {
            return Err(Failure::NoSuchModel(model.to_owned()));
        }
        let body = ask.call.json().ok_or(Failure::BadRequest("Invalid JSON payload received.".into()))?;
        match method {
            "countTokens" => {
                let said = said(body)?;
                Ok(good(&json!({"totalTokens": said.input_tokens}), Used::default()))
            }
            "generateContent" | "streamGenerateContent" => Ok(generate(ask, model, said(body)?)),
            _ => Err(Failure::NoSuchPath),
        }
    }

    fn refuse(&self, _: &Ask<'_>, failure: &Failure) -> Answer {
        match failure {
            Failure::KeyMissing => error(
                403,
                "PERMISSION_DENIED",
                "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or \
                 other form of API consumer identity to call this API.",
                &[],
            ),
            Failure::KeyWrong => error(
                400,
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.",
                &[reason("API_KEY_INVALID", SERVICE)],
            ),
            other => google_rpc::refuse(other),
        }
    }

    fn dress(&self, _: &Ask<'_>, mut answer: Answer) -> Answer {
        set(&mut answer, "server", "scaffolding on HTTPServer2");
        set(&mut answer, "x-content-type-options", "nosniff");
        set(&mut answer, "server-timing", "gfet4t7; dur=12");
        answer
    }

    fn tell_limits(&self, _: &Account, _: &mut HeaderMap) {}
}

fn good(body: &Value, used: Used) -> Served {
    Served { answer: typed(StatusCode::OK, JSON, body.to_string()), used: Some(used) }
}

fn model((id, name): &(&str, &str)) -> Value {
    json!({
        "name": format!("models/{id}"),
        "displayName": name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    })
}

fn said(body: &Value) -> Result<Said, Failure> {
    let contents = body.get("contents").and_then(Value::as_array).filter(|contents| !contents.is_empty());
    let missing = "* GenerateContentRequest.contents: contents is not specified";
    let contents = contents.ok_or(Failure::BadRequest(missing.into()))?;
    let max = body.pointer("/generationConfig/maxOutputTokens").and_then(Value::as_u64);
    let max = max.map(|max| usize::try_from(max).unwrap_or(usize::MAX));
    if max == Some(0) {
        return Err(Failure::BadRequest("max_output_tokens must be positive.".into()));
    }
    Ok(Said::to(contents.iter().filter_map(|content| content.get("parts")), max))
}

fn generate(ask: &Ask<'_>, model: &str, said: Said) -> Served {
    let used = said.used();
    let finish = if said.was_cut() { "MAX_TOKENS" } else { "STOP" };
    // How much has been said up to here goes with every piece of it.
    let answer = |text: &str, output: usize, finish: Option<&str>| {
        let mut candidate = json!({"content": {"parts": [{"text": text}], "role": "model"}, "index": 0});
        if let Some(finish) = finish {
            candidate["finishReason"] = finish.into();
        }
        json!({
            "candidates": [candidate],
            "usageMetadata": {
                "promptTokenCount": said.input_tokens,
                "candidatesTokenCount": output,
                "totalTokenCount": output.saturating_add(usize::try_from(said.input_tokens).unwrap_or(usize::MAX)),
            },
            "modelVersion": model,
            "responseId": ask.ids.uuid,
        })
    };
    let whole = answer(&said.text(), said.words.len(), Some(finish));
    let streamed = ask.call.path().ends_with(":streamGenerateContent");
    if streams(ask.call) && ask.call.parameter("alt") == Some("sse") {
        let words = said.words.iter().enumerate();
        let script = Script {
            opening: Vec::new(),
            tokens: words.map(|(at, word)| event(&answer(word, at + 1, None))).collect(),
            closing: vec![event(&answer("", said.words.len(), Some(finish)))],
            ping: Bytes::from_static(b": ping\n\n"),
            error: event(&body(503, "UNAVAILABLE", OVERLOADED, &[])),
        };
        return Served { answer: script.play(ask.call), used: Some(used) };
    }
    // Without `alt=sse` what is streamed is one JSON array.
    good(&if streamed { json!([whole]) } else { whole }, used)
}
