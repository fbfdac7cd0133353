//! The record of one journey.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{
    ApiEvidence, DnsEvidence, Failure, Family, Finding, Layer, ProxyEvidence, Stage, TcpEvidence, TlsEvidence,
};

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

/// The layers of one journey.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stages {
    /// Name to addresses.
    pub dns: Stage<DnsEvidence>,
    /// Address to connection.
    pub tcp: Stage<TcpEvidence>,
    /// The tunnel through a proxy; the way to the proxy is part of it, and TCP is not planned then.
    pub proxy: Stage<ProxyEvidence>,
    /// The handshake and the certificate.
    pub tls: Stage<TlsEvidence>,
    /// The call and its answer.
    pub api: Stage<ApiEvidence>,
}

impl Stages {
    /// Whether all that was planned passed: without a call, because none is due or the target is not walked so far, the
    /// highest layer that is planned is the top.
    #[must_use]
    pub fn reached_top(&self) -> bool {
        match (&self.api, &self.tls, &self.tcp, &self.proxy) {
            (Stage::NotPlanned, Stage::NotPlanned, Stage::NotPlanned, Stage::NotPlanned) => self.dns.passed(),
            (Stage::NotPlanned, Stage::NotPlanned, tcp, proxy) => tcp.passed() || proxy.passed(),
            (Stage::NotPlanned, tls, _, _) => tls.passed(),
            (api, _, _, _) => api.passed(),
        }
    }
}

/// What was tried from outside, beside the journey, where the target is configured so; absent where not asked for or
/// not found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutsideChecks {
    /// Versions of TLS older than the lowest accepted one were refused.
    pub older_tls_refused: Option<bool>,
    /// Plain HTTP on port 80 led to HTTPS.
    pub redirects_https: Option<bool>,
}

/// What became of one of the addresses of a path where each of them is walked.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressResult {
    /// The address.
    pub address: IpAddr,
    /// How long its walk took, from the connection up.
    pub took: Duration,
    /// The layer that failed and why; `None` where it reached the top.
    pub failure: Option<(Layer, Failure)>,
    /// What the call saw, if one was made.
    pub call: Option<Box<ApiEvidence>>,
}

/// A further attempt of a journey that failed, made in the same journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// How long was waited before it.
    pub waited: Duration,
    /// How long it took, from the connection up.
    pub took: Duration,
    /// The layer that failed and why; `None` where it reached the top.
    pub failure: Option<(Layer, Failure)>,
    /// What the call saw, if one was made.
    pub call: Option<Box<ApiEvidence>>,
}

/// What one journey found.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The path walked.
    pub path: PathId,
    /// The endpoint walked to, as it is shown.
    pub endpoint: Arc<str>,
    /// When it started, by the wall clock.
    pub started: SystemTime,
    /// How long it took, whole.
    pub took: Duration,
    /// Layer by layer; of the first attempt, so that trying again hides nothing.
    pub stages: Stages,
    /// What was noticed beside.
    pub findings: Vec<Finding>,
    /// Every address walked, where the target asks for all of them; else empty.
    pub addresses: Vec<AddressResult>,
    /// What was tried from outside.
    pub outside: OutsideChecks,
    /// The further attempts, where the first one failed and the target asks for them.
    pub retries: Vec<Attempt>,
    /// How long in all what came for it waited for us, as far as the kernel tells: where it is much, the canary was slow
    /// and not the peer. The times of the layers are without it.
    pub late: Duration,
}

/// Waiting for us that is told where it is also a good part of the journey: less is what every busy moment costs.
const MUCH: Duration = Duration::from_millis(10);

/// A good part is one in so many.
const GOOD_PART: u32 = 10;

/// What is wrong with a journey, at its lowest layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble<'a> {
    /// The layer.
    pub layer: Layer,
    /// Why.
    pub failure: &'a Failure,
}

impl Outcome {
    /// Whether the canary itself was slow in it: what came waited for at least 10 ms, and a tenth of the journey's time.
    #[must_use]
    pub fn canary_slow(&self) -> bool {
        self.late >= MUCH && self.late * GOOD_PART >= self.took
    }

    /// Whether the journey reached the top and every expectation held.
    #[must_use]
    pub fn success(&self) -> bool {
        self.stages.reached_top() && !self.findings.iter().any(Finding::is_hard)
    }

    /// Whether the journey succeeded at once or when it was tried again.
    #[must_use]
    pub fn success_in_the_end(&self) -> bool {
        let hard = self.findings.iter().any(Finding::is_hard);
        self.success() || (!hard && self.retries.last().is_some_and(|attempt| attempt.failure.is_none()))
    }

    /// The failure of one layer: of its stage, or of a hard finding in it.
    #[must_use]
    pub fn layer_failure(&self, layer: Layer) -> Option<&Failure> {
        let stages = &self.stages;
        let staged = match layer {
            Layer::Dns => stages.dns.failure(),
            Layer::Tcp => stages.tcp.failure(),
            Layer::Proxy => stages.proxy.failure(),
            Layer::Tls => stages.tls.failure(),
            Layer::Api => stages.api.failure(),
        };
        let found = || self.findings.iter().find(|f| f.is_hard() && f.layer() == layer).map(|f| &f.0);
        staged.or_else(found)
    }

    /// Whether one layer was reached and nothing was wrong with it.
    #[must_use]
    pub fn layer_passed(&self, layer: Layer) -> bool {
        self.layer_took(layer).is_some() && self.layer_failure(layer).is_none()
    }

    /// The time spent in one layer, if it was reached.
    #[must_use]
    pub fn layer_took(&self, layer: Layer) -> Option<Duration> {
        let stages = &self.stages;
        match layer {
            Layer::Dns => stages.dns.took(),
            Layer::Tcp => stages.tcp.took(),
            Layer::Proxy => stages.proxy.took(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::sample;

    #[test]
    fn the_canary_was_slow_where_waiting_for_it_is_much_and_a_good_part_of_the_journey() {
        for (late, took, slow) in
            [(9, 20, false), (10, 100, true), (10, 101, false), (40, 400, true), (0, 0, false)]
        {
            let mut outcome = sample::good(&sample::path("a", "direct", Family::Ipv4));
            (outcome.late, outcome.took) = (Duration::from_millis(late), Duration::from_millis(took));
            assert_eq!(outcome.canary_slow(), slow, "{late} of {took}");
        }
    }
}
