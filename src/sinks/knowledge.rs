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

#[derive(Debug, Default)]
struct Targets {
    known: BTreeMap<Arc<str>, Known>,
    /// The revision with which a target came or went last.
    listed: u64,
}

/// What changed since a revision.
#[derive(Debug, PartialEq, Eq)]
pub struct Since {
    /// The targets of which something else is known, by name.
    pub targets: Vec<Arc<str>>,
    /// All targets, by name; `None` where none came or went.
    pub all: Option<Vec<Arc<str>>>,
    /// Up to which revision.
    pub revision: u64,
}

/// What is known of every target.
#[derive(Debug)]
pub struct Knowledge {
    targets: Mutex<Targets>,
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
        let mut all = self.lock();
        let mut before = std::mem::take(&mut all.known);
        let revision = self.next();
        let mut came = false;
        for target in targets {
            let name = Arc::clone(&target.name);
            let now = match before.remove(&name) {
                Some(known) if known.target == *target => known,
                Some(known) => Known { target: Arc::clone(target), revision, ..known },
                None => {
                    came = true;
                    Known::of(target, revision)
                }
            };
            all.known.insert(name, now);
        }
        if came || !before.is_empty() {
            all.listed = revision;
        }
    }

    /// What is known of all targets, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Known> {
        self.lock().known.values().cloned().collect()
    }

    /// What is known of one target.
    #[must_use]
    pub fn of(&self, target: &str) -> Option<Known> {
        self.lock().known.get(target).cloned()
    }

    /// What changed since a revision, for who listens: many do, every second, so nothing of what is known is copied.
    #[must_use]
    pub fn since(&self, revision: u64) -> Since {
        let all = self.lock();
        let changed = all.known.iter().filter(|(_, known)| known.revision > revision);
        Since {
            targets: changed.map(|(name, _)| Arc::clone(name)).collect(),
            all: (all.listed > revision || revision == 0).then(|| all.known.keys().cloned().collect()),
            // Each is given while the lock is held.
            revision: *self.revision.borrow(),
        }
    }

    /// All targets, by name.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        self.lock().known.keys().cloned().collect()
    }

    /// Tells the last revision, and each later one.
    #[must_use]
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub(super) fn change(&self, target: &str, change: impl FnOnce(&mut Known)) {
        let mut all = self.lock();
        let Some(entry) = all.known.get_mut(target) else { return };
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

    fn lock(&self) -> MutexGuard<'_, Targets> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Env, Source};

    fn targets(names: &[&str]) -> Vec<Arc<Target>> {
        let line = |name: &&str| {
            format!("  - {{ name: {name}, provider: http, url: \"https://api.example.com/\" }}\n")
        };
        let lines: Vec<String> = names.iter().map(line).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.yml");
        std::fs::write(&path, format!("targets:\n{}", lines.concat())).unwrap();
        Config::load(&Source::File(path), &Env::of::<&str, &str>([])).unwrap().targets
    }

    #[test]
    fn what_changed_is_told_and_who_there_is_only_when_that_changed() {
        let knowledge = Knowledge::default();
        let since = |revision| {
            let Since { targets, all, revision } = knowledge.since(revision);
            let names = |names: Vec<Arc<str>>| names.join(" ");
            (names(targets), all.map(names), revision)
        };
        let all = |names: &str| Some(names.to_owned());
        knowledge.watch(&targets(&["a", "b", "c"]));
        assert_eq!(since(0), ("a b c".to_owned(), all("a b c"), 1));
        assert_eq!(since(1), (String::new(), None, 1));
        knowledge.change("b", |_| ());
        knowledge.change("nobody", |_| ());
        assert_eq!(since(1), ("b".to_owned(), None, 2));
        knowledge.watch(&targets(&["a", "b", "c"]));
        assert_eq!(since(2), (String::new(), None, 3), "the same targets");
        knowledge.watch(&targets(&["a", "b"]));
        assert_eq!(since(3), (String::new(), all("a b"), 4), "one went");
        knowledge.watch(&targets(&["a", "b", "d"]));
        assert_eq!(since(4), ("d".to_owned(), all("a b d"), 5), "one came");
        assert_eq!(since(3), ("d".to_owned(), all("a b d"), 5));
    }
}
