//! Which language a page is told in: the one asked for by `?lang=`, else the browser's.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use serde::Deserialize;

use crate::diagnosis::Language;

/// What a request says of languages.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Asked {
    /// `en` or `zh`; anything else is as if nothing was said.
    lang: Option<String>,
}

impl Asked {
    /// What the pairs of a query say.
    pub(in crate::web) fn of(query: &[(String, String)]) -> Self {
        let lang = query.iter().find(|(name, _)| name == "lang").map(|(_, value)| value.clone());
        Self { lang }
    }

    /// What has links lead to pages in the language that was asked for, rather than in the browser's.
    pub(in crate::web) fn link(&self) -> &'static str {
        match self.lang.as_deref().and_then(|code| code.parse().ok()) {
            None => "",
            Some(Language::English) => "?lang=en",
            Some(Language::Chinese) => "?lang=zh",
        }
    }

    /// The language to answer in.
    pub(in crate::web) fn language(&self, headers: &HeaderMap) -> Language {
        let asked = self.lang.as_deref().and_then(|code| code.parse().ok());
        asked.unwrap_or_else(|| {
            let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            preferred(accepted.unwrap_or_default())
        })
    }
}

/// The language that a browser wants most of those there are (RFC 9110, section 12.5.4).
fn preferred(accepted: &str) -> Language {
    let mut best = (0.0, Language::English);
    for range in accepted.split(',') {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters.trim().strip_prefix("q=").and_then(|text| text.trim().parse::<f64>().ok());
        let weight = weight.unwrap_or(1.0);
        let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        if let Ok(language) = primary.parse::<Language>()
            && weight > best.0
        {
            best = (weight, language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_wanted_most_is_told() {
        for (accepted, expected) in [
            ("", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB,en;q=0.9,zh;q=0.8", Language::English),
            ("fr, zh-Hant;q=0.5", Language::Chinese),
            ("zh;q=0, en;q=0.1", Language::English),
            ("fr", Language::English),
        ] {
            assert_eq!(preferred(accepted), expected, "{accepted}");
        }
        let asked = Asked { lang: Some("zh".to_owned()) };
        assert_eq!(asked.language(&HeaderMap::new()), Language::Chinese);
        let asked = Asked { lang: Some("xx".to_owned()) };
        assert_eq!(asked.language(&HeaderMap::new()), Language::English);
    }
}
