//! What of a target is good and what is bad, in queries.
//!
//! Promises: every query sums over all canaries that are selected, so that shards and vantages count together; a ratio of
//! nothing is absent, not NaN, which would spoil every average over it.

use std::time::Duration;

use super::selector::Selector;
use crate::outcome::Connection;
use crate::target::{Families, Target};
use crate::units::PromDuration;

/// So many runs have to fail within the long window before anything is told: one alone never does.
pub(super) const LEAST_FAILED: u32 = 3;

/// What is measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sli {
    /// Runs in which at least one path works.
    Availability,
    /// Calls that are fast enough.
    Latency(Calls),
}

/// The calls whose latency counts: the configured ones, not the free ones between them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Calls {
    pub(super) bound: Duration,
    endpoint: &'static str,
    connection: &'static str,
    /// How many of them a run makes at the most: one on each path.
    pub(super) each_run: u32,
}

impl Calls {
    pub(super) fn of(target: &Target, bound: Duration) -> Self {
        let families = match (&target.families, target.call.connection) {
            (_, Connection::Reused) => 1,
            (Families::Answered, Connection::Fresh) => 2,
            (Families::Only(families), Connection::Fresh) => families.len(),
        };
        let paths = target.routes.len() * families;
        Self {
            bound,
            endpoint: target.call.kind.label(),
            connection: target.call.connection.label(),
            each_run: u32::try_from(paths).unwrap_or(u32::MAX),
        }
    }

    /// Their labels beside the target.
    pub(super) fn labels(&self) -> [(&'static str, &'static str); 2] {
        [("endpoint", self.endpoint), ("connection", self.connection)]
    }

    /// The bound as the `le` label has it, in seconds with a fraction.
    pub(super) fn le(&self) -> String {
        format!("{:?}", self.bound.as_secs_f64())
    }
}

/// Counters of a target, summed over all canaries.
pub(super) struct Counters<'a> {
    pub(super) sli: &'a Sli,
    pub(super) selector: &'a Selector,
    pub(super) target: &'a str,
}

impl Counters<'_> {
    /// The share of what is bad, over a window; absent where there was nothing at all.
    pub(super) fn ratio(&self, window: Duration) -> String {
        let [all, other] = self.counted("rate", window);
        match self.sli {
            Sli::Availability => format!("{other}\n/\n({all} > 0)\n"),
            Sli::Latency(_) => format!("(\n  {all}\n  -\n  {other}\n)\n/\n({all} > 0)\n"),
        }
    }

    /// Whether so much is bad within a window that it is no accident, at any canary or at all of them together.
    pub(super) fn guard(&self, window: Duration) -> String {
        let [all, other] = self.counted("increase", window);
        match self.sli {
            Sli::Availability => format!("{other} > {}", self.sli.least()),
            Sli::Latency(_) => format!("({all} - {other}) > {}", self.sli.least()),
        }
    }

    /// The same, but at more than half of the canaries that watch the target: one that is cut off wakes nobody.
    pub(super) fn guard_of_most(&self, window: Duration) -> String {
        let bad = match self.sli {
            Sli::Availability => self.series("increase", window)[1].clone(),
            Sli::Latency(_) => {
                let each = self.series("increase", window);
                let [all, fast] =
                    each.map(|calls| format!("sum without (route, endpoint, connection, le) ({calls})"));
                format!("{all} - {fast}")
            }
        };
        let Self { sli, selector, target } = self;
        let up = format!("target_up{{{selector}, target=\"{target}\"}}");
        format!("avg(({bad} > bool {}) and {up}) > 0.5", sli.least())
    }

    /// How much there was in all, and what was bad (availability) or good (latency) of it.
    fn counted(&self, function: &str, window: Duration) -> [String; 2] {
        self.series(function, window).map(|each| format!("sum({each})"))
    }

    /// The same of every canary and path by itself.
    fn series(&self, function: &str, window: Duration) -> [String; 2] {
        let Self { sli, selector, target } = self;
        let window = PromDuration(window);
        let of = |name: &str, labels: &str| {
            format!("{function}({name}{{{selector}, target=\"{target}\"{labels}}}[{window}])")
        };
        match sli {
            Sli::Availability => [of("target_runs_total", ""), of("target_runs_failed_total", "")],
            Sli::Latency(calls) => {
                let [endpoint, connection] =
                    calls.labels().map(|(name, value)| format!(", {name}=\"{value}\""));
                let labels = format!("{endpoint}{connection}");
                let fast = format!("{labels}, le=\"{}\"", calls.le());
                [of("api_latency_seconds_count", &labels), of("api_latency_seconds_bucket", &fast)]
            }
        }
    }
}

impl Sli {
    /// The name of the objective, unique within its target.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Latency(_) => "latency",
        }
    }

    /// How much is bad in one run at the most.
    pub(super) fn each_run(&self) -> u32 {
        match self {
            Self::Availability => 1,
            Self::Latency(calls) => calls.each_run,
        }
    }

    /// More than this is bad where enough runs are: half of one less, as an increase is not exact.
    fn least(&self) -> f64 {
        f64::from(LEAST_FAILED.saturating_mul(self.each_run())) - 0.5
    }

    /// Time between two of what is measured.
    pub(super) fn interval(&self, target: &Target) -> Duration {
        match self {
            Self::Availability => target.interval,
            Self::Latency(_) => target.call.interval.max(target.interval),
        }
    }
}
