//! `/`: every target, the worst first; and `/cards`: some of them, for a page that is there already.
//!
//! Promises: the page is whole without a script, and so is its search; it is made beside the async workers, since there may
//! be hundreds of targets.

mod card;
mod facts;
mod ladder;
mod past;
mod state;
mod told;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Frame, Word, page};
use crate::clock;
use crate::web::events::Mark;
use crate::web::{WebState, render};
use card::Card;
use state::{Count, Filter, State};
use told::Moment;
pub(super) use told::fill;

/// Cards that one request may ask for.
const MOST_CARDS: usize = 50;

/// Targets up to which the page holds all that is known of those that work too; of more it is asked for when it is opened.
const MOST_WHOLE: usize = 60;

/// The page.
#[derive(Debug, Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    cards: Vec<Card>,
    counts: Vec<Count>,
    worst: State,
    headline: String,
    title: String,
    /// What was searched for.
    typed: String,
    now: Moment,
    /// From where on the page is to be kept up to date.
    mark: Mark,
    /// Whether those that work are in brief.
    brief: bool,
    /// Which part of the targets it is, where it is not all of them.
    shard: Option<String>,
}

/// Some of the cards.
#[derive(Debug, Template)]
#[template(path = "overview/cards.html")]
struct Cards {
    frame: Frame,
    cards: Vec<Card>,
}

type Pairs = Query<Vec<(String, String)>>;

pub(in crate::web) async fn overview(
    Shared(state): Shared<Arc<WebState>>,
    Query(query): Pairs,
    headers: HeaderMap,
) -> Response {
    let frame = Frame::of(&query, &headers, "");
    let filter = Filter::of(&query);
    render::page(&state, move |state| page(&Overview::of(state, &filter, frame))).await
}

pub(in crate::web) async fn cards(
    Shared(state): Shared<Arc<WebState>>,
    Query(query): Pairs,
    headers: HeaderMap,
) -> Response {
    let frame = Frame::of(&query, &headers, "");
    let asked = |key: &'static str| {
        let values = query.iter().filter(move |(known, _)| known == key);
        values.flat_map(|(_, value)| value.split(',')).filter(|name| !name.is_empty())
    };
    let whole = asked("names").map(|name| (name.to_owned(), false));
    let names: Vec<(String, bool)> =
        whole.chain(asked("brief").map(|name| (name.to_owned(), true))).collect();
    if names.is_empty() || names.len() > MOST_CARDS {
        let words = format!("Ask for 1 to {MOST_CARDS} targets: /cards?names=a,b\n");
        return (StatusCode::BAD_REQUEST, words).into_response();
    }
    render::page(&state, move |state| {
        let now = clock::wall();
        let language = frame.language;
        let card = |(name, brief): &(String, bool)| {
            let known = state.knowledge.of(name)?;
            Some(Card { brief: *brief, ..Card::of(&known, &state.history, now, language) })
        };
        let cards = names.iter().filter_map(card).collect();
        page(&Cards { frame, cards })
    })
    .await
}

impl Overview {
    fn of(state: &WebState, filter: &Filter, frame: Frame) -> Self {
        let language = frame.language;
        let now = clock::wall();
        let revision = *state.knowledge.revisions().borrow();
        let all = state.knowledge.all();
        let brief = all.len() > MOST_WHOLE;
        let card = |known| {
            let card = Card::of(known, &state.history, now, language);
            Card { hidden: !filter.shows(card.state, &card.texts()), brief, ..card }
        };
        let mut cards: Vec<Card> = all.iter().map(card).collect();
        // They are in the order of their names.
        cards.sort_by_key(|card| card.state);
        let counts: Vec<Count> = State::ALL
            .into_iter()
            .map(|state| Count {
                state,
                targets: cards.iter().filter(|card| card.state == state).count(),
                asked: filter.asks_for(state),
            })
            .collect();
        let (worst, headline, title) = state::headline(&counts, language);
        Self {
            frame,
            cards,
            counts,
            worst,
            headline,
            title,
            typed: filter.typed.clone(),
            now: Moment::of(now),
            mark: Mark::of(state, revision),
            brief,
            shard: state.shards.shard().map(|shard| {
                let [index, count] = [shard.index(), shard.count()].map(|number| number.to_string());
                fill(Word::ThisShard, language, &[("index", &*index), ("count", &*count)])
            }),
        }
    }

    fn as_of(&self) -> String {
        fill(Word::AsOf, self.frame.language, &[("at", &self.now.shown)])
    }

    /// Whether there are targets, none of which is asked for.
    fn found_nothing(&self) -> bool {
        self.cards.iter().all(|card| card.hidden)
    }
}

#[cfg(test)]
mod tests;
