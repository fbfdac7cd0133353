//! The other end: the simulated provider in a process of its own, so that its CPU time is not the prober's.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use api_canary::outcome::{Family, Layer, Transport};
use api_canary::provider::{self, CallKind};
use api_canary::simulate::{Options, Simulator};
use api_canary::target::{
    Addresses, CallOptions, DiagnosisOptions, Endpoint, Expectations, Failover, Families, HttpOffer,
    HttpOptions, MinTls, Resolver, ResolverKind, RetryOptions, Roots, Route, Server, Site, Target,
    TlsOptions, Validation,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The argument that makes this program the peer.
pub(crate) const ARGUMENT: &str = "--peer";

/// The running peer; ends with this value, and with this process.
pub(crate) struct Peer {
    child: Child,
    pub(crate) dns: SocketAddr,
    pub(crate) api: SocketAddr,
    pub(crate) plain: SocketAddr,
    pub(crate) root: CertificateDer<'static>,
    /// The same as a file holds it.
    pub(crate) pem: String,
}

impl Peer {
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let program = std::env::current_exe()?;
        let mut child =
            Command::new(program).arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("the peer has no output")?).read_line(&mut line)?;
        let (addresses, pem): ([SocketAddr; 3], String) = serde_json::from_str(&line)?;
        let [dns, api, plain] = addresses;
        let root = CertificateDer::from_pem_slice(pem.as_bytes())?;
        Ok(Self { child, dns, api, plain, root, pem })
    }

    /// A target without a dialect, over IPv4, resolved by the peer.
    pub(crate) fn target(&self, url: &str) -> Result<Target, Box<dyn Error>> {
        let kind = ResolverKind::Server(Arc::new(Server::at(Transport::Udp, self.dns)));
        Ok(Target {
            name: "bench".into(),
            provider: provider::by_name("http").ok_or("no such provider")?,
            sites: vec![Site {
                endpoint: Endpoint::parse(url)?,
                expected_networks: Vec::new(),
                public: false,
            }],
            top: Layer::Api,
            api_key: None,
            interval: Duration::from_secs(15),
            timeout: Duration::from_secs(10),
            families: Families::Only(vec![Family::Ipv4]),
            addresses: Addresses::First,
            routes: vec![Route::direct()],
            resolvers: vec![Resolver { name: "bench".into(), kind, dnssec: Validation::Off }],
            failover: Failover::default(),
            diagnosis: DiagnosisOptions::default(),
            tls: TlsOptions {
                roots: Roots::File { path: "root.pem".into(), certificates: [self.root.clone()].into() },
                server_name: None,
                min_version: MinTls::V12,
                refuses_older: false,
                client_cert: None,
                expiry_warning: Duration::from_secs(24 * 3600),
            },
            http: http(HttpOffer::H1),
            call: CallOptions::free(CallKind::Get, Duration::from_secs(30)),
            retry: RetryOptions::default(),
            status_page: None,
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// No more than a version of HTTP.
pub(crate) fn http(offer: HttpOffer) -> HttpOptions {
    HttpOptions { offer, headers: Vec::new(), expect: Expectations::default(), redirect_https: false }
}

/// Serves until standard input ends.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let simulator = runtime.block_on(Simulator::start(Options::default()))?;
    let addresses = [simulator.dns_address(), simulator.api_address(), simulator.plain_address()];
    let line = serde_json::to_string(&(addresses, simulator.ca_pem()))?;
    writeln!(std::io::stdout(), "{line}")?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.block_on(simulator.shutdown());
    Ok(())
}
