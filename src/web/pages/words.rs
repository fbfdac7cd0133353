//! The words of the pages that are not in the catalogue of reasons.
//!
//! Promises: a word that lacks a language does not compile.

use crate::diagnosis::{Language, Text};

macro_rules! words {
    ($($variant:ident, $en:literal, $zh:literal;)*) => {
        /// One word or phrase.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::web) enum Word {
            $($variant,)*
        }

        impl Word {
            const fn text(self) -> Text {
                match self { $(Self::$variant => Text { en: $en, zh: $zh },)* }
            }
        }
    };
}

impl Word {
    /// The word in a language.
    pub(in crate::web) const fn told(self, language: Language) -> &'static str {
        self.text().told(language)
    }
}

words! {
    // The frame of every page.
    SkipToContent, "Skip to content", "跳到正文";
    Targets, "Targets", "目标";
    Reasons, "Reasons", "原因";
    Alerts, "Alerts", "告警";
    Metrics, "Metrics", "指标";
    OtherLanguage, "中文", "English";
}
