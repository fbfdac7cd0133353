//! `POST /api/v1/diagnose/{name}`: a target looked into now, as `api-canary diagnose` does.
//!
//! Promises: no call that costs money; no page of another site can have it done; who asks together shares one look, and who
//! asks too often is told when to come back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{HOST, ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use futures_util::future::BoxFuture;

use super::{Asked, json, name, no_target, problem};
use crate::document::{Document, Investigated};
use crate::surroundings::Surroundings;
use crate::web::WebState;

/// How long to wait where nothing says when there will be room.
const LATER: Duration = Duration::from_secs(5);

/// Who looks into targets when asked to.
pub trait Diagnoser: fmt::Debug + Send + Sync {
    /// Looks into the target of this name. Who leaves before the end needs only drop it.
    fn diagnose(&self, target: &str) -> BoxFuture<'static, Result<Arc<Diagnosed>, Refused>>;
}

/// What was found of a target.
#[derive(Debug)]
pub struct Diagnosed {
    /// What was found.
    pub found: [Investigated; 1],
    /// What is around the program.
    pub surroundings: Surroundings,
}

/// Why a target is not looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such target.
    Unknown,
    /// It was looked into just now: again after this time.
    TooSoon(Duration),
    /// So many others are looked into.
    Busy(usize),
    /// The program is about to end.
    Stopping,
    /// It cannot be walked as it is configured.
    Failed(String),
}

pub(super) async fn diagnose(
    State(state): State<Arc<WebState>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match answer(&state, path, &uri, &headers).await {
        Ok(response) => response,
        Err(problem) => *problem,
    }
}

async fn answer(
    state: &WebState,
    path: Result<Path<String>, PathRejection>,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Box<Response>> {
    if is_foreign(headers) {
        let detail =
            "a page of another site asks for this: ask from a page of this program, or without a browser";
        return Err(Box::new(problem(StatusCode::FORBIDDEN, detail.to_owned())));
    }
    let name = name(path)?;
    let language = Asked::read(uri, &["lang"])?.language(headers)?;
    match state.diagnoser.diagnose(&name).await {
        Ok(diagnosed) => Ok(json(&Document::of(&diagnosed.found, &diagnosed.surroundings, language))),
        Err(refused) => Err(Box::new(refusal(state, &name, &refused))),
    }
}

/// Whether a page of another site asks: any page could have a form that leads here. Browsers say so, but to a server without
/// TLS on another machine only by the page's origin, which is ours where its host is the one that was asked.
fn is_foreign(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(site) => !matches!(site, b"same-origin" | b"none"),
        None => headers.get(ORIGIN).is_some_and(|origin| {
            let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            // No page can set either without asking us first. A proxy may have replaced the first by the second.
            let hosts = [headers.get(HOST), headers.get("x-forwarded-host")];
            !authority.is_some_and(|(_, authority)| {
                hosts
                    .into_iter()
                    .flatten()
                    .any(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()))
            })
        }),
    }
}

fn refusal(state: &WebState, name: &str, refused: &Refused) -> Response {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    match refused {
        Refused::Unknown => no_target(state, name),
        Refused::TooSoon(wait) => {
            let seconds = whole_seconds(*wait);
            let detail = format!("{name} was looked into just now: ask again in {seconds} s");
            later(problem(StatusCode::TOO_MANY_REQUESTS, detail), *wait)
        }
        Refused::Busy(others) => {
            let detail =
                format!("{others} other targets are being looked into, and no more at once: ask again later");
            later(problem(unavailable, detail), LATER)
        }
        Refused::Stopping => {
            later(problem(unavailable, "the program is about to end: ask again later".to_owned()), LATER)
        }
        Refused::Failed(why) => problem(StatusCode::INTERNAL_SERVER_ERROR, why.clone()),
    }
}

fn later(mut response: Response, wait: Duration) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    response
}

/// So many seconds as are enough.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of seconds")]
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs_f64().ceil() as u64).max(1)
}
