//! When a path's trouble and its findings begin, change and end: pure, so that the log has one line for each and none
//! between.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::outcome::{Failure, Finding, Layer, Outcome, PathId, Reason};

/// Something that is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) layer: Layer,
    pub(super) reason: Reason,
    pub(super) detail: String,
}

impl Wrong {
    fn of(layer: Layer, failure: &Failure) -> Self {
        Self { layer, reason: failure.reason, detail: failure.detail.clone() }
    }
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// The first journey of the path, and it works.
    Works,
    /// It worked or was unknown, and fails.
    Began {
        /// What is wrong.
        now: Wrong,
    },
    /// It fails otherwise than before.
    Changed {
        /// What was wrong.
        before: Reason,
        /// What is wrong.
        now: Wrong,
    },
    /// It works again.
    Ended {
        /// What was wrong last.
        before: Reason,
        /// Since it began, changes included.
        lasted: Duration,
    },
    /// It was noticed, and does not make the path fail.
    Noticed {
        /// What.
        what: Wrong,
    },
    /// It is not noticed any more.
    Unnoticed {
        /// What it was.
        before: Reason,
    },
}

#[derive(Debug, Clone, Copy)]
struct Trouble {
    layer: Layer,
    reason: Reason,
    since: Instant,
}

/// How a path is doing.
#[derive(Debug, Default)]
struct State {
    trouble: Option<Trouble>,
    /// What is noticed, and of what: another address that fails is worth another line.
    noticed: BTreeMap<Reason, String>,
}

/// The state of every path, by endpoint.
#[derive(Debug, Default)]
pub(super) struct Incidents(HashMap<(Arc<str>, PathId), State>);

impl Incidents {
    /// Notes an outcome; what is to be told about it.
    pub(super) fn note(&mut self, outcome: &Outcome, now: Instant) -> Vec<Event> {
        let key = (Arc::clone(&outcome.endpoint), outcome.path.clone());
        let first = !self.0.contains_key(&key);
        let state = self.0.entry(key).or_default();
        let mut events = Vec::from_iter(state.fails(outcome, first, now));
        state.notices(outcome, &mut events);
        events
    }

    pub(super) fn forget_path(&mut self, endpoint: &Arc<str>, path: &PathId) {
        self.0.remove(&(Arc::clone(endpoint), path.clone()));
    }

    pub(super) fn forget_target(&mut self, target: &str) {
        self.0.retain(|(_, path), _| &*path.target != target);
    }
}

impl State {
    fn fails(&mut self, outcome: &Outcome, first: bool, now: Instant) -> Option<Event> {
        let wrong = outcome.trouble().map(|trouble| Wrong::of(trouble.layer, trouble.failure));
        let before = self.trouble;
        self.trouble = wrong.as_ref().map(|wrong| Trouble {
            layer: wrong.layer,
            reason: wrong.reason,
            since: before.map_or(now, |before| before.since),
        });
        match (wrong, before) {
            (None, None) => first.then_some(Event::Works),
            (None, Some(Trouble { reason, since, .. })) => {
                Some(Event::Ended { before: reason, lasted: now.saturating_duration_since(since) })
            }
            (Some(now), None) => Some(Event::Began { now }),
            (Some(now), Some(Trouble { layer, reason, .. })) => {
                let same = (now.layer, now.reason) == (layer, reason);
                (!same).then_some(Event::Changed { before: reason, now })
            }
        }
    }

    fn notices(&mut self, outcome: &Outcome, events: &mut Vec<Event>) {
        let soft = outcome.findings.iter().filter(|finding| !finding.is_hard());
        if self.noticed.is_empty() && soft.clone().next().is_none() {
            return;
        }
        let mut noticed = BTreeMap::new();
        for finding in soft {
            let of_what = of_what(finding, outcome);
            let known = self.noticed.get(&finding.0.reason) == Some(&of_what);
            if noticed.insert(finding.0.reason, of_what).is_none() && !known {
                events.push(Event::Noticed { what: Wrong::of(finding.layer(), &finding.0) });
            }
        }
        let gone = self.noticed.keys().filter(|reason| !noticed.contains_key(reason));
        events.extend(gone.map(|reason| Event::Unnoticed { before: *reason }));
        self.noticed = noticed;
    }
}

