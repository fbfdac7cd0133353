//! What a card says beside the verdict: how long the certificate lasts, what is left of the limits, how the paths compare.

use std::time::{Duration, SystemTime};

use super::ladder::family;
use super::told::{fill, seconds};
use crate::diagnosis::{self, Language};
use crate::document::time;
use crate::outcome::{Outcome, RateLimit};
use crate::sinks::LastRun;
use crate::target::Target;
use crate::web::pages::Word;

/// Rows of a card's table.
const MOST_WAYS: usize = 12;

const DAY: f64 = 24.0 * 3600.0;

/// How long the certificates last, by the one that ends first.
#[derive(Debug)]
pub(super) struct Lasts {
    pub(super) words: String,
    /// Whether that is less than the target wants to be warned of.
    pub(super) soon: bool,
}

impl Lasts {
    pub(super) fn of(target: &Target, last: &LastRun, now: SystemTime, language: Language) -> Option<Self> {
        let ends = last.outcomes.iter().filter_map(|outcome| {
            let tls = outcome.stages.tls.evidence()?;
            tls.verified_until.or_else(|| tls.chain.as_ref()?.earliest_expiry())
        });
        let end = ends.min()?;
        let (word, length, soon) = match end.duration_since(now) {
            Ok(left) if left.as_secs_f64() < 2.0 * DAY => {
                (Word::CardTimeLeft, left, left < target.tls.expiry_warning)
            }
            Ok(left) => (Word::DaysLeft, left, left < target.tls.expiry_warning),
            Err(over) => (Word::HasExpired, over.duration(), true),
        };
        let (days, time) = (format!("{:.0}", (length.as_secs_f64() / DAY).floor()), hours(length));
        Some(Self { words: fill(word, language, &[("days", &days), ("time", &time)]), soon })
    }
}

/// As exact as a certificate's end matters.
fn hours(length: Duration) -> String {
    seconds(length).to_string()
}

/// One limit.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) dimension: &'static str,
    pub(super) words: String,
    /// What is left of it, in percent.
    pub(super) percent: Option<u64>,
    pub(super) low: bool,
}

impl Limit {
    pub(super) fn of(limit: &RateLimit, now: SystemTime, language: Language) -> Option<Self> {
        let remaining = limit.remaining?;
        let percent = limit.limit.and_then(|of| remaining.min(of).saturating_mul(100).checked_div(of));
        let (left, of) = (grouped(remaining), limit.limit.map(grouped));
        let mut words = match &of {
            Some(of) => fill(Word::LimitLeft, language, &[("remaining", &left), ("limit", of)]),
            None => fill(Word::LimitLeftOnly, language, &[("remaining", &left)]),
        };
        let reset = limit.reset.and_then(|reset| reset.duration_since(now).ok());
        if let Some(time) = reset.map(|reset| seconds(reset).to_string()) {
            words = format!("{words} · {}", fill(Word::LimitReset, language, &[("time", &time)]));
        }
        let low = percent.is_some_and(|percent| percent < 10);
        Some(Self { dimension: limit.dimension, words, percent, low })
    }
}

/// A number in groups of three digits, which narrow spaces keep apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// One path to one endpoint.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) endpoint: String,
    pub(super) route: String,
    pub(super) family: &'static str,
    pub(super) ok: bool,
    pub(super) preferred: bool,
    pub(super) words: String,
    pub(super) took: String,
}

/// The paths where there are several of them, and how many there are.
pub(super) fn ways(last: &LastRun, language: Language) -> (Vec<Way>, usize) {
    if last.outcomes.len() < 2 {
        return (Vec::new(), 0);
    }
    let way = |outcome: &Outcome| {
        let standing = &last.standing;
        let trouble = outcome.trouble().filter(|_| !outcome.success_in_the_end());
        Way {
            endpoint: outcome.endpoint.to_string(),
            route: outcome.path.route.to_string(),
            family: family(outcome.path.family, language),
            ok: outcome.success_in_the_end(),
            preferred: outcome.endpoint == standing.shown
                && standing.route.now.as_ref() == Some(&outcome.path.route),
            words: trouble.map_or_else(
                || fill(Word::Works, language, &[]),
                |trouble| {
                    format!("{}: {}", diagnosis::layer(trouble.layer, language), trouble.failure.reason)
                },
            ),
            took: time(outcome.took),
        }
    };
    let ways = last.outcomes.iter().take(MOST_WAYS).map(|outcome| way(outcome)).collect();
    (ways, last.outcomes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn big_numbers_are_grouped() {
        for (number, shown) in
            [(0, "0"), (999, "999"), (1000, "1\u{202f}000"), (4_000_000, "4\u{202f}000\u{202f}000")]
        {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn a_limit_says_what_is_left_and_when_it_is_full() {
        let now = SystemTime::UNIX_EPOCH;
        let limit = |limit, remaining, reset: Option<u64>| RateLimit {
            dimension: "tokens",
            limit,
            remaining,
            reset: reset.map(|seconds| now + Duration::from_secs(seconds)),
        };
        let said = |stated: &RateLimit| {
            let said = Limit::of(stated, now, Language::English)?;
            Some((said.words, said.percent, said.low))
        };
        assert_eq!(
            said(&limit(Some(2000), Some(100), Some(61))),
            Some(("100 of 2\u{202f}000 left · full in 1m1s".to_owned(), Some(5), true))
        );
        assert_eq!(said(&limit(None, Some(7), None)), Some(("7 left".to_owned(), None, false)));
        assert_eq!(said(&limit(Some(0), Some(0), None)), Some(("0 of 0 left".to_owned(), None, false)));
        assert_eq!(said(&limit(Some(5), None, None)), None);
    }
}
