//! What each layer of a journey saw, in a line.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Label, time};
use crate::clock;
use crate::diagnosis::{Language, Phrase};
use crate::outcome::{
    AnswerSource, AnsweredBy, ApiEvidence, ConnectAttempt, DnsEvidence, HttpVersion, Layer, Outcome,
    ProxyEvidence, Reason, Stage, TcpEvidence, TlsEvidence,
};

/// The most addresses that are listed.
const MOST_ADDRESSES: usize = 4;

/// What became of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LayerState {
    /// It worked.
    Passed,
    /// It did not.
    Failed,
    /// A lower layer failed first.
    NotReached,
    /// This path has no such layer.
    NotPlanned,
}

/// One layer of a journey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayerPart {
    /// Which.
    pub layer: Label<Layer>,
    /// What became of it.
    pub state: LayerState,
    /// The time spent in it; `null` where it was not reached.
    pub seconds: Option<f64>,
    /// Why it failed; `null` where it did not.
    pub reason: Option<Label<Reason>>,
    /// What was seen, or of a failure what was tried, on what, and what came back; `null` where it was not reached.
    pub detail: Option<String>,
}

/// The layers of a journey, lowest first.
pub(super) fn of(outcome: &Outcome, language: Language) -> Vec<LayerPart> {
    let stages = &outcome.stages;
    let seen = [
        seen(&stages.dns, |evidence| dns(evidence, language)),
        seen(&stages.tcp, |evidence| tcp(evidence, language)),
        seen(&stages.proxy, |evidence| proxy(evidence, language)),
        seen(&stages.tls, |evidence| tls(evidence, language)),
        seen(&stages.api, |evidence| api(evidence, language)),
    ];
    let part = |(layer, (state, detail))| {
        let failure = outcome.layer_failure(layer);
        LayerPart {
            layer: Label(layer),
            // A hard finding fails a layer that let the journey go on.
            state: if failure.is_some() { LayerState::Failed } else { state },
            seconds: outcome.layer_took(layer).map(|took| took.as_secs_f64()),
            reason: failure.map(|failure| Label(failure.reason)),
            detail: failure.map(|failure| failure.detail.clone()).or(detail),
        }
    };
    Layer::ALL.into_iter().zip(seen).map(part).collect()
}

fn seen<E>(stage: &Stage<E>, words: impl Fn(&E) -> Option<String>) -> (LayerState, Option<String>) {
    match stage {
        Stage::NotPlanned => (LayerState::NotPlanned, None),
        Stage::NotReached => (LayerState::NotReached, None),
        Stage::Passed { evidence, .. } => (LayerState::Passed, words(evidence)),
        Stage::Failed { failure, .. } => (LayerState::Failed, Some(failure.detail.clone())),
    }
}

/// Addresses in a line, not too many of them.
pub(super) fn list(addresses: &[IpAddr]) -> String {
    let shown: Vec<String> = addresses.iter().take(MOST_ADDRESSES).map(ToString::to_string).collect();
    let more = if addresses.len() > MOST_ADDRESSES { " …" } else { "" };
    format!("{}{more}", shown.join(" "))
}

fn dns(evidence: &DnsEvidence, language: Language) -> Option<String> {
    let source = match evidence.source {
        AnswerSource::Server { address, transport } => format!("{transport} {address}"),
        AnswerSource::HostsFile => Phrase::HostsFile.told(language).to_owned(),
        AnswerSource::Special => Phrase::SpecialName.told(language).to_owned(),
        AnswerSource::Nobody => Phrase::Nobody.told(language).to_owned(),
    };
    let values = [("resolver", &*evidence.resolver), ("source", &*source)];
    Some(match evidence.addresses.as_slice() {
        [address] => {
            let address = address.to_string();
            Phrase::OneAddress.fill(language, &[values[0], values[1], ("address", &address)])
        }
        addresses => {
            let (count, addresses) = (addresses.len().to_string(), list(addresses));
            let more = [("count", &*count), ("addresses", &*addresses)];
            Phrase::Addresses.fill(language, &[values[0], values[1], more[0], more[1]])
        }
    })
}

fn tcp(evidence: &TcpEvidence, language: Language) -> Option<String> {
    let address = evidence.connected()?.to_string();
    let connected = match evidence.rtt.map(time) {
        Some(rtt) => Phrase::RoundTrip.fill(language, &[("address", &address), ("time", &rtt)]),
        None => address,
    };
    let failed = |attempt: &ConnectAttempt| {
        let failure = attempt.failure.as_ref()?;
        Some(format!("{} ({})", attempt.address, failure.reason))
    };
    let failed: Vec<String> = evidence.attempts.iter().filter_map(failed).collect();
    Some(if failed.is_empty() {
        connected
    } else {
        let failed = failed.join(", ");
        Phrase::AfterOthers.fill(language, &[("connected", &connected), ("failed", &failed)])
    })
}

fn proxy(evidence: &ProxyEvidence, language: Language) -> Option<String> {
    let tunnel = Phrase::TunnelThrough.fill(language, &[("proxy", &evidence.proxy)]);
    Some(match (evidence.address, evidence.rtt) {
        (Some(address), rtt) => {
            let address = format!("{tunnel} ({address})");
            let rtt = rtt.map(time);
            rtt.map_or(address.clone(), |rtt| {
                Phrase::RoundTrip.fill(language, &[("address", &address), ("time", &rtt)])
            })
        }
        (None, _) => tunnel,
    })
}

fn tls(evidence: &TlsEvidence, language: Language) -> Option<String> {
    let spoken = [evidence.version, evidence.group.as_deref(), evidence.alpn.as_deref()];
    let protocol = spoken.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let Some(leaf) = evidence.chain.as_ref().and_then(|chain| chain.leaf()) else { return Some(protocol) };
    let until = clock::rfc3339(evidence.verified_until.unwrap_or(leaf.not_after));
    let values =
        [("protocol", &*protocol), ("subject", &leaf.subject), ("issuer", &leaf.issuer), ("until", &until)];
    Some(Phrase::CertificateOf.fill(language, &values))
}

fn api(evidence: &ApiEvidence, language: Language) -> Option<String> {
    let method = evidence.method.as_str();
    // The call of a plain URL is named after its method.
    let call = if method.eq_ignore_ascii_case(evidence.endpoint) {
        method.to_owned()
    } else {
        format!("{method} {}", evidence.endpoint)
    };
    let Some(status) = evidence.status else { return Some(call) };
    let version = match evidence.version {
        Some(HttpVersion::Http2) => "HTTP/2",
        Some(HttpVersion::Http11) => "HTTP/1.1",
        None => "HTTP",
    };
    let status = status.to_string();
    let mut values = vec![("call", &*call), ("status", &*status), ("version", version)];
    let who = evidence.answered_by.map(|who| match who {
        AnsweredBy::Origin => Phrase::ByOrigin,
        AnsweredBy::Edge => Phrase::ByEdge,
        AnsweredBy::Between => Phrase::ByBetween,
    });
    let answer = match who {
        Some(who) => {
            values.push(("who", who.told(language)));
            Phrase::AnsweredStatus.fill(language, &values)
        }
        None => Phrase::AnsweredStatusOnly.fill(language, &values),
    };
    Some(match &evidence.request_id {
        Some(id) => Phrase::RequestId.fill(language, &[("answer", &answer), ("id", id)]),
        None => answer,
    })
}
