//! The rule about having no network at all.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Conclusion;
use super::view::{self, Lead, View};
use crate::diagnosis::State;
use crate::diagnosis::say::Others;
use crate::outcome::{AnswerSource, DnsEvidence, Handshake, Layer, PlainAnswer, Reason, Stage, Trial};

/// Other targets that fail alike, where there is no control host.
const ENOUGH: usize = 2;

/// Silence here and everywhere else, and not one answer from anywhere.
pub(super) fn offline(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    let stub = Stub::of(view, lead);
    let silent = view::is_silence(lead.reason) || stub.is_some();
    if view.up || !silent || anything_answered(view, lead, stub) {
        return None;
    }
    let controls = view.controls_failing(lead);
    let said: Vec<_> = controls
        .iter()
        .map(|(control, trouble)| Others::ControlFails {
            url: control.url.clone(),
            route: lead.outcome.path.route.clone(),
            reason: trouble.reason,
        })
        .collect();
    let others = view.others(lead);
    let silent: Vec<_> = others.iter().filter(|other| is_silent(&other.state)).collect();
    // Hosts of one provider may well be down together.
    let own = place(&view.host(lead)).to_owned();
    let places: BTreeSet<_> = silent.iter().map(|other| place(&other.host)).filter(|at| *at != own).collect();
    let targets =
        (!silent.is_empty()).then_some(Others::TargetsFail { failing: silent.len(), all: others.len() });
    (!controls.is_empty() || places.len() >= ENOUGH)
        .then(|| Conclusion::of(Reason::Offline).because_all(said).because_all(targets))
}

/// A resolver on this machine that only passes questions on, and says that it cannot while there is nobody to ask.
#[derive(Debug, Clone, Copy)]
struct Stub<'a>(&'a DnsEvidence);

impl<'a> Stub<'a> {
    /// That of a trouble, where other resolvers are silent too.
    fn of(view: &View<'a>, lead: &Lead<'a>) -> Option<Self> {
        let own = Self(lead.outcome.stages.dns.evidence()?);
        let others = view.other_resolvers(lead);
        let silent = |stage: &&Stage<DnsEvidence>| {
            stage.failure().is_some_and(|failure| failure.reason == Reason::DnsTimeout)
        };
        (own.says(lead) && !others.is_empty() && others.iter().all(silent)).then_some(own)
    }

    /// Whether a trouble is that it says so.
    fn says(self, lead: &Lead<'_>) -> bool {
        let Some(seen) = lead.outcome.stages.dns.evidence() else { return false };
        let AnswerSource::Server { address, .. } = seen.source else { return false };
        let cannot = matches!(lead.reason, Reason::DnsServfail | Reason::DnsRefused);
        cannot && seen.resolver == self.0.resolver && address.ip().is_loopback()
    }
}

/// What hosts of one owner have in common, as far as can be told: the last two labels of a name, the first half of an
/// address. Two places may be one owner's, one place never is two of ours.
fn place(host: &str) -> &str {
    let name = |host| -> &str {
        let dot = str::rmatch_indices(host, '.').nth(1);
        dot.and_then(|(at, _)| host.get(at + 1..)).unwrap_or(host)
    };
    match host.parse() {
        Ok(IpAddr::V4(_)) => {
            let dot = host.match_indices('.').nth(1);
            dot.and_then(|(at, _)| host.get(..at)).unwrap_or(host)
        }
        Ok(IpAddr::V6(_)) => {
            let colon = host.match_indices(':').nth(1);
            colon.and_then(|(at, _)| host.get(..at)).unwrap_or(host)
        }
        Err(_) => name(host),
    }
}

fn is_silent(state: &State) -> bool {
    match state {
        State::Works => false,
        State::Fails { reason, .. } => view::is_silence(*reason),
    }
}

/// Whether anything outside this machine answered anything; an answer of the resolver is none, since it may be
/// one that it kept.
fn anything_answered(view: &View<'_>, lead: &Lead<'_>, stub: Option<Stub<'_>>) -> bool {
    // A proxy that is silent too says nothing either way.
    let quiet = |reason| {
        let proxy = matches!(reason, Reason::ProxyUnreachable | Reason::ProxyTimeout);
        view::is_silence(reason) || proxy || reason == Reason::CanaryExhausted
    };
    let says_nothing = |lead: &Lead<'_>| quiet(lead.reason) || stub.is_some_and(|stub| stub.says(lead));
    let here = view.failing().iter().any(|other| !says_nothing(other));
    let neighbours = view.neighbours.iter().any(|neighbour| match &neighbour.state {
        // One that is only looked up was answered by the resolver.
        State::Works => neighbour.top > Layer::Dns,
        State::Fails { reason, .. } => {
            let cannot = matches!(reason, Reason::DnsServfail | Reason::DnsRefused);
            let by_stub = stub.is_some_and(|stub| neighbour.resolver.as_ref() == Some(&stub.0.resolver));
            !(quiet(*reason) || cannot && by_stub)
        }
    });
    let controls = view.controls(lead).iter().any(|control| match control.came {
        view::Came::Through(_) => true,
        view::Came::Short(trouble) => !says_nothing(&trouble) || control.over_the_other.is_some(),
    });
    let reached = |outcomes: &[_]| {
        view::Came::of(outcomes).is_some_and(|came| match came {
            view::Came::Through(_) => true,
            view::Came::Short(trouble) => !says_nothing(&trouble),
        })
    };
    let tried = view.trials(lead).any(|trial| match trial {
        Trial::OtherResolver { stage, .. } => {
            stage.passed() || stage.failure().is_some_and(|failure| !quiet(failure.reason))
        }
        Trial::Again(outcomes)
        | Trial::OtherFamily(outcomes)
        | Trial::OtherRoute { outcomes, .. }
        | Trial::Http1(outcomes)
        | Trial::Keyless(outcomes) => reached(outcomes),
        Trial::NeutralName { handshake, .. }
        | Trial::SmallSegments { handshake, .. }
        | Trial::ClassicalKeys(handshake) => {
            matches!(handshake, Handshake::Answered(_))
        }
        Trial::PlainHttp(answer) => !matches!(answer, PlainAnswer::Nothing(_)),
        Trial::ServerClock { .. } => true,
        // Controls were looked at above; a held connection and what could not be made tell nothing.
        Trial::Control { .. } | Trial::IdleHold { .. } | Trial::Unknown(_) => false,
    });
    here || neighbours || controls || tried
}
