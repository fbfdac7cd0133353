//! What was: the past journeys of every path, and how targets and paths did over the last hours.
//!
//! Promises: bounded in number and in time, failures kept longer than what worked; what is kept of a healthy journey is
//! what the board keeps anyway.

mod timeline;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::board::Standing;
use crate::diagnosis::{Diagnosis, Language, Verdict};
use crate::document::JourneyPart;
use crate::outcome::{Blame, Layer, Outcome, PathId, Run};
pub use timeline::{Slot, Timeline};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Journeys of a path.
    pub journeys: usize,
    /// Journeys of a path that failed, beside those.
    pub failures: usize,
    /// How far back the timelines go.
    pub timeline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { journeys: 20, failures: 20, timeline: Duration::from_secs(6 * 3600) }
    }
}

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

/// Which journeys are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Those that began then or later.
    pub since: Option<SystemTime>,
    /// So many at the most.
    pub limit: Option<usize>,
}

/// A path to an endpoint.
type Way = (Arc<str>, PathId);

/// What was, of every target.
#[derive(Debug, Default)]
pub struct History {
    limits: Limits,
    targets: Mutex<HashMap<Arc<str>, Past>>,
}

#[derive(Debug, Default)]
struct Past {
    ways: BTreeMap<Way, Journeys>,
    turns: VecDeque<Turn>,
}

#[derive(Debug)]
struct Journeys {
    recent: VecDeque<Arc<Outcome>>,
    /// Those that failed and are not among the recent ones any more.
    failed: VecDeque<Arc<Outcome>>,
    timeline: Timeline,
}

impl History {
    /// A history that keeps so much.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, targets: Mutex::default() }
    }

    /// Notes a run: the last journeys of its paths, which go on or have ended with it.
    pub fn note(&self, _standing: &Standing, latest: &[Arc<Outcome>], run: &Run) {
        let mut targets = self.lock();
        let past = targets.entry(Arc::clone(&run.target)).or_default();
        for retired in &run.retired {
            past.ways.remove(retired);
        }
        let of_run = |outcome: &&Arc<Outcome>| {
            run.outcomes.iter().any(|new| new.started == outcome.started && new.path == outcome.path)
        };
        for outcome in latest.iter().filter(of_run) {
            let way = (Arc::clone(&outcome.endpoint), outcome.path.clone());
            let limits = self.limits;
            past.ways.entry(way).or_insert_with(|| Journeys::new(limits)).note(outcome, limits);
        }
    }

    /// Notes what is told of a target from now on.
    pub fn told(&self, diagnosis: &Diagnosis, at: SystemTime) {
        let mut targets = self.lock();
        let past = targets.entry(Arc::clone(&diagnosis.target)).or_default();
        let Diagnosis { verdict, layer, blame, .. } = *diagnosis;
        past.turns.push_back(Turn { at, verdict, layer, blame });
        while past.turns.len() > self.limits.journeys + self.limits.failures {
            past.turns.pop_front();
        }
    }

    /// Past journeys of a target, the newest first.
    #[must_use]
    pub fn journeys(&self, target: &str, wanted: Wanted, language: Language) -> Vec<JourneyPart> {
        let mut found: Vec<Arc<Outcome>> = {
            let targets = self.lock();
            let ways = targets.get(target).into_iter().flat_map(|past| past.ways.values());
            let all = ways.flat_map(|journeys| journeys.failed.iter().chain(&journeys.recent));
            all.filter(|outcome| wanted.since.is_none_or(|since| outcome.started >= since)).cloned().collect()
        };
        found.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.path.cmp(&b.path)));
        found.truncate(wanted.limit.unwrap_or(usize::MAX));
        found.iter().map(|outcome| JourneyPart::of(outcome, language)).collect()
    }

    /// The timeline of every path of a target, by endpoint and path.
    #[must_use]
    pub fn timelines(&self, target: &str) -> Vec<((Arc<str>, PathId), Timeline)> {
        let targets = self.lock();
        let ways = targets.get(target).into_iter().flat_map(|past| &past.ways);
        ways.map(|(way, journeys)| (way.clone(), journeys.timeline.clone())).collect()
    }

    /// What was told of a target, the oldest first.
    #[must_use]
    pub fn turns(&self, target: &str) -> Vec<Turn> {
        self.lock().get(target).map(|past| past.turns.iter().copied().collect()).unwrap_or_default()
    }

    /// Forgets all targets but these.
    pub fn keep(&self, targets: &dyn Fn(&str) -> bool) {
        self.lock().retain(|name, _| targets(name));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Past>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journeys {
    fn new(limits: Limits) -> Self {
        Self { recent: VecDeque::new(), failed: VecDeque::new(), timeline: Timeline::new(limits.timeline) }
    }

    fn note(&mut self, outcome: &Arc<Outcome>, limits: Limits) {
        self.timeline.note(outcome);
        self.recent.push_back(Arc::clone(outcome));
        while self.recent.len() > limits.journeys {
            let Some(oldest) = self.recent.pop_front() else { break };
            if !oldest.success() {
                self.failed.push_back(oldest);
            }
        }
        while self.failed.len() > limits.failures {
            self.failed.pop_front();
        }
    }
}
