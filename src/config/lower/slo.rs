//! What a target promises.

use std::sync::Arc;
use std::time::Duration;

use super::{Context, timing};
use crate::config::Profile;
use crate::config::decode::Field;
use crate::config::problem::{Checked, Place};
use crate::config::raw::{RawSlo, Time, WINDOW, shown};
use crate::target::{CALL_BOUNDS, LEAN_CALL_BOUNDS, Slo};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Shorter ones than the longest window of the alerts would alert on what is forgotten already.
const MIN_WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);

/// Longer than most keep their samples.
const MAX_WINDOW: Duration = Duration::from_secs(90 * 24 * 3600);

/// The objective of the target of this name, if it has one.
pub(super) fn slo(
    field: Field<RawSlo>,
    target: &Place,
    name: Checked<&Arc<str>>,
    profile: Checked<Profile>,
    context: &Context<'_>,
) -> Checked<Option<Slo>> {
    let Some((raw, place)) = field.checked()? else { return Ok(None) };
    let objective = match raw.objective.checked() {
        Ok(Some((percent, _))) => Ok(percent.0),
        Ok(None) => {
            let place = if place.path.is_empty() { target.key("slo") } else { place };
            let message = "missing: what share of the runs must be good, in percent, such as 99.5";
            Err(context.report.add(&place.key("objective"), message))
        }
        Err(reported) => Err(reported),
    };
    let window = match raw.window.checked() {
        Ok(Some((Time(window), place))) => window_of(window, &place, context),
        Ok(None) => Ok(WINDOW),
        Err(reported) => Err(reported),
    };
    let latency = match raw.latency.checked() {
        Ok(Some((Time(latency), place))) => bound(latency, &place, profile, context).map(Some),
        Ok(None) => Ok(None),
        Err(reported) => Err(reported),
    };
    Ok(Some(Slo { target: Arc::clone(name?), objective: objective?, window: window?, latency: latency? }))
}

fn window_of(window: Duration, place: &Place, context: &Context<'_>) -> Checked<Duration> {
    let window = timing::between(window, place, MIN_WINDOW, MAX_WINDOW, context)?;
    if window.as_nanos() % DAY.as_nanos() == 0 {
        return Ok(window);
    }
    let message = format!("{} is not a whole number of days", place.show(&shown(window)));
    Err(context.report.add(place, message))
}

fn bound(
    latency: Duration,
    place: &Place,
    profile: Checked<Profile>,
    context: &Context<'_>,
) -> Checked<Duration> {
    let (bounds, with) = match profile? {
        Profile::Full => (&CALL_BOUNDS[..], ""),
        Profile::Lean => (&LEAN_CALL_BOUNDS[..], " with `metrics: { profile: lean }`"),
    };
    let bounds: Vec<Duration> = bounds.iter().copied().map(Duration::from_secs_f64).collect();
    if bounds.contains(&latency) {
        return Ok(latency);
    }
    let message = format!("{} is not a bound of `api_latency_seconds`{with}", place.show(&shown(latency)));
    let bounds: Vec<String> = bounds.into_iter().map(shown).collect();
    let help = format!("what lies between two of them is not counted: {}", bounds.join(", "));
    Err(context.report.add_with_help(place, message, help))
}
