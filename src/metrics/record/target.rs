//! The series of a target as a whole.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock::unix_seconds;
use crate::metrics::Cells;
use crate::metrics::catalogue::Family;
use crate::outcome::Reason;
use crate::schedule::Pause;

/// How a target's call stands.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CallState {
    /// When it is made again, where the API asked to wait or limits have slowed it down.
    pub retry_at: Option<SystemTime>,
    /// Why the last run did not make it.
    pub pause: Option<Pause>,
    /// What is left of the day's budget, in dollars, if it has one.
    pub budget_left: Option<f64>,
    /// What the provider's status page says of the API, from 0 (operational) to 4 (major outage).
    pub status: Option<u8>,
}

/// How a target as a whole stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TargetSummary<'a> {
    /// At least one path works end to end.
    pub up: bool,
    /// The time between the starts of two runs, as configured.
    pub interval: Duration,
    /// The preferred route; `None` while none is healthy.
    pub route: Option<&'a str>,
    /// The preferred endpoint; `None` while none is healthy.
    pub endpoint: Option<&'a str>,
    /// Every endpoint and whether it works.
    pub endpoints: &'a [(Arc<str>, bool)],
    /// What is said about the target beside its paths.
    pub findings: Vec<Reason>,
    /// How its call stands.
    pub call: CallState,
    /// What is told of it, if anything is.
    pub diagnosis: Option<ToldDiagnosis>,
}

/// What is told of a target by its diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldDiagnosis {
    /// Verdict, layer and blame.
    pub labels: [&'static str; 3],
    /// Whether it was another one before; not so for the first one.
    pub changed: bool,
}

/// Writes them; where there is one endpoint only, `target_up` says it all.
pub(super) fn stands(
    cells: &mut Cells,
    summary: &TargetSummary<'_>,
    objective: Option<f64>,
    ended: SystemTime,
) {
    cells.set(Family::TargetUp, &[], super::flag(summary.up));
    if summary.up {
        cells.clear(Family::TargetDownSince);
    } else {
        cells.set_once(Family::TargetDownSince, &[], unix_seconds(ended));
    }
    cells.add(Family::TargetRuns, &[], 1);
    cells.add(Family::TargetRunsFailed, &[], u64::from(!summary.up));
    cells.set(Family::TargetInterval, &[], summary.interval.as_secs_f64());
    cells.put(Family::TargetSloObjective, &[], objective);
    cells.inform(Family::TargetPreferredRoute, summary.route.as_ref().map(std::slice::from_ref));
    if summary.endpoints.len() > 1 {
        cells.inform(Family::TargetPreferredEndpoint, summary.endpoint.as_ref().map(std::slice::from_ref));
        for (endpoint, works) in summary.endpoints {
            cells.set(Family::TargetEndpointUp, &[endpoint], super::flag(*works));
        }
    }
    if let Some(told) = summary.diagnosis {
        diagnosis(cells, told);
    }
    let CallState { retry_at, pause, budget_left, status } = summary.call;
    cells.put(Family::ProviderStatus, &[], status.map(f64::from));
    cells.put(Family::RateLimitRetryAt, &[], retry_at.map(unix_seconds));
    // That a call is made less often than the target is walked is nothing to look at.
    let pause = pause.filter(|pause| *pause != Pause::Interval).map(Pause::label);
    cells.inform(Family::ApiCallPaused, pause.as_ref().map(std::slice::from_ref));
    cells.put(Family::ApiBudgetRemaining, &[], budget_left);
    cells.clear(Family::TargetFinding);
    for reason in &summary.findings {
        cells.set(Family::TargetFinding, &[reason.layer().label(), reason.label()], 1.0);
    }
}

/// Writes what is told of it.
pub(super) fn diagnosis(cells: &mut Cells, told: ToldDiagnosis) {
    cells.inform(Family::TargetDiagnosis, Some(&told.labels));
    cells.add(Family::TargetDiagnosisChanges, &[], u64::from(told.changed));
}
