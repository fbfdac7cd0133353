//! The engine: the thin driver of the wheel, and the owner of all probers.
//!
//! Promises: the result of a run is published only if its target is still watched as it was when the run began, and so is
//! what follow-ups make of it; what was published of a target that is watched differently now stays until the first result
//! of the new way.

mod asked;
mod inquiries;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::demand::{self, Demand};
use super::follow_up::{Desk, FollowUps};
use super::lags::Lags;
use super::neighbours::Neighbours;
use super::patient::Examined;
use super::probe_now::Ask;
use super::purse::Purse;
use super::streaks::Streaks;
use super::watched::Watched;
use crate::metrics::{CallState, Metrics};
use crate::outcome::Run;
use crate::probe::Prober;
use crate::schedule::{Change, Decision, JobKey, Next, Pause, Wheel};
use crate::sinks::{Beside, Sinks};
use crate::status_page::{PageStatus, StatusPages};
use crate::target::{Order, Target};
use asked::Asked;

/// A change of what is watched, with its prober made.
#[derive(Debug)]
pub(super) enum Prepared {
    /// Watch this from now on, in place of any target of its name.
    Watch(Arc<Prober>),
    /// Watch this no more.
    Remove(JobKey),
}

/// Makes the probers that changes need.
pub(super) fn prepare<E>(
    changes: Vec<Change>,
    prober: impl Fn(Arc<Target>) -> Result<Arc<Prober>, E>,
) -> Result<Vec<Prepared>, E> {
    let prepare = |change| match change {
        Change::Added(target) | Change::Replaced(target) => prober(target).map(Prepared::Watch),
        Change::Removed(name) => Ok(Prepared::Remove(name)),
    };
    changes.into_iter().map(prepare).collect()
}

/// What the engine is told.
#[derive(Debug)]
pub(super) enum Command {
    /// Watch differently, and make experiments with these.
    Change(Vec<Prepared>, FollowUps),
    /// Somebody wants to know how a target is now.
    Ask(Ask),
    /// Start nothing more, and end when what is under way is over.
    Stop,
}

/// A run that is over.
#[derive(Debug)]
struct Finished {
    prober: Arc<Prober>,
    decision: Decision,
    started: Instant,
    run: Run,
}

/// What the engine works with.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) sinks: Sinks,
    pub(super) metrics: Arc<Metrics>,
    pub(super) purse: Arc<Purse>,
    pub(super) status: Arc<StatusPages>,
    pub(super) lags: Arc<Lags>,
    /// How many descriptors the process may open; `None` for no limit.
    pub(super) descriptors: Option<u64>,
}

/// Drives the wheel, starts the runs and takes in their results.
#[derive(Debug)]
pub(super) struct Engine {
    wheel: Wheel,
    watched: HashMap<JobKey, Watched>,
    /// Targets of which only results of the prober before are published.
    stale: HashSet<JobKey>,
    streaks: Streaks,
    /// Who waits for a run, and what the last ones found.
    asked: Asked,
    neighbours: Neighbours,
    desk: Desk,
    tools: Tools,
    commands: mpsc::Receiver<Command>,
    done: mpsc::UnboundedReceiver<Finished>,
    /// Held by the runs; their number is bounded by the wheel.
    report: mpsc::UnboundedSender<Finished>,
    /// Whether it was told that the bound on runs is too low.
    short: bool,
    /// Whether nothing more is to be started.
    stopping: bool,
}

