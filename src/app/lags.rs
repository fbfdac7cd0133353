//! By how much the program itself woke up late in the last minutes.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How far back it is known.
const KNOWN: Duration = Duration::from_secs(120);

/// The last measurements, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Lags(Mutex<VecDeque<(Instant, Duration)>>);

impl Lags {
    /// A timer fired so late.
    pub(super) fn note(&self, lag: Duration, now: Instant) {
        let mut lags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while lags.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > KNOWN) {
            lags.pop_front();
        }
        lags.push_back((now, lag));
    }

    /// The worst since a moment.
    pub(super) fn worst_since(&self, start: Instant) -> Duration {
        let lags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = lags.iter().rev().take_while(|(at, _)| *at >= start);
        since.map(|(_, lag)| *lag).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_that_of_the_time_asked_for() {
        let (lags, start) = (Lags::default(), Instant::now());
        let (at, millis) = (|seconds| start + Duration::from_secs(seconds), Duration::from_millis);
        assert_eq!(lags.worst_since(start), Duration::ZERO);
        for (seconds, lag) in [(1, 500), (10, 3), (11, 7), (12, 2)] {
            lags.note(millis(lag), at(seconds));
        }
        assert_eq!([0, 5, 12, 13].map(|from| lags.worst_since(at(from))), [500, 7, 2, 0].map(millis));
        lags.note(millis(1), at(125));
        assert_eq!(lags.worst_since(start), millis(7), "it is forgotten after a while");
    }
}
