//! What every section of the page is told from.

use std::time::SystemTime;

use crate::diagnosis::{self, Language, Phrase, Verdict};
use crate::document::texts;
use crate::outcome::{Layer, Outcome, PathId, Reason};
use crate::sinks::Known;
use crate::web::pages::Word;

/// A layer: its label, which stays, and its name.
pub(super) type LayerName = (&'static str, &'static str);

/// One target at one moment, in one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling<'a> {
    pub(super) known: &'a Known,
    pub(super) language: Language,
    pub(super) now: SystemTime,
}

impl Telling<'_> {
    pub(super) fn word(&self, word: Word) -> &'static str {
        word.told(self.language)
    }

    pub(super) fn phrase(&self, phrase: Phrase) -> &'static str {
        phrase.told(self.language)
    }

    /// A word with a value in the place of its `{}`.
    pub(super) fn with(&self, word: Word, value: &str) -> String {
        self.word(word).replacen("{}", value, 1)
    }

    pub(super) fn layer(&self, layer: Layer) -> LayerName {
        (layer.label(), diagnosis::layer(layer, self.language))
    }

    pub(super) fn summary(&self, reason: Reason) -> &'static str {
        diagnosis::summary(reason, self.language)
    }

    /// A path by its route and family.
    pub(super) fn path(&self, path: &PathId) -> String {
        format!("{} · {}", path.route, texts::family(path.family, self.language))
    }

    /// Whether there is more than one endpoint, so that each has to be named.
    pub(super) fn has_choice(&self) -> bool {
        self.known.target.sites.len() > 1
    }

    /// The last journey of every path.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.known.last.iter().flat_map(|last| last.outcomes.iter().map(|outcome| &**outcome))
    }

    /// How a verdict is called.
    pub(super) fn state(&self, verdict: Option<Verdict>) -> &'static str {
        match verdict {
            None => self.word(Word::StateUnknown),
            Some(Verdict::Ok) => self.phrase(Phrase::StateOk),
            Some(Verdict::Degraded(_)) => self.phrase(Phrase::StateDegraded),
            Some(Verdict::Down(_)) => self.phrase(Phrase::StateDown),
        }
    }
}

/// The state of a verdict, as the page's styles know it.
pub(super) fn state(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        None => "unknown",
        Some(Verdict::Ok) => "ok",
        Some(Verdict::Degraded(_)) => "degraded",
        Some(Verdict::Down(_)) => "down",
    }
}
