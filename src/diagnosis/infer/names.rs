//! Rules about names: whether it is the resolver, the name, or something that rewrites answers.

use super::Conclusion;
use super::view::{self, Lead, View};
use crate::diagnosis::State;
use crate::diagnosis::say::Dns;
use crate::outcome::{AnswerSource, Blame, DnsEvidence, Layer, Reason, Stage};

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
    let mine =
        others.iter().filter(|other| other.resolver.as_ref().is_some_and(|name| *name == own.resolver));
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
    let empty = |reason| matches!(reason, Reason::DnsNxdomain | Reason::DnsNodata);
    own_answer(lead).filter(|_| empty(lead.reason))?;
    let others = view.other_resolvers(lead);
    let alike =
        others.iter().filter(|stage| stage.failure().is_some_and(|failure| empty(failure.reason))).count();
    if alike == 0 || others.iter().any(|stage| stage.passed()) {
        return None;
    }
    let blame = if view.is_public(lead) { Blame::Provider } else { Blame::Config };
    let said = Dns::Nowhere { host: view.host(lead), resolvers: alike };
    Some(Conclusion::of(lead.reason).blame(blame).because(said))
}

/// The resolver answers for other names.
pub(super) fn only_this_name(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let own = own_answer(lead)?;
    let resolved = view.controls(lead).into_iter().find(|control| {
        control.outcomes.iter().any(|outcome| match &outcome.stages.dns {
            Stage::Passed { evidence, .. } => evidence.resolver == own.resolver,
            Stage::Failed { .. } | Stage::NotReached | Stage::NotPlanned => false,
        })
    })?;
    let said = Dns::AnswersForOthers { resolver: own.resolver.clone(), host: view::host_of(resolved.url) };
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
