//! How many runs may be under way at once: bounded by their number, and by the descriptors each of them may hold.
//!
//! Promises: the bounds are kept, but for a run that is too large by itself, which waits until it is alone; otherwise
//! nobody pays for how greedy another target is.

use std::collections::HashMap;

use super::JobKey;

/// What runs under way may use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// So many runs.
    pub runs: usize,
    /// So many descriptors.
    pub descriptors: u64,
}

/// The runs under way.
#[derive(Debug)]
pub(super) struct Room {
    bound: Bound,
    /// What each run under way may hold, those of removed and replaced jobs included.
    running: HashMap<JobKey, u64>,
    held: u64,
}

impl Room {
    pub(super) fn new(bound: Bound) -> Self {
        Self { bound, running: HashMap::new(), held: 0 }
    }

    pub(super) fn set_bound(&mut self, bound: Bound) {
        self.bound = bound;
    }

    pub(super) fn in_flight(&self) -> usize {
        self.running.len()
    }

    pub(super) fn is_running(&self, key: &JobKey) -> bool {
        self.running.contains_key(key)
    }

    /// Whether a run that may hold so many descriptors fits in.
    pub(super) fn fits(&self, descriptors: u64) -> bool {
        let fits = self.held.saturating_add(descriptors) <= self.bound.descriptors;
        self.running.is_empty() || (fits && self.running.len() < self.bound.runs)
    }

    pub(super) fn enter(&mut self, key: &JobKey, descriptors: u64) {
        let before = self.running.insert(JobKey::clone(key), descriptors).unwrap_or_default();
        self.held = self.held.saturating_sub(before).saturating_add(descriptors);
    }

    pub(super) fn leave(&mut self, key: &JobKey) {
        let held = self.running.remove(key).unwrap_or_default();
        self.held = self.held.saturating_sub(held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_bounded_by_what_they_hold_and_one_too_large_is_alone() {
        let mut room = Room::new(Bound { runs: 3, descriptors: 10 });
        let [a, b, c, large]: [JobKey; 4] = ["a", "b", "c", "large"].map(JobKey::from);
        assert!(room.fits(50), "alone");
        room.enter(&large, 50);
        assert!(!room.fits(1));
        room.leave(&large);
        room.enter(&a, 4);
        room.enter(&b, 4);
        assert!(room.fits(2) && !room.fits(3));
        room.enter(&c, 1);
        assert!(!room.fits(1), "three runs");
        room.leave(&b);
        room.leave(&b);
        assert_eq!((room.in_flight(), room.held), (2, 5));
        assert!(room.fits(5) && !room.fits(6));
    }
}
