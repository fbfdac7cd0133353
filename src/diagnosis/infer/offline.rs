//! The rule about having no network at all.

use super::Conclusion;
use std::collections::BTreeSet;

use super::view::{self, Lead, View};
use crate::diagnosis::State;
use crate::diagnosis::say::Others;
use crate::outcome::{Handshake, PlainAnswer, Reason, Trial};

/// Other targets that fail alike, where there is no control host.
const ENOUGH: usize = 2;

/// Silence here and everywhere else, and not one answer from anywhere.
pub(super) fn offline(view: &View<'_>, lead: &Lead<'_>) -> Option<Conclusion> {
    if view.up || !view::is_silence(lead.reason) || anything_answered(view, lead) {
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
    let hosts: BTreeSet<_> = silent.iter().map(|other| &other.host).collect();
    let targets =
        (!silent.is_empty()).then_some(Others::TargetsFail { failing: silent.len(), all: others.len() });
    (!controls.is_empty() || hosts.len() >= ENOUGH)
        .then(|| Conclusion::of(Reason::Offline).because_all(said).because_all(targets))
}

fn is_silent(state: &State) -> bool {
    match state {
        State::Works => false,
        State::Fails { reason, .. } => view::is_silence(*reason),
    }
}

/// Whether anything outside this machine answered anything; an answer of the resolver is none, since it may be
/// one that it kept.
fn anything_answered(view: &View<'_>, lead: &Lead<'_>) -> bool {
    // A proxy that is silent too says nothing either way.
    let quiet = |reason| {
        let proxy = matches!(reason, Reason::ProxyUnreachable | Reason::ProxyTimeout);
        view::is_silence(reason) || proxy || reason == Reason::CanaryExhausted
    };
    let here = view.failing().iter().any(|other| !quiet(other.reason));
    let neighbours = view.neighbours.iter().any(|neighbour| match &neighbour.state {
        State::Works => true,
        State::Fails { reason, .. } => !quiet(*reason),
    });
    let controls = view.controls(lead).iter().any(|control| match control.came {
        view::Came::Through(_) => true,
        view::Came::Short(trouble) => !quiet(trouble.reason),
    });
    let reached = |outcomes: &[_]| {
        view::Came::of(outcomes).is_some_and(|came| match came {
            view::Came::Through(_) => true,
            view::Came::Short(trouble) => !quiet(trouble.reason),
        })
    };
    let tried = view.trials(lead).any(|trial| match trial {
        Trial::OtherResolver { stage, .. } => {
            stage.passed() || stage.failure().is_some_and(|failure| !quiet(failure.reason))
        }
        Trial::OtherFamily(outcomes)
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
