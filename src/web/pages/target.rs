//! `/targets/{name}`: all that is known of one target, for whoever has to find out what is wrong with it; and the same as a
//! report to paste into a ticket.
//!
//! Promises: the page and the report tell what `api-canary diagnose` would, in the same words; a target that is not there is
//! not found, and one that was not walked yet says so; what is rendered is rendered beside the threads that serve others.

mod around;
mod certificates;
mod evidence;
mod found;
mod head;
mod journeys;
mod limits;
mod moment;
mod past;
mod prose;
mod resolvers;
mod routes;
mod settings;
mod telling;
#[cfg(test)]
mod tests;
mod turns;
mod waterfall;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::overview::fill;
use super::{Frame, Word, guarded, page};
use crate::clock;
use crate::diagnosis::{Language, Phrase};
use crate::document::{self, TargetPart};
use crate::history::Wanted;
use crate::sinks::Known;
use crate::web::shards::Elsewhere;
use crate::web::{WebState, render};
pub use around::Around;
use journeys::Wish;
use telling::Telling;

/// The page.
#[derive(Debug, Template)]
#[template(path = "target.html", whitespace = "minimize")]
struct TargetPage {
    frame: Frame,
    head: head::Head,
    evidence: evidence::Evidence,
    past: past::Past,
    turns: Vec<turns::Turn>,
    routes: routes::Routes,
    journeys: journeys::Journeys,
    resolvers: Vec<resolvers::Host>,
    certificates: Vec<certificates::Shake>,
    limits: limits::Limits,
    around: Surrounded,
    settings: Vec<(&'static str, String)>,
}

/// What is around the program, in words.
#[derive(Debug, Default)]
struct Surrounded {
    rows: Vec<(&'static str, Vec<String>)>,
    /// What of it is so for this target only.
    lines: Vec<String>,
}

/// That there is no such target.
#[derive(Debug, Template)]
#[template(path = "target_missing.html", whitespace = "minimize")]
struct Missing {
    frame: Frame,
    name: String,
    /// Who watches it, where that is another canary.
    elsewhere: Option<String>,
}

pub(in crate::web) async fn target(
    State(state): State<Arc<WebState>>,
    Path(name): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Response {
    let frame = Frame::of(&query, &headers, "../");
    if state.knowledge.of(&name).is_none() {
        return missing(&state, name, frame);
    }
    render::page(&state, move |state| {
        // The first time it takes long, in which a run may end: what is known is looked up after it.
        let _ = state.around.now();
        match state.knowledge.of(&name) {
            Some(known) => page(&TargetPage::of(state, &known, &wish, frame)),
            None => missing(state, name, frame),
        }
    })
    .await
}

pub(in crate::web) async fn report(
    State(state): State<Arc<WebState>>,
    Path(name): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let frame = Frame::of(&query, &headers, "../../");
    let language = frame.language;
    let Some(known) = state.knowledge.of(&name) else { return missing(&state, name, frame) };
    let report = move |state: &WebState| match found::document(&known, &state.around.now(), language) {
        Some(document) => document::markdown(&document, language, false),
        None => format!("# {name}\n\n{}\n", Word::NotRunYet.told(language)),
    };
    render::page(&state, move |state| {
        (guarded("text/markdown; charset=utf-8"), report(state)).into_response()
    })
    .await
}

fn missing(state: &WebState, name: String, frame: Frame) -> Response {
    let words = |elsewhere: Elsewhere| {
        let [owner, index, count] = elsewhere.numbers().map(|number| number.to_string());
        let places = [("owner", &*owner), ("index", &*index), ("count", &*count)];
        fill(Word::AskShard, frame.language, &places)
    };
    let elsewhere = state.shards.elsewhere(&name).map(words);
    (StatusCode::NOT_FOUND, page(&Missing { frame, name, elsewhere })).into_response()
}

impl TargetPage {
    fn of(state: &WebState, known: &Known, wish: &Wish, frame: Frame) -> Self {
        let language = frame.language;
        let telling = Telling { known, language, now: clock::wall() };
        let name = &*known.target.name;
        let mut document = found::document(known, &state.around.now(), language);
        let part = document.as_mut().and_then(|document| document.targets.pop());
        let wanted = Wanted { limit: Some(journeys::LOOKED_AT), ..Wanted::default() };
        let past = state.history.journeys(name, wanted, language);
        Self {
            frame,
            head: head::Head::of(&telling),
            evidence: evidence::Evidence::of(part.as_ref(), &telling),
            past: past::Past::of(&state.history.timelines(name), &telling),
            turns: turns::of(&state.history.turns(name), &telling),
            routes: routes::Routes::of(&telling),
            journeys: journeys::Journeys::of(&past, wish, &telling),
            resolvers: resolvers::of(&telling),
            certificates: certificates::of(&telling),
            limits: limits::Limits::of(&telling),
            around: part.as_ref().map(|part| Surrounded::of(part, language)).unwrap_or_default(),
            settings: settings::of(&telling),
        }
    }

    fn told(&self, phrase: Phrase) -> &'static str {
        phrase.told(self.frame.language)
    }

    /// The sections, to go to from the top.
    fn contents(&self) -> [(&'static str, &'static str); 11] {
        let word = |word| self.frame.word(word);
        [
            ("evidence", word(Word::Evidence)),
            ("turns", word(Word::WhatWasTold)),
            ("followups", self.told(Phrase::TriedBeside)),
            ("past", word(Word::LastHours)),
            ("routes", word(Word::PathsCompared)),
            ("journeys", word(Word::RecentJourneys)),
            ("resolvers", self.told(Phrase::Resolvers)),
            ("limits", word(Word::RateLimits)),
            ("settings", word(Word::Settings)),
            ("certificates", word(Word::CertificatesAndTls)),
            ("around", self.told(Phrase::Environment)),
        ]
    }
}

impl Surrounded {
    fn of(part: &TargetPart, language: Language) -> Self {
        let environment = &part.environment;
        Self {
            rows: document::rows(environment, language),
            lines: document::target_lines(environment, language),
        }
    }
}
