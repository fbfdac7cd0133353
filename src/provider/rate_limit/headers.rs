//! Limits out of headers: Anthropic's families, `x-ratelimit-*` in its variants, and the drafts of the IETF.

use std::time::SystemTime;

use super::super::Answer;
use super::{Field, Limits, ietf, value};

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// One fact of one dimension.
    Fact(&'static str, Field),
    /// The fraction that is used up.
    Utilization(&'static str),
}

/// Every limit in the headers of an answer.
pub(in crate::provider) fn read(answer: &Answer<'_>, now: SystemTime) -> Limits {
    let mut limits = Limits::default();
    for (name, value) in answer.headers {
        let Some(meaning) = meaning(name.as_str()) else { continue };
        // What is not even text is a value that cannot be read.
        let text = value.to_str().unwrap_or_default().trim();
        match meaning {
            Meaning::Fact(dimension, Field::Reset) => limits.reset(dimension, value::reset(text, now)),
            Meaning::Fact(dimension, field) => limits.count(dimension, field, value::count(text)),
            Meaning::Utilization(dimension) => {
                let left = left_in_percent(text);
                limits.count(dimension, Field::Remaining, left);
                if left.is_some() {
                    limits.count(dimension, Field::Limit, Some(100));
                }
            }
        }
    }
    ietf::read(answer, now, &mut limits);
    limits.sorted()
}

fn meaning(name: &str) -> Option<Meaning> {
    if let Some(rest) = name.strip_prefix("anthropic-ratelimit-unified-") {
        return unified(rest);
    }
    let fact = if let Some(rest) = name.strip_prefix("anthropic-ratelimit-") {
        by_dimension(rest, PLAIN)
    } else if let Some(rest) = name.strip_prefix("anthropic-priority-") {
        by_dimension(rest, PRIORITY)
    } else if let Some(rest) = name.strip_prefix("anthropic-fast-") {
        by_dimension(rest, FAST)
    } else if let Some(rest) = name.strip_prefix("x-ratelimit-") {
        by_field(rest, X)
    } else if let Some(rest) =
        name.strip_prefix("x-ratelimitbysize-").or_else(|| name.strip_prefix("ratelimitbysize-"))
    {
        by_field(rest, BY_SIZE)
    } else {
        None
    };
    fact.map(|(dimension, field)| Meaning::Fact(dimension, field))
}

/// How a dialect writes a dimension, and which it is.
type Names = &'static [(&'static str, &'static str)];

const PLAIN: Names = &[
    ("requests", "requests"),
    ("tokens", "tokens"),
    ("input-tokens", "input_tokens"),
    ("output-tokens", "output_tokens"),
];

const PRIORITY: Names =
    &[("input-tokens", "priority_input_tokens"), ("output-tokens", "priority_output_tokens")];

const FAST: Names = &[("input-tokens", "fast_input_tokens"), ("output-tokens", "fast_output_tokens")];

/// A name without a dimension is of requests, as at `OpenRouter` and most of the web.
const X: Names = &[
    ("", "requests"),
    ("requests", "requests"),
    ("requests-minute", "requests"),
    ("req-minute", "requests"),
    ("requests-hour", "requests_hour"),
    ("requests-day", "requests_day"),
    ("tokens", "tokens"),
    ("tokens-minute", "tokens"),
    ("tokens-hour", "tokens_hour"),
    ("tokens-day", "tokens_day"),
    ("tokens-month", "tokens_month"),
    ("input-tokens", "input_tokens"),
    ("output-tokens", "output_tokens"),
    ("concurrent-requests", "concurrent_requests"),
    ("project-requests", "project_requests"),
    ("project-tokens", "project_tokens"),
];

const BY_SIZE: Names = &[("", "tokens"), ("minute", "tokens"), ("month", "tokens_month")];

fn field(name: &str) -> Option<Field> {
    match name {
        "limit" => Some(Field::Limit),
        "remaining" => Some(Field::Remaining),
        "reset" => Some(Field::Reset),
        _ => None,
    }
}

fn dimension(name: &str, names: Names) -> Option<&'static str> {
    names.iter().find(|(written, _)| *written == name).map(|(_, dimension)| *dimension)
}

