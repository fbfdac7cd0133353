//! The wall clock: the one place that reads it.
//!
//! Promises: everything that measures uses `tokio::time::Instant`; wall time is only for what people and peers
//! read (timestamps, certificate dates), and is read here so that the rest can be given a time instead.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Now, as the machine's clock has it.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub fn wall() -> SystemTime {
    SystemTime::now()
}

/// Seconds since 1970, with fraction; negative before.
#[must_use]
pub fn unix_seconds(time: SystemTime) -> f64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// The time at a count of seconds since 1970, as certificates give it; `None` where it does not fit.
#[must_use]
pub fn from_unix(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds >= 0 { UNIX_EPOCH.checked_add(distance) } else { UNIX_EPOCH.checked_sub(distance) }
}

/// The time at a count of seconds and nanoseconds since 1970, as the kernel gives it; `None` where it does not fit.
#[must_use]
pub fn from_unix_parts(seconds: i64, nanoseconds: u32) -> Option<SystemTime> {
    from_unix(seconds)?.checked_add(Duration::from_nanos(nanoseconds.into()))
}

/// The day a time is on in UTC: days since 1970-01-01.
#[must_use]
pub fn utc_day(time: SystemTime) -> i64 {
    const DAY: u64 = 24 * 3600;
    let signed = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => signed(whole_seconds(since) / DAY),
        Err(before) => -signed(whole_seconds(before.duration()).div_ceil(DAY)),
    }
}

/// When the day after that of a time begins in UTC.
#[must_use]
pub fn next_utc_day(time: SystemTime) -> Option<SystemTime> {
    from_unix(utc_day(time).checked_add(1)?.checked_mul(24 * 3600)?)
}

/// The first whole second that is not before a time.
#[must_use]
pub fn whole_second_from(time: SystemTime) -> SystemTime {
    let part = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    if part == 0 { time } else { time + Duration::from_nanos(1_000_000_000 - u64::from(part)) }
}

#[expect(clippy::disallowed_methods, reason = "days have no fraction")]
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs()
}

/// A time in RFC 3339, UTC, whole seconds: `2026-11-23T06:00:00Z`.
#[must_use]
pub fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map_or_else(|_| "a time out of range".to_owned(), |stamp| format!("{stamp:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_utc() {
        for (seconds, day) in [(0, 0), (86_399, 0), (86_400, 1), (-1, -1), (-86_400, -1), (-86_401, -2)] {
            assert_eq!(utc_day(from_unix(seconds).unwrap()), day, "{seconds}");
        }
        let at = |seconds| from_unix(seconds).unwrap();
        assert_eq!(next_utc_day(at(86_399)), Some(at(86_400)));
        assert_eq!(next_utc_day(at(86_400)), Some(at(172_800)));
        assert_eq!(whole_second_from(at(7)), at(7));
        assert_eq!(whole_second_from(at(7) + Duration::from_nanos(1)), at(8));
    }

    #[test]
    fn times_convert_both_ways() {
        let time = from_unix(1_790_000_000).unwrap();
        assert!((unix_seconds(time) - 1_790_000_000.0).abs() < 1e-6);
        assert_eq!(rfc3339(time), "2026-09-21T14:13:20Z");
        assert!((unix_seconds(from_unix(-5).unwrap()) + 5.0).abs() < 1e-6);
        assert_eq!(rfc3339(from_unix(i64::MAX).unwrap()), "a time out of range");
    }
}
