//! Texts of a card: filled templates, commands within prose, and moments.

use std::time::{Duration, SystemTime};

use crate::clock;
use crate::diagnosis::Language;
use crate::units::{PromDuration, roughly};
use crate::web::pages::Word;

/// A word's text with values in the places of `{name}`; a value is not filled again.
pub(in crate::web::pages) fn fill(word: Word, language: Language, values: &[(&str, &str)]) -> String {
    let mut rest = word.told(language);
    let mut out = String::with_capacity(rest.len() + 32);
    while let Some((before, behind)) = rest.split_once('{') {
        out.push_str(before);
        let filled = behind.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((*value, after))
        });
        let Some((value, after)) = filled else {
            out.push('{');
            rest = behind;
            continue;
        };
        out.push_str(value);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A piece of a text: prose, or a command as it is typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) is_code: bool,
}

/// The paragraphs of a text in which commands stand between backticks.
pub(super) fn paragraphs(text: &str) -> Vec<Vec<Piece>> {
    let line = |line: &str| {
        let pieces = line.split('`').enumerate().filter(|(_, text)| !text.is_empty());
        pieces.map(|(at, text)| Piece { text: text.to_owned(), is_code: at % 2 == 1 }).collect()
    };
    text.lines().filter(|text| !text.trim().is_empty()).map(line).collect()
}

/// A moment, for programs and for people.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) exact: String,
    pub(super) shown: String,
}

impl Moment {
    pub(super) fn of(at: SystemTime) -> Self {
        let exact = clock::rfc3339(at);
        let minutes = exact.get(..16).map_or_else(|| exact.clone(), |to| to.replace('T', " "));
        Self { shown: format!("{minutes} UTC"), exact }
    }
}

/// A duration in whole minutes, or seconds below one.
pub(super) fn span(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    let rounded = if seconds < 60.0 { seconds.round().max(1.0) } else { (seconds / 60.0).round() * 60.0 };
    roughly(Duration::try_from_secs_f64(rounded).unwrap_or(length)).to_string()
}

/// A duration in whole seconds.
pub(super) fn seconds(length: Duration) -> PromDuration {
    roughly(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_filled_again() {
        let values = [("name", "{verdict} {"), ("verdict", "<b>")];
        assert_eq!(fill(Word::Became, Language::English, &values), "{verdict} {: <b>");
        assert_eq!(fill(Word::Became, Language::English, &[]), "{name}: {verdict}");
    }

    #[test]
    fn commands_stand_apart_from_prose() {
        let piece = |text: &str, is_code| Piece { text: text.to_owned(), is_code };
        assert_eq!(
            paragraphs("Try `curl -v`.\n\nThen `x"),
            [
                vec![piece("Try ", false), piece("curl -v", true), piece(".", false)],
                vec![piece("Then ", false), piece("x", true)]
            ]
        );
        assert!(paragraphs("").is_empty());
    }

    #[test]
    fn spans_are_as_exact_as_one_says_them() {
        for (seconds, told) in
            [(0.2, "1s"), (59.0, "59s"), (61.0, "1m"), (21_600.0, "6h"), (21_700.0, "6h2m")]
        {
            assert_eq!(span(Duration::from_secs_f64(seconds)), told);
        }
    }
}
