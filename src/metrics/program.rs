//! The program's own metrics: `api_canary_*` and `process_*`.
//!
//! Promises: typed handles, made once; reasons of skipped runs start at 0; there is no reload's time before the first
//! reload.

use std::time::{Duration, SystemTime};

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use super::sources::{SourceState, Sources};
use super::{Keeping, MetricsError};
use crate::clock;
use crate::outcome::Experiment;
use crate::schedule::{Shard, SkipReason};

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The revision it was built from, where the build said so in `API_CANARY_REVISION`.
pub const REVISION: &str = match option_env!("API_CANARY_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// How late something was, in seconds: 10 bounds, 13 series. From well below the promised 10 ms to a stalled machine.
const LAG: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0];

/// Handles of the program's own metrics.
#[derive(Debug)]
pub struct Program {
    registry: Registry,
    reload_successful: GaugeVec,
    reload_success_at: GaugeVec,
    targets: IntGauge,
    shard: IntGaugeVec,
    shards: IntGaugeVec,
    in_flight: IntGauge,
    schedule_lag: Histogram,
    event_loop_lag: Histogram,
    running: IntCounter,
    stall: IntCounter,
    limit: IntCounter,
    follow_ups: IntCounterVec,
    sources: Sources,
    keeping: Keeping,
}

impl Program {
    pub(super) fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        registry.register(Box::new(ProcessCollector::for_self()))?;

        let build = Opts::new("api_canary_build_info", "What this program was built from; always 1.");
        let build = registered(&registry, IntGaugeVec::new(build, &["version", "revision"])?)?;
        build.with_label_values(&[VERSION, REVISION]).set(1);

        let skipped = Opts::new(
            "api_canary_runs_skipped_total",
            "Runs that were due and did not happen: the last one was still running, the program had stood still, or \
             the limit of runs at once was reached.",
        );
        let skipped = registered(&registry, IntCounterVec::new(skipped, &["reason"])?)?;
        let skipped = |reason: SkipReason| skipped.with_label_values(&[reason.label()]);

        let follow_ups = Opts::new(
            "api_canary_follow_ups_total",
            "Experiments made after a failure, to tell two causes apart.",
        );
        let follow_ups = registered(&registry, IntCounterVec::new(follow_ups, &["experiment"])?)?;
        for experiment in Experiment::ALL {
            follow_ups.with_label_values(&[experiment.label()]);
        }

        let shard = Opts::new(
            "api_canary_shard_info",
            "Which part of the targets this program watches, counted from 0, and how many there are; always 1. Absent \
             where it watches all.",
        );
        let shards = Opts::new(
            "api_canary_shards",
            "Number of programs that the targets are divided among; absent where this one watches all.",
        );

        Ok(Self {
            follow_ups,
            keeping: Keeping::new(&registry)?,
            reload_successful: late_gauge(
                &registry,
                "api_canary_config_last_reload_successful",
                "1 if the last attempt to load the configuration succeeded, else 0.",
            )?,
            reload_success_at: late_gauge(
                &registry,
                "api_canary_config_last_reload_success_timestamp_seconds",
                "Unix time in seconds at which the configuration was last loaded.",
            )?,
            targets: gauge(&registry, "api_canary_targets", "Number of targets under watch.")?,
            shard: registered(&registry, IntGaugeVec::new(shard, &["index", "count"])?)?,
            shards: registered(&registry, IntGaugeVec::new(shards, &[])?)?,
            in_flight: gauge(
                &registry,
                "api_canary_probes_in_flight",
                "Number of runs under way; a run walks every path of one target.",
            )?,
            schedule_lag: lag(
                &registry,
                "api_canary_schedule_lag_seconds",
                "Seconds between the moment a run was due and the moment it started.",
            )?,
            event_loop_lag: lag(
                &registry,
                "api_canary_event_loop_lag_seconds",
                "Seconds by which a timer of the program's own event loop fired late; measurements are in doubt \
                 where it is not small.",
            )?,
            running: skipped(SkipReason::Running),
            stall: skipped(SkipReason::Stall),
            limit: skipped(SkipReason::Limit),
            sources: Sources::new(&registry)?,
            registry,
        })
    }

    /// An attempt to load the configuration ended.
    pub fn reloaded(&self, successful: bool, at: SystemTime) {
        single(&self.reload_successful).set(if successful { 1.0 } else { 0.0 });
        if successful {
            single(&self.reload_success_at).set(clock::unix_seconds(at));
        }
    }

    /// These are the lists of targets beside the config, and how they stand.
    pub fn sources(&self, states: &[SourceState]) {
        self.sources.set(states);
    }

    /// The program watches this part of the targets.
    pub fn sharded(&self, shard: Shard) {
        self.shard.with_label_values(&[shard.index().to_string(), shard.count().to_string()]).set(1);
        self.shards.with_label_values(&[] as &[&str]).set(shard.count().into());
    }

    /// The number of targets under watch.
    #[must_use]
    pub fn targets(&self) -> &IntGauge {
        &self.targets
    }

    /// The number of journeys under way.
    #[must_use]
    pub fn probes_in_flight(&self) -> &IntGauge {
        &self.in_flight
    }

    /// A run started so late.
    pub fn schedule_lag(&self, late: Duration) {
        self.schedule_lag.observe(late.as_secs_f64());
    }

    /// A timer of the event loop fired so late.
    pub fn event_loop_lag(&self, late: Duration) {
        self.event_loop_lag.observe(late.as_secs_f64());
    }

    /// The metrics of the history.
    #[must_use]
    pub fn keeping(&self) -> &Keeping {
        &self.keeping
    }

    /// An experiment was made.
    pub fn follow_up(&self, experiment: Experiment) {
        self.follow_ups.with_label_values(&[experiment.label()]).inc();
    }

    /// So many runs that were due did not happen.
    pub fn skipped(&self, reason: SkipReason, runs: u64) {
        match reason {
            SkipReason::Running => &self.running,
            SkipReason::Stall => &self.stall,
            SkipReason::Limit => &self.limit,
        }
        .inc_by(runs);
    }

    pub(super) fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }
}

