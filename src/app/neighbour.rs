//! What one target tells of the others: how it is doing on the path that a client uses.
//!
//! Promises: pure; the order of the journeys does not matter.

use std::sync::Arc;

use crate::board::Standing;
use crate::diagnosis::{Neighbour, State};
use crate::outcome::Outcome;
use crate::target::Target;

/// The hosts of a target's endpoints.
#[derive(Debug)]
pub(super) struct Hosts(Vec<(Arc<str>, Arc<str>)>);

impl Hosts {
    pub(super) fn of(target: &Target) -> Self {
        let host =
            |endpoint: &crate::target::Endpoint| (endpoint.shown().into(), endpoint.host.to_string().into());
        Self(target.sites.iter().map(|site| host(&site.endpoint)).collect())
    }

    /// That of an endpoint as it is shown, else that of the first.
    fn host(&self, shown: &str) -> Option<Arc<str>> {
        let found = self.0.iter().find(|(endpoint, _)| **endpoint == *shown).or(self.0.first());
        found.map(|(_, host)| Arc::clone(host))
    }
}

/// A target as its neighbours see it; `None` where nothing was walked.
pub(super) fn as_neighbour(
    target: &Target,
    hosts: &Hosts,
    standing: &Standing,
    outcomes: &[Arc<Outcome>],
) -> Option<Neighbour> {
    let route = used_route(target, standing);
    let state = if standing.up { State::Works } else { fails(standing, &route, outcomes)? };
    let resolver = target.resolvers.first().map(|resolver| Arc::clone(&resolver.name));
    let host = hosts.host(&standing.shown)?;
    Some(Neighbour { target: Arc::clone(&target.name), host, route, resolver, top: target.top, state })
}

/// The route that a client uses, as far as one works.
pub(super) fn used_route(target: &Target, standing: &Standing) -> Arc<str> {
    let first = || target.routes.first().map(|route| Arc::clone(&route.name));
    standing.route.now.clone().or_else(first).unwrap_or_default()
}

fn fails(standing: &Standing, route: &Arc<str>, outcomes: &[Arc<Outcome>]) -> Option<State> {
    let troubles = outcomes.iter().filter_map(|outcome| Some((outcome, outcome.trouble()?)));
    // That of the path a client uses; any other where there is none.
    let used = |outcome: &Outcome| outcome.endpoint == standing.shown && outcome.path.route == *route;
    let (outcome, trouble) = troubles.min_by_key(|(outcome, trouble)| {
        let of = (outcome.path.clone(), Arc::clone(&outcome.endpoint));
        (!used(outcome), trouble.layer, trouble.failure.reason, of)
    })?;
    let chain = outcome.stages.tls.evidence().and_then(|tls| tls.chain.as_ref());
    Some(State::Fails {
        layer: trouble.layer,
        reason: trouble.failure.reason,
        family: outcome.path.family,
        issuer: chain.and_then(|chain| Some(chain.leaf()?.issuer.clone())),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::board::Board;
    use crate::clock;
    use crate::config::{Config, Env, UrlOptions};
    use crate::outcome::{
        Failure, Family, Layer, OutsideChecks, PathId, Reason, Run, Stage, Stages, TcpEvidence,
    };

    fn outcome(target: &Target, family: Family, tcp: Stage<TcpEvidence>) -> Outcome {
        Outcome {
            path: PathId { target: target.name.clone(), route: "direct".into(), family },
            endpoint: target.sites[0].endpoint.shown().into(),
            started: clock::from_unix(0).unwrap(),
            took: Duration::ZERO,
            stages: Stages { tcp, ..Stages::default() },
            findings: Vec::new(),
            addresses: Vec::new(),
            outside: OutsideChecks::default(),
            retries: Vec::new(),
            late: Duration::ZERO,
        }
    }

    fn failed(reason: Reason) -> Stage<TcpEvidence> {
        let failure = Failure::new(reason, "words");
        Stage::Failed { took: Duration::ZERO, failure, evidence: TcpEvidence::default() }
    }

    fn seen(stages: Vec<Stage<TcpEvidence>>) -> Option<Neighbour> {
        let config =
            Config::of_url("http://a.test", &UrlOptions::default(), &Env::of::<&str, &str>([])).unwrap();
        let target: &Arc<Target> = &config.targets[0];
        let mut run = Run::of(target.name.clone());
        let families = [Family::Ipv4, Family::Ipv6];
        run.outcomes = families
            .into_iter()
            .zip(stages)
            .map(|(family, tcp)| outcome(target, family, tcp).into())
            .collect();
        let board = Board::default();
        let standing = board.apply(target, &run);
        as_neighbour(target, &Hosts::of(target), &standing, &board.target(&target.name))
    }

    #[test]
    fn a_target_works_on_one_path_or_fails_as_the_worst_of_them() {
        let passed = || Stage::Passed { took: Duration::ZERO, evidence: TcpEvidence::default() };
        let works = seen(vec![passed(), failed(Reason::TcpTimeout)]).unwrap();
        assert_eq!((&*works.host, &*works.route, works.state), ("a.test", "direct", State::Works));
        assert_eq!(works.resolver.as_deref(), Some("system"));
        let fails = seen(vec![failed(Reason::TcpTimeout), failed(Reason::TcpRefused)]).unwrap();
        let (layer, reason) = (Layer::Tcp, Reason::TcpRefused);
        assert_eq!(fails.state, State::Fails { layer, reason, family: Family::Ipv6, issuer: None });
        assert_eq!(seen(vec![]), None, "nothing was walked");
    }
}
