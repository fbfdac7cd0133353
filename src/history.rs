//! What was: the past journeys of every path, what was told of every target, and how paths did over the last hours.
//!
//! Promises: bounded in number, in time and in memory, failures kept longer than what worked; noting a journey costs a clone of
//! an `Arc` and a change of a slot. What is written down ([`Archive`]) is never waited for: a store that cannot be used is
//! reported, and the history goes on in memory.

mod archive;
mod batch;
mod eviction;
mod order;
mod shelf;
mod store;
mod timeline;
mod trail;
mod turns;
mod weight;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem::size_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::board::Standing;
pub use crate::config::Retention as Limits;
use crate::diagnosis::{Diagnosis, Language};
use crate::document::JourneyPart;
use crate::outcome::{Family, Outcome, PathId, Run};
use crate::target::{Families, Target};
pub use archive::{Archive, ArchiveError, Saved, SetAside};
use batch::{Batch, Rows};
use order::{Oldest, Order};
use shelf::Kept;
pub use timeline::{Slot, Timeline};
use trail::Trail;
pub use turns::Turn;
use turns::Turns;

/// Which journeys are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Those that began then or later.
    pub since: Option<SystemTime>,
    /// So many at the most.
    pub limit: Option<usize>,
    /// Those of one path.
    pub path: Option<&'a PathId>,
    /// Those to one endpoint, as it is shown.
    pub endpoint: Option<&'a str>,
    /// Only those that failed.
    pub failed: bool,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Journeys that are kept.
    pub journeys: usize,
    /// What all of it takes in memory, as far as that can be counted.
    pub bytes: usize,
}

/// A path to an endpoint.
type Way = (Arc<str>, PathId);

/// What was, of every target.
#[derive(Debug, Default)]
pub struct History(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    limits: Limits,
    /// The targets there are; `None` before that is known.
    watched: Option<Vec<Arc<Target>>>,
    pasts: HashMap<Arc<str>, Past>,
    /// What it takes.
    bytes: usize,
    /// Which of its journeys go next.
    order: Order,
    /// Whether paths or targets went that may be written down.
    gone: bool,
    /// Whether what was before is taken in, so that it is not taken in twice.
    restored: bool,
    /// The last slot that went because of the memory.
    evicted: Option<u64>,
    /// What was left when nothing more could go, if that was more than the memory.
    least: usize,
}

/// What was of one target.
#[derive(Debug, Default)]
struct Past {
    trails: BTreeMap<Way, Trail>,
    turns: Turns,
}

