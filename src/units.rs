//! Units of time, money and memory as people write them and as the program keeps them.
//!
//! Promises: durations are written as Prometheus writes them (`15s`, `1m30s`, `250ms`), parsed exactly, printed
//! back in the same form, and carried as [`Duration`] everywhere; seconds as `f64` exist only where a number
//! leaves the program.

mod size;
mod usd;

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

pub use size::{Size, SizeError};
pub use usd::{Usd, UsdError};

/// Units of Prometheus durations, largest first, in milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a duration: write it as Prometheus does, such as 15s, 1m30s or 250ms")]
pub struct DurationError {
    text: String,
}

/// Reads a Prometheus duration: units from large to small, each at most once, whole numbers.
///
/// # Errors
/// If the text is empty, has an unknown, repeated or misordered unit, or does not fit in 64 bits of milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let fail = || DurationError { text: text.to_owned() };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits).unwrap_or_default().parse().map_err(|_| fail())?;
        let after = rest.get(digits..).unwrap_or_default();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = after.get(..letters).unwrap_or_default();
        let (_, factor) = units.find(|(name, _)| *name == unit).ok_or_else(fail)?;
        total = number.checked_mul(*factor).and_then(|ms| total.checked_add(ms)).ok_or_else(fail)?;
        rest = after.get(letters..).unwrap_or_default();
    }
    if text.is_empty() { Err(fail()) } else { Ok(Duration::from_millis(total)) }
}

/// Shows a duration as Prometheus writes it; fractions of a millisecond are dropped.
#[derive(Debug, Clone, Copy)]
pub struct PromDuration(pub Duration);

impl fmt::Display for PromDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_nanos() / 1_000_000).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        // Years and weeks are read but not written: 14d is clearer than 2w.
        for (unit, factor) in UNITS.into_iter().filter(|(unit, _)| !matches!(*unit, "y" | "w")) {
            if rest >= factor {
                write!(f, "{}{unit}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

/// A duration as exact as one says it: rounded to hours from two days on, to minutes from two hours on, below that to
/// seconds.
#[must_use]
pub fn roughly(duration: Duration) -> PromDuration {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 60.0 * MINUTE;
    let seconds = duration.as_secs_f64();
    let unit = match seconds {
        _ if seconds >= 48.0 * HOUR => HOUR,
        _ if seconds >= 2.0 * HOUR => MINUTE,
        _ => 1.0,
    };
    PromDuration(Duration::try_from_secs_f64((seconds / unit).round() * unit).unwrap_or(duration))
}

/// The moment by which a whole journey must be over; every layer draws on this one budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline `budget` after `start`.
    #[must_use]
    pub fn after(start: Instant, budget: Duration) -> Self {
        Self(start + budget)
    }

    /// The moment itself.
    #[must_use]
    pub fn at(self) -> Instant {
        self.0
    }

    /// What is left of the budget; zero when it is over.
    #[must_use]
    pub fn left(self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// The part of what is left that one of `sharers` equal sharers may use, as a deadline of its own.
    #[must_use]
    pub fn share(self, now: Instant, sharers: usize) -> Self {
        let sharers = u32::try_from(sharers.max(1)).unwrap_or(u32::MAX);
        Self(now + self.left(now) / sharers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rough_duration_is_rounded_to_what_one_says() {
        for (millis, told) in [
            (345_599_224, "4d"),
            (3 * 86_400_000 + 7_300_000, "3d2h"),
            (7_259_999, "2h1m"),
            (3_723_400, "1h2m3s"),
            (400, "0s"),
        ] {
            assert_eq!(roughly(Duration::from_millis(millis)).to_string(), told);
        }
        assert_eq!(roughly(Duration::MAX).0, Duration::MAX);
    }

    #[test]
    fn durations_read_as_prometheus_reads_them() {
        for (text, ms) in [
            ("15s", 15_000),
            ("1m30s", 90_000),
            ("250ms", 250),
            ("1h0m5s", 3_605_000),
            ("30d", 2_592_000_000),
            ("2w", 1_209_600_000),
            ("0", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "5", "s", "-1s", "1.5s", "1s1m", "1s1s", "10 s", "1S", "99999999999999999999s", "ä"]
        {
            assert!(parse_duration(text).is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn a_share_divides_what_is_left() {
        let now = Instant::now();
        let deadline = Deadline::after(now, Duration::from_secs(10));
        assert_eq!(deadline.share(now, 4).left(now), Duration::from_millis(2500));
        assert_eq!(deadline.share(now, 0), deadline);
        assert_eq!(deadline.left(now + Duration::from_secs(11)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_the_same(ms in 0_u64..10_000_000_000) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse_duration(&PromDuration(duration).to_string()), Ok(duration));
        }
    }
}
