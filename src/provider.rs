//! The dialects: how a provider is called and what its answers mean.
//!
//! Promises: pure functions over requests and responses, no IO, no clock; adding a provider is one file in this room
//! plus its line in [`ALL`].

mod answer;
mod anthropic;
mod azure_openai;
mod bedrock;
mod chat;
#[cfg(test)]
mod conformance;
mod gemini;
mod generic;
mod google;
mod groq;
mod mistral;
mod openai;
mod openrouter;
mod price;
mod prices;
mod rate_limit;
mod redact;
mod sent;
mod verdict;
mod vertex;

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderName, Method, header};

use crate::outcome::Usage;

pub use answer::{Answer, Reading};
pub use price::Price;

/// What kind of call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// The provider's own reachability call, no key.
    Hello,
    /// The list of models: proves the key, costs nothing.
    Models,
    /// Counting the tokens of a short prompt: proves the key and the model, costs nothing.
    CountTokens,
    /// The smallest message: proves inference, costs money.
    Message,
    /// A short message as a stream of events: times the tokens, costs money.
    Stream,
    /// A plain GET of the target's URL.
    Get,
}

impl CallKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Hello, Self::Models, Self::CountTokens, Self::Message, Self::Stream, Self::Get];

    /// The name in the config and the `endpoint` label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Models => "models",
            Self::CountTokens => "count_tokens",
            Self::Message => "message",
            Self::Stream => "stream",
            Self::Get => "get",
        }
    }

    /// Whether it costs money.
    #[must_use]
    pub const fn is_paid(self) -> bool {
        match self {
            Self::Message | Self::Stream => true,
            Self::Hello | Self::Models | Self::CountTokens | Self::Get => false,
        }
    }

    /// Whether it is made to one model.
    #[must_use]
    pub const fn needs_model(self) -> bool {
        match self {
            Self::CountTokens | Self::Message | Self::Stream => true,
            Self::Hello | Self::Models | Self::Get => false,
        }
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// One call in a provider's dialect, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What kind.
    pub kind: CallKind,
    /// The method.
    pub method: Method,
    /// What is appended to the target's path, query included.
    pub path: Cow<'static, str>,
    /// Headers the dialect needs, the body's `content-type` included.
    pub headers: &'static [(&'static str, &'static str)],
    /// What is sent; empty for most.
    pub body: Bytes,
    /// Whether the key goes with it.
    pub keyed: bool,
    /// The most tokens a paid call can use, for what it may cost before that is known.
    pub most: Usage,
}

/// One event of a stream, as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its type; `message` where the stream does not say.
    pub name: &'a str,
    /// Its data; lines are joined by line feeds.
    pub data: &'a str,
}

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamMark {
    /// Part of the answer's text, or of what stands for it: a token.
    Content,
    /// A sign of life without content.
    Ping,
    /// The stream is complete, and the event says no more than that.
    End,
    /// The provider gave up in the middle.
    Error {
        /// The provider's own error type, from its bounded list, else `other`.
        error_type: &'static str,
        /// The provider's words, on one line, without keys.
        message: String,
    },
    /// Anything else, such as a start or a kind of event that is not known yet.
    Other,
    /// Not in the form that all of the provider's events have.
    Unreadable,
}

/// What is read out of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventReading {
    /// What it means.
    pub mark: StreamMark,
    /// The tokens used so far, as far as it says.
    pub usage: Usage,
    /// Whether the stream is complete with this event. Some providers say so in the event that brings the last words,
    /// which is marked [`StreamMark::Content`] all the same; it is always set for [`StreamMark::End`].
    pub ends: bool,
}

/// A provider's public status page in the format of Statuspage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusPage {
    /// Where its `summary.json` is, the most preferred first.
    pub urls: &'static [&'static str],
    /// The id of the component that is the API, where there is one.
    pub component: Option<&'static str>,
}

/// One provider's dialect.
pub trait Provider: fmt::Debug + Send + Sync {
    /// Its name in the config.
    fn name(&self) -> &'static str;

    /// Its own base URL, if it has one.
    fn default_url(&self) -> Option<&'static str>;

    /// The networks it has published for its API, in CIDR notation.
    fn networks(&self) -> &'static [&'static str] {
        &[]
    }

    /// The kinds of call it has.
    fn kinds(&self) -> &'static [CallKind];

    /// The call of one kind to a model, or `None` where the provider has no such call. The model is of no meaning for
    /// kinds that need none.
    fn call(&self, kind: CallKind, model: &str) -> Option<Call>;

    /// What is called when the config does not say.
    fn default_call(&self, has_key: bool) -> CallKind {
        if has_key { CallKind::Models } else { CallKind::Hello }
    }

    /// The model that is called when the config does not say: a cheap one.
    fn default_model(&self) -> Option<&'static str> {
        None
    }

    /// What a model costs a token, where that is known.
    fn price(&self, _model: &str) -> Option<Price> {
        None
    }

    /// The header that carries the key, and what stands before the key in it.
    fn key_header(&self) -> (HeaderName, &'static str) {
        (header::AUTHORIZATION, "Bearer ")
    }

    /// Its public status page, if it has one.
    fn status_page(&self) -> Option<StatusPage> {
        None
    }

    /// What an answer to a call means; `now` is for times the answer gives relative to itself.
    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading;

    /// What an event of a stream means.
    fn read_event(&self, event: Event<'_>) -> EventReading;
}

/// Every provider.
pub const ALL: &[&dyn Provider] = &[
    &anthropic::Anthropic,
    &openai::OpenAi,
    &azure_openai::AzureOpenAi,
    &gemini::Gemini,
    &vertex::Vertex,
    &bedrock::Bedrock,
    &mistral::Mistral,
    &groq::Groq,
    &openrouter::OpenRouter,
    &generic::Generic,
];

/// The provider of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.name() == name)
}
