//! By how much the program itself woke up late.
//!
//! Promises: a delay that is not over yet counts as far as it has come, so that whoever is woken up first after it knows of
//! it already; of a delay that began before the moment asked for, only the part after it counts.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How far back it is known.
const KNOWN: Duration = Duration::from_secs(60 * 60);

/// The delays that are known.
#[derive(Debug, Default)]
pub(super) struct Lags(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// When a timer fired and how late, the oldest first; each is worse than all after it.
    worst: VecDeque<(Instant, Duration)>,
    /// When the next one is due.
    due: Option<Instant>,
}

impl Lags {
    /// Measures again and again, and says each time by how much it was late.
    pub(super) async fn measure(&self, every: Duration, mut tell: impl FnMut(Duration)) -> Infallible {
        loop {
            let due = Instant::now() + every;
            self.expect(due);
            sleep_until(due).await;
            let now = Instant::now();
            tell(now.saturating_duration_since(due));
            self.fired(due, now);
        }
    }

    fn expect(&self, due: Instant) {
        self.lock().due = Some(due);
    }

    /// A timer fired that was due then.
    pub(super) fn fired(&self, due: Instant, now: Instant) {
        let lag = now.saturating_duration_since(due);
        let mut known = self.lock();
        while known.worst.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > KNOWN) {
            known.worst.pop_front();
        }
        while known.worst.back().is_some_and(|(_, before)| *before <= lag) {
            known.worst.pop_back();
        }
        known.worst.push_back((now, lag));
        known.due = None;
    }

    /// The worst since a moment.
    pub(super) fn worst_since(&self, start: Instant, now: Instant) -> Duration {
        let known = self.lock();
        let pending = known.due.map(|due| (now, now.saturating_duration_since(due)));
        let since = known.worst.partition_point(|(at, _)| *at < start);
        let over = known.worst.range(since..).copied();
        over.chain(pending)
            .map(|(at, lag)| lag.min(at.saturating_duration_since(start)))
            .max()
            .unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worst_is_that_of_the_time_asked_for() {
        let (lags, start) = (Lags::default(), Instant::now());
        let (at, millis) = (|seconds| start + Duration::from_secs(seconds), Duration::from_millis);
        let end = at(14);
        assert_eq!(lags.worst_since(start, end), Duration::ZERO);
        for (seconds, lag) in [(1, 500), (10, 3), (11, 7), (12, 2)] {
            lags.fired(at(seconds) - millis(lag), at(seconds));
        }
        assert_eq!([0, 5, 12, 13].map(|from| lags.worst_since(at(from), end)), [500, 7, 0, 0].map(millis));
        lags.fired(at(3700), at(3700));
        assert_eq!(lags.worst_since(start, at(3700)), Duration::ZERO, "it is forgotten after a while");
    }

    #[test]
    fn a_delay_counts_before_it_is_over_and_only_as_far_as_it_lasted_since() {
        let (lags, start) = (Lags::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        lags.expect(at(1));
        assert_eq!(lags.worst_since(start, at(1)), Duration::ZERO);
        assert_eq!(lags.worst_since(start, at(5)), Duration::from_secs(4));
        lags.fired(at(1), at(5));
        assert_eq!(lags.worst_since(start, at(6)), Duration::from_secs(4));
        assert_eq!(lags.worst_since(at(4), at(6)), Duration::from_secs(1), "before, it had not begun");
    }

    #[tokio::test]
    async fn a_thread_that_is_kept_busy_is_noticed() {
        let (lags, every) = (std::sync::Arc::new(Lags::default()), Duration::from_millis(20));
        let start = Instant::now();
        let measured = std::sync::Arc::clone(&lags);
        let measuring = tokio::spawn(async move { measured.measure(every, |_| {}).await });
        tokio::task::yield_now().await;
        std::thread::sleep(every * 5);
        assert!(lags.worst_since(start, Instant::now()) >= every * 3);
        measuring.abort();
    }

    proptest! {
        #[test]
        fn what_is_left_out_is_never_missed(delays in prop::collection::vec((0_u64..50, 0_u64..50), 0..40), from in 0_u64..2000) {
            let (lags, start) = (Lags::default(), Instant::now());
            let (mut now, mut all) = (start, Vec::new());
            for (rest, lag) in delays {
                let due = now + Duration::from_secs(rest);
                now = due + Duration::from_secs(lag);
                lags.fired(due, now);
                all.push((due, now));
            }
            let from = start + Duration::from_secs(from);
            let worst = all.iter().map(|(due, at)| at.saturating_duration_since((*due).max(from))).max();
            prop_assert_eq!(lags.worst_since(from, now), worst.unwrap_or_default());
        }
    }
}
