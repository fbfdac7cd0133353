//! The engine: the thin driver of the wheel, and the owner of all probers.
//!
//! Promises: the result of a run is published only if its target is still watched as it was when the run began.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::metrics::Metrics;
use crate::outcome::Run;
use crate::probe::Prober;
use crate::schedule::{Change, JobKey, Next, Wheel};
use crate::sinks::Sinks;
use crate::target::Target;

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
    /// Watch differently.
    Change(Vec<Prepared>),
    /// Start nothing more, and end when what is under way is over.
    Stop,
}

/// Drives the wheel, starts the runs and takes in their results.
#[derive(Debug)]
pub(super) struct Engine {
    wheel: Wheel,
    probers: HashMap<JobKey, Arc<Prober>>,
    sinks: Sinks,
    metrics: Arc<Metrics>,
    commands: mpsc::Receiver<Command>,
    done: mpsc::UnboundedReceiver<(Arc<Prober>, Run)>,
    /// Held by the runs; their number is bounded by the wheel.
    report: mpsc::UnboundedSender<(Arc<Prober>, Run)>,
}

impl Engine {
    /// An engine that watches these targets with at most `bound` runs in flight.
    pub(super) fn new(
        sinks: Sinks,
        metrics: Arc<Metrics>,
        commands: mpsc::Receiver<Command>,
        probers: Vec<Arc<Prober>>,
        bound: usize,
    ) -> Self {
        let (report, done) = mpsc::unbounded_channel();
        let start = Instant::now();
        let wheel = Wheel::new(start, bound);
        let mut engine = Self { wheel, probers: HashMap::new(), sinks, metrics, commands, done, report };
        // At the very start of the rhythm, so that the first target does not wait a whole interval.
        engine.change(probers.into_iter().map(Prepared::Watch).collect(), start);
        engine
    }

    /// Runs until told to stop.
    pub(super) async fn run(mut self) {
        loop {
            let wait = self.start_due();
            tokio::select! {
                Some((prober, run)) = self.done.recv() => self.finished(&prober, &run),
                command = self.commands.recv() => match command {
                    Some(Command::Change(changes)) => self.change(changes, Instant::now()),
                    Some(Command::Stop) | None => break,
                },
                () = until(wait) => {}
            }
        }
        while self.wheel.in_flight() > 0 {
            let Some((prober, run)) = self.done.recv().await else { break };
            self.finished(&prober, &run);
        }
    }

    /// Starts everything that is due; when to look again, `None` for never.
    fn start_due(&mut self) -> Option<Instant> {
        let program = self.metrics.program();
        let wait = loop {
            match self.wheel.next(Instant::now()) {
                Next::Run(due) => {
                    program.schedule_lag(due.lag);
                    if let Some(prober) = self.probers.get(&due.key).cloned() {
                        let report = self.report.clone();
                        tokio::spawn(async move {
                            let run = prober.run().await;
                            // Without a receiver the program is ending.
                            let _ = report.send((prober, run));
                        });
                    }
                }
                Next::Skipped { key, reason, runs } => {
                    program.skipped(reason, runs.into());
                    tracing::warn!(target = %key, reason = reason.label(), runs, "runs were skipped");
                }
                Next::Wait(until) => break Some(until),
                Next::Idle => break None,
            }
        };
        program.probes_in_flight().set(i64::try_from(self.wheel.in_flight()).unwrap_or(i64::MAX));
        wait
    }

    fn finished(&mut self, prober: &Arc<Prober>, run: &Run) {
        let now = Instant::now();
        self.wheel.finished(&run.target, now);
        if self.probers.get(&run.target).is_some_and(|current| Arc::ptr_eq(current, prober)) {
            self.sinks.apply(run, now);
        }
    }

    fn change(&mut self, changes: Vec<Prepared>, now: Instant) {
        for change in changes {
            match change {
                Prepared::Watch(prober) => {
                    let (name, interval) = (Arc::clone(&prober.target().name), prober.target().interval);
                    self.wheel.add(&name, interval, now);
                    if self.probers.insert(Arc::clone(&name), prober).is_some() {
                        self.sinks.retire(&name);
                    }
                }
                Prepared::Remove(name) => {
                    self.wheel.remove(&name);
                    self.probers.remove(&name);
                    self.sinks.retire(&name);
                }
            }
        }
        self.metrics.program().targets().set(i64::try_from(self.probers.len()).unwrap_or(i64::MAX));
    }
}

async fn until(wait: Option<Instant>) {
    match wait {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
