//! What is known of a target as what was found by a diagnosis, so that it is told in the same words, and reported alike.

use crate::diagnosis::Language;
use crate::document::{Document, Investigated};
use crate::outcome::Run;
use crate::sinks::Known;
use crate::surroundings::Surroundings;

/// The document of what is known; `None` before the first run is over.
pub(super) fn document(known: &Known, surroundings: &Surroundings, language: Language) -> Option<Document> {
    let (last, told) = known.last.as_ref().zip(known.told.as_ref())?;
    // The last journey of every path, of which the diagnosis was made too.
    let outcomes = last.outcomes.clone();
    let run = Run { lookups: last.run.lookups.clone(), outcomes, ..Run::of(last.run.target.clone()) };
    let investigated = Investigated {
        target: known.target.clone(),
        run,
        follow_ups: known.follow_ups.to_vec(),
        diagnosis: told.diagnosis.clone(),
    };
    Some(Document::of(&[investigated], surroundings, language))
}
