//! What a remedy is filled with: names, addresses and times out of the evidence.

use std::collections::BTreeSet;
use std::time::Duration;

use super::view::{self, Lead, View};
use super::{idle, trust};
use crate::diagnosis::Facts;
use crate::outcome::{AnswerSource, DnsEvidence, Reason, TcpEvidence};
use crate::target::Scheme;
use crate::units::{PromDuration, roughly};

/// The facts about one trouble that came to `reason`.
pub(super) fn of(view: &View<'_>, lead: &Lead<'_>, reason: Reason) -> Facts {
    let stages = &lead.outcome.stages;
    let call = stages.api.evidence().filter(|_| !lead.is_of_another_call());
    let works = view.other_routes(lead).into_iter().find(|(_, outcome)| outcome.success_in_the_end());
    let proxied = |outcome: &crate::outcome::Outcome| Some(outcome.stages.proxy.evidence()?.proxy.clone());
    let through = works.filter(|_| reason == Reason::ProxyRequired);
    let clock = view.clock(lead).filter(|clock| clock.off > trust::CLOCKS_AGREE);
    let endpoint = view.endpoint(lead);
    Facts {
        host: Some(view.host(lead)),
        address: stages.tcp.evidence().and_then(tried).or_else(|| first_address(lead)),
        resolver: down(view, lead, reason).or_else(|| stages.dns.evidence().map(resolver)),
        proxy: through.and_then(|(_, outcome)| proxied(outcome)).or_else(|| proxied(lead.outcome)),
        issuer: view::shown_issuer(lead.outcome).map(str::to_owned),
        working_route: works.map(|(route, _)| route.to_string()),
        model: call
            .and_then(|call| call.model.as_ref())
            .or(view.target.call.model.as_ref())
            .map(ToString::to_string),
        wait: call.and_then(|call| call.retry_after).map(|wait| PromDuration(round_up(wait)).to_string()),
        clock: clock.map(|clock| {
            let way = if clock.ahead { "ahead" } else { "behind" };
            format!("{} {way}", roughly(clock.off))
        }),
        held: idle::cut(view, lead).map(|(held, _)| PromDuration(held).to_string()),
        url: endpoint.as_ref().map(|endpoint| {
            let scheme = match endpoint.scheme {
                Scheme::Http => "http",
                Scheme::Https => "https",
            };
            format!("{scheme}://{}", endpoint.authority())
        }),
        port: endpoint.map(|endpoint| endpoint.port.to_string()),
        request_id: call.and_then(|call| call.request_id.clone()),
    }
}

/// The address that connected, else the first one that was tried.
fn tried(tcp: &TcpEvidence) -> Option<String> {
    let first = || tcp.attempts.first().map(|attempt| attempt.address);
    tcp.connected().or_else(first).map(|address| address.to_string())
}

/// Where it came to no connection: the address that is wrong, else the first one.
fn first_address(lead: &Lead<'_>) -> Option<String> {
    let seen = lead.outcome.stages.dns.evidence()?;
    let wrong = seen.unexpected.as_ref().and_then(|wrong| wrong.first());
    wrong.or(seen.addresses.first()).map(ToString::to_string)
}

/// Where it is about those of several resolvers that are down: these, and not the one that answered.
fn down(view: &View<'_>, lead: &Lead<'_>, reason: Reason) -> Option<String> {
    if reason != Reason::DnsResolverDown {
        return None;
    }
    let stages = std::iter::once(&lead.outcome.stages.dns).chain(view.lookups_of(lead));
    let silent = stages.filter(|stage| {
        stage.failure().is_some_and(|failure| {
            // That there is no such name is an answer, and our own trouble says nothing of a resolver.
            !matches!(failure.reason, Reason::DnsNodata | Reason::DnsNxdomain | Reason::CanaryExhausted)
        })
    });
    let names: BTreeSet<String> = silent.filter_map(|stage| stage.evidence().map(resolver)).collect();
    (!names.is_empty()).then(|| names.into_iter().collect::<Vec<_>>().join(", "))
}

/// The resolver and, where its name does not say, its address.
fn resolver(seen: &DnsEvidence) -> String {
    let name = &seen.resolver;
    match seen.source {
        AnswerSource::Server { address, .. } if !name.contains(&address.ip().to_string()) => {
            format!("{name} ({address})")
        }
        AnswerSource::Server { .. }
        | AnswerSource::Nobody
        | AnswerSource::HostsFile
        | AnswerSource::Special => name.to_string(),
    }
}

/// Whole seconds: less would be too early.
fn round_up(wait: Duration) -> Duration {
    let rest = Duration::from_nanos(u64::from(wait.subsec_nanos()));
    if rest.is_zero() { wait } else { wait.saturating_sub(rest).saturating_add(Duration::from_secs(1)) }
}
