//! One value of a limit: a count, or when it will be full again.
//!
//! The syntaxes of a time are told apart by their form: a Go duration (`6m0s`), RFC 3339, an HTTP date, and a bare number,
//! which by its size is seconds from now, seconds since 1970, or milliseconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;

/// More of anything than this is no limit.
const LARGEST: u64 = 1_000_000_000_000_000;

/// A limit that is full again later than this is no limit.
const LATEST: Duration = Duration::from_secs(5 * 366 * 86_400);

/// How long ago a limit may have been full again, by a provider's clock or a cache's.
const EARLIEST: Duration = Duration::from_secs(86_400);

/// A number of requests or tokens.
pub(super) fn count(text: &str) -> Option<u64> {
    // Some gateways write whole numbers with a fraction of zero.
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.parse().ok().filter(|count| *count <= LARGEST)
}

/// A time of reset.
pub(super) fn reset(text: &str, now: SystemTime) -> Option<SystemTime> {
    let at = match text.parse::<f64>() {
        Ok(number) => of_number(number, now)?,
        Err(_) => match duration(text) {
            Some(wait) => now.checked_add(wait)?,
            None => date(text)?,
        },
    };
    let believable = match at.duration_since(now) {
        Ok(ahead) => ahead <= LATEST,
        Err(behind) => behind.duration() <= EARLIEST,
    };
    believable.then_some(at)
}

/// Seconds from now.
pub(super) fn delta(text: &str, now: SystemTime) -> Option<SystemTime> {
    let wait = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
    now.checked_add(wait).filter(|_| wait <= LATEST)
}

/// A duration as Go and protobuf write it: `6m0s`, `12ms`, `2m59.56s`, `37s`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Duration::try_from(text.parse::<SignedDuration>().ok()?).ok()
}

fn of_number(number: f64, now: SystemTime) -> Option<SystemTime> {
    let seconds = |number| Duration::try_from_secs_f64(number).ok();
    if number < 1e6 {
        now.checked_add(seconds(number)?)
    } else if (1e9..1e11).contains(&number) {
        UNIX_EPOCH.checked_add(seconds(number)?)
    } else if (1e12..1e14).contains(&number) {
        UNIX_EPOCH.checked_add(seconds(number / 1e3)?)
    } else {
        None
    }
}

fn date(text: &str) -> Option<SystemTime> {
    match text.parse::<jiff::Timestamp>() {
        Ok(timestamp) => Some(timestamp.into()),
        Err(_) => httpdate::parse_http_date(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_read_in_every_syntax_that_is_spoken() {
        let now = UNIX_EPOCH + Duration::from_secs(1_774_555_200);
        for (text, after) in [
            ("12ms", Some(0.012)),
            ("1s", Some(1.0)),
            ("6m0s", Some(360.0)),
            ("2m59.56s", Some(179.56)),
            ("7.66s", Some(7.66)),
            ("1h2m3.5s", Some(3723.5)),
            ("60", Some(60.0)),
            ("0", Some(0.0)),
            ("1.5", Some(1.5)),
            ("1774555205", Some(5.0)),
            ("1774555205000", Some(5.0)),
            ("1774555205500", Some(5.5)),
            ("2026-03-26T20:00:05Z", Some(5.0)),
            ("2026-03-26T21:00:05+01:00", Some(5.0)),
            ("Thu, 26 Mar 2026 20:00:05 GMT", Some(5.0)),
            ("-1", None),
            ("-1s", None),
            ("5000000", None),
            ("1e300", None),
            ("NaN", None),
            ("inf", None),
            ("2099-01-01T00:00:00Z", None),
            ("1999-01-01T00:00:00Z", None),
            ("9999999h", None),
            ("soon", None),
            ("", None),
            ("-", None),
        ] {
            let read = reset(text, now).map(|at| at.duration_since(now).unwrap().as_secs_f64());
            let close = match (read, after) {
                (Some(read), Some(after)) => (read - after).abs() < 1e-6,
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            assert!(close, "{text}: {read:?}, not {after:?}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number_that_can_be() {
        for (text, read) in [
            ("0", Some(0)),
            ("2000000", Some(2_000_000)),
            ("60.0", Some(60)),
            ("-1", None),
            ("1.5", None),
            ("99999999999999999999", None),
            ("9999999999999999", None),
            ("", None),
            ("many", None),
        ] {
            assert_eq!(count(text), read, "{text}");
        }
    }
}