/// `{dimension}-{field}`.
fn by_dimension(rest: &str, names: Names) -> Option<(&'static str, Field)> {
    let (name, last) = rest.rsplit_once('-')?;
    Some((dimension(name, names)?, field(last)?))
}

/// `{field}-{dimension}`, or only the field.
fn by_field(rest: &str, names: Names) -> Option<(&'static str, Field)> {
    let (first, name) = rest.split_once('-').unwrap_or((rest, ""));
    Some((dimension(name, names)?, field(first)?))
}

/// The windows of subscriptions: how much is used of each, as a fraction.
fn unified(rest: &str) -> Option<Meaning> {
    match rest {
        "5h-utilization" => Some(Meaning::Utilization("unified_5h")),
        "7d-utilization" => Some(Meaning::Utilization("unified_7d")),
        "5h-reset" => Some(Meaning::Fact("unified_5h", Field::Reset)),
        "7d-reset" => Some(Meaning::Fact("unified_7d", Field::Reset)),
        _ => None,
    }
}

/// What is left of a hundred.
fn left_in_percent(text: &str) -> Option<u64> {
    let used: f64 = text.parse().ok()?;
    // Somewhat more than all can be used, where more may be bought.
    (0.0..=10.0).contains(&used).then(|| {
        let left = (1.0 - used).max(0.0) * 100.0;
        (0..=100_u32).rev().find(|percent| f64::from(*percent) <= left + 0.5).map_or(0, u64::from)
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::DIMENSIONS;
    use super::super::samples::{answer, headers};
    use super::*;
    use crate::outcome::RateLimit;

    /// 2026-03-26T20:00:00Z.
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_774_555_200)
    }

    fn limit(dimension: &'static str, limit: i64, remaining: i64, reset_after: f64) -> RateLimit {
        RateLimit {
            dimension,
            limit: u64::try_from(limit).ok(),
            remaining: u64::try_from(remaining).ok(),
            reset: Duration::try_from_secs_f64(reset_after).ok().map(|after| now() + after),
        }
    }

    /// Headers, the limits in them, and how many values were rejected; -1 is an absent value.
    type Case = (&'static [(&'static str, &'static str)], Vec<RateLimit>, u32);

    fn hold(cases: Vec<Case>) {
        for (given, read_as, rejected) in cases {
            let headers = headers(given);
            let limits = read(&answer(&headers), now());
            assert_eq!((limits.limits, limits.rejected), (read_as, rejected), "{given:?}");
        }
    }

    #[test]
    fn limits_of_anthropic_are_read_from_every_family() {
        let cases: Vec<Case> = vec![
            (
                &[
                    ("anthropic-ratelimit-requests-limit", "1000"),
                    ("anthropic-ratelimit-requests-remaining", "999"),
                    ("anthropic-ratelimit-requests-reset", "2026-03-26T20:00:01Z"),
                    ("anthropic-ratelimit-tokens-remaining", "-1"),
                    ("anthropic-ratelimit-input-tokens-remaining", "2000000"),
                ],
                vec![limit("requests", 1000, 999, 1.0), limit("input_tokens", -1, 2_000_000, -1.0)],
                1,
            ),
            (
                &[
                    ("anthropic-priority-input-tokens-limit", "10000"),
                    ("anthropic-priority-input-tokens-remaining", "9618"),
                    ("anthropic-priority-output-tokens-reset", "2026-03-26T20:00:03Z"),
                    ("anthropic-fast-input-tokens-remaining", "0"),
                ],
                vec![
                    limit("priority_input_tokens", 10_000, 9618, -1.0),
                    limit("priority_output_tokens", -1, -1, 3.0),
                    limit("fast_input_tokens", -1, 0, -1.0),
                ],
                0,
            ),
            (
                &[
                    ("anthropic-ratelimit-unified-status", "allowed"),
                    ("anthropic-ratelimit-unified-5h-utilization", "0.37"),
                    ("anthropic-ratelimit-unified-5h-reset", "1774555260"),
                    ("anthropic-ratelimit-unified-7d-utilization", "1.02"),
                    ("anthropic-ratelimit-unified-7d-reset", "2026-03-26T20:02:00Z"),
                    ("anthropic-ratelimit-unified-fallback-percentage", "0.5"),
                ],
                vec![limit("unified_5h", 100, 63, 60.0), limit("unified_7d", 100, 0, 120.0)],
                0,
            ),
        ];
        hold(cases);
    }

    #[test]
    fn limits_of_the_others_are_read_in_every_variant() {
        let cases: Vec<Case> = vec![
            // OpenAI.
            (
                &[
                    ("x-ratelimit-limit-requests", "60"),
                    ("x-ratelimit-remaining-requests", "59"),
                    ("x-ratelimit-reset-requests", "1s"),
                    ("x-ratelimit-limit-tokens", "150000"),
                    ("x-ratelimit-remaining-tokens", "149984"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                    ("x-ratelimit-limit-project-tokens", "90000"),
                ],
                vec![
                    limit("requests", 60, 59, 1.0),
                    limit("tokens", 150_000, 149_984, 360.0),
                    limit("project_tokens", 90_000, -1, -1.0),
                ],
                0,
            ),
            // Azure, as its Responses API answered from November 2025 on.
            (
                &[
                    ("x-ratelimit-limit-tokens", "-1"),
                    ("x-ratelimit-remaining-tokens", "-1"),
                    ("x-ratelimit-reset-tokens", "0"),
                ],
                vec![limit("tokens", -1, -1, 0.0)],
                2,
            ),
            // Groq.
            (
                &[
                    ("x-ratelimit-limit-requests", "14400"),
                    ("x-ratelimit-reset-requests", "2m59.56s"),
                    ("x-ratelimit-reset-tokens", "7.66s"),
                ],
                vec![limit("requests", 14_400, -1, 179.56), limit("tokens", -1, -1, 7.66)],
                0,
            ),
            // Mistral, in both of its forms.
            (
                &[
                    ("x-ratelimitbysize-limit-minute", "500000"),
                    ("x-ratelimitbysize-remaining-minute", "499900"),
                    ("x-ratelimitbysize-limit-month", "1000000000"),
                    ("ratelimitbysize-reset", "41"),
                    ("x-ratelimit-tokens-query-cost", "52"),
                ],
                vec![limit("tokens", 500_000, 499_900, 41.0), limit("tokens_month", 1_000_000_000, -1, -1.0)],
                0,
            ),
            (
                &[
                    ("x-ratelimit-limit-tokens-minute", "5000000"),
                    ("x-ratelimit-remaining-tokens-minute", "4999911"),
                    ("x-ratelimit-limit-req-minute", "720"),
                    ("x-ratelimit-remaining-req-minute", "717"),
                ],
                vec![limit("requests", 720, 717, -1.0), limit("tokens", 5_000_000, 4_999_911, -1.0)],
                0,
            ),
            // OpenRouter.
            (
                &[
                    ("x-ratelimit-limit", "20"),
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1774555205000"),
                ],
                vec![limit("requests", 20, 0, 5.0)],
                0,
            ),
            (&[("x-ratelimit-limit", "lots"), ("x-ratelimit-reset", "soon")], vec![], 2),
            (&[("x-ratelimit-limit-tokens", "\u{e9}")], vec![], 1),
            (&[("x-ratelimit-used", "1"), ("x-ratelimit-limit-bananas", "1")], vec![], 0),
        ];
        hold(cases);
    }

    #[test]
    fn every_dimension_that_can_be_read_is_in_the_list() {
        for names in [PLAIN, PRIORITY, FAST, X, BY_SIZE] {
            for (_, dimension) in names {
                assert!(DIMENSIONS.contains(dimension), "{dimension}");
            }
        }
        assert!(DIMENSIONS.contains(&"unified_5h") && DIMENSIONS.contains(&"unified_7d"));
    }

    #[test]
    fn what_is_left_of_a_window_is_in_percent() {
        for (text, left) in [
            ("0", Some(100)),
            ("0.371", Some(63)),
            ("1", Some(0)),
            ("1.5", Some(0)),
            ("-0.1", None),
            ("40", None),
            ("x", None),
            ("NaN", None),
        ] {
            assert_eq!(left_in_percent(text), left, "{text}");
        }
    }
}
