//! The proxy layer: the connection to a proxy, TLS with it where it wants that, and the tunnel through it.
//!
//! Promises: a failure here is the proxy's and says at which step, never the target's; credentials are made ready once,
//! go only to a proxy whose certificate verified (where it has one), and are repeated in no words, not even when the
//! proxy sends them back; what came behind the proxy's answer is the tunnel's first bytes and not lost.
//!
//! The bytes are read here and parsed by `httparse`, rather than by an HTTP or SOCKS client: only so is it known what
//! something sent that is no proxy, at which step it went silent or hung up, and with which error of the socket.

mod challenge;
mod confided;
mod connect;
mod inbox;
mod refusal;
mod setup;
mod socks;
mod stream;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::slice;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use super::tls::{self, TlsSetup};
use crate::net::{Arrivals, IoTrouble, Stamped, dial};
use crate::outcome::{Failure, ProxyEvidence, ProxyProtocol, Reason, Stage};
use crate::target::Host;
use crate::units::Deadline;

use inbox::Inbox;
use refusal::Refusal;
pub(super) use setup::ProxySetup;
pub(super) use stream::ProxyStream;

/// Where a tunnel is to lead.
#[derive(Debug, Clone, Copy)]
pub(super) enum Destination<'a> {
    /// A name, which the proxy resolves, and a port.
    Name(&'a str, u16),
    /// An address.
    Address(SocketAddr),
}

impl Destination<'_> {
    /// As it stands in a CONNECT: `name:port`, `1.2.3.4:port`, `[::1]:port`.
    fn authority(self) -> String {
        match self {
            Self::Name(name, port) => format!("{name}:{port}"),
            // Not the address's own way of writing: it would tell the proxy our interface.
            Self::Address(address) => SocketAddr::new(address.ip(), address.port()).to_string(),
        }
    }
}

/// What is known of the proxy's own addresses.
#[derive(Debug, Clone, Copy)]
pub(super) enum Resolved<'a> {
    /// Its URL holds the address.
    Given,
    /// Its name was resolved.
    Found {
        /// The addresses, in the order to try.
        addresses: &'a [IpAddr],
        /// How long that took.
        took: Duration,
    },
    /// Its name was not.
    Failed {
        /// Why not.
        failure: &'a Failure,
        /// How long that took.
        took: Duration,
    },
}

/// What asking for a tunnel found, and the tunnel if there is one.
#[derive(Debug)]
pub(super) struct Tunnelled {
    pub(super) stage: Stage<ProxyEvidence>,
    /// The tunnel, and the times of the connection that it is in.
    pub(super) stream: Option<(ProxyStream, Arrivals)>,
    /// When it was over.
    pub(super) ended: Instant,
    /// How long before the connection's own times what came waited for us.
    pub(super) late: Duration,
}

/// Connects to the proxy, and asks it for a tunnel to `destination`.
pub(super) async fn tunnel(
    setup: &ProxySetup,
    resolved: Resolved<'_>,
    destination: Destination<'_>,
    deadline: Deadline,
) -> Tunnelled {
    let start = Instant::now();
    let resolving = match resolved {
        Resolved::Given => None,
        Resolved::Found { took, .. } | Resolved::Failed { took, .. } => Some(took),
    };
    let mut evidence = ProxyEvidence::of(setup.shown().to_owned());
    evidence.phases.resolve = resolving;
    let (late, arrivals) = (Duration::ZERO, Arrivals::default());
    let mut passage = Passage { setup, destination, deadline, evidence, late, arrivals };
    let result = passage.walk(resolved).await;
    let ended = if result.is_ok() { passage.arrivals.last() } else { Instant::now() };
    let took = resolving.unwrap_or_default() + ended.saturating_duration_since(start);
    let (arrivals, late) = (passage.arrivals, passage.late);
    let evidence = passage.evidence;
    match result {
        Ok(stream) => {
            let stage = Stage::Passed { took, evidence };
            Tunnelled { stage, stream: Some((stream, arrivals)), ended, late }
        }
        Err(refusal) => {
            let failure = refusal.of_proxy(setup.shown());
            let late = late + arrivals.late();
            Tunnelled { stage: Stage::Failed { took, failure, evidence }, stream: None, ended, late }
        }
    }
}

/// The way into one tunnel, and what was seen on it.
struct Passage<'a> {
    setup: &'a ProxySetup,
    destination: Destination<'a>,
    deadline: Deadline,
    evidence: ProxyEvidence,
    late: Duration,
    /// Of the connection, once there is one.
    arrivals: Arrivals,
}

