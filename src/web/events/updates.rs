//! Whose knowledge changed, for pages that show it: as a stream of events, and as one answer for who cannot have a stream.
//!
//! Promises: no more than one event a second however much changes, and none is lost: each says all that changed since the
//! one before, or since the mark that the client brings; a mark of another run of the program counts for nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

use crate::sinks::{Knowledge, Since};
use crate::web::WebState;

/// The least time between two events of a stream.
const EACH: Duration = Duration::from_secs(1);

/// What changed.
#[derive(Debug, Serialize)]
pub(in crate::web) struct Update {
    /// The targets of which something else is known.
    targets: Vec<String>,
    /// The targets that are watched no more.
    gone: Vec<String>,
    /// All targets, in the first event of a stream and in an answer: who was away forgets the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<Vec<String>>,
    /// Up to which revision.
    revision: u64,
    /// The mark to go on from.
    id: String,
}

/// A place in what becomes known: of one run of the program, up to a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Mark {
    run: Arc<str>,
    revision: u64,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.revision)
    }
}

impl Mark {
    /// The mark of a revision of this run of the program.
    pub(in crate::web) fn of(state: &WebState, revision: u64) -> Self {
        Self { run: Arc::clone(&state.run), revision }
    }

    /// The revision from which a client goes on: that of its mark, if it is one of this run, else the very begin.
    fn since(state: &WebState, mark: Option<&str>) -> u64 {
        let revision = mark.and_then(|mark| {
            let (run, revision) = mark.rsplit_once('-')?;
            (run == &*state.run).then(|| revision.parse().ok())?
        });
        revision.unwrap_or(0)
    }
}

/// What changed since a mark.
pub(in crate::web) fn since(state: &WebState, mark: Option<&str>) -> Update {
    let since = state.knowledge.since(Mark::since(state, mark));
    let all = since.all.as_ref().map_or_else(|| texts(&state.knowledge.names()), |all| texts(all));
    Update { all: Some(all), ..Update::of(&since, &state.run) }
}

impl Update {
    fn of(since: &Since, run: &Arc<str>) -> Self {
        let id = Mark { run: Arc::clone(run), revision: since.revision }.to_string();
        Self { targets: texts(&since.targets), gone: Vec::new(), all: None, revision: since.revision, id }
    }
}

fn texts(names: &[Arc<str>]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// One listener.
pub(super) struct Listener {
    knowledge: Arc<Knowledge>,
    run: Arc<str>,
    revisions: watch::Receiver<u64>,
    since: u64,
    /// The targets there were at the last event; `None` before the first one.
    names: Option<BTreeSet<Arc<str>>>,
    /// When the next event may be sent.
    next: Instant,
    stopped: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    pub(super) fn new(state: &WebState, mark: Option<&str>, permit: OwnedSemaphorePermit) -> Self {
        Self {
            knowledge: Arc::clone(&state.knowledge),
            run: Arc::clone(&state.run),
            revisions: state.knowledge.revisions(),
            since: Mark::since(state, mark),
            names: None,
            next: Instant::now(),
            stopped: state.stopped.clone(),
            _permit: permit,
        }
    }

    /// The next event; `None` when the program stops.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let Self { stopped, revisions, next, .. } = self;
        if *stopped.borrow() {
            return None;
        }
        let due = async {
            if self.names.is_some() {
                revisions.changed().await.ok()?;
                sleep_until(*next).await;
            }
            revisions.mark_unchanged();
            Some(())
        };
        tokio::select! {
            // An error means the sender is gone: stop as well.
            _ = stopped.wait_for(|stop| *stop) => return None,
            due = due => due?,
        }
        self.next = Instant::now() + EACH;
        Some(self.update())
    }

    fn update(&mut self) -> Event {
        let since = self.knowledge.since(self.since);
        self.since = since.revision;
        let mut update = Update::of(&since, &self.run);
        let all = since.all.or_else(|| self.names.is_none().then(|| self.knowledge.names()));
        if let Some(all) = all {
            let names: BTreeSet<Arc<str>> = all.into_iter().collect();
            match self.names.take() {
                Some(before) => update.gone = before.difference(&names).map(ToString::to_string).collect(),
                None => update.all = Some(names.iter().map(ToString::to_string).collect()),
            }
            self.names = Some(names);
        }
        let data = serde_json::to_string(&update).unwrap_or_default();
        Event::default().event("updated").id(update.id).data(data)
    }
}
