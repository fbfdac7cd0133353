//! What was told of a target: one entry each time it changed.

use std::collections::VecDeque;
use std::mem::size_of;
use std::time::SystemTime;

use crate::diagnosis::Verdict;
use crate::outcome::{Blame, Layer};

/// How much of it is kept of a target.
pub(super) const MOST_TURNS: usize = 100;

/// What was told of a target from some time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// From when on.
    pub at: SystemTime,
    /// What.
    pub verdict: Verdict,
    /// The layer of the trouble.
    pub layer: Option<Layer>,
    /// Who must act.
    pub blame: Option<Blame>,
}

impl Turn {
    /// Whether both say the same.
    fn says(&self, other: &Self) -> bool {
        (self.verdict, self.layer, self.blame) == (other.verdict, other.layer, other.blame)
    }
}

/// What was told, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Turns {
    told: VecDeque<Turn>,
    /// How many of it, from the newest, are not written down.
    unsaved: usize,
}

impl Turns {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Turn> {
        self.told.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.told.capacity() * size_of::<Turn>()
    }

    /// Adds the newest; that which is told already is not told again, as after a restart.
    pub(super) fn push(&mut self, turn: Turn) {
        if self.told.back().is_none_or(|last| !last.says(&turn)) {
            self.told.push_back(turn);
            self.unsaved += 1;
            self.cut(MOST_TURNS);
        }
    }

    /// Puts what was told before a restart, the oldest first, in front.
    pub(super) fn restore(&mut self, before: &[Turn]) {
        for turn in before.iter().rev() {
            let fits = self.told.len() < MOST_TURNS;
            if !fits || self.told.front().is_some_and(|first| first.at <= turn.at) {
                continue;
            }
            // The later one of two that say the same goes, unless something was told in between.
            if self.told.front().is_some_and(|first| first.says(turn)) {
                self.told.pop_front();
                self.unsaved = self.unsaved.min(self.told.len());
            }
            self.told.push_front(*turn);
        }
    }

    /// Keeps so many of the newest.
    pub(super) fn cut(&mut self, most: usize) {
        let gone = self.told.len().saturating_sub(most);
        self.told.drain(..gone);
        self.unsaved = self.unsaved.min(self.told.len());
    }

    /// Gives back the room of what went.
    pub(super) fn shrink(&mut self) {
        self.told.shrink_to_fit();
    }

    /// Lets go of what was replaced before then: what is told still is not old.
    pub(super) fn expire(&mut self, since: SystemTime) {
        while self.told.get(1).is_some_and(|next| next.at < since) {
            self.told.pop_front();
        }
        self.unsaved = self.unsaved.min(self.told.len());
    }

    /// Nothing is written down.
    pub(super) fn unsave(&mut self) {
        self.unsaved = self.told.len();
    }

    /// What is to be written down, and counts as written from now on.
    pub(super) fn changed(&mut self) -> impl Iterator<Item = &Turn> {
        let known = self.told.len() - std::mem::take(&mut self.unsaved);
        self.told.iter().skip(known)
    }
}
