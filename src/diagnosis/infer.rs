//! From a case to its diagnosis: a table of rules, of which the first one that matches decides.
//!
//! Promises: while a path works, nothing is down; while none works, nothing that is only degraded is the verdict's cause;
//! the order of the evidence changes nothing.
//!
//! A rule looks at one trouble on one path. While no path works, that is the trouble of the path really used; while one
//! does, each trouble is judged by itself, and the worst one is the verdict.

mod degraded;
mod facts;
mod family;
mod handshake;
mod http;
mod idle;
mod key;
mod names;
mod offline;
mod ourselves;
mod passing;
mod proxy;
#[cfg(test)]
pub(super) mod story;
#[cfg(test)]
mod tests;
mod told;
mod trust;
mod view;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

pub(super) use http::is_http2;
pub use ourselves::is_late;
pub(super) use ourselves::{is_about_time, lasts};
pub(super) use view::{Lead, View};

use super::{Case, Diagnosis, Facts, Language, Say, Seen, Verdict};
use crate::outcome::{
    Asked, Blame, Failure, Family, Finding, Layer, Outcome, OutsideChecks, PathId, Reason, Severity, Stage,
    Stages,
};

/// A rule: what it is called, and what it makes of a trouble.
struct Rule {
    name: &'static str,
    read: fn(&View<'_>, &Lead<'_>) -> Option<Conclusion>,
}

/// What a path that fails comes to; the first rule that matches decides.
const RULES: &[Rule] = &[
    // Our own trouble makes everything else doubtful.
    Rule { name: "own_resources", read: ourselves::own_resources },
    Rule { name: "own_slowness", read: ourselves::own_slowness },
    Rule { name: "hosts_file", read: names::hosts_file },
    // What works beside it says most.
    Rule { name: "family_broken", read: family::broken },
    // What is gone again cannot be told apart by experiments.
    Rule { name: "comes_and_goes", read: passing::comes_and_goes },
    Rule { name: "proxy_required", read: proxy::required },
    Rule { name: "family_dead", read: family::dead },
    Rule { name: "offline", read: offline::offline },
    // Names.
    Rule { name: "resolver_fails_for_all", read: names::resolver_fails_for_all },
    Rule { name: "other_resolver_knows", read: names::other_resolver_knows },
    Rule { name: "name_nowhere", read: names::nowhere },
    Rule { name: "broken_zone", read: names::broken_zone },
    Rule { name: "only_this_name", read: names::only_this_name },
    // Proxies.
    Rule { name: "proxy_fails_for_all", read: proxy::fails_for_all },
    Rule { name: "proxy_not_needed", read: proxy::not_needed },
    Rule { name: "proxy_refuses_this", read: proxy::refuses_this },
    // Certificates.
    Rule { name: "clock_skew", read: trust::clock_skew },
    Rule { name: "interceptor_expired", read: trust::interceptor_expired },
    Rule { name: "several_out_of_date", read: trust::several_out_of_date },
    Rule { name: "intercepted_for_all", read: trust::intercepted_for_all },
    // Handshakes.
    Rule { name: "mtu_black_hole", read: handshake::mtu_black_hole },
    Rule { name: "large_hello", read: handshake::large_hello },
    Rule { name: "name_filtered", read: handshake::name_filtered },
    Rule { name: "plain_http_on_port", read: handshake::plain_http_on_port },
    // Where only an experiment took the other family.
    Rule { name: "other_family_would_work", read: family::would_work },
    // Calls.
    Rule { name: "http2_broken", read: http::http2_broken },
    Rule { name: "idle_connections_cut", read: http::idle_connections_cut },
    Rule { name: "portal_for_all", read: http::portal_for_all },
    Rule { name: "refused_before_the_key", read: key::refused_before_the_key },
    Rule { name: "key_refused", read: key::key_refused },
    Rule { name: "not_the_key", read: key::not_the_key },
    Rule { name: "api_answers_without_key", read: key::api_answers_without_key },
    // The lowest layer that fails, in its own words.
    Rule { name: "only_this_destination", read: family::only_this_destination },
    Rule { name: "own_reason", read: own_reason },
];

/// What something comes to that does not keep its path from working; the first rule that matches decides.
const NOTICED: &[Rule] = &[
    Rule { name: "own_slowness", read: ourselves::own_slowness },
    Rule { name: "idle_dropped", read: idle::dropped },
    Rule { name: "worked_when_retried", read: degraded::worked_when_retried },
    Rule { name: "noticed", read: degraded::noticed },
];

/// What a rule concludes.
#[derive(Debug)]
struct Conclusion {
    reason: Reason,
    blame: Blame,
    /// What speaks for it, the most telling first.
    because: Vec<Say>,
    /// What it excludes.
    not: Vec<Say>,
}

impl Conclusion {
    fn of(reason: Reason) -> Self {
        Self { reason, blame: reason.blame(), because: Vec::new(), not: Vec::new() }
    }

    fn blame(mut self, blame: Blame) -> Self {
        self.blame = blame;
        self
    }

    fn because(mut self, say: impl Into<Say>) -> Self {
        self.because.push(say.into());
        self
    }

    fn because_all<S: Into<Say>>(mut self, says: impl IntoIterator<Item = S>) -> Self {
        self.because.extend(says.into_iter().map(Into::into));
        self
    }

    fn not(mut self, say: impl Into<Say>) -> Self {
        self.not.push(say.into());
        self
    }
}

fn own_reason(_: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    Some(Conclusion::of(lead.reason))
}

