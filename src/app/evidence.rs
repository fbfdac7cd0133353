//! What a run found of a target, put together with what is known beside it.
//!
//! Promises: the one place where a case is made, for the program that serves and for `diagnose` alike.

use std::sync::Arc;
use std::time::Duration;

use crate::board::Standing;
use crate::diagnosis::{self, Case, Diagnosis, Neighbour};
use crate::outcome::{FollowUp, Outcome, Run, Wanted};
use crate::target::Target;

/// All that is known of a target after a run, but for what follow-ups found.
#[derive(Debug)]
pub(super) struct Evidence {
    /// What the run says beside its journeys.
    run: Run,
    outcomes: Vec<Arc<Outcome>>,
    standing: Standing,
    pub(super) neighbours: Vec<Neighbour>,
    lag: Duration,
    late_runs: u32,
}

impl Evidence {
    /// That of a run with which the target stands like this; `outcomes` are the last journeys of all paths.
    pub(super) fn of(
        run: &Run,
        outcomes: Vec<Arc<Outcome>>,
        standing: &Standing,
        neighbours: Vec<Neighbour>,
        lag: Duration,
    ) -> Self {
        let (lookups, findings) = (run.lookups.clone(), run.findings.clone());
        let run = Run { lookups, findings, ..Run::of(Arc::clone(&run.target)) };
        Self { run, outcomes, standing: standing.clone(), neighbours, lag, late_runs: 0 }
    }

    /// The same after so many runs in a row that found something wrong while the program was late.
    pub(super) fn after(self, late_runs: u32) -> Self {
        Self { late_runs, ..self }
    }

    /// What is made of it as a case.
    pub(super) fn with<R>(
        &self,
        target: &Target,
        follow_ups: &[FollowUp],
        make: impl FnOnce(&Case<'_>) -> R,
    ) -> R {
        let journeys: Vec<&Outcome> = self.outcomes.iter().map(Arc::as_ref).collect();
        let alone = alone(target, &self.run, &journeys, &self.standing);
        make(&Case {
            follow_ups,
            neighbours: &self.neighbours,
            lag: self.lag,
            late_runs: self.late_runs,
            ..alone
        })
    }

    pub(super) fn diagnose(&self, target: &Target, follow_ups: &[FollowUp]) -> Diagnosis {
        self.with(target, follow_ups, diagnosis::infer)
    }

    /// The experiments that would tell more after these.
    pub(super) fn wanted(&self, target: &Target, follow_ups: &[FollowUp]) -> Vec<Wanted> {
        self.with(target, follow_ups, |case| diagnosis::wanted(case, &diagnosis::infer(case)))
    }
}

/// The case of a run with nothing beside it.
fn alone<'a>(
    target: &'a Target,
    run: &'a Run,
    journeys: &'a [&'a Outcome],
    standing: &'a Standing,
) -> Case<'a> {
    Case {
        target,
        outcomes: journeys,
        lookups: &run.lookups,
        findings: &run.findings,
        follow_ups: &[],
        endpoint: &standing.shown,
        route: standing.route.now.as_deref(),
        neighbours: &[],
        lag: Duration::ZERO,
        late_runs: 0,
    }
}

/// What a run comes to that found nothing wrong.
pub(super) fn diagnose_alone(
    target: &Target,
    run: &Run,
    outcomes: &[Arc<Outcome>],
    standing: &Standing,
) -> Diagnosis {
    let journeys: Vec<&Outcome> = outcomes.iter().map(Arc::as_ref).collect();
    diagnosis::infer(&alone(target, run, &journeys, standing))
}
