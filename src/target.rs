//! What is watched: targets as the rest of the program sees them, validated and immutable.
//!
//! Promises: a [`Target`] that exists is usable as it stands; two targets compare equal exactly when probing them is
//! the same thing, so a reload can leave unchanged ones alone.

mod endpoint;
mod file;
mod key;
mod secret;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;

use crate::outcome::{Family, Transport};
use crate::provider::{CallKind, Provider};

pub use endpoint::{Endpoint, EndpointError, Host, Scheme};
pub use file::read_regular;
pub use key::{ApiKey, KeyError, KeyOrigin};
pub use secret::Secret;

/// The name of the route that is always there.
pub const DIRECT: &str = "direct";

/// The name of the resolver that is always there.
pub const SYSTEM: &str = "system";

/// Who is asked for addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    /// Its name in the config.
    pub name: Arc<str>,
    /// How it is asked.
    pub kind: ResolverKind,
}

/// How a resolver is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolverKind {
    /// As the machine does: the hosts file, then the servers of resolv.conf in their order.
    System,
    /// One named server.
    Server {
        /// Its address.
        address: SocketAddr,
        /// The transport of the first question.
        transport: Transport,
    },
}

/// Which families are walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Families {
    /// Those that DNS answers.
    Answered,
    /// These, whatever DNS answers; never empty.
    Only(Vec<Family>),
}

/// Which roots a certificate must lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// The bundled Mozilla roots.
    Mozilla,
    /// The certificates of one file, and no others.
    File {
        /// Where they were read.
        path: String,
        /// The certificates; never empty.
        certificates: Vec<CertificateDer<'static>>,
    },
}

/// The lowest version of TLS to accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MinTls {
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

/// How TLS is spoken with a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsOptions {
    /// What to trust.
    pub roots: Roots,
    /// The name to send and verify instead of the URL's host.
    pub server_name: Option<String>,
    /// The lowest version to accept.
    pub min_version: MinTls,
    /// How long before its end a certificate is reported as expiring.
    pub expiry_warning: Duration,
}

/// Which version of HTTP is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpOffer {
    /// Both; the server chooses by ALPN.
    Auto,
    /// HTTP/1.1 only.
    H1,
    /// HTTP/2 only.
    H2,
}

/// A pattern a body must match; compares by its text.
#[derive(Debug, Clone)]
pub struct BodyPattern(pub regex::bytes::Regex);

impl PartialEq for BodyPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for BodyPattern {}

/// What an answer must be, beyond what the provider's dialect says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectations {
    /// Statuses that are right; empty: what the provider says.
    pub status: Vec<u16>,
    /// What the body must match.
    pub body: Option<BodyPattern>,
    /// Slower than this is reported as slow.
    pub max_latency: Option<Duration>,
}

/// How HTTP is spoken with a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// The versions offered.
    pub offer: HttpOffer,
    /// Headers added to every call; values are marked sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What the answer must be.
    pub expect: Expectations,
}

/// One API endpoint under watch.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name, unique in the config.
    pub name: Arc<str>,
    /// The dialect it speaks.
    pub provider: &'static dyn Provider,
    /// Where it is.
    pub endpoint: Endpoint,
    /// The key, if it has one.
    pub api_key: Option<ApiKey>,
    /// Time between the starts of two runs.
    pub interval: Duration,
    /// The budget of one journey; at most the interval.
    pub timeout: Duration,
    /// Which families are walked.
    pub families: Families,
    /// Who is asked for addresses.
    pub resolver: Resolver,
    /// Networks the addresses must be in; empty: not checked.
    pub expected_networks: Vec<IpNet>,
    /// How TLS is spoken.
    pub tls: TlsOptions,
    /// How HTTP is spoken.
    pub http: HttpOptions,
    /// What is called.
    pub call: CallKind,
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            name,
            provider,
            endpoint,
            api_key,
            interval,
            timeout,
            families,
            resolver,
            expected_networks,
            tls,
            http,
            call,
        } = self;
        name == &other.name
            && provider.name() == other.provider.name()
            && endpoint == &other.endpoint
            && api_key == &other.api_key
            && interval == &other.interval
            && timeout == &other.timeout
            && families == &other.families
            && resolver == &other.resolver
            && expected_networks == &other.expected_networks
            && tls == &other.tls
            && http == &other.http
            && call == &other.call
    }
}
