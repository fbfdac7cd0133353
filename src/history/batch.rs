//! What goes to the store and comes from it, as plain data.

use std::sync::Arc;
use std::time::SystemTime;

use super::shelf::{Before, Kept};
use super::timeline::Slot;
use super::{Turn, Way};

/// What is to be written down.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Paths of which something changed.
    pub(super) ways: Vec<Changed>,
    /// What was told, by target.
    pub(super) turns: Vec<(Arc<str>, Turn)>,
    /// The paths and targets there are; everything else is to be forgotten. `None` where nothing went.
    pub(super) only: Option<(Vec<Way>, Vec<Arc<str>>)>,
    /// Slots that began earlier are to be forgotten.
    pub(super) slots_since: u64,
    /// What was told earlier is to be forgotten.
    pub(super) turns_since: Option<SystemTime>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.ways.is_empty() && self.turns.is_empty() && self.only.is_none()
    }
}

/// What changed of a path.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) way: Way,
    pub(super) slots: Vec<Slot>,
    pub(super) failed: Vec<Kept>,
    pub(super) forget: Forget,
    /// Whether the path is new, so that all that is known of one of its name is not of this one.
    pub(super) fresh: bool,
}

/// Which journeys of a path are not kept any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forget {
    /// None that is written down.
    Nothing,
    /// Those that began before.
    Before(SystemTime),
    /// All that are not written again.
    All,
}

/// What was written down.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rows {
    pub(super) ways: Vec<Stored>,
    /// By target, the oldest first.
    pub(super) turns: Vec<(Arc<str>, Turn)>,
}

/// What was written down of a path.
#[derive(Debug, PartialEq)]
pub(super) struct Stored {
    pub(super) way: Way,
    /// The oldest first.
    pub(super) slots: Vec<Slot>,
    /// The newest first.
    pub(super) failed: Vec<Before>,
}
