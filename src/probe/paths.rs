//! What the journeys to one endpoint say together that none of them says alone: pure.
//!
//! A family is broken where it fails on a route on which the other one works; a proxy is required where nothing gets
//! through without one. Only what happens below the answer counts: an API that answers has been reached.

use crate::outcome::{Family, Finding, Layer, Outcome, Reason, Trouble};
use crate::target::DIRECT;

/// Compares the journeys of one run to one endpoint.
pub(super) fn compare(outcomes: &[Outcome]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if outcomes.len() < 2 {
        return findings;
    }
    let mut routes: Vec<&str> = outcomes.iter().map(|outcome| &*outcome.path.route).collect();
    routes.sort_unstable();
    routes.dedup();
    for route in &routes {
        let of = |family| {
            outcomes.iter().find(|outcome| &*outcome.path.route == *route && outcome.path.family == family)
        };
        if let (Some(ipv4), Some(ipv6)) = (of(Family::Ipv4), of(Family::Ipv6)) {
            findings.extend(broken(route, Reason::Ipv4Broken, ipv4, ipv6));
            findings.extend(broken(route, Reason::Ipv6Broken, ipv6, ipv4));
        }
    }
    findings.extend(proxy_required(outcomes));
    // The same family may be broken on several routes: once is enough.
    let mut seen = Vec::new();
    findings.retain(|finding| {
        let first = !seen.contains(&finding.0.reason);
        seen.push(finding.0.reason);
        first
    });
    findings
}

/// What kept a journey from reaching the API, if anything did but our own trouble.
fn blocked(outcome: &Outcome) -> Option<Trouble<'_>> {
    if outcome.stages.api.passed() {
        return None;
    }
    outcome.trouble().filter(|trouble| trouble.failure.reason != Reason::CanaryExhausted).filter(|trouble| {
        trouble.layer < Layer::Api
            || matches!(
                trouble.failure.reason,
                Reason::HttpTimeout | Reason::HttpReset | Reason::HttpProtocol | Reason::NotTheApi
            )
    })
}

fn broken(route: &str, reason: Reason, one: &Outcome, other: &Outcome) -> Option<Finding> {
    let trouble = blocked(one).filter(|_| other.success())?;
    let (family, works, failure) = (one.path.family, other.path.family, trouble.failure);
    let words = format!(
        "over {family} (route {route}) {} fails with {}: {}; {works} works",
        trouble.layer, failure.reason, failure.detail
    );
    Some(Finding::new(reason, words))
}

