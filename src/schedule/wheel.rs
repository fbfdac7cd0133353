//! The wheel: one heap of due times for all jobs, driven from outside with `now`.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;
use super::room::{Bound, Room};

/// The name of a job: the target's.
pub type JobKey = Arc<str>;

/// A run that is late by this part of its interval, because the one before lasted so long, is not left out.
const GRACE: u32 = 10;

/// A job that comes while others are watched already has its first run within this time, whatever its interval: nobody
/// wants to wait an hour to learn whether a change works. Long enough for very many not to start at once.
const SOON: Duration = Duration::from_secs(10);

/// Why runs were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The run before was still going on.
    Running,
    /// The canary itself was late by more than an interval.
    Stall,
    /// The bound on runs in flight held it back for more than an interval.
    Limit,
}

impl SkipReason {
    /// All reasons.
    pub const ALL: [Self; 3] = [Self::Running, Self::Stall, Self::Limit];

    /// The label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stall => "stall",
            Self::Limit => "limit",
        }
    }
}

/// A run to start now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which job.
    pub key: JobKey,
    /// How late it starts.
    pub lag: Duration,
    /// Whether it was asked for, and is not one of the rhythm.
    pub asked: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Start this run.
    Run(Due),
    /// This many runs of a job were left out.
    Skipped {
        /// Which job.
        key: JobKey,
        /// Why.
        reason: SkipReason,
        /// How many.
        runs: u32,
    },
    /// Nothing until then.
    Wait(Instant),
    /// Nothing until something changes.
    Idle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the heap until its due time.
    Queued,
    /// Its first run is due, and the run of the job it replaced is still going on.
    Blocked,
    /// Due at `due`; `late` is why it did not start then, should that cost runs.
    Ready { due: Instant, late: SkipReason },
    /// In flight.
    Running,
}

#[derive(Debug)]
struct Job {
    interval: Duration,
    /// How many descriptors a run may hold.
    descriptors: u64,
    slot: u64,
    /// When a run is due before its place in the rhythm: the first one, or one that was asked for.
    early: Option<Instant>,
    /// Whether that one, or the one in flight, was asked for.
    asked: bool,
    /// Tells this job's heap entry from one of a removed job of the same name.
    generation: u64,
    next: Instant,
    state: State,
}

/// All jobs.
#[derive(Debug)]
pub struct Wheel {
    start: Instant,
    generation: u64,
    jobs: HashMap<JobKey, Job>,
    heap: BinaryHeap<Reverse<(Instant, u64, JobKey)>>,
    ready: VecDeque<JobKey>,
    room: Room,
    pace: Pace,
    /// Skips not yet told.
    skips: VecDeque<Next>,
    /// Slots below `slots` that are free again.
    free: BTreeSet<u64>,
    slots: u64,
}

impl Wheel {
    /// Keeps the runs in flight within this bound from now on; those under way go on.
    pub fn set_bound(&mut self, bound: Bound) {
        self.room.set_bound(bound);
    }

    /// A wheel whose rhythm starts at `start` and that keeps the runs in flight within a bound.
    #[must_use]
    pub fn new(start: Instant, bound: Bound) -> Self {
        Self {
            start,
            generation: 0,
            jobs: HashMap::new(),
            heap: BinaryHeap::new(),
            ready: VecDeque::new(),
            room: Room::new(bound),
            pace: Pace::new(start),
            skips: VecDeque::new(),
            free: BTreeSet::new(),
            slots: 0,
        }
    }

