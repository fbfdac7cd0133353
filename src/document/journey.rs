//! One journey, as it is kept, answered by the JSON API and drawn as a waterfall.
//!
//! Promises: the parts follow each other as the layers do; what was not reached has no time.

use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FindingPart, Label, LayerPart, layers};
use crate::clock;
use crate::diagnosis::Language;
use crate::outcome::{Family, Layer, Outcome, Reason};

/// One journey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JourneyPart {
    /// When it began, in UTC (RFC 3339).
    pub started: String,
    /// How long it took, whole.
    pub seconds: f64,
    /// How long what came for it waited for this canary, which was busy; the times of the layers are without it, as far as
    /// the kernel tells.
    pub late_seconds: f64,
    /// Whether that is so much (10 ms, and a tenth of the journey) that the canary itself was slow.
    pub canary_slow: bool,
    /// The endpoint, without its query.
    pub endpoint: String,
    /// The route.
    pub route: String,
    /// The family.
    pub family: Label<Family>,
    /// Whether it reached the top and every expectation held, be it when tried again.
    pub ok: bool,
    /// The lowest layer that has something wrong; `null` where nothing has.
    pub failed_layer: Option<Label<Layer>>,
    /// Why it failed; `null` where it did not.
    pub reason: Option<Label<Reason>>,
    /// The attempt that succeeded, where the first one did not; `null` otherwise.
    pub succeeded_in_attempt: Option<usize>,
    /// The status code of the answer; `null` where there was none.
    pub status: Option<u16>,
    /// The provider's request id; `null` where there was none.
    pub request_id: Option<String>,
    /// All five layers, lowest first.
    pub layers: Vec<LayerPart>,
    /// Parts of layers that are timed by themselves, in the order in which they were walked.
    pub phases: Vec<PhasePart>,
    /// What was noticed beside.
    pub findings: Vec<FindingPart>,
}

/// A part of a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhasePart {
    /// The layer.
    pub layer: Label<Layer>,
    /// What it is: `resolve`, `connect`, `tls` or `tunnel` of a proxy; `connect` of an address of TCP; `processing` or
    /// `transfer` of a call, or `first_token` of a stream.
    pub phase: String,
    /// What it was done with, such as an address; `null` where that is known.
    pub on: Option<String>,
    /// How long it took.
    pub seconds: f64,
}

impl JourneyPart {
    /// The part of a journey.
    #[must_use]
    pub fn of(outcome: &Outcome, language: Language) -> Self {
        let again = !outcome.success() && outcome.success_in_the_end();
        let trouble = outcome.trouble();
        let call = outcome.stages.api.evidence();
        Self {
            started: started(outcome.started),
            seconds: outcome.took.as_secs_f64(),
            late_seconds: outcome.late.as_secs_f64(),
            canary_slow: outcome.canary_slow(),
            endpoint: outcome.endpoint.to_string(),
            route: outcome.path.route.to_string(),
            family: Label(outcome.path.family),
            ok: outcome.success_in_the_end(),
            failed_layer: trouble.map(|trouble| Label(trouble.layer)),
            reason: trouble.map(|trouble| Label(trouble.failure.reason)),
            succeeded_in_attempt: again.then(|| outcome.retries.len() + 1),
            status: call.and_then(|call| call.status),
            request_id: call.and_then(|call| call.request_id.clone()),
            layers: layers::of(outcome, language),
            phases: phases(outcome),
            findings: outcome.findings.iter().map(FindingPart::of).collect(),
        }
    }
}

fn started(at: SystemTime) -> String {
    clock::rfc3339(at)
}

/// The parts of the layers of a journey that are timed by themselves.
fn phases(outcome: &Outcome) -> Vec<PhasePart> {
    let mut parts = Vec::new();
    let mut part = |layer, phase: &str, on: Option<String>, took: Option<std::time::Duration>| {
        if let Some(took) = took {
            let (layer, phase) = (Label(layer), phase.to_owned());
            parts.push(PhasePart { layer, phase, on, seconds: took.as_secs_f64() });
        }
    };
    if let Some(tcp) = outcome.stages.tcp.evidence() {
        for attempt in &tcp.attempts {
            part(Layer::Tcp, "connect", Some(attempt.address.to_string()), Some(attempt.took));
        }
    }
    if let Some(proxy) = outcome.stages.proxy.evidence() {
        let phases = &proxy.phases;
        part(Layer::Proxy, "resolve", None, phases.resolve);
        part(Layer::Proxy, "connect", proxy.address.map(|address| address.to_string()), phases.connect);
        part(Layer::Proxy, "tls", None, phases.tls);
        part(Layer::Proxy, "tunnel", None, phases.tunnel);
    }
    if let Some(call) = outcome.stages.api.evidence() {
        part(Layer::Api, "processing", None, call.phases.processing);
        part(Layer::Api, "first_token", None, call.stream.as_ref().and_then(|stream| stream.first_token));
        part(Layer::Api, "transfer", None, call.phases.transfer);
    }
    parts
}
