//! The lines of a diagnosis beyond those of its rule: what the journey saw below its trouble, and what every experiment
//! found.
//!
//! Promises: no line twice, and none both for and against.

use super::view::{self, Came, Lead, View};
use super::{Conclusion, handshake, ourselves, trust};
use crate::diagnosis::State;
use crate::diagnosis::say::{Dns, Http, Others, Paths, Say, Tls, Us};
use crate::outcome::{AnswerSource, Layer, Outcome, Reason, Stage, Trial};

/// Evidence and what is ruled out by a conclusion, its own lines first.
pub(super) fn lines(view: &View<'_>, lead: &Lead<'_>, conclusion: Conclusion) -> (Vec<Say>, Vec<Say>) {
    let Conclusion { reason, because, not, .. } = conclusion;
    let mut lines = Lines { evidence: because, ruled_out: not };
    if !lead.detail.is_empty() {
        lines.add(Say::Detail(lead.detail.to_owned()));
    }
    answer(lead, &mut lines);
    counts(view, lead, &mut lines);
    names(view, lead, &mut lines);
    elsewhere(view, lead, &mut lines);
    handshakes(view, lead, &mut lines);
    calls(view, lead, &mut lines);
    if !view.up {
        others(view, lead, &mut lines);
    }
    below(lead, &mut lines);
    if ourselves::is_about_time(lead.reason) {
        let (lag, runs) = (view.lag, view.late_runs);
        if !ourselves::is_late(lag, view.target) {
            lines.rule_out(Us::InTime { lag });
        } else if reason != Reason::CanaryExhausted {
            lines.add(Us::LateForLong { lag, runs });
        }
    }
    if reason == Reason::CanaryExhausted {
        // What we saw while we lacked something excludes nothing.
        lines.ruled_out.clear();
    }
    lines.once()
}

struct Lines {
    evidence: Vec<Say>,
    ruled_out: Vec<Say>,
}

impl Lines {
    fn add(&mut self, say: impl Into<Say>) {
        self.evidence.push(say.into());
    }

    fn rule_out(&mut self, say: impl Into<Say>) {
        self.ruled_out.push(say.into());
    }

    fn once(self) -> (Vec<Say>, Vec<Say>) {
        let mut evidence: Vec<Say> = Vec::new();
        for say in self.evidence {
            if !evidence.contains(&say) {
                evidence.push(say);
            }
        }
        let mut ruled_out: Vec<Say> = Vec::new();
        for say in self.ruled_out {
            if !evidence.contains(&say) && !ruled_out.contains(&say) {
                ruled_out.push(say);
            }
        }
        (evidence, ruled_out)
    }
}

/// What came back, if anything did.
fn answer(lead: &Lead<'_>, lines: &mut Lines) {
    let Some(call) = lead.outcome.stages.api.evidence().filter(|_| lead.layer == Layer::Api) else { return };
    if lead.is_of_another_call() {
        lines.rule_out(Http::OtherCallWorks { call: call.endpoint, took: lead.outcome.took });
        return;
    }
    if let Some(status) = call.status {
        let (by, request_id) = (call.answered_by, call.request_id.clone());
        lines.add(Http::Answered { status, by, request_id });
    }
    if let Some(wait) = call.retry_after {
        lines.add(Http::AskedToWait { wait });
    }
}

fn counts(view: &View<'_>, lead: &Lead<'_>, lines: &mut Lines) {
    let failing = view.failing().len();
    if view.paths.len() > 1 && failing > 0 {
        lines.add(Paths::Fail { failing, all: view.paths.len() });
    }
    let addresses = &lead.outcome.addresses;
    let bad = addresses.iter().filter(|result| result.failure.is_some()).count();
    if bad > 0 && addresses.len() > 1 {
        lines.add(Paths::AddressesFail { failing: bad, all: addresses.len() });
    }
    let times = lead.outcome.retries.len();
    if times > 0 {
        lines.add(Paths::Retried { times, worked: lead.outcome.success_in_the_end() });
    }
    let mut works: Vec<_> = view
        .paths
        .iter()
        .filter(|path| path.success_in_the_end() && path.endpoint != lead.outcome.endpoint)
        .map(|path| &path.endpoint)
        .collect();
    works.dedup();
    for endpoint in works {
        lines.add(Paths::EndpointWorks { endpoint: endpoint.clone() });
    }
}

