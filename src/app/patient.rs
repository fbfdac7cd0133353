//! What is wrong with one target: its evidence, and what is told of it.
//!
//! Promises: a target that is well costs no more than a look at its journeys; what follow-ups say is put together with
//! the run they follow up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::lags::Lags;
use super::neighbours::{Neighbours, as_neighbour, used_route};
use crate::board::Standing;
use crate::diagnosis::{self, Case, Change, Damper, Diagnosis, Inquiry, Neighbour, New, Signature};
use crate::outcome::{Finding, FollowUp, Lookup, Outcome, Run, Wanted};
use crate::target::Target;

/// What is told of a target, and what changed with it.
pub(super) type Told = (Diagnosis, Option<Change>);

/// One target.
#[derive(Debug)]
pub(super) struct Patient {
    damper: Damper,
    pub(super) inquiry: Inquiry,
    /// The host of each endpoint, as it is shown.
    hosts: Vec<(Arc<str>, Arc<str>)>,
    /// When the first of the runs began that found something wrong.
    since: Option<Instant>,
    /// How many runs in a row found something wrong while the program was late.
    late_runs: u32,
    evidence: Option<Evidence>,
}

/// What the last run found, if something is wrong.
#[derive(Debug)]
struct Evidence {
    outcomes: Vec<Arc<Outcome>>,
    lookups: Vec<Lookup>,
    findings: Vec<(Arc<str>, Finding)>,
    endpoint: Arc<str>,
    route: Option<Arc<str>>,
    neighbours: Vec<Neighbour>,
    lag: Duration,
    late_runs: u32,
    signature: Option<Signature>,
}

/// A run as it is diagnosed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Examined<'a> {
    pub(super) target: &'a Target,
    pub(super) run: &'a Run,
    pub(super) standing: &'a Standing,
    /// When the run began.
    pub(super) started: Instant,
}

impl Patient {
    pub(super) fn new(target: &Target) -> Self {
        let hosts = target.sites.iter().map(|site| {
            let endpoint = &site.endpoint;
            (endpoint.shown().into(), endpoint.host.to_string().into())
        });
        Self {
            damper: Damper::default(),
            inquiry: Inquiry::default(),
            hosts: hosts.collect(),
            since: None,
            late_runs: 0,
            evidence: None,
        }
    }

    /// What is told after a run.
    pub(super) fn examine(
        &mut self,
        examined: Examined<'_>,
        outcomes: Vec<Arc<Outcome>>,
        neighbours: &mut Neighbours,
        lags: &Lags,
        now: Instant,
    ) -> Told {
        let Examined { target, run, standing, started } = examined;
        let host = self.hosts.iter().find(|(endpoint, _)| *endpoint == standing.shown);
        let host = host.map(|(_, host)| Arc::clone(host)).unwrap_or_default();
        match as_neighbour(target, standing, &outcomes, host) {
            Some(neighbour) => neighbours.note(neighbour, now),
            None => neighbours.forget(&target.name),
        }
        if is_well(run, &outcomes) {
            (self.since, self.evidence, self.late_runs) = (None, None, 0);
            self.inquiry.note(None, now);
            let journeys: Vec<&Outcome> = outcomes.iter().map(Arc::as_ref).collect();
            let found = diagnosis::infer(&Case {
                target,
                outcomes: &journeys,
                lookups: &run.lookups,
                findings: &run.findings,
                follow_ups: &[],
                endpoint: &standing.shown,
                route: standing.route.now.as_deref(),
                neighbours: &[],
                lag: Duration::ZERO,
                late_runs: 0,
            });
            return self.damper.note(found, None, New::Run, target.diagnosis, now);
        }
        let since = *self.since.get_or_insert(started);
        let lag = lags.worst_since(started);
        let mut evidence = Evidence {
            outcomes,
            lookups: run.lookups.clone(),
            findings: run.findings.clone(),
            endpoint: Arc::clone(&standing.shown),
            route: standing.route.now.clone(),
            neighbours: neighbours.around(&target.name, since, now),
            lag,
            late_runs: self.late_runs,
            signature: None,
        };
        let late = diagnosis::is_late(lag, target.timeout);
        self.late_runs = if late { self.late_runs.saturating_add(1) } else { 0 };
        let plain = evidence.diagnose(target, &[]);
        evidence.signature = Signature::of(&plain, &used_route(target, standing));
        self.inquiry.note(evidence.signature.as_ref(), now);
        let follow_ups = self.inquiry.found(now);
        let found = if follow_ups.is_empty() { plain } else { evidence.diagnose(target, &follow_ups) };
        let told = self.damper.note(found, evidence.signature.as_ref(), New::Run, target.diagnosis, now);
        self.evidence = Some(evidence);
        told
    }

    /// What is told after follow-ups to the last run; `None` where nothing is wrong any more.
    pub(super) fn reconsider(
        &mut self,
        target: &Target,
        neighbours: &Neighbours,
        now: Instant,
    ) -> Option<Told> {
        let evidence = self.evidence.as_mut()?;
        evidence.neighbours = neighbours.around(&target.name, self.since?, now);
        let found = evidence.diagnose(target, &self.inquiry.found(now));
        let signature = evidence.signature.as_ref();
        Some(self.damper.note(found, signature, New::FollowUps, target.diagnosis, now))
    }

    /// The experiments that would tell more after those of this round.
    pub(super) fn wanted(&self, target: &Target, made: &[FollowUp]) -> Vec<Wanted> {
        let Some(evidence) = &self.evidence else { return Vec::new() };
        let journeys = evidence.journeys();
        let case = evidence.case(target, &journeys, made);
        diagnosis::wanted(&case, &diagnosis::infer(&case))
    }
}

impl Evidence {
    fn journeys(&self) -> Vec<&Outcome> {
        self.outcomes.iter().map(Arc::as_ref).collect()
    }

    fn case<'a>(
        &'a self,
        target: &'a Target,
        journeys: &'a [&'a Outcome],
        follow_ups: &'a [FollowUp],
    ) -> Case<'a> {
        Case {
            target,
            outcomes: journeys,
            lookups: &self.lookups,
            findings: &self.findings,
            follow_ups,
            endpoint: &self.endpoint,
            route: self.route.as_deref(),
            neighbours: &self.neighbours,
            lag: self.lag,
            late_runs: self.late_runs,
        }
    }

    fn diagnose(&self, target: &Target, follow_ups: &[FollowUp]) -> Diagnosis {
        let journeys = self.journeys();
        diagnosis::infer(&self.case(target, &journeys, follow_ups))
    }
}

/// Whether there is nothing to look for.
fn is_well(run: &Run, outcomes: &[Arc<Outcome>]) -> bool {
    let fine = |outcome: &Arc<Outcome>| outcome.success() && outcome.findings.is_empty();
    run.findings.is_empty() && outcomes.iter().all(fine)
}
