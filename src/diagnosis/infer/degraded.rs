//! Rules about what does not keep a path from working.

use super::Conclusion;
use super::view::{Lead, View};
use crate::diagnosis::say::Paths;
use crate::outcome::{Failure, Outcome, Reason};

/// Everything that was noticed while something works: beside the journeys, by what they say together, and in first
/// attempts that had to be made again.
pub(super) fn leads<'a>(view: &View<'a>) -> Vec<Lead<'a>> {
    let of = |outcome: &'a Outcome, failure: &'a Failure| Lead {
        outcome,
        layer: failure.reason.layer(),
        reason: failure.reason,
        detail: &failure.detail,
    };
    let soft = |outcome: &'a Outcome| outcome.findings.iter().filter(|found| !found.is_hard());
    let beside = view.paths.iter().flat_map(|path| soft(path).map(|found| of(path, &found.0)));
    let used = view.used();
    let together = view.findings.iter().filter_map(|(endpoint, found)| {
        let there = |path: &&&Outcome| path.endpoint == *endpoint;
        let path = used.iter().find(there).or_else(|| view.paths.iter().find(there)).or(used.first())?;
        Some(of(path, &found.0))
    });
    let again = view.paths.iter().filter(|path| needed_retry(path)).map(|path| Lead::of(path));
    // A connection that was kept idle tells nothing while new ones fail as well.
    let kept = view.kept_in_vain().filter_map(|(wanted, failure)| {
        let there = |path: &&Outcome| {
            let Outcome { endpoint, path, .. } = path;
            *endpoint == wanted.endpoint && path.route == wanted.route && path.family == wanted.family
        };
        let outcome = view.paths.iter().copied().filter(there).find(|path| path.success_in_the_end())?;
        let (reason, detail) = (Reason::IdleDropped, failure.detail.as_str());
        Some(Lead { outcome, layer: reason.layer(), reason, detail })
    });
    beside.chain(together).chain(again).chain(kept).collect()
}

fn needed_retry(path: &Outcome) -> bool {
    path.success_in_the_end() && !path.success()
}

/// The first attempt failed and a later one worked.
pub(super) fn worked_when_retried(_: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let first = needed_retry(lead.outcome).then(|| Lead::of(lead.outcome))?;
    let said = Paths::Retried { times: lead.outcome.retries.len(), worked: true };
    (first.reason == lead.reason).then(|| Conclusion::of(lead.reason).because(said))
}

/// Anything else.
pub(super) fn noticed(_: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    Some(Conclusion::of(lead.reason))
}
