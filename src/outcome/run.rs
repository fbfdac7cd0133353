//! The record of one run: all paths of a target, walked once.

use std::sync::Arc;

use super::{DnsEvidence, Outcome, PathId, Stage};

/// What one run of a target found.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The target's name.
    pub target: Arc<str>,
    /// Every lookup made, those without a path included.
    pub lookups: Vec<Stage<DnsEvidence>>,
    /// One journey a path.
    pub outcomes: Vec<Outcome>,
    /// Paths the target no longer has.
    pub retired: Vec<PathId>,
}

impl Run {
    /// A run of a target that found nothing yet.
    #[must_use]
    pub fn of(target: Arc<str>) -> Self {
        Self { target, lookups: Vec::new(), outcomes: Vec::new(), retired: Vec::new() }
    }
}
