//! JSON for the reader of YAML, which is nearly the same.
//!
//! Promises: what is not JSON is refused with its place; what is passed on reads as the same values, each at the line it
//! had, and at its column but behind a character that was written as two escapes.

use std::borrow::Cow;

use regex::{Captures, Regex};
use serde::de::IgnoredAny;

use super::problem::{Checked, Place, Position, Report};

/// A JSON list as YAML; one of more items than `most` is refused before anything is made of it.
pub(super) fn as_yaml<'a>(text: &'a str, most: usize, report: &Report) -> Checked<Cow<'a, str>> {
    let at = |line: usize, column: usize| Place {
        position: Position { line: line.max(1), column: column.max(1) },
        path: String::new(),
        from_env: None,
    };
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let place = at(error.line(), error.column());
        let words = error.to_string();
        let words = words.split_once(" at line ").map_or(words.as_str(), |(words, _)| words);
        return Err(report.add(&place, format!("not JSON: {words}")));
    }
    if let Ok(items) = serde_json::from_str::<Vec<IgnoredAny>>(text)
        && items.len() > most
    {
        return Err(too_many(items.len(), most, &at(1, 1), report));
    }
    // A tab between values is fine in JSON and not in YAML; inside of a text JSON has none.
    let mut yaml = Cow::Borrowed(text);
    if yaml.contains('\t') {
        yaml = Cow::Owned(yaml.replace('\t', " "));
    }
    // Beyond the first 65536 characters JSON has two escapes, YAML one.
    const PAIR: &str = r"(?i)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})";
    if yaml.contains("\\u")
        && let Ok(pair) = Regex::new(PAIR)
    {
        yaml = Cow::Owned(pair.replace_all(&yaml, one_escape).into_owned());
    }
    Ok(yaml)
}

/// That a list is too long.
pub(super) fn too_many(
    count: usize,
    most: usize,
    place: &Place,
    report: &Report,
) -> super::problem::Reported {
    let message = format!("{count} targets or groups, more than the {most} that are accepted");
    report.add_with_help(place, message, "set `max_targets` of the source higher if that is meant")
}

fn one_escape(pair: &Captures<'_>) -> String {
    let half = |index: usize| u16::from_str_radix(pair.get(index).map_or("", |half| half.as_str()), 16);
    let character = match (half(1), half(2)) {
        (Ok(high), Ok(low)) => char::decode_utf16([high, low]).next().and_then(Result::ok),
        _ => None,
    };
    // A pair always is a character; nothing would be as good as the two that say nothing.
    character.map_or_else(String::new, |character| format!("\\U{:08x}", u32::from(character)))
}
