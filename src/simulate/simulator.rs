//! Starting and stopping all parts.

use super::accept::{MAX_CONNECTIONS, accept_loop};
use super::counts::{Counter, Counts, Port};
use super::fault::Fault;
use super::host_faults::{HostFaults, Lasting, normal};
use super::rate_limits::RateLimits;
use super::record::{RecordedQuery, RecordedRequest, RecordedTunnel, Ring};
use super::sockets::{ApiSockets, BLACK_HOLE, bind_api, bind_dns, bind_tcp};
use super::tls::{AtAnyWord, Tls};
use super::world::World;
use super::{black_hole, control, dns, http, proxy, tls};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::net::UdpSocket;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Where the simulator listens and what it starts with.
#[derive(Debug, Clone)]
pub struct Options {
    /// DNS, UDP and TCP. Port 0 takes any free one, here and below.
    pub dns: SocketAddr,
    /// The API over TLS: an IPv4 loopback address.
    pub api: SocketAddr,
    /// The API over plain HTTP.
    pub plain: SocketAddr,
    /// The control endpoint.
    pub control: SocketAddr,
    /// The proxy: HTTP CONNECT, with TLS and without, and SOCKS 5.
    pub proxy: SocketAddr,
    /// User and password that the proxy wants; nobody needs any without.
    pub proxy_credentials: Option<(String, String)>,
    /// The domain all simulated names are below.
    pub domain: String,
    /// The one API key that is accepted.
    pub api_key: String,
    /// Faults set from the start, by host.
    pub faults: Vec<(String, Fault)>,
}

/// Why the simulator could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket could not be bound.
    #[error("cannot bind {address} for {what}")]
    Bind {
        /// What it was for.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The API's address is not usable.
    #[error(
        "cannot use {0} for the API: it must be an IPv4 loopback address other than 127.0.0.2 to 127.0.0.5, 127.0.0.7 \
         and 127.0.0.53, which faults use"
    )]
    ApiAddress(SocketAddr),
    /// The domain is no domain name.
    #[error("cannot use `{0}` as the domain: it is no domain name")]
    Domain(String),
    /// A certificate could not be minted.
    #[error("cannot mint the certificates")]
    Certificates(#[from] rcgen::Error),
    /// A TLS configuration was not accepted.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// A certificate verifier was not accepted.
    #[error("cannot set up the verification of client certificates")]
    ClientVerifier(#[from] rustls::server::VerifierBuilderError),
}

/// A running simulated provider. Dropping it ends its tasks as well, without waiting for them.
pub struct Simulator {
    world: Arc<World>,
    dns: SocketAddr,
    api: SocketAddr,
    control: SocketAddr,
    proxy: SocketAddr,
    tasks: JoinSet<()>,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            dns: any,
            api: any,
            plain: any,
            control: any,
            proxy: any,
            proxy_credentials: None,
            domain: "sim.test".to_owned(),
            api_key: "sk-ant-sim-valid".to_owned(),
            faults: Vec::new(),
        }
    }
}

// === impl Simulator ===

impl Simulator {
    /// Binds everything and starts serving; when this returns, clients can connect.
    pub async fn start(options: Options) -> Result<Simulator, StartError> {
        let domain = normal(&options.domain).into_owned();
        if !dns::is_domain(&domain) {
            return Err(StartError::Domain(options.domain));
        }
        let (udp, dns_tcp) = bind_dns(options.dns).await?;
        let sockets = bind_api(options.api).await?;
        let plain = bind_tcp("the API over plain HTTP", options.plain).await?;
        let control = bind_tcp("the control endpoint", options.control).await?;
        let proxy = bind_tcp("the proxy", options.proxy).await?;
        let [plain_address, control_address, proxy_address] =
            [(&plain, options.plain), (&control, options.control), (&proxy, options.proxy)]
                .map(|(listener, asked)| listener.local_addr().unwrap_or(asked));

        let (full, black_hole) = watch::channel(false);
        let world = Arc::new(World {
            tls: Tls::new(&domain, control_address)?,
            faults: HostFaults::new(domain, options.faults),
            api_key: options.api_key,
            healthy: match sockets.address.ip() {
                IpAddr::V4(ip) => ip,
                IpAddr::V6(_) => Ipv4Addr::LOCALHOST,
            },
            ipv6: sockets.ipv6,
            plain: plain_address,
            requests: Ring::new(),
            queries: Ring::new(),
            tunnels: Ring::new(),
            counter: Counter::default(),
            proxy_credentials: options.proxy_credentials,
            rate_limits: RateLimits::new(Instant::now()),
            black_hole,
            serial: AtomicU64::new(1),
        });

        let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut tasks = JoinSet::new();
        let (dns, api) = (local_address(&udp, options.dns), sockets.address);
        tasks.spawn(black_hole::keep_full((BLACK_HOLE, api.port()).into(), full));
        tasks.spawn(dns::serve_udp(udp, Arc::clone(&world)));
        let shared = Arc::clone(&world);
        tasks.spawn(accept_loop(dns_tcp, Arc::clone(&permits), move |stream| {
            shared.counter.connected(Port::Dns);
            dns::serve_tcp(stream, Arc::clone(&shared))
        }));
        spawn_api(sockets, &world, &permits, &mut tasks);
        let shared = Arc::clone(&world);
        tasks.spawn(accept_loop(plain, Arc::clone(&permits), move |stream| {
            shared.counter.connected(Port::Plain);
            http::serve_plain(stream, Arc::clone(&shared))
        }));
        let shared = Arc::clone(&world);
        tasks.spawn(accept_loop(proxy, Arc::clone(&permits), move |stream| {
            shared.counter.connected(Port::Proxy);
            proxy::serve(stream, Arc::clone(&shared))
        }));
        let router = control::router(Arc::clone(&world));
        tasks.spawn(accept_loop(control, permits, move |stream| control::serve(stream, router.clone())));

        Ok(Simulator { world, dns, api, control: control_address, proxy: proxy_address, tasks })
    }

