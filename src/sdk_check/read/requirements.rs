//! Python requirements, one a line, and the form in which they stand elsewhere (PEP 508).

use super::numbered;
use crate::sdk_check::Ecosystem;
use crate::sdk_check::dependency::{Dependencies, Said};
use crate::sdk_check::requirement::Requirement;

pub(super) fn read(text: &str, found: &mut Dependencies<'_>) {
    // A line that ends in a backslash goes on in the next one.
    let mut open: Option<(usize, String)> = None;
    for (number, line) in numbered(text) {
        let line = line.trim_end();
        let (start, mut whole) = open.take().unwrap_or((number, String::new()));
        match line.strip_suffix('\\') {
            Some(part) => {
                whole.push_str(part);
                open = Some((start, whole));
            }
            None => {
                whole.push_str(line);
                one(&whole, Some(start), found);
            }
        }
    }
    if let Some((start, whole)) = open {
        one(&whole, Some(start), found);
    }
}

/// Reads `name[extras] specifiers ; markers`, or the same with a URL behind `@`.
pub(super) fn one(text: &str, line: Option<usize>, found: &mut Dependencies<'_>) {
    let text = text.split_once(" #").map_or(text, |(before, _)| before).trim();
    if text.starts_with(['#', '-']) {
        return;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = text.find(|c| !plain(c)).unwrap_or(text.len());
    let Some((name, rest)) = text.split_at_checked(end) else { return };
    found.add(name, line, || specifiers(rest).into());
}

fn specifiers(text: &str) -> Option<Requirement> {
    let text = text.trim_start();
    let text = match text.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => text,
    };
    let text = text.split(';').next()?;
    // Options of pip behind the specifiers, such as hashes.
    let text = text.split(" --").next()?.trim();
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    Requirement::comparators(Ecosystem::Pypi, text)
}

/// What Poetry and Pipenv write as the value of a name.
pub(super) fn version(text: &str) -> Said {
    Requirement::comparators(Ecosystem::Pypi, text).into()
}
