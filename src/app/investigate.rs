//! Looking into targets at once, for `api-canary diagnose`: a run of each, then the experiments that would tell more.
//!
//! Promises: no call that costs money is made; what is made after the run is bounded in number and time; nothing here
//! fails once it has begun, for what goes wrong is what is looked for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::Instant;

use super::evidence::Evidence;
use super::lags::Lags;
use super::neighbour::{Hosts, as_neighbour};
use crate::board::{Board, Standing};
use crate::diagnosis::{Case, Neighbour};
use crate::document::Investigated;
use crate::outcome::{Experiment, FollowUp, Outcome, Run, Trial, Wanted};
use crate::probe::{FollowUps, Prober, SetupError, SystemResolver};
use crate::target::{Endpoint, Resolver, Route, Target};
use crate::units::Deadline;

/// How many targets are looked into beside each other.
const TARGETS_AT_ONCE: usize = 16;

/// How many experiments of a target are made beside each other.
const EXPERIMENTS_AT_ONCE: usize = 4;

/// How often the results of experiments may lead to further ones.
const ROUNDS: usize = 2;

/// How many experiments a round has at the most.
const EXPERIMENTS_A_ROUND: usize = 16;

/// How long one experiment may take, where the target's own timeout is not shorter.
const EXPERIMENT: Duration = Duration::from_secs(10);

/// How long all of a target's experiments may take.
const ALL_EXPERIMENTS: Duration = Duration::from_secs(30);

/// How often it is measured by how much the program itself wakes up late.
const LAG_EVERY: Duration = Duration::from_millis(100);

/// How far the work on one target is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Its paths are walked.
    Walking(Arc<str>),
    /// An experiment is made.
    Trying(Arc<str>, Experiment),
    /// A connection is kept idle for so long.
    Holding(Arc<str>, Duration),
    /// It is over.
    Done(Arc<str>),
}

/// What is made beside the runs.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Hosts to call in comparison, without a key.
    pub controls: Vec<Endpoint>,
    /// Resolvers to ask in comparison.
    pub resolvers: Vec<Resolver>,
    /// Routes to try in comparison.
    pub routes: Vec<Route>,
    /// Whether experiments are made at all.
    pub follow_ups: bool,
    /// For how long a connection is kept idle; not at all without it.
    pub idle_hold: Option<Duration>,
}

/// A target cannot be probed.
#[derive(Debug, thiserror::Error)]
#[error("target {name}: {source}")]
pub struct InvestigateError {
    /// Which.
    name: Arc<str>,
    /// Why.
    source: Box<SetupError>,
}

/// Looks into targets.
#[derive(Debug)]
pub struct Investigator {
    system: Arc<SystemResolver>,
    tools: Option<FollowUps>,
    idle_hold: Option<Duration>,
}

/// A target after its run.
#[derive(Debug)]
struct Walked {
    target: Arc<Target>,
    run: Run,
    /// By how much the program woke up late meanwhile.
    lag: Duration,
    outcomes: Vec<Arc<Outcome>>,
    standing: Standing,
}

impl Investigator {
    /// An investigator that makes these comparisons.
    #[must_use]
    pub fn new(beside: Beside, system: Arc<SystemResolver>) -> Self {
        let Beside { controls, resolvers, routes, follow_ups, idle_hold } = beside;
        let tools = || FollowUps::new(controls, resolvers, routes, Arc::clone(&system));
        Self { tools: follow_ups.then(tools), idle_hold, system }
    }

    /// Looks into targets, all of them beside each other; the results are in their order.
    ///
    /// # Errors
    /// If a target cannot be probed as it is configured; nothing is sent then.
    pub async fn investigate(
        &self,
        targets: &[Arc<Target>],
        on: impl Fn(Progress) + Sync,
    ) -> Result<Vec<Investigated>, InvestigateError> {
        let prober = |target: &Arc<Target>| {
            Prober::try_new(Arc::clone(target), &self.system)
                .map_err(|source| InvestigateError { name: target.name.clone(), source: Box::new(source) })
        };
        let probers = targets.iter().map(prober).collect::<Result<Vec<_>, _>>()?;
        let lags = Lags::default();
        let looked = async {
            // As a list: a closure that is kept over an await can make the whole thing unfit for another thread.
            let walks: Vec<_> = probers.iter().map(|prober| walk(prober, &lags, &on)).collect();
            let walked: Vec<Walked> = stream::iter(walks).buffered(TARGETS_AT_ONCE).collect().await;
            let seen = |Walked { target, outcomes, standing, .. }: &Walked| {
                as_neighbour(target, &Hosts::of(target), standing, outcomes)
            };
            let neighbours: Vec<Option<Neighbour>> = walked.iter().map(seen).collect();
            let look = walked.into_iter().enumerate().map(|(index, walked)| {
                let others = neighbours.iter().enumerate().filter(|(other, _)| *other != index);
                let others = others.filter_map(|(_, neighbour)| neighbour.clone()).collect();
                self.look(walked, others, &on)
            });
            stream::iter(look).buffered(TARGETS_AT_ONCE).collect().await
        };
        tokio::select! {
            looked = looked => Ok(looked),
            never = lags.measure(LAG_EVERY, |_| {}) => match never {},
        }
    }

