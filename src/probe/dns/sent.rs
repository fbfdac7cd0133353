//! What was sent and what came for one question: how many queries, and when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When a question was asked and answered on the wire, as far as is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// When the first of it was about to be sent.
    asked: Option<Instant>,
    /// When the reply to what was sent last came.
    came: Option<Instant>,
    /// How long in all what came waited for us.
    pub(super) late: Duration,
}

impl Times {
    /// How long it took, if it was begun at `start` and is over now; what is not known of the wire is as we saw it.
    pub(super) fn took(&self, start: Instant) -> Duration {
        let (now, asked) = (Instant::now(), self.asked.unwrap_or(start));
        self.came.unwrap_or(now).saturating_duration_since(asked)
    }

    /// With what was asked earlier, if it was.
    pub(super) fn since(self, other: Self) -> Self {
        let asked = [self.asked, other.asked].into_iter().flatten().min();
        Self { asked, ..self }
    }

    /// Both as one question, of which this is the end.
    pub(super) fn after(self, earlier: Self) -> Self {
        Self { asked: earlier.asked.or(self.asked), came: self.came, late: earlier.late + self.late }
    }
}

/// Queries sent; clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent(Arc<Mutex<Tally>>);

#[derive(Debug, Default)]
struct Tally {
    queries: u32,
    times: Times,
}

impl Sent {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A query was sent; what came before was no reply to it.
    pub(super) fn count(&self) {
        let mut tally = self.tally();
        tally.queries = tally.queries.saturating_add(1);
        tally.times.came = None;
    }

    /// The first that is sent for it is about to be sent.
    pub(super) fn begin(&self) {
        self.tally().times.asked.get_or_insert_with(Instant::now);
    }

    /// The reply came then.
    pub(super) fn came(&self, at: Instant) {
        self.tally().times.came = Some(at);
    }

    /// Something that came waited for us so long.
    pub(super) fn waited(&self, late: Duration) {
        self.tally().times.late += late;
    }

    pub(super) fn so_far(&self) -> u32 {
        self.tally().queries
    }

    pub(super) fn times(&self) -> Times {
        self.tally().times
    }
}
