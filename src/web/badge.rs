//! `/badge/{name}.svg`: how a target does, as a small picture to be put into other pages.
//!
//! Promises: the picture says in words what its colour says; it loads nothing and runs nothing; every name in it is text; a
//! client that has it already is told so.

mod drawn;
mod figures;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::WebState;
use super::api::{Asked, known, name, problem};
use crate::clock;
use crate::diagnosis::Language;

/// What a badge shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    /// Whether it works now.
    Health,
    /// The share of runs in which it worked.
    Uptime,
    /// How long its journeys took.
    Latency,
    /// How long its certificate lasts.
    Certificate,
}

/// What badges show, by the word for it.
const SHOWN: [(&str, Show); 4] = [
    ("health", Show::Health),
    ("uptime", Show::Uptime),
    ("latency", Show::Latency),
    ("certificate", Show::Certificate),
];

/// How far back a badge looks, by the word for it, in hours.
const WINDOWS: [(&str, u32); 3] = [("1h", 1), ("6h", 6), ("24h", 24)];

/// An hour.
const HOUR: Duration = Duration::from_secs(3600);

pub(super) async fn badge(
    State(state): State<Arc<WebState>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let drawn = || {
        let file = name(path)?;
        let Some(target) = file.strip_suffix(".svg") else {
            let detail = format!("badges are pictures: /badge/{file}.svg");
            return Err(Box::new(problem(StatusCode::NOT_FOUND, detail)));
        };
        let known = known(&state, target)?;
        let asked = Asked::read(&uri, &["show", "window", "lang"])?;
        let show = asked.word("show", SHOWN)?.unwrap_or(Show::Health);
        let window = HOUR * asked.word("window", WINDOWS)?.unwrap_or(24);
        let languages = Language::ALL.map(|language| (language.code(), language));
        let language = asked.word("lang", languages)?.unwrap_or_default();
        let now = clock::wall();
        let figure = match show {
            Show::Health => figures::health(&known, language),
            Show::Uptime => figures::uptime(&state.history.timelines(target), window, now),
            Show::Latency => figures::latency(&known, &state.history.timelines(target), window, now),
            Show::Certificate => figures::certificate(&known, now),
        };
        Ok(picture(&drawn::svg(target, &figure), &headers))
    };
    drawn().unwrap_or_else(|problem: Box<Response>| *problem)
}

/// A picture as an answer, or that the client has it.
fn picture(svg: &str, headers: &HeaderMap) -> Response {
    let mut of = DefaultHasher::new();
    svg.hash(&mut of);
    // Weak, since the same picture may come compressed or not.
    let tag = format!("W/\"{:016x}\"", of.finish());
    let about = [
        (CONTENT_TYPE, "image/svg+xml".to_owned()),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        // Proxies of images keep what they may keep.
        (CACHE_CONTROL, "no-cache".to_owned()),
        (ETAG, tag.clone()),
    ];
    let has = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let has = has
        .flat_map(|tags| tags.split(','))
        .any(|known| known.trim() == "*" || opaque(known) == opaque(&tag));
    if has {
        let mut response = (StatusCode::NOT_MODIFIED, about).into_response();
        response.headers_mut().remove(CONTENT_TYPE);
        return response;
    }
    (about, svg.to_owned()).into_response()
}
