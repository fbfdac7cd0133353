//! What an answer says of when to ask again.
//!
//! Promises: pure; nothing that a server says makes a page older than [`LONGEST`].

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{CACHE_CONTROL, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER};

/// The longest time that a page is not read again because it said so.
pub(super) const LONGEST: Duration = Duration::from_secs(3600);

/// How long the answer is fresh by its `Cache-Control`; zero where it does not say.
pub(super) fn fresh_for(headers: &HeaderMap) -> Duration {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut longest = Duration::ZERO;
    for directive in values.flat_map(|value| value.split(',')) {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-cache" | "no-store" => return Duration::ZERO,
            "max-age" => {
                let seconds = argument.trim().trim_matches('"').parse().unwrap_or(0);
                longest = longest.max(Duration::from_secs(seconds));
            }
            _ => {}
        }
    }
    longest.min(LONGEST)
}

/// How long it asks not to be asked; zero where it does not say.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Duration {
    let Some(text) = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()) else {
        return Duration::ZERO;
    };
    let asked = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = httpdate::parse_http_date(text.trim()).unwrap_or(now);
            at.duration_since(now).unwrap_or_default()
        }
    };
    asked.min(LONGEST)
}

/// The headers that ask whether anything is newer than the answer with these.
#[must_use]
pub fn conditions(headers: &HeaderMap) -> HeaderMap {
    let pairs = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
    pairs.into_iter().filter_map(|(said, asks)| Some((asks, headers.get(said)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs =
            pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)));
        pairs.collect()
    }

    #[test]
    fn freshness_is_the_max_age_and_an_hour_at_the_most() {
        for (value, seconds) in [
            ("max-age=60", 60),
            ("public, Max-Age=\"30\", s-maxage=900", 30),
            ("max-age=0, private, must-revalidate", 0),
            ("max-age=60, no-cache", 0),
            ("no-store", 0),
            ("max-age=99999999", 3600),
            ("max-age=-5", 0),
            ("max-age", 0),
            ("public", 0),
        ] {
            assert_eq!(
                fresh_for(&headers(&[("cache-control", value)])),
                Duration::from_secs(seconds),
                "{value}"
            );
        }
        assert_eq!(fresh_for(&HeaderMap::new()), Duration::ZERO);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_an_hour_at_the_most() {
        let now = httpdate::parse_http_date("Mon, 23 Nov 2026 12:00:00 GMT").unwrap();
        for (value, seconds) in [
            ("120", 120),
            ("Mon, 23 Nov 2026 12:02:00 GMT", 120),
            ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
            ("86400", 3600),
            ("soon", 0),
        ] {
            let headers = headers(&[("retry-after", value)]);
            assert_eq!(retry_after(&headers, now), Duration::from_secs(seconds), "{value}");
        }
    }

    #[test]
    fn what_was_said_of_an_answer_is_asked_about_it() {
        let said = headers(&[("etag", "W/\"a\""), ("last-modified", "yesterday"), ("x-other", "1")]);
        let asked = headers(&[("if-none-match", "W/\"a\""), ("if-modified-since", "yesterday")]);
        assert_eq!(conditions(&said), asked);
        assert!(conditions(&HeaderMap::new()).is_empty());
    }
}
