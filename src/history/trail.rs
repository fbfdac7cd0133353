//! What is kept of one path to one endpoint, and which of it is not written down yet.

use std::mem::size_of;
use std::sync::Arc;
use std::time::SystemTime;

use super::batch::{Changed, Forget};
use super::shelf::{Before, Kept, Shelf};
use super::timeline::{Slot, Timeline};
use super::{Limits, Way};
use crate::outcome::Outcome;

/// What is kept of one path.
#[derive(Debug)]
pub(super) struct Trail {
    pub(super) worked: Shelf,
    pub(super) failed: Shelf,
    pub(super) timeline: Timeline,
    /// How many of those that failed, from the newest, are not written down.
    unsaved: usize,
    /// From which slot on it is not written down.
    dirty: Option<u64>,
    /// Whether what was written down of those that failed holds some that are not kept any more.
    trimmed: bool,
    /// Whether nothing of it was ever written down.
    fresh: bool,
}

impl Trail {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            worked: Shelf::default(),
            failed: Shelf::default(),
            timeline: Timeline::new(limits.timeline),
            unsaved: 0,
            dirty: None,
            trimmed: false,
            fresh: true,
        }
    }

    /// What it takes in memory, its place in the map included.
    pub(super) fn bytes(&self) -> usize {
        // A map of such large entries is filled by half at the least.
        2 * (size_of::<Self>() + size_of::<Way>())
            + self.worked.bytes()
            + self.failed.bytes()
            + self.timeline.bytes()
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.worked.is_empty() && self.failed.is_empty() && self.timeline.is_empty()
    }

    /// The journeys that are kept.
    pub(super) fn journeys(&self) -> impl Iterator<Item = &Kept> {
        self.failed.iter().chain(self.worked.iter())
    }

    /// Takes in a journey.
    pub(super) fn note(&mut self, outcome: &Arc<Outcome>, limits: &Limits) {
        if let Some(at) = self.timeline.note(outcome) {
            self.soil(at);
        }
        let kept = Kept::Walked(Arc::clone(outcome));
        if outcome.success() {
            self.worked.push(kept);
        } else {
            self.failed.push(kept);
            self.unsaved += 1;
        }
        self.count(limits);
    }

    /// Takes in what was before a restart.
    pub(super) fn restore(&mut self, slots: &[Slot], failed: Vec<Before>, limits: &Limits) {
        for slot in slots {
            // One that both saw says something else than what is written down.
            let known = self.timeline.has(slot.at);
            if let Some(at) = self.timeline.restore(slot).filter(|at| known || *at != slot.at) {
                self.soil(at);
            }
        }
        self.fresh = false;
        let known = std::mem::take(&mut self.failed);
        let before = failed.into_iter().map(|before| Kept::Before(Arc::new(before)));
        let mut all: Vec<Kept> = before.chain(known.iter().cloned()).collect();
        // Two programs may have walked it by turns: which of it is written down cannot be told by its place.
        self.unsaved = if known.is_empty() { 0 } else { all.len() };
        all.sort_by_key(Kept::started);
        all.into_iter().for_each(|kept| self.failed.push(kept));
        self.count(limits);
    }

    /// Lets go of what is too old.
    pub(super) fn expire(&mut self, now: SystemTime, limits: &Limits) {
        let old = |shelf: &Shelf, age| {
            let since = now.checked_sub(age);
            since.is_some_and(|since| shelf.oldest().is_some_and(|oldest| oldest < since))
        };
        self.worked.pop_while(|shelf| old(shelf, limits.age));
        self.forget_failures(|shelf| old(shelf, limits.failure_age));
        self.timeline.expire(now);
    }

    /// Keeps to other limits from now on.
    pub(super) fn limit(&mut self, limits: &Limits) {
        let other = Timeline::new(limits.timeline);
        if other.width() != self.timeline.width() {
            self.timeline = self.timeline.with_span(limits.timeline);
            // The slots that are written down begin elsewhere; they are taken apart when they are read.
            self.dirty = self.timeline.slots().next().map(|slot| slot.at);
        }
        self.count(limits);
    }

    fn count(&mut self, limits: &Limits) {
        self.worked.pop_while(|shelf| shelf.len() > limits.journeys);
        self.forget_failures(|shelf| shelf.len() > limits.failures);
    }

    /// Lets go of the oldest failures while this holds.
    fn forget_failures(&mut self, gone: impl Fn(&Shelf) -> bool) {
        self.trimmed |= self.failed.pop_while(gone);
        self.unsaved = self.unsaved.min(self.failed.len());
    }

    /// Lets go of the oldest failure.
    pub(super) fn forget_failure(&mut self) {
        self.trimmed |= self.failed.forget();
        self.unsaved = self.unsaved.min(self.failed.len());
    }

    fn soil(&mut self, at: u64) {
        self.dirty = Some(self.dirty.map_or(at, |dirty| dirty.min(at)));
    }

    /// Nothing is written down.
    pub(super) fn unsave(&mut self) {
        self.unsaved = self.failed.len();
        self.dirty = self.timeline.slots().next().map(|slot| slot.at);
        self.trimmed = true;
    }

    /// What is to be written down, and counts as written from now on.
    pub(super) fn changed(&mut self, way: &Way) -> Option<Changed> {
        let forget = match (std::mem::take(&mut self.trimmed), self.failed.oldest()) {
            (false, _) => Forget::Nothing,
            (true, Some(oldest)) => Forget::Before(oldest),
            (true, None) => Forget::All,
        };
        let dirty = self.dirty.take();
        let slots: Vec<Slot> = dirty.map_or_else(Vec::new, |dirty| {
            let mut slots: Vec<Slot> =
                self.timeline.slots().rev().take_while(|slot| slot.at >= dirty).copied().collect();
            slots.reverse();
            slots
        });
        let known = self.failed.len() - std::mem::take(&mut self.unsaved);
        let failed: Vec<Kept> = self.failed.iter().skip(known).cloned().collect();
        let nothing = matches!(forget, Forget::Nothing) && slots.is_empty() && failed.is_empty();
        let fresh = !nothing && std::mem::take(&mut self.fresh);
        (!nothing).then(|| Changed { way: way.clone(), slots, failed, forget, fresh })
    }
}
