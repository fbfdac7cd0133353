//! The chat-completions dialect: what `OpenAI`, Azure, Mistral, Groq and `OpenRouter` have in common.
//!
//! A request is a model and messages; an error is an object with a message, a type and a code, in `error` or bare; a stream
//! is of chunks with deltas, the tokens used in the last of them, and `data: [DONE]`. What differs is in [`Dialect`].

mod events;
mod refusal;

use std::borrow::Cow;
use std::time::SystemTime;

use serde_json::{Value, json};

use self::refusal::ChatError;
use super::rate_limit::{Said, again_in};
use super::sent::{self, LONG_PROMPT, PROMPT, STREAMED_TOKENS};
use super::verdict::{self, Body, Found, Marks};
use super::{Answer, Call, CallKind, Event, EventReading, Reading};
use crate::outcome::Usage;

/// What one provider does in its own way.
#[derive(Debug)]
pub(super) struct Dialect {
    /// What the limit on tokens is called.
    pub(super) limit: &'static str,
    /// The fewest tokens that can be asked for.
    pub(super) fewest: u64,
    /// Whether a stream must be asked to count its tokens.
    pub(super) ask_for_usage: bool,
    /// How little a model can be told to think, where it thinks.
    pub(super) effort: fn(&str) -> Option<&'static str>,
    /// Headers that hold the request id, the best first.
    pub(super) request_ids: &'static [&'static str],
    /// Other headers that only the API itself sends.
    pub(super) marks: &'static [&'static str],
    /// Whether an error without such headers is its own too, by its shape.
    pub(super) unmarked: bool,
    /// Whether an answer comes from the edge.
    pub(super) edge: fn(&Answer<'_>) -> bool,
    /// Types and codes of errors.
    pub(super) error_types: &'static [&'static str],
}

/// For models that do not think, or can not be told.
pub(super) const fn no_effort(_model: &str) -> Option<&'static str> {
    None
}

/// The kinds of call they have.
pub(super) const KINDS: &[CallKind] =
    &[CallKind::Hello, CallKind::Models, CallKind::Message, CallKind::Stream];

impl Dialect {
    /// A call where completions are at the usual path, and a GET at `known` proves the key and is refused without one.
    pub(super) fn call(&self, kind: CallKind, known: &'static str, model: &str) -> Option<Call> {
        match kind {
            CallKind::Hello => Some(sent::get(kind, known, &[], false)),
            CallKind::Models => Some(sent::get(kind, known, &[], true)),
            CallKind::Message | CallKind::Stream => self.completion(kind, "/chat/completions", model),
            CallKind::CountTokens | CallKind::Get => None,
        }
    }

    /// A call to a model at this path.
    pub(super) fn completion(
        &self,
        kind: CallKind,
        path: impl Into<Cow<'static, str>>,
        model: &str,
    ) -> Option<Call> {
        let (prompt, tokens, headers) = match kind {
            CallKind::Message => (PROMPT, self.fewest, sent::JSON),
            CallKind::Stream => (LONG_PROMPT, STREAMED_TOKENS, sent::STREAM),
            CallKind::Hello | CallKind::Models | CallKind::CountTokens | CallKind::Get => return None,
        };
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": prompt}]});
        body[self.limit] = tokens.into();
        if let Some(effort) = (self.effort)(model) {
            body["reasoning_effort"] = effort.into();
        }
        if kind == CallKind::Stream {
            body["stream"] = true.into();
            if self.ask_for_usage {
                body["stream_options"] = json!({"include_usage": true});
            }
        }
        Some(Call { most: sent::most(tokens), ..sent::post(kind, path, headers, &body) })
    }

    /// What an answer means.
    pub(super) fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        let json = answer.json();
        let error = json.as_ref().and_then(|json| ChatError::of(json, answer.status.as_u16()));
        let request_id = self.request_ids.iter().find_map(|name| answer.header(name));
        let marked = request_id.is_some() || self.marks.iter().any(|name| answer.headers.contains_key(*name));
        let message = error.as_ref().and_then(|error| error.message);
        // Gateways that send people to a page may number their requests too.
        let origin = (marked && !answer.is_html()) || (self.unmarked && error.is_some());
        let limited = answer.status == 429;
        let found = Found {
            marks: Marks::of(origin, (self.edge)(answer)),
            body: Body::of(error.is_some(), has_shape(kind, answer, json.as_ref())),
            refusal_wanted: kind == CallKind::Hello,
            proven: kind == CallKind::Message && error.as_ref().is_some_and(ChatError::ran_into_limit),
            reason: error.as_ref().and_then(|error| error.reason(answer.status.as_u16())),
            kind: error.as_ref().and_then(ChatError::shown),
            message,
            error_type: error.as_ref().map(|error| error.listed(self.error_types)),
            request_id,
            usage: json.as_ref().filter(|_| kind.is_paid()).and_then(|json| json.get("usage")).map(usage),
            wait: message.filter(|_| limited).and_then(again_in),
            said: Said { kind: error.as_ref().and_then(|error| error.kind), message, ..Said::default() },
        };
        verdict::reading(answer, json.as_ref(), &found, now)
    }

    /// What an event of a stream means.
    pub(super) fn read_event(&self, event: Event<'_>) -> EventReading {
        events::read(event, self.error_types)
    }
}

fn has_shape(kind: CallKind, answer: &Answer<'_>, json: Option<&Value>) -> bool {
    let of = |key: &str| json.and_then(|json| json.get(key));
    match kind {
        // A list, or at OpenRouter what is known of the key.
        CallKind::Hello | CallKind::Models => {
            of("data").is_some_and(|data| data.is_array() || data.is_object())
        }
        CallKind::Message => of("choices").is_some_and(Value::is_array),
        CallKind::Stream => answer.is_event_stream(),
        CallKind::CountTokens | CallKind::Get => false,
    }
}

/// The tokens of a usage object.
fn usage(usage: &Value) -> Usage {
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    Usage { input_tokens: count("prompt_tokens"), output_tokens: count("completion_tokens") }
}
