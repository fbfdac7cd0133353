//! `summary.json` as Statuspage writes it, and incident.io's pages in the same form.
//!
//! Promises: a pure function of the body; words it does not know are absent, not guessed; what is kept of incidents is
//! bounded in number and length.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Incidents kept of a page.
const INCIDENTS: usize = 5;

/// Characters kept of an incident's name.
const NAME: usize = 120;

/// The state of the whole page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indicator {
    /// Nothing is wrong.
    None,
    /// Something minor is.
    Minor,
    /// Something major is.
    Major,
    /// Everything is.
    Critical,
}

/// The state of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComponentStatus {
    /// It works.
    Operational,
    /// It is being worked on, as announced.
    UnderMaintenance,
    /// It is slow or flawed.
    DegradedPerformance,
    /// A part of it is down.
    PartialOutage,
    /// It is down.
    MajorOutage,
}

/// What a page says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// The state of the whole page; absent where it is in no word we know.
    pub indicator: Option<Indicator>,
    /// The state of each component by its id; without those in no word we know.
    pub components: BTreeMap<Box<str>, ComponentStatus>,
    /// The names of the incidents that are not resolved: the first few, of one line each.
    pub incidents: Vec<String>,
}

/// Why a body says nothing. The body is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SummaryError {
    /// It is a page for people: a challenge, a portal, an error.
    #[error("a page of HTML instead of JSON")]
    Html,
    /// It is not JSON.
    #[error("not JSON, at line {line} column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column.
        column: usize,
    },
    /// It is JSON of another form.
    #[error("JSON, but not the summary of a status page")]
    NotASummary,
}

#[derive(Deserialize)]
struct RawSummary {
    status: RawStatus,
    components: Option<Vec<RawComponent>>,
    incidents: Option<Vec<RawIncident>>,
}

#[derive(Deserialize)]
struct RawStatus {
    indicator: String,
}

#[derive(Deserialize)]
struct RawComponent {
    id: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct RawIncident {
    name: Option<String>,
    status: Option<String>,
}

// === impl Indicator ===

impl Indicator {
    fn of(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "minor" => Some(Self::Minor),
            "major" => Some(Self::Major),
            "critical" => Some(Self::Critical),
            _ => None,
        }
    }

    /// The page's own word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// How bad it is, from 0 to 4, on the scale of [`ComponentStatus::level`].
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Minor => 2,
            Self::Major => 3,
            Self::Critical => 4,
        }
    }
}

// === impl ComponentStatus ===

impl ComponentStatus {
    fn of(word: &str) -> Option<Self> {
        match word {
            "operational" => Some(Self::Operational),
            "under_maintenance" => Some(Self::UnderMaintenance),
            "degraded_performance" => Some(Self::DegradedPerformance),
            "partial_outage" => Some(Self::PartialOutage),
            // incident.io's own word is the second.
            "major_outage" | "full_outage" => Some(Self::MajorOutage),
            _ => None,
        }
    }

    /// Statuspage's word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::UnderMaintenance => "under_maintenance",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// How bad it is, from 0 to 4.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::Operational => 0,
            Self::UnderMaintenance => 1,
            Self::DegradedPerformance => 2,
            Self::PartialOutage => 3,
            Self::MajorOutage => 4,
        }
    }
}

// === impl Summary ===

impl Summary {
    /// Reads a body.
    ///
    /// # Errors
    /// If it is not a summary.
    pub fn read(body: &[u8]) -> Result<Self, SummaryError> {
        let raw: RawSummary = serde_json::from_slice(body).map_err(|error| {
            if body.trim_ascii_start().starts_with(b"<") {
                SummaryError::Html
            } else if error.is_data() {
                SummaryError::NotASummary
            } else {
                SummaryError::NotJson { line: error.line(), column: error.column() }
            }
        })?;
        let components = raw.components.unwrap_or_default().into_iter().filter_map(|component| {
            Some((component.id?.into_boxed_str(), ComponentStatus::of(component.status.as_deref()?)?))
        });
        // These stand in some pages until they are archived.
        let over = |status: &Option<String>| {
            matches!(status.as_deref(), Some("resolved" | "postmortem" | "completed"))
        };
        let open = raw.incidents.unwrap_or_default().into_iter().filter(|incident| !over(&incident.status));
        Ok(Self {
            indicator: Indicator::of(&raw.status.indicator),
            components: components.collect(),
            incidents: open
                .filter_map(|incident| incident.name)
                .map(|name| line(&name))
                .take(INCIDENTS)
                .collect(),
        })
    }
}

