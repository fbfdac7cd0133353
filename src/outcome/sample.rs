//! For tests: outcomes to record, given and arbitrary.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use crate::outcome::{
    AnswerSource, ApiEvidence, Asked, CertFacts, ChainFacts, DnsEvidence, Failure, Family, Finding,
    HttpPhases, HttpVersion, Lookup, Outcome, OutsideChecks, PathId, ProxyEvidence, ProxyPhases, RateLimit,
    Reason, RecordType, Stage, Stages, TcpEvidence, TlsEvidence,
};

pub(crate) const START: Duration = Duration::from_secs(1_790_000_000);

pub(crate) fn path(target: &str, route: &str, family: Family) -> PathId {
    PathId { target: target.into(), route: route.into(), family }
}

fn millis(number: u64) -> Duration {
    Duration::from_millis(number)
}

pub(crate) fn dns(family: Family) -> DnsEvidence {
    let v6 = family == Family::Ipv6;
    DnsEvidence {
        resolver: "system".into(),
        record_type: if v6 { RecordType::Aaaa } else { RecordType::A },
        source: AnswerSource::HostsFile,
        rcode: Some("NOERROR".into()),
        addresses: vec![if v6 { [0_u16; 8].into() } else { [192, 0, 2, 1].into() }],
        unexpected: Some(Vec::new()),
        ttl: Some(Duration::from_secs(60)),
        cnames: Vec::new(),
        queries: 1,
        truncated: false,
        dnssec: None,
    }
}

pub(crate) fn tls() -> TlsEvidence {
    let leaf = CertFacts {
        subject: "CN=api.example.com".into(),
        issuer: "CN=\"Test\\CA\"".into(),
        dns_names: vec!["api.example.com".into(), "example.com".into()],
        serial: "0a0b".into(),
        fingerprint_sha256: "ab".repeat(32),
        not_before: UNIX_EPOCH,
        not_after: UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        self_issued: false,
        issuer_url: None,
    };
    TlsEvidence {
        server_name: "api.example.com".into(),
        client_certificate_requested: false,
        client_certificate_sent: None,
        version: Some("TLS 1.3"),
        cipher: Some("TLS_AES_256_GCM_SHA384".into()),
        alpn: Some("h2".into()),
        group: Some("X25519MLKEM768".into()),
        chain: Some(Arc::new(ChainFacts { certificates: vec![leaf], unreadable: 0 })),
        checks: None,
        trusted_by: None,
        verified_until: Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
    }
}

pub(crate) fn api() -> ApiEvidence {
    let reset = UNIX_EPOCH + Duration::from_secs(1_790_000_060);
    let limit =
        |dimension| RateLimit { dimension, limit: Some(1000), remaining: Some(999), reset: Some(reset) };
    ApiEvidence {
        version: Some(HttpVersion::Http2),
        status: Some(200),
        phases: HttpPhases { processing: Some(millis(80)), transfer: Some(millis(10)) },
        request_id: Some("req_011CSHoEeqs5C35K2UUqR7Fy".into()),
        rate_limits: ["requests", "tokens", "input_tokens", "output_tokens"].map(limit).into(),
        ..ApiEvidence::of_call("models", http::Method::GET)
    }
}

/// The lookup of a journey.
pub(crate) fn lookup(outcome: &Outcome) -> Lookup {
    let stage = outcome.stages.dns.clone();
    Lookup { endpoint: Arc::clone(&outcome.endpoint), asked: Asked::Resolver, stage }
}

/// A journey that went well and saw everything.
pub(crate) fn good(path: &PathId) -> Outcome {
    Outcome {
        path: path.clone(),
        endpoint: "https://api.example.com/".into(),
        started: UNIX_EPOCH + START,
        took: millis(125),
        stages: Stages {
            dns: Stage::Passed { took: millis(3), evidence: dns(path.family) },
            tcp: Stage::Passed {
                took: millis(12),
                evidence: TcpEvidence { attempts: Vec::new(), rtt: Some(millis(11)) },
            },
            proxy: Stage::NotPlanned,
            tls: Stage::Passed { took: millis(20), evidence: tls() },
            api: Stage::Passed { took: millis(90), evidence: api() },
        },
        findings: Vec::new(),
        addresses: Vec::new(),
        outside: OutsideChecks::default(),
        retries: Vec::new(),
        late: Duration::ZERO,
    }
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-c]{1,2}", "[\\\\\"\n,{}=#a ]{0,8}", "\\PC{0,6}"]
}

