//! The record of one journey.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{ApiEvidence, DnsEvidence, Failure, Family, Finding, Layer, Stage, TcpEvidence, TlsEvidence};

/// The identity of a path: target × route × family.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId {
    /// The target's name.
    pub target: Arc<str>,
    /// The route's name.
    pub route: Arc<str>,
    /// The address family.
    pub family: Family,
}

impl fmt::Display for PathId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.target, self.route, self.family)
    }
}

/// The layers of one journey. The proxy layer comes with proxies; until then it is never planned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stages {
    /// Name to addresses.
    pub dns: Stage<DnsEvidence>,
    /// Address to connection.
    pub tcp: Stage<TcpEvidence>,
    /// The handshake and the certificate.
    pub tls: Stage<TlsEvidence>,
    /// The call and its answer.
    pub api: Stage<ApiEvidence>,
}

/// What one journey found.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The path walked.
    pub path: PathId,
    /// When it started, by the wall clock.
    pub started: SystemTime,
    /// How long it took, whole.
    pub took: Duration,
    /// Layer by layer.
    pub stages: Stages,
    /// What was noticed beside.
    pub findings: Vec<Finding>,
}

/// What is wrong with a journey, at its lowest layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble<'a> {
    /// The layer.
    pub layer: Layer,
    /// Why.
    pub failure: &'a Failure,
}

impl Outcome {
    /// Whether the journey reached the top and every expectation held.
    #[must_use]
    pub fn success(&self) -> bool {
        self.stages.api.passed() && !self.findings.iter().any(Finding::is_hard)
    }

    /// The failure of one layer: of its stage, or of a hard finding in it.
    #[must_use]
    pub fn layer_failure(&self, layer: Layer) -> Option<&Failure> {
        let stages = &self.stages;
        let staged = match layer {
            Layer::Dns => stages.dns.failure(),
            Layer::Tcp => stages.tcp.failure(),
            Layer::Proxy => None,
            Layer::Tls => stages.tls.failure(),
            Layer::Api => stages.api.failure(),
        };
        let found = || self.findings.iter().find(|f| f.is_hard() && f.layer() == layer).map(|f| &f.0);
        staged.or_else(found)
    }

    /// The time spent in one layer, if it was reached.
    #[must_use]
    pub fn layer_took(&self, layer: Layer) -> Option<Duration> {
        let stages = &self.stages;
        match layer {
            Layer::Dns => stages.dns.took(),
            Layer::Tcp => stages.tcp.took(),
            Layer::Proxy => None,
            Layer::Tls => stages.tls.took(),
            Layer::Api => stages.api.took(),
        }
    }

    /// What is wrong, at the lowest layer that has something wrong.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble<'_>> {
        Layer::ALL
            .into_iter()
            .find_map(|layer| self.layer_failure(layer).map(|failure| Trouble { layer, failure }))
    }
}
