//! The call's series: counts and latency by route, its answer by path, the limits by target.

use std::time::{Duration, SystemTime};

use crate::clock::unix_seconds;
use crate::metrics::catalogue::Family;
use crate::metrics::{Cells, Exemplar};
use crate::outcome::{ApiEvidence, Outcome, RateLimit};

/// The label of the exemplars on [`Family::ApiLatency`].
const REQUEST_ID: &str = "request_id";

/// Writes a route's series.
pub(super) fn calls(cells: &mut Cells, call: &ApiEvidence, ended: SystemTime) {
    count(cells, call);
    if let Some(latency) = call.latency() {
        let exemplar = call.request_id.as_deref().and_then(|id| Exemplar::new(REQUEST_ID, id, ended));
        cells.observe(Family::ApiLatency, &[call.endpoint], latency.as_secs_f64(), exemplar);
    }
    if let Some(error_type) = call.error_type {
        cells.add(Family::ApiErrors, &[call.endpoint, error_type], 1);
    }
}

/// Counts a call.
pub(super) fn count(cells: &mut Cells, call: &ApiEvidence) {
    let status = call.status.unwrap_or(0).to_string();
    cells.add(Family::ApiRequests, &[call.endpoint, call.method.as_str(), &status], 1);
}

/// Writes a target's limits; what was not stated stays as it was last stated.
pub(super) fn rate_limits(cells: &mut Cells, limits: &[RateLimit]) {
    for limit in limits {
        let labels = [limit.dimension];
        if let Some(remaining) = limit.remaining {
            cells.set(Family::RateLimitRemaining, &labels, number(remaining));
        }
        if let Some(whole) = limit.limit {
            cells.set(Family::RateLimitLimit, &labels, number(whole));
        }
        if let Some(reset) = limit.reset {
            cells.set(Family::RateLimitReset, &labels, unix_seconds(reset));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a limit beyond 2^53 need not be exact")]
fn number(limit: u64) -> f64 {
    limit as f64
}

/// Writes a path's facts of its answer, and the phases of the whole journey.
pub(super) fn answer(cells: &mut Cells, outcome: &Outcome) {
    let stages = &outcome.stages;
    let call = stages.api.evidence();
    cells.put(Family::ProbeHttpStatusCode, &[], call.and_then(|call| call.status).map(f64::from));
    let version = call.and_then(|call| call.version);
    cells.put(Family::ProbeHttpVersion, &[], version.map(|version| version.number()));
    let phases = call.map(|call| call.phases).unwrap_or_default();
    for (phase, took) in [
        ("resolve", stages.dns.took()),
        ("connect", stages.tcp.took()),
        ("proxy", stages.proxy.took()),
        ("tls", stages.tls.took()),
        ("processing", phases.processing),
        ("transfer", phases.transfer),
    ] {
        cells.put(Family::ProbeHttpDuration, &[phase], took.as_ref().map(Duration::as_secs_f64));
    }
}
