//! For tests: cases, told in a few words.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{View, decide, infer};
use crate::config::{Config, Env, Source};
use crate::diagnosis::{Case, Diagnosis, Language, Neighbour, Say, State, wanted};
use crate::outcome::{
    AnswerSource, ApiEvidence, Asked, ChainFacts, ConnectAttempt, DnsEvidence, Experiment, Failure, Family,
    Finding, FollowUp, Handshake, Layer, Lookup, Outcome, ProxyEvidence, Reason, RecordType, Stage, Stages,
    TcpEvidence, TlsEvidence, Transport, Trial, Wanted, sample,
};
use crate::target::{DIRECT, Target};

pub(super) const ENDPOINT: &str = "https://api.example.com/";
pub(super) const OTHER: &str = "https://other.example.com/";
pub(super) const CONTROL: &str = "https://control.example/";
pub(super) const PROXY: &str = "corp";
pub(super) const ISSUER: &str = "CN=Gateway,O=Corp";

/// Everything of a case, owned.
#[derive(Debug, Clone)]
pub(in crate::diagnosis) struct Story {
    pub(in crate::diagnosis) target: Arc<Target>,
    pub(in crate::diagnosis) outcomes: Vec<Outcome>,
    pub(super) lookups: Vec<Lookup>,
    pub(super) findings: Vec<(Arc<str>, Finding)>,
    pub(in crate::diagnosis) follow_ups: Vec<FollowUp>,
    pub(super) neighbours: Vec<Neighbour>,
    pub(super) lag: Duration,
    pub(in crate::diagnosis) late_runs: u32,
    pub(super) route: Option<&'static str>,
}

/// A target of the provider `http` with a key.
pub(in crate::diagnosis) fn target() -> Arc<Target> {
    of_config("provider: http\n    url: https://api.example.com\n    api_key: { env: KEY }\n")
}

/// The same without a key.
pub(in crate::diagnosis) fn keyless_target() -> Arc<Target> {
    of_config("provider: http\n    url: https://api.example.com\n")
}

/// A target at an address.
pub(super) fn address_target() -> Arc<Target> {
    of_config("provider: http\n    url: https://198.51.100.7\n")
}

/// A target at the provider's own host.
pub(super) fn public_target() -> Arc<Target> {
    of_config("provider: anthropic\n    url: https://api.anthropic.com\n    api_key: { env: KEY }\n")
}

fn of_config(lines: &str) -> Arc<Target> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.yml");
    std::fs::write(&path, format!("targets:\n  - name: t\n    {lines}")).unwrap();
    Config::load(&Source::File(path), &Env::of([("KEY", "sk-ant-test-key")])).unwrap().targets.remove(0)
}

impl Story {
    pub(in crate::diagnosis) fn of(outcomes: Vec<Outcome>) -> Self {
        Self::of_target(target(), outcomes)
    }

    pub(super) fn of_target(target: Arc<Target>, outcomes: Vec<Outcome>) -> Self {
        Self {
            target,
            outcomes,
            lookups: Vec::new(),
            findings: Vec::new(),
            follow_ups: Vec::new(),
            neighbours: Vec::new(),
            lag: Duration::from_millis(2),
            late_runs: 0,
            route: None,
        }
    }

    /// One path, direct and over IPv4, that fails.
    pub(in crate::diagnosis) fn failing(reason: Reason) -> Self {
        Self::of(vec![failing(DIRECT, Family::Ipv4, reason)])
    }

    pub(in crate::diagnosis) fn tried(mut self, trial: Trial) -> Self {
        let experiment = experiment_of(&trial);
        let path = self.outcomes.first().map(|outcome| (outcome.endpoint.clone(), outcome.path.clone()));
        let (endpoint, path) = path.unwrap();
        let wanted = Wanted { experiment, endpoint, route: path.route, family: path.family, address: None };
        self.follow_ups.push(FollowUp { wanted, took: Duration::from_millis(50), trial });
        self
    }

    pub(super) fn neighbour(mut self, host: &str, resolver: &str, state: State) -> Self {
        self.neighbours.push(Neighbour {
            target: host.into(),
            host: host.into(),
            route: self.outcomes.first().map_or_else(|| DIRECT.into(), |outcome| outcome.path.route.clone()),
            resolver: Some(resolver.into()),
            top: Layer::Api,
            state,
        });
        self
    }

    pub(in crate::diagnosis) fn with<R>(&self, ask: impl FnOnce(&Case<'_>) -> R) -> R {
        let outcomes: Vec<&Outcome> = self.outcomes.iter().collect();
        ask(&Case {
            target: &self.target,
            outcomes: &outcomes,
            lookups: &self.lookups,
            findings: &self.findings,
            follow_ups: &self.follow_ups,
            endpoint: ENDPOINT,
            route: self.route,
            neighbours: &self.neighbours,
            lag: self.lag,
            late_runs: self.late_runs,
        })
    }

    pub(in crate::diagnosis) fn diagnosis(&self) -> Diagnosis {
        self.with(infer)
    }

    pub(in crate::diagnosis) fn wanted(&self) -> Vec<Experiment> {
        self.with(|case| wanted(case, &infer(case)).iter().map(|wanted| wanted.experiment).collect())
    }

    /// The rule that decides.
    pub(super) fn rule(&self) -> Option<&'static str> {
        let paths = self.outcomes.iter().collect();
        self.with(|case| decide(&View::of(case, paths)).map(|decided| decided.rule))
    }
}

