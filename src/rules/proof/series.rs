//! Made-up series, in the notation of `promtool test rules`: a start, a step, and how often.

use std::time::Duration;

use crate::rules::RulesError;
use crate::rules::group::Pairs;
use crate::rules::objective::Objective;
use crate::rules::selector::{Operator, Sample, Selector};
use crate::rules::sli::Sli;

/// One series with a sample a minute.
#[derive(Debug, serde::Serialize)]
pub(super) struct Input {
    series: String,
    values: String,
}

/// The labels of a series that is selected.
#[derive(Debug)]
pub(super) struct Labels {
    all: Pairs,
    equal: Pairs,
}

impl Labels {
    /// Those that a selector selects.
    pub(super) fn of(selector: &Selector) -> Result<Self, RulesError> {
        let (mut all, mut equal) = (Pairs::default(), Pairs::default());
        for matcher in selector.matchers() {
            let sample = matcher.sample().ok_or_else(|| RulesError::NoSample {
                label: matcher.label.clone(),
                matcher: matcher.to_string(),
            })?;
            if let Sample::Value(value) = sample {
                if matcher.operator == Operator::Is {
                    equal = equal.and(&matcher.label, &value);
                }
                all = all.and(&matcher.label, &value);
            }
        }
        Ok(Self { all, equal })
    }

    /// Those that `absent()` gives its result.
    pub(super) fn equal(&self) -> Pairs {
        self.equal.clone()
    }

    /// A series with these labels and its own.
    pub(super) fn input(&self, name: &str, own: &Pairs, values: String) -> Input {
        let labels: Vec<_> =
            self.all.iter().chain(own.iter()).map(|(label, value)| format!("{label}={value:?}")).collect();
        Input { series: format!("{name}{{{}}}", labels.join(", ")), values }
    }
}

/// How a target fares, in minutes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Course {
    /// Nothing is bad.
    Good { minutes: u32 },
    /// Everything is bad.
    Bad { minutes: u32 },
    /// Everything is bad, then nothing.
    Over { bad: u32, good: u32 },
    /// One bad run.
    Single { before: u32, after: u32 },
}

/// What the counters of an objective say meanwhile. They grow evenly: when a run ends within a minute is no matter here.
pub(super) fn inputs(objective: &Objective<'_>, labels: &Labels, course: Course) -> Vec<Input> {
    let minutes = match course {
        Course::Good { minutes } | Course::Bad { minutes } => minutes,
        Course::Over { bad, good } => bad + good,
        Course::Single { before, after } => before + after,
    };
    let interval = objective.sli.interval(objective.target);
    let rate =
        f64::from(objective.sli.each_run()) * Duration::from_secs(60).as_secs_f64() / interval.as_secs_f64();
    let own = Pairs::of([("target", &objective.slo.target)]);
    let all = steps(0.0, rate, minutes);
    let up = labels.input("target_up", &own, steps(1.0, 0.0, minutes));
    match &objective.sli {
        Sli::Availability => vec![
            up,
            labels.input("target_runs_total", &own, all),
            labels.input("target_runs_failed_total", &own, bad(course, rate)),
        ],
        Sli::Latency(calls) => {
            let of_calls = own.merged(&Pairs::of([("route", "direct")])).merged(&Pairs::of(calls.labels()));
            let fast = of_calls.clone().and("le", &calls.le());
            vec![
                up,
                labels.input("api_latency_seconds_count", &of_calls, all),
                labels.input("api_latency_seconds_bucket", &fast, good(course, rate, interval)),
            ]
        }
    }
}

/// `minutes + 1` values.
fn steps(start: f64, step: f64, minutes: u32) -> String {
    format!("{start}+{step}x{minutes}")
}

/// Failed runs.
fn bad(course: Course, rate: f64) -> String {
    match course {
        Course::Good { minutes } => steps(0.0, 0.0, minutes),
        Course::Bad { minutes } => steps(0.0, rate, minutes),
        Course::Over { bad, good } => {
            format!("{} {}", steps(0.0, rate, bad), steps(rate * f64::from(bad), 0.0, good - 1))
        }
        Course::Single { before, after } => {
            format!("{} {}", steps(0.0, 0.0, before), steps(1.0, 0.0, after - 1))
        }
    }
}

/// Fast calls. A slow run is a stretch in which none is added, as long as a run takes and at least a minute.
fn good(course: Course, rate: f64, interval: Duration) -> String {
    match course {
        Course::Good { minutes } => steps(0.0, rate, minutes),
        Course::Bad { minutes } => steps(0.0, 0.0, minutes),
        Course::Over { bad, good } => format!("{} {}", steps(0.0, 0.0, bad), steps(rate, rate, good - 1)),
        Course::Single { before, after } => {
            let until = rate * f64::from(before);
            let run = (interval.as_secs_f64() / 60.0).min(1.0);
            let pause = super::whole_minutes(interval).max(1);
            // Where a minute has several runs, all but one of them are fast.
            let kept = until + rate * (1.0 - run);
            format!(
                "{} {} {}",
                steps(0.0, rate, before),
                steps(kept, 0.0, pause - 1),
                steps(kept + rate, rate, after - pause - 1)
            )
        }
    }
}
