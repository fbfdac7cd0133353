//! `/api/v1/targets`: every target, one with all that is known of it, and its past journeys.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::{Asked, json, known, name, told};
use crate::clock;
use crate::document::{self, Journeys, ShardPart, StateCounts, WatchedTargets};
use crate::history::Wanted;
use crate::schedule::Shard;
use crate::sinks::Known;
use crate::web::{WebState, render};

/// What the extractor makes of the name in a path.
type Named = Result<Path<String>, PathRejection>;

pub(super) async fn all(State(state): State<Arc<WebState>>, uri: Uri, headers: HeaderMap) -> Response {
    let answer = move |state: &WebState| {
        let asked = Asked::read(&uri, &["state", "lang"])?;
        let (wanted, language) = (asked.state()?, asked.language(&headers)?);
        let (all, shards, now) = (state.knowledge.all(), &state.shards, clock::wall());
        let state =
            |known: &Known| document::State::of(known.told.as_ref().map(|told| told.diagnosis.verdict));
        let part = |shard: Shard| ShardPart { index: shard.index(), count: shard.count() };
        let shard = shards.shard().map(part);
        let shown = all.iter().filter(|known| wanted.is_none_or(|wanted| state(known) == wanted));
        let targets = shown.map(|known| told::target(known, now, language)).collect();
        let counts = StateCounts::of(all.iter().map(state));
        Ok(json(&WatchedTargets { targets, counts, shard }))
    };
    document(&state, answer).await
}

pub(super) async fn one(
    State(state): State<Arc<WebState>>,
    path: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let answer = move |state: &WebState| {
        let known = known(state, &name(path)?)?;
        let language = Asked::read(&uri, &["lang"])?.language(&headers)?;
        Ok(json(&told::detail(&known, &state.history, clock::wall(), language)))
    };
    document(&state, answer).await
}

pub(super) async fn journeys(
    State(state): State<Arc<WebState>>,
    path: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let answer = move |state: &WebState| {
        let target = name(path)?;
        known(state, &target)?;
        let asked = Asked::read(&uri, &["since", "limit", "lang"])?;
        let wanted = Wanted { since: asked.since()?, limit: Some(asked.limit()?), ..Wanted::default() };
        let journeys = state.history.journeys(&target, wanted, asked.language(&headers)?);
        Ok(json(&Journeys { target, journeys }))
    };
    document(&state, answer).await
}

/// A document, or the problem that stands in its place.
async fn document(
    state: &Arc<WebState>,
    answer: impl FnOnce(&WebState) -> Result<Response, Box<Response>> + Send + 'static,
) -> Response {
    render::page(state, move |state| answer(state).unwrap_or_else(|problem| *problem)).await
}
