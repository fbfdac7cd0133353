//! What the API layer saw: the answer, its phases, and what it says about limits.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::units::Usd;

/// The version of HTTP spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl HttpVersion {
    /// As `probe_http_version` gives it: 1.1 or 2.
    #[must_use]
    pub const fn number(self) -> f64 {
        match self {
            Self::Http11 => 1.1,
            Self::Http2 => 2.0,
        }
    }
}

/// Who answered, judged by the marks on the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnsweredBy {
    /// The API itself.
    Origin,
    /// The provider's edge, without the API behind it.
    Edge,
    /// Neither: something on the way (a portal, a gateway, a block page).
    Between,
}

impl AnsweredBy {
    /// A word for logs and JSON: `origin`, `edge`, `between`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Edge => "edge",
            Self::Between => "between",
        }
    }
}

/// The phases of a call, as far as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HttpPhases {
    /// Request sent until the head of the response is there.
    pub processing: Option<Duration>,
    /// Head of the response until its body is complete.
    pub transfer: Option<Duration>,
}

/// One rate limit as the provider stated it; what it did not state is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// `requests`, `tokens`, `input_tokens`, …
    pub dimension: &'static str,
    /// The limit.
    pub limit: Option<u64>,
    /// What is left of it.
    pub remaining: Option<u64>,
    /// When it will be full again.
    pub reset: Option<SystemTime>,
}

/// The connection a call was made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Connection {
    /// One of its own, made for it.
    #[default]
    Fresh,
    /// One out of a pool, as an ordinary client keeps it.
    Reused,
}

impl Connection {
    /// The label value: `fresh`, `reused`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Reused => "reused",
        }
    }
}

/// The tokens a call used, by the provider's own count; what it did not state is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input_tokens: Option<u64>,
    /// Tokens generated.
    pub output_tokens: Option<u64>,
}

impl Usage {
    /// This count, brought up to date by a later one.
    #[must_use]
    pub fn updated(self, later: Self) -> Self {
        Self {
            input_tokens: later.input_tokens.or(self.input_tokens),
            output_tokens: later.output_tokens.or(self.output_tokens),
        }
    }
}

/// What was seen of a stream of events; times are since the request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamEvidence {
    /// When the first event was complete, pings not counted.
    pub first_event: Option<Duration>,
    /// When the first token of content came.
    pub first_token: Option<Duration>,
    /// When the last token of content came.
    pub last_token: Option<Duration>,
    /// The longest time without an event, pings not counted, from the head of the response on.
    pub longest_gap: Option<Duration>,
    /// The longest time without a byte, from the head of the response on.
    pub longest_silence: Option<Duration>,
    /// Events, pings not counted.
    pub events: u64,
    /// Pings and comments: signs of life without content.
    pub pings: u64,
    /// Whether the stream ended as the provider's protocol says it ends.
    pub complete: bool,
}

/// What the API layer saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiEvidence {
    /// The call, as the `endpoint` label: `hello`, `models`, `http`.
    pub endpoint: &'static str,
    /// The request's method.
    pub method: http::Method,
    /// The connection it was made on.
    pub connection: Connection,
    /// The model it asked for, where it needs one.
    pub model: Option<Arc<str>>,
    /// The version of HTTP; absent when no connection could be set up.
    pub version: Option<HttpVersion>,
    /// The response's status; absent when there was no response.
    pub status: Option<u16>,
    /// Phases as far as the call came.
    pub phases: HttpPhases,
    /// How long the body is by what the head says.
    pub content_length: Option<u64>,
    /// When what was asked for was last changed, by what the head says.
    pub last_modified: Option<SystemTime>,
    /// Bytes of body read.
    pub body_bytes: u64,
    /// Whether the body was longer than what is read of one.
    pub body_truncated: bool,
    /// The provider's request id.
    pub request_id: Option<String>,
    /// Who answered.
    pub answered_by: Option<AnsweredBy>,
    /// The provider's own error type, from a bounded list, else `other`.
    pub error_type: Option<&'static str>,
    /// The limits it stated.
    pub rate_limits: Vec<RateLimit>,
    /// Values of limits that could not be believed: negative, absurd or unreadable.
    pub rate_limits_rejected: u32,
    /// The dimension of the limit that a refusal is about; `unknown` where it is not said.
    pub limited_by: Option<&'static str>,
    /// How long it asked to wait.
    pub retry_after: Option<Duration>,
    /// Whether it says that trying again makes sense.
    pub should_retry: Option<bool>,
    /// The tokens it used.
    pub usage: Option<Usage>,
    /// What they cost; absent where that is not known, as of a stream that did not come to its end.
    pub cost: Option<Usd>,
    /// What was seen of a stream of events, if the answer was one.
    pub stream: Option<StreamEvidence>,
}

impl ApiEvidence {
    /// Evidence of a call that is about to be made.
    #[must_use]
    pub fn of_call(endpoint: &'static str, method: http::Method) -> Self {
        Self {
            endpoint,
            method,
            connection: Connection::Fresh,
            model: None,
            version: None,
            status: None,
            phases: HttpPhases::default(),
            content_length: None,
            last_modified: None,
            body_bytes: 0,
            body_truncated: false,
            request_id: None,
            answered_by: None,
            error_type: None,
            rate_limits: Vec::new(),
            rate_limits_rejected: 0,
            limited_by: None,
            retry_after: None,
            should_retry: None,
            usage: None,
            cost: None,
            stream: None,
        }
    }

    /// Request sent until the response was complete, of a stream until its first token; absent when it never was.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        match &self.stream {
            Some(stream) => stream.first_token,
            None => Some(self.phases.processing? + self.phases.transfer?),
        }
    }

    /// Tokens a second between the first token and the last; absent where that is no time.
    #[must_use]
    pub fn tokens_per_second(&self) -> Option<f64> {
        let stream = self.stream?;
        let took = stream.last_token?.checked_sub(stream.first_token?)?.as_secs_f64();
        let after_first = u32::try_from(self.usage?.output_tokens?.checked_sub(1)?).ok()?;
        (took > 0.0 && after_first > 0).then(|| f64::from(after_first) / took)
    }
}