/// What is known of the name.
fn names(view: &View<'_>, lead: &Lead<'_>, lines: &mut Lines) {
    if let Some(seen) = lead.outcome.stages.dns.evidence()
        && seen.source == AnswerSource::HostsFile
        && lead.layer < Layer::Api
        && !seen.addresses.is_empty()
    {
        lines.add(Dns::FromHostsFile { addresses: seen.addresses.clone() });
    }
    if lead.layer != Layer::Dns {
        return;
    }
    for stage in view.other_resolvers(lead) {
        if let Some((seen, addresses, inside)) = view::good_answer(stage) {
            let (resolver, addresses) = (seen.resolver.clone(), addresses.to_vec());
            lines.add(Dns::OtherHas { resolver, addresses, inside });
        } else if let (Some(seen), Some(failure)) = (stage.evidence(), stage.failure()) {
            if failure.reason == Reason::CanaryExhausted {
                continue;
            }
            let (resolver, record_type) = (seen.resolver.clone(), seen.record_type);
            lines.add(Dns::OtherFails { resolver, record_type, reason: failure.reason });
        }
    }
}

/// Other routes and families.
fn elsewhere(view: &View<'_>, lead: &Lead<'_>, lines: &mut Lines) {
    let routes = view.other_routes(lead);
    for (route, outcome) in &routes {
        if outcome.success_in_the_end() {
            lines.add(Paths::RouteWorks { route: (*route).clone(), took: outcome.took });
        }
    }
    for (route, outcome) in routes {
        let works =
            |say: &Say| matches!(say, Say::Paths(Paths::RouteWorks { route: other, .. }) if other == route);
        if !outcome.success_in_the_end() && !lines.evidence.iter().any(works) {
            let reason = Lead::of(outcome).reason;
            if reason == lead.reason {
                lines.rule_out(Paths::RouteFails { route: route.clone(), reason });
            } else if reason != Reason::CanaryExhausted {
                lines.add(Paths::RouteFailsOtherwise { route: route.clone(), reason });
            }
        }
    }
    for outcome in view.other_families(lead) {
        let family = outcome.path.family;
        let reason = Lead::of(outcome).reason;
        if outcome.success_in_the_end() {
            lines.add(Paths::FamilyWorks { family, took: outcome.took });
        } else if lead.is_blocked() && tells_of_both(lead, reason) {
            lines.rule_out(Paths::FamilyFails { family, reason });
        }
    }
}

/// Whether the trouble of the other family tells that it is not about one of them: a family that this machine or the name
/// does not have tells nothing.
fn tells_of_both(lead: &Lead<'_>, other: Reason) -> bool {
    let lacks = matches!(other, Reason::TcpUnreachable | Reason::DnsNodata | Reason::CanaryExhausted);
    !lacks || other == lead.reason
}

/// Changed handshakes, plain HTTP, the clock.
fn handshakes(view: &View<'_>, lead: &Lead<'_>, lines: &mut Lines) {
    if handshake::comes_and_goes(view, lead) {
        lines.add(Tls::AnsweredNow);
    } else {
        changed(view, lead, lines);
    }
    if let Some(answer) = handshake::plain(view, lead) {
        lines.add(Http::Plain(answer.clone()));
    }
    if let Some(clock) = view.clock(lead) {
        let (off, ahead) = (clock.off, clock.ahead);
        if off > trust::CLOCKS_AGREE {
            lines.add(Tls::ClockOff { off, ahead });
        } else {
            lines.rule_out(Tls::ClockRight { off });
        }
    }
    let told = lines
        .evidence
        .iter()
        .any(|say| matches!(say, Say::Tls(Tls::SameIssuer { .. } | Tls::MachineOnly { .. })));
    if let Some(issuer) = lead.issuer().filter(|_| lead.layer == Layer::Tls && !told) {
        lines.add(Tls::IssuedBy { issuer: issuer.to_owned() });
    }
}

/// Handshakes in which one thing was changed.
fn changed(view: &View<'_>, lead: &Lead<'_>, lines: &mut Lines) {
    match handshake::small(view, lead) {
        Some((mss, true)) => lines.add(Tls::SmallAnswered { mss }),
        Some((mss, false)) => lines.rule_out(Tls::SmallFails { mss }),
        None => {}
    }
    match handshake::classical(view, lead) {
        Some(true) => lines.add(Tls::ClassicalAnswered),
        Some(false) => lines.rule_out(Tls::ClassicalFails),
        None => {}
    }
    match handshake::neutral(view, lead) {
        Some((name, true)) => {
            lines.add(Tls::NeutralAnswered { name: name.to_owned(), host: view.host(lead) })
        }
        Some((name, false)) => lines.rule_out(Tls::NeutralFails { name: name.to_owned() }),
        None => {}
    }
}

