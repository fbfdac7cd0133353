//! What is watched: targets as the rest of the program sees them, validated and immutable.
//!
//! Promises: a [`Target`] that exists is usable as it stands; two targets compare equal exactly when probing them is
//! the same thing, so a reload can leave unchanged ones alone.

mod call;
mod endpoint;
mod environment;
mod export;
mod file;
mod http;
mod key;
mod proxy;
mod resolver;
mod route;
mod secret;
mod slo;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::outcome::{Family, Layer};
use crate::provider::Provider;

pub use call::{Between, Budget, CallOptions, Jitter, Order, RetryOptions, StatusPageOptions};
pub use endpoint::{Endpoint, EndpointError, Host, Scheme};
pub use environment::{EnvRoute, EnvWay, ProxyEnvironment};
pub use export::Export;
pub use file::read_regular;
pub use http::{BodyPattern, Expectations, HttpOffer, HttpOptions};
pub use key::{ApiKey, KeyError, KeyOrigin};
pub use proxy::{Credentials, Proxy, ProxyError};
pub use resolver::{Resolver, ResolverKind, Server, ServerError, Validation};
pub use route::{DIRECT, ENV, Route, RouteKind};
pub use secret::Secret;
pub use slo::{CALL_BOUNDS, LEAN_CALL_BOUNDS, Objective, Slo};
pub use tls::{ClientCertificate, MinTls, Roots, TlsOptions};

/// The name of the resolver that is always there.
pub const SYSTEM: &str = "system";

/// Which families are walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Families {
    /// Those that DNS answers.
    Answered,
    /// These, whatever DNS answers; never empty.
    Only(Vec<Family>),
}

/// Which addresses of a path are walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// The first one that connects, in the order of the answer.
    First,
    /// Each of them.
    All,
}

/// One URL of a target, with what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where it is.
    pub endpoint: Endpoint,
    /// Networks the addresses must be in; empty: not checked.
    pub expected_networks: Vec<IpNet>,
    /// Whether the host is the provider's own, so that its certificate has to be one of a public issuer.
    pub public: bool,
}

/// When another route or endpoint is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failover {
    /// So many successes in a row make one healthy.
    pub rise: u32,
    /// So many failures in a row make one unhealthy.
    pub fall: u32,
}

impl Default for Failover {
    fn default() -> Self {
        Self { rise: 2, fall: 3 }
    }
}

/// When a diagnosis is told, and whether experiments are made to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiagnosisOptions {
    /// So many good runs in a row before a target that failed is said to be ok.
    pub recover_after: u32,
    /// So many runs in a row before one failing verdict replaces another.
    pub change_after: u32,
    /// Whether experiments are made after a failure.
    pub follow_ups: bool,
}

impl Default for DiagnosisOptions {
    fn default() -> Self {
        Self { recover_after: 2, change_after: 2, follow_ups: true }
    }
}

/// One API endpoint under watch.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name, unique in the config.
    pub name: Arc<str>,
    /// The dialect it speaks.
    pub provider: &'static dyn Provider,
    /// Where it is: its endpoints, the most preferred first; never empty.
    pub sites: Vec<Site>,
    /// The highest layer that its runs walk; those above are not planned. [`Layer::Proxy`] for a connection, be it a tunnel.
    pub top: Layer,
    /// The key, if it has one.
    pub api_key: Option<ApiKey>,
    /// Time between the starts of two runs.
    pub interval: Duration,
    /// The budget of one journey; at most the interval.
    pub timeout: Duration,
    /// Which families are walked.
    pub families: Families,
    /// Which addresses of a path are walked.
    pub addresses: Addresses,
    /// How packets leave, the most preferred first; never empty.
    pub routes: Vec<Route>,
    /// Who is asked for addresses; the answer of the first is walked. Empty where no route needs an address.
    pub resolvers: Vec<Resolver>,
    /// When another route or endpoint is preferred.
    pub failover: Failover,
    /// When its diagnosis is told.
    pub diagnosis: DiagnosisOptions,
    /// How TLS is spoken.
    pub tls: TlsOptions,
    /// How HTTP is spoken.
    pub http: HttpOptions,
    /// What is called.
    pub call: CallOptions,
    /// Whether a journey that failed is tried again at once.
    pub retry: RetryOptions,
    /// The provider's status page, if it is read.
    pub status_page: Option<StatusPageOptions>,
}

/// How the highest layer that is walked is written: a connection is one whether through a proxy or not.
#[must_use]
pub const fn top_label(top: Layer) -> &'static str {
    match top {
        Layer::Tcp | Layer::Proxy => Layer::Tcp.label(),
        Layer::Dns | Layer::Tls | Layer::Api => top.label(),
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            name,
            provider,
            sites,
            top,
            api_key,
            interval,
            timeout,
            families,
            addresses,
            routes,
            resolvers,
            failover,
            diagnosis,
            tls,
            http,
            call,
            retry,
            status_page,
        } = self;
        name == &other.name
            && provider.name() == other.provider.name()
            && sites == &other.sites
            && top == &other.top
            && api_key == &other.api_key
            && interval == &other.interval
            && timeout == &other.timeout
            && families == &other.families
            && addresses == &other.addresses
            && routes == &other.routes
            && resolvers == &other.resolvers
            && failover == &other.failover
            && diagnosis == &other.diagnosis
            && tls == &other.tls
            && http == &other.http
            && call == &other.call
            && retry == &other.retry
            && status_page == &other.status_page
    }
}

/// So that an `Arc` of one is known to equal itself without a look inside.
impl Eq for Target {}