impl Passage<'_> {
    async fn walk(&mut self, resolved: Resolved<'_>) -> Result<ProxyStream, Refusal> {
        let stream = self.reach(resolved).await?;
        match self.setup.tls() {
            None => self.ask(stream).await,
            Some(tls) => self.secure(stream, tls).await,
        }
    }

    async fn reach(&mut self, resolved: Resolved<'_>) -> Result<Stamped, Refusal> {
        let proxy = self.setup.proxy();
        let addresses = match (resolved, &proxy.host) {
            (Resolved::Given, Host::Address(address)) => slice::from_ref(address),
            (Resolved::Given, Host::Name(_)) => &[],
            (Resolved::Found { addresses, .. }, _) => addresses,
            (Resolved::Failed { failure, .. }, host) => {
                let reason = match failure.reason {
                    Reason::CanaryExhausted => Reason::CanaryExhausted,
                    _ => Reason::ProxyUnreachable,
                };
                return Err(Refusal::new(reason, format!("resolving {host}: {}", failure.detail)));
            }
        };
        let begun = Instant::now();
        let dialled = dial(addresses, proxy.port, self.deadline).await;
        self.evidence.phases.connect = Some(begun.elapsed().saturating_sub(dialled.late));
        self.late += dialled.late;
        let Some(stream) = dialled.stream else {
            let mut missed = dialled.attempts.into_iter().filter_map(|attempt| attempt.missed);
            return Err(missed.next().map_or_else(
                || Refusal::new(Reason::ProxyUnreachable, "there is no address to connect to"),
                |missed| {
                    let reason = match missed.trouble {
                        IoTrouble::Exhausted => Reason::CanaryExhausted,
                        _ => Reason::ProxyUnreachable,
                    };
                    Refusal::new(reason, missed.words)
                },
            ));
        };
        self.evidence.address = dialled.attempts.last().map(|attempt| attempt.address);
        self.evidence.rtt = dialled.rtt;
        self.arrivals = stream.arrivals();
        Ok(stream)
    }

    /// TLS with the proxy; only where its certificate verified is there a stream to ask over.
    async fn secure(&mut self, stream: Stamped, tls: &TlsSetup) -> Result<ProxyStream, Refusal> {
        let secured = tls::handshake(stream, &self.arrivals, tls, self.deadline).await;
        self.evidence.phases.tls = secured.stage.took();
        let refusal = secured.stage.failure().map(Refusal::of_tls);
        if let Stage::Passed { evidence, .. } | Stage::Failed { evidence, .. } = secured.stage {
            self.evidence.tls = Some(Box::new(evidence));
        }
        match (refusal, secured.stream) {
            (None, Some(stream)) => {
                self.ask(stream).await.map_err(|refusal| self.without_certificate(refusal))
            }
            (refusal, _) => Err(refusal.unwrap_or_else(|| {
                Refusal::new(Reason::ProxyProtocol, "TLS made no connection, and no error was seen")
            })),
        }
    }

    /// With TLS 1.3 the server's refusal comes after the handshake, as an alert or just an end.
    fn without_certificate(&self, refusal: Refusal) -> Refusal {
        let demanded = self.evidence.tls.as_ref().is_some_and(|tls| tls.client_certificate_requested);
        if demanded && refusal.is_cut() {
            let words = format!("it asked for a client certificate, and {}", refusal.words());
            return Refusal::new(Reason::ProxyAuthRequired, words);
        }
        refusal
    }

    async fn ask<S>(&mut self, stream: S) -> Result<ProxyStream, Refusal>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let begun = Instant::now();
        let mut inbox = Inbox::new(stream, self.setup.confided());
        let asking = async {
            match self.setup.proxy().protocol {
                ProxyProtocol::Http | ProxyProtocol::Https => {
                    let authority = self.destination.authority();
                    connect::ask(&mut inbox, self.setup, &authority, &mut self.evidence).await
                }
                ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => {
                    socks::ask(&mut inbox, self.setup, self.destination, &mut self.evidence).await
                }
            }
        };
        let arrivals = self.arrivals.clone();
        arrivals.ask();
        let result = timeout_at(self.deadline.at(), asking).await;
        let took = match &result {
            Ok(Ok(())) => arrivals.last().saturating_duration_since(arrivals.asked().unwrap_or(begun)),
            _ => begun.elapsed(),
        };
        self.evidence.phases.tunnel = Some(took);
        result.unwrap_or_else(|_| Err(inbox.silence(took)))?;
        let (stream, early) = inbox.into_parts();
        Ok(ProxyStream::new(stream, early))
    }
}