/// A gauge that is absent until it has a value.
fn late_gauge(registry: &Registry, name: &str, help: &str) -> Result<GaugeVec, MetricsError> {
    registered(registry, GaugeVec::new(Opts::new(name, help), &[])?)
}

fn single(gauge: &GaugeVec) -> Gauge {
    gauge.with_label_values(&[] as &[&str])
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, MetricsError> {
    registered(registry, IntGauge::new(name, help)?)
}

fn lag(registry: &Registry, name: &str, help: &str) -> Result<Histogram, MetricsError> {
    registered(registry, Histogram::with_opts(HistogramOpts::new(name, help).buckets(LAG.to_vec()))?)
}

pub(super) fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> Result<C, MetricsError> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(program: &Program) -> Vec<String> {
        program.gather().iter().map(|family| family.name().to_owned()).collect()
    }

    #[test]
    fn reasons_of_skipped_runs_start_at_zero() {
        let program = Program::new().unwrap();
        program.skipped(SkipReason::Stall, 3);
        let families = program.gather();
        let skipped = families.iter().find(|f| f.name() == "api_canary_runs_skipped_total").unwrap();
        let values: Vec<_> = skipped
            .get_metric()
            .iter()
            .map(|metric| (metric.get_label()[0].value().to_owned(), metric.get_counter().get_value()))
            .collect();
        let expected = [("limit", 0.0), ("running", 0.0), ("stall", 3.0)];
        assert_eq!(values, expected.map(|(reason, runs)| (reason.to_owned(), runs)));
        assert!(SkipReason::ALL.iter().all(|reason| values.iter().any(|(label, _)| label == reason.label())));
    }

    #[test]
    fn a_reload_is_absent_until_there_was_one_and_a_failed_one_keeps_the_time() {
        let program = Program::new().unwrap();
        assert!(!names(&program).iter().any(|name| name.contains("reload")));
        program.reloaded(false, SystemTime::UNIX_EPOCH);
        assert!(!names(&program).iter().any(|name| name.contains("timestamp")));
        program.reloaded(true, SystemTime::UNIX_EPOCH + Duration::from_secs(7));
        program.reloaded(false, SystemTime::UNIX_EPOCH + Duration::from_secs(9));
        assert!((single(&program.reload_success_at).get() - 7.0).abs() < 1e-9);
        assert!(single(&program.reload_successful).get() < 0.5);
    }

    #[test]
    fn experiments_start_at_zero() {
        let program = Program::new().unwrap();
        program.follow_up(Experiment::Control);
        let families = program.gather();
        let made = families.iter().find(|f| f.name() == "api_canary_follow_ups_total").unwrap();
        assert_eq!(made.get_metric().len(), Experiment::ALL.len());
        let sum: f64 = made.get_metric().iter().map(|metric| metric.get_counter().get_value()).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_process_is_there() {
        let names = names(&Program::new().unwrap());
        for name in ["process_cpu_seconds_total", "process_open_fds", "process_start_time_seconds"] {
            assert!(names.iter().any(|other| other == name), "{name}");
        }
    }
}
