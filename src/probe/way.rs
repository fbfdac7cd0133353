//! The ways of a target's routes to one endpoint: what each route comes to there, made once.

use std::net::IpAddr;
use std::sync::Arc;

use super::dns::{Question, QuestionError, SystemResolver};
use super::proxy::{Destination, ProxySetup, Resolved};
use super::tls;
use crate::outcome::{Failure, Family, Finding, PathId, Reason, RecordType};
use crate::target::{Endpoint, EnvWay, Host, Proxy, Route, RouteKind};
use crate::units::Deadline;

/// Why a way cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WayError {
    /// The proxy's host cannot be asked of DNS.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// The proxy cannot be set up.
    #[error(transparent)]
    Proxy(#[from] tls::SetupError),
}

/// One route to one endpoint.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) kind: WayKind,
    paths: [PathId; 3],
    /// What is to be said about every journey this way.
    pub(super) findings: Vec<Finding>,
}

/// What a route comes to.
#[derive(Debug)]
pub(super) enum WayKind {
    /// Straight to an address of the endpoint.
    Direct,
    /// Through a proxy that is given an address of the endpoint.
    ProxyToAddress(Box<ProxyWay>),
    /// Through a proxy that is given the endpoint's name.
    ProxyToName(Box<ProxyWay>),
    /// Nowhere: what stands in the proxy variables is not supported.
    Unsupported(Failure),
}

/// A proxy, and what is asked of DNS to find it.
#[derive(Debug)]
pub(super) struct ProxyWay {
    pub(super) setup: ProxySetup,
    questions: Option<[Question; 2]>,
}

impl Way {
    pub(super) fn new(target: &Arc<str>, route: &Route, endpoint: &Endpoint) -> Result<Self, WayError> {
        let mut findings = Vec::new();
        let kind = match &route.kind {
            RouteKind::Direct => WayKind::Direct,
            RouteKind::Proxy(proxy) => through(proxy)?,
            RouteKind::Environment(environment) => {
                let route = environment.route(endpoint);
                if !route.disagreements.is_empty() {
                    let words = route.disagreements.join("; ");
                    findings.push(Finding::new(Reason::ProxyEnvDisagreement, words));
                }
                match route.way {
                    EnvWay::Direct => WayKind::Direct,
                    EnvWay::Proxy(proxy) => through(&proxy)?,
                    EnvWay::Unsupported(words) => {
                        WayKind::Unsupported(Failure::new(Reason::ProxySchemeUnsupported, words))
                    }
                }
            }
        };
        let path = |family| PathId { target: Arc::clone(target), route: Arc::clone(&route.name), family };
        Ok(Self { kind, paths: [Family::Ipv4, Family::Ipv6, Family::Any].map(path), findings })
    }

    /// Whether the way needs an address of the endpoint, and so has a path for each family.
    pub(super) fn needs_address(&self) -> bool {
        match self.kind {
            WayKind::Direct | WayKind::ProxyToAddress(_) => true,
            WayKind::ProxyToName(_) | WayKind::Unsupported(_) => false,
        }
    }

    /// How many sockets a walk this way may hold at once.
    pub(super) fn sockets(&self, system: &SystemResolver) -> u64 {
        match &self.kind {
            WayKind::Direct => 1,
            WayKind::ProxyToAddress(proxy) | WayKind::ProxyToName(proxy) => proxy.sockets(system),
            WayKind::Unsupported(_) => 0,
        }
    }

    pub(super) fn path(&self, family: Family) -> &PathId {
        let [ipv4, ipv6, any] = &self.paths;
        match family {
            Family::Ipv4 => ipv4,
            Family::Ipv6 => ipv6,
            Family::Any => any,
        }
    }
}

fn through(proxy: &Arc<Proxy>) -> Result<WayKind, WayError> {
    let questions = match &proxy.host {
        Host::Address(_) => None,
        Host::Name(name) => {
            Some([Question::new(name, RecordType::A)?, Question::new(name, RecordType::Aaaa)?])
        }
    };
    let way = Box::new(ProxyWay { setup: ProxySetup::new(Arc::clone(proxy))?, questions });
    Ok(if proxy.protocol.resolves() { WayKind::ProxyToName(way) } else { WayKind::ProxyToAddress(way) })
}

/// The addresses of a proxy.
#[derive(Debug)]
pub(super) enum ProxyAddresses {
    /// Its URL has the address.
    Given,
    /// What the machine's resolver said, and how long that took.
    Asked(Result<Vec<IpAddr>, Failure>, std::time::Duration),
}

impl ProxyWay {
    /// How many sockets are held at once: the tunnel, or before it those of asking where the proxy is.
    fn sockets(&self, system: &SystemResolver) -> u64 {
        if self.questions.is_some() { 2 * system.sockets() } else { 1 }
    }

    /// Asks the machine's own resolver where the proxy is, both families at once.
    pub(super) async fn resolve(&self, system: &SystemResolver, deadline: Deadline) -> ProxyAddresses {
        let Some([a, aaaa]) = &self.questions else { return ProxyAddresses::Given };
        let start = tokio::time::Instant::now();
        let (found, _) = system.host([a, aaaa], deadline).await;
        ProxyAddresses::Asked(found, start.elapsed())
    }
}

impl ProxyAddresses {
    /// As the proxy layer takes them.
    pub(super) fn resolved(&self) -> Resolved<'_> {
        match self {
            Self::Given => Resolved::Given,
            Self::Asked(Ok(addresses), took) => Resolved::Found { addresses, took: *took },
            Self::Asked(Err(failure), took) => Resolved::Failed { failure, took: *took },
        }
    }
}

/// The endpoint as a proxy that resolves names is told.
pub(super) fn by_name(endpoint: &Endpoint) -> Destination<'_> {
    match &endpoint.host {
        Host::Name(name) => Destination::Name(name, endpoint.port),
        Host::Address(address) => Destination::Address((*address, endpoint.port).into()),
    }
}
