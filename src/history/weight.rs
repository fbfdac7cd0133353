//! What a journey takes in memory: everything it owns, counted; what it shares with others by itself, since it is there once.
//!
//! Promises: no less than what is allocated, but for texts that every journey of a target shares (names, the endpoint).

use std::mem::size_of;
use std::sync::Arc;

use crate::outcome::{
    ApiEvidence, CertFacts, CertificateChecks, ChainFacts, Check, ConnectAttempt, DnsEvidence, Failure,
    Finding, Outcome, ProxyEvidence, RateLimit, Stage, TcpEvidence, TlsEvidence,
};

/// What an allocation costs beside its bytes: the allocator's own, and what is rounded up.
pub(super) const ALLOCATION: usize = 24;

/// The two counters of an `Arc`.
const COUNTERS: usize = 16;

/// What a journey may share with the one before: where it is, and its bytes.
pub(super) type Shared = [Option<(usize, usize)>; 4];

/// What a journey owns.
pub(super) fn own(outcome: &Outcome) -> usize {
    let Outcome {
        path: _,
        endpoint: _,
        started: _,
        took: _,
        stages,
        findings,
        addresses,
        outside: _,
        retries,
        late: _,
    } = outcome;
    let calls = addresses.iter().map(|result| (&result.failure, &result.call));
    let calls = calls.chain(retries.iter().map(|attempt| (&attempt.failure, &attempt.call)));
    let more: usize = calls
        .map(|(failure, call)| {
            let failure = failure.as_ref().map_or(0, |(_, failure)| of_failure(failure));
            failure + call.as_ref().map_or(0, |call| size_of::<ApiEvidence>() + ALLOCATION + of_call(call))
        })
        .sum();
    size_of::<Outcome>()
        + COUNTERS
        + ALLOCATION
        + stage(&stages.dns, of_lookup)
        + stage(&stages.tcp, of_connection)
        + stage(&stages.proxy, of_proxy)
        + stage(&stages.tls, of_tls)
        + stage(&stages.api, of_call)
        + list(findings, |Finding(failure)| of_failure(failure))
        + list(addresses, |_| 0)
        + list(retries, |_| 0)
        + more
}

/// What a journey may share.
pub(super) fn shared(outcome: &Outcome) -> Shared {
    let tls = outcome.stages.tls.evidence();
    let proxy = outcome.stages.proxy.evidence().and_then(|proxy| proxy.tls.as_deref());
    let chain = |tls: &TlsEvidence| {
        let chain = tls.chain.as_ref()?;
        Some((Arc::as_ptr(chain).addr(), of_chain(chain)))
    };
    let checks = |tls: &TlsEvidence| {
        let checks = tls.checks.as_ref()?;
        Some((Arc::as_ptr(checks).addr(), of_checks(checks)))
    };
    [tls.and_then(chain), tls.and_then(checks), proxy.and_then(chain), proxy.and_then(checks)]
}

/// What of it another journey does not share.
pub(super) fn not_in(shared: &Shared, other: Option<&Shared>) -> usize {
    let known = |at: usize| other.is_some_and(|other| other.iter().flatten().any(|(place, _)| *place == at));
    shared.iter().flatten().filter(|(place, _)| !known(*place)).map(|(_, bytes)| bytes).sum()
}

fn text(text: &str) -> usize {
    if text.is_empty() { 0 } else { text.len() + ALLOCATION }
}

fn maybe(words: Option<&String>) -> usize {
    words.map_or(0, |words| text(words))
}

fn list<T>(items: &Vec<T>, each: impl Fn(&T) -> usize) -> usize {
    let room = if items.capacity() == 0 { 0 } else { items.capacity() * size_of::<T>() + ALLOCATION };
    room + items.iter().map(each).sum::<usize>()
}

fn of_failure(failure: &Failure) -> usize {
    failure.detail.capacity() + ALLOCATION
}

fn stage<E>(stage: &Stage<E>, evidence: impl Fn(&E) -> usize) -> usize {
    stage.failure().map_or(0, of_failure) + stage.evidence().map_or(0, evidence)
}

fn of_lookup(dns: &DnsEvidence) -> usize {
    maybe(dns.rcode.as_ref())
        + list(&dns.addresses, |_| 0)
        + dns.unexpected.as_ref().map_or(0, |addresses| list(addresses, |_| 0))
        + list(&dns.cnames, |name| text(name))
}

fn of_connection(tcp: &TcpEvidence) -> usize {
    list(&tcp.attempts, |attempt: &ConnectAttempt| attempt.failure.as_ref().map_or(0, of_failure))
}

fn of_proxy(proxy: &ProxyEvidence) -> usize {
    let tls = proxy.tls.as_deref().map_or(0, |tls| size_of::<TlsEvidence>() + ALLOCATION + of_tls(tls));
    text(&proxy.proxy) + tls + list(&proxy.auth_schemes, |scheme| text(scheme))
}

fn of_tls(tls: &TlsEvidence) -> usize {
    let texts = [&tls.cipher, &tls.alpn, &tls.group];
    text(&tls.server_name) + texts.into_iter().map(|words| maybe(words.as_ref())).sum::<usize>()
}

fn of_call(call: &ApiEvidence) -> usize {
    // A method of its own is told by its name; the usual ones are numbers.
    text(call.method.as_str()) + maybe(call.request_id.as_ref()) + list(&call.rate_limits, |_: &RateLimit| 0)
}

fn of_chain(chain: &ChainFacts) -> usize {
    let each = |facts: &CertFacts| {
        let texts = [&facts.subject, &facts.issuer, &facts.serial, &facts.fingerprint_sha256];
        texts.into_iter().map(|words| text(words)).sum::<usize>()
            + list(&facts.dns_names, |name| text(name))
            + maybe(facts.issuer_url.as_ref())
    };
    size_of::<ChainFacts>() + COUNTERS + ALLOCATION + list(&chain.certificates, each)
}

fn of_checks(checks: &CertificateChecks) -> usize {
    let CertificateChecks { path, revocation, dates, name } = checks;
    let failures = [path, revocation, dates, name].into_iter().filter_map(Check::failure);
    size_of::<CertificateChecks>() + COUNTERS + ALLOCATION + failures.map(of_failure).sum::<usize>()
}
