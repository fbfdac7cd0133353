//! An answer as it came, and what a provider reads out of it.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::redact::one_line;
use crate::outcome::{AnsweredBy, Failure, RateLimit, Usage};

/// An HTTP answer as it came.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, up to what is read of one.
    pub body: &'a [u8],
    /// Whether the body was longer.
    pub truncated: bool,
}

impl Answer<'_> {
    /// A header as text, where it is present once or more and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }

    /// The body as JSON, where it is whole and valid.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        if self.truncated { None } else { serde_json::from_slice(self.body).ok() }
    }

    /// Whether the content type or the body's start says HTML.
    #[must_use]
    pub fn is_html(&self) -> bool {
        let typed = self
            .header("content-type")
            .is_some_and(|value| value.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("text/html")));
        let start = self.body.trim_ascii_start();
        typed
            || [&b"<!doctype"[..], b"<html"]
                .iter()
                .any(|tag| start.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag)))
    }

    /// Whether the content type says a stream of events.
    #[must_use]
    pub fn is_event_stream(&self) -> bool {
        const TYPE: &str = "text/event-stream";
        self.header("content-type")
            .and_then(|value| value.get(..TYPE.len()))
            .is_some_and(|start| start.eq_ignore_ascii_case(TYPE))
    }

    /// The answer in a few words, for a failure's detail: status, content type, and the start of the body.
    #[must_use]
    pub fn describe(&self) -> String {
        let status = self.status.as_u16();
        let mut kind = one_line(self.header("content-type").unwrap_or("no content type"));
        if let Some(coding) = self.header("content-encoding") {
            kind = format!("{kind}, {} that was not asked for", one_line(coding));
        }
        let start = String::from_utf8_lossy(self.body.get(..self.body.len().min(400)).unwrap_or_default());
        // The last word may be the first part of a key, too short to be known for one.
        let whole = if self.body.len() > 400 { start.rsplit_once(char::is_whitespace) } else { None };
        let start = one_line(whole.map_or(&*start, |(words, _)| words));
        if self.truncated {
            format!("HTTP {status}, {kind}, body of more than {} bytes", self.body.len())
        } else if start.is_empty() {
            format!("HTTP {status}, {kind}, empty body")
        } else {
            format!("HTTP {status}, {kind}, body starts {start:?}")
        }
    }
}

/// What a provider reads out of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Why it is not a good answer; `None` when it is.
    pub failure: Option<Failure>,
    /// Who answered.
    pub answered_by: AnsweredBy,
    /// The provider's request id.
    pub request_id: Option<String>,
    /// The provider's own error type, from a bounded list, else `other`; absent where it is a good answer.
    pub error_type: Option<&'static str>,
    /// The limits it stated.
    pub rate_limits: Vec<RateLimit>,
    /// Values of limits that could not be believed: negative, absurd or unreadable.
    pub rate_limits_rejected: u32,
    /// The dimension of the limit that a refusal is about; `unknown` where it is not said, absent where the answer is no
    /// such refusal.
    pub limited_by: Option<&'static str>,
    /// How long it asked to wait.
    pub retry_after: Option<Duration>,
    /// Whether it says that trying again makes sense.
    pub should_retry: Option<bool>,
    /// The tokens it used.
    pub usage: Option<Usage>,
}