    /// Draws the conclusion for one target, with what experiments add to it.
    async fn look(
        &self,
        walked: Walked,
        neighbours: Vec<Neighbour>,
        on: &(impl Fn(Progress) + Sync),
    ) -> Investigated {
        let Walked { target, run, lag, outcomes, standing } = walked;
        let evidence = Evidence::of(&run, outcomes, &standing, neighbours, lag);
        let mut made: Vec<FollowUp> = Vec::new();
        if let Some(tools) = &self.tools {
            let possible = tools.possible(&target);
            let plan = |made: &[FollowUp]| {
                let mut wanted = evidence.wanted(&target, made);
                // A connection is held only where that was asked for, and where there is one that works.
                wanted.retain(|wanted| {
                    wanted.experiment != Experiment::IdleHold && possible.contains(&wanted.experiment)
                });
                wanted
            };
            let (target, tools) = (&target, &tools);
            let make = |wanted: Wanted, deadline: Deadline| async move {
                on(Progress::Trying(Arc::clone(&target.name), wanted.experiment));
                tools.make(target, &wanted, deadline).await
            };
            made = rounds(plan, make, target.timeout.min(EXPERIMENT)).await;
            if let Some((held, wanted)) = self.idle_hold.zip(evidence.with(target, &[], idle)) {
                on(Progress::Holding(Arc::clone(&target.name), held));
                made.push(tools.idle_hold(target, &wanted, held).await);
            }
        }
        on(Progress::Done(Arc::clone(&target.name)));
        let diagnosis = evidence.diagnose(&target, &made);
        Investigated { target, run, follow_ups: made, diagnosis }
    }
}

async fn walk(prober: &Prober, lags: &Lags, on: &impl Fn(Progress)) -> Walked {
    let target = prober.target();
    on(Progress::Walking(Arc::clone(&target.name)));
    let started = Instant::now();
    let run = prober.run(target.call.unpaid()).await;
    let lag = lags.worst_since(started, Instant::now());
    // As in the program that serves, so that both use the same way.
    let board = Board::default();
    let standing = board.apply(target, &run);
    let outcomes = board.target(&target.name);
    Walked { target: Arc::clone(target), run, lag, outcomes, standing }
}

/// Makes the experiments that are planned, then those that are planned from their results. Each may take `longest`.
async fn rounds<F: Future<Output = Vec<FollowUp>>>(
    plan: impl Fn(&[FollowUp]) -> Vec<Wanted>,
    make: impl Fn(Wanted, Deadline) -> F,
    longest: Duration,
) -> Vec<FollowUp> {
    let all = Deadline::after(Instant::now(), ALL_EXPERIMENTS);
    let mut made: Vec<FollowUp> = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = plan(&made);
        round.truncate(EXPERIMENTS_A_ROUND);
        if round.is_empty() {
            break;
        }
        let tries = round.into_iter().map(|wanted| async {
            let now = Instant::now();
            let left = all.left(now);
            // It is told, so that nobody takes it for one that was not needed.
            if left.is_zero() {
                let trial = Trial::Unknown("no time was left for it after the others".to_owned());
                return vec![FollowUp { wanted, took: Duration::ZERO, trial }];
            }
            make(wanted, Deadline::after(now, longest.min(left))).await
        });
        let results: Vec<Vec<FollowUp>> = stream::iter(tries).buffered(EXPERIMENTS_AT_ONCE).collect().await;
        made.extend(results.into_iter().flatten());
        if all.left(Instant::now()).is_zero() {
            break;
        }
    }
    made
}

/// The path that a connection is kept idle on: the one that a client uses, where it works.
fn idle(case: &Case<'_>) -> Option<Wanted> {
    let used = |outcome: &&&Outcome| {
        *outcome.endpoint == *case.endpoint && case.route.is_none_or(|route| *outcome.path.route == *route)
    };
    let outcome = case.outcomes.iter().filter(used).find(|outcome| outcome.success())?;
    Some(Wanted {
        experiment: Experiment::IdleHold,
        endpoint: Arc::clone(&outcome.endpoint),
        route: Arc::clone(&outcome.path.route),
        family: outcome.path.family,
        address: outcome.stages.tcp.evidence().and_then(|tcp| tcp.connected()),
    })
}

#[cfg(test)]
mod tests;