fn stage<E: std::fmt::Debug + Clone + 'static>(
    evidence: impl Strategy<Value = E> + 'static,
    reasons: Vec<Reason>,
) -> impl Strategy<Value = Stage<E>> {
    let took = (0_u64..200_000_000).prop_map(Duration::from_micros);
    (evidence, took, proptest::sample::select(reasons), 0..5).prop_map(|(evidence, took, reason, which)| {
        match which {
            0 => Stage::NotPlanned,
            1 => Stage::NotReached,
            2 | 3 => Stage::Passed { took, evidence },
            _ => Stage::Failed { took, failure: Failure::new(reason, ""), evidence },
        }
    })
}

fn any_dns() -> impl Strategy<Value = DnsEvidence> {
    let rcode = proptest::option::of(proptest::sample::select(vec!["NOERROR", "NXDOMAIN", "SERVFAIL"]));
    (texts(), any::<bool>(), rcode, 0..3_usize, proptest::option::of(0_u64..100)).prop_map(
        |(resolver, v6, rcode, addresses, ttl)| DnsEvidence {
            resolver: resolver.into(),
            rcode: rcode.map(str::to_owned),
            addresses: vec![[192, 0, 2, 1].into(); addresses],
            ttl: ttl.map(Duration::from_secs),
            ..dns(if v6 { Family::Ipv6 } else { Family::Ipv4 })
        },
    )
}

fn any_proxy() -> impl Strategy<Value = ProxyEvidence> {
    proptest::option::of(0_u64..100).prop_map(|ms| ProxyEvidence {
        phases: ProxyPhases { tunnel: ms.map(millis), ..ProxyPhases::default() },
        ..ProxyEvidence::of("http://proxy.example.com:3128".to_owned())
    })
}

fn any_tls() -> impl Strategy<Value = TlsEvidence> {
    let text = || proptest::option::of(texts());
    (any::<bool>(), text(), text(), text(), any::<bool>(), texts()).prop_map(
        |(version, cipher, alpn, group, chain, subject)| {
            let whole = tls();
            let mut facts = whole.chain.as_deref().cloned().unwrap_or_default();
            facts.certificates.iter_mut().for_each(|leaf| leaf.subject.clone_from(&subject));
            TlsEvidence {
                version: version.then_some("TLS 1.2"),
                cipher,
                alpn,
                group,
                chain: chain.then(|| Arc::new(facts)),
                verified_until: whole.verified_until.filter(|_| chain),
                ..whole
            }
        },
    )
}

fn any_api() -> impl Strategy<Value = ApiEvidence> {
    let phase = || proptest::option::of((0_u64..200_000).prop_map(Duration::from_millis));
    let status = proptest::option::of(proptest::sample::select(vec![200_u16, 429, 529]));
    (phase(), phase(), status, proptest::option::of(texts()), any::<bool>(), any::<Option<u64>>()).prop_map(
        |(processing, transfer, status, request_id, error, remaining)| ApiEvidence {
            phases: HttpPhases { processing, transfer },
            status,
            request_id,
            error_type: error.then_some("overloaded_error"),
            rate_limits: vec![RateLimit { dimension: "tokens", limit: None, remaining, reset: None }],
            ..api()
        },
    )
}

/// Any journey, likely or not.
pub(crate) fn any_outcome() -> impl Strategy<Value = Outcome> {
    let of = |from: usize, to: usize| Reason::ALL[from..to].to_vec();
    let first = |layer| Reason::ALL.partition_point(|reason| reason.layer() < layer);
    use crate::outcome::Layer::{Api, Proxy, Tcp, Tls};
    let tcp = (0_u64..1000).prop_map(|ms| TcpEvidence { attempts: Vec::new(), rtt: Some(millis(ms)) });
    let stages = (
        stage(any_dns(), of(0, first(Tcp))),
        stage(tcp, of(first(Tcp), first(Proxy))),
        stage(any_proxy(), of(first(Proxy), first(Tls))),
        stage(any_tls(), of(first(Tls), first(Api))),
        stage(any_api(), of(first(Api), Reason::ALL.len())),
    )
        .prop_map(|(dns, tcp, proxy, tls, api)| Stages { dns, tcp, proxy, tls, api });
    let family = proptest::sample::select(vec![Family::Ipv4, Family::Ipv6, Family::Any]);
    let path = (texts(), texts(), family).prop_map(|(target, route, family)| path(&target, &route, family));
    let finding = proptest::sample::select(Reason::ALL.to_vec()).prop_map(|reason| Finding::new(reason, ""));
    let findings = proptest::collection::vec(finding, 0..3);
    (path, stages, findings, 0_u64..100_000).prop_map(|(path, stages, findings, ms)| Outcome {
        path,
        endpoint: "https://api.example.com/".into(),
        started: UNIX_EPOCH + START,
        took: millis(ms),
        stages,
        findings,
        addresses: Vec::new(),
        outside: OutsideChecks::default(),
        retries: Vec::new(),
        late: Duration::ZERO,
    })
}
