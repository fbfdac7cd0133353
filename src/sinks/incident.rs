//! When a path's trouble begins, changes and ends: pure, so that the log has one line for each and none between.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::outcome::{Layer, Outcome, PathId, Reason, Severity};

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) layer: Layer,
    pub(super) reason: Reason,
    pub(super) detail: String,
}

impl Wrong {
    /// What is worst in an outcome: what makes it unsuccessful, else a degraded finding.
    fn of(outcome: &Outcome) -> Option<Self> {
        let of = |layer, failure: &crate::outcome::Failure| Self {
            layer,
            reason: failure.reason,
            detail: failure.detail.clone(),
        };
        let trouble = outcome.trouble().map(|trouble| of(trouble.layer, trouble.failure));
        trouble.or_else(|| outcome.findings.first().map(|finding| of(finding.layer(), &finding.0)))
    }

    pub(super) fn is_degraded(&self) -> bool {
        self.reason.severity() == Severity::Degraded
    }
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// The first journey of the path, and it is fine.
    Works,
    /// It was fine or unknown, and is not.
    Began {
        /// What is wrong.
        now: Wrong,
    },
    /// Something else is wrong than before.
    Changed {
        /// What was wrong.
        before: Reason,
        /// What is wrong.
        now: Wrong,
    },
    /// It is fine again.
    Ended {
        /// What was wrong last.
        before: Reason,
        /// Since it began, changes included.
        lasted: Duration,
    },
}

#[derive(Debug, Clone, Copy)]
enum State {
    Fine,
    Wrong { layer: Layer, reason: Reason, since: Instant },
}

/// The state of every path.
#[derive(Debug, Default)]
pub(super) struct Incidents(HashMap<PathId, State>);

impl Incidents {
    /// Notes an outcome; what is to be told about it.
    pub(super) fn note(&mut self, outcome: &Outcome, now: Instant) -> Option<Event> {
        let wrong = Wrong::of(outcome);
        let before = self.0.get(&outcome.path).copied();
        let state = match (&wrong, before) {
            (None, _) => State::Fine,
            (Some(Wrong { layer, reason, .. }), Some(State::Wrong { since, .. })) => {
                State::Wrong { layer: *layer, reason: *reason, since }
            }
            (Some(Wrong { layer, reason, .. }), _) => {
                State::Wrong { layer: *layer, reason: *reason, since: now }
            }
        };
        self.0.insert(outcome.path.clone(), state);
        match (wrong, before) {
            (None, None) => Some(Event::Works),
            (None, Some(State::Fine)) => None,
            (None, Some(State::Wrong { reason, since, .. })) => {
                Some(Event::Ended { before: reason, lasted: now.saturating_duration_since(since) })
            }
            (Some(wrong), None | Some(State::Fine)) => Some(Event::Began { now: wrong }),
            (Some(wrong), Some(State::Wrong { layer, reason, .. })) => {
                let same = (wrong.layer, wrong.reason) == (layer, reason);
                (!same).then_some(Event::Changed { before: reason, now: wrong })
            }
        }
    }

    pub(super) fn forget_path(&mut self, path: &PathId) {
        self.0.remove(path);
    }

    pub(super) fn forget_target(&mut self, target: &str) {
        self.0.retain(|path, _| &*path.target != target);
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::outcome::{ApiEvidence, Failure, Family, Finding, Stage, Stages};

    fn outcome(reason: Option<Reason>) -> Outcome {
        let evidence = ApiEvidence::of_call("hello", http::Method::GET);
        let took = Duration::from_millis(3);
        let path = PathId { target: "t".into(), route: "direct".into(), family: Family::Ipv4 };
        let mut findings = Vec::new();
        let api = match reason {
            Some(reason) if reason.severity() == Severity::Down => {
                Stage::Failed { took, failure: Failure::new(reason, "words"), evidence }
            }
            Some(reason) => {
                findings.push(Finding::new(reason, "words"));
                Stage::Passed { took, evidence }
            }
            None => Stage::Passed { took, evidence },
        };
        Outcome { path, started: UNIX_EPOCH, took, stages: Stages { api, ..Stages::default() }, findings }
    }

    #[test]
    fn each_turn_is_told_once() {
        let mut incidents = Incidents::default();
        let start = Instant::now();
        let mut note =
            |seconds, reason| incidents.note(&outcome(reason), start + Duration::from_secs(seconds));
        assert_eq!(note(0, None), Some(Event::Works));
        assert_eq!(note(1, None), None);
        assert!(matches!(note(2, Some(Reason::HttpTimeout)), Some(Event::Began { .. })));
        assert_eq!(note(3, Some(Reason::HttpTimeout)), None);
        let changed = note(4, Some(Reason::ProviderOverloaded));
        assert!(matches!(changed, Some(Event::Changed { before: Reason::HttpTimeout, .. })));
        let lasted = Duration::from_secs(3);
        assert_eq!(note(5, None), Some(Event::Ended { before: Reason::ProviderOverloaded, lasted }));
        assert!(matches!(note(6, Some(Reason::TlsCertExpiring)), Some(Event::Began { .. })));
        assert!(matches!(note(7, None), Some(Event::Ended { .. })));
    }

    #[test]
    fn what_is_forgotten_is_told_anew() {
        let mut incidents = Incidents::default();
        let now = Instant::now();
        let failing = outcome(Some(Reason::HttpTimeout));
        assert!(incidents.note(&failing, now).is_some());
        incidents.forget_path(&failing.path);
        assert!(incidents.note(&failing, now).is_some());
        incidents.forget_target("other");
        assert!(incidents.note(&failing, now).is_none());
        incidents.forget_target("t");
        assert!(incidents.note(&failing, now).is_some());
    }
}
