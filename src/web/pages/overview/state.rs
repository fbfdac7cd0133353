//! How a target does, in four words; how many do so; and which of them are shown.

use super::told::fill;
use crate::diagnosis::{Language, Verdict};
use crate::sinks::Known;
use crate::web::pages::Word;

/// How a target does, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Down,
    Degraded,
    Unknown,
    Ok,
}

impl State {
    pub(super) const ALL: [Self; 4] = [Self::Down, Self::Degraded, Self::Unknown, Self::Ok];

    pub(super) fn of(known: &Known) -> Self {
        match known.told.as_ref().map(|told| told.diagnosis.verdict) {
            None => Self::Unknown,
            Some(Verdict::Ok) => Self::Ok,
            Some(Verdict::Degraded(_)) => Self::Degraded,
            Some(Verdict::Down(_)) => Self::Down,
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
        }
    }

    pub(super) const fn word(self) -> Word {
        match self {
            Self::Down => Word::Down,
            Self::Degraded => Word::Degraded,
            Self::Unknown => Word::Unknown,
            Self::Ok => Word::Works,
        }
    }
}

/// How many targets do so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    pub(super) state: State,
    pub(super) targets: usize,
    /// Whether only those of it, and of others like it, are asked for.
    pub(super) asked: bool,
}

/// How all targets do in a line, by the worst of them; and the title of the page.
pub(super) fn headline(counts: &[Count], language: Language) -> (State, String, String) {
    let all: usize = counts.iter().map(|count| count.targets).sum();
    let worst = counts.iter().find(|count| count.targets > 0);
    let (state, n) = worst.map_or((State::Unknown, 0), |count| (count.state, count.targets));
    let (line, title) = match state {
        _ if all == 0 => (Word::NoTargets, None),
        State::Down => (Word::SomeDown, Some(Word::TitleDown)),
        State::Degraded => (Word::SomeDegraded, Some(Word::TitleDegraded)),
        State::Unknown => (Word::SomeUnknown, None),
        State::Ok => (Word::AllWork, None),
    };
    let (n, all) = (n.to_string(), all.to_string());
    let values = [("n", &*n), ("all", &*all)];
    let title = title.map(|word| format!("{} · ", fill(word, language, &values))).unwrap_or_default();
    (state, fill(line, language, &values), format!("{title}api-canary"))
}

/// Which targets are asked for.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// As it was typed.
    pub(super) typed: String,
    states: Vec<State>,
}

impl Filter {
    /// `q`: words that all have to be there; `state`: as often as wanted; all states where none is named.
    pub(super) fn of(query: &[(String, String)]) -> Self {
        let values = |wanted: &'static str| query.iter().filter(move |(name, _)| name == wanted);
        let states = values("state")
            .filter_map(|(_, value)| State::ALL.into_iter().find(|state| state.label() == value));
        Self {
            typed: values("q").next().map(|(_, value)| value.clone()).unwrap_or_default(),
            states: states.collect(),
        }
    }

    pub(super) fn asks_for(&self, state: State) -> bool {
        self.states.contains(&state)
    }

    /// Whether a target with this state and these texts is shown.
    pub(super) fn shows(&self, state: State, texts: &[&str]) -> bool {
        let text = texts.join(" ").to_lowercase();
        (self.states.is_empty() || self.asks_for(state))
            && self.typed.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &[(&str, &str)]) -> Filter {
        let pairs: Vec<_> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Filter::of(&pairs)
    }

    #[test]
    fn a_filter_wants_every_word_and_one_of_the_states() {
        let texts = ["claude-eu", "anthropic", "Down tls_reset"];
        for (query, shown) in [
            (&[][..], true),
            (&[("q", "")], true),
            (&[("q", "CLAUDE reset")], true),
            (&[("q", "claude openai")], false),
            (&[("state", "down")], true),
            (&[("state", "ok")], false),
            (&[("state", "ok"), ("state", "down"), ("q", "eu")], true),
            (&[("state", "nonsense")], true),
        ] {
            assert_eq!(filter(query).shows(State::Down, &texts), shown, "{query:?}");
        }
    }

    #[test]
    fn the_headline_is_about_the_worst() {
        let counts = |numbers: [usize; 4]| {
            let pairs = State::ALL.into_iter().zip(numbers);
            pairs.map(|(state, targets)| Count { state, targets, asked: false }).collect::<Vec<_>>()
        };
        for (numbers, line, title) in [
            ([2, 1, 0, 7], "2 of 10 targets down", "2 down · api-canary"),
            ([0, 1, 3, 0], "1 of 4 targets degraded", "1 degraded · api-canary"),
            ([0, 0, 1, 1], "1 of 2 targets not known yet", "api-canary"),
            ([0, 0, 0, 4], "All 4 targets work", "api-canary"),
            ([0, 0, 0, 0], "There are no targets.", "api-canary"),
        ] {
            let (_, said, titled) = headline(&counts(numbers), Language::English);
            assert_eq!((&*said, &*titled), (line, title));
        }
        assert_eq!(headline(&counts([1, 0, 0, 1]), Language::Chinese).1, "2 个目标中有 1 个故障");
    }
}
