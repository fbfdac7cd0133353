//! What is wrong with one target: its evidence, and what is told of it.
//!
//! Promises: a target that is well costs no more than a look at its journeys; what follow-ups say is put together with
//! the run they follow up.

use std::sync::Arc;

use tokio::time::Instant;

use super::evidence::{Evidence, diagnose_alone};
use super::lags::Lags;
use super::neighbour::{Hosts, as_neighbour, used_route};
use super::neighbours::Neighbours;
use crate::board::Standing;
use crate::diagnosis::{self, Change, Damper, Diagnosis, Inquiry, New, Signature};
use crate::outcome::{FollowUp, Outcome, Run, Wanted};
use crate::target::Target;

/// What is told of a target, and what changed with it.
pub(super) type Told = (Diagnosis, Option<Change>);

/// One target.
#[derive(Debug)]
pub(super) struct Patient {
    damper: Damper,
    pub(super) inquiry: Inquiry,
    hosts: Hosts,
    /// When the first of the runs began that found something wrong.
    since: Option<Instant>,
    /// How many runs in a row found something wrong while the program was late.
    late_runs: u32,
    trouble: Option<Trouble>,
}

/// What the last run found, if something is wrong.
#[derive(Debug)]
struct Trouble {
    evidence: Evidence,
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
        Self {
            damper: Damper::default(),
            inquiry: Inquiry::default(),
            hosts: Hosts::of(target),
            since: None,
            late_runs: 0,
            trouble: None,
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
        match as_neighbour(target, &self.hosts, standing, &outcomes) {
            Some(neighbour) => neighbours.note(neighbour, now),
            None => neighbours.forget(&target.name),
        }
        if is_well(run, &outcomes) {
            (self.since, self.trouble, self.late_runs) = (None, None, 0);
            self.inquiry.note(None, now);
            let found = diagnose_alone(target, run, &outcomes, standing);
            return self.damper.note(found, None, New::Run, target.diagnosis, now);
        }
        let since = *self.since.get_or_insert(started);
        let (around, lag) = (neighbours.around(&target.name, since, now), lags.worst_since(started, now));
        let evidence = Evidence::of(run, outcomes, standing, around, lag).after(self.late_runs);
        let late = diagnosis::is_late(lag, target);
        self.late_runs = if late { self.late_runs.saturating_add(1) } else { 0 };
        let plain = evidence.diagnose(target, &[]);
        let signature = Signature::of(&plain, &used_route(target, standing));
        self.inquiry.note(signature.as_ref(), now);
        let follow_ups = self.inquiry.found(now);
        let found = if follow_ups.is_empty() { plain } else { evidence.diagnose(target, &follow_ups) };
        let told = self.damper.note(found, signature.as_ref(), New::Run, target.diagnosis, now);
        self.trouble = Some(Trouble { evidence, signature });
        told
    }

    /// What is told after follow-ups to the last run; `None` where nothing is wrong any more.
    pub(super) fn reconsider(
        &mut self,
        target: &Target,
        neighbours: &Neighbours,
        now: Instant,
    ) -> Option<Told> {
        let Trouble { evidence, signature } = self.trouble.as_mut()?;
        evidence.neighbours = neighbours.around(&target.name, self.since?, now);
        let found = evidence.diagnose(target, &self.inquiry.found(now));
        Some(self.damper.note(found, signature.as_ref(), New::FollowUps, target.diagnosis, now))
    }

    /// The experiments made since its trouble began, as far as they count.
    pub(super) fn follow_ups(&self, now: Instant) -> Arc<[FollowUp]> {
        let found = self.inquiry.found(now);
        if found.is_empty() { Arc::default() } else { found.into() }
    }

    /// The experiments that would tell more after those of this round.
    pub(super) fn wanted(&self, target: &Target, made: &[FollowUp]) -> Vec<Wanted> {
        self.trouble.as_ref().map(|trouble| trouble.evidence.wanted(target, made)).unwrap_or_default()
    }
}

/// Whether there is nothing to look for.
fn is_well(run: &Run, outcomes: &[Arc<Outcome>]) -> bool {
    let fine = |outcome: &Arc<Outcome>| outcome.success() && outcome.findings.is_empty();
    run.findings.is_empty() && outcomes.iter().all(fine)
}
