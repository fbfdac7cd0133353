//! What was told of the target, the newest first.

use super::moment::{Moment, between};
use super::telling::{LayerName, Telling, state};
use crate::diagnosis::Verdict;
use crate::history;
use crate::outcome::Reason;
use crate::web::pages::Word;

/// What was told from some time on.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) state: &'static str,
    pub(super) at: Moment,
    pub(super) words: &'static str,
    pub(super) layer: Option<LayerName>,
    pub(super) reason: Option<&'static str>,
    pub(super) summary: &'static str,
    /// For how long it was told.
    pub(super) lasted: String,
}

/// The turns, the newest first.
pub(super) fn of(turns: &[history::Turn], telling: &Telling<'_>) -> Vec<Turn> {
    let mut turns = turns.to_vec();
    // Who must act may become clearer while the same is told.
    turns.dedup_by_key(|turn| (turn.verdict, turn.layer));
    let ends = turns.iter().skip(1).map(|next| Some(next.at)).chain([None]);
    let turn = |(turn, end): (&history::Turn, Option<std::time::SystemTime>)| {
        let reason = turn.verdict.reason();
        let lasted = between(turn.at, end.unwrap_or(telling.now));
        Turn {
            state: state(Some(turn.verdict)),
            at: Moment::of(turn.at, telling.now),
            words: telling.state(Some(turn.verdict)),
            layer: turn.layer.filter(|_| turn.verdict != Verdict::Ok).map(|layer| telling.layer(layer)),
            reason: reason.map(Reason::label),
            summary: reason.map_or("", |reason| telling.summary(reason)),
            lasted: match end {
                Some(_) => telling.with(Word::Lasted, &lasted),
                None => telling.with(Word::LastsSince, &lasted),
            },
        }
    };
    let mut told: Vec<Turn> = turns.iter().zip(ends).map(turn).collect();
    told.reverse();
    told
}
