//! Servers that are asked over TLS (DoT, RFC 7858) or HTTPS (DoH, RFC 8484).
//!
//! Promises: TLS is set up once; a server that is named is looked up in each lookup, whose time and queries include it,
//! unless its addresses are configured; nothing is asked over a connection that did not verify.

use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::op::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::exchange::{Exchange, reason_of_connecting};
use super::https::Http;
use super::question::{Question, QuestionError};
use super::sent::Sent;
use super::system::SystemResolver;
use crate::net::{Arrivals, Stamped};
use crate::outcome::{Failure, Reason, RecordType, Stage, Transport};
use crate::probe::tls::{self, TlsSetup};
use crate::target::{Host, MinTls, Server, TlsOptions};
use crate::units::Deadline;

/// What is needed to open connections to a server, made once.
#[derive(Debug)]
pub(super) struct Encrypted {
    server: Arc<Server>,
    tls: TlsSetup,
    bootstrap: Bootstrap,
}

/// Where the addresses of a server come from.
#[derive(Debug)]
enum Bootstrap {
    Known(Vec<IpAddr>),
    Asked { system: Arc<SystemResolver>, questions: Box<[Question; 2]> },
}

/// Why an encrypted server cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum EncryptedError {
    /// Its name cannot be asked of DNS.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] tls::SetupError),
}

impl Encrypted {
    /// How many sockets a question may hold at once: its own, or before it those of asking where the server is.
    pub(super) fn sockets(&self) -> u64 {
        match &self.bootstrap {
            Bootstrap::Known(_) => 1,
            Bootstrap::Asked { system, .. } => 2 * system.sockets(),
        }
    }

    /// Prepares to ask `server`; where it is a name without addresses, `system` is asked for them.
    pub(super) fn new(server: Arc<Server>, system: &Arc<SystemResolver>) -> Result<Self, EncryptedError> {
        let alpn: &[&[u8]] = match server.transport {
            Transport::Https => &[b"h2", b"http/1.1"],
            Transport::Udp | Transport::Tcp | Transport::Tls => &[b"dot"],
        };
        let options = TlsOptions {
            roots: server.roots.clone(),
            server_name: server.server_name.clone(),
            min_version: MinTls::V12,
            refuses_older: false,
            client_cert: None,
            // When it ends is its owner's business, as long as it has not.
            expiry_warning: Duration::ZERO,
        };
        let tls = TlsSetup::without_machine(&options, alpn, &server.host)?;
        let bootstrap = match &server.host {
            Host::Address(address) => Bootstrap::Known(vec![*address]),
            Host::Name(_) if !server.bootstrap.is_empty() => Bootstrap::Known(server.bootstrap.clone()),
            Host::Name(name) => Bootstrap::Asked {
                system: Arc::clone(system),
                questions: Box::new([
                    Question::new(name, RecordType::A)?,
                    Question::new(name, RecordType::Aaaa)?,
                ]),
            },
        };
        Ok(Self { server, tls, bootstrap })
    }

    pub(super) fn transport(&self) -> Transport {
        self.server.transport
    }

    /// The server at one of its addresses, for details.
    pub(super) fn shown(&self, address: SocketAddr) -> String {
        match &self.server.host {
            Host::Address(_) => address.to_string(),
            Host::Name(name) => format!("{name} ({address})"),
        }
    }

    /// Connects to the first of its addresses that takes the connection, and shakes hands there.
    pub(super) async fn open(&self, deadline: Deadline, sent: &Sent) -> Result<Opened, Failure> {
        sent.begin();
        let addresses = self.addresses(deadline, sent).await?;
        let (stream, address) = self.connect(&addresses, deadline).await?;
        let arrivals = stream.arrivals();
        let secured = tls::handshake(stream, &arrivals, &self.tls, deadline).await;
        let (stream, evidence) = match (secured.stream, secured.stage) {
            (Some(stream), Stage::Passed { evidence, .. }) => (stream, evidence),
            (_, stage) => return Err(self.not_secured(address, stage.failure())),
        };
        let stream: Box<dyn Duplex> = Box::new(stream);
        let over = match self.server.transport {
            Transport::Https => {
                let h2 = evidence.alpn.as_deref() == Some("h2");
                let http = timeout_at(deadline.at(), Http::new(stream, h2, &self.server)).await;
                let http = http.unwrap_or_else(|_| Err("no time is left".to_owned()));
                Over::Http(http.map_err(|why| {
                    Failure::new(Reason::DnsMalformed, format!("HTTP with {}: {why}", self.shown(address)))
                })?)
            }
            Transport::Udp | Transport::Tcp | Transport::Tls => Over::Stream(stream),
        };
        Ok(Opened { address, over, arrivals, told: Duration::ZERO })
    }

