//! The engine: the thin driver of the wheel, and the owner of all probers.
//!
//! Promises: the result of a run is published only if its target is still watched as it was when the run began; what
//! was published of a target that is watched differently now stays until the first result of the new way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::streaks::Streaks;
use crate::metrics::Metrics;
use crate::outcome::Run;
use crate::probe::Prober;
use crate::schedule::{Change, JobKey, Next, Wheel};
use crate::sinks::Sinks;
use crate::target::{Order, Target};

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
    /// Targets of which only results of the prober before are published.
    stale: HashSet<JobKey>,
    streaks: Streaks,
    sinks: Sinks,
    metrics: Arc<Metrics>,
    commands: mpsc::Receiver<Command>,
    done: mpsc::UnboundedReceiver<(Arc<Prober>, Run)>,
    /// Held by the runs; their number is bounded by the wheel.
    report: mpsc::UnboundedSender<(Arc<Prober>, Run)>,
    /// How many descriptors the process may open; `None` for no limit.
    descriptors: Option<u64>,
}

impl Engine {
    /// An engine that watches these targets with no more runs in flight than the descriptors are enough for.
    pub(super) fn new(
        sinks: Sinks,
        metrics: Arc<Metrics>,
        commands: mpsc::Receiver<Command>,
        probers: Vec<Arc<Prober>>,
        descriptors: Option<u64>,
    ) -> Self {
        let (report, done) = mpsc::unbounded_channel();
        let start = Instant::now();
        let mut wheel = Wheel::new(start, 1);
        // At the very start of the rhythm, so that the first target does not wait a whole interval.
        for prober in &probers {
            wheel.add(&prober.target().name, prober.target().interval, start);
        }
        let probers = probers.into_iter().map(|prober| (Arc::clone(&prober.target().name), prober)).collect();
        let (stale, streaks) = (HashSet::new(), Streaks::default());
        let mut engine =
            Self { wheel, probers, stale, streaks, sinks, metrics, commands, done, report, descriptors };
        engine.measure();
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
                    if self.streaks.started(&due.key) {
                        tracing::info!(target = %due.key, "runs are not skipped any more");
                    }
                    if let Some(prober) = self.probers.get(&due.key).cloned() {
                        let report = self.report.clone();
                        tokio::spawn(async move {
                            let run = prober.run(Order::Configured).await;
                            // Without a receiver the program is ending.
                            let _ = report.send((prober, run));
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

    fn finished(&mut self, prober: &Arc<Prober>, run: &Run) {
        let now = Instant::now();
        self.wheel.finished(&run.target, now);
        if self.probers.get(&run.target).is_some_and(|current| Arc::ptr_eq(current, prober)) {
            if self.stale.remove(&run.target) {
                self.sinks.retire(&run.target);
            }
            self.sinks.apply(prober.target(), run, now);
        }
    }

    fn change(&mut self, changes: Vec<Prepared>, now: Instant) {
        for change in changes {
            match change {
                Prepared::Watch(prober) => {
                    let (name, interval) = (Arc::clone(&prober.target().name), prober.target().interval);
                    self.wheel.add_soon(&name, interval, now);
                    if self.probers.insert(Arc::clone(&name), prober).is_some() {
                        self.stale.insert(name);
                    }
                }
                Prepared::Remove(name) => {
                    self.wheel.remove(&name);
                    self.probers.remove(&name);
                    self.stale.remove(&name);
                    self.streaks.forget(&name);
                    self.sinks.retire(&name);
                }
            }
        }
        self.measure();
    }

    /// What follows from which targets are watched.
    fn measure(&mut self) {
        let each = self.probers.values().map(|prober| prober.descriptors()).max().unwrap_or_default();
        self.wheel.set_bound(super::bound(self.descriptors, each));
        self.metrics.program().targets().set(i64::try_from(self.probers.len()).unwrap_or(i64::MAX));
    }
}

async fn until(wait: Option<Instant>) {
    match wait {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::board::Board;
    use crate::config::{Config, Env, Source};
    use crate::metrics::Format;

    fn prober(timeout: &str) -> Arc<Prober> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.yml");
        let target = "{ name: a, url: \"http://127.0.0.1:1\", provider: http, interval: 1h";
        std::fs::write(&path, format!("targets:\n  - {target}, timeout: {timeout} }}\n")).unwrap();
        let config = Config::load(&Source::File(path), &Env::process()).unwrap();
        Arc::new(Prober::try_new(Arc::clone(&config.targets[0]), &Arc::default()).unwrap())
    }

    fn engine(probers: Vec<Arc<Prober>>) -> Engine {
        let metrics = Arc::new(Metrics::new().unwrap());
        let sinks = Sinks::new(Arc::new(Board::default()), Arc::clone(&metrics));
        Engine::new(sinks, metrics, mpsc::channel(1).1, probers, Some(1024))
    }

    fn text(engine: &Engine) -> String {
        String::from_utf8(engine.metrics.render(Format::Text004)).unwrap()
    }

    #[tokio::test]
    async fn a_replaced_target_keeps_its_series_until_the_first_result_of_the_new_one() {
        let (old, new) = (prober("1s"), prober("2s"));
        let mut engine = engine(vec![Arc::clone(&old)]);
        let run = old.run(Order::Configured).await;
        engine.finished(&old, &run);
        assert!(text(&engine).contains("target_up{target=\"a\"} 0"));
        engine.change(vec![Prepared::Watch(Arc::clone(&new))], Instant::now() + Duration::from_secs(60));
        engine.finished(&old, &run);
        assert!(text(&engine).contains("probe_runs_total{target=\"a\",route=\"direct\",family=\"ipv4\"} 1"));
        engine.finished(&new, &Run::of("a".into()));
        let now = text(&engine);
        assert!(now.contains("target_up{target=\"a\"} 0") && !now.contains("probe_runs_total{"), "{now}");
    }

    #[tokio::test]
    async fn a_removed_target_takes_its_series_with_it_at_once() {
        let old = prober("1s");
        let mut engine = engine(vec![Arc::clone(&old)]);
        let run = old.run(Order::Configured).await;
        engine.finished(&old, &run);
        let replaced = vec![Prepared::Watch(prober("2s")), Prepared::Remove("a".into())];
        engine.change(replaced, Instant::now());
        assert!(!text(&engine).contains("{target=\"a\""));
    }
}
