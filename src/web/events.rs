//! `/api/v1/events`: what is told of every target, as server-sent events.
//!
//! Promises: first the state of every target, then each change once, or how many were missed and the state anew; few streams
//! at once, and none outlives the program. With `?updates=1` it is told instead whose knowledge changed, for pages.

mod updates;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::WebState;
use super::connection::Streams;
use crate::clock;
use crate::diagnosis::{Language, Verdict};
use crate::sinks::{Events, Subscription, Told};
pub(super) use updates::Mark;

/// Streams at once: each is a connection that stays.
pub(super) const STREAMS: usize = 16;

/// How often a comment shows a silent listener, and what is between, that the stream goes on.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What nginx and its like read.
const NOT_BUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// One listener.
struct Listener {
    events: Arc<Events>,
    subscription: Subscription,
    /// What is to be sent before anything new.
    first: VecDeque<Arc<Told>>,
    stopped: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

/// What the browser of a stream that broke off brings back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    /// `1`: whose knowledge changed, and nothing else.
    updates: Option<String>,
    /// The mark to go on from.
    since: Option<String>,
}

impl Asked {
    /// The mark that a client brings: that of its stream is newer than that of its first request.
    fn mark<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        let last = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
        last.or(self.since.as_deref())
    }
}

/// `/api/v1/events`.
pub(super) async fn events(
    State(state): State<Arc<WebState>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let Ok(permit) = Arc::clone(&state.streams).try_acquire_owned() else {
        let words = format!("There are {STREAMS} event streams already.\n");
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "30")], words).into_response();
    };
    if asked.updates.as_deref() == Some("1") {
        let listener = updates::Listener::new(&state, asked.mark(&headers), permit);
        let events = stream::unfold(listener, async |mut listener| {
            let event = listener.next().await?;
            Some((event, listener))
        });
        // A script does not see comments, and has to know that the stream goes on.
        return streamed(events, KeepAlive::new().event(Event::default().event("alive").data("{}")));
    }
    let events = Arc::clone(&state.events);
    let mut listener = Listener {
        subscription: events.subscribe(),
        events,
        first: VecDeque::new(),
        stopped: state.stopped.clone(),
        _permit: permit,
    };
    listener.begin();
    let events = stream::unfold(listener, async |mut listener| {
        let event = listener.next().await?;
        Some((event, listener))
    });
    streamed(events, KeepAlive::new())
}

/// `/updates`: what the stream would say first, for a page that cannot have one.
pub(super) async fn updates(State(state): State<Arc<WebState>>, Query(asked): Query<Asked>) -> Response {
    let update = updates::since(&state, asked.since.as_deref());
    ([(CACHE_CONTROL, "no-store")], Json(update)).into_response()
}

/// An answer that goes on.
fn streamed(events: impl Stream<Item = Event> + Send + 'static, alive: KeepAlive) -> Response {
    let events = events.map(Ok::<_, Infallible>);
    let mut response = Sse::new(events).keep_alive(alive.interval(KEEP_ALIVE)).into_response();
    // What stands between must neither keep events back nor keep them for others.
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(NOT_BUFFERED, HeaderValue::from_static("no"));
    response.extensions_mut().insert(Streams);
    response
}

impl Listener {
    /// Sends the state first.
    fn begin(&mut self) {
        self.first = std::mem::take(&mut self.subscription.state).into();
    }

    async fn next(&mut self) -> Option<Event> {
        if *self.stopped.borrow() {
            return None;
        }
        if let Some(told) = self.first.pop_front() {
            return Some(event("state", &told));
        }
        let told = tokio::select! {
            // An error means the sender is gone: stop as well.
            _ = self.stopped.wait_for(|stop| *stop) => return None,
            told = self.subscription.changes.recv() => told,
        };
        match told {
            Ok(told) => Some(event("diagnosis", &told)),
            Err(RecvError::Closed) => None,
            Err(RecvError::Lagged(missed)) => {
                let waiting = u64::try_from(self.subscription.changes.len()).unwrap_or(u64::MAX);
                self.subscription = self.events.subscribe();
                self.begin();
                let missed = missed.saturating_add(waiting);
                Some(Event::default().event("missed").data(format!("{{\"missed\":{missed}}}")))
            }
        }
    }
}

fn event(name: &str, told: &Told) -> Event {
    Event::default().event(name).data(json(told).to_string())
}

fn json(told: &Told) -> serde_json::Value {
    let diagnosis = &told.diagnosis;
    let [verdict, layer, blame] = diagnosis.labels();
    let evidence: Vec<String> = diagnosis.evidence.iter().map(|say| say.tell(Language::English)).collect();
    serde_json::json!({
        "target": &*diagnosis.target,
        "verdict": verdict,
        "layer": layer,
        "blame": blame,
        "degraded": matches!(diagnosis.verdict, Verdict::Degraded(_)),
        "before": told.before.map(Verdict::label),
        "summary": diagnosis.summary(),
        "at": clock::rfc3339(told.at),
        "evidence": evidence,
    })
}