    fn not_secured(&self, address: SocketAddr, failure: Option<&Failure>) -> Failure {
        let shown = self.shown(address);
        let Some(failure) = failure else {
            return Failure::new(Reason::DnsTlsFailed, format!("TLS with {shown} failed"));
        };
        let reason = match failure.reason {
            Reason::CanaryExhausted => Reason::CanaryExhausted,
            Reason::TlsTimeout => Reason::DnsTimeout,
            _ => Reason::DnsTlsFailed,
        };
        Failure::new(reason, format!("asking {shown}: {} ({})", failure.detail, failure.reason))
    }

    async fn addresses(&self, deadline: Deadline, sent: &Sent) -> Result<Vec<IpAddr>, Failure> {
        let (system, questions) = match &self.bootstrap {
            Bootstrap::Known(addresses) => return Ok(addresses.clone()),
            Bootstrap::Asked { system, questions } => (system, questions),
        };
        let [a, aaaa] = questions.as_ref();
        // Boxed: asked for a server is rare, and must not make every lookup large.
        let (found, queries) = Box::pin(system.host([a, aaaa], deadline)).await;
        (0..queries).for_each(|_| sent.count());
        found.map_err(|failure| {
            let detail = format!("resolving {} by system: {}", self.server.host, failure.detail);
            Failure::new(failure.reason, detail)
        })
    }

    async fn connect(
        &self,
        addresses: &[IpAddr],
        deadline: Deadline,
    ) -> Result<(Stamped, SocketAddr), Failure> {
        let mut first = None;
        for (index, address) in addresses.iter().enumerate() {
            let address = SocketAddr::new(*address, self.server.port);
            let start = Instant::now();
            let share = deadline.share(start, addresses.len() - index);
            let shown = self.shown(address);
            let failure = match timeout_at(share.at(), TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // As for calls: without it a query would wait for the handshake's last acknowledgement.
                    let _ = stream.set_nodelay(true);
                    return Ok((Stamped::new(stream), address));
                }
                Ok(Err(error)) => {
                    let reason = reason_of_connecting(address, &error);
                    Failure::new(reason, format!("connecting to {shown}: {error}"))
                }
                Err(_) => {
                    let waited = start.elapsed().as_secs_f64();
                    let words = format!("connecting to {shown}: no answer in {waited:.1} s");
                    Failure::new(Reason::DnsTimeout, words)
                }
            };
            first = first.or(Some(failure));
        }
        let nowhere = || Failure::new(Reason::DnsNodata, format!("{} has no address", self.server.host));
        Err(first.unwrap_or_else(nowhere))
    }
}

/// A stream of bytes each way.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send + Debug {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Debug> Duplex for S {}

/// A connection to an encrypted server.
#[derive(Debug)]
pub(super) struct Opened {
    address: SocketAddr,
    over: Over,
    arrivals: Arrivals,
    /// How much of the waiting for us was told.
    told: Duration,
}

#[derive(Debug)]
enum Over {
    Stream(Box<dyn Duplex>),
    Http(Http),
}

impl Opened {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether another query can be sent, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        match &self.over {
            Over::Stream(_) => true,
            Over::Http(http) => http.is_open(),
        }
    }

    pub(super) async fn ask(&mut self, exchange: &Exchange<'_>) -> Result<Message, Failure> {
        let asked = match &mut self.over {
            Over::Stream(stream) => exchange.framed(stream.as_mut()).await,
            Over::Http(http) => http.ask(exchange).await,
        };
        let late = self.arrivals.late();
        exchange.sent.waited(late.saturating_sub(std::mem::replace(&mut self.told, late)));
        if asked.is_ok() {
            exchange.sent.came(self.arrivals.last());
        }
        asked
    }
}
