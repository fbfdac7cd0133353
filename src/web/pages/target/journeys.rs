//! The recent journeys, each as a waterfall, and the choice of which are shown.

use serde::Deserialize;

use super::moment::{Moment, took};
use super::routes::{self, Trouble};
use super::telling::Telling;
use super::waterfall::{self, Lane};
use crate::document::{JourneyPart, texts};
use crate::web::pages::Word;
use crate::web::pages::link::Query;

/// Journeys shown where nobody asks for more.
const FEW: usize = 20;

/// Journeys shown where somebody does.
const MANY: usize = 100;

/// The most that can be asked for.
const MOST: usize = 500;

/// The most that are looked through.
pub(super) const LOOKED_AT: usize = 2000;

/// What a request says of the journeys that it wants to see; what is not understood is as if it were not said.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::web) struct Wish {
    /// `failed`.
    only: Option<String>,
    /// `ROUTE/FAMILY`.
    path: Option<String>,
    /// How many.
    journeys: Option<String>,
    /// The language, which links keep.
    lang: Option<String>,
}

/// The journeys.
#[derive(Debug)]
pub(super) struct Journeys {
    /// All, or those that failed.
    pub(super) outcomes: Vec<Filter>,
    /// All, or those of a path.
    pub(super) paths: Vec<Filter>,
    pub(super) shown: Vec<Journey>,
    /// What is said where there is none.
    pub(super) nothing: &'static str,
    /// Where more of them are.
    pub(super) more: Option<String>,
}

/// A choice.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) words: String,
    pub(super) href: String,
    pub(super) current: bool,
}

/// One journey.
#[derive(Debug)]
pub(super) struct Journey {
    /// What it is known by, among all of the page.
    pub(super) key: String,
    pub(super) ok: bool,
    pub(super) at: Moment,
    pub(super) path: String,
    pub(super) endpoint: Option<String>,
    /// The status, or why it failed.
    pub(super) result: String,
    pub(super) took: String,
    pub(super) lanes: Vec<Lane>,
    pub(super) height: String,
    /// The middle of the axis, and its end.
    pub(super) half: String,
    pub(super) end: String,
    pub(super) trouble: Option<Trouble>,
    pub(super) again: Option<String>,
    /// That the canary itself was slow.
    pub(super) slow: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) findings: Vec<(&'static str, String)>,
}

impl Wish {
    fn only_failed(&self) -> bool {
        self.only.as_deref() == Some("failed")
    }

    fn count(&self) -> usize {
        self.journeys.as_deref().and_then(|text| text.parse().ok()).unwrap_or(FEW).clamp(1, MOST)
    }

    /// A link to the same page with another choice.
    fn href(&self, only: bool, path: Option<&str>, count: usize) -> String {
        let mut link = Query::default();
        if let Some(lang @ ("en" | "zh")) = self.lang.as_deref() {
            link.add("lang", lang);
        }
        if only {
            link.add("only", "failed");
        }
        if let Some(path) = path {
            link.add("path", path);
        }
        if count != FEW {
            link.add("journeys", &count.to_string());
        }
        format!("?{}#journeys", link.text)
    }
}

impl Journeys {
    pub(super) fn of(parts: &[JourneyPart], wish: &Wish, telling: &Telling<'_>) -> Self {
        let only = wish.only_failed();
        let count = wish.count();
        let mut paths: Vec<(String, String)> = Vec::new();
        for part in parts {
            let name = path(part);
            if !paths.iter().any(|(known, _)| *known == name) {
                paths.push((name, spoken(part, telling)));
            }
        }
        paths.sort();
        let wanted = wish.path.as_deref().filter(|wanted| paths.iter().any(|(known, _)| known == wanted));
        let of_path = |part: &&JourneyPart| wanted.is_none_or(|wanted| path(part) == wanted);
        let failed = parts.iter().filter(of_path).filter(|part| !part.ok).count();
        let all = parts.iter().filter(of_path).count();
        let matching = if only { failed } else { all };
        let shown = parts.iter().filter(of_path).filter(|part| !(only && part.ok)).take(count);
        let filter = |words: String, href, current| Filter { words, href, current };
        let outcomes = vec![
            filter(
                format!("{} ({all})", telling.word(Word::AllJourneys)),
                wish.href(false, wanted, count),
                !only,
            ),
            filter(
                format!("{} ({failed})", telling.word(Word::OnlyFailed)),
                wish.href(true, wanted, count),
                only,
            ),
        ];
        let every =
            filter(telling.word(Word::AllPaths).to_owned(), wish.href(only, None, count), wanted.is_none());
        let of_each = paths.iter().map(|(name, words)| {
            filter(words.clone(), wish.href(only, Some(name), count), wanted == Some(name))
        });
        let more = if count < MANY { MANY } else { MOST };
        Self {
            outcomes,
            paths: std::iter::once(every).chain(of_each).collect(),
            shown: shown.map(|part| Journey::of(part, telling)).collect(),
            nothing: telling.word(if only { Word::NoneFailed } else { Word::NothingYet }),
            more: (matching > count && count < MOST).then(|| wish.href(only, wanted, more)),
        }
    }
}

/// A path as it is named in links.
fn path(part: &JourneyPart) -> String {
    format!("{}/{}", part.route, part.family.0.label())
}

/// A path as it is named for people.
fn spoken(part: &JourneyPart, telling: &Telling<'_>) -> String {
    format!("{} · {}", part.route, texts::family(part.family.0, telling.language))
}

impl Journey {
    fn of(part: &JourneyPart, telling: &Telling<'_>) -> Self {
        let (lanes, whole) = waterfall::lanes(part, telling);
        let status = part.status.map(|status| status.to_string());
        let reason = part.reason.map(|reason| reason.0.label().to_owned());
        Self {
            key: format!("{} {} {}", part.started, path(part), part.endpoint),
            ok: part.ok,
            at: Moment::read(&part.started, telling.now),
            path: spoken(part, telling),
            endpoint: telling.has_choice().then(|| part.endpoint.clone()),
            result: reason.filter(|_| !part.ok).or(status).unwrap_or_default(),
            took: took(part.seconds),
            height: waterfall::height(lanes.len()),
            lanes,
            half: took(whole / 2.0),
            end: took(whole),
            trouble: routes::trouble(part, telling),
            again: routes::again(part, telling),
            slow: part.canary_slow.then(|| texts::canary_slow(part.late_seconds, telling.language)),
            request_id: part.request_id.clone(),
            findings: part
                .findings
                .iter()
                .map(|finding| (finding.reason.0.label(), finding.detail.clone()))
                .collect(),
        }
    }
}
