//! What came of each experiment, in a line.

use std::time::Duration;

use super::time;
use crate::clock;
use crate::diagnosis::{self, Language, Phrase};
use crate::document::texts;
use crate::outcome::{DnsEvidence, Failure, Handshake, Outcome, PlainAnswer, Reason, Stage, Trial};
use crate::units::{PromDuration, roughly};

/// By how much clocks may differ without anything being wrong: the server's time has whole seconds, and travels.
const CLOCKS_AGREE: Duration = Duration::from_secs(5);

/// What came of an experiment; `known` is why the paths themselves fail, which needs no telling again.
pub(super) fn result(trial: &Trial, known: &[Reason], language: Language) -> String {
    let fill = |phrase: Phrase, values: &[(&str, &str)]| phrase.fill(language, values);
    let journeys = |outcomes| journeys(outcomes, known, language);
    let shaken = |handshake| shaken(handshake, known, language);
    match trial {
        Trial::OtherResolver { resolver, record_type, stage } => {
            let answer = answer(stage, language);
            fill(Phrase::Asked, &[("resolver", resolver), ("type", record_type.label()), ("answer", &answer)])
        }
        Trial::Control { url, outcomes } => {
            fill(Phrase::ControlCalled, &[("url", url), ("journeys", &journeys(outcomes))])
        }
        Trial::OtherRoute { route, outcomes } => {
            fill(Phrase::RouteTried, &[("route", route), ("journeys", &journeys(outcomes))])
        }
        Trial::OtherFamily(outcomes) => fill(Phrase::FamilyTried, &[("journeys", &journeys(outcomes))]),
        Trial::Again(outcomes) => fill(Phrase::TriedAgain, &[("journeys", &journeys(outcomes))]),
        Trial::NeutralName { name, handshake } => {
            fill(Phrase::WithName, &[("name", name), ("result", &shaken(handshake))])
        }
        Trial::SmallSegments { mss, handshake } => {
            let bytes = mss.to_string();
            fill(Phrase::WithSegments, &[("bytes", &bytes), ("result", &shaken(handshake))])
        }
        Trial::ClassicalKeys(handshake) => fill(Phrase::WithClassicalKeys, &[("result", &shaken(handshake))]),
        Trial::Http1(outcomes) => fill(Phrase::WithHttp1, &[("journeys", &journeys(outcomes))]),
        Trial::Keyless(outcomes) => fill(Phrase::WithoutKey, &[("journeys", &journeys(outcomes))]),
        Trial::PlainHttp(answer) => plain(answer, language),
        Trial::ServerClock { server, here } => clocks(*server, *here, language),
        Trial::IdleHold { held, failure } => {
            let held = PromDuration(*held).to_string();
            match failure {
                None => fill(Phrase::IdleWorks, &[("held", &held)]),
                Some(Failure { reason, detail }) => fill(
                    Phrase::IdleFails,
                    &[("held", &held), ("reason", reason.label()), ("detail", detail)],
                ),
            }
        }
        Trial::Unknown(why) => fill(Phrase::TellsNothing, &[("why", why)]),
    }
}

fn answer(stage: &Stage<DnsEvidence>, language: Language) -> String {
    let failure = stage.failure().map(|failure| format!("{}: {}", failure.reason, failure.detail));
    let addresses = stage.evidence().map(|evidence| super::layers::list(&evidence.addresses));
    failure
        .or(addresses)
        .filter(|answer| !answer.is_empty())
        .unwrap_or_else(|| Phrase::NoAnswer.told(language).to_owned())
}

fn journeys(outcomes: &[Outcome], known: &[Reason], language: Language) -> String {
    let said = |outcome: &Outcome, what: &str| {
        let family = texts::family(outcome.path.family, language);
        Phrase::Said.fill(language, &[("who", family), ("what", what)])
    };
    let one = |outcome: &Outcome| {
        let result = match outcome.trouble() {
            Some(trouble) if !outcome.success_in_the_end() => {
                let layer = diagnosis::layer(trouble.layer, language);
                let Failure { reason, detail } = trouble.failure;
                if known.contains(reason) {
                    return said(outcome, &as_well(*reason, language));
                }
                let values = [("layer", layer), ("reason", reason.label()), ("detail", detail)];
                Phrase::FailsAt.fill(language, &values)
            }
            _ => Phrase::Works.fill(language, &[("time", &time(outcome.took))]),
        };
        said(outcome, &result)
    };
    match outcomes {
        [] => Phrase::NothingWalked.told(language).to_owned(),
        outcomes => {
            let mut each: Vec<String> = outcomes.iter().map(one).collect();
            // What is tried twice mostly ends twice in the same way.
            each.dedup();
            each.join("; ")
        }
    }
}

fn as_well(reason: Reason, language: Language) -> String {
    Phrase::FailsAsWell.fill(language, &[("reason", reason.label())])
}

fn shaken(handshake: &Handshake, known: &[Reason], language: Language) -> String {
    match handshake {
        Handshake::Answered(evidence) => match evidence.version {
            Some(version) => Phrase::AnsweredInTlsVersion.fill(language, &[("version", version)]),
            None => Phrase::AnsweredInTls.told(language).to_owned(),
        },
        Handshake::Failed(failure) if known.contains(&failure.reason) => as_well(failure.reason, language),
        Handshake::Failed(failure) => format!("{}: {}", failure.reason, failure.detail),
    }
}

fn plain(answer: &PlainAnswer, language: Language) -> String {
    match answer {
        PlainAnswer::Http { status, location, title, server } => {
            let status = status.to_string();
            let said = Phrase::PlainHttp.fill(language, &[("status", &status)]);
            let more = [("location", location), ("title", title), ("server", server)];
            more.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).fold(
                said,
                |said, (name, value)| {
                    let value = format!("{value:?}");
                    let values = [("answer", &*said), ("name", name), ("value", &*value)];
                    Phrase::PlainHttpWith.fill(language, &values)
                },
            )
        }
        PlainAnswer::Other(bytes) => Phrase::PlainOther.fill(language, &[("bytes", &format!("{bytes:?}"))]),
        PlainAnswer::Nothing(words) => Phrase::PlainNothing.fill(language, &[("words", words)]),
    }
}

fn clocks(server: std::time::SystemTime, here: std::time::SystemTime, language: Language) -> String {
    let said = clock::rfc3339(server);
    let (phrase, difference) = match here.duration_since(server) {
        Ok(ahead) => (Phrase::ClockAhead, ahead),
        Err(behind) => (Phrase::ClockBehind, behind.duration()),
    };
    let phrase = if difference <= CLOCKS_AGREE { Phrase::ClocksAgree } else { phrase };
    let difference = roughly(difference).to_string();
    phrase.fill(language, &[("server", &said), ("difference", &difference)])
}
