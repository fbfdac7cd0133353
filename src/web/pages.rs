//! The pages people look at: rendered here, whole without JavaScript, kept up to date with it.
//!
//! Promises: nothing is loaded from elsewhere, nothing runs but our own script, and no other page may frame ours; what peers,
//! configs and names hold is text wherever it appears, since every value in a template is escaped; every text is there in
//! every language.

mod assets;
mod language;
mod link;
mod overview;
mod target;
mod words;

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

pub(super) use assets::{asset, icon};
pub(super) use language::Asked;
use link::Query;
pub(super) use overview::{cards, overview};
pub use target::Around;
pub(super) use target::{report, target};
use words::Word;

use crate::diagnosis::Language;
use crate::metrics::{REVISION, VERSION};

/// Only what is ours may be loaded, run, and asked for by the script; forms lead nowhere else either.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the frame of every page needs.
#[derive(Debug)]
struct Frame {
    language: Language,
    /// From the page to `/`, as a relative path, so that pages work behind a prefix too: empty, or `../`.
    root: &'static str,
    /// The language asked for, to be kept by links and forms; empty where that is the browser's.
    link: &'static str,
    /// The same page in the other language.
    other: String,
}

impl Frame {
    /// The frame of a page that is so far from `/` and was asked for by this query.
    fn of(query: &[(String, String)], headers: &HeaderMap, root: &'static str) -> Self {
        let asked = Asked::of(query);
        let language = asked.language(headers);
        let mut other = Query::default();
        other.add("lang", Self::opposite(language).code());
        for (name, value) in query.iter().filter(|(name, _)| name != "lang") {
            other.add(name, value);
        }
        Self { language, root, link: asked.link(), other: format!("?{}", other.text) }
    }

    fn opposite(language: Language) -> Language {
        match language {
            Language::English => Language::Chinese,
            Language::Chinese => Language::English,
        }
    }

    /// The code of the other language.
    fn other_code(&self) -> &'static str {
        Self::opposite(self.language).code()
    }

    /// A word in the page's language.
    fn word(&self, word: Word) -> &'static str {
        word.told(self.language)
    }

    fn version(&self) -> &'static str {
        VERSION
    }

    fn revision(&self) -> &'static str {
        REVISION
    }
}

/// The headers of every answer that a browser shows.
fn guarded(content_type: &'static str) -> [(HeaderName, &'static str); 7] {
    [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept-language"),
    ]
}

/// A page, rendered.
fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(body) => (guarded("text/html; charset=utf-8"), body).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be rendered\n").into_response()
        }
    }
}
