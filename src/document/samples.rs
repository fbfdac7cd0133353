//! Fixed results for the tests of all that is told: one target that works, one that is degraded, one that is down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Document;
use crate::clock;
use crate::config::{Config, Env, UrlOptions};
use crate::diagnosis::{Diagnosis, Facts, Language, Say, Seen, Verdict};
use crate::document::Investigated;
use crate::outcome::{
    AnswerSource, AnsweredBy, ApiEvidence, Asked, Attempt, CertFacts, ChainFacts, ConnectAttempt,
    DnsEvidence, Experiment, Failure, Family, Finding, FollowUp, Handshake, HttpVersion, Layer, Lookup,
    Outcome, OutsideChecks, PathId, PlainAnswer, ProxyEvidence, Reason, RecordType, Run, Stage, Stages,
    TcpEvidence, TlsEvidence, Transport, Trial, Wanted,
};
use crate::surroundings::Surroundings;
use crate::target::Target;

/// The three of them in one document.
pub(crate) fn document(language: Language) -> Document {
    Document::of(&all(), &surroundings(), language)
}

pub(crate) fn surroundings() -> Surroundings {
    Surroundings::sample(&[
        ("https_proxy", "http://u:hunter2@proxy.corp.internal:3128"),
        ("NO_PROXY", "10.0.0.0/8,example.com:443"),
    ])
}

pub(crate) fn all() -> Vec<Investigated> {
    vec![healthy(), degraded(), down()]
}

