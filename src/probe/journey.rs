//! The journey: the one place that knows the order of the layers.
//!
//! Promises: one connection, one deadline; the first layer that fails ends it and the layers above are not reached; a
//! hard finding does not end it, so that its consequences are seen too.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::dns::Lookup;
use super::http::{self, CallPlan, Called, Channel};
use super::tcp;
use super::tls::{self, TlsSetup};
use crate::outcome::{DnsEvidence, Failure, Finding, HttpVersion, Outcome, PathId, Reason, Stage, Stages};
use crate::target::{HttpOffer, Target};
use crate::units::Deadline;

/// When a run started, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) wall: SystemTime,
    pub(super) at: Instant,
}

/// What a walk needs beside the addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) target: &'a Target,
    pub(super) tls: Option<&'a TlsSetup>,
    pub(super) plan: &'a CallPlan,
    pub(super) deadline: Deadline,
}

/// The layers before anything above DNS was reached.
fn untouched(dns: Stage<DnsEvidence>, tls_planned: bool) -> Stages {
    let tls = if tls_planned { Stage::NotReached } else { Stage::NotPlanned };
    Stages { dns, tcp: Stage::NotReached, tls, api: Stage::NotReached }
}

/// The outcome of a path whose name did not resolve.
pub(super) fn ended_by_dns(path: &PathId, start: Start, lookup: Lookup, tls_planned: bool) -> Outcome {
    let took = lookup.stage.took().unwrap_or_default();
    let stages = untouched(lookup.stage, tls_planned);
    Outcome { path: path.clone(), started: start.wall, took, stages, findings: lookup.findings }
}

impl Walk<'_> {
    /// Walks from the addresses up.
    pub(super) async fn walk(
        self,
        path: &PathId,
        start: Start,
        lookup: Option<Lookup>,
        addresses: &[IpAddr],
    ) -> Outcome {
        let (dns, mut findings) = match lookup {
            Some(lookup) => (lookup.stage, lookup.findings),
            None => (Stage::NotPlanned, Vec::new()),
        };
        let mut stages = untouched(dns, self.tls.is_some());
        let connected = tcp::connect(addresses, self.target.endpoint.port, self.deadline).await;
        stages.tcp = connected.stage;
        if let Some(stream) = connected.stream {
            self.above_tcp(stream, &mut stages, &mut findings).await;
        }
        Outcome { path: path.clone(), started: start.wall, took: start.at.elapsed(), stages, findings }
    }

    async fn above_tcp(&self, stream: TcpStream, stages: &mut Stages, findings: &mut Vec<Finding>) {
        let offer = self.target.http.offer;
        let Some(setup) = self.tls else {
            let version = if offer == HttpOffer::H2 { HttpVersion::Http2 } else { HttpVersion::Http11 };
            let called = http::call(stream, self.plan, version, Channel::Plain, self.deadline).await;
            return record_call(called, stages, findings);
        };
        let secured = tls::handshake(stream, setup, self.deadline).await;
        let alpn = secured.stage.evidence().and_then(|evidence| evidence.alpn.clone());
        stages.tls = secured.stage;
        findings.extend(secured.findings);
        // Only a connection that verified comes with a stream.
        let Some(stream) = secured.stream else { return };
        let version = match (alpn.as_deref(), offer) {
            (Some("h2"), _) => HttpVersion::Http2,
            (_, HttpOffer::H2) => {
                stages.api = http::no_common_version(self.plan, alpn.as_deref());
                return;
            }
            (_, HttpOffer::Auto | HttpOffer::H1) => HttpVersion::Http11,
        };
        let called = http::call(stream, self.plan, version, Channel::Verified, self.deadline).await;
        record_call(called, stages, findings);
    }
}

fn record_call(called: Called, stages: &mut Stages, findings: &mut Vec<Finding>) {
    findings.extend(called.findings);
    let requested = stages.tls.evidence().is_some_and(|evidence| evidence.client_certificate_requested);
    let Some(how) = called.turned_away.filter(|_| requested) else {
        stages.api = called.stage;
        return;
    };
    // The server's refusal comes only after the handshake: it is the TLS layer that failed, and the API
    // was never reached.
    let late = called.stage.took().unwrap_or(Duration::ZERO);
    let words = format!("the server asked for a client certificate and {how}");
    let failure = Failure::new(Reason::TlsClientCertRequired, words);
    if let Stage::Passed { took, evidence } = std::mem::take(&mut stages.tls) {
        stages.tls = Stage::Failed { took: took + late, failure, evidence };
    }
}
