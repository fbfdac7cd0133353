//! What became of one layer: a sum type, so that "not reached" can never be read as "failed" or as 0 s.

use std::time::Duration;

use super::Reason;

/// Characters of a failure's words.
const LONGEST_DETAIL: usize = 500;

/// Why a layer failed, in the catalogue's words and in its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The catalogue's reason.
    pub reason: Reason,
    /// What was tried, on what, and what came back; never a secret.
    pub detail: String,
}

impl Failure {
    /// A failure with its words; they are cut where they are too long for a log line, since parts of them come from
    /// peers.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(LONGEST_DETAIL) {
            detail.truncate(end);
            detail.push('…');
        }
        Self { reason, detail }
    }
}

/// What became of one layer of one journey; `E` is the layer's evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stage<E> {
    /// This path has no such layer (a proxy on a direct route, TLS for `http://`, DNS for an address).
    #[default]
    NotPlanned,
    /// A lower layer failed first.
    NotReached,
    /// It worked.
    Passed {
        /// Time spent in the layer.
        took: Duration,
        /// What was seen.
        evidence: E,
    },
    /// It failed; what was seen until then is kept.
    Failed {
        /// Time spent in the layer.
        took: Duration,
        /// Why.
        failure: Failure,
        /// What was seen.
        evidence: E,
    },
}

impl<E> Stage<E> {
    /// The evidence, if the layer was reached.
    #[must_use]
    pub fn evidence(&self) -> Option<&E> {
        match self {
            Self::NotPlanned | Self::NotReached => None,
            Self::Passed { evidence, .. } | Self::Failed { evidence, .. } => Some(evidence),
        }
    }

    /// The time spent in the layer, if it was reached.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        match self {
            Self::NotPlanned | Self::NotReached => None,
            Self::Passed { took, .. } | Self::Failed { took, .. } => Some(*took),
        }
    }

    /// The failure, if the layer failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed { failure, .. } => Some(failure),
            Self::NotPlanned | Self::NotReached | Self::Passed { .. } => None,
        }
    }

    /// Whether the layer was walked and worked.
    #[must_use]
    pub fn passed(&self) -> bool {
        matches!(self, Self::Passed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_cut() {
        let failure = Failure::new(Reason::HttpProtocol, "ä".repeat(10_000));
        assert_eq!(failure.detail.chars().count(), LONGEST_DETAIL + 1);
        assert_eq!(Failure::new(Reason::HttpProtocol, "short").detail, "short");
    }
}
