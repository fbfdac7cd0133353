//! The record of one run: all paths of a target, walked once.

use std::sync::Arc;

use super::{ApiEvidence, DnsEvidence, Finding, Outcome, PathId, Stage};

/// Who was asked in a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A resolver of the target.
    Resolver,
    /// One name server of a resolver that has several: those of resolv.conf.
    NameServer,
}

/// One lookup of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// The endpoint whose host was asked for, as it is shown.
    pub endpoint: Arc<str>,
    /// Who was asked.
    pub asked: Asked,
    /// What came of it.
    pub stage: Stage<DnsEvidence>,
}

/// One call of an ordinary client that keeps its connections, made beside the journeys.
#[derive(Debug, Clone, PartialEq)]
pub struct PooledCall {
    /// The endpoint called, as it is shown.
    pub endpoint: Arc<str>,
    /// The route it went by.
    pub route: Arc<str>,
    /// What came of it.
    pub stage: Stage<ApiEvidence>,
}

/// What one run of a target found.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The target's name.
    pub target: Arc<str>,
    /// Every lookup made, those without a path included.
    pub lookups: Vec<Lookup>,
    /// One journey a path and endpoint; the board, the history and whoever shows it hold the same one.
    pub outcomes: Vec<Arc<Outcome>>,
    /// Calls of an ordinary client beside them.
    pub pooled: Vec<PooledCall>,
    /// Paths an endpoint no longer has.
    pub retired: Vec<(Arc<str>, PathId)>,
    /// What all of it together says about an endpoint, rather than one path: resolvers that disagree, a family that is
    /// broken.
    pub findings: Vec<(Arc<str>, Finding)>,
}

impl Run {
    /// A run of a target that found nothing yet.
    #[must_use]
    pub fn of(target: Arc<str>) -> Self {
        Self {
            target,
            lookups: Vec::new(),
            outcomes: Vec::new(),
            pooled: Vec::new(),
            retired: Vec::new(),
            findings: Vec::new(),
        }
    }
}
