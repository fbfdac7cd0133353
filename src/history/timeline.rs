//! How a path did over the last hours, in slots of equal length: bounded however often the path is walked.

use std::collections::VecDeque;
use std::mem::size_of;
use std::time::{Duration, SystemTime};

use crate::clock;
use crate::outcome::{Layer, Outcome, Reason};

/// Slots of a timeline at the most.
const SLOTS: u32 = 360;

/// By so many slots a timeline grows at once: few where there are few, for there may be thousands of timelines.
fn growth(slots: usize) -> usize {
    slots.clamp(4, 36)
}

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

    /// Whether there is a slot that begins then.
    pub(super) fn has(&self, at: u64) -> bool {
        self.slots.binary_search_by_key(&at, |slot| slot.at).is_ok()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Takes in a journey; the begin of its slot.
    pub(super) fn note(&mut self, outcome: &Outcome) -> Option<u64> {
        let at = self.begin(whole_seconds(outcome.started)?);
        // A clock that was far ahead and was set right: what it said of the future is no timeline.
        while self.slots.back().is_some_and(|last| last.at >= at.saturating_add(self.span())) {
            self.slots.pop_back();
        }
        self.slot(at)?.note(outcome);
        Some(at)
    }

    /// Takes in a slot from before a restart; the begin of the one it went into.
    pub(super) fn restore(&mut self, slot: &Slot) -> Option<u64> {
        let at = self.begin(slot.at);
        self.slot(at)?.add(slot);
        Some(at)
    }

    /// The same slots as far as they go with another span.
    pub(super) fn with_span(&self, span: Duration) -> Self {
        let mut timeline = Self::new(span);
        for slot in &self.slots {
            timeline.restore(slot);
        }
        timeline
    }

    /// Lets go of what is further back than it goes; whether that was anything.
    pub(super) fn expire(&mut self, now: SystemTime) -> bool {
        let first = self.first_at(now);
        first > 0 && self.cut(first - 1)
    }

    /// When the first slot began that is kept.
    pub(super) fn first_at(&self, now: SystemTime) -> u64 {
        let begin = whole_seconds(now).map_or(0, |now| self.begin(now));
        (begin + self.width).saturating_sub(self.span())
    }

    /// Lets go of the slots that began then or before; whether there were any.
    pub(super) fn cut(&mut self, last: u64) -> bool {
        let before = self.slots.len();
        while self.slots.front().is_some_and(|first| first.at <= last) {
            self.slots.pop_front();
        }
        // Halved at the least, so that what is freed is worth the copy.
        if self.slots.len() * 2 < before || self.slots.is_empty() {
            self.slots.shrink_to_fit();
        }
        self.slots.len() < before
    }

    /// Gives back the room of slots that went.
    pub(super) fn shrink(&mut self) {
        self.slots.shrink_to_fit();
    }

    fn begin(&self, second: u64) -> u64 {
        second - second % self.width
    }

    fn span(&self) -> u64 {
        self.width * u64::from(SLOTS)
    }

    /// The slot that begins then; `None` for one that is too old to be kept.
    fn slot(&mut self, at: u64) -> Option<&mut Slot> {
        let newest = self.slots.back().map_or(at, |last| last.at.max(at));
        if let Some(oldest) = newest.checked_sub(self.span()) {
            while self.slots.front().is_some_and(|first| first.at <= oldest) {
                self.slots.pop_front();
            }
            if at <= oldest {
                return None;
            }
        }
        let index = match self.slots.back() {
            Some(last) if last.at == at => self.slots.len() - 1,
            _ => match self.slots.binary_search_by_key(&at, |slot| slot.at) {
                Ok(index) => index,
                Err(index) => {
                    if self.slots.len() == self.slots.capacity() {
                        self.slots.reserve_exact(growth(self.slots.len()));
                    }
                    self.slots.insert(index, Slot::new(at));
                    index
                }
            },
        };
        self.slots.get_mut(index)
    }
}