    /// Runs in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.room.in_flight()
    }

    /// Adds a job whose runs may hold so many descriptors; one of the same name is replaced and keeps its slot. Its first
    /// run is at its next place in the rhythm.
    pub fn add(&mut self, key: &JobKey, interval: Duration, descriptors: u64, now: Instant) {
        self.insert(key, interval, descriptors, now, false);
    }

    /// The same for a job that comes while others are watched already: where its place in the rhythm is far off, it
    /// has one run before, soon, and at another time than others that come with it.
    pub fn add_soon(&mut self, key: &JobKey, interval: Duration, descriptors: u64, now: Instant) {
        self.insert(key, interval, descriptors, now, true);
    }

    fn insert(&mut self, key: &JobKey, interval: Duration, descriptors: u64, now: Instant, soon: bool) {
        let interval = interval.max(Duration::from_millis(1));
        let slot = match self.jobs.remove(key) {
            Some(replaced) => {
                self.pace.remove(replaced.interval);
                replaced.slot
            }
            None => self.free.pop_first().unwrap_or_else(|| {
                self.slots += 1;
                self.slots - 1
            }),
        };
        self.ready.retain(|ready| ready != key);
        self.generation += 1;
        let next = first_from(self.start + offset(slot, interval), interval, now);
        let early = (soon && next > now + SOON).then(|| now + offset(slot, SOON));
        let generation = self.generation;
        let job =
            Job { interval, descriptors, slot, early, asked: false, generation, next, state: State::Queued };
        self.heap.push(Reverse((early.unwrap_or(next), job.generation, Arc::clone(key))));
        self.pace.add(interval);
        self.jobs.insert(Arc::clone(key), job);
    }

    /// Has a job run as soon as there is room for it, beside its rhythm; a run that is in flight or waits for room is
    /// enough. Whether there is such a job.
    pub fn now(&mut self, key: &JobKey, now: Instant) -> bool {
        let Some(job) = self.jobs.get_mut(key) else { return false };
        match job.state {
            State::Queued => {}
            State::Blocked | State::Ready { .. } | State::Running => return true,
        }
        self.generation += 1;
        (job.early, job.asked, job.generation) = (Some(now), true, self.generation);
        self.heap.push(Reverse((now, self.generation, Arc::clone(key))));
        true
    }

    /// Removes a job; a run of it that is in flight may still finish.
    pub fn remove(&mut self, key: &JobKey) {
        if let Some(job) = self.jobs.remove(key) {
            self.ready.retain(|ready| ready != key);
            self.free.insert(job.slot);
            self.pace.remove(job.interval);
        }
    }

    /// The run of this name is over.
    pub fn finished(&mut self, key: &JobKey, now: Instant) {
        self.room.leave(key);
        let Some(job) = self.jobs.get_mut(key) else { return };
        match (job.state, job.early) {
            (State::Running, _) => job.state = State::Queued,
            (State::Blocked, Some(due)) => {
                job.state = State::Ready { due, late: SkipReason::Running };
                self.ready.push_back(Arc::clone(key));
                return;
            }
            _ => return,
        }
        // A run may take its whole interval, and ends a moment after that: the next one starts late by as much.
        let late = now.saturating_duration_since(job.next);
        let passed = match std::mem::take(&mut job.asked) {
            // One that was asked for stands for the run of the rhythm during which it was under way.
            true if job.next <= now => advance(job, now).saturating_sub(1),
            false if late > job.interval / GRACE => advance(job, now),
            true | false => 0,
        };
        self.heap.push(Reverse((job.next, job.generation, Arc::clone(key))));
        self.tell_skipped(key, SkipReason::Running, passed);
    }

    /// What to do at `now`; to be asked again until it says to wait.
    pub fn next(&mut self, now: Instant) -> Next {
        loop {
            if let Some(skip) = self.skips.pop_front() {
                return skip;
            }
            let first = self.ready.front().map(|key| self.jobs.get(key).map_or(0, |job| job.descriptors));
            let fits = first.is_some_and(|descriptors| self.room.fits(descriptors));
            let from = self.pace.from(now);
            if fits && from > now {
                return Next::Wait(from);
            }
            if fits && let Some(key) = self.ready.pop_front() {
                match self.launch(&key, now) {
                    Some(due) => return Next::Run(due),
                    None => continue,
                }
            }
            let Some(Reverse((at, generation, key))) = self.heap.peek() else { return Next::Idle };
            let (at, generation) = (*at, *generation);
            let known = self.jobs.get_mut(key).filter(|job| job.generation == generation);
            if known.is_some() && at > now {
                return Next::Wait(at);
            }
            let key = Arc::clone(key);
            if let Some(job) = known {
                if self.room.is_running(&key) {
                    // The run of the job it replaced is still going on.
                    if job.early.is_some() {
                        job.state = State::Blocked;
                        self.heap.pop();
                        continue;
                    }
                    let passed = advance(job, now);
                    let next = Reverse((job.next, generation, Arc::clone(&key)));
                    self.heap.pop();
                    self.heap.push(next);
                    self.tell_skipped(&key, SkipReason::Running, passed);
                    continue;
                }
                // What waits at the front did not fit in, and nothing passes it.
                let held = !self.ready.is_empty() || !self.room.fits(job.descriptors);
                job.state =
                    State::Ready { due: at, late: if held { SkipReason::Limit } else { SkipReason::Stall } };
                self.ready.push_back(key);
            }
            self.heap.pop();
        }
    }

    fn launch(&mut self, key: &JobKey, now: Instant) -> Option<Due> {
        let job = self.jobs.get_mut(key)?;
        let State::Ready { due, late } = job.state else { return None };
        job.state = State::Running;
        // After an early first run the job's place in the rhythm is still ahead, unless that has passed too.
        let missed = match job.early.take() {
            Some(_) if job.next > now => 0,
            Some(_) if !job.asked => advance(job, now),
            Some(_) | None => advance(job, now).saturating_sub(1),
        };
        self.room.enter(key, job.descriptors);
        self.pace.start(now);
        let asked = job.asked;
        self.tell_skipped(key, late, missed);
        Some(Due { key: Arc::clone(key), lag: now.saturating_duration_since(due), asked })
    }

    fn tell_skipped(&mut self, key: &JobKey, reason: SkipReason, runs: u32) {
        if runs > 0 {
            self.skips.push_back(Next::Skipped { key: Arc::clone(key), reason, runs });
        }
    }
}

