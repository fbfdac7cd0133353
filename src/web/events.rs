//! `/api/v1/events`: what is told of every target, as server-sent events.
//!
//! Promises: first the state of every target, then each change once, or how many were missed and the state anew; few streams
//! at once, and none outlives the program.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::WebState;
use super::connection::Streams;
use crate::clock;
use crate::diagnosis::{Language, Verdict};
use crate::sinks::{Events, Subscription, Told};

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

pub(super) async fn events(State(state): State<Arc<WebState>>) -> Response {
    let Ok(permit) = Arc::clone(&state.streams).try_acquire_owned() else {
        let words = format!("There are {STREAMS} event streams already.\n");
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "30")], words).into_response();
    };
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
        Some((Ok::<_, Infallible>(event), listener))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
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
