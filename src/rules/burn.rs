//! When a budget of errors burns too fast: the windows and factors of Google's SRE workbook, as Sloth has them.
//!
//! A budget that is spent evenly lasts exactly its window: a burn rate of 1. What to alert on is stated as a share of the
//! budget that is spent within a long window: 2 % in 1h and 5 % in 6h page, 10 % in 1d and 10 % in 3d make a ticket. The
//! burn rate that spends the share is `share × window / long window`, so for 30 days 14.4, 6, 3 and 1, and for other windows
//! in proportion. It is never taken below 1: what burns slower than that is within the objective, however short the window.
//! The short window, a twelfth of the long one, ends the alert soon after the trouble ends.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Every window that error ratios are recorded for, beside the objective's own.
pub(super) const WINDOWS: [Duration; 7] = [
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(HOUR),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(6 * HOUR),
    Duration::from_secs(DAY),
    Duration::from_secs(3 * DAY),
];

/// Two windows in both of which the budget has to burn too fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) short: Duration,
    pub(super) long: Duration,
    /// The share of the budget that is spent within the long window, in percent.
    percent: u32,
}

const fn pair(short: u64, long: u64, percent: u32) -> Pair {
    Pair { short: Duration::from_secs(short), long: Duration::from_secs(long), percent }
}

/// Pairs that somebody is woken for.
pub(super) const PAGE: [Pair; 2] = [pair(5 * MINUTE, HOUR, 2), pair(30 * MINUTE, 6 * HOUR, 5)];

/// Pairs that can wait for the morning.
pub(super) const TICKET: [Pair; 2] = [pair(2 * HOUR, DAY, 10), pair(6 * HOUR, 3 * DAY, 10)];

impl Pair {
    /// The burn rate, rounded to a ten-thousandth.
    pub(super) fn factor(self, window: Duration) -> f64 {
        let exact = f64::from(self.percent) * window.as_secs_f64() / (100.0 * self.long.as_secs_f64());
        (exact.max(1.0) * 10_000.0).round() / 10_000.0
    }

    /// The share of the budget that is spent within the long window at that rate, in percent.
    pub(super) fn spent(self, window: Duration) -> f64 {
        let exact = self.factor(window) * 100.0 * self.long.as_secs_f64() / window.as_secs_f64();
        (exact * 10.0).round() / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(days: u64) -> Vec<f64> {
        let window = Duration::from_secs(days * DAY);
        PAGE.iter().chain(&TICKET).map(|pair| pair.factor(window)).collect()
    }

    #[test]
    fn the_factors_are_those_of_the_workbook_and_in_proportion_for_other_windows() {
        assert_eq!(factors(30), [14.4, 6.0, 3.0, 1.0]);
        assert_eq!(factors(90), [43.2, 18.0, 9.0, 3.0]);
        assert_eq!(factors(28), [13.44, 5.6, 2.8, 1.0]);
        assert_eq!(factors(7), [3.36, 1.4, 1.0, 1.0]);
        let month = Duration::from_secs(30 * DAY);
        assert_eq!(PAGE.map(|pair| pair.spent(month)), [2.0, 5.0]);
        assert_eq!(TICKET.map(|pair| pair.spent(Duration::from_secs(7 * DAY))), [14.3, 42.9]);
    }

    #[test]
    fn every_window_of_a_pair_is_recorded_and_a_short_one_is_a_twelfth_of_its_long_one() {
        for pair in PAGE.iter().chain(&TICKET) {
            assert!(WINDOWS.contains(&pair.short) && WINDOWS.contains(&pair.long));
            assert_eq!(pair.short * 12, pair.long);
        }
    }
}
