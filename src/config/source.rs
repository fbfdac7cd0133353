//! A URL that answers with a list of targets.

use std::sync::Arc;
use std::time::Duration;

use super::list::{Format, ListText};
use super::lower::is_here;
use crate::target::{ApiKey, Endpoint, Roots};

/// A URL that answers with a list of targets.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSource {
    /// Where it is; no other source shows the same.
    pub endpoint: Endpoint,
    /// Time between two readings.
    pub refresh: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// The token to send, and only there: over TLS, or on this machine.
    pub token: Option<ApiKey>,
    /// Which roots its certificate must lead to.
    pub roots: Roots,
    /// A longer list is refused.
    pub max_targets: usize,
    /// Whether its targets may name keys, files and variables of this machine.
    pub trusted: bool,
}

impl TargetSource {
    /// Whether it is on this machine, so that no proxy may lead to it.
    #[must_use]
    pub fn is_here(&self) -> bool {
        is_here(&self.endpoint)
    }

    /// A list that it answered with.
    #[must_use]
    pub fn list_text(&self, text: Arc<str>) -> ListText {
        ListText {
            origin: self.endpoint.shown().into(),
            text,
            format: Format::Json,
            trusted: self.trusted,
            most: self.max_targets,
        }
    }
}
