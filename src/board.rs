//! The latest state of everything watched.
//!
//! Promises: one entry a path and endpoint, replaced by each journey and gone with the path; what a target as a whole
//! is, and which of its routes and endpoints is preferred, follows from its journeys.

mod preference;
mod standing;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::outcome::{Outcome, PathId, Run};
use crate::target::Target;
pub use preference::Preference;
use standing::Ways;
pub use standing::{Preferred, Standing};

/// The last journey of every path of one target, by endpoint.
type Latest = BTreeMap<(Arc<str>, PathId), Arc<Outcome>>;

/// What is known of one target.
#[derive(Debug)]
struct Entry {
    latest: Latest,
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
            .or_insert_with(|| Entry { latest: Latest::new(), ways: Ways::new(target) });
        for path in &run.retired {
            entry.latest.remove(path);
        }
        for outcome in &run.outcomes {
            let key = (Arc::clone(&outcome.endpoint), outcome.path.clone());
            entry.latest.insert(key, Arc::new(outcome.clone()));
        }
        entry.ways.judge(entry.latest.values().map(Arc::as_ref), run)
    }

    /// Forgets a target.
    pub fn remove(&self, target: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
    }

    /// The last journeys of a target, by endpoint and path.
    #[must_use]
    pub fn target(&self, target: &str) -> Vec<Arc<Outcome>> {
        let targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        targets.get(target).map(|entry| entry.latest.values().cloned().collect()).unwrap_or_default()
    }
}