impl History {
    /// A history that keeps so much.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self(Mutex::new(State { limits, ..State::default() }))
    }

    /// Notes a run; `latest` are the last journeys of all paths of the target, ordered by endpoint and path as the board gives
    /// them, those of the run among them.
    pub fn note(&self, _standing: &Standing, latest: &[Arc<Outcome>], run: &Run) {
        let mut state = self.lock();
        let State { limits, pasts, bytes, order, .. } = &mut *state;
        let before = pasts.get(&run.target).map_or(0, Past::bytes);
        let past = pasts.entry(Arc::clone(&run.target)).or_default();
        for outcome in &run.outcomes {
            let wanted = (&outcome.endpoint, &outcome.path);
            let found = latest.binary_search_by(|known| (&known.endpoint, &known.path).cmp(&wanted));
            // The board's is the same journey, and need not be copied.
            let Some(known) = found.ok().and_then(|at| latest.get(at)) else { continue };
            let way = (Arc::clone(&outcome.endpoint), outcome.path.clone());
            let trail = past.trails.entry(way.clone()).or_insert_with(|| Trail::new(limits));
            let oldest = Oldest::of(trail);
            trail.note(known, limits);
            order.moved(&way, oldest, Oldest::of(trail));
        }
        *bytes = bytes.saturating_add(past.bytes()).saturating_sub(before);
        state.enforce();
    }

    /// Notes what is told of a target from now on.
    pub fn told(&self, diagnosis: &Diagnosis, at: SystemTime) {
        let mut state = self.lock();
        let Diagnosis { verdict, layer, blame, .. } = *diagnosis;
        let before = state.pasts.get(&diagnosis.target).map_or(0, Past::bytes);
        let past = state.pasts.entry(Arc::clone(&diagnosis.target)).or_default();
        past.turns.push(Turn { at, verdict, layer, blame });
        let after = past.bytes();
        state.bytes = state.bytes.saturating_add(after).saturating_sub(before);
        state.enforce();
    }

    /// Past journeys of a target, the newest first. Those from before a restart are told in English.
    #[must_use]
    pub fn journeys(&self, target: &str, wanted: Wanted<'_>, language: Language) -> Vec<JourneyPart> {
        let mut found: Vec<(PathId, Kept)> = {
            let state = self.lock();
            let trails = state.pasts.get(target).into_iter().flat_map(|past| &past.trails);
            let trails = trails.filter(|((endpoint, path), _)| {
                wanted.endpoint.is_none_or(|wanted| wanted == &**endpoint)
                    && wanted.path.is_none_or(|wanted| wanted == path)
            });
            let all = trails.flat_map(|((_, path), trail)| trail.journeys().map(move |kept| (path, kept)));
            let all = all.filter(|(_, kept)| {
                wanted.since.is_none_or(|since| kept.started() >= since) && !(wanted.failed && kept.ok())
            });
            all.map(|(path, kept)| (path.clone(), kept.clone())).collect()
        };
        found.sort_by(|(one, a), (other, b)| b.started().cmp(&a.started()).then_with(|| one.cmp(other)));
        found.truncate(wanted.limit.unwrap_or(usize::MAX));
        let part = |(_, kept): &(PathId, Kept)| match kept {
            Kept::Walked(outcome) => Some(JourneyPart::of(outcome, language)),
            // It was read once when it was taken in.
            Kept::Before(before) => serde_json::from_str(&before.json).ok(),
        };
        found.iter().filter_map(part).collect()
    }

    /// The timeline of every path of a target, by endpoint and path.
    #[must_use]
    pub fn timelines(&self, target: &str) -> Vec<((Arc<str>, PathId), Timeline)> {
        let state = self.lock();
        let trails = state.pasts.get(target).into_iter().flat_map(|past| &past.trails);
        trails.map(|(way, trail)| (way.clone(), trail.timeline.clone())).collect()
    }

    /// The timeline of one path to an endpoint.
    #[must_use]
    pub fn timeline(&self, endpoint: &Arc<str>, path: &PathId) -> Option<Timeline> {
        let way = (Arc::clone(endpoint), path.clone());
        Some(self.lock().pasts.get(&path.target)?.trails.get(&way)?.timeline.clone())
    }

    /// What was told of a target, the oldest first.
    #[must_use]
    pub fn turns(&self, target: &str) -> Vec<Turn> {
        let state = self.lock();
        state.pasts.get(target).map(|past| past.turns.iter().copied().collect()).unwrap_or_default()
    }

    /// Forgets what is not of these targets: others, and of these the endpoints, routes and families they have no more.
    pub fn keep(&self, targets: &[Arc<Target>]) {
        let mut state = self.lock();
        state.watched = Some(targets.to_vec());
        state.forget_unwatched();
        state.weigh();
    }

    /// Keeps to other limits from now on.
    pub fn limit(&self, limits: Limits) {
        let mut state = self.lock();
        if state.limits != limits {
            state.limits = limits;
            state.trails().for_each(|trail| trail.limit(&limits));
            state.weigh();
        }
    }

    /// Forgets what is too old.
    pub fn tidy(&self, now: SystemTime) {
        self.lock().tidy(now);
    }

    /// How much there is.
    #[must_use]
    pub fn extent(&self) -> Extent {
        let state = self.lock();
        let trails = state.pasts.values().flat_map(|past| past.trails.values());
        let journeys = trails.map(|trail| trail.worked.len() + trail.failed.len()).sum();
        Extent { journeys, bytes: state.bytes }
    }

    /// Takes in what was written down before a restart.
    fn restore(&self, rows: Rows, now: SystemTime) {
        let mut state = self.lock();
        let limits = state.limits;
        for stored in rows.ways {
            let past = state.pasts.entry(Arc::clone(&stored.way.1.target)).or_default();
            let trail = past.trails.entry(stored.way).or_insert_with(|| Trail::new(&limits));
            trail.restore(&stored.slots, stored.failed, &limits);
        }
        let mut rest = &rows.turns[..];
        while let Some((target, _)) = rest.first() {
            let count = rest.iter().take_while(|(other, _)| other == target).count();
            let (of_target, others) = rest.split_at(count);
            let turns: Vec<Turn> = of_target.iter().map(|(_, turn)| *turn).collect();
            state.pasts.entry(Arc::clone(target)).or_default().turns.restore(&turns);
            rest = others;
        }
        state.gone = true;
        state.restored = true;
        state.forget_unwatched();
        state.weigh();
        state.tidy(now);
    }

    /// What is not written down yet, and counts as written from now on.
    fn unsaved(&self, now: SystemTime) -> Batch {
        let mut state = self.lock();
        state.tidy(now);
        let State { limits, pasts, gone, evicted, .. } = &mut *state;
        let slots_since = Timeline::new(limits.timeline).first_at(now);
        let mut batch = Batch {
            slots_since: slots_since.max(evicted.map_or(0, |evicted| evicted.saturating_add(1))),
            turns_since: now.checked_sub(limits.failure_age),
            ..Batch::default()
        };
        for (target, past) in pasts.iter_mut() {
            batch.ways.extend(past.trails.iter_mut().filter_map(|(way, trail)| trail.changed(way)));
            batch.turns.extend(past.turns.changed().map(|turn| (Arc::clone(target), *turn)));
        }
        if std::mem::take(gone) {
            let ways = pasts.values().flat_map(|past| past.trails.keys().cloned());
            batch.only = Some((ways.collect(), pasts.keys().cloned().collect()));
        }
        batch
    }

    /// Nothing is written down, or it is not known what.
    fn unsave(&self) {
        let mut state = self.lock();
        state.gone = true;
        for past in state.pasts.values_mut() {
            past.trails.values_mut().for_each(Trail::unsave);
            past.turns.unsave();
        }
    }

    /// Whether what was before is taken in.
    fn is_restored(&self) -> bool {
        self.lock().restored
    }

    /// There is nothing before that could be taken in.
    fn begin_anew(&self) {
        self.lock().restored = true;
        self.unsave();
    }

    fn limits(&self) -> Limits {
        self.lock().limits
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn trails(&mut self) -> impl Iterator<Item = &mut Trail> {
        self.pasts.values_mut().flat_map(|past| past.trails.values_mut())
    }

    fn tidy(&mut self, now: SystemTime) {
        let State { limits, pasts, bytes, order, .. } = self;
        let told_since = now.checked_sub(limits.failure_age);
        let mut empty = false;
        // As a rule nothing of a target is too old, and all of this is one look at it.
        for past in pasts.values_mut() {
            let before = past.bytes();
            for (way, trail) in &mut past.trails {
                let oldest = Oldest::of(trail);
                trail.expire(now, limits);
                order.moved(way, oldest, Oldest::of(trail));
                empty |= trail.is_empty();
            }
            told_since.into_iter().for_each(|since| past.turns.expire(since));
            *bytes = bytes.saturating_add(past.bytes()).saturating_sub(before);
            empty |= past.trails.is_empty() && past.turns.is_empty();
        }
        if empty {
            self.forget_empty();
            self.weigh();
        }
    }

    fn forget_unwatched(&mut self) {
        let Some(watched) = &self.watched else { return };
        let targets: HashMap<&str, Watch> =
            watched.iter().map(|target| (&*target.name, Watch::of(target))).collect();
        let mut gone = false;
        self.pasts.retain(|name, past| {
            let watch = targets.get(&**name);
            let before = past.trails.len();
            past.trails.retain(|way, _| watch.is_some_and(|watch| watch.has(way)));
            gone |= past.trails.len() < before || watch.is_none();
            watch.is_some()
        });
        self.gone |= gone;
    }

    /// Forgets paths and targets of which nothing is left.
    fn forget_empty(&mut self) {
        let mut gone = false;
        self.pasts.retain(|_, past| {
            let before = past.trails.len();
            past.trails.retain(|_, trail| !trail.is_empty());
            let empty = past.trails.is_empty() && past.turns.is_empty();
            gone |= past.trails.len() < before || empty;
            !empty
        });
        self.gone |= gone;
    }

    /// Everything may be another than before.
    fn weigh(&mut self) {
        self.bytes = eviction::weigh(&self.pasts);
        self.order = Order::of(self.pasts.values().map(|past| &past.trails));
        self.least = 0;
        self.enforce();
    }

    fn enforce(&mut self) {
        let memory = self.limits.memory.bytes();
        // Where the targets alone take more, all is looked through once in a while all the same, and not with each run.
        let bound = memory.max(self.least.saturating_add(memory / 16));
        while self.bytes > bound && self.forget_oldest() {}
        if self.bytes > bound {
            let (bytes, evicted) = eviction::evict(&mut self.pasts, memory);
            self.bytes = bytes;
            self.least = if bytes > memory { bytes } else { 0 };
            self.evicted = evicted.max(self.evicted);
        }
    }

    /// Lets go of the journey that goes first; `false` where there is none.
    fn forget_oldest(&mut self) -> bool {
        let Self { pasts, bytes, order, .. } = self;
        let of_failed = order.worked().is_none();
        let Some((_, way)) = order.worked().or(order.failed()).cloned() else { return false };
        let Some(past) = pasts.get_mut(&way.1.target) else { return false };
        let before = past.bytes();
        let Some(trail) = past.trails.get_mut(&way) else { return false };
        let oldest = Oldest::of(trail);
        if of_failed {
            trail.forget_failure();
        } else {
            trail.worked.forget();
        }
        order.moved(&way, oldest, Oldest::of(trail));
        *bytes = bytes.saturating_add(past.bytes()).saturating_sub(before);
        true
    }
}

impl Past {
    /// What it takes in memory, its place in the map and the names of its paths included.
    fn bytes(&self) -> usize {
        let trails: usize = self.trails.values().map(Trail::bytes).sum();
        2 * (size_of::<Self>() + size_of::<Arc<str>>()) + trails + self.turns.bytes()
    }
}

/// Where a target is walked.
struct Watch {
    endpoints: HashSet<String>,
    target: Arc<Target>,
}

impl Watch {
    fn of(target: &Arc<Target>) -> Self {
        let endpoints = target.sites.iter().map(|site| site.endpoint.shown()).collect();
        Self { endpoints, target: Arc::clone(target) }
    }

    fn has(&self, (endpoint, path): &Way) -> bool {
        let family = match &self.target.families {
            Families::Answered => true,
            Families::Only(only) => path.family == Family::Any || only.contains(&path.family),
        };
        let routed = || self.target.routes.iter().any(|route| route.name == path.route);
        family && self.endpoints.contains(&**endpoint) && routed()
    }
}

#[cfg(test)]
mod tests;
