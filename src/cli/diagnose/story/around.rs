//! What is around the program.

use super::page::{Look, Page, padded};
use super::wrap::columns;
use crate::diagnosis::{Language, Phrase};
use crate::document::{Environment, rows, target_lines};

/// Tells the environment that all targets share.
pub(super) fn tell(page: &mut Page, environment: &Environment, language: Language) {
    let rows = rows(environment, language);
    page.text(0, Phrase::Environment.told(language), Look::Heading);
    let widest = rows.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    for (name, lines) in rows {
        for (index, line) in lines.iter().enumerate() {
            let name = padded(if index == 0 { name } else { "" }, widest + 2);
            page.hang(2, &[(&name, Look::Dim)], line, Look::Plain);
        }
    }
}

/// Tells what of it is so for one target only.
pub(super) fn of_target(page: &mut Page, environment: &Environment, language: Language) {
    for line in target_lines(environment, language) {
        page.text(0, &line, Look::Plain);
    }
}