/// Moves a job to its first time after `now`; how many of its times that passed over.
fn advance(job: &mut Job, now: Instant) -> u32 {
    let before = job.next;
    job.next = next_after(before, job.interval, now);
    intervals(before, job.next, job.interval)
}

/// The first `base + n * interval` that is not before `now`.
fn first_from(base: Instant, interval: Duration, now: Instant) -> Instant {
    if base == now { base } else { next_after(base, interval, now) }
}

/// The first `base + n * interval` after `now`, and not before `base`.
fn next_after(base: Instant, interval: Duration, now: Instant) -> Instant {
    if base > now {
        return base;
    }
    let passed = now.duration_since(base).as_nanos() / interval.as_nanos() + 1;
    base + interval * u32::try_from(passed).unwrap_or(u32::MAX)
}

fn intervals(from: Instant, to: Instant, interval: Duration) -> u32 {
    u32::try_from(to.saturating_duration_since(from).as_nanos() / interval.as_nanos()).unwrap_or(u32::MAX)
}

/// Where in its interval a slot starts: slot times the golden ratio, modulo one. Each new slot falls into one of the
/// largest gaps left by those before it, so any number of slots is spread evenly and none has to move for another.
fn offset(slot: u64, interval: Duration) -> Duration {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let fraction = u128::from(slot.wrapping_mul(GOLDEN));
    let nanos = (fraction * interval.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn runs(runs: usize) -> Bound {
        Bound { runs, descriptors: u64::MAX }
    }

    fn key(name: &str) -> JobKey {
        name.into()
    }

    fn run(key: &JobKey, lag: Duration) -> Next {
        Next::Run(Due { key: Arc::clone(key), lag, asked: false })
    }

    #[test]
    fn a_job_runs_at_its_interval() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        wheel.add(&job, 10 * SECOND, 1, start);
        assert_eq!(wheel.next(start), run(&job, Duration::ZERO), "the first target is not kept waiting");
        wheel.finished(&job, start + SECOND);
        assert_eq!(wheel.next(start + SECOND), Next::Wait(start + 10 * SECOND));
        let now = start + 10 * SECOND;
        assert_eq!(wheel.next(now), run(&job, Duration::ZERO));
        assert_eq!(wheel.next(now), Next::Idle, "while it runs it is not due");
        wheel.finished(&job, now + SECOND);
        assert_eq!(wheel.next(now + SECOND), Next::Wait(start + 20 * SECOND));
    }

    #[test]
    fn after_a_stall_it_runs_once_and_keeps_its_rhythm() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        wheel.add(&job, 10 * SECOND, 1, start);
        let late = start + 35 * SECOND;
        assert_eq!(wheel.next(late), run(&job, 35 * SECOND));
        assert_eq!(wheel.next(late), Next::Skipped { key: job.clone(), reason: SkipReason::Stall, runs: 3 });
        wheel.finished(&job, late);
        assert_eq!(wheel.next(late), Next::Wait(start + 40 * SECOND));
    }

    #[test]
    fn after_a_stall_very_many_jobs_run_soon_and_not_all_at_once() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(usize::MAX));
        for number in 0..10_000 {
            wheel.add(&key(&number.to_string()), 10 * SECOND, 1, start);
        }
        let stalled = start + 35 * SECOND;
        let (mut now, mut starts) = (stalled, Vec::new());
        while starts.len() < 10_000 {
            match wheel.next(now) {
                Next::Run(due) => {
                    wheel.finished(&due.key, now);
                    starts.push(now - stalled);
                }
                Next::Wait(until) => now = until,
                Next::Skipped { .. } | Next::Idle => {}
            }
        }
        let at_once = starts.iter().filter(|after| **after < Duration::from_millis(1)).count();
        assert!((2..100).contains(&at_once), "{at_once}");
        let last = starts.last().unwrap().as_secs_f64();
        assert!((2.0..4.0).contains(&last), "at four times the usual rate: {last}");
    }

    #[test]
    fn a_run_longer_than_the_interval_skips_and_is_never_doubled() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        wheel.add(&job, 10 * SECOND, 1, start);
        assert_eq!(wheel.next(start), run(&job, Duration::ZERO));
        assert_eq!(wheel.next(start + 25 * SECOND), Next::Idle);
        wheel.finished(&job, start + 25 * SECOND);
        let skipped = Next::Skipped { key: job.clone(), reason: SkipReason::Running, runs: 2 };
        assert_eq!(wheel.next(start + 25 * SECOND), skipped);
        assert_eq!(wheel.next(start + 25 * SECOND), Next::Wait(start + 30 * SECOND));
    }

    #[test]
    fn runs_that_last_just_their_interval_leave_none_out() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        let moment = Duration::from_millis(2);
        wheel.add(&job, 10 * SECOND, 1, start);
        assert_eq!(wheel.next(start), run(&job, Duration::ZERO));
        for round in 1..5 {
            let now = start + 10 * SECOND * round + moment;
            wheel.finished(&job, now);
            assert_eq!(wheel.next(now), run(&job, moment), "late, and in its rhythm all the same");
            assert_eq!(wheel.next(now), Next::Idle);
        }
    }

    #[test]
    fn the_bound_holds_jobs_back_and_says_what_that_cost() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(1));
        let (a, b) = (key("a"), key("b"));
        wheel.add(&a, 10 * SECOND, 1, start);
        wheel.add(&b, 10 * SECOND, 1, start);
        assert_eq!(wheel.next(start), run(&a, Duration::ZERO));
        let Next::Wait(b_due) = wheel.next(start) else { panic!() };
        assert_eq!(wheel.next(b_due), Next::Idle, "b is ready, and held");
        let freed = b_due + 12 * SECOND;
        wheel.finished(&a, freed);
        let Next::Skipped { reason: SkipReason::Running, .. } = wheel.next(freed) else { panic!() };
        assert_eq!(wheel.next(freed), run(&b, 12 * SECOND));
        assert_eq!(wheel.next(freed), Next::Skipped { key: b, reason: SkipReason::Limit, runs: 1 });
    }

    #[test]
    fn a_job_behind_one_that_does_not_fit_in_is_held_by_the_bound_too() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, Bound { runs: 10, descriptors: 10 });
        let (a, behind, greedy) = (key("a"), key("behind"), key("greedy"));
        for (job, descriptors) in [(&a, 1), (&behind, 1), (&greedy, 10)] {
            wheel.add(job, 10 * SECOND, descriptors, start);
        }
        assert_eq!(wheel.next(start), run(&a, Duration::ZERO));
        assert_eq!(wheel.next(start + 9 * SECOND), Next::Idle, "the greedy one is due before the other");
        let freed = start + 19 * SECOND;
        wheel.finished(&a, freed);
        let mut skipped = Vec::new();
        loop {
            match wheel.next(freed) {
                Next::Run(due) => wheel.finished(&due.key, freed),
                Next::Skipped { key, reason, .. } if key != a => skipped.push((key, reason)),
                Next::Skipped { .. } => {}
                Next::Wait(_) | Next::Idle => break,
            }
        }
        assert_eq!(skipped, [(greedy, SkipReason::Limit), (behind, SkipReason::Limit)]);
    }

    #[test]
    fn a_replaced_job_keeps_its_slot_and_waits_for_the_run_of_the_old_one() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        wheel.add(&job, 10 * SECOND, 1, start);
        assert_eq!(wheel.next(start), run(&job, Duration::ZERO));
        wheel.add(&job, 5 * SECOND, 1, start + SECOND);
        assert_eq!(
            wheel.next(start + 5 * SECOND),
            Next::Skipped { key: job.clone(), reason: SkipReason::Running, runs: 1 }
        );
        wheel.finished(&job, start + 6 * SECOND);
        assert_eq!(wheel.next(start + 6 * SECOND), Next::Wait(start + 10 * SECOND));
        assert_eq!(wheel.next(start + 10 * SECOND), run(&job, Duration::ZERO));
    }

    #[test]
    fn a_removed_job_never_runs_again_and_its_slot_is_used_again() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        wheel.add(&key("a"), 10 * SECOND, 1, start);
        wheel.add(&key("b"), 10 * SECOND, 1, start);
        let before = wheel.jobs[&key("a")].next;
        wheel.remove(&key("a"));
        wheel.add(&key("c"), 10 * SECOND, 1, start);
        assert_eq!(wheel.jobs[&key("c")].next, before);
        let mut ran = Vec::new();
        for second in 0..30 {
            while let Next::Run(due) = wheel.next(start + second * SECOND) {
                wheel.finished(&due.key, start + second * SECOND);
                ran.push(due.key);
            }
        }
        assert!(!ran.contains(&key("a")));
        assert!(ran.contains(&key("b")) && ran.contains(&key("c")));
    }

    #[test]
    fn a_run_that_is_asked_for_starts_at_once_and_moves_none_of_the_rhythm() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        assert!(!wheel.now(&job, start), "there is no such job");
        wheel.add(&job, 10 * SECOND, 1, start);
        assert_eq!(wheel.next(start), run(&job, Duration::ZERO));
        assert!(wheel.now(&job, start + SECOND), "the one in flight is enough");
        assert_eq!(wheel.next(start + SECOND), Next::Idle);
        wheel.finished(&job, start + 2 * SECOND);
        assert!(wheel.now(&job, start + 3 * SECOND) && wheel.now(&job, start + 3 * SECOND));
        let asked = Next::Run(Due { key: job.clone(), lag: Duration::ZERO, asked: true });
        assert_eq!(wheel.next(start + 3 * SECOND), asked);
        assert_eq!(wheel.next(start + 3 * SECOND), Next::Idle, "once, however often it is asked for");
        wheel.finished(&job, start + 4 * SECOND);
        assert_eq!(wheel.next(start + 4 * SECOND), Next::Wait(start + 10 * SECOND));
        assert_eq!(wheel.next(start + 10 * SECOND), run(&job, Duration::ZERO));
    }

    #[test]
    fn a_run_that_was_asked_for_stands_for_the_one_of_the_rhythm_that_it_meets() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        wheel.add(&job, 10 * SECOND, 1, start);
        assert_eq!(wheel.next(start), run(&job, Duration::ZERO));
        wheel.finished(&job, start + SECOND);
        wheel.now(&job, start + 9 * SECOND);
        assert!(matches!(wheel.next(start + 9 * SECOND), Next::Run(Due { asked: true, .. })));
        wheel.finished(&job, start + 12 * SECOND);
        assert_eq!(wheel.next(start + 12 * SECOND), Next::Wait(start + 20 * SECOND), "and none is skipped");
        assert_eq!(wheel.next(start + 20 * SECOND), run(&job, Duration::ZERO), "of the rhythm again");
    }

    #[test]
    fn a_run_that_is_asked_for_waits_for_the_run_of_the_job_that_was_replaced() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        wheel.add(&job, 10 * SECOND, 1, start);
        assert_eq!(wheel.next(start), run(&job, Duration::ZERO));
        wheel.add(&job, 20 * SECOND, 1, start + SECOND);
        assert!(wheel.now(&job, start + SECOND));
        assert_eq!(wheel.next(start + SECOND), Next::Idle, "not beside the old one");
        wheel.finished(&job, start + 2 * SECOND);
        assert!(matches!(wheel.next(start + 2 * SECOND), Next::Run(Due { asked: true, .. })));
    }

    #[test]
    fn a_job_that_comes_later_runs_soon_and_then_keeps_its_rhythm() {
        const HOUR: Duration = Duration::from_secs(3600);
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let (first, job) = (key("first"), key("a"));
        wheel.add(&first, HOUR, 1, start);
        assert_eq!(wheel.next(start), run(&first, Duration::ZERO));
        let added = start + SECOND;
        wheel.add_soon(&job, HOUR, 1, added);
        let Next::Wait(soon) = wheel.next(added) else { panic!() };
        assert!(soon <= added + SOON, "{:?}", soon - added);
        assert_eq!(wheel.next(soon), run(&job, Duration::ZERO));
        wheel.finished(&job, soon + SECOND);
        assert_eq!(wheel.next(soon + SECOND), Next::Wait(start + offset(1, HOUR)));
    }

    #[test]
    fn the_early_run_of_a_replaced_job_starts_when_the_run_of_the_old_one_ends() {
        const HOUR: Duration = Duration::from_secs(3600);
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        wheel.add(&job, HOUR, 1, start);
        assert_eq!(wheel.next(start), run(&job, Duration::ZERO));
        wheel.add_soon(&job, HOUR, 1, start + SECOND);
        assert_eq!(wheel.next(start + 20 * SECOND), Next::Idle, "not beside the old one");
        wheel.finished(&job, start + 30 * SECOND);
        assert_eq!(wheel.next(start + 30 * SECOND), run(&job, 29 * SECOND));
        wheel.finished(&job, start + 31 * SECOND);
        assert_eq!(wheel.next(start + 31 * SECOND), Next::Wait(start + HOUR));
    }

    #[test]
    fn an_early_run_that_comes_after_its_place_in_the_rhythm_tells_what_was_left_out() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start, runs(10));
        let job = key("a");
        wheel.add_soon(&job, 60 * SECOND, 1, start + SECOND);
        let late = start + 130 * SECOND;
        assert_eq!(wheel.next(late), run(&job, 129 * SECOND));
        assert_eq!(wheel.next(late), Next::Skipped { key: job.clone(), reason: SkipReason::Stall, runs: 2 });
        wheel.finished(&job, late);
        assert_eq!(wheel.next(late), Next::Wait(start + 180 * SECOND));
    }

    proptest! {
        #[test]
        fn jobs_that_come_together_start_soon_and_never_at_once(
            before in 0_usize..50, count in 1_usize..400, minutes in 1_u64..600,
        ) {
            let start = Instant::now();
            let mut wheel = Wheel::new(start, runs(1000));
            for at in 0..before {
                wheel.add(&key(&format!("before{at}")), 86_400 * SECOND, 1, start);
            }
            let now = start + 60 * SECOND * 7;
            for at in 0..count {
                wheel.add_soon(&key(&format!("job{at}")), 60 * SECOND * u32::try_from(minutes).unwrap(), 1, now);
            }
            let jobs = wheel.jobs.iter().filter(|(key, _)| key.starts_with("job"));
            let firsts: Vec<_> = jobs.map(|(_, job)| job.early.unwrap_or(job.next) - now).collect();
            prop_assert!(firsts.iter().all(|first| *first <= SOON));
            for second in 0..10 {
                let within = firsts.iter().filter(|first| first.as_secs_f64().floor() == f64::from(second)).count();
                prop_assert!(within <= count / 5 + 6, "{} in second {}", within, second);
            }
        }

        #[test]
        fn starts_are_spread_evenly_for_any_number_of_jobs(count in 2_u64..400) {
            let interval = 15 * SECOND;
            let mut offsets: Vec<_> = (0..count).map(|slot| offset(slot, interval)).collect();
            offsets.sort_unstable();
            let wrap = offsets[0] + interval - offsets[offsets.len() - 1];
            let gaps = offsets.windows(2).map(|pair| pair[1] - pair[0]).chain([wrap]);
            let widest = gaps.max().unwrap();
            // With the golden ratio no gap is ever wider than 2.62 times the even one (three-gap theorem).
            let even = interval / u32::try_from(count).unwrap();
            prop_assert!(widest <= even.mul_f64(2.62), "{:?}", widest);
        }

        /// Whatever happens and however late the driver is: no job beside itself, the bound is kept, no burst, and
        /// every due time is either run or told as skipped.
        #[test]
        fn the_promises_hold_under_any_driving(
            jobs in proptest::collection::vec(1_u64..20, 1..8),
            bound in 1_usize..5,
            steps in proptest::collection::vec((0_u64..40, any::<u8>()), 1..200),
        ) {
            let start = Instant::now();
            let mut wheel = Wheel::new(start, runs(bound));
            let keys: Vec<JobKey> = (0..jobs.len()).map(|at| format!("job{at}").into()).collect();
            for (job, seconds) in keys.iter().zip(&jobs) {
                wheel.add(job, Duration::from_secs(*seconds), 1, start);
            }
            let mut now = start;
            let mut running: Vec<JobKey> = Vec::new();
            let mut accounted: HashMap<JobKey, u64> = HashMap::new();
            for (advance, choice) in steps {
                now += Duration::from_millis(advance * 250);
                if choice % 3 != 0 && !running.is_empty() {
                    let done = running.swap_remove(usize::from(choice) % running.len());
                    wheel.finished(&done, now);
                }
                let mut started: HashMap<JobKey, u32> = HashMap::new();
                loop {
                    match wheel.next(now) {
                        Next::Run(due) => {
                            prop_assert!(!running.contains(&due.key), "beside itself");
                            *started.entry(due.key.clone()).or_default() += 1;
                            *accounted.entry(due.key.clone()).or_default() += 1;
                            running.push(due.key);
                            prop_assert!(running.len() <= bound, "over the bound");
                        }
                        Next::Skipped { key, runs, .. } => *accounted.entry(key).or_default() += u64::from(runs),
                        Next::Wait(until) => {
                            prop_assert!(until > now);
                            break;
                        }
                        Next::Idle => break,
                    }
                }
                prop_assert!(started.values().all(|count| *count == 1), "a burst");
            }
            // Let everything finish, so that no time is still undecided.
            while let Some(done) = running.pop() {
                wheel.finished(&done, now);
                loop {
                    match wheel.next(now) {
                        Next::Run(due) => {
                            *accounted.entry(due.key.clone()).or_default() += 1;
                            running.push(due.key);
                        }
                        Next::Skipped { key, runs, .. } => *accounted.entry(key).or_default() += u64::from(runs),
                        Next::Wait(_) | Next::Idle => break,
                    }
                }
            }
            for (slot, (job, seconds)) in keys.iter().zip(&jobs).enumerate() {
                let interval = Duration::from_secs(*seconds);
                let first = first_from(start + offset(slot as u64, interval), interval, start);
                let due = if first > now { 0 } else { (now - first).as_nanos() / interval.as_nanos() + 1 };
                prop_assert_eq!(u128::from(accounted.get(job).copied().unwrap_or(0)), due, "job {}", job);
            }
        }
    }
}