/// The lines in English.
pub(super) fn told(says: &[Say]) -> String {
    says.iter().map(|say| say.tell(Language::English)).collect::<Vec<_>>().join("\n")
}

pub(super) fn experiment_of(trial: &Trial) -> Experiment {
    match trial {
        Trial::Again(_) => Experiment::Again,
        Trial::OtherResolver { .. } => Experiment::OtherResolver,
        Trial::Control { .. } | Trial::Unknown(_) => Experiment::Control,
        Trial::OtherFamily(_) => Experiment::OtherFamily,
        Trial::OtherRoute { .. } => Experiment::OtherRoute,
        Trial::NeutralName { .. } => Experiment::NeutralName,
        Trial::SmallSegments { .. } => Experiment::SmallSegments,
        Trial::ClassicalKeys(_) => Experiment::ClassicalKeys,
        Trial::Http1(_) => Experiment::Http1,
        Trial::Keyless(_) => Experiment::Keyless,
        Trial::PlainHttp(_) => Experiment::PlainHttp,
        Trial::ServerClock { .. } => Experiment::ServerClock,
        Trial::IdleHold { .. } => Experiment::IdleHold,
    }
}

pub(in crate::diagnosis) fn failure(reason: Reason) -> Failure {
    Failure::new(reason, format!("the words of {reason}"))
}

