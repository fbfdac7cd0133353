//! The series of a target as a whole.

use std::sync::Arc;

use crate::metrics::Cells;
use crate::metrics::catalogue::Family;
use crate::outcome::Reason;

/// How a target as a whole stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetSummary<'a> {
    /// At least one path works end to end.
    pub up: bool,
    /// The preferred route; `None` while none is healthy.
    pub route: Option<&'a str>,
    /// The preferred endpoint; `None` while none is healthy.
    pub endpoint: Option<&'a str>,
    /// Every endpoint and whether it works.
    pub endpoints: &'a [(Arc<str>, bool)],
    /// What is said about the target beside its paths.
    pub findings: Vec<Reason>,
}

/// Writes them; where there is one endpoint only, `target_up` says it all.
pub(super) fn stands(cells: &mut Cells, summary: &TargetSummary<'_>) {
    cells.set(Family::TargetUp, &[], super::flag(summary.up));
    cells.inform(Family::TargetPreferredRoute, summary.route.as_ref().map(std::slice::from_ref));
    if summary.endpoints.len() > 1 {
        cells.inform(Family::TargetPreferredEndpoint, summary.endpoint.as_ref().map(std::slice::from_ref));
        for (endpoint, works) in summary.endpoints {
            cells.set(Family::TargetEndpointUp, &[endpoint], super::flag(*works));
        }
    }
    cells.clear(Family::TargetFinding);
    for reason in &summary.findings {
        cells.set(Family::TargetFinding, &[reason.layer().label(), reason.label()], 1.0);
    }
}
