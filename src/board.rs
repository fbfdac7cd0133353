//! The latest state of everything watched.
//!
//! Promises: one entry a path and endpoint, replaced by each journey and gone with the path; what a target as a whole
//! is, and which of its routes and endpoints is preferred, follows from its journeys.

mod preference;
mod standing;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::outcome::{Outcome, PathId, Run};
use crate::target::Target;
pub use preference::Preference;
use standing::Ways;
pub use standing::{Preferred, Standing};

/// What is known of one target.
#[derive(Debug)]
struct Entry {
    /// The last journey of every path, by endpoint and path. A handful as a rule: a map would take more than it holds.
    latest: Vec<Arc<Outcome>>,
    ways: Ways,
}

/// The last journey of every path, by target.
#[derive(Debug, Default)]
pub struct Board(Mutex<HashMap<Arc<str>, Entry>>);

impl Board {
    /// Takes in a run; how the target stands now.
    pub fn apply(&self, target: &Target, run: &Run) -> Standing {
        let mut targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = targets
            .entry(Arc::clone(&target.name))
            .or_insert_with(|| Entry { latest: Vec::new(), ways: Ways::new(target) });
        entry.latest.retain(|known| {
            let gone = |(endpoint, path): &(Arc<str>, PathId)| place(known) == (endpoint, path);
            !run.retired.iter().any(gone)
        });
        for outcome in &run.outcomes {
            match entry.latest.binary_search_by(|known| place(known).cmp(&place(outcome))) {
                Ok(known) => entry.latest[known] = Arc::clone(outcome),
                Err(place) => {
                    entry.latest.reserve_exact(1);
                    entry.latest.insert(place, Arc::clone(outcome));
                }
            }
        }
        entry.ways.judge(&entry.latest, run)
    }

    /// Forgets a target.
    pub fn remove(&self, target: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
    }

    /// The last journeys of a target, by endpoint and path.
    #[must_use]
    pub fn target(&self, target: &str) -> Vec<Arc<Outcome>> {
        let targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        targets.get(target).map(|entry| entry.latest.clone()).unwrap_or_default()
    }
}

/// What one journey replaces another of.
fn place(outcome: &Outcome) -> (&Arc<str>, &PathId) {
    (&outcome.endpoint, &outcome.path)
}
