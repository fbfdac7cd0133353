//! Which journeys of all targets are the oldest, so that what goes next is found without looking through all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::Way;
use super::trail::Trail;

/// The trails by the begin of their oldest journey: of those that worked, and of those that failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    worked: BTreeSet<(SystemTime, Way)>,
    failed: BTreeSet<(SystemTime, Way)>,
}

impl Order {
    /// The order of all of these.
    pub(super) fn of<'a>(all: impl IntoIterator<Item = &'a BTreeMap<Way, Trail>>) -> Self {
        let (mut worked, mut failed) = (Vec::new(), Vec::new());
        for (way, trail) in all.into_iter().flatten() {
            worked.extend(trail.worked.oldest().map(|oldest| (oldest, way.clone())));
            failed.extend(trail.failed.oldest().map(|oldest| (oldest, way.clone())));
        }
        Self { worked: worked.into_iter().collect(), failed: failed.into_iter().collect() }
    }

    /// The oldest of one trail is another one now.
    pub(super) fn moved(&mut self, way: &Way, before: Oldest, now: Oldest) {
        let sets =
            [(&mut self.worked, before.worked, now.worked), (&mut self.failed, before.failed, now.failed)];
        for (set, before, now) in sets {
            if before == now {
                continue;
            }
            if let Some(before) = before {
                set.remove(&(before, way.clone()));
            }
            if let Some(now) = now {
                set.insert((now, way.clone()));
            }
        }
    }

    /// Where the oldest journey is that worked.
    pub(super) fn worked(&self) -> Option<&(SystemTime, Way)> {
        self.worked.first()
    }

    /// Where the oldest journey is that failed.
    pub(super) fn failed(&self) -> Option<&(SystemTime, Way)> {
        self.failed.first()
    }
}

/// When the oldest journeys of a trail began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Oldest {
    worked: Option<SystemTime>,
    failed: Option<SystemTime>,
}

impl Oldest {
    pub(super) fn of(trail: &Trail) -> Self {
        Self { worked: trail.worked.oldest(), failed: trail.failed.oldest() }
    }
}