/// The call made otherwise.
fn calls(view: &View<'_>, lead: &Lead<'_>, lines: &mut Lines) {
    match view.http1(lead) {
        Some(Came::Through(outcome)) => lines.add(Http::OverHttp1 { took: outcome.took }),
        Some(Came::Short(trouble)) => lines.rule_out(Http::NotOverHttp1 { reason: trouble.reason }),
        None => {}
    }
    match view.keyless(lead) {
        Some(Came::Through(outcome)) => lines.add(Http::KeylessWorks { took: outcome.took }),
        // What a call without a key gets from any API that wants one.
        Some(Came::Short(Lead {
            reason: reason @ (Reason::AuthInvalid | Reason::AuthForbidden), ..
        })) => {
            lines.add(Http::KeylessRefused { reason });
        }
        Some(Came::Short(trouble)) if trouble.reason == lead.reason && view.target.api_key.is_none() => {}
        Some(Came::Short(trouble)) if trouble.reason == lead.reason => {
            lines.rule_out(Http::KeylessAlike { reason: trouble.reason });
        }
        Some(Came::Short(trouble)) => lines.add(Http::KeylessFails { reason: trouble.reason }),
        None => {}
    }
    for trial in view.trials(lead) {
        match trial {
            Trial::IdleHold { held, failure: Some(failure) } => {
                lines.add(Http::IdleCut { held: *held, reason: failure.reason });
            }
            Trial::IdleHold { held, failure: None } => lines.rule_out(Http::IdleHeld { held: *held }),
            Trial::Again(outcomes) if view.again(lead).is_some() => {
                if outcomes.iter().all(|outcome| !outcome.layer_passed(lead.layer)) {
                    lines.rule_out(Paths::AgainFails { times: outcomes.len() });
                }
            }
            // Told above, each in its place; or another call than the one that failed.
            Trial::Again(_)
            | Trial::OtherResolver { .. }
            | Trial::Control { .. }
            | Trial::OtherFamily(_)
            | Trial::OtherRoute { .. }
            | Trial::NeutralName { .. }
            | Trial::SmallSegments { .. }
            | Trial::ClassicalKeys(_)
            | Trial::Http1(_)
            | Trial::Keyless(_)
            | Trial::PlainHttp(_)
            | Trial::ServerClock { .. }
            | Trial::Unknown(_) => {}
        }
    }
}

/// Control hosts and other targets.
fn others(view: &View<'_>, lead: &Lead<'_>, lines: &mut Lines) {
    let route = &lead.outcome.path.route;
    let told = lines.evidence.iter().any(is_about_others);
    for control in view.controls(lead) {
        let (url, route) = (control.url.clone(), route.clone());
        match control.came {
            Came::Through(outcome) => lines.rule_out(Others::ControlWorks { url, route, took: outcome.took }),
            Came::Short(trouble) if !told => {
                lines.add(Others::ControlFails { url, route, reason: trouble.reason });
            }
            Came::Short(_) => {}
        }
    }
    let others = view.others(lead);
    let is_alike = |state: &State| match state {
        State::Works => false,
        State::Fails { reason, .. } => *reason == lead.reason,
    };
    let alike = others.iter().filter(|other| is_alike(&other.state)).count();
    if alike > 0 && !told {
        lines.add(Others::TargetsFailAlike { alike, all: others.len(), reason: lead.reason });
    }
    let working = others.iter().filter(|other| other.state == State::Works).count();
    if working > 0 {
        lines.rule_out(Others::TargetsWork { working, all: others.len() });
    }
}

/// Whether a rule said already how others are doing.
fn is_about_others(say: &Say) -> bool {
    match say {
        Say::Others(_)
        | Say::Dns(Dns::FailsForOthers { .. })
        | Say::Paths(Paths::ProxyFailsForOthers { .. })
        | Say::Tls(Tls::OutOfDateToo { .. } | Tls::SameIssuer { .. }) => true,
        Say::Detail(_) | Say::Us(_) | Say::Dns(_) | Say::Paths(_) | Say::Tls(_) | Say::Http(_) => false,
    }
}

/// The layers below the trouble, which worked.
fn below(lead: &Lead<'_>, lines: &mut Lines) {
    let Outcome { stages, .. } = lead.outcome;
    let under = |layer: Layer| layer < lead.layer;
    if let Stage::Passed { took, evidence } = &stages.dns
        && under(Layer::Dns)
        && evidence.unexpected.as_ref().is_none_or(Vec::is_empty)
        && !evidence.addresses.is_empty()
    {
        let (resolver, addresses, inside) =
            (evidence.resolver.clone(), evidence.addresses.len(), evidence.unexpected.is_some());
        lines.rule_out(Dns::Answered { resolver, addresses, inside, took: *took });
    }
    if let Stage::Passed { took, evidence } = &stages.tcp
        && under(Layer::Tcp)
    {
        lines.rule_out(Paths::Connected { address: evidence.connected(), took: *took, rtt: evidence.rtt });
    }
    if let Stage::Passed { took, evidence } = &stages.proxy
        && under(Layer::Proxy)
    {
        lines.rule_out(Paths::Tunnelled { proxy: evidence.proxy.clone(), took: *took });
    }
    if let Stage::Passed { took, .. } = &stages.tls
        && under(Layer::Tls)
    {
        lines.rule_out(Tls::Verified { issuer: lead.issuer().map(str::to_owned), took: *took });
    }
}
