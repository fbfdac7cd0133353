//! Targets as they are watched: what the JSON API answers of all of them, and of one with all that is known.
//!
//! Promises: what is not known is `null` or an empty list; an endpoint stands without its query, a URL without credentials.

use schemars::JsonSchema;
use serde::Serialize;

use super::limits::{CallPart, RateLimitPart};
use super::{
    CertificatePart, FindingPart, FollowUpPart, JourneyPart, Label, ResolverPart, State, StatusPagePart,
};
use crate::diagnosis::Verdict;
use crate::outcome::{Blame, Family, Layer, Outcome, Reason};

/// All targets, as far as they were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WatchedTargets {
    /// The targets asked for, by name.
    pub targets: Vec<WatchedTarget>,
    /// How many there are in each state, whichever were asked for.
    pub counts: StateCounts,
    /// Which part of the config's targets this canary watches; `null` where it watches all of them.
    pub shard: Option<ShardPart>,
}

/// A part of the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShardPart {
    /// Which, counted from 0.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

/// How many targets are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct StateCounts {
    /// Do not work.
    pub down: usize,
    /// Work, but not as they should.
    pub degraded: usize,
    /// Were not walked yet.
    pub unknown: usize,
    /// Work.
    pub ok: usize,
}

/// How one target stands.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WatchedTarget {
    /// Its name.
    pub name: String,
    /// The dialect it speaks, such as `anthropic`.
    pub provider: String,
    /// Its endpoints without their queries, the most preferred first.
    pub endpoints: Vec<String>,
    /// The highest layer that is walked: `dns`, `tcp`, `tls`, or `api`, which is all of them.
    pub top_layer: String,
    /// Whether it works.
    pub state: State,
    /// `ok`, or the reason; docs/reasons.md tells of each. `null` before the first run.
    pub verdict: Option<Label<Verdict>>,
    /// The layer of the trouble; `null` where there is none.
    pub layer: Option<Label<Layer>>,
    /// Who must act; `null` where nobody must.
    pub blame: Option<Label<Blame>>,
    /// The verdict in one sentence; `null` before the first run.
    pub summary: Option<String>,
    /// What to do; `null` where there is nothing.
    pub remedy: Option<String>,
    /// Since when the verdict is told, in UTC (RFC 3339); `null` before the first run.
    pub since: Option<String>,
    /// When the last run was over; `null` before the first.
    pub last_run: Option<String>,
    /// Time between the starts of two runs.
    pub interval_seconds: f64,
    /// The route that a client should use; `null` while none is healthy.
    pub preferred_route: Option<String>,
    /// The endpoint that a client should call; `null` while none is healthy.
    pub preferred_endpoint: Option<String>,
    /// The certificate of the last journeys that ends first; `null` where none was seen.
    pub certificate: Option<CertificateEnd>,
    /// Grows with every change of what is known, over all targets.
    pub revision: u64,
}

/// When a certificate ends.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CertificateEnd {
    /// Its last second.
    pub not_after: String,
    /// Days until then; negative once it is over.
    pub days_left: f64,
}

/// All that is known of one target.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WatchedDetail {
    /// How it stands.
    #[serde(flatten)]
    pub target: WatchedTarget,
    /// What speaks for the verdict, the most telling first.
    pub evidence: Vec<String>,
    /// What was thought of and is not so.
    pub ruled_out: Vec<String>,
    /// Everything that is not as it should be, the verdict's own finding first.
    pub findings: Vec<FindingPart>,
    /// The experiments made since the trouble began.
    pub followups: Vec<FollowUpPart>,
    /// The last journey of every path to every endpoint.
    pub paths: Vec<JourneyPart>,
    /// What became of every address, where all of them are walked.
    pub addresses: Vec<AddressPart>,
    /// Every endpoint and whether it worked in the last run.
    pub reached: Vec<EndpointPart>,
    /// What each resolver said in the last run.
    pub resolvers: Vec<ResolverPart>,
    /// The certificates that were presented, the server's own first; each once.
    pub certificates: Vec<CertificatePart>,
    /// The limits that the last calls stated, each dimension once: the one with the least left.
    pub rate_limits: Vec<RateLimitPart>,
    /// How its call stands.
    pub call: CallPart,
    /// What the provider's status page says; context only. `null` where none is read.
    pub status_page: Option<StatusPagePart>,
    /// What was told of it, the oldest first.
    pub turns: Vec<TurnPart>,
    /// Its last journeys over all paths, the newest first; `/journeys` has more of them.
    pub journeys: Vec<JourneyPart>,
}

/// What became of one address of a path.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AddressPart {
    /// The endpoint, without its query.
    pub endpoint: String,
    /// The route.
    pub route: String,
    /// The family.
    pub family: Label<Family>,
    /// The address.
    pub address: String,
    /// Whether its walk reached the top.
    pub ok: bool,
    /// How long that took, from the connection up.
    pub seconds: f64,
    /// The layer that failed; `null` where none did.
    pub layer: Option<Label<Layer>>,
    /// Why; `null` where none did.
    pub reason: Option<Label<Reason>>,
    /// What was tried, on what, and what came back, of a failure.
    pub detail: Option<String>,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EndpointPart {
    /// Its URL, without the query.
    pub endpoint: String,
    /// Whether a journey to it reached the top in the last run.
    pub ok: bool,
}

/// What was told of a target from some time on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TurnPart {
    /// From when on.
    pub at: String,
    /// Whether it worked.
    pub state: State,
    /// `ok`, or the reason.
    pub verdict: Label<Verdict>,
    /// The layer of the trouble; `null` where there was none.
    pub layer: Option<Label<Layer>>,
    /// Who had to act; `null` where nobody had to.
    pub blame: Option<Label<Blame>>,
}

/// Past journeys of one target.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Journeys {
    /// The target's name.
    pub target: String,
    /// The journeys, the newest first.
    pub journeys: Vec<JourneyPart>,
}

impl StateCounts {
    /// Counts states.
    #[must_use]
    pub fn of(states: impl IntoIterator<Item = State>) -> Self {
        let mut counts = Self::default();
        for state in states {
            *match state {
                State::Down => &mut counts.down,
                State::Degraded => &mut counts.degraded,
                State::Unknown => &mut counts.unknown,
                State::Ok => &mut counts.ok,
            } += 1;
        }
        counts
    }
}

impl AddressPart {
    /// The addresses of a journey.
    pub fn all(outcome: &Outcome) -> impl Iterator<Item = Self> {
        outcome.addresses.iter().map(|result| {
            let failed = result.failure.as_ref();
            Self {
                endpoint: outcome.endpoint.to_string(),
                route: outcome.path.route.to_string(),
                family: Label(outcome.path.family),
                address: result.address.to_string(),
                ok: failed.is_none(),
                seconds: result.took.as_secs_f64(),
                layer: failed.map(|(layer, _)| Label(*layer)),
                reason: failed.map(|(_, failure)| Label(failure.reason)),
                detail: failed.map(|(_, failure)| failure.detail.clone()),
            }
        })
    }
}
