//! How HTTP is spoken.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

/// Which version of HTTP is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpOffer {
    /// Both; the server chooses by ALPN.
    Auto,
    /// HTTP/1.1 only.
    H1,
    /// HTTP/2 only.
    H2,
}

impl HttpOffer {
    /// The names it offers by ALPN, the most preferred first.
    #[must_use]
    pub const fn alpn(self) -> &'static [&'static [u8]] {
        match self {
            Self::Auto => &[b"h2", b"http/1.1"],
            Self::H1 => &[b"http/1.1"],
            Self::H2 => &[b"h2"],
        }
    }
}

/// A pattern a body must match; compares by its text.
#[derive(Debug, Clone)]
pub struct BodyPattern(pub regex::bytes::Regex);

impl PartialEq for BodyPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for BodyPattern {}

/// What an answer must be, beyond what the provider's dialect says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectations {
    /// Statuses that are right; empty: what the provider says.
    pub status: Vec<u16>,
    /// What the body must match.
    pub body: Option<BodyPattern>,
    /// Slower than this is reported as slow.
    pub max_latency: Option<Duration>,
    /// A first token of a stream that comes later than this is reported as slow.
    pub max_first_token: Option<Duration>,
    /// A stream without an event for longer than this has stalled.
    pub max_gap: Option<Duration>,
}

/// How HTTP is spoken with a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// The versions offered.
    pub offer: HttpOffer,
    /// Headers added to every call; values are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What the answer must be.
    pub expect: Expectations,
    /// Whether plain HTTP on port 80 of the host must redirect to HTTPS.
    pub redirect_https: bool,
}
