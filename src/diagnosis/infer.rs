//! From a case to its diagnosis.

use std::sync::Arc;

use super::{Case, Diagnosis, Facts, Seen, Verdict};
use crate::outcome::{Finding, Outcome};

/// What the evidence comes to.
#[must_use]
pub fn infer(case: &Case<'_>) -> Diagnosis {
    let up = case.outcomes.iter().any(|outcome| outcome.success_in_the_end());
    let worst = case
        .outcomes
        .iter()
        .filter(|outcome| !outcome.success_in_the_end())
        .filter_map(|outcome| Some((outcome, outcome.trouble()?)))
        .min_by_key(|(outcome, trouble)| (trouble.layer, trouble.failure.reason, outcome.path.clone()));
    let (verdict, layer, blame, seen, findings) = match worst {
        Some((outcome, trouble)) => {
            let reason = trouble.failure.reason;
            let verdict = if up { Verdict::Degraded(reason) } else { Verdict::Down(reason) };
            let findings = vec![Finding(trouble.failure.clone())];
            (verdict, Some(trouble.layer), Some(reason.blame()), Some(seen(outcome)), findings)
        }
        None => (Verdict::Ok, None, None, None, Vec::new()),
    };
    Diagnosis {
        target: Arc::clone(&case.target.name),
        verdict,
        layer,
        blame,
        seen,
        evidence: Vec::new(),
        ruled_out: Vec::new(),
        findings,
        facts: Facts::default(),
    }
}

fn seen(outcome: &Outcome) -> Seen {
    Seen {
        endpoint: Arc::clone(&outcome.endpoint),
        route: Arc::clone(&outcome.path.route),
        family: outcome.path.family,
    }
}
