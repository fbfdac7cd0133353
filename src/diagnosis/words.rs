//! The one catalogue of texts: every text in every language.
//!
//! Promises: a text that lacks a language does not compile; a placeholder that is unknown, or that a translation leaves
//! out, fails a test; what a stranger said (an issuer, a request id) never stands inside a command.

mod account;
mod actors;
mod answer;
mod certificate;
mod dns;
mod experiments;
mod fill;
mod http;
mod page;
mod proxy;
mod reasons;
mod story;
mod tcp;
mod tls_handshake;

use std::fmt;
use std::str::FromStr;

pub use actors::{blame, layer};
pub use experiments::{experiment, tells};
pub use page::reasons_markdown;
pub use reasons::{reason, remedy, summary};
pub use story::Phrase;

/// A language to tell a diagnosis in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// `en`.
    #[default]
    English,
    /// `zh`: Chinese in simplified characters.
    Chinese,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Its code: `en`, `zh`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// The language of a locale such as `zh_CN.UTF-8`; English where there is no other.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("zh") { Self::Chinese } else { Self::English }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|language| language.code() == code);
        known.ok_or_else(|| format!("there are no texts in {code:?}: use en or zh"))
    }
}

/// One text in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// In English.
    pub en: &'static str,
    /// In Chinese.
    pub zh: &'static str,
}

impl Text {
    /// The text in a language.
    #[must_use]
    pub const fn told(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Chinese => self.zh,
        }
    }
}

/// What is to be said of one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReasonWords {
    /// What it is, in Chinese; in English it stands in the catalogue of reasons.
    pub summary_zh: &'static str,
    /// What people see.
    pub symptoms: Text,
    /// How it is known, and what it is told apart from.
    pub tell: Text,
    /// What to do, with placeholders for [`Facts`](super::Facts).
    pub remedy: Text,
}

const fn text(en: &'static str, zh: &'static str) -> Text {
    Text { en, zh }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_chooses_its_language() {
        for (locale, language) in [
            ("zh_CN.UTF-8", Language::Chinese),
            ("zh", Language::Chinese),
            ("en_US.UTF-8", Language::English),
            ("C", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
        assert_eq!("zh".parse(), Ok(Language::Chinese));
        assert!("fr".parse::<Language>().is_err());
    }
}
