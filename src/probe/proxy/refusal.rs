//! Why there is no tunnel, in the words of one step.

use crate::outcome::{Failure, Reason};

/// Why a step of the way to a tunnel failed.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: Reason,
    words: String,
    /// The proxy hung up instead of answering.
    cut: bool,
}

impl Refusal {
    pub(super) fn new(reason: Reason, words: impl Into<String>) -> Self {
        Self { reason, words: words.into(), cut: false }
    }

    /// The proxy hung up.
    pub(super) fn cut(words: String) -> Self {
        Self { reason: Reason::ProxyProtocol, words, cut: true }
    }

    /// TLS with the proxy failed: what that says of the proxy.
    pub(super) fn of_tls(failure: &Failure) -> Self {
        let reason = match failure.reason {
            Reason::CanaryExhausted => Reason::CanaryExhausted,
            Reason::TlsTimeout => Reason::ProxyTimeout,
            Reason::TlsNotTls | Reason::TlsReset => Reason::ProxyProtocol,
            Reason::TlsClientCertRequired => Reason::ProxyAuthRequired,
            // A certificate that does not verify, or no common version: this proxy cannot be used from here.
            _ => Reason::ProxyUnreachable,
        };
        Self::new(reason, failure.detail.clone())
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(super) fn words(&self) -> &str {
        &self.words
    }

    /// The failure of the proxy with this URL.
    pub(super) fn of_proxy(self, shown: &str) -> Failure {
        Failure::new(self.reason, format!("the proxy {shown}: {}", self.words))
    }
}
