//! Reading limits and waiting times out of headers. What is malformed, negative or absurd is absent.

use std::time::{Duration, SystemTime};

use super::Answer;
use crate::outcome::RateLimit;

/// A wait longer than this is no instruction any more.
const LONGEST_WAIT: Duration = Duration::from_secs(31 * 24 * 3600);

/// `Retry-After`: whole or fractional seconds, or an HTTP date (RFC 9110 §10.2.3).
pub(super) fn retry_after(answer: &Answer<'_>, now: SystemTime) -> Option<Duration> {
    let text = answer.header("retry-after")?;
    let wait = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    (wait <= LONGEST_WAIT).then_some(wait)
}

/// Anthropic's `anthropic-ratelimit-{dimension}-{limit,remaining,reset}`: integers, and RFC 3339 for the reset.
pub(super) fn anthropic(answer: &Answer<'_>) -> Vec<RateLimit> {
    // Spelled out, so that nothing is put together for each answer.
    const DIMENSIONS: [(&str, [&str; 3]); 4] = [
        (
            "requests",
            [
                "anthropic-ratelimit-requests-limit",
                "anthropic-ratelimit-requests-remaining",
                "anthropic-ratelimit-requests-reset",
            ],
        ),
        (
            "tokens",
            [
                "anthropic-ratelimit-tokens-limit",
                "anthropic-ratelimit-tokens-remaining",
                "anthropic-ratelimit-tokens-reset",
            ],
        ),
        (
            "input_tokens",
            [
                "anthropic-ratelimit-input-tokens-limit",
                "anthropic-ratelimit-input-tokens-remaining",
                "anthropic-ratelimit-input-tokens-reset",
            ],
        ),
        (
            "output_tokens",
            [
                "anthropic-ratelimit-output-tokens-limit",
                "anthropic-ratelimit-output-tokens-remaining",
                "anthropic-ratelimit-output-tokens-reset",
            ],
        ),
    ];
    let read = |(dimension, [limit, remaining, reset]): (&'static str, [&str; 3])| {
        let limit = answer.header(limit).and_then(|text| text.parse().ok());
        let remaining = answer.header(remaining).and_then(|text| text.parse().ok());
        let reset =
            answer.header(reset).and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(SystemTime::from);
        (limit.is_some() || remaining.is_some() || reset.is_some()).then_some(RateLimit {
            dimension,
            limit,
            remaining,
            reset,
        })
    };
    DIMENSIONS.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    fn answer(headers: &HeaderMap) -> Answer<'_> {
        Answer { status: StatusCode::OK, headers, body: b"", truncated: false }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_nothing_absurd() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
        for (text, wait) in [
            ("7", Some(7.0)),
            ("1.5", Some(1.5)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7.0)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0.0)),
            ("-1", None),
            ("NaN", None),
            ("1e300", None),
            ("99999999", None),
            ("soon", None),
        ] {
            let headers = headers(&[("retry-after", text)]);
            assert_eq!(retry_after(&answer(&headers), now), wait.map(Duration::from_secs_f64), "{text}");
        }
    }

    #[test]
    fn anthropic_limits_are_read_by_dimension_and_rubbish_is_absent() {
        let headers = headers(&[
            ("anthropic-ratelimit-requests-limit", "1000"),
            ("anthropic-ratelimit-requests-remaining", "999"),
            ("anthropic-ratelimit-requests-reset", "2026-03-26T20:00:00Z"),
            ("anthropic-ratelimit-tokens-remaining", "-1"),
            ("anthropic-ratelimit-input-tokens-remaining", "2000000"),
        ]);
        let limits = anthropic(&answer(&headers));
        let reset = UNIX_EPOCH + Duration::from_secs(1_774_555_200);
        assert_eq!(
            limits,
            [
                RateLimit {
                    dimension: "requests",
                    limit: Some(1000),
                    remaining: Some(999),
                    reset: Some(reset)
                },
                RateLimit { dimension: "input_tokens", limit: None, remaining: Some(2_000_000), reset: None },
            ]
        );
    }
}