fn line(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATUSPAGE: &str = r#"{
        "page": {"id": "tymt9n04zgry", "name": "Claude", "url": "https://status.example", "time_zone": "Etc/UTC",
            "updated_at": "2026-11-20T10:02:11.503Z"},
        "components": [
            {"id": "rwppv331jlwc", "name": "claude.ai", "status": "operational", "created_at": "2023-07-11T17:50:44.560Z",
             "position": 1, "description": null, "showcase": false, "start_date": "2023-07-11", "group_id": null,
             "page_id": "tymt9n04zgry", "group": false, "only_show_if_degraded": false},
            {"id": "k8w3r06qmzrp", "name": "Claude API (api.anthropic.com)", "status": "partial_outage", "position": 3},
            {"id": "yyzkbfz2thpt", "name": "Claude Code", "status": "on_fire"}
        ],
        "incidents": [
            {"id": "a", "name": "Elevated errors on\n Opus", "status": "investigating", "impact": "major",
             "shortlink": "https://stspg.example/a", "incident_updates": [{"body": "We are looking.", "status": "investigating"}]},
            {"id": "b", "name": "Over", "status": "resolved", "impact": "minor"}
        ],
        "scheduled_maintenances": [],
        "status": {"indicator": "major", "description": "Partial System Outage"}
    }"#;

    const INCIDENT_IO: &str = r#"{
        "page": {"id": "01JMDK9XYR0A3V2K1QDRTZQ9GH", "name": "OpenAI", "url": "https://status.example/",
            "updated_at": "2026-11-20T10:00:00Z"},
        "status": {"description": "All Systems Operational", "indicator": "none"},
        "components": [{"id": "01JMXBRMFE6N2NNT7DG6XZQ6PW", "name": "Chat Completions", "status": "operational",
            "position": 1, "created_at": "0001-01-01T00:00:00Z"}],
        "incidents": null
    }"#;

    #[test]
    fn a_page_of_statuspage_is_read() {
        let summary = Summary::read(STATUSPAGE.as_bytes()).unwrap();
        assert_eq!(summary.indicator, Some(Indicator::Major));
        assert_eq!(summary.components.get("k8w3r06qmzrp"), Some(&ComponentStatus::PartialOutage));
        assert_eq!(summary.components.get("rwppv331jlwc"), Some(&ComponentStatus::Operational));
        assert_eq!(summary.components.get("yyzkbfz2thpt"), None, "a word that is not known says nothing");
        assert_eq!(summary.incidents, ["Elevated errors on  Opus"]);
    }

    #[test]
    fn a_page_of_incident_io_is_read() {
        let summary = Summary::read(INCIDENT_IO.as_bytes()).unwrap();
        assert_eq!(summary.indicator, Some(Indicator::None));
        assert_eq!(summary.components.get("01JMXBRMFE6N2NNT7DG6XZQ6PW"), Some(&ComponentStatus::Operational));
        assert_eq!(summary.incidents, [""; 0]);
    }

    #[test]
    fn every_word_has_its_level_and_is_read_back() {
        use {ComponentStatus as C, Indicator as I};
        let components =
            [C::Operational, C::UnderMaintenance, C::DegradedPerformance, C::PartialOutage, C::MajorOutage];
        for (level, status) in components.into_iter().enumerate() {
            assert_eq!((usize::from(status.level()), C::of(status.label())), (level, Some(status)));
        }
        for (level, indicator) in [(0, I::None), (2, I::Minor), (3, I::Major), (4, I::Critical)] {
            assert_eq!((indicator.level(), I::of(indicator.label())), (level, Some(indicator)));
        }
        let maintained = Summary::read(br#"{"status":{"indicator":"maintenance"}}"#).unwrap();
        assert_eq!(maintained, Summary::default());
    }

    #[test]
    fn what_is_no_summary_is_told_from_one_in_words() {
        for (body, problem) in [
            ("\n <!DOCTYPE html><title>Just a moment...</title>", SummaryError::Html),
            ("", SummaryError::NotJson { line: 1, column: 0 }),
            ("{\"status\":", SummaryError::NotJson { line: 1, column: 10 }),
            ("{}", SummaryError::NotASummary),
            ("[1]", SummaryError::NotASummary),
            (r#"{"status":"secret text"}"#, SummaryError::NotASummary),
        ] {
            assert_eq!(Summary::read(body.as_bytes()), Err(problem), "{body}");
        }
    }

    #[test]
    fn many_and_long_incidents_are_bounded() {
        let incident = serde_json::json!({"name": "é".repeat(5000), "status": "identified"});
        let body = serde_json::json!({"status": {"indicator": "minor"}, "incidents": vec![incident; 100]});
        let summary = Summary::read(body.to_string().as_bytes()).unwrap();
        assert_eq!(summary.incidents.len(), INCIDENTS);
        assert!(summary.incidents.iter().all(|name| name.chars().count() == NAME));
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Summary::read(&body);
        }
    }
}