/// What a finding is about beyond its reason; its words may change with every run.
fn of_what(finding: &Finding, outcome: &Outcome) -> String {
    if finding.0.reason != Reason::AddressFailing {
        return String::new();
    }
    let failing = outcome.addresses.iter().filter(|result| result.failure.is_some());
    failing.map(|result| result.address.to_string()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{AddressResult, ApiEvidence, Family, Severity, Stage, sample};

    fn outcome(reasons: &[Reason]) -> Outcome {
        let mut outcome = sample::good(&sample::path("t", "direct", Family::Ipv4));
        for reason in reasons {
            let failure = Failure::new(*reason, "words");
            match reason.severity() {
                Severity::Degraded => outcome.findings.push(Finding(failure)),
                Severity::Down => {
                    let evidence = ApiEvidence::of_call("hello", http::Method::GET);
                    outcome.stages.api = Stage::Failed { took: outcome.took, failure, evidence };
                }
            }
        }
        outcome
    }

    #[test]
    fn each_turn_is_told_once() {
        let mut incidents = Incidents::default();
        let start = Instant::now();
        let mut note = |seconds, reason: Option<Reason>| {
            let outcome = outcome(reason.as_slice());
            incidents.note(&outcome, start + Duration::from_secs(seconds))
        };
        assert_eq!(note(0, None), [Event::Works]);
        assert_eq!(note(1, None), []);
        assert!(matches!(note(2, Some(Reason::HttpTimeout))[..], [Event::Began { .. }]));
        assert_eq!(note(3, Some(Reason::HttpTimeout)), []);
        let changed = note(4, Some(Reason::ProviderOverloaded));
        assert!(matches!(changed[..], [Event::Changed { before: Reason::HttpTimeout, .. }]));
        let lasted = Duration::from_secs(3);
        assert_eq!(note(5, None), [Event::Ended { before: Reason::ProviderOverloaded, lasted }]);
        assert!(matches!(note(6, Some(Reason::TlsCertExpiring))[..], [Event::Noticed { .. }]));
        assert_eq!(note(7, None), [Event::Unnoticed { before: Reason::TlsCertExpiring }]);
    }

    #[test]
    fn a_standing_finding_hides_neither_the_end_of_an_outage_nor_other_findings() {
        let mut incidents = Incidents::default();
        let start = Instant::now();
        let mut note = |seconds, reasons: &[Reason]| {
            incidents.note(&outcome(reasons), start + Duration::from_secs(seconds))
        };
        let (expiring, slow, down) = (Reason::TlsCertExpiring, Reason::HttpSlow, Reason::ProviderOverloaded);
        assert_eq!(note(0, &[expiring]).len(), 2, "it works, and something is noticed");
        assert!(matches!(note(1, &[expiring, down])[..], [Event::Began { .. }]));
        let lasted = Duration::from_secs(1);
        assert_eq!(note(2, &[expiring]), [Event::Ended { before: down, lasted }]);
        assert!(matches!(&note(3, &[expiring, slow])[..], [Event::Noticed { what }] if what.reason == slow));
    }

    #[test]
    fn another_address_that_fails_is_told_too() {
        let mut incidents = Incidents::default();
        let mut note = |failing: &[&str]| {
            let mut outcome = outcome(&[Reason::AddressFailing]);
            outcome.addresses = failing
                .iter()
                .map(|address| AddressResult {
                    address: address.parse().unwrap(),
                    took: Duration::ZERO,
                    failure: Some((Layer::Tcp, Failure::new(Reason::TcpRefused, "words"))),
                    call: None,
                })
                .collect();
            incidents.note(&outcome, Instant::now()).len()
        };
        assert_eq!(note(&["192.0.2.1"]), 2);
        assert_eq!(note(&["192.0.2.1"]), 0);
        assert_eq!(note(&["192.0.2.1", "192.0.2.2"]), 1);
    }

    #[test]
    fn what_is_forgotten_is_told_anew() {
        let mut incidents = Incidents::default();
        let now = Instant::now();
        let failing = outcome(&[Reason::HttpTimeout]);
        assert!(!incidents.note(&failing, now).is_empty());
        incidents.forget_path(&failing.endpoint, &failing.path);
        assert!(!incidents.note(&failing, now).is_empty());
        incidents.forget_target("other");
        assert!(incidents.note(&failing, now).is_empty());
        incidents.forget_target("t");
        assert!(!incidents.note(&failing, now).is_empty());
    }
}
