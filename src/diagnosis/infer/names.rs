//! Rules about names: whether it is the resolver, the name, or something that rewrites answers.

use super::Conclusion;
use super::view::{self, Lead, View};
use crate::diagnosis::State;
use crate::diagnosis::say::{Dns, is_denial};
use crate::outcome::{AnswerSource, Blame, DnsEvidence, Layer, Outcome, Reason, Stage};

/// A wrong address that stands in the machine's own hosts file: no resolver is to blame.
pub(super) fn hosts_file(_: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let seen = own_answer(lead).filter(|seen| seen.source == AnswerSource::HostsFile)?;
    let wrong = matches!(lead.reason, Reason::DnsSinkholed | Reason::DnsUnexpectedAddress);
    wrong.then(|| {
        let said = Dns::FromHostsFile { addresses: seen.addresses.clone() };
        Conclusion::of(lead.reason).blame(Blame::Canary).because(said)
    })
}

/// The resolver fails for every other name as well.
pub(super) fn resolver_fails_for_all(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let own = own_answer(lead).filter(|_| !is_about_the_answer(lead.reason))?;
    let controls = view.controls_failing(lead).into_iter().filter(|(_, trouble)| trouble.layer == Layer::Dns);
    let mut said: Vec<_> = controls
        .filter(|(_, trouble)| own_answer(trouble).is_none_or(|seen| seen.resolver == own.resolver))
        .map(|(control, trouble)| (view::host_of(control.url), trouble.reason))
        .collect();
    let others = view.others(lead);
    // On another route the proxy may have asked.
    let route = &lead.outcome.path.route;
    let mine = others.iter().filter(|other| {
        other.route == *route && other.resolver.as_ref().is_some_and(|name| *name == own.resolver)
    });
    for other in mine {
        match &other.state {
            State::Fails { layer: Layer::Dns, reason, .. } => said.push((other.host.to_string(), *reason)),
            // It resolved that one.
            State::Works | State::Fails { .. } => return None,
        }
    }
    if said.is_empty() || view.control_works(lead).is_some() {
        return None;
    }
    let said = said.into_iter().map(|(host, reason)| Dns::FailsForOthers {
        resolver: own.resolver.clone(),
        host,
        reason,
    });
    Some(Conclusion::of(lead.reason).blame(Blame::Resolver).because_all(said))
}

/// Another resolver has addresses that are not outside the expected networks: it is what this one says.
pub(super) fn other_resolver_knows(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    own_answer(lead)?;
    let answers = view.other_resolvers(lead).into_iter().filter_map(view::good_answer);
    let said: Vec<_> = answers
        .map(|(seen, addresses, inside)| Dns::OtherHas {
            resolver: seen.resolver.clone(),
            addresses: addresses.to_vec(),
            inside,
        })
        .collect();
    (!said.is_empty()).then(|| Conclusion::of(lead.reason).blame(Blame::Resolver).because_all(said))
}

/// No resolver that answers has an address: the name is wrong, or its owner took it away.
pub(super) fn nowhere(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let own = own_answer(lead).filter(|_| is_denial(lead.reason))?;
    let others = view.other_resolvers(lead);
    let denies = |stage: &&&Stage<_>| stage.failure().is_some_and(|failure| is_denial(failure.reason));
    let alike = others.iter().filter(denies).count();
    let host = view.host(lead);
    // Nobody else can know an inner name.
    if alike == 0 || is_inner(&host) || others.iter().any(|stage| stage.passed()) {
        return None;
    }
    let blame = if view.is_public(lead) { Blame::Provider } else { Blame::Config };
    let said = Dns::Nowhere { host, record_type: own.record_type, resolvers: alike };
    Some(Conclusion::of(lead.reason).blame(blame).because(said))
}

/// Names of a network of one's own: of one label, or below a domain that is not in the public tree (RFC 6761, 6762, 8375,
/// and what people use like them).
fn is_inner(host: &str) -> bool {
    const INNER: [&str; 10] = [
        "internal",
        "local",
        "localdomain",
        "lan",
        "home",
        "corp",
        "intranet",
        "private",
        "localhost",
        "home.arpa",
    ];
    let below = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    !host.contains('.') || INNER.iter().any(|domain| below(domain))
}

/// Other resolvers fail at this name as well, while ours answers for others: the servers of its zone are broken, or what
/// they sign.
pub(super) fn broken_zone(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let broken = |reason| matches!(reason, Reason::DnsServfail | Reason::DnsBogus);
    own_answer(lead).filter(|_| broken(lead.reason))?;
    let others = view.other_resolvers(lead);
    if others.iter().any(|stage| stage.passed()) {
        return None;
    }
    let alike = |stage: &&Stage<DnsEvidence>| stage.failure().is_some_and(|failure| broken(failure.reason));
    let resolver = others.into_iter().find(alike)?.evidence()?.resolver.clone();
    let answers = only_this_name(view, lead)?;
    let blame = if view.is_public(lead) { Blame::Provider } else { lead.reason.blame() };
    let said = Dns::BrokenZone { host: view.host(lead), resolver };
    Some(Conclusion::of(lead.reason).blame(blame).because(said).because_all(answers.because))
}

/// The resolver answers for other names.
pub(super) fn only_this_name(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let own = own_answer(lead)?;
    let resolves = |outcome: &Outcome| match &outcome.stages.dns {
        Stage::Passed { evidence, .. } => evidence.resolver == own.resolver,
        Stage::Failed { .. } | Stage::NotReached | Stage::NotPlanned => false,
    };
    let controls = view.controls(lead).into_iter();
    let mut resolved = controls
        .filter(|control| control.outcomes.iter().any(resolves))
        .map(|control| view::host_of(control.url));
    let host = resolved.next()?;
    let said = Dns::AnswersForOthers { resolver: own.resolver.clone(), host };
    Some(Conclusion::of(lead.reason).because(said))
}

/// What the resolver said, of a trouble with names.
fn own_answer<'a>(lead: &Lead<'a>) -> Option<&'a DnsEvidence> {
    lead.outcome.stages.dns.evidence().filter(|_| lead.layer == Layer::Dns)
}

/// Whether there is an answer, and it is what is wrong.
fn is_about_the_answer(reason: Reason) -> bool {
    matches!(reason, Reason::DnsSinkholed | Reason::DnsUnexpectedAddress)
}
