//! A journey becomes gauges, as blackbox_exporter would have said it: with its 0 where it says 0 and that is no lie, and
//! with nothing where we do not know.

use std::net::IpAddr;
use std::time::Duration;

use super::{Answer, Found, names};
use crate::clock::unix_seconds;
use crate::metrics::{Gauges, certificate_texts};
use crate::outcome::{
    AnswerSource, ApiEvidence, DnsEvidence, Failure, Family, Layer, Outcome, Reason, Stage, TlsEvidence,
};

/// Writes an answer.
pub(super) fn put(gauges: &mut Gauges, answer: &Answer<'_>) {
    let outcome = answer.found.as_ref().and_then(|found| found.outcome);
    let success = outcome.is_some_and(|outcome| succeeded(outcome, answer.top));
    gauges.put(names::SUCCESS, &[], flag(success));
    let took = outcome.map_or(answer.waited, |outcome| took(outcome, answer.top));
    gauges.put(names::DURATION, &[], took.as_secs_f64());
    gauges.put(names::TIMEOUT, &[], answer.budget.as_secs_f64());
    gauges.put(names::TIMED_OUT, &[], flag(answer.found.is_none()));
    let age = answer.found.as_ref().map(|found| found.age.as_secs_f64());
    gauges.put_known(names::AGE, &[], age);
    if let (Some(found), Some(outcome)) = (&answer.found, outcome) {
        journey(gauges, answer.top, found, outcome);
    }
}

fn journey(gauges: &mut Gauges, top: Layer, found: &Found<'_>, outcome: &Outcome) {
    let path = &outcome.path;
    gauges.put(names::PATH, &[&outcome.endpoint, &path.route, path.family.label()], 1.0);
    for layer in layers(top).filter(|layer| outcome.layer_took(*layer).is_some()) {
        gauges.put(names::LAYER, &[layer.label()], flag(outcome.layer_passed(layer)));
    }
    if let Some((layer, failure)) = trouble(outcome, top) {
        let reason = failure.reason;
        gauges.put(names::FAILURE, &[layer.label(), reason.label(), reason.blame().label()], 1.0);
    }
    match top {
        Layer::Dns => lookup(gauges, &outcome.stages.dns),
        Layer::Tcp | Layer::Proxy => {
            address(gauges, outcome);
            gauges.put(names::REGEX, &[], 0.0);
        }
        Layer::Tls => {
            address(gauges, outcome);
            gauges.put(names::REGEX, &[], 0.0);
            handshake(gauges, outcome.stages.tls.evidence());
        }
        Layer::Api => {
            address(gauges, outcome);
            call(gauges, found, outcome);
            handshake(gauges, outcome.stages.tls.evidence());
        }
    }
}

fn layers(top: Layer) -> impl Iterator<Item = Layer> {
    Layer::ALL.into_iter().filter(move |layer| *layer <= top)
}

/// What is wrong at the lowest of the layers asked for that has something wrong.
pub(super) fn trouble(outcome: &Outcome, top: Layer) -> Option<(Layer, &Failure)> {
    layers(top).find_map(|layer| outcome.layer_failure(layer).map(|failure| (layer, failure)))
}

/// Whether every layer asked for passed.
pub(super) fn succeeded(outcome: &Outcome, top: Layer) -> bool {
    let stages = &outcome.stages;
    let reached = match top {
        Layer::Dns => stages.dns.passed(),
        Layer::Tcp | Layer::Proxy => stages.tcp.passed() || stages.proxy.passed(),
        Layer::Tls => stages.tls.passed(),
        Layer::Api => return outcome.success(),
    };
    reached && trouble(outcome, top).is_none()
}

fn took(outcome: &Outcome, top: Layer) -> Duration {
    match top {
        Layer::Api => outcome.took,
        Layer::Dns | Layer::Tcp | Layer::Proxy | Layer::Tls => {
            layers(top).filter_map(|layer| outcome.layer_took(layer)).sum()
        }
    }
}

/// The address that was used: that which connected, else the last one tried, else the first one found.
fn used(outcome: &Outcome) -> Option<IpAddr> {
    let stages = &outcome.stages;
    let tried = stages.tcp.evidence().and_then(|tcp| tcp.attempts.last()).map(|attempt| attempt.address.ip());
    tried.or_else(|| stages.dns.evidence().and_then(|dns| dns.addresses.first().copied()))
}

fn address(gauges: &mut Gauges, outcome: &Outcome) {
    let version = match outcome.path.family {
        Family::Any => return,
        Family::Ipv4 => 4.0,
        Family::Ipv6 => 6.0,
    };
    let dns = &outcome.stages.dns;
    gauges.put(names::LOOKUP, &[], dns.took().unwrap_or_default().as_secs_f64());
    let used = used(outcome);
    gauges.put(names::IP, &[], if used.is_some() { version } else { 0.0 });
    gauges.put(names::HASH, &[], used.map_or(0.0, hash));
}

