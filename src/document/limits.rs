//! How a target's call stands in the document: what the provider limits, what it waits for, what it may cost, and what the
//! provider's own page says.

use std::time::SystemTime;

use schemars::JsonSchema;
use serde::Serialize;

use crate::clock;
use crate::outcome::RateLimit;
use crate::status_page::{ComponentStatus, Indicator, PageStatus};
use crate::target::Target;

/// A rate limit, as the provider stated it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RateLimitPart {
    /// `requests`, `tokens`, `input_tokens`, …
    pub dimension: &'static str,
    /// The limit; `null` where it was not stated.
    pub limit: Option<u64>,
    /// What is left of it; `null` where it was not stated.
    pub remaining: Option<u64>,
    /// When it will be full again; `null` where it was not stated.
    pub reset: Option<String>,
}

/// How a target's call stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CallPart {
    /// What is called: `hello`, `models`, `message`, …
    pub kind: &'static str,
    /// The model; `null` for kinds that need none.
    pub model: Option<String>,
    /// The least time between the starts of two of these calls.
    pub interval_seconds: f64,
    /// Why the last run did not make it: `interval`, `retry_after`, `slowed_down` or `budget`; `null` where it did.
    pub pause: Option<&'static str>,
    /// When it is made again, where the API asked to wait or limits have slowed it down; `null` elsewhere.
    pub retry_at: Option<String>,
    /// What is left of the day's budget; `null` where it has none.
    pub budget_left_usd: Option<f64>,
}

/// What a provider's status page says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StatusPagePart {
    /// How bad it is, from 0 (operational) to 4 (major outage); `null` while that is not known.
    pub level: Option<u8>,
    /// The state of the whole page in its own word; `null` while that is not known.
    pub indicator: Option<&'static str>,
    /// The state of the component that is the API; `null` where none is configured, or it is not known.
    pub component: Option<&'static str>,
    /// The names of the incidents that are not resolved.
    pub incidents: Vec<String>,
    /// When it was last read; `null` before.
    pub read_at: Option<String>,
    /// Why it is not known what it says; `null` where it is.
    pub unknown: Option<String>,
}

impl RateLimitPart {
    /// The part of a limit.
    #[must_use]
    pub fn of(limit: &RateLimit) -> Self {
        Self {
            dimension: limit.dimension,
            limit: limit.limit,
            remaining: limit.remaining,
            reset: limit.reset.map(clock::rfc3339),
        }
    }
}

impl CallPart {
    /// The call of a target of which nothing more is known than what is configured.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        Self {
            kind: target.call.kind.label(),
            model: target.call.model.as_ref().map(ToString::to_string),
            interval_seconds: target.call.interval.as_secs_f64(),
            pause: None,
            retry_at: None,
            budget_left_usd: None,
        }
    }

    /// The same, made again at this time.
    #[must_use]
    pub fn again_at(self, at: Option<SystemTime>) -> Self {
        Self { retry_at: at.map(|at| clock::rfc3339(clock::whole_second_from(at))), ..self }
    }
}

impl StatusPagePart {
    /// What a page says.
    #[must_use]
    pub fn of(page: &PageStatus) -> Self {
        Self {
            level: page.level(),
            indicator: page.indicator.map(Indicator::label),
            component: page.component.map(ComponentStatus::label),
            incidents: page.incidents.clone(),
            read_at: page.read_at.map(clock::rfc3339),
            unknown: page.unknown.clone(),
        }
    }
}
