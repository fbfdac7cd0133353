//! What is told of every target, for who listens: the state first, then every change of it.
//!
//! Promises: whoever subscribes gets each change after the state it was given exactly once, or is told how many were missed;
//! a listener that is slow costs nobody else anything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::broadcast;

use crate::diagnosis::{Change, Diagnosis, Verdict};

/// Changes that are kept for a slow listener.
const KEPT: usize = 256;

/// What is told of a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The diagnosis, with its newest evidence.
    pub diagnosis: Diagnosis,
    /// What was told before; `None` before the first run.
    pub before: Option<Verdict>,
    /// Since when it is told.
    pub at: SystemTime,
}

/// What is told of every target.
#[derive(Debug)]
pub struct Events {
    told: Mutex<BTreeMap<Arc<str>, Arc<Told>>>,
    changes: broadcast::Sender<Arc<Told>>,
}

/// What a listener gets.
#[derive(Debug)]
pub struct Subscription {
    /// What was told of every target, by name.
    pub state: Vec<Arc<Told>>,
    /// What is told from then on.
    pub changes: broadcast::Receiver<Arc<Told>>,
}

impl Default for Events {
    fn default() -> Self {
        Self { told: Mutex::default(), changes: broadcast::channel(KEPT).0 }
    }
}

impl Events {
    /// The state of now, and the changes after it.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        let told = self.lock();
        Subscription { state: told.values().cloned().collect(), changes: self.changes.subscribe() }
    }

    /// What is told from now on; `None` where that is what was told already.
    pub(super) fn note(
        &self,
        diagnosis: &Diagnosis,
        change: Option<&Change>,
        at: SystemTime,
    ) -> Option<Arc<Told>> {
        if change.is_none() && diagnosis.verdict == Verdict::Ok {
            // As a rule nothing is wrong, and nothing has changed.
            return None;
        }
        let mut told = self.lock();
        let known = told.get(&diagnosis.target);
        let (before, at) = match (change, known) {
            (Some(change), _) => (change.before, at),
            (None, Some(known)) => (known.before, known.at),
            (None, None) => (None, at),
        };
        let now = Arc::new(Told { diagnosis: diagnosis.clone(), before, at });
        told.insert(Arc::clone(&diagnosis.target), Arc::clone(&now));
        if change.is_some() {
            // Nobody need listen.
            let _ = self.changes.send(Arc::clone(&now));
        }
        Some(now)
    }

    pub(super) fn forget(&self, target: &str) {
        self.lock().remove(target);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<Told>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