impl Engine {
    /// An engine that watches these targets with no more runs in flight than the descriptors are enough for.
    pub(super) fn new(
        tools: Tools,
        commands: mpsc::Receiver<Command>,
        probers: Vec<Arc<Prober>>,
        follow_ups: FollowUps,
    ) -> Self {
        let (report, done) = mpsc::unbounded_channel();
        let start = Instant::now();
        let mut wheel = Wheel::new(start, demand::bound(tools.descriptors, 0));
        // At the very start of the rhythm, so that the first target does not wait a whole interval.
        for prober in &probers {
            wheel.add(&prober.target().name, prober.target().interval, prober.descriptors(), start);
        }
        let watched =
            probers.into_iter().map(|prober| (Arc::clone(&prober.target().name), Watched::new(prober)));
        let mut engine = Self {
            wheel,
            watched: watched.collect(),
            stale: HashSet::new(),
            streaks: Streaks::default(),
            asked: Asked::default(),
            neighbours: Neighbours::default(),
            desk: Desk::new(follow_ups, demand::spare(tools.descriptors), start),
            tools,
            commands,
            done,
            report,
            short: false,
            stopping: false,
        };
        engine.measure();
        engine
    }

    /// Runs until told to stop.
    pub(super) async fn run(mut self) {
        loop {
            let wait = self.start_due();
            let now = Instant::now();
            self.begin_rounds(now);
            let wait = wait.into_iter().chain(self.desk.room_at(now)).min();
            tokio::select! {
                Some(finished) = self.done.recv() => self.finished(finished),
                command = self.commands.recv() => match command {
                    Some(Command::Change(changes, follow_ups)) => {
                        self.desk.change(follow_ups);
                        self.change(changes, Instant::now());
                    }
                    Some(Command::Ask(ask)) => self.ask(ask, Instant::now()),
                    Some(Command::Stop) | None => break,
                },
                (errand, results) = self.desk.back() => self.followed_up(errand, &results, Instant::now()),
                () = until(wait) => {}
            }
        }
        self.stopping = true;
        self.asked = Asked::default();
        self.commands.close();
        self.desk.stop();
        while self.wheel.in_flight() > 0 {
            let Some(finished) = self.done.recv().await else { break };
            self.finished(finished);
        }
        // What the last calls really cost; without it they would count with the most they might have.
        self.tools.purse.save().await;
    }

    /// Starts everything that is due; when to look again, `None` for never.
    fn start_due(&mut self) -> Option<Instant> {
        let program = self.tools.metrics.program();
        let wait = loop {
            let now = Instant::now();
            match self.wheel.next(now) {
                Next::Run(due) => {
                    program.schedule_lag(due.lag);
                    if self.streaks.started(&due.key) {
                        tracing::info!(target = %due.key, "runs are not skipped any more");
                    }
                    if let Some(Watched { prober, gate, .. }) = self.watched.get_mut(&due.key) {
                        let purse = &self.tools.purse;
                        let target = prober.target();
                        let afford = || purse.reserve(target);
                        let decision = if due.asked {
                            gate.decide_asked(now, target.interval, afford)
                        } else {
                            gate.decide(now, due.lag, afford)
                        };
                        let (prober, purse, report) =
                            (Arc::clone(prober), Arc::clone(purse), self.report.clone());
                        tokio::spawn(async move {
                            let decision = written_down(&prober, decision, &purse).await;
                            let started = Instant::now();
                            let run = prober.run(decision.order).await;
                            // Without a receiver the program is ending.
                            let _ = report.send(Finished { prober, decision, started, run });
                        });
                    }
                }
                Next::Skipped { key, reason, runs } => {
                    program.skipped(reason, runs.into());
                    if self.streaks.skipped(&key) {
                        tracing::warn!(target = %key, reason = reason.label(), runs, "runs are skipped");
                    }
                }
                Next::Wait(until) => break Some(until),
                Next::Idle => break None,
            }
        };
        program.probes_in_flight().set(i64::try_from(self.wheel.in_flight()).unwrap_or(i64::MAX));
        wait
    }

