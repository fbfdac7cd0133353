//! Whether a target works, in one of four words, as pages and the JSON API sort and count by.

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnosis::Verdict;

/// Whether a target works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does not work.
    Down,
    /// It works, but not as it should, or not on every path.
    Degraded,
    /// It was not walked yet.
    Unknown,
    /// It works.
    Ok,
}

impl State {
    /// Every state, the worst first.
    pub const ALL: [Self; 4] = [Self::Down, Self::Degraded, Self::Unknown, Self::Ok];

    /// The state of what is told of a target, if anything is.
    #[must_use]
    pub const fn of(verdict: Option<Verdict>) -> Self {
        match verdict {
            None => Self::Unknown,
            Some(Verdict::Ok) => Self::Ok,
            Some(Verdict::Degraded(_)) => Self::Degraded,
            Some(Verdict::Down(_)) => Self::Down,
        }
    }

    /// The word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
        }
    }
}
