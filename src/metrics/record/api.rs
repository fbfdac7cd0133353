//! The call's series: counts and latency by route, its answer by path, the limits by target.

use std::time::{Duration, SystemTime};

use crate::clock::unix_seconds;
use crate::metrics::catalogue::Family;
use crate::metrics::{Cells, Exemplar};
use crate::outcome::{AnsweredBy, ApiEvidence, Outcome, RateLimit};

/// The label of the exemplars on [`Family::ApiLatency`].
const REQUEST_ID: &str = "request_id";

/// Writes a route's series.
pub(super) fn calls(cells: &mut Cells, call: &ApiEvidence, ended: SystemTime) {
    count(cells, call);
    if let Some(latency) = call.latency() {
        let exemplar = call.request_id.as_deref().and_then(|id| Exemplar::new(REQUEST_ID, id, ended));
        let labels = [call.endpoint, call.connection.label()];
        cells.observe(Family::ApiLatency, &labels, latency.as_secs_f64(), exemplar);
    }
    if let (Some(stream), Some(model)) = (&call.stream, &call.model) {
        let labels = [&**model];
        if let Some(first) = stream.first_token {
            cells.observe(Family::ApiTimeToFirstToken, &labels, first.as_secs_f64(), None);
        }
        if let Some(gap) = stream.longest_gap {
            cells.observe(Family::ApiStreamGap, &labels, gap.as_secs_f64(), None);
        }
        cells.put(Family::ApiStreamTokensPerSecond, &labels, call.tokens_per_second());
    }
}

/// Counts a call, and its error.
pub(super) fn count(cells: &mut Cells, call: &ApiEvidence) {
    let status = call.status.unwrap_or(0).to_string();
    cells.add(Family::ApiRequests, &[call.endpoint, call.method.as_str(), &status], 1);
    if let Some(error_type) = call.error_type {
        cells.add(Family::ApiErrors, &[call.endpoint, error_type], 1);
    }
}

/// Counts further attempts of a call.
pub(super) fn retries(cells: &mut Cells, endpoint: &str, attempts: usize) {
    cells.add(Family::ApiRetries, &[endpoint], u64::try_from(attempts).unwrap_or(u64::MAX));
}

/// What a call says of the account: its limits, and what it used.
pub(super) fn account(cells: &mut Cells, call: &ApiEvidence) {
    rate_limits(cells, &call.rate_limits);
    if call.rate_limits_rejected > 0 {
        cells.add(Family::RateLimitRejected, &[], call.rate_limits_rejected.into());
    }
    if let Some(dimension) = call.limited_by {
        cells.add(Family::RateLimitExceeded, &[dimension], 1);
    }
    if let (Some(usage), Some(model)) = (call.usage, &call.model) {
        for (direction, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
            if let Some(tokens) = tokens {
                cells.add(Family::ApiTokens, &[model, direction], tokens);
            }
        }
        if let Some(cost) = call.cost {
            cells.add_amount(Family::ApiCost, &[model], cost.dollars());
        }
    }
}

/// Whether there is anything of that in a call.
pub(super) fn has_account(call: &ApiEvidence) -> bool {
    !call.rate_limits.is_empty()
        || call.rate_limits_rejected > 0
        || call.limited_by.is_some()
        || call.usage.is_some()
}

/// Writes a target's limits; what was not stated stays as it was last stated.
fn rate_limits(cells: &mut Cells, limits: &[RateLimit]) {
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
    let by = call.and_then(|call| call.answered_by).map(AnsweredBy::label);
    cells.inform(Family::ProbeHttpAnsweredBy, by.as_ref().map(std::slice::from_ref));
    let tried = outcome.retries.last().map(|last| if last.failure.is_none() { 1.0 } else { 0.0 });
    cells.put(Family::ProbeRetrySuccess, &[], tried);
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