    fn finished(&mut self, Finished { prober, decision, started, mut run }: Finished) {
        let now = Instant::now();
        self.wheel.finished(&run.target, now);
        let target = prober.target();
        if is_paid(target, decision) {
            self.tools.purse.settle(target, Some(&run));
            let purse = Arc::clone(&self.tools.purse);
            tokio::spawn(async move { purse.save().await });
        }
        let Some(watched) = self.watched.get_mut(&run.target) else { return };
        if !Arc::ptr_eq(&watched.prober, &prober) {
            // Watched differently by now; what was asked of the account holds all the same.
            if decision.order == Order::Configured && same_account(watched.prober.target(), target) {
                watched.gate.wait_longer(&run, now);
            }
            return;
        }
        watched.gate.note(&mut run, decision, now);
        let page = target.status_page.as_ref().map(|page| self.tools.status.latest(page));
        let state = CallState {
            retry_at: watched.waits_until(now),
            pause: decision.pause,
            status: page.as_ref().and_then(PageStatus::level),
            budget_left: self.tools.purse.left(target).map(|left| left.dollars()),
        };
        if self.stale.remove(&run.target) {
            self.tools.sinks.retire(&run.target);
        }
        let Tools { sinks, lags, .. } = &self.tools;
        let standing = sinks.stand(target, &run);
        let examined = Examined { target, run: &run, standing: &standing, started };
        let told =
            watched.patient.examine(examined, sinks.latest(&run.target), &mut self.neighbours, lags, now);
        let follow_ups = watched.patient.follow_ups(now);
        let beside = Beside { call: state, status: page, diagnosis: Some(told), follow_ups };
        let run = Arc::new(run);
        sinks.apply(target, &run, &standing, &beside, now);
        self.asked.answer(&prober, &run, now);
        self.follow_up(&target.name, now);
    }

    fn change(&mut self, changes: Vec<Prepared>, now: Instant) {
        for change in changes {
            match change {
                Prepared::Watch(prober) => {
                    let (name, interval) = (Arc::clone(&prober.target().name), prober.target().interval);
                    self.wheel.add_soon(&name, interval, prober.descriptors(), now);
                    let mut watched = Watched::new(prober);
                    if let Some(before) = self.watched.remove(&name) {
                        if same_account(before.prober.target(), watched.prober.target()) {
                            watched.gate.go_on_from(&before.gate);
                        }
                        self.stale.insert(Arc::clone(&name));
                        self.desk.break_off(&before.prober);
                    }
                    self.neighbours.forget(&name);
                    self.desk.waiting.leave(&name);
                    if self.asked.is_awaited(&name) {
                        self.wheel.now(&name, now);
                    }
                    self.watched.insert(name, watched);
                }
                Prepared::Remove(name) => {
                    self.wheel.remove(&name);
                    if let Some(before) = self.watched.remove(&name) {
                        self.desk.break_off(&before.prober);
                    }
                    self.neighbours.forget(&name);
                    self.desk.waiting.leave(&name);
                    self.stale.remove(&name);
                    self.streaks.forget(&name);
                    self.asked.forget(&name);
                    self.tools.sinks.retire(&name);
                }
            }
        }
        self.measure();
    }

    /// What follows from which targets are watched.
    fn measure(&mut self) {
        let program = self.tools.metrics.program();
        program.targets().set(i64::try_from(self.watched.len()).unwrap_or(i64::MAX));
        let demand = Demand::of(self.watched.values().map(|watched| &*watched.prober));
        let bound = demand::bound(self.tools.descriptors, demand.kept());
        self.wheel.set_bound(bound);
        self.short = demand.tell(bound, self.short);
    }
}

fn is_paid(target: &Target, decision: Decision) -> bool {
    target.call.budget.is_some() && decision.order == Order::Configured
}

/// Whether what an API asked of one target holds for the other.
fn same_account(one: &Target, other: &Target) -> bool {
    (one.provider.name(), &one.sites, &one.api_key) == (other.provider.name(), &other.sites, &other.api_key)
}

/// Writes down what a run may cost before it costs it; where that does not work, it is not to cost anything.
async fn written_down(prober: &Prober, decision: Decision, purse: &Arc<Purse>) -> Decision {
    let target = prober.target();
    if !is_paid(target, decision) {
        return decision;
    }
    if purse.save().await {
        return decision;
    }
    purse.settle(target, None);
    Decision { order: Order::Substitute, pause: Some(Pause::Budget) }
}

async fn until(wait: Option<Instant>) {
    match wait {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
