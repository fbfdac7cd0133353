//! What is known of a target, as the documents of the API tell it.

use std::sync::Arc;
use std::time::SystemTime;

use crate::clock;
use crate::diagnosis::{self, Language, Say, Verdict};
use crate::document::{
    AddressPart, CallPart, CertificateEnd, EndpointPart, FindingPart, FollowUpPart, JourneyPart, Label,
    RateLimitPart, State, StatusPagePart, TurnPart, WatchedDetail, WatchedTarget, all_works, certificates,
    resolver_parts,
};
use crate::history::{History, Turn, Wanted};
use crate::outcome::Outcome;
use crate::schedule::Pause;
use crate::sinks::{Known, LastRun};
use crate::target::top_label;

/// Journeys of the past that are told with everything else.
const JOURNEYS: usize = 20;

/// Seconds of a day.
const DAY: f64 = 24.0 * 3600.0;

/// How a target stands.
pub(super) fn target(known: &Known, now: SystemTime, language: Language) -> WatchedTarget {
    let Known { target, last, told, follow_ups: _, limits: _, revision } = known;
    let diagnosis = told.as_ref().map(|told| &told.diagnosis);
    let verdict = diagnosis.map(|diagnosis| diagnosis.verdict);
    let standing = last.as_ref().map(|last| &last.standing);
    let text = |name: Option<&Arc<str>>| name.map(ToString::to_string);
    let remedy = diagnosis.and_then(|diagnosis| {
        let remedy = diagnosis::remedy(diagnosis.verdict.reason()?, &diagnosis.facts, language);
        Some(remedy).filter(|remedy| !remedy.is_empty())
    });
    let summary = |verdict: Verdict| match verdict.reason() {
        None => all_works(target, language),
        Some(reason) => diagnosis::summary(reason, language).to_owned(),
    };
    WatchedTarget {
        name: target.name.to_string(),
        provider: target.provider.name().to_owned(),
        endpoints: target.sites.iter().map(|site| site.endpoint.shown()).collect(),
        top_layer: top_label(target.top).to_owned(),
        state: State::of(verdict),
        verdict: verdict.map(Label),
        layer: diagnosis.and_then(|diagnosis| diagnosis.layer).map(Label),
        blame: diagnosis.and_then(|diagnosis| diagnosis.blame).map(Label),
        summary: verdict.map(summary),
        remedy,
        since: told.as_ref().map(|told| clock::rfc3339(told.at)),
        last_run: last.as_ref().map(|last| clock::rfc3339(last.at)),
        interval_seconds: target.interval.as_secs_f64(),
        preferred_route: text(standing.and_then(|standing| standing.route.now.as_ref())),
        preferred_endpoint: text(standing.and_then(|standing| standing.endpoint.now.as_ref())),
        certificate: certificate_end(known)
            .map(|end| CertificateEnd { not_after: clock::rfc3339(end), days_left: days_until(end, now) }),
        revision: *revision,
    }
}

/// When the first certificate of the last journeys ends: those of the verified chain where there is one.
pub(in crate::web) fn certificate_end(known: &Known) -> Option<SystemTime> {
    let outcomes = known.last.iter().flat_map(|last| &last.outcomes);
    let evidence = outcomes.filter_map(|outcome| outcome.stages.tls.evidence());
    let end = evidence.filter_map(|tls| tls.verified_until.or_else(|| tls.chain.as_ref()?.earliest_expiry()));
    end.min()
}

/// Days until a time, to the hundredth; negative behind it.
pub(in crate::web) fn days_until(end: SystemTime, now: SystemTime) -> f64 {
    ((clock::unix_seconds(end) - clock::unix_seconds(now)) / DAY * 100.0).floor() / 100.0
}

/// All that is known of it.
pub(super) fn detail(known: &Known, history: &History, now: SystemTime, language: Language) -> WatchedDetail {
    let last = known.last.as_deref();
    let outcomes: &[Arc<Outcome>] = last.map_or(&[], |last| &last.outcomes);
    let each = || outcomes.iter().map(|outcome| &**outcome);
    let name = &*known.target.name;
    let diagnosis = known.told.as_ref().map(|told| &told.diagnosis);
    let tell = |lines: Option<&Vec<Say>>| lines.into_iter().flatten().map(|say| say.tell(language)).collect();
    let wanted = Wanted { limit: Some(JOURNEYS), ..Wanted::default() };
    WatchedDetail {
        target: target(known, now, language),
        evidence: tell(diagnosis.map(|diagnosis| &diagnosis.evidence)),
        ruled_out: tell(diagnosis.map(|diagnosis| &diagnosis.ruled_out)),
        findings: diagnosis
            .map(|diagnosis| diagnosis.findings.iter().map(FindingPart::of).collect())
            .unwrap_or_default(),
        followups: FollowUpPart::all(&known.follow_ups, each(), language),
        paths: each().map(|outcome| JourneyPart::of(outcome, language)).collect(),
        addresses: each().flat_map(AddressPart::all).collect(),
        reached: last.map(reached).unwrap_or_default(),
        resolvers: last.map(|last| resolver_parts(&last.run.lookups, &known.follow_ups)).unwrap_or_default(),
        certificates: certificates(each()),
        rate_limits: known.limits.iter().map(RateLimitPart::of).collect(),
        call: call(known, last),
        status_page: last.and_then(|last| last.page.as_ref()).map(StatusPagePart::of),
        turns: history.turns(name).iter().map(turn).collect(),
        journeys: history.journeys(name, wanted, language),
    }
}

fn reached(last: &LastRun) -> Vec<EndpointPart> {
    let part = |(endpoint, ok): &(Arc<str>, bool)| EndpointPart { endpoint: endpoint.to_string(), ok: *ok };
    last.standing.endpoints.iter().map(part).collect()
}

fn call(known: &Known, last: Option<&LastRun>) -> CallPart {
    let configured = CallPart::of(&known.target);
    let Some(call) = last.map(|last| last.call) else { return configured };
    CallPart {
        pause: call.pause.map(Pause::label),
        budget_left_usd: call.budget_left,
        ..configured.again_at(call.retry_at)
    }
}

fn turn(turn: &Turn) -> TurnPart {
    TurnPart {
        at: clock::rfc3339(turn.at),
        state: State::of(Some(turn.verdict)),
        verdict: Label(turn.verdict),
        layer: turn.layer.map(Label),
        blame: turn.blame.map(Label),
    }
}