fn proxy_required(outcomes: &[Outcome]) -> Option<Finding> {
    let mut direct = outcomes.iter().filter(|outcome| &*outcome.path.route == DIRECT).peekable();
    let trouble = direct.peek().and_then(|outcome| blocked(outcome))?;
    let proxied = outcomes
        .iter()
        .find(|outcome| outcome.success() && outcome.stages.proxy.passed())
        .map(|outcome| &outcome.path.route)?;
    direct.all(|outcome| blocked(outcome).is_some()).then(|| {
        let failure = trouble.failure;
        let words = format!(
            "the direct way fails with {}: {}; route {proxied} works",
            failure.reason, failure.detail
        );
        Finding::new(Reason::ProxyRequired, words)
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::outcome::{
        ApiEvidence, Failure, OutsideChecks, PathId, ProxyEvidence, Stage, Stages, TcpEvidence,
    };

    const TOOK: Duration = Duration::from_millis(1);

    fn outcome(route: &str, family: Family, failed: Option<Reason>) -> Outcome {
        let mut stages = Stages::default();
        match failed {
            Some(reason) if reason.layer() == Layer::Tcp => {
                let failure = Failure::new(reason, "words");
                stages.tcp = Stage::Failed { took: TOOK, failure, evidence: TcpEvidence::default() };
                stages.api = Stage::NotReached;
            }
            other => {
                let evidence = ApiEvidence::of_call("hello", http::Method::GET);
                stages.api = match other {
                    None => Stage::Passed { took: TOOK, evidence },
                    Some(reason) => {
                        Stage::Failed { took: TOOK, failure: Failure::new(reason, "words"), evidence }
                    }
                };
            }
        }
        if route != DIRECT {
            stages.proxy = Stage::Passed { took: TOOK, evidence: ProxyEvidence::of(String::new()) };
        }
        Outcome {
            path: PathId { target: "t".into(), route: route.into(), family },
            endpoint: "https://t/".into(),
            started: SystemTime::UNIX_EPOCH,
            took: TOOK,
            stages,
            findings: Vec::new(),
            addresses: Vec::new(),
            outside: OutsideChecks::default(),
            retries: Vec::new(),
            late: Duration::ZERO,
        }
    }

    fn reasons(outcomes: &[Outcome]) -> Vec<Reason> {
        compare(outcomes).iter().map(|finding| finding.0.reason).collect()
    }

    #[test]
    fn a_family_is_broken_where_only_the_other_one_works() {
        use Family::{Ipv4, Ipv6};
        let of = |ipv4, ipv6| reasons(&[outcome(DIRECT, Ipv4, ipv4), outcome(DIRECT, Ipv6, ipv6)]);
        assert_eq!(of(None, Some(Reason::TcpTimeout)), [Reason::Ipv6Broken]);
        assert_eq!(of(Some(Reason::TcpRefused), None), [Reason::Ipv4Broken]);
        assert_eq!(of(None, Some(Reason::HttpTimeout)), [Reason::Ipv6Broken]);
        assert_eq!(of(None, None), []);
        assert_eq!(of(Some(Reason::TcpTimeout), Some(Reason::TcpTimeout)), []);
        assert_eq!(of(None, Some(Reason::RateLimited)), [], "the API was reached");
        assert_eq!(
            reasons(&[outcome(DIRECT, Ipv6, Some(Reason::TcpTimeout))]),
            [],
            "nothing to compare with"
        );
    }

    #[test]
    fn a_proxy_is_required_where_every_direct_path_is_blocked_and_a_proxied_one_works() {
        let blocked = || outcome(DIRECT, Family::Ipv4, Some(Reason::TcpTimeout));
        let proxied = |failed| outcome("corp", Family::Any, failed);
        assert_eq!(reasons(&[blocked(), proxied(None)]), [Reason::ProxyRequired]);
        assert_eq!(reasons(&[blocked(), proxied(Some(Reason::TcpTimeout))]), []);
        let limited = outcome(DIRECT, Family::Ipv4, Some(Reason::RateLimited));
        assert_eq!(reasons(&[limited, proxied(None)]), []);
        let found = reasons(&[blocked(), outcome(DIRECT, Family::Ipv6, None), proxied(None)]);
        assert_eq!(found, [Reason::Ipv4Broken]);
    }

    #[test]
    fn an_answer_that_came_and_trouble_of_our_own_say_nothing_of_the_way() {
        let mut noticed = outcome(DIRECT, Family::Ipv4, None);
        noticed.findings.push(Finding::new(Reason::DnsUnexpectedAddress, "words"));
        assert!(!noticed.success());
        assert_eq!(reasons(&[noticed.clone(), outcome("corp", Family::Any, None)]), []);
        assert_eq!(reasons(&[noticed, outcome(DIRECT, Family::Ipv6, None)]), []);
        let exhausted = outcome(DIRECT, Family::Ipv6, Some(Reason::CanaryExhausted));
        assert_eq!(reasons(&[outcome(DIRECT, Family::Ipv4, None), exhausted]), []);
    }

    #[test]
    fn a_family_that_is_broken_on_several_routes_is_told_once() {
        let all: Vec<Outcome> = [DIRECT, "env"]
            .into_iter()
            .flat_map(|route| {
                [
                    outcome(route, Family::Ipv4, None),
                    outcome(route, Family::Ipv6, Some(Reason::TcpUnreachable)),
                ]
            })
            .collect();
        assert_eq!(reasons(&all), [Reason::Ipv6Broken]);
    }
}