fn answered(family: Family) -> DnsEvidence {
    let address = SocketAddr::from(([192, 0, 2, 53], 53));
    let source = AnswerSource::Server { address, transport: Transport::Udp };
    let addresses = vec![if family == Family::Ipv6 {
        [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()
    } else {
        [198, 51, 100, 7].into()
    }];
    DnsEvidence { source, addresses, ..sample::dns(family) }
}

/// A journey that works.
pub(in crate::diagnosis) fn working(route: &str, family: Family) -> Outcome {
    let mut outcome = sample::good(&sample::path("t", route, family));
    if let Stage::Passed { evidence, .. } = &mut outcome.stages.dns {
        *evidence = answered(family);
    }
    if let Stage::Passed { evidence, .. } = &mut outcome.stages.tcp {
        evidence.attempts = vec![connected(family)];
    }
    if route != DIRECT {
        let evidence = ProxyEvidence::of("http://192.0.2.3:3128".to_owned());
        let Stages { dns, tcp, proxy, .. } = &mut outcome.stages;
        (*dns, *tcp) = (Stage::NotPlanned, Stage::NotPlanned);
        *proxy = Stage::Passed { took: Duration::from_millis(9), evidence };
    }
    outcome
}

fn connected(family: Family) -> ConnectAttempt {
    let ip = answered(family).addresses[0];
    ConnectAttempt { address: SocketAddr::new(ip, 443), took: Duration::from_millis(12), failure: None }
}

/// A journey that fails with a reason, in the reason's layer.
pub(in crate::diagnosis) fn failing(route: &str, family: Family, reason: Reason) -> Outcome {
    let mut outcome = working(route, family);
    let (failure, took) = (failure(reason), Duration::from_millis(40));
    let Stages { dns, tcp, proxy, tls, api } = &mut outcome.stages;
    let layer = reason.layer();
    if matches!(reason, Reason::DnsSinkholed | Reason::DnsUnexpectedAddress) {
        // The journey goes on, and is refused where it ends up.
        outcome.findings.push(Finding(failure));
        if let Stage::Passed { evidence, .. } = dns {
            evidence.unexpected = Some(evidence.addresses.clone());
        }
        (*tls, *api) = (Stage::NotReached, Stage::NotReached);
        let evidence = TcpEvidence::default();
        *tcp = Stage::Failed { took, failure: self::failure(Reason::TcpRefused), evidence };
        return outcome;
    }
    if layer < Layer::Api {
        *api = Stage::NotReached;
    }
    if layer < Layer::Tls {
        *tls = Stage::NotReached;
    }
    match layer {
        Layer::Dns => {
            let evidence = DnsEvidence { addresses: Vec::new(), unexpected: None, ..answered(family) };
            *dns = Stage::Failed { took, failure, evidence };
            *tcp = Stage::NotReached;
        }
        Layer::Tcp => {
            let attempt = ConnectAttempt { failure: Some(failure.clone()), ..connected(family) };
            *tcp =
                Stage::Failed { took, failure, evidence: TcpEvidence { attempts: vec![attempt], rtt: None } };
        }
        Layer::Proxy => {
            let evidence = ProxyEvidence::of("http://192.0.2.3:3128".to_owned());
            *proxy = Stage::Failed { took, failure, evidence };
            (*dns, *tcp) = (Stage::NotPlanned, Stage::NotPlanned);
        }
        Layer::Tls => {
            let evidence = TlsEvidence { chain: None, verified_until: None, ..sample::tls() };
            *tls = Stage::Failed { took, failure, evidence };
        }
        Layer::Api => {
            let evidence = ApiEvidence { status: status(reason), ..sample::api() };
            *api = Stage::Failed { took, failure, evidence };
        }
    }
    outcome
}

fn status(reason: Reason) -> Option<u16> {
    let none = [Reason::HttpTimeout, Reason::HttpReset, Reason::HttpProtocol];
    (!none.contains(&reason)).then_some(403)
}

/// A journey whose certificate of [`ISSUER`] does not verify; it was valid for a year from the sample's time on.
pub(super) fn shown(reason: Reason) -> Outcome {
    let mut outcome = failing(DIRECT, Family::Ipv4, reason);
    if let Stage::Failed { evidence, .. } = &mut outcome.stages.tls {
        *evidence = by_issuer();
    }
    outcome
}

pub(super) fn by_issuer() -> TlsEvidence {
    let mut chain: ChainFacts = sample::tls().chain.as_deref().cloned().unwrap();
    chain.certificates[0].issuer = ISSUER.to_owned();
    chain.certificates[0].not_before = then();
    chain.certificates[0].not_after = then() + Duration::from_secs(365 * 86_400);
    TlsEvidence { chain: Some(Arc::new(chain)), verified_until: None, ..sample::tls() }
}

/// The moment of the samples.
pub(super) fn then() -> SystemTime {
    UNIX_EPOCH + sample::START
}

pub(super) fn control(mut outcome: Outcome) -> Trial {
    outcome.endpoint = CONTROL.into();
    Trial::Control { url: CONTROL.into(), outcomes: vec![outcome] }
}

pub(super) fn control_works() -> Trial {
    control(working(DIRECT, Family::Ipv4))
}

pub(in crate::diagnosis) fn control_fails(reason: Reason) -> Trial {
    control(failing(DIRECT, Family::Ipv4, reason))
}

pub(in crate::diagnosis) fn by_proxy() -> Trial {
    Trial::OtherRoute { route: PROXY.into(), outcomes: vec![working(PROXY, Family::Any)] }
}

pub(in crate::diagnosis) fn other_resolver(stage: Stage<DnsEvidence>) -> Trial {
    Trial::OtherResolver { resolver: "public".into(), record_type: RecordType::A, stage }
}

pub(super) fn other_answers() -> Stage<DnsEvidence> {
    let evidence = DnsEvidence { resolver: "public".into(), ..answered(Family::Ipv4) };
    Stage::Passed { took: Duration::from_millis(8), evidence }
}

pub(super) fn other_fails(reason: Reason) -> Stage<DnsEvidence> {
    let evidence = DnsEvidence {
        resolver: "public".into(),
        addresses: Vec::new(),
        unexpected: None,
        ..answered(Family::Ipv4)
    };
    Stage::Failed { took: Duration::from_millis(8), failure: failure(reason), evidence }
}

pub(super) fn lookup(stage: Stage<DnsEvidence>) -> Lookup {
    Lookup { endpoint: ENDPOINT.into(), asked: Asked::Resolver, stage }
}

pub(in crate::diagnosis) fn handshake(answered: bool) -> Handshake {
    if answered {
        Handshake::Answered(Box::new(sample::tls()))
    } else {
        Handshake::Failed(failure(Reason::TlsTimeout))
    }
}

pub(in crate::diagnosis) fn neutral(answered: bool) -> Trial {
    Trial::NeutralName { name: "neutral.example".to_owned(), handshake: handshake(answered) }
}

/// A handshake with another name that is answered by an alert.
pub(super) fn refused_by_name() -> Trial {
    let handshake = Handshake::Answered(Box::new(TlsEvidence { chain: None, ..sample::tls() }));
    Trial::NeutralName { name: "neutral.example".to_owned(), handshake }
}

pub(in crate::diagnosis) fn small(answered: bool) -> Trial {
    Trial::SmallSegments { mss: 1200, handshake: handshake(answered) }
}

pub(in crate::diagnosis) fn classical(answered: bool) -> Trial {
    Trial::ClassicalKeys(handshake(answered))
}

/// A connection that was kept for 90 s, and why it did not work any more.
pub(super) fn idle_hold(reason: Option<Reason>) -> Trial {
    Trial::IdleHold { held: Duration::from_secs(90), failure: reason.map(failure) }
}

/// The call was made over HTTP/2.
pub(super) fn http2(outcome: &mut Outcome) {
    if let Stage::Failed { evidence, .. } | Stage::Passed { evidence, .. } = &mut outcome.stages.api {
        evidence.version = Some(crate::outcome::HttpVersion::Http2);
    }
}

/// The server's time, and ours that many seconds later.
pub(super) fn clocks(server: SystemTime, ahead: u64) -> Trial {
    Trial::ServerClock { server, here: server + Duration::from_secs(ahead) }
}

pub(super) fn fails(reason: Reason, issuer: Option<&str>) -> State {
    let issuer = issuer.map(str::to_owned);
    State::Fails { layer: reason.layer(), reason, family: Family::Ipv4, issuer }
}