/// The lookup by itself. Whose address counts is the name server.
fn lookup(gauges: &mut Gauges, stage: &Stage<DnsEvidence>) {
    let Some((evidence, took)) = stage.evidence().zip(stage.took()) else { return };
    if let AnswerSource::Server { address, .. } = evidence.source {
        let ip = address.ip();
        gauges.put(names::LOOKUP, &[], 0.0);
        gauges.put(names::IP, &[], if ip.is_ipv6() { 6.0 } else { 4.0 });
        gauges.put(names::HASH, &[], hash(ip));
        gauges.put(names::DNS_DURATION, &["resolve"], 0.0);
    }
    gauges.put(names::DNS_DURATION, &["request"], took.as_secs_f64());
    let replied = evidence.rcode.is_some();
    let records = u32::try_from(evidence.addresses.len() + evidence.cnames.len()).unwrap_or(u32::MAX);
    gauges.put_known(names::DNS_ANSWERS, &[], replied.then(|| f64::from(records)));
    gauges.put(names::DNS_SUCCEEDED, &[], flag(replied));
}

fn call(gauges: &mut Gauges, found: &Found<'_>, outcome: &Outcome) {
    let stages = &outcome.stages;
    let call = stages.api.evidence();
    let resolved = used(outcome).is_some() || outcome.path.family == Family::Any;
    let phases = call.map(|call| call.phases).unwrap_or_default();
    for (phase, took, before) in [
        ("resolve", stages.dns.took(), true),
        // Through a proxy, the way to it and the tunnel.
        ("connect", stages.tcp.took().or(stages.proxy.took()), false),
        ("tls", stages.tls.took(), false),
        ("processing", phases.processing, false),
        ("transfer", phases.transfer, false),
    ] {
        if resolved || before {
            gauges.put(names::HTTP_DURATION, &[phase], took.unwrap_or_default().as_secs_f64());
        }
    }
    // In some runs the call is not due: nothing is known of it then.
    if matches!(stages.api, Stage::NotPlanned) {
        return;
    }
    let status = call.and_then(|call| call.status);
    gauges.put(names::STATUS, &[], f64::from(status.unwrap_or(0)));
    gauges.put(names::REDIRECTS, &[], flag(matches!(status, Some(301 | 302 | 303 | 307 | 308))));
    gauges.put(names::SSL, &[], flag(status.is_some() && stages.tls.passed()));
    let unmatched = stages.api.failure().is_some_and(|failure| failure.reason == Reason::UnexpectedBody);
    gauges.put(names::REGEX, &[], flag(unmatched && found.expects_body));
    if let Some(call) = call.filter(|_| status.is_some()) {
        response(gauges, call);
    }
}

fn response(gauges: &mut Gauges, call: &ApiEvidence) {
    gauges.put_known(names::VERSION, &[], call.version.map(|version| version.number()));
    gauges.put_known(names::LENGTH, &[], call.content_length.map(number));
    gauges.put(names::BODY, &[], number(call.body_bytes));
    gauges.put_known(names::MODIFIED, &[], call.last_modified.map(unix_seconds));
}

fn handshake(gauges: &mut Gauges, evidence: Option<&TlsEvidence>) {
    let Some(evidence) = evidence else { return };
    let chain = evidence.chain.as_deref();
    let expiry = chain.and_then(|chain| chain.earliest_expiry());
    gauges.put_known(names::EXPIRY, &[], expiry.map(unix_seconds));
    gauges.put_known(names::CHAIN_EXPIRY, &[], evidence.verified_until.map(unix_seconds));
    if let Some(leaf) = chain.and_then(|chain| chain.leaf()) {
        gauges.put(names::CHAIN, &certificate_texts(leaf).each_ref().map(String::as_str), 1.0);
    }
    if let Some(version) = evidence.version {
        gauges.put(names::TLS_VERSION, &[version], 1.0);
    }
    if let Some(cipher) = &evidence.cipher {
        gauges.put(names::TLS_CIPHER, &[cipher], 1.0);
    }
}

fn flag(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "no body is longer than 2^53 bytes")]
fn number(bytes: u64) -> f64 {
    bytes as f64
}

/// FNV-1a with 32 bits over the bytes of the address.
fn hash(address: IpAddr) -> f64 {
    const BASIS: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    let fold =
        |bytes: &[u8]| bytes.iter().fold(BASIS, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME));
    f64::from(match address {
        IpAddr::V4(address) => fold(&address.octets()),
        IpAddr::V6(address) => fold(&address.octets()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_hashes_as_blackbox_exporter_has_it() {
        assert!((hash("127.0.0.1".parse().unwrap()) - 3_668_918_509.0).abs() < 0.5);
    }
}
