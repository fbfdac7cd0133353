//! The one place where the result of a run is handed on: to the board, the metrics and the log.
//!
//! Promises: everything published about a run comes through here, so that all of it tells the same story.

mod incident;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::board::Board;
use crate::metrics::Metrics;
use crate::outcome::{Outcome, Run};
use incident::{Event, Incidents};

/// All sinks.
#[derive(Debug)]
pub struct Sinks {
    board: Arc<Board>,
    metrics: Arc<Metrics>,
    incidents: Mutex<Incidents>,
}

impl Sinks {
    /// Sinks that write to these.
    #[must_use]
    pub fn new(board: Arc<Board>, metrics: Arc<Metrics>) -> Self {
        Self { board, metrics, incidents: Mutex::default() }
    }

    /// Hands on the result of a run.
    pub fn apply(&self, run: &Run, now: Instant) {
        for path in &run.retired {
            self.metrics.retire_path(path);
            self.incidents.lock().unwrap_or_else(PoisonError::into_inner).forget_path(path);
            tracing::info!(target = %path.target, route = %path.route, family = path.family.label(),
                "DNS has no address of this family any more, the path is not walked");
        }
        for lookup in &run.lookups {
            self.metrics.record_lookup(&run.target, lookup);
        }
        for outcome in &run.outcomes {
            self.metrics.record(outcome);
            let event = self.incidents.lock().unwrap_or_else(PoisonError::into_inner).note(outcome, now);
            if let Some(event) = event {
                log(outcome, &event);
            }
        }
        let up = self.board.apply(run);
        self.metrics.set_target_up(&run.target, up);
    }

    /// A target is no longer watched, or is watched differently from now on.
    pub fn retire(&self, target: &str) {
        self.metrics.retire_target(target);
        self.board.remove(target);
        self.incidents.lock().unwrap_or_else(PoisonError::into_inner).forget_target(target);
    }
}

/// One line when something begins, changes or ends; nothing while it stays the same.
fn log(outcome: &Outcome, event: &Event) {
    let path = &outcome.path;
    let (target, route, family) = (&*path.target, &*path.route, path.family.label());
    match event {
        Event::Works => {
            let took_seconds = outcome.took.as_secs_f64();
            tracing::info!(target, route, family, took_seconds, "works");
        }
        Event::Began { now } | Event::Changed { now, .. } => {
            let (layer, reason) = (now.layer.label(), now.reason.label());
            let (blame, summary, detail) = (now.reason.blame().label(), now.reason.summary(), &*now.detail);
            let before = match event {
                Event::Changed { before, .. } => Some(before.label()),
                Event::Works | Event::Began { .. } | Event::Ended { .. } => None,
            };
            if now.is_degraded() {
                tracing::warn!(
                    target, route, family, layer, reason, before, blame, summary, detail, "degraded"
                );
            } else {
                tracing::error!(
                    target, route, family, layer, reason, before, blame, summary, detail, "fails"
                );
            }
        }
        Event::Ended { before, lasted } => {
            let (before, lasted_seconds) = (before.label(), lasted.as_secs_f64());
            tracing::info!(target, route, family, before, lasted_seconds, "works again");
        }
    }
}
