//! How fast runs may start one after another, when many are due at once: after a stall, or when much comes to watch.
//!
//! Promises: as long as starts are as even as the rhythm makes them nothing waits; of runs that are due at once a few
//! start at once and the others at a multiple of the usual rate, so that they neither flood a resolver nor wait for each
//! other's cryptography.

use std::time::Duration;

use tokio::time::Instant;

/// Runs that may start at once.
const AT_ONCE: u32 = 32;

/// How much faster than usual those start that come behind them.
const FASTER: u64 = 4;

/// So many a second may always start, however seldom the jobs are due.
const ALWAYS: u64 = 1000;

/// Rates are whole numbers of a billionth of a run a second, so that what is added and taken away again leaves nothing.
const UNIT: u64 = 1_000_000_000;

/// The pace of starts.
#[derive(Debug)]
pub(super) struct Pace {
    /// How many runs a second the jobs come to.
    rate: u64,
    /// When the last start would have been, had all come at the greatest rate.
    level: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { rate: 0, level: now }
    }

    /// A job with this interval has come.
    pub(super) fn add(&mut self, interval: Duration) {
        self.rate = self.rate.saturating_add(rate(interval));
    }

    /// A job with this interval has gone.
    pub(super) fn remove(&mut self, interval: Duration) {
        self.rate = self.rate.saturating_sub(rate(interval));
    }

    /// The moment from which on a run may start; not after `now` if it may.
    pub(super) fn from(&self, now: Instant) -> Instant {
        self.level.checked_sub(self.gap() * (AT_ONCE - 1)).unwrap_or(now)
    }

    /// A run starts.
    pub(super) fn start(&mut self, now: Instant) {
        self.level = self.level.max(now) + self.gap();
    }

    /// The time between two starts at the greatest rate.
    fn gap(&self) -> Duration {
        let most = self.rate.saturating_mul(FASTER).max(ALWAYS * UNIT);
        let nanos = u128::from(UNIT) * u128::from(UNIT) / u128::from(most);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

fn rate(interval: Duration) -> u64 {
    let nanos = interval.as_nanos().max(1);
    u64::try_from(u128::from(UNIT) * u128::from(UNIT) / nanos).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many of those that are due start within a time.
    fn starts(pace: &mut Pace, mut now: Instant, within: Duration) -> u32 {
        let end = now + within;
        let mut count = 0;
        loop {
            let from = pace.from(now);
            if from.max(now) >= end {
                return count;
            }
            now = now.max(from);
            pace.start(now);
            count += 1;
        }
    }

    #[test]
    fn a_few_start_at_once_and_the_others_at_a_multiple_of_the_usual_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..30_000 {
            pace.add(15 * SECOND);
        }
        assert_eq!(starts(&mut pace, start, Duration::from_nanos(1)), AT_ONCE);
        let usual = 2000;
        let count = starts(&mut pace, start, SECOND);
        assert!((count + AT_ONCE).abs_diff(4 * usual + AT_ONCE) < 50, "{count}");
    }

    #[test]
    fn few_jobs_start_as_fast_as_ever() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.add(3600 * SECOND);
        let count = starts(&mut pace, start, SECOND);
        assert!(count.abs_diff(1000 + AT_ONCE) < 3, "{count}");
        let later = start + 10 * SECOND;
        assert!(pace.from(later) <= later);
    }

    #[test]
    fn what_is_added_and_removed_leaves_nothing() {
        let mut pace = Pace::new(Instant::now());
        for millis in [1, 7, 15_000, 86_400_000] {
            pace.add(Duration::from_millis(millis));
        }
        for millis in [86_400_000, 15_000, 7, 1] {
            pace.remove(Duration::from_millis(millis));
        }
        assert_eq!(pace.rate, 0);
        pace.remove(SECOND);
        assert_eq!(pace.gap(), Duration::from_millis(1));
    }
}
