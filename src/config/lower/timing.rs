//! Interval and timeout, and how many results in a row make a difference.

use std::time::Duration;

use super::Context;
use crate::config::ProbeOptions;
use crate::config::decode::Field;
use crate::config::problem::{Checked, Place};
use crate::config::raw::{
    INTERVAL, MOST_IN_A_ROW, PROBE_MIN_INTERVAL, RawDefaults, RawDiagnosis, RawFailover, RawProbe, TIMEOUT,
    Time, shown,
};
use crate::target::{DiagnosisOptions, Failover};

/// Faster than this is load, not monitoring.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// Slower than this, Prometheus would have forgotten the last run long before the next.
pub(super) const MAX_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Less than a handshake across an ocean.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);

/// What holds where a target does not say.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Defaults {
    pub(in crate::config) interval: Checked<Duration>,
    pub(in crate::config) timeout: Checked<Duration>,
    pub(in crate::config) failover: Checked<Failover>,
    pub(in crate::config) diagnosis: Checked<DiagnosisOptions>,
}

/// The defaults of a config.
pub(super) fn defaults(field: Field<RawDefaults>, context: &Context<'_>) -> Defaults {
    let (raw, whole) = field.section();
    let interval = interval(raw.interval, whole.map(|()| INTERVAL), context);
    let timeout = timeout(raw.timeout, whole.map(|()| TIMEOUT), interval, context);
    let failover = failover(raw.failover, whole.map(|()| Failover::default()), context);
    let diagnosis = diagnosis(raw.diagnosis, whole.map(|()| DiagnosisOptions::default()), context);
    Defaults { interval, timeout, failover, diagnosis }
}

/// Interval and timeout of a target.
pub(super) fn of_target(
    raw_interval: Field<Time>,
    raw_timeout: Field<Time>,
    defaults: &Defaults,
    context: &Context<'_>,
) -> (Checked<Duration>, Checked<Duration>) {
    let interval = interval(raw_interval, defaults.interval, context);
    (interval, timeout(raw_timeout, defaults.timeout, interval, context))
}

fn interval(field: Field<Time>, default: Checked<Duration>, context: &Context<'_>) -> Checked<Duration> {
    match field.checked()? {
        None => default,
        Some((Time(interval), place)) => between(interval, &place, MIN_INTERVAL, MAX_INTERVAL, context),
    }
}

/// How old a result may be that `/probe` answers again.
pub(super) fn probe(field: Field<RawProbe>, context: &Context<'_>) -> Checked<ProbeOptions> {
    let (raw, whole) = field.section();
    let min_interval = interval(raw.min_interval, whole.map(|()| PROBE_MIN_INTERVAL), context)?;
    Ok(ProbeOptions { min_interval })
}

fn timeout(
    field: Field<Time>,
    default: Checked<Duration>,
    interval: Checked<Duration>,
    context: &Context<'_>,
) -> Checked<Duration> {
    match field.checked()? {
        None => Ok(default?.min(interval?)),
        Some((Time(timeout), place)) => {
            let timeout = between(timeout, &place, MIN_TIMEOUT, MAX_INTERVAL, context)?;
            match interval {
                Ok(interval) if timeout > interval => {
                    let message = format!(
                        "{} is longer than the interval of {}",
                        place.show(&shown(timeout)),
                        shown(interval)
                    );
                    let help = "a run must be over when the next one starts: shorten the timeout or lengthen the interval";
                    Err(context.report.add_with_help(&place, message, help))
                }
                _ => Ok(timeout),
            }
        }
    }
}

/// A duration within its limits.
pub(super) fn between(
    value: Duration,
    place: &Place,
    min: Duration,
    max: Duration,
    context: &Context<'_>,
) -> Checked<Duration> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    let (value, min, max) = (place.show(&shown(value)), shown(min), shown(max));
    Err(context.report.add(place, format!("{value} is not from {min} to {max}")))
}

/// When another route or endpoint is preferred.
pub(super) fn failover(
    field: Field<RawFailover>,
    default: Checked<Failover>,
    context: &Context<'_>,
) -> Checked<Failover> {
    let (raw, whole) = field.section();
    let rise = in_a_row(raw.rise, default.map(|default| default.rise), context);
    let fall = in_a_row(raw.fall, default.map(|default| default.fall), context);
    whole?;
    Ok(Failover { rise: rise?, fall: fall? })
}

/// When a diagnosis is told.
pub(super) fn diagnosis(
    field: Field<RawDiagnosis>,
    default: Checked<DiagnosisOptions>,
    context: &Context<'_>,
) -> Checked<DiagnosisOptions> {
    let (raw, whole) = field.section();
    let recover_after = in_a_row(raw.recover_after, default.map(|default| default.recover_after), context);
    let change_after = in_a_row(raw.change_after, default.map(|default| default.change_after), context);
    let follow_ups = match raw.follow_ups.checked() {
        Ok(Some((given, _))) => Ok(given),
        Ok(None) => default.map(|default| default.follow_ups),
        Err(reported) => Err(reported),
    };
    whole?;
    Ok(DiagnosisOptions {
        recover_after: recover_after?,
        change_after: change_after?,
        follow_ups: follow_ups?,
    })
}

fn in_a_row(field: Field<u32>, default: Checked<u32>, context: &Context<'_>) -> Checked<u32> {
    match field.checked()? {
        None => default,
        Some((count @ 1..=MOST_IN_A_ROW, _)) => Ok(count),
        Some((count, place)) => {
            let message = format!("{} is not from 1 to {MOST_IN_A_ROW}", place.show(&count.to_string()));
            Err(context.report.add(&place, message))
        }
    }
}