fn target(url: &str) -> Arc<Target> {
    let env = Env::of::<&str, &str>([]);
    let config = Config::of_url(url, &UrlOptions::default(), &env).unwrap();
    config.targets.into_iter().next().unwrap()
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn passed<E>(took: u64, evidence: E) -> Stage<E> {
    Stage::Passed { took: ms(took), evidence }
}

fn failed<E>(took: u64, reason: Reason, detail: &str, evidence: E) -> Stage<E> {
    Stage::Failed { took: ms(took), failure: Failure::new(reason, detail), evidence }
}

fn dns(resolver: &str, record_type: RecordType, addresses: &[&str]) -> DnsEvidence {
    DnsEvidence {
        resolver: resolver.into(),
        record_type,
        source: AnswerSource::Server {
            address: "192.168.1.1:53".parse().unwrap(),
            transport: Transport::Udp,
        },
        rcode: Some("NOERROR".to_owned()),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        unexpected: None,
        ttl: Some(Duration::from_secs(60)),
        cnames: Vec::new(),
        queries: 1,
        truncated: false,
        dnssec: None,
    }
}

fn tcp(address: &str) -> TcpEvidence {
    let address: SocketAddr = address.parse().unwrap();
    TcpEvidence {
        attempts: vec![ConnectAttempt { address, took: ms(11), failure: None }],
        rtt: Some(Duration::from_micros(10_900)),
    }
}

fn tls() -> TlsEvidence {
    let leaf = CertFacts {
        subject: "CN=api.anthropic.com".to_owned(),
        issuer: "CN=WE1, O=Google Trust Services, C=US".to_owned(),
        dns_names: vec!["api.anthropic.com".to_owned()],
        serial: "00".to_owned(),
        fingerprint_sha256: "5f".repeat(32),
        not_before: clock::from_unix(1_788_000_000).unwrap(),
        not_after: clock::from_unix(1_795_000_000).unwrap(),
        self_issued: false,
        issuer_url: None,
    };
    TlsEvidence {
        server_name: "api.anthropic.com".to_owned(),
        version: Some("TLS 1.3"),
        alpn: Some("h2".to_owned()),
        group: Some("X25519MLKEM768".to_owned()),
        chain: Some(Arc::new(ChainFacts { certificates: vec![leaf], unreadable: 0 })),
        ..TlsEvidence::default()
    }
}

fn api() -> ApiEvidence {
    ApiEvidence {
        version: Some(HttpVersion::Http2),
        status: Some(200),
        request_id: Some("req_011CV".to_owned()),
        answered_by: Some(AnsweredBy::Origin),
        ..ApiEvidence::of_call("models", http::Method::GET)
    }
}

fn outcome(target: &Target, route: &str, family: Family, stages: Stages) -> Outcome {
    Outcome {
        path: PathId { target: target.name.clone(), route: route.into(), family },
        endpoint: target.sites[0].endpoint.shown().into(),
        started: clock::from_unix(1_790_000_000).unwrap(),
        took: ms(140),
        stages,
        findings: Vec::new(),
        addresses: Vec::new(),
        outside: OutsideChecks::default(),
        retries: Vec::new(),
        late: Duration::ZERO,
    }
}

fn lookup(target: &Target, stage: Stage<DnsEvidence>) -> Lookup {
    Lookup { endpoint: target.sites[0].endpoint.shown().into(), asked: Asked::Resolver, stage }
}

fn working(resolver: &str) -> Stages {
    let two = ["160.79.104.10", "160.79.104.11"];
    Stages {
        dns: passed(3, dns(resolver, RecordType::A, &two)),
        tcp: passed(12, tcp("160.79.104.10:443")),
        proxy: Stage::NotPlanned,
        tls: passed(25, tls()),
        api: passed(98, api()),
    }
}

fn healthy() -> Investigated {
    let target = target("api.anthropic.com");
    let mut run = Run::of(target.name.clone());
    run.outcomes.push(outcome(&target, "direct", Family::Ipv4, working("system")).into());
    run.lookups.push(lookup(&target, run.outcomes[0].stages.dns.clone()));
    let diagnosis = diagnosis(&target, Verdict::Ok, None);
    Investigated { target, run, follow_ups: Vec::new(), diagnosis }
}

fn diagnosis(target: &Target, verdict: Verdict, seen: Option<(Layer, Family)>) -> Diagnosis {
    Diagnosis {
        target: target.name.clone(),
        verdict,
        layer: seen.map(|(layer, _)| layer),
        blame: verdict.reason().map(Reason::blame),
        seen: seen.map(|(_, family)| Seen {
            endpoint: target.sites[0].endpoint.shown().into(),
            route: "direct".into(),
            family,
        }),
        evidence: Vec::new(),
        ruled_out: Vec::new(),
        findings: Vec::new(),
        facts: Facts::default(),
    }
}

/// IPv6 is broken, a proxy works, and a call worked only when it was tried again.
fn degraded() -> Investigated {
    let target = target("https://gateway.example.com/v1");
    let broken = "connecting to [2001:db8::10]:443: Connection timed out after 3 s (os error 110)";
    let address: SocketAddr = "[2001:db8::10]:443".parse().unwrap();
    let failure = Failure::new(Reason::TcpTimeout, broken);
    let attempts = vec![ConnectAttempt { address, took: ms(3000), failure: Some(failure) }];
    let ipv6 = Stages {
        dns: passed(4, dns("system", RecordType::Aaaa, &["2001:db8::10"])),
        tcp: failed(3004, Reason::TcpTimeout, broken, TcpEvidence { attempts, rtt: None }),
        proxy: Stage::NotPlanned,
        tls: Stage::NotReached,
        api: Stage::NotReached,
    };
    let mut tunnel = ProxyEvidence::of("http://proxy.corp.internal:3128".to_owned());
    tunnel.address = Some("10.1.2.3:3128".parse().unwrap());
    tunnel.rtt = Some(Duration::from_micros(400));
    let through = Stages {
        dns: Stage::NotPlanned,
        tcp: Stage::NotPlanned,
        proxy: passed(30, tunnel),
        tls: passed(25, tls()),
        api: failed(9000, Reason::HttpTimeout, "GET /v1: no head of a response within 9 s", api()),
    };
    let mut again = outcome(&target, "env", Family::Any, through);
    again.retries.push(Attempt { waited: ms(500), took: ms(120), failure: None, call: None });
    let mut run = Run::of(target.name.clone());
    run.outcomes.push(outcome(&target, "direct", Family::Ipv4, working("system")).into());
    run.outcomes.push(outcome(&target, "direct", Family::Ipv6, ipv6).into());
    run.outcomes.push(again.into());
    for index in [0, 1] {
        run.lookups.push(lookup(&target, run.outcomes[index].stages.dns.clone()));
    }
    let other = dns("cloudflare", RecordType::A, &[]);
    let problem = "no answer from https://1.1.1.1:443/dns-query within 3 s";
    run.lookups.push(lookup(
        &target,
        failed(3000, Reason::DnsTimeout, problem, DnsEvidence { rcode: None, ..other }),
    ));
    let mut diagnosis =
        diagnosis(&target, Verdict::Degraded(Reason::Ipv6Broken), Some((Layer::Tcp, Family::Ipv6)));
    diagnosis.findings = vec![
        Finding::new(Reason::Ipv6Broken, broken),
        Finding::new(Reason::DnsResolverDown, problem),
        Finding::new(
            Reason::ProxyEnvDisagreement,
            "Python (requests) goes straight to gateway.example.com: to it \"10.0.0.0/8\" in NO_PROXY is a network",
        ),
    ];
    Investigated { target, run, follow_ups: Vec::new(), diagnosis }
}

/// The network cuts TLS at the server's name.
fn down() -> Investigated {
    let target = target("api.openai.com");
    let silent = "the TLS handshake with 162.159.140.245:443 got no answer in 3 s; the client hello was sent with the \
        name api.openai.com";
    let stages = Stages {
        dns: passed(2, dns("system", RecordType::A, &["162.159.140.245"])),
        tcp: passed(12, tcp("162.159.140.245:443")),
        proxy: Stage::NotPlanned,
        tls: failed(3000, Reason::TlsTimeout, silent, TlsEvidence::default()),
        api: Stage::NotReached,
    };
    let mut run = Run::of(target.name.clone());
    run.outcomes.push(outcome(&target, "direct", Family::Ipv4, stages).into());
    run.lookups.push(lookup(&target, run.outcomes[0].stages.dns.clone()));
    let endpoint: Arc<str> = target.sites[0].endpoint.shown().into();
    let made = |trial: Trial, experiment| FollowUp {
        wanted: Wanted {
            experiment,
            endpoint: Arc::clone(&endpoint),
            route: "direct".into(),
            family: Family::Ipv4,
            address: None,
        },
        took: ms(40),
        trial,
    };
    let answered = || Handshake::Answered(Box::new(tls()));
    let failed = || Handshake::Failed(Failure::new(Reason::TlsTimeout, "no answer in 3 s"));
    let stage = passed(20, dns("udp://8.8.8.8:53", RecordType::A, &["162.159.140.245", "172.66.0.243"]));
    let control = outcome(&target, "direct", Family::Ipv4, working("system"));
    let (server, here) = (clock::from_unix(1_790_000_000).unwrap(), clock::from_unix(1_790_259_200).unwrap());
    let location = Some("http://portal.example/".to_owned());
    let follow_ups = vec![
        made(
            Trial::NeutralName { name: "example.com".to_owned(), handshake: answered() },
            Experiment::NeutralName,
        ),
        made(Trial::SmallSegments { mss: 536, handshake: failed() }, Experiment::SmallSegments),
        made(Trial::ClassicalKeys(failed()), Experiment::ClassicalKeys),
        made(
            Trial::OtherResolver { resolver: "udp://8.8.8.8:53".into(), record_type: RecordType::A, stage },
            Experiment::OtherResolver,
        ),
        made(
            Trial::Control { url: "https://example.com/".into(), outcomes: vec![control] },
            Experiment::Control,
        ),
        made(
            Trial::PlainHttp(PlainAnswer::Http { status: 302, location, title: None, server: None }),
            Experiment::PlainHttp,
        ),
        made(Trial::ServerClock { server, here }, Experiment::ServerClock),
        made(Trial::IdleHold { held: Duration::from_secs(90), failure: None }, Experiment::IdleHold),
        made(Trial::Unknown("there is no other route".to_owned()), Experiment::OtherRoute),
    ];
    let mut diagnosis =
        diagnosis(&target, Verdict::Down(Reason::TlsSniFiltered), Some((Layer::Tls, Family::Ipv4)));
    diagnosis.findings = vec![Finding::new(Reason::TlsTimeout, silent)];
    let said = |words: &str| Say::Detail(words.to_owned());
    diagnosis.evidence = vec![
        said(silent),
        said("the same address answered a handshake with the name example.com within 40 ms"),
    ];
    diagnosis.ruled_out = vec![said("large packets get through"), said("other hosts are reached")];
    diagnosis.facts = Facts {
        host: Some("api.openai.com".to_owned()),
        address: Some("162.159.140.245:443".to_owned()),
        ..Facts::default()
    };
    Investigated { target, run, follow_ups, diagnosis }
}
