//! What a run finds, made up: a journey over each family that saw everything.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use api_canary::outcome::{
    AnswerSource, ApiEvidence, Asked, CertFacts, ChainFacts, DnsEvidence, Family, HttpPhases, HttpVersion,
    Lookup, Outcome, OutsideChecks, PathId, RateLimit, RecordType, Run, Stage, Stages, TcpEvidence,
    TlsEvidence,
};
use api_canary::target::Target;

/// Families of addresses that every target has.
pub(crate) const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// A target, and a run of it that began at `at` and in which all went well.
pub(crate) fn run(model: &Target, number: u32, at: SystemTime) -> (Target, Run) {
    let target: Arc<str> = format!("target-{number:04}").into();
    let outcomes: Vec<Arc<Outcome>> =
        FAMILIES.into_iter().map(|family| outcome(&target, family, at).into()).collect();
    let lookups = outcomes
        .iter()
        .map(|outcome| Lookup {
            endpoint: Arc::clone(&outcome.endpoint),
            asked: Asked::Resolver,
            stage: outcome.stages.dns.clone(),
        })
        .collect();
    let run = Run { lookups, outcomes, ..Run::of(Arc::clone(&target)) };
    (Target { name: target, ..model.clone() }, run)
}

/// A journey that went well and saw everything.
fn outcome(target: &Arc<str>, family: Family, at: SystemTime) -> Outcome {
    let millis = Duration::from_millis;
    let stages = Stages {
        dns: Stage::Passed { took: millis(3), evidence: dns(family) },
        tcp: Stage::Passed {
            took: millis(12),
            evidence: TcpEvidence { rtt: Some(millis(11)), ..TcpEvidence::default() },
        },
        proxy: Stage::NotPlanned,
        tls: Stage::Passed { took: millis(20), evidence: tls(at) },
        api: Stage::Passed { took: millis(90), evidence: api(at) },
    };
    let path = PathId { target: Arc::clone(target), route: "direct".into(), family };
    Outcome {
        path,
        endpoint: "https://api.anthropic.com/".into(),
        started: at,
        took: millis(125),
        stages,
        findings: Vec::new(),
        addresses: Vec::new(),
        outside: OutsideChecks::default(),
        retries: Vec::new(),
        late: Duration::ZERO,
    }
}

fn dns(family: Family) -> DnsEvidence {
    DnsEvidence {
        resolver: "system".into(),
        record_type: if family == Family::Ipv6 { RecordType::Aaaa } else { RecordType::A },
        source: AnswerSource::HostsFile,
        rcode: Some("NOERROR".into()),
        addresses: vec![IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))],
        unexpected: None,
        ttl: Some(Duration::from_secs(60)),
        cnames: Vec::new(),
        queries: 1,
        truncated: false,
        dnssec: None,
    }
}

fn tls(at: SystemTime) -> TlsEvidence {
    let leaf = CertFacts {
        subject: "CN=api.example.com".into(),
        issuer: "CN=WE1,O=Google Trust Services,C=US".into(),
        dns_names: vec!["api.example.com".into()],
        serial: "0a0b".into(),
        fingerprint_sha256: "ab".repeat(32),
        not_before: at,
        not_after: at + Duration::from_secs(1_000_000),
        self_issued: false,
        issuer_url: None,
    };
    TlsEvidence {
        server_name: "api.example.com".into(),
        version: Some("TLS 1.3"),
        cipher: Some("TLS_AES_256_GCM_SHA384".into()),
        alpn: Some("h2".into()),
        group: Some("X25519MLKEM768".into()),
        chain: Some(Arc::new(ChainFacts { certificates: vec![leaf], unreadable: 0 })),
        verified_until: Some(at + Duration::from_secs(1_000_000)),
        ..TlsEvidence::default()
    }
}

fn api(at: SystemTime) -> ApiEvidence {
    let limit = |dimension| RateLimit {
        dimension,
        limit: Some(1000),
        remaining: Some(999),
        reset: Some(at + Duration::from_secs(60)),
    };
    ApiEvidence {
        version: Some(HttpVersion::Http2),
        status: Some(200),
        phases: HttpPhases {
            processing: Some(Duration::from_millis(80)),
            transfer: Some(Duration::from_millis(10)),
        },
        request_id: Some("req_011CSHoEeqs5C35K2UUqR7Fy".into()),
        rate_limits: ["requests", "tokens", "input_tokens", "output_tokens"].map(limit).into(),
        ..ApiEvidence::of_call("models", http::Method::GET)
    }
}
