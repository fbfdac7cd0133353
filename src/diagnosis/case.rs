//! What a diagnosis is made of.

use std::sync::Arc;
use std::time::Duration;

use crate::outcome::{Family, Finding, FollowUp, Layer, Lookup, Outcome, Reason};
use crate::target::Target;

/// All that is known of one target.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The target.
    pub target: &'a Target,
    /// The last journey of every path to every endpoint.
    pub outcomes: &'a [&'a Outcome],
    /// The lookups of the last run.
    pub lookups: &'a [Lookup],
    /// What the last run said of an endpoint as a whole.
    pub findings: &'a [(Arc<str>, Finding)],
    /// The experiments made since this trouble began.
    pub follow_ups: &'a [FollowUp],
    /// The endpoint that a client uses, as it is shown.
    pub endpoint: &'a str,
    /// The route that a client uses; `None` while none works: then it is the first of the target.
    pub route: Option<&'a str>,
    /// How the other targets stand.
    pub neighbours: &'a [Neighbour],
    /// By how much the program itself woke up late at the worst since the run began.
    pub lag: Duration,
    /// How many runs in a row before this one failed while the program was late ([`is_late`](super::is_late)).
    pub late_runs: u32,
}

/// Another target, as far as it tells something of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub target: Arc<str>,
    /// The host of the endpoint that a client uses.
    pub host: Arc<str>,
    /// The route that a client uses.
    pub route: Arc<str>,
    /// The resolver whose answer is walked, if one is asked.
    pub resolver: Option<Arc<str>>,
    /// The highest layer that is walked of it: that it works tells nothing of those above.
    pub top: Layer,
    /// How it is doing.
    pub state: State,
}

/// How a neighbour is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// At least one path works.
    Works,
    /// None does: what is wrong with the path that a client uses.
    Fails {
        /// The layer.
        layer: Layer,
        /// Why.
        reason: Reason,
        /// The family it was seen on.
        family: Family,
        /// Who issued the certificate that was presented, if one was.
        issuer: Option<String>,
    },
}
