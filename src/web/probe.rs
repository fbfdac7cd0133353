//! `/probe`, as blackbox_exporter has it: one configured target, probed now or just now, as gauges without path labels.
//!
//! Promises: only configured targets are probed, so that no key ever goes to a host that a URL names; a probe that fails is
//! an answer with status 200; so is one that is not there in time; nobody who goes away ends a run that others share.

mod names;
mod path;
mod question;
mod series;
mod story;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout};

use super::WebState;
use crate::metrics::{Format, Gauges};
use crate::outcome::{Layer, Outcome, Run};
use crate::sinks::Known;
use question::{Asked, SCRAPE_TIMEOUT};

/// How much longer than its timeout a run is waited for: it ends with it, not before.
const GRACE: Duration = Duration::from_secs(1);

/// What somebody wants to know of a target.
#[derive(Debug, Clone)]
pub struct Question {
    /// Which target.
    pub target: Arc<str>,
    /// Up to which layer.
    pub top: Layer,
    /// How long somebody waits for the answer.
    pub budget: Duration,
}

/// What was found of a target.
#[derive(Debug, Clone)]
pub struct Probed {
    /// All of it.
    pub run: Arc<Run>,
    /// When that was over.
    pub over: Instant,
}

/// Who probes on demand.
pub trait OnDemand: Debug + Send + Sync {
    /// What is found of a target, now or not long ago; `None` where there is no such target any more, or the program ends.
    fn probe(&self, question: Question) -> BoxFuture<'_, Option<Probed>>;
}

/// What `/probe` needs.
#[derive(Debug, Clone)]
pub struct Probes {
    /// Who probes.
    pub on_demand: Arc<dyn OnDemand>,
    /// How much earlier than the scraper gives up there is an answer.
    pub offset: Duration,
}

/// One answer, before it is written.
struct Answer<'a> {
    /// The layers asked for.
    top: Layer,
    /// The time there was for it, which is what the target or the scraper allows.
    budget: Duration,
    /// How long was waited for it.
    waited: Duration,
    /// What was found on the path that is answered for; `None` where it was not there in time.
    found: Option<Found<'a>>,
}

/// What was found on a path.
struct Found<'a> {
    /// The journey; `None` where the target has no path at all.
    outcome: Option<&'a Outcome>,
    /// How long ago.
    age: Duration,
    /// Whether the target has an expectation of the body.
    expects_body: bool,
}

/// Query parameters in the order given.
type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

pub(super) async fn probe(
    State(state): State<Arc<WebState>>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Response {
    let Ok(Query(parameters)) = parameters else {
        return refused("the parameters cannot be read: write ?target=NAME&module=…");
    };
    let scrape = headers.get(SCRAPE_TIMEOUT).map(|value| value.to_str().unwrap_or_default());
    let asked = match Asked::read(&parameters, scrape, state.probes.offset) {
        Ok(asked) => asked,
        Err(problem) => return refused(&problem),
    };
    let Some(known) = state.knowledge.of(&asked.target) else {
        return match state.shards.elsewhere(&asked.target) {
            Some(elsewhere) => absent(&elsewhere.told(&asked.target)),
            None => refused(&question::no_such_target(&asked.target)),
        };
    };
    if let Err(problem) =
        path::check_route(&asked, &known.target).and_then(|()| path::check_top(&asked, &known.target))
    {
        return refused(&problem);
    }
    let (limit, start) = (known.target.timeout, Instant::now());
    let budget = asked.patience.map_or(limit, |patience| patience.min(limit));
    let wait = asked.patience.map_or(limit + GRACE, |patience| patience.min(limit + GRACE));
    let question = Question { target: asked.target.clone(), top: asked.top, budget };
    let probed = match timeout(wait, state.probes.on_demand.probe(question)).await {
        Ok(Some(probed)) => Some(probed),
        Ok(None) => return (StatusCode::SERVICE_UNAVAILABLE, GONE).into_response(),
        Err(_) => None,
    };
    // What the target prefers may have changed with this very run.
    let known = state.knowledge.of(&asked.target).unwrap_or(known);
    match answer(&asked, &known, probed.as_ref(), budget, start.elapsed()) {
        Ok(answer) => written(&asked, &known, &answer, &headers),
        Err(problem) => refused(&problem),
    }
}

/// What is said while a target leaves, or the program ends.
const GONE: &str = "503: the target is no longer watched, or the canary is ending.\n";

fn answer<'a>(
    asked: &Asked,
    known: &Known,
    probed: Option<&'a Probed>,
    budget: Duration,
    waited: Duration,
) -> Result<Answer<'a>, String> {
    let found = match probed {
        None => None,
        Some(probed) => Some(Found {
            outcome: path::choose(asked, known, &probed.run)?,
            age: probed.over.elapsed(),
            expects_body: known.target.http.expect.body.is_some(),
        }),
    };
    // What is asked for as a whole is as much as is walked.
    Ok(Answer { top: asked.top.min(known.target.top), budget, waited, found })
}

fn written(asked: &Asked, known: &Known, answer: &Answer<'_>, headers: &HeaderMap) -> Response {
    if asked.debug {
        let text = story::tell(asked, known, answer, &rendered(answer, Format::Text004));
        return ([(CONTENT_TYPE, PLAIN), (CACHE_CONTROL, "no-store")], text).into_response();
    }
    let accepted: Vec<&str> =
        headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let format = Format::negotiate(&accepted.join(","));
    let about = [(CONTENT_TYPE, format.content_type()), (CACHE_CONTROL, "no-store"), (VARY, "accept")];
    (about, rendered(answer, format)).into_response()
}

const PLAIN: &str = "text/plain; charset=utf-8";

fn rendered(answer: &Answer<'_>, format: Format) -> Vec<u8> {
    let mut gauges = Gauges::new(format);
    series::put(&mut gauges, answer);
    gauges.end()
}

fn refused(problem: &str) -> Response {
    (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, PLAIN)], format!("400: {problem}\n")).into_response()
}

fn absent(problem: &str) -> Response {
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, PLAIN)], format!("404: {problem}\n")).into_response()
}

#[cfg(test)]
mod tests;
