//! A target under watch.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;

use super::patient::Patient;
use crate::clock;
use crate::probe::Prober;
use crate::schedule::Gate;

/// A target under watch.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) prober: Arc<Prober>,
    pub(super) gate: Gate,
    pub(super) patient: Patient,
    /// Until when the call waits, by both clocks.
    waits: Option<(Instant, SystemTime)>,
}

impl Watched {
    /// A target that is watched from now on.
    pub(super) fn new(prober: Arc<Prober>) -> Self {
        let gate = Gate::new(prober.target().call.clone());
        let patient = Patient::new(prober.target());
        Self { prober, gate, patient, waits: None }
    }

    /// Until when its call waits, by the wall clock.
    pub(super) fn waits_until(&mut self, now: Instant) -> Option<SystemTime> {
        // Kept with its moment: two clocks differ by microseconds from run to run, and the moment must not seem to move.
        self.waits = self.gate.waits_until(now).map(|until| {
            let known = self.waits.filter(|(known, _)| *known == until);
            known.unwrap_or_else(|| (until, clock::wall() + (until - now)))
        });
        self.waits.map(|(_, at)| at)
    }
}
