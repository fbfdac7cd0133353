//! Times and durations as the page says them.
//!
//! Promises: every moment is in UTC, with its machine-readable form beside it, and without its day where that is today.

use std::time::{Duration, SystemTime};

use crate::clock;
use crate::units::roughly;

/// Characters of the day in RFC 3339.
const DAY: usize = 10;

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    /// For `<time datetime>`.
    pub(super) stamp: String,
    /// For people: the time, and the day where it is another one.
    pub(super) words: String,
}

impl Moment {
    pub(super) fn of(at: SystemTime, now: SystemTime) -> Self {
        Self::read(&clock::rfc3339(at), now)
    }

    /// Of a time in RFC 3339, in UTC.
    pub(super) fn read(stamp: &str, now: SystemTime) -> Self {
        let today = clock::rfc3339(now);
        let words = match (stamp.get(..DAY), stamp.get(DAY + 1..DAY + 9)) {
            (Some(day), Some(time)) if today.get(..DAY) == Some(day) => time.to_owned(),
            (Some(day), Some(time)) => format!("{day} {time}"),
            _ => stamp.to_owned(),
        };
        Self { stamp: stamp.to_owned(), words }
    }
}

/// How long it was from one moment to another; nothing if the clock was set back between.
pub(super) fn between(from: SystemTime, to: SystemTime) -> String {
    span(to.duration_since(from).unwrap_or_default())
}

/// A duration, as exact as one says it.
pub(super) fn span(duration: Duration) -> String {
    roughly(duration).to_string()
}

/// A count of seconds as a time spent: `12 ms`.
pub(super) fn took(seconds: f64) -> String {
    crate::document::time(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_today_has_no_day() {
        let now = clock::from_unix(1_790_000_000).unwrap();
        let moment = Moment::of(now - Duration::from_secs(60), now);
        assert_eq!((&*moment.stamp, &*moment.words), ("2026-09-21T14:12:20Z", "14:12:20"));
        let before = Moment::of(now - Duration::from_secs(86_400), now);
        assert_eq!(before.words, "2026-09-20 14:13:20");
        assert_eq!(Moment::read("中文", now).words, "中文");
        assert_eq!(
            (between(now - Duration::from_secs(90), now), between(now, now - DURATION)),
            ("1m30s".into(), "0s".into())
        );
    }

    const DURATION: Duration = Duration::from_secs(5);
}
