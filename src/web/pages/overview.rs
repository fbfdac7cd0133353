//! `/`: every target, the worst first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::{Asked, Frame, Word, page};
use crate::diagnosis::{self, Language, Verdict};
use crate::sinks::Known;
use crate::web::WebState;

/// The page.
#[derive(Debug, Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    cards: Vec<Card>,
}

/// One target.
#[derive(Debug)]
struct Card {
    name: String,
    /// `down`, `degraded`, `ok` or `unknown`.
    state: &'static str,
    summary: &'static str,
}

pub(in crate::web) async fn overview(
    State(state): State<Arc<WebState>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = asked.language(&headers);
    let mut cards: Vec<Card> = state.knowledge.all().iter().map(|known| Card::of(known, language)).collect();
    let rank =
        |card: &Card| ["down", "degraded", "unknown", "ok"].iter().position(|state| *state == card.state);
    cards.sort_by_key(rank);
    page(&Overview { frame: Frame { language, root: "" }, cards })
}

impl Card {
    fn of(known: &Known, language: Language) -> Self {
        let verdict = known.told.as_ref().map(|told| told.diagnosis.verdict);
        let state = match verdict {
            None => "unknown",
            Some(Verdict::Ok) => "ok",
            Some(Verdict::Degraded(_)) => "degraded",
            Some(Verdict::Down(_)) => "down",
        };
        let reason = verdict.and_then(Verdict::reason);
        Self {
            name: known.target.name.to_string(),
            state,
            summary: reason.map_or("", |reason| diagnosis::summary(reason, language)),
        }
    }
}
