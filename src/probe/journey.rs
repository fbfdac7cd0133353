//! The journey: the one place that knows the order of the layers.
//!
//! Promises: one connection, one deadline; the first layer that fails ends it and the layers above are not reached; a
//! hard finding does not end it, so that its consequences are seen too. Through a proxy the way to it and the tunnel are
//! one layer of their own, and TLS and the call travel inside the tunnel. A journey ends when the last of what came for
//! it came, or when it was given up; how long what came waited for us is told beside.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::dns::Lookup;
use super::http::{self, CallPlan, Called, Channel};
use super::proxy::{self, Destination, ProxySetup, Resolved};
use super::tcp;
use super::tls::{self, TlsSetup};
use crate::clock;
use crate::net::Arrivals;
use crate::outcome::{
    DnsEvidence, Failure, Finding, HttpVersion, Layer, Outcome, OutsideChecks, PathId, ProxyEvidence, Reason,
    Stage, Stages,
};
use crate::target::{HttpOffer, Order};
use crate::units::Deadline;

/// When a walk started, by both clocks, how far up it goes, and which call it makes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) wall: SystemTime,
    pub(super) at: Instant,
    pub(super) order: Order,
    /// The highest layer walked; those above are not planned.
    pub(super) top: Layer,
    /// Whether it is a run, and not a look beside the runs.
    run: bool,
}

impl Start {
    /// A run now, as far up as its target is walked.
    pub(super) fn of_run(top: Layer, order: Order) -> Self {
        Self { wall: clock::wall(), at: Instant::now(), order, top, run: true }
    }

    /// A look now, no further than this layer.
    pub(super) fn of_look(top: Layer) -> Self {
        Self { run: false, ..Self::of_run(top, Order::Substitute) }
    }

    /// The same from now on.
    pub(super) fn again(self) -> Self {
        Self { wall: clock::wall(), at: Instant::now(), ..self }
    }

    /// Whether it is a run, so that what is tried beside a journey may be tried.
    pub(super) fn is_run(self) -> bool {
        self.run
    }
}

/// The layers between DNS and TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    /// A TCP connection to the endpoint.
    Tcp,
    /// A tunnel through a proxy.
    Proxy,
}

/// What a walk needs beside addresses or a proxy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) path: &'a PathId,
    /// The endpoint, as it is shown.
    pub(super) endpoint: &'a Arc<str>,
    pub(super) port: u16,
    pub(super) offer: HttpOffer,
    pub(super) tls: Option<&'a TlsSetup>,
    /// The call to make; `None` where none is due.
    pub(super) plan: Option<&'a CallPlan>,
    pub(super) start: Start,
    pub(super) deadline: Deadline,
}

fn untouched(dns: Stage<DnsEvidence>, via: Via, tls: bool, call: bool) -> Stages {
    let (tcp, proxy) = match via {
        Via::Tcp => (Stage::NotReached, Stage::NotPlanned),
        Via::Proxy => (Stage::NotPlanned, Stage::NotReached),
    };
    let tls = if tls { Stage::NotReached } else { Stage::NotPlanned };
    let api = if call { Stage::NotReached } else { Stage::NotPlanned };
    Stages { dns, tcp, proxy, tls, api }
}

