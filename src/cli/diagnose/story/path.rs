//! The paths of a target, layer by layer.

use std::time::Duration;

use super::page::{Look, Page, padded, right};
use super::wrap::columns;
use crate::diagnosis::{self, Language, Phrase};
use crate::document::texts;
use crate::document::{LayerPart, LayerState, PathPart, TargetPart, time};
use crate::outcome::Layer;

/// Columns of a time.
const TIME: usize = 6;

/// Tells the paths.
pub(super) fn tell(page: &mut Page, target: &TargetPart, language: Language) {
    if target.paths.is_empty() {
        page.heading(0, Phrase::NoPath.told(language));
    }
    let several = target.paths.iter().any(|path| path.endpoint != target.url);
    let widest =
        Layer::ALL.map(|layer| columns(diagnosis::layer(layer, language))).into_iter().max().unwrap_or(0);
    for path in &target.paths {
        let family = texts::family(path.family.0, language);
        let mut values = vec![("route", &*path.route), ("family", family)];
        let heading = if several {
            values.push(("endpoint", &path.endpoint));
            Phrase::RouteTo
        } else {
            Phrase::Route
        };
        page.heading(0, &heading.fill(language, &values));
        for part in path.layers.iter().filter(|part| is_told(part)) {
            layer(page, part, widest, language);
        }
        not_reached(page, path, widest, language);
        if let Some(attempt) = path.succeeded_in_attempt {
            let attempt = attempt.to_string();
            page.text(4, &Phrase::WorkedAgain.fill(language, &[("attempt", &attempt)]), Look::Plain);
        }
        if path.canary_slow {
            page.text(4, &texts::canary_slow(path.late_seconds, language), Look::Plain);
        }
    }
}

/// Whether a layer has a line of its own. Of those that a path does not have, only TLS is missed: without it the URL is `http`.
fn is_told(part: &LayerPart) -> bool {
    match part.state {
        LayerState::Passed | LayerState::Failed => true,
        LayerState::NotReached => false,
        LayerState::NotPlanned => part.layer.0 == Layer::Tls,
    }
}

/// What lies beyond the failure, in one line.
fn not_reached(page: &mut Page, path: &PathPart, widest: usize, language: Language) {
    let beyond = path.layers.iter().filter(|part| part.state == LayerState::NotReached);
    let names: Vec<&str> = beyond.map(|part| diagnosis::layer(part.layer.0, language)).collect();
    if !names.is_empty() {
        let names = padded(&names.join(texts::comma(language)), widest + TIME + 2);
        let words = Phrase::NotReached.told(language);
        page.hang(2, &[("· ", Look::Dim), (&format!("{names} "), Look::Dim)], words, Look::Dim);
    }
}

fn layer(page: &mut Page, part: &LayerPart, widest: usize, language: Language) {
    let (mark, look) = match part.state {
        LayerState::Passed => ("✓ ", Look::Good),
        LayerState::Failed => ("✗ ", Look::Bad),
        LayerState::NotReached | LayerState::NotPlanned => ("· ", Look::Dim),
    };
    let text_look = if look == Look::Dim { Look::Dim } else { Look::Plain };
    let name = padded(diagnosis::layer(part.layer.0, language), widest + 1);
    let took = part.seconds.map_or_else(String::new, |seconds| time(Duration::from_secs_f64(seconds)));
    let took = format!("{}  ", right(&took, TIME));
    let detail = part.detail.as_deref().unwrap_or_default();
    let words = match (part.state, part.reason) {
        (LayerState::NotReached, _) => Phrase::NotReached.told(language).to_owned(),
        (LayerState::NotPlanned, _) => Phrase::NotPlanned.told(language).to_owned(),
        (_, Some(reason)) => format!("{}: {detail}", reason.0.label()),
        (_, None) => detail.to_owned(),
    };
    page.hang(2, &[(mark, look), (&name, text_look), (&took, text_look)], &words, text_look);
}