/// What the evidence comes to.
///
/// Without a single journey it is what the lookups say; without these either, that nothing was walked, which is our own
/// doing: a target that nobody looked at is not up.
#[must_use]
pub fn infer(case: &Case<'_>) -> Diagnosis {
    let made_up = if case.outcomes.is_empty() { ended_by_dns(case) } else { Vec::new() };
    let paths: Vec<&Outcome> = case.outcomes.iter().copied().chain(&made_up).collect();
    let view = View::of(case, paths);
    match decide(&view) {
        Some(decided) => diagnosis(&view, decided),
        None => fine(&view),
    }
}

/// The trouble that decides, and what it comes to.
struct Decided<'a> {
    lead: Lead<'a>,
    conclusion: Conclusion,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests ask which rule decided"))]
    rule: &'static str,
}

fn decide<'a>(view: &View<'a>) -> Option<Decided<'a>> {
    if !view.up {
        return read(RULES, view, view.lead()?);
    }
    let failing = view.failing().into_iter().filter_map(|lead| Some((false, read(RULES, view, lead)?)));
    let noticed =
        degraded::leads(view).into_iter().filter_map(|lead| Some((true, read(NOTICED, view, lead)?)));
    // What does not work comes before what is only not as it should be; then the lowest layer; then what a client uses.
    let first = failing.chain(noticed).min_by_key(|(noticed, decided)| {
        let reason = decided.conclusion.reason;
        let soft = reason.severity() != Severity::Down;
        (soft, soft && *noticed, reason, !view.is_used(decided.lead.outcome))
    });
    first.map(|(_, decided)| decided)
}

fn read<'a>(rules: &[Rule], view: &View<'a>, lead: Lead<'a>) -> Option<Decided<'a>> {
    let first = |rule: &Rule| Some(Decided { conclusion: (rule.read)(view, &lead)?, lead, rule: rule.name });
    rules.iter().find_map(first)
}

fn fine(view: &View<'_>) -> Diagnosis {
    Diagnosis {
        target: Arc::clone(&view.target.name),
        verdict: Verdict::Ok,
        layer: None,
        blame: None,
        seen: None,
        evidence: vec![super::say::Paths::AllWork { all: view.paths.len() }.into()],
        ruled_out: Vec::new(),
        findings: Vec::new(),
        facts: Facts::default(),
    }
}

fn diagnosis(view: &View<'_>, decided: Decided<'_>) -> Diagnosis {
    let Decided { lead, conclusion, .. } = decided;
    let facts = facts::of(view, &lead, conclusion.reason);
    let (reason, blame) = (conclusion.reason, conclusion.blame);
    let own = Finding::new(reason, words(reason, &lead, conclusion.because.first()));
    let (evidence, ruled_out) = told::lines(view, &lead, conclusion);
    Diagnosis {
        target: Arc::clone(&view.target.name),
        verdict: if view.up { Verdict::Degraded(reason) } else { Verdict::Down(reason) },
        layer: Some(reason.layer()),
        blame: Some(blame),
        seen: Some(Seen {
            endpoint: Arc::clone(&lead.outcome.endpoint),
            route: Arc::clone(&lead.outcome.path.route),
            family: lead.outcome.path.family,
        }),
        evidence,
        ruled_out,
        findings: findings(view, own),
        facts,
    }
}

/// The verdict's own words: those of the journey, or what it was refined by: then the journey's stand at its own reason.
fn words(reason: Reason, lead: &Lead<'_>, because: Option<&Say>) -> String {
    match because {
        Some(say) if lead.detail.is_empty() || reason != lead.reason => say.tell(Language::English),
        Some(_) | None => lead.detail.to_owned(),
    }
}

/// Every reason that any path or run gave, each once, the verdict's own first.
fn findings(view: &View<'_>, own: Finding) -> Vec<Finding> {
    let failed = view
        .paths
        .iter()
        .flat_map(|path| Layer::ALL.into_iter().filter_map(|layer| path.layer_failure(layer)));
    let noticed =
        view.paths.iter().flat_map(|path| &path.findings).chain(view.findings.iter().map(|(_, found)| found));
    let mut rest: Vec<_> = failed
        .chain(noticed.map(|found| &found.0))
        .filter(|failure| failure.reason != own.0.reason)
        .collect();
    rest.sort_by_key(|failure: &&Failure| (failure.reason, failure.detail.is_empty(), &failure.detail));
    rest.dedup_by_key(|failure| failure.reason);
    std::iter::once(own).chain(rest.into_iter().cloned().map(Finding)).collect()
}

/// Journeys that lookups stand for where there are none: those of the endpoint really used that failed, else one
/// that says that nothing was walked.
fn ended_by_dns(case: &Case<'_>) -> Vec<Outcome> {
    let route = case.route.map(Arc::from).or_else(|| Some(Arc::clone(&case.target.routes.first()?.name)));
    let path = |family| PathId {
        target: Arc::clone(&case.target.name),
        route: route.clone().unwrap_or_else(|| "".into()),
        family,
    };
    let outcome = |family, dns: Stage<_>| Outcome {
        path: path(family),
        endpoint: case.endpoint.into(),
        started: UNIX_EPOCH,
        took: dns.took().unwrap_or_default(),
        stages: Stages { dns, tcp: Stage::NotReached, ..Stages::default() },
        findings: Vec::new(),
        addresses: Vec::new(),
        outside: OutsideChecks::default(),
        retries: Vec::new(),
        late: Duration::ZERO,
    };
    let failed = case.lookups.iter().filter_map(|lookup| {
        let asked = &*lookup.endpoint == case.endpoint && lookup.asked == Asked::Resolver;
        lookup.stage.failure().filter(|_| asked)?;
        let family = lookup.stage.evidence()?.record_type.family();
        Some(outcome(family, lookup.stage.clone()))
    });
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() { vec![outcome(Family::Any, Stage::NotReached)] } else { failed }
}
