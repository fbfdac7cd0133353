//! What one target tells of the others: how it is doing on the path that a client uses.

use crate::board::Standing;
use crate::diagnosis::{Neighbour, State};
use crate::outcome::{Outcome, Run};
use crate::target::Target;

/// A target as its neighbours see it; `None` where nothing was walked.
pub(super) fn neighbour(target: &Target, run: &Run, standing: &Standing) -> Option<Neighbour> {
    let site = target.sites.iter().find(|site| *site.endpoint.shown() == *standing.shown);
    let site = site.or_else(|| target.sites.first())?;
    let route = standing.route.now.as_ref().or_else(|| target.routes.first().map(|route| &route.name))?;
    Some(Neighbour {
        target: target.name.clone(),
        host: site.endpoint.host.to_string().into(),
        route: route.clone(),
        resolver: target.resolvers.first().map(|resolver| resolver.name.clone()),
        state: state(run, standing, route)?,
    })
}

fn state(run: &Run, standing: &Standing, route: &str) -> Option<State> {
    if standing.up {
        return Some(State::Works);
    }
    let used = |outcome: &&Outcome| outcome.endpoint == standing.shown && *outcome.path.route == *route;
    let mut failed: Vec<&Outcome> = run.outcomes.iter().filter(used).collect();
    if failed.is_empty() {
        failed = run.outcomes.iter().collect();
    }
    let first = failed.into_iter().filter_map(|outcome| Some((outcome, outcome.trouble()?)));
    // The order of the journeys must not matter.
    let (outcome, trouble) = first.min_by_key(|(outcome, trouble)| {
        (trouble.layer, trouble.failure.reason, outcome.path.clone(), outcome.endpoint.clone())
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
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::board::Board;
    use crate::clock;
    use crate::config::{Config, Env, UrlOptions};
    use crate::outcome::{Failure, Family, Layer, OutsideChecks, PathId, Reason, Stage, Stages, TcpEvidence};

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
        run.outcomes =
            families.into_iter().zip(stages).map(|(family, tcp)| outcome(target, family, tcp)).collect();
        let standing = Board::default().apply(target, &run);
        neighbour(target, &run, &standing)
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
