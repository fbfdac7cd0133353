//! The layers of the path that a card is about, one above the other.

use std::sync::Arc;

use super::told::fill;
use crate::diagnosis::{self, Language};
use crate::document::{LayerState, time};
use crate::outcome::{Family, Layer, Outcome, Stage};
use crate::sinks::{Known, LastRun};
use crate::web::pages::Word;

/// One layer.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) layer: &'static str,
    pub(super) name: &'static str,
    /// `passed`, `failed`, `not_reached` or `not_planned`.
    pub(super) state: &'static str,
    /// How long it took, or why it was not walked.
    pub(super) words: String,
    pub(super) reason: Option<&'static str>,
}

/// The journey that is shown: where the trouble was seen, else the one of the path that a client uses.
pub(super) fn shown<'a>(known: &Known, last: &'a LastRun) -> Option<&'a Arc<Outcome>> {
    let seen = known.told.as_ref().and_then(|told| told.diagnosis.seen.as_ref());
    let at_trouble = seen.and_then(|seen| {
        last.outcomes.iter().find(|outcome| {
            outcome.endpoint == seen.endpoint
                && outcome.path.route == seen.route
                && outcome.path.family == seen.family
        })
    });
    at_trouble.or_else(|| {
        let first = || known.target.routes.first().map(|route| &route.name);
        let route = last.standing.route.now.as_ref().or_else(first)?;
        let of = last.outcomes.iter().filter(|outcome| outcome.endpoint == last.standing.shown);
        let on_route = of.clone().filter(|outcome| outcome.path.route == *route);
        on_route.chain(of).next()
    })
}

/// A path, in words: `direct · IPv4`.
pub(super) fn path(outcome: &Outcome, language: Language) -> String {
    format!("{} · {}", outcome.path.route, family(outcome.path.family, language))
}

pub(super) fn family(family: Family, language: Language) -> &'static str {
    match family {
        Family::Ipv4 => "IPv4",
        Family::Ipv6 => "IPv6",
        Family::Any => Word::AnyFamily.told(language),
    }
}

/// The layers of a journey of a target that is walked up to `top`, lowest first.
pub(super) fn steps(outcome: &Outcome, top: Layer, language: Language) -> Vec<Step> {
    let stages = &outcome.stages;
    let states = [of(&stages.dns), of(&stages.tcp), of(&stages.proxy), of(&stages.tls), of(&stages.api)];
    let step = |(layer, state): (Layer, LayerState)| {
        let failure = outcome.layer_failure(layer);
        // A hard finding fails a layer that let the journey go on.
        let state = if failure.is_some() { LayerState::Failed } else { state };
        let took = outcome.layer_took(layer).map(time);
        let (state, words) = match state {
            LayerState::Passed => ("passed", took.unwrap_or_default()),
            LayerState::Failed => ("failed", took.unwrap_or_default()),
            LayerState::NotReached => ("not_reached", fill(Word::NotReached, language, &[])),
            LayerState::NotPlanned if layer == Layer::Api && top == Layer::Api => {
                ("not_planned", fill(Word::NotDue, language, &[]))
            }
            LayerState::NotPlanned => ("not_planned", fill(Word::NotPlanned, language, &[])),
        };
        let reason = failure.map(|failure| failure.reason.label());
        Step { layer: layer.label(), name: diagnosis::layer(layer, language), state, words, reason }
    };
    Layer::ALL.into_iter().zip(states).map(step).collect()
}

fn of<E>(stage: &Stage<E>) -> LayerState {
    match stage {
        Stage::NotPlanned => LayerState::NotPlanned,
        Stage::NotReached => LayerState::NotReached,
        Stage::Passed { .. } => LayerState::Passed,
        Stage::Failed { .. } => LayerState::Failed,
    }
}
