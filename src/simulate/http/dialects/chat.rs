//! Chat completions, which several providers speak alike: whole, and as a stream that ends with `[DONE]`.

use super::super::super::world::wall_clock;
use super::super::answers::Answer;
use super::super::model::Said;
use super::super::script::{Script, event, streams};
use super::durations::go;
use super::{Ask, Failure, Served};
use crate::simulate::rate_limits::{Account, Reading};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

/// What differs between providers.
pub(super) struct Style {
    /// Whether a stream tells its usage without being asked to.
    pub(super) usage_always: bool,
    /// A line that keeps a stream busy and means nothing.
    pub(super) ping: &'static str,
    /// What is sent when the model fails on the way, made of the start of a chunk.
    pub(super) error: fn(Value) -> Value,
}

/// A call, as far as it matters here.
struct Chat<'a> {
    id: String,
    model: &'a str,
    said: Said,
    usage: bool,
}

/// Answers a completion by this model.
pub(super) fn complete(ask: &Ask<'_>, style: &Style, model: &str) -> Result<Served, Failure> {
    let body = ask
        .call
        .json()
        .ok_or_else(|| Failure::BadRequest("We could not parse the JSON body of your request.".into()))?;
    let messages = body.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| missing("messages"))?;
    let max = ["max_completion_tokens", "max_tokens"].into_iter().find_map(|name| body.get(name));
    let max_tokens = match max.filter(|max| !max.is_null()) {
        None => None,
        Some(max) => {
            let max = max.as_u64().and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0);
            Some(max.ok_or_else(|| {
                Failure::BadRequest("Invalid 'max_tokens': expected a value of 1 at least.".into())
            })?)
        }
    };
    let asked = body.get("stream_options").and_then(|options| options.get("include_usage"));
    let chat = Chat {
        id: ask.ids.request_id.replace("req_", "chatcmpl-"),
        model,
        said: Said::to(messages.iter().filter_map(|message| message.get("content")), max_tokens),
        usage: style.usage_always || asked.and_then(Value::as_bool).unwrap_or(false),
    };
    let used = chat.said.used();
    Ok(if streams(ask.call) {
        Served { answer: chat.script(style).play(ask.call), used: Some(used) }
    } else {
        Served::json(&chat.whole(), used)
    })
}

/// The model a call names in its body.
pub(super) fn model<'a>(ask: &Ask<'a>) -> Result<&'a str, Failure> {
    let body = ask.call.json();
    body.and_then(|body| body.get("model")).and_then(Value::as_str).ok_or_else(|| missing("model"))
}

/// A list as `GET /models` has it.
pub(super) fn models(names: &[&str], owner: &str) -> Value {
    let model = |id: &&str| json!({"id": id, "object": "model", "created": 1_767_225_600, "owned_by": owner});
    json!({"object": "list", "data": names.iter().map(model).collect::<Vec<_>>()})
}

/// Limits as `x-ratelimit-…`, the time written down in some way.
pub(super) fn write_limits(account: &Account, reset: fn(f64) -> String, headers: &mut HeaderMap) {
    for (what, reading) in [("requests", account.requests), ("tokens", account.tokens())] {
        let Reading { limit, remaining, seconds_to_full } = reading;
        put(headers, format!("x-ratelimit-limit-{what}"), limit.to_string());
        put(headers, format!("x-ratelimit-remaining-{what}"), remaining.floor().to_string());
        put(headers, format!("x-ratelimit-reset-{what}"), reset(seconds_to_full));
    }
}

/// The same in Go's durations.
pub(super) fn write_go_limits(account: &Account, headers: &mut HeaderMap) {
    write_limits(account, go, headers);
}

pub(super) fn put(headers: &mut HeaderMap, name: String, value: String) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

/// Nothing is left, and when to call again in whole seconds.
pub(super) fn rate_limited(mut answer: Answer, tell: impl Fn(&Account, &mut HeaderMap)) -> Answer {
    tell(&Account::exhausted(), answer.headers_mut());
    put(answer.headers_mut(), "retry-after".to_owned(), super::super::limits::WAIT_SECONDS.to_string());
    answer
}

fn missing(name: &str) -> Failure {
    Failure::BadRequest(format!("Missing required parameter: '{name}'.").into())
}

// === impl Chat ===

impl Chat<'_> {
    fn finish_reason(&self) -> &'static str {
        if self.said.was_cut() { "length" } else { "stop" }
    }

    fn usage(&self) -> Value {
        let (input, output) = (self.said.input_tokens, self.said.output_tokens());
        json!({
            "prompt_tokens": input,
            "completion_tokens": output,
            "total_tokens": input.saturating_add(output),
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        })
    }

    fn whole(&self) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": wall_clock().as_second(),
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": self.said.text(), "refusal": null},
                "logprobs": null,
                "finish_reason": self.finish_reason(),
            }],
            "usage": self.usage(),
            "system_fingerprint": "fp_simulated",
        })
    }

    /// What all chunks begin with.
    fn chunk(&self) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": wall_clock().as_second(),
            "model": self.model,
            "system_fingerprint": "fp_simulated",
        })
    }

    fn delta(&self, delta: &Value, finish_reason: Option<&str>) -> Bytes {
        let mut chunk = self.chunk();
        chunk["choices"] =
            json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}]);
        if self.usage {
            chunk["usage"] = Value::Null;
        }
        event(&chunk)
    }

    fn script(&self, style: &Style) -> Script {
        let mut closing = vec![self.delta(&json!({}), Some(self.finish_reason()))];
        if self.usage {
            let mut chunk = self.chunk();
            chunk["choices"] = json!([]);
            chunk["usage"] = self.usage();
            closing.push(event(&chunk));
        }
        closing.push(Bytes::from_static(b"data: [DONE]\n\n"));
        let role = json!({"role": "assistant", "content": "", "refusal": null});
        Script {
            opening: vec![self.delta(&role, None)],
            tokens: self.said.words.iter().map(|word| self.delta(&json!({"content": word}), None)).collect(),
            closing,
            ping: Bytes::from_static(style.ping.as_bytes()),
            error: event(&(style.error)(self.chunk())),
        }
    }
}
