//! Why it failed: from the evidence of many journeys and of the experiments made after a failure to one diagnosis.
//!
//! Promises: pure, so that the same evidence always gives the same diagnosis, whatever its order; every reason has words,
//! a remedy and somebody who must act, in every language there is.

mod case;
mod damper;
mod infer;
mod plan;
mod rounds;
mod say;
mod waiting;
mod words;

use std::sync::Arc;

pub use case::{Case, Neighbour, State};
pub use damper::{Change, Damper, New};
pub use infer::{infer, is_late};
pub use plan::{MOST, wanted};
pub use rounds::{Inquiry, MOST_ROUNDS, Round, Rounds, Signature};
pub use say::Say;
pub use waiting::Waiting;
pub use words::{
    Language, Phrase, ReasonWords, Text, blame, experiment, layer, reason, reasons_markdown, remedy, summary,
    tells,
};

use crate::outcome::{Blame, Family, Finding, Layer, Reason};

/// What all that is known of a target comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It works.
    Ok,
    /// It works, but not as it should, or not on every path.
    Degraded(Reason),
    /// It does not work.
    Down(Reason),
}

impl Verdict {
    /// The reason; `None` where it works as it should.
    #[must_use]
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Ok => None,
            Self::Degraded(reason) | Self::Down(reason) => Some(reason),
        }
    }

    /// The label value: `ok`, or the reason's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded(reason) | Self::Down(reason) => reason.label(),
        }
    }
}

/// Where the trouble of a verdict was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The endpoint, as it is shown.
    pub endpoint: Arc<str>,
    /// The route.
    pub route: Arc<str>,
    /// The family.
    pub family: Family,
}

/// The diagnosis of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// The target's name.
    pub target: Arc<str>,
    /// What it comes to.
    pub verdict: Verdict,
    /// The layer of the trouble; `None` where it works.
    pub layer: Option<Layer>,
    /// Who must act, by all that is known; `None` where it works.
    pub blame: Option<Blame>,
    /// Where it was seen; `None` where it works.
    pub seen: Option<Seen>,
    /// What speaks for the verdict, with its numbers; the most telling first.
    pub evidence: Vec<Say>,
    /// What was thought of and is not so.
    pub ruled_out: Vec<Say>,
    /// Everything else that is not as it should be, each once, lowest layer first; the verdict's own finding is the first.
    pub findings: Vec<Finding>,
    /// What the words of the remedy are filled with.
    pub facts: Facts,
}

impl Diagnosis {
    /// Its label values: verdict, layer and blame; the last two are `none` where it works.
    #[must_use]
    pub fn labels(&self) -> [&'static str; 3] {
        let layer = self.layer.map_or("none", Layer::label);
        [self.verdict.label(), layer, self.blame.map_or("none", Blame::label)]
    }

    /// What its verdict means in a few words.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.verdict.reason().map_or("works", Reason::summary)
    }
}

/// What is known by name, to be put into a remedy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The host of the endpoint.
    pub host: Option<String>,
    /// The address that was tried, with its port.
    pub address: Option<String>,
    /// The resolver that was asked.
    pub resolver: Option<String>,
    /// The proxy, without credentials.
    pub proxy: Option<String>,
    /// Whoever issued the certificate.
    pub issuer: Option<String>,
    /// A route that works.
    pub working_route: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// How long to wait, such as `7s`.
    pub wait: Option<String>,
    /// By how much our clock is wrong, such as `3d ahead`.
    pub clock: Option<String>,
    /// For how long a connection was kept idle that did not work any more, such as `90s`.
    pub held: Option<String>,
    /// The endpoint's scheme, host and, where it is not the usual one, port, such as `https://api.example.com`.
    pub url: Option<String>,
    /// The endpoint's port.
    pub port: Option<String>,
    /// The provider's request id.
    pub request_id: Option<String>,
}