impl Slot {
    fn new(at: u64) -> Self {
        Self { at, runs: 0, failed: 0, trouble: None, degraded: None, took: 0.0, slowest: 0.0 }
    }

    fn note(&mut self, outcome: &Outcome) {
        self.runs = self.runs.saturating_add(1);
        match outcome.trouble() {
            Some(trouble) if !outcome.success_in_the_end() => {
                self.failed = self.failed.saturating_add(1);
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

    /// Adds what another one saw, which is the older one where both saw trouble.
    fn add(&mut self, other: &Self) {
        self.runs = self.runs.saturating_add(other.runs);
        self.failed = self.failed.saturating_add(other.failed);
        self.trouble = self.trouble.or(other.trouble);
        self.degraded = self.degraded.or(other.degraded);
        self.took += other.took;
        self.slowest = self.slowest.max(other.slowest);
    }
}

fn whole_seconds(time: SystemTime) -> Option<u64> {
    let seconds = clock::unix_seconds(time);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole seconds since 1970")]
    (seconds >= 0.0).then_some(seconds as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::{Family, sample};

    fn at(second: u64) -> Outcome {
        let good = sample::good(&sample::path("t", "direct", Family::Ipv4));
        Outcome { started: SystemTime::UNIX_EPOCH + Duration::from_secs(second), ..good }
    }

    fn begins(timeline: &Timeline) -> Vec<u64> {
        timeline.slots().map(|slot| slot.at).collect()
    }

    #[test]
    fn journeys_of_a_minute_share_a_slot() {
        let mut timeline = Timeline::new(Duration::from_secs(6 * 3600));
        for second in [600, 659, 660, 300_000] {
            timeline.note(&at(second));
        }
        assert_eq!(begins(&timeline), [300_000], "what is further back is gone");
        timeline.note(&at(300_030));
        let slot = timeline.slots().next().unwrap();
        assert_eq!((slot.runs, slot.failed), (2, 0));
        assert!((slot.took - 0.25).abs() < 1e-6 && (slot.slowest - 0.125).abs() < 1e-6);
    }

    #[test]
    fn a_clock_that_is_set_does_not_stop_the_timeline() {
        let mut timeline = Timeline::new(Duration::from_secs(3600));
        for second in [100_000, 99_000, 100_010] {
            timeline.note(&at(second));
        }
        assert_eq!(begins(&timeline), [99_000, 100_000, 100_010], "back by less than it goes back");
        timeline.note(&at(4_000_000_000));
        timeline.note(&at(100_020));
        assert_eq!(begins(&timeline), [100_020], "what was noted of the far future is no timeline");
        assert_eq!(timeline.restore(&Slot::new(96_000)), None, "too long ago");
        assert_eq!(
            timeline.note(&Outcome { started: SystemTime::UNIX_EPOCH - Duration::from_secs(9), ..at(0) }),
            None
        );
    }

    #[test]
    fn another_span_keeps_what_fits() {
        let mut fine = Timeline::new(Duration::from_secs(3600));
        (0..7200).step_by(10).for_each(|second| {
            fine.note(&at(second));
        });
        assert_eq!(fine.slots.len(), 360);
        let coarse = fine.with_span(Duration::from_secs(7200));
        assert_eq!((coarse.slots.len(), coarse.slots().map(|slot| slot.runs).sum::<u32>()), (180, 360));
        assert_eq!(coarse.with_span(Duration::from_secs(3600)).slots.len(), 180);
    }

    proptest! {
        #[test]
        fn it_is_bounded_and_in_order(seconds in proptest::collection::vec(0_u64..40_000, 0..600), hours in 1_u64..6) {
            let mut timeline = Timeline::new(Duration::from_secs(hours * 3600));
            for second in seconds {
                timeline.note(&at(second));
                let begins = begins(&timeline);
                prop_assert!(begins.is_sorted_by(|a, b| a < b));
                prop_assert!(begins.len() <= 360 && timeline.bytes() <= 400 * size_of::<Slot>());
                prop_assert!(begins.iter().all(|begin| begin + timeline.span() > *begins.last().unwrap()));
            }
        }
    }
}
