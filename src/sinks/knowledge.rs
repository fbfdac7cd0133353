//! All that is known of every target now, for who shows it.
//!
//! Promises: every target that is watched is there from the start, with nothing known of it; whoever listens learns which
//! targets changed since it looked last, however seldom it looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use super::Told;
use crate::board::Standing;
use crate::metrics::CallState;
use crate::outcome::{ApiEvidence, FollowUp, Outcome, RateLimit, Run};
use crate::status_page::PageStatus;
use crate::target::Target;

/// What is known of one target.
#[derive(Debug, Clone)]
pub struct Known {
    /// The target, as it is watched from now on.
    pub target: Arc<Target>,
    /// The last run; `None` before the first one.
    pub last: Option<Arc<LastRun>>,
    /// What is told of it; `None` before the first run.
    pub told: Option<Arc<Told>>,
    /// The experiments that were made since its trouble began, as far as they count; empty where nothing is wrong.
    pub follow_ups: Arc<[FollowUp]>,
    /// The limits that its provider stated last; not every run makes a call.
    pub limits: Arc<[RateLimit]>,
    /// Grows with every change, over all targets.
    pub revision: u64,
}

/// What the last run of a target found, and what was known beside.
#[derive(Debug, Clone)]
pub struct LastRun {
    /// When it was over.
    pub at: SystemTime,
    /// What it found.
    pub run: Arc<Run>,
    /// The last journey of every path to every endpoint, by endpoint and path.
    pub outcomes: Vec<Arc<Outcome>>,
    /// How the target stands.
    pub standing: Standing,
    /// How its call stands.
    pub call: CallState,
    /// What the provider says of itself.
    pub page: Option<PageStatus>,
}

/// What is known of every target.
#[derive(Debug)]
pub struct Knowledge {
    targets: Mutex<BTreeMap<Arc<str>, Known>>,
    /// The last revision.
    revision: watch::Sender<u64>,
}

impl Default for Knowledge {
    fn default() -> Self {
        Self { targets: Mutex::default(), revision: watch::channel(0).0 }
    }
}

impl Knowledge {
    /// These are the targets from now on. What is known of those that stay stays, until something is known of them as they
    /// are watched now.
    pub fn watch<'a>(&self, targets: impl IntoIterator<Item = &'a Arc<Target>>) {
        let mut known = self.lock();
        let mut before = std::mem::take(&mut *known);
        let revision = self.next();
        for target in targets {
            let name = Arc::clone(&target.name);
            let now = match before.remove(&name) {
                Some(known) if known.target == *target => known,
                Some(known) => Known { target: Arc::clone(target), revision, ..known },
                None => Known::of(target, revision),
            };
            known.insert(name, now);
        }
    }

    /// What is known of all targets, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Known> {
        self.lock().values().cloned().collect()
    }

    /// What is known of one target.
    #[must_use]
    pub fn of(&self, target: &str) -> Option<Known> {
        self.lock().get(target).cloned()
    }

    /// Tells the last revision, and each later one.
    #[must_use]
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub(super) fn change(&self, target: &str, change: impl FnOnce(&mut Known)) {
        let mut known = self.lock();
        let Some(entry) = known.get_mut(target) else { return };
        change(entry);
        entry.revision = self.next();
    }

    /// A target is watched differently, or no more.
    pub(super) fn forget(&self, target: &str) {
        self.change(target, |known| {
            (known.last, known.told, known.follow_ups) = (None, None, Arc::default());
            known.limits = Arc::default();
        });
    }

    /// The next revision, told at once: whoever hears of it waits for the lock that is held meanwhile.
    fn next(&self) -> u64 {
        let mut next = 0;
        self.revision.send_modify(|last| {
            *last += 1;
            next = *last;
        });
        next
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Known>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn of(target: &Arc<Target>, revision: u64) -> Self {
        Self {
            target: Arc::clone(target),
            last: None,
            told: None,
            follow_ups: Arc::default(),
            limits: Arc::default(),
            revision,
        }
    }

    /// Takes in what a run found.
    pub(super) fn ran(&mut self, last: LastRun) {
        let calls = last.run.outcomes.iter().filter(|outcome| outcome.endpoint == last.standing.shown);
        let calls = calls.filter_map(|outcome| outcome.stages.api.evidence());
        let pooled = last.run.pooled.iter().filter(|call| call.endpoint == last.standing.shown);
        let calls = calls.chain(pooled.filter_map(|call| call.stage.evidence()));
        let stated =
            |call: &ApiEvidence| (!call.rate_limits.is_empty()).then(|| call.rate_limits.as_slice().into());
        if let Some(limits) = calls.filter_map(stated).next_back() {
            self.limits = limits;
        }
        self.last = Some(Arc::new(last));
    }
}
