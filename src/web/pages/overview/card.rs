//! One target on the first page.

use std::time::SystemTime;

use super::facts::{self, Lasts, Limit, Way};
use super::ladder::{self, Step};
use super::past::Past;
use super::state::State;
use super::told::{Moment, Piece, fill, paragraphs};
use crate::diagnosis::{self, Language, Verdict};
use crate::history::History;
use crate::outcome::Outcome;
use crate::sinks::{Known, LastRun, Told};
use crate::web::pages::Word;

/// One target.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) name: String,
    pub(super) provider: &'static str,
    pub(super) state: State,
    /// The verdict in a sentence; of what works there is nothing to say.
    pub(super) verdict: String,
    pub(super) reason: Option<&'static str>,
    pub(super) who: Option<&'static str>,
    /// The most telling evidence.
    pub(super) evidence: Option<String>,
    pub(super) remedy: Vec<Vec<Piece>>,
    pub(super) since: Option<Moment>,
    pub(super) last: Option<Moment>,
    /// The path that the ladder and the past are of.
    pub(super) path: String,
    pub(super) ladder: Vec<Step>,
    pub(super) past: Option<Past>,
    pub(super) lasts: Option<Lasts>,
    pub(super) limits: Vec<Limit>,
    pub(super) ways: Vec<Way>,
    /// How many paths there are, and what is said where not all of them are shown.
    pub(super) paths: String,
    pub(super) more_paths: Option<String>,
    /// Whether they lead to several endpoints.
    pub(super) endpoints: bool,
    pub(super) notes: Vec<String>,
    pub(super) hidden: bool,
    /// Whether what works is one line and nothing behind it, to keep a page of hundreds small.
    pub(super) brief: bool,
}

impl Card {
    pub(super) fn of(known: &Known, history: &History, now: SystemTime, language: Language) -> Self {
        let state = State::of(known);
        let told = known.told.as_deref();
        let verdict = told.map(|told| told.diagnosis.verdict);
        let reason = verdict.and_then(Verdict::reason);
        let last = known.last.as_deref();
        let shown = last.and_then(|last| ladder::shown(known, last));
        let (ways, paths) = last.map(|last| facts::ways(last, language)).unwrap_or_default();
        let counted = |word| fill(word, language, &[("n", &paths.to_string())]);
        let endpoints =
            ways.iter().any(|way| Some(&way.endpoint) != ways.first().map(|first| &first.endpoint));
        let limits = known.limits.iter().filter_map(|limit| Limit::of(limit, now, language));
        Self {
            name: known.target.name.to_string(),
            provider: known.target.provider.name(),
            state,
            verdict: match (verdict, reason) {
                (None, _) => fill(Word::NotKnownYet, language, &[]),
                (Some(_), None) => String::new(),
                (Some(_), Some(reason)) => diagnosis::summary(reason, language).to_owned(),
            },
            reason: reason.map(|reason| reason.label()),
            who: told.and_then(|told| told.diagnosis.blame).map(|who| diagnosis::blame(who, language)),
            evidence: told.and_then(|told| Some(told.diagnosis.evidence.first()?.tell(language))),
            remedy: remedy(told, language),
            since: told.map(|told| Moment::of(told.at)),
            last: last.map(|last| Moment::of(last.at)),
            path: shown.map(|outcome| ladder::path(outcome, language)).unwrap_or_default(),
            ladder: shown
                .map(|outcome| ladder::steps(outcome, known.target.top, language))
                .unwrap_or_default(),
            past: shown.and_then(|outcome| past(outcome, history, now, language)),
            lasts: last.and_then(|last| Lasts::of(&known.target, last, now, language)),
            limits: limits.collect(),
            more_paths: (ways.len() < paths).then(|| counted(Word::MorePaths)),
            paths: counted(Word::Paths),
            ways,
            endpoints,
            notes: last.map(|last| notes(state, last, language)).unwrap_or_default(),
            hidden: false,
            brief: false,
        }
    }

    /// What is looked at when something is searched for.
    pub(super) fn texts(&self) -> [&str; 4] {
        [&self.name, self.provider, &self.verdict, self.reason.unwrap_or_default()]
    }
}

fn remedy(told: Option<&Told>, language: Language) -> Vec<Vec<Piece>> {
    let remedy = told.and_then(|told| {
        let diagnosis = &told.diagnosis;
        Some(diagnosis::remedy(diagnosis.verdict.reason()?, &diagnosis.facts, language))
    });
    paragraphs(&remedy.unwrap_or_default())
}

fn past(outcome: &Outcome, history: &History, now: SystemTime, language: Language) -> Option<Past> {
    Past::of(&history.timeline(&outcome.endpoint, &outcome.path)?, now, language)
}

/// What else is good to know.
fn notes(state: State, last: &LastRun, language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    if state == State::Down && last.standing.up {
        notes.push(fill(Word::Recovering, language, &[]));
    }
    if let Some(at) = last.call.retry_at {
        notes.push(fill(Word::CallsAgain, language, &[("at", &Moment::of(at).shown)]));
    }
    let page = last.page.as_ref().filter(|page| page.level().is_some_and(|level| level > 0));
    if let Some(page) = page {
        notes.push(fill(Word::CardProviderSays, language, &[("words", &page.describe())]));
    }
    notes
}
