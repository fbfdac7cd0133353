//! Journeys of a path, in the order they were walked.
//!
//! Promises: what all of them take in memory is known at any time; what neighbours share counts once.

use std::collections::VecDeque;
use std::mem::size_of;
use std::sync::Arc;
use std::time::SystemTime;

use super::weight::{self, ALLOCATION, Shared};
use crate::outcome::Outcome;

/// A journey that is kept.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    /// As it was walked.
    Walked(Arc<Outcome>),
    /// As it was told before a restart.
    Before(Arc<Before>),
}

/// A journey from before a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Before {
    /// When it began.
    pub(super) started: SystemTime,
    /// Whether it succeeded, be it when tried again.
    pub(super) ok: bool,
    /// Its part of a document, as JSON: a fourth of what the types take.
    pub(super) json: Box<str>,
}

impl Kept {
    /// When it began.
    pub(super) fn started(&self) -> SystemTime {
        match self {
            Self::Walked(outcome) => outcome.started,
            Self::Before(before) => before.started,
        }
    }

    /// Whether it succeeded, be it when tried again.
    pub(super) fn ok(&self) -> bool {
        match self {
            Self::Walked(outcome) => outcome.success_in_the_end(),
            Self::Before(before) => before.ok,
        }
    }

    fn own(&self) -> usize {
        match self {
            Self::Walked(outcome) => weight::own(outcome),
            Self::Before(before) => size_of::<Before>() + 2 * ALLOCATION + before.json.len(),
        }
    }

    fn shared(&self) -> Shared {
        match self {
            Self::Walked(outcome) => weight::shared(outcome),
            Self::Before(_) => Shared::default(),
        }
    }
}

#[derive(Debug)]
struct Entry {
    kept: Kept,
    own: usize,
}

/// Journeys, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    entries: VecDeque<Entry>,
    /// What they take without the shelf itself.
    taken: usize,
}

impl Shelf {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.taken + self.entries.capacity() * size_of::<Entry>()
    }

    /// The journeys, the oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Kept> + ExactSizeIterator {
        self.entries.iter().map(|entry| &entry.kept)
    }

    /// When the oldest began.
    pub(super) fn oldest(&self) -> Option<SystemTime> {
        Some(self.entries.front()?.kept.started())
    }

    /// Adds the newest.
    pub(super) fn push(&mut self, kept: Kept) {
        let own = kept.own();
        let last = self.entries.back().map(|entry| entry.kept.shared());
        self.taken += own + weight::not_in(&kept.shared(), last.as_ref());
        // Not doubled: a shelf is full soon, and stays so.
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(5);
        }
        self.entries.push_back(Entry { kept, own });
    }

    /// Lets go of the oldest.
    pub(super) fn pop(&mut self) -> Option<Kept> {
        let Entry { kept, own } = self.entries.pop_front()?;
        let next = self.entries.front().map(|entry| entry.kept.shared());
        // What the next one shares with it stays.
        self.taken = self.taken.saturating_sub(own + weight::not_in(&kept.shared(), next.as_ref()));
        Some(kept)
    }

    /// Lets go of the oldest; whether there was one.
    pub(super) fn forget(&mut self) -> bool {
        let any = self.pop().is_some();
        if self.is_empty() {
            *self = Self::default();
        }
        any
    }

    /// Lets go of the oldest ones while this holds for them; whether there were any.
    pub(super) fn pop_while(&mut self, gone: impl Fn(&Self) -> bool) -> bool {
        let before = self.len();
        while !self.is_empty() && gone(self) {
            self.pop();
        }
        if self.is_empty() {
            *self = Self::default();
        }
        self.len() < before
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::{Family, sample};

    fn good() -> Arc<Outcome> {
        Arc::new(sample::good(&sample::path("t", "direct", Family::Ipv4)))
    }

    #[test]
    fn what_neighbours_share_counts_once_and_stays_with_the_last() {
        let first = good();
        let (own, shared) = (weight::own(&first), weight::not_in(&weight::shared(&first), None));
        assert!(own > 500 && shared > 200, "{own} {shared}");
        let mut shelf = Shelf::default();
        for _ in 0..3 {
            shelf.push(Kept::Walked(Arc::new(first.as_ref().clone())));
        }
        assert_eq!(shelf.taken, 3 * own + shared);
        shelf.push(Kept::Walked(good()));
        assert_eq!(shelf.taken, 4 * own + 2 * shared, "another chain, if an equal one");
        shelf.pop();
        assert_eq!(shelf.taken, 3 * own + 2 * shared);
        while shelf.pop().is_some() {}
        assert_eq!(shelf.taken, 0);
    }

    proptest! {
        #[test]
        fn what_is_taken_is_given_back(
            outcomes in proptest::collection::vec(sample::any_outcome(), 1..8), json in ".{0,40}", pops in 0_usize..8,
        ) {
            let mut shelf = Shelf::default();
            for outcome in outcomes {
                let outcome = Arc::new(outcome);
                shelf.push(Kept::Walked(Arc::clone(&outcome)));
                shelf.push(Kept::Walked(outcome));
            }
            let before = Before { started: SystemTime::UNIX_EPOCH, ok: false, json: json.into() };
            shelf.push(Kept::Before(Arc::new(before)));
            for _ in 0..pops {
                shelf.pop();
            }
            shelf.pop_while(|_| true);
            prop_assert_eq!((shelf.taken, shelf.bytes()), (0, 0));
        }
    }
}
