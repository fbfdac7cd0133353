//! The top of the page: what is wrong, who must act, what to do, since when.

use super::moment::{Moment, between};
use super::prose::{self, Piece};
use super::telling::{LayerName, Telling, state};
use crate::diagnosis::{self, Verdict};
use crate::document::{all_works, texts};
use crate::status_page::{ComponentStatus, Indicator, PageStatus};
use crate::target::{Endpoint, Site};
use crate::web::pages::Word;

/// The top.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) provider: &'static str,
    pub(super) urls: Vec<String>,
    pub(super) state: &'static str,
    /// The same without colour.
    pub(super) mark: &'static str,
    /// The state in a word.
    pub(super) words: &'static str,
    pub(super) summary: String,
    pub(super) reason: Option<&'static str>,
    pub(super) layer: Option<LayerName>,
    /// The path on which the trouble was seen.
    pub(super) seen: Option<String>,
    pub(super) who: Option<&'static str>,
    pub(super) remedy: Vec<Vec<Piece>>,
    pub(super) since: Option<Moment>,
    /// How long that is.
    pub(super) lasted: String,
    /// When the last run was over.
    pub(super) last: Option<Moment>,
    pub(super) page: Option<Page>,
}

/// What the provider's status page says.
#[derive(Debug)]
pub(super) struct Page {
    /// From `0` to `4`, or `unknown`.
    pub(super) level: String,
    pub(super) words: String,
    pub(super) incidents: Vec<String>,
    pub(super) read: Option<Moment>,
}

impl Head {
    pub(super) fn of(telling: &Telling<'_>) -> Self {
        let known = telling.known;
        let told = known.told.as_deref();
        let diagnosis = told.map(|told| &told.diagnosis);
        let verdict = diagnosis.map(|diagnosis| diagnosis.verdict);
        let reason = verdict.and_then(Verdict::reason);
        let summary = match (verdict, reason) {
            (None, _) => telling.word(Word::NotRunYet).to_owned(),
            (Some(_), None) => all_works(&known.target, telling.language),
            (Some(_), Some(reason)) => telling.summary(reason).to_owned(),
        };
        let facts = diagnosis.map(|diagnosis| &diagnosis.facts);
        let remedy =
            reason.zip(facts).map(|(reason, facts)| diagnosis::remedy(reason, facts, telling.language));
        let seen = diagnosis.and_then(|diagnosis| diagnosis.seen.as_ref()).map(|seen| {
            let path = format!("{} · {}", seen.route, texts::family(seen.family, telling.language));
            if telling.has_choice() { format!("{path} · {}", seen.endpoint) } else { path }
        });
        Self {
            name: known.target.name.to_string(),
            provider: known.target.provider.name(),
            urls: known.target.sites.iter().map(|Site { endpoint, .. }| Endpoint::shown(endpoint)).collect(),
            state: state(verdict),
            mark: match verdict {
                None => "?",
                Some(Verdict::Ok) => "✓",
                Some(Verdict::Degraded(_)) => "!",
                Some(Verdict::Down(_)) => "✗",
            },
            words: telling.state(verdict),
            summary,
            reason: reason.map(crate::outcome::Reason::label),
            layer: diagnosis.and_then(|diagnosis| diagnosis.layer).map(|layer| telling.layer(layer)),
            seen,
            who: diagnosis
                .and_then(|diagnosis| diagnosis.blame)
                .map(|blame| diagnosis::blame(blame, telling.language)),
            remedy: prose::lines(&remedy.unwrap_or_default()),
            since: told.map(|told| Moment::of(told.at, telling.now)),
            lasted: told.map(|told| between(told.at, telling.now)).unwrap_or_default(),
            last: known.last.as_ref().map(|last| Moment::of(last.at, telling.now)),
            page: known.last.as_ref().and_then(|last| last.page.as_ref()).map(|page| Page::of(page, telling)),
        }
    }
}

impl Page {
    fn of(page: &PageStatus, telling: &Telling<'_>) -> Self {
        let words = match (&page.unknown, page.component, page.indicator) {
            (Some(why), ..) => telling.with(Word::PageUnknown, why),
            (None, Some(component), _) => telling.word(component_word(component)).to_owned(),
            (None, None, Some(indicator)) => telling.word(indicator_word(indicator)).to_owned(),
            (None, None, None) => telling.word(Word::PageNotRead).to_owned(),
        };
        Self {
            level: page.level().map_or_else(|| "unknown".to_owned(), |level| level.to_string()),
            words,
            incidents: page.incidents.clone(),
            read: page.read_at.map(|at| Moment::of(at, telling.now)),
        }
    }
}

const fn component_word(component: ComponentStatus) -> Word {
    match component {
        ComponentStatus::Operational => Word::PageOperational,
        ComponentStatus::UnderMaintenance => Word::PageMaintenance,
        ComponentStatus::DegradedPerformance => Word::PageDegraded,
        ComponentStatus::PartialOutage => Word::PagePartialOutage,
        ComponentStatus::MajorOutage => Word::PageMajorOutage,
    }
}

const fn indicator_word(indicator: Indicator) -> Word {
    match indicator {
        Indicator::None => Word::PageOperational,
        Indicator::Minor => Word::PageMinor,
        Indicator::Major => Word::PageMajor,
        Indicator::Critical => Word::PageCritical,
    }
}
