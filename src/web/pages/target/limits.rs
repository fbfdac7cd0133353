//! The rate limits as the API stated them last, and why the configured call waits, if it does.

use std::time::SystemTime;

use super::moment::{Moment, between, span};
use super::telling::Telling;
use crate::outcome::{ApiEvidence, RateLimit};
use crate::schedule::Pause;
use crate::web::pages::Word;

/// Below this share of a limit it is marked.
const LITTLE: f64 = 0.1;

/// The limits.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) lines: Vec<Line>,
    pub(super) bars: Vec<Bar>,
}

/// Something said of the call, and of when.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) words: String,
    pub(super) at: Option<Moment>,
}

/// One limit.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) dimension: &'static str,
    /// Of a hundred; absent where the API did not say of how much.
    pub(super) share: Option<String>,
    pub(super) state: &'static str,
    pub(super) words: String,
    pub(super) reset: Option<Moment>,
    /// In how long that is.
    pub(super) within: String,
}

impl Limits {
    pub(super) fn of(telling: &Telling<'_>) -> Self {
        let Some(last) = &telling.known.last else { return Self::default() };
        let calls = telling
            .outcomes()
            .flat_map(|outcome| {
                let shown = outcome.endpoint == last.standing.shown;
                outcome.stages.api.evidence().map(|call| (!shown, call))
            })
            .chain(last.run.pooled.iter().filter_map(|call| Some((true, call.stage.evidence()?))));
        let mut calls: Vec<(bool, &ApiEvidence)> = calls.collect();
        // Those of the endpoint that a client uses first.
        calls.sort_by_key(|(elsewhere, _)| *elsewhere);
        let asked = calls.iter().find_map(|(_, call)| call.retry_after);
        let mut lines = Vec::new();
        if let Some(pause) = last.call.pause {
            lines.push(Line { words: telling.word(why(pause)).to_owned(), at: None });
        }
        if let Some(wait) = asked {
            lines.push(Line { words: telling.with(Word::AskedToWait, &span(wait)), at: None });
        }
        if let Some(at) = last.call.retry_at.filter(|at| *at > telling.now) {
            let words = telling.with(Word::CalledAgainIn, &between(telling.now, at));
            lines.push(Line { words, at: Some(Moment::of(at, telling.now)) });
        }
        if let Some(left) = last.call.budget_left {
            lines.push(Line { words: telling.with(Word::BudgetLeft, &format!("${left:.4}")), at: None });
        }
        Self { lines, bars: telling.known.limits.iter().map(|limit| Bar::of(limit, telling)).collect() }
    }
}

const fn why(pause: Pause) -> Word {
    match pause {
        Pause::Interval => Word::WaitsForInterval,
        Pause::RetryAfter => Word::WaitsAsAsked,
        Pause::SlowedDown => Word::WaitsSlowedDown,
        Pause::Budget => Word::WaitsForBudget,
    }
}

impl Bar {
    fn of(limit: &RateLimit, telling: &Telling<'_>) -> Self {
        let share = limit.remaining.zip(limit.limit).filter(|(_, limit)| *limit > 0).map(|(left, limit)| {
            #[expect(clippy::cast_precision_loss, reason = "a share that is drawn")]
            let share = left as f64 / limit as f64;
            share.min(1.0)
        });
        let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), grouped);
        let ahead = |reset: &SystemTime| *reset > telling.now;
        Self {
            dimension: limit.dimension,
            share: share.map(|share| format!("{:.1}", share * 100.0)),
            state: match share {
                Some(share) if share <= 0.0 => "down",
                Some(share) if share < LITTLE => "degraded",
                Some(_) | None => "ok",
            },
            words: format!("{} / {}", number(limit.remaining), number(limit.limit)),
            reset: limit.reset.map(|at| Moment::of(at, telling.now)),
            within: match limit.reset.filter(ahead) {
                Some(at) => telling.with(Word::Within, &between(telling.now, at)),
                None => telling.word(Word::ByNow).to_owned(),
            },
        }
    }
}

/// A number with a thin space between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, told) in
            [(0, "0"), (999, "999"), (1000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")]
        {
            assert_eq!(grouped(number), told);
        }
    }
}
