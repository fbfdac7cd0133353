//! One line when what is told of a target changes.

use crate::diagnosis::{Change, Diagnosis, Verdict};

/// Logs a change; that a target works from the first run on is told by its paths.
pub(super) fn log(diagnosis: &Diagnosis, change: &Change) {
    let target = &*diagnosis.target;
    let [verdict, layer, blame] = diagnosis.labels();
    let (before, summary) = (change.before.map(Verdict::label), diagnosis.summary());
    let see = format_args!("docs/reasons.md#{verdict}");
    match diagnosis.verdict {
        Verdict::Ok if change.before.is_none() => {}
        Verdict::Ok => {
            let lasted_seconds = change.lasted.map(|lasted| lasted.as_secs_f64());
            tracing::info!(target, verdict, before, summary, lasted_seconds, "diagnosis");
        }
        Verdict::Degraded(_) => {
            tracing::warn!(target, verdict, layer, blame, before, summary, %see, "diagnosis");
        }
        Verdict::Down(_) => {
            tracing::error!(target, verdict, layer, blame, before, summary, %see, "diagnosis");
        }
    }
}
