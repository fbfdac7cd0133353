//! What a diagnosis says beside its verdict: data, so that it can be told in every language.

use super::Language;

/// One line of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// In the words of the journey that failed.
    Detail(String),
}

impl Say {
    /// The line in a language.
    #[must_use]
    pub fn tell(&self, _language: Language) -> String {
        match self {
            Self::Detail(words) => words.clone(),
        }
    }
}