    /// Where DNS is asked, over UDP and TCP.
    pub fn dns_address(&self) -> SocketAddr {
        self.dns
    }

    /// Where the API is, over TLS.
    pub fn api_address(&self) -> SocketAddr {
        self.api
    }

    /// Where the API is, over plain HTTP.
    pub fn plain_address(&self) -> SocketAddr {
        self.world.plain
    }

    /// Where the control endpoint is.
    pub fn control_address(&self) -> SocketAddr {
        self.control
    }

    /// Where the proxy is, for `http://`, `https://`, `socks5://` and `socks5h://`; its name is `proxy.<domain>`.
    pub fn proxy_address(&self) -> SocketAddr {
        self.proxy
    }

    /// The root certificate a client has to trust.
    pub fn ca_pem(&self) -> &str {
        self.world.tls.ca_pem()
    }

    /// Gives a host a fault, in place of the one it has. A host named after a fault keeps that one.
    pub fn set_fault(&self, host: &str, fault: Fault) {
        self.set_fault_lasting(host, fault, Lasting::default());
    }

    /// The same for a while: it ends by itself. Only requests that reach the API are counted, so a fault of a layer
    /// below it ends by its time only.
    pub fn set_fault_lasting(&self, host: &str, fault: Fault, lasting: Lasting) {
        self.world.faults.set(host, fault, lasting);
    }

    /// Makes a host healthy again.
    pub fn clear_fault(&self, host: &str) {
        self.world.faults.clear(host);
    }

    /// How often everything happened since the start.
    pub fn counts(&self) -> Counts {
        self.world.counter.counts()
    }

    /// The newest requests that reached the API, oldest first: at most 10,000.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.world.requests.entries()
    }

    /// The newest DNS queries, oldest first: at most 10,000.
    pub fn dns_queries(&self) -> Vec<RecordedQuery> {
        self.world.queries.entries()
    }

    /// The newest tunnels that the proxy was asked for, oldest first: at most 10,000.
    pub fn tunnels(&self) -> Vec<RecordedTunnel> {
        self.world.tunnels.entries()
    }

    #[cfg(test)]
    pub(super) fn has_ipv6(&self) -> bool {
        self.world.ipv6
    }

    /// Closes every socket and ends every task.
    pub async fn shutdown(mut self) {
        self.tasks.shutdown().await;
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("dns", &self.dns).field("api", &self.api).finish_non_exhaustive()
    }
}

fn local_address(udp: &UdpSocket, asked: SocketAddr) -> SocketAddr {
    udp.local_addr().unwrap_or(asked)
}

fn spawn_api(sockets: ApiSockets, world: &Arc<World>, permits: &Arc<Semaphore>, tasks: &mut JoinSet<()>) {
    for listener in sockets.listeners {
        let shared = Arc::clone(world);
        tasks.spawn(accept_loop(listener, Arc::clone(permits), move |stream| {
            shared.counter.connected(Port::Api);
            tls::serve(stream, Arc::clone(&shared))
        }));
    }
    for (listener, how) in [(sockets.resetting, AtAnyWord::Reset), (sockets.silent, AtAnyWord::Hang)] {
        let Some(listener) = listener else { continue };
        let shared = Arc::clone(world);
        tasks.spawn(accept_loop(listener, Arc::clone(permits), move |stream| {
            shared.counter.connected(Port::Api);
            tls::hear(stream, how)
        }));
    }
}
