//! What the API layer saw: the answer, its phases, and what it says about limits.

use std::time::{Duration, SystemTime};

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

/// What the API layer saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiEvidence {
    /// The call, as the `endpoint` label: `hello`, `models`, `http`.
    pub endpoint: &'static str,
    /// The request's method.
    pub method: http::Method,
    /// The version of HTTP; absent when no connection could be set up.
    pub version: Option<HttpVersion>,
    /// The response's status; absent when there was no response.
    pub status: Option<u16>,
    /// Phases as far as the call came.
    pub phases: HttpPhases,
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
    /// How long it asked to wait.
    pub retry_after: Option<Duration>,
}

impl ApiEvidence {
    /// Evidence of a call that is about to be made.
    #[must_use]
    pub fn of_call(endpoint: &'static str, method: http::Method) -> Self {
        Self {
            endpoint,
            method,
            version: None,
            status: None,
            phases: HttpPhases::default(),
            body_bytes: 0,
            body_truncated: false,
            request_id: None,
            answered_by: None,
            error_type: None,
            rate_limits: Vec::new(),
            retry_after: None,
        }
    }

    /// Request sent until the response was complete; absent when it never was.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        Some(self.phases.processing? + self.phases.transfer?)
    }
}
