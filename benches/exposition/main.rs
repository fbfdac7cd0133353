//! What `/metrics` costs: writing a journey down, and the whole text: `cargo bench --bench exposition`.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/harness.rs"]
mod harness;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_canary::config::{Config, Env, Source};
use api_canary::diagnosis::{Case, Damper, New, infer};
use api_canary::metrics::{Format, Metrics};
use api_canary::outcome::{
    AnswerSource, ApiEvidence, Asked, CertFacts, ChainFacts, DnsEvidence, Family, HttpPhases, HttpVersion,
    Lookup, Outcome, OutsideChecks, PathId, RateLimit, RecordType, Run, Stage, Stages, TcpEvidence,
    TlsEvidence,
};
use api_canary::sinks::{Beside, Sinks};
use api_canary::target::Target;

use harness::{Spread, cpu_time, is_smoke, micros_each};

/// Families of addresses that every target has.
const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

fn main() -> Result<(), Box<dyn Error>> {
    let (targets, rounds) = if is_smoke() { (50, 1) } else { (1000, 15) };
    let metrics = Arc::new(Metrics::new()?);
    let sinks = Sinks::new(Arc::default(), Arc::default(), Arc::clone(&metrics));
    let model = Config::load(&Source::Default, &Env::of::<&str, &str>([]))?.targets.remove(0);
    let runs: Vec<(Target, Arc<Run>)> = (0..targets)
        .map(|number| {
            let (target, run) = run(&model, number);
            (target, Arc::new(run))
        })
        .collect();
    let apply = || {
        let start = cpu_time();
        let now = tokio::time::Instant::now();
        runs.iter().for_each(|(target, run)| {
            sinks.apply(target, run, &sinks.stand(target, run), &Beside::default(), now)
        });
        micros_each(cpu_time() - start, u32::try_from(runs.len() * FAMILIES.len()).unwrap_or(u32::MAX))
    };
    let first = apply();
    let again = Spread::of((0..rounds).map(|_| apply()).collect());
    println!(
        "{targets} targets with {} paths each, CPU; medians of {rounds} rounds [least–greatest]",
        FAMILIES.len()
    );
    println!("{:<44} {first:>8.2} µs", "take in a journey, first of its path");
    println!(
        "{:<44} {:>8.2} µs [{:.2}–{:.2}]",
        "take in a journey, another one", again.median, again.least, again.greatest
    );
    let mut dampers: Vec<Damper> = runs.iter().map(|_| Damper::default()).collect();
    let diagnose = |dampers: &mut [Damper]| {
        let start = cpu_time();
        let now = tokio::time::Instant::now();
        for ((target, run), damper) in runs.iter().zip(dampers) {
            let latest = sinks.latest(&target.name);
            let journeys: Vec<&Outcome> = latest.iter().map(Arc::as_ref).collect();
            let found = infer(&Case {
                target,
                outcomes: &journeys,
                lookups: &run.lookups,
                findings: &run.findings,
                follow_ups: &[],
                endpoint: &journeys[0].endpoint,
                route: Some("direct"),
                neighbours: &[],
                lag: Duration::ZERO,
                late_runs: 0,
            });
            std::hint::black_box(damper.note(found, None, New::Run, target.diagnosis, now));
        }
        micros_each(cpu_time() - start, targets)
    };
    let each = Spread::of((0..rounds).map(|_| diagnose(&mut dampers)).collect());
    println!(
        "{:<44} {:>8.2} µs [{:.2}–{:.2}]",
        "diagnose a healthy run", each.median, each.least, each.greatest
    );
    for (name, format) in [("text 0.0.4", Format::Text004), ("OpenMetrics 1.0.0", Format::OpenMetrics100)] {
        let mut text = Vec::new();
        let render = |text: &mut Vec<u8>| {
            let start = cpu_time();
            *text = metrics.render(format);
            micros_each(cpu_time() - start, 1) / 1e3
        };
        let took = Spread::of((0..rounds).map(|_| render(&mut text)).collect());
        let series =
            text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#"));
        let size = Duration::from_micros(u64::try_from(text.len())?).as_secs_f64();
        println!(
            "{:<44} {:>8.2} ms [{:.2}–{:.2}] {} series, {size:.1} MB",
            format!("render as {name}"),
            took.median,
            took.least,
            took.greatest,
            series.count()
        );
    }
    Ok(())
}

fn run(model: &Target, number: u32) -> (Target, Run) {
    let target: Arc<str> = format!("target-{number:04}").into();
    let outcomes: Vec<Outcome> = FAMILIES.into_iter().map(|family| outcome(&target, family)).collect();
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
fn outcome(target: &Arc<str>, family: Family) -> Outcome {
    let millis = Duration::from_millis;
    let stages = Stages {
        dns: Stage::Passed { took: millis(3), evidence: dns(family) },
        tcp: Stage::Passed {
            took: millis(12),
            evidence: TcpEvidence { rtt: Some(millis(11)), ..TcpEvidence::default() },
        },
        proxy: Stage::NotPlanned,
        tls: Stage::Passed { took: millis(20), evidence: tls() },
        api: Stage::Passed { took: millis(90), evidence: api() },
    };
    let path = PathId { target: Arc::clone(target), route: "direct".into(), family };
    Outcome {
        path,
        endpoint: "https://api.anthropic.com/".into(),
        started: time(0),
        took: millis(125),
        stages,
        findings: Vec::new(),
        addresses: Vec::new(),
        outside: OutsideChecks::default(),
        retries: Vec::new(),
    }
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
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

fn tls() -> TlsEvidence {
    let leaf = CertFacts {
        subject: "CN=api.example.com".into(),
        issuer: "CN=WE1,O=Google Trust Services,C=US".into(),
        dns_names: vec!["api.example.com".into()],
        serial: "0a0b".into(),
        fingerprint_sha256: "ab".repeat(32),
        not_before: time(0),
        not_after: time(1_000_000),
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
        verified_until: Some(time(1_000_000)),
        ..TlsEvidence::default()
    }
}

fn api() -> ApiEvidence {
    let limit =
        |dimension| RateLimit { dimension, limit: Some(1000), remaining: Some(999), reset: Some(time(60)) };
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