impl Walk<'_> {
    /// The layers with what DNS found, none above it reached yet.
    fn above_dns(&self, lookup: Option<Lookup>, via: Via) -> (Stages, Vec<Finding>) {
        let (dns, findings) = match lookup {
            Some(lookup) => (lookup.stage, lookup.findings),
            None => (Stage::NotPlanned, Vec::new()),
        };
        let mut stages = untouched(dns, via, self.tls.is_some(), self.plan.is_some());
        if self.ends_at_dns() {
            (stages.tcp, stages.proxy) = (Stage::NotPlanned, Stage::NotPlanned);
        }
        (stages, findings)
    }

    /// Whether nothing above DNS is walked.
    fn ends_at_dns(&self) -> bool {
        self.start.top == Layer::Dns
    }

    fn outcome(&self, took: Duration, late: Duration, stages: Stages, findings: Vec<Finding>) -> Outcome {
        Outcome {
            path: self.path.clone(),
            endpoint: Arc::clone(self.endpoint),
            started: self.start.wall,
            took,
            stages,
            findings,
            addresses: Vec::new(),
            outside: OutsideChecks::default(),
            retries: Vec::new(),
            late,
        }
    }

    /// The outcome of a path whose name did not resolve.
    pub(super) fn ended_by_dns(&self, lookup: Lookup, via: Via) -> Outcome {
        let (took, late) = (lookup.stage.took().unwrap_or_default(), lookup.late);
        let (stages, findings) = self.above_dns(Some(lookup), via);
        self.outcome(took, late, stages, findings)
    }

    /// The outcome of a path for which there is no way, because of what stands where a proxy should.
    pub(super) fn ended_by_config(&self, failure: Failure, place: &str) -> Outcome {
        let (mut stages, findings) = self.above_dns(None, Via::Proxy);
        let evidence = ProxyEvidence::of(place.to_owned());
        stages.proxy = Stage::Failed { took: Duration::ZERO, failure, evidence };
        self.outcome(Duration::ZERO, Duration::ZERO, stages, findings)
    }

    /// Walks from the addresses up.
    pub(super) async fn direct(self, lookup: Option<Lookup>, addresses: &[IpAddr]) -> Outcome {
        let mut late = late(lookup.as_ref());
        let (mut stages, mut findings) = self.above_dns(lookup, Via::Tcp);
        if self.ends_at_dns() {
            let took = stages.dns.took().unwrap_or_default();
            return self.outcome(took, late, stages, findings);
        }
        let connected = tcp::connect(addresses, self.port, self.deadline).await;
        let mut ended = Instant::now().checked_sub(connected.late).unwrap_or(self.start.at);
        late += connected.late;
        stages.tcp = connected.stage;
        if let Some(stream) = connected.stream {
            let arrivals = stream.arrivals();
            ended = self.on_top(stream, &arrivals, &mut stages, &mut findings).await.unwrap_or(ended);
            late += arrivals.late();
        }
        self.outcome(self.took_until(ended), late, stages, findings)
    }

    /// Walks from the proxy up.
    pub(super) async fn through(
        self,
        lookup: Option<Lookup>,
        setup: &ProxySetup,
        resolved: Resolved<'_>,
        destination: Destination<'_>,
    ) -> Outcome {
        let mut late = late(lookup.as_ref());
        let (mut stages, mut findings) = self.above_dns(lookup, Via::Proxy);
        if self.ends_at_dns() {
            let took = stages.dns.took().unwrap_or_default();
            return self.outcome(took, late, stages, findings);
        }
        let tunnelled = proxy::tunnel(setup, resolved, destination, self.deadline).await;
        let mut ended = tunnelled.ended;
        late += tunnelled.late;
        stages.proxy = tunnelled.stage;
        if let Some((stream, arrivals)) = tunnelled.stream {
            ended = self.on_top(stream, &arrivals, &mut stages, &mut findings).await.unwrap_or(ended);
            late += arrivals.late();
            if let Stage::Failed { failure, .. } = &mut stages.tls
                && failure.reason == Reason::TlsNotTls
                && setup.is_keyed()
            {
                // What came may be what the proxy was told in confidence, sent back behind its answer.
                let words =
                    "what came through the proxy is not TLS; it is not shown, as it may hold credentials";
                failure.detail = words.to_owned();
            }
        }
        self.outcome(self.took_until(ended), late, stages, findings)
    }

    /// The whole time of a journey whose last layer was over then: what came last ends it, not what we make of it.
    fn took_until(&self, ended: Instant) -> Duration {
        ended.saturating_duration_since(self.start.at)
    }

    /// TLS and the call on a connection that has these times; when they were over, where there was something to do.
    async fn on_top<S>(
        &self,
        stream: S,
        arrivals: &Arrivals,
        stages: &mut Stages,
        findings: &mut Vec<Finding>,
    ) -> Option<Instant>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(setup) = self.tls else {
            let plan = self.plan?;
            let version = if self.offer == HttpOffer::H2 { HttpVersion::Http2 } else { HttpVersion::Http11 };
            let called = http::call(stream, arrivals, plan, version, Channel::Plain, self.deadline).await;
            return Some(record_call(called, stages, findings));
        };
        let secured = tls::handshake(stream, arrivals, setup, self.deadline).await;
        let alpn = secured.stage.evidence().and_then(|evidence| evidence.alpn.clone());
        stages.tls = secured.stage;
        findings.extend(secured.findings);
        // Only a connection that verified comes with a stream.
        let (Some(stream), Some(plan)) = (secured.stream, self.plan) else { return Some(secured.ended) };
        let version = match (alpn.as_deref(), self.offer) {
            (Some("h2"), _) => HttpVersion::Http2,
            (_, HttpOffer::H2) => {
                stages.api = http::no_common_version(plan, alpn.as_deref());
                return Some(secured.ended);
            }
            (_, HttpOffer::Auto | HttpOffer::H1) => HttpVersion::Http11,
        };
        let called = http::call(stream, arrivals, plan, version, Channel::Verified, self.deadline).await;
        Some(record_call(called, stages, findings))
    }
}

/// How long what a lookup was told waited for us.
fn late(lookup: Option<&Lookup>) -> Duration {
    lookup.map_or(Duration::ZERO, |lookup| lookup.late)
}

/// Takes down what a call came to; when it was over.
fn record_call(called: Called, stages: &mut Stages, findings: &mut Vec<Finding>) -> Instant {
    let ended = called.ended;
    findings.extend(called.findings);
    let broken = called.stage.failure();
    let turned_away = stages.tls.evidence().zip(called.turned_away);
    let Some(failure) = turned_away.and_then(|(seen, how)| tls::turned_away(seen, how, broken)) else {
        stages.api = called.stage;
        return ended;
    };
    // The server's refusal comes only after the handshake: it is the TLS layer that failed, and the API
    // was never reached.
    let late = called.stage.took().unwrap_or(Duration::ZERO);
    if let Stage::Passed { took, evidence } = std::mem::take(&mut stages.tls) {
        stages.tls = Stage::Failed { took: took + late, failure, evidence };
    }
    ended
}
