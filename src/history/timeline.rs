//! How a path did over the last hours, in slots of equal length: bounded however often the path is walked.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use crate::clock;
use crate::outcome::{Layer, Outcome, Reason};

/// Slots of a timeline at the most.
const SLOTS: u32 = 360;

/// A slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// Seconds since 1970 at its begin.
    pub at: u64,
    /// Journeys in it.
    pub runs: u32,
    /// How many of them failed.
    pub failed: u32,
    /// Of the last one that failed: where and why.
    pub trouble: Option<(Layer, Reason)>,
    /// Of the last one that worked with something degraded: what.
    pub degraded: Option<Reason>,
    /// How long its journeys took, all together, in seconds.
    pub took: f32,
    /// How long the slowest took, in seconds.
    pub slowest: f32,
}

/// The slots of a path, the oldest first; one without a journey is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The length of a slot, in seconds.
    width: u64,
    slots: VecDeque<Slot>,
}

impl Timeline {
    /// A timeline that goes back so far.
    #[must_use]
    pub fn new(span: Duration) -> Self {
        let width = (span.as_secs_f64() / f64::from(SLOTS)).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive number of seconds"
        )]
        Self { width: (width as u64).max(1), slots: VecDeque::new() }
    }

    /// The length of a slot.
    #[must_use]
    pub fn width(&self) -> Duration {
        Duration::from_secs(self.width)
    }

    /// The slots, the oldest first.
    pub fn slots(&self) -> impl DoubleEndedIterator<Item = &Slot> {
        self.slots.iter()
    }

    /// Takes in a journey.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        let Ok(since) = outcome.started.duration_since(SystemTime::UNIX_EPOCH) else { return };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole seconds since 1970"
        )]
        let second = clock::unix_seconds(SystemTime::UNIX_EPOCH + since) as u64;
        let at = second - second % self.width;
        // A clock that was set back adds to the last slot.
        if self.slots.back().is_none_or(|last| last.at < at) {
            self.slots.push_back(Slot::new(at));
        }
        let span = self.width * u64::from(SLOTS);
        while self.slots.front().is_some_and(|first| first.at + span <= at) {
            self.slots.pop_front();
        }
        if let Some(slot) = self.slots.back_mut() {
            slot.note(outcome);
        }
    }
}

impl Slot {
    fn new(at: u64) -> Self {
        Self { at, runs: 0, failed: 0, trouble: None, degraded: None, took: 0.0, slowest: 0.0 }
    }

    fn note(&mut self, outcome: &Outcome) {
        self.runs += 1;
        match outcome.trouble() {
            Some(trouble) if !outcome.success_in_the_end() => {
                self.failed += 1;
                self.trouble = Some((trouble.layer, trouble.failure.reason));
            }
            _ => {
                let degraded = outcome.findings.iter().find(|finding| !finding.is_hard());
                self.degraded = degraded.map(|finding| finding.0.reason).or(self.degraded);
            }
        }
        let took = outcome.took.as_secs_f32();
        self.took += took;
        self.slowest = self.slowest.max(took);
    }
}
