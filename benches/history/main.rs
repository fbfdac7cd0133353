//! What the history takes: memory as the program counts it beside that of the process, the time to note a run, and what
//! writing it down and reading it takes: `cargo bench --bench history`.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/harness.rs"]
mod harness;

use std::error::Error;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api_canary::board::{Preferred, Standing};
use api_canary::clock;
use api_canary::history::{Archive, History, Limits};
use api_canary::outcome::{
    AnswerSource, ApiEvidence, CertFacts, ChainFacts, DnsEvidence, Failure, Family, HttpPhases, HttpVersion,
    Outcome, OutsideChecks, PathId, RateLimit, Reason, RecordType, Run, Stage, Stages, TcpEvidence,
    TlsEvidence,
};
use api_canary::units::Size;

use harness::{Spread, cpu_time, is_smoke, micros_each};

/// Families of addresses that every target has.
const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// How long a verified chain is shared by the journeys of a path.
const CHAIN_FOR: u64 = 10;

/// What is measured: its name, the bound on memory, and of how many runs one fails.
const CASES: [(&str, Size, u64); 5] = [
    ("all works", Size::mib(4096), 0),
    ("every tenth fails", Size::mib(4096), 10),
    ("all fail", Size::mib(4096), 1),
    ("every tenth fails, memory: 64MiB", Size::mib(64), 10),
    ("every tenth fails, memory: 16MiB", Size::mib(16), 10),
];

fn main() -> Result<(), Box<dyn Error>> {
    let (targets, runs) = if is_smoke() { (20, 60) } else { (500, 360) };
    let alone = std::env::args().find_map(|argument| argument.strip_prefix("case=").map(str::to_owned));
    for (name, memory, every) in CASES {
        match &alone {
            Some(wanted) if wanted == name => measure(name, targets, runs, memory, every)?,
            Some(_) => {}
            // A process of its own: what one case gives back the next one would not ask for.
            None => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(std::env::args().skip(1)).arg(format!("case={name}"));
                if !command.status()?.success() {
                    return Err(format!("{name} failed").into());
                }
            }
        }
    }
    Ok(())
}

fn measure(name: &str, targets: u32, runs: u64, memory: Size, every: u64) -> Result<(), Box<dyn Error>> {
    let before = resident();
    let history = History::new(Limits { memory, ..Limits::default() });
    let names: Vec<Arc<str>> = (0..targets).map(|number| format!("target-{number:04}").into()).collect();
    let now = clock::wall();
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let mut chains: Vec<Arc<ChainFacts>> = Vec::new();
    let mut each = Vec::new();
    for number in 0..runs {
        if number.is_multiple_of(CHAIN_FOR) {
            chains = names.iter().flat_map(|_| FAMILIES).map(|_| Arc::new(chain())).collect();
        }
        let started = now - minutes(runs - number);
        let fails = every > 0 && number.is_multiple_of(every);
        let made: Vec<(Vec<Arc<Outcome>>, Run)> = names
            .iter()
            .zip(chains.chunks(FAMILIES.len()))
            .map(|(name, chains)| run(name, started, fails, chains))
            .collect();
        let standing = standing();
        let start = cpu_time();
        made.iter().for_each(|(latest, run)| history.note(&standing, latest, run));
        each.push(micros_each(cpu_time() - start, targets));
    }
    chains.clear();
    let each = Spread::of(each);
    let extent = history.extent();
    let mib = |bytes: u64| Duration::from_micros(bytes).as_secs_f64() * 1e6 / f64::from(1 << 20);
    let counted = mib(u64::try_from(extent.bytes)?);
    let grown = mib(resident().saturating_sub(before));
    println!("{targets} targets with {} paths each, {runs} runs a minute apart: {name}", FAMILIES.len());
    println!("    journeys kept {:>10}", extent.journeys);
    println!("    counted       {counted:>10.1} MiB; resident memory grew by {grown:.1} MiB");
    println!("    note a run    {:>10.2} µs [{:.2}–{:.2}]", each.median, each.least, each.greatest);
    let directory = tempfile::tempdir()?;
    let mut archive = Archive::new(Some(directory.path().to_owned()));
    let start = tokio::time::Instant::now();
    archive.save(&history).result?;
    let wrote = start.elapsed();
    drop(archive);
    let size = mib(fs::metadata(directory.path().join("history.db"))?.len());
    let again = History::new(Limits { memory, ..Limits::default() });
    let start = tokio::time::Instant::now();
    Archive::new(Some(directory.path().to_owned())).save(&again).result?;
    let read = start.elapsed();
    println!(
        "    written whole {:>10.0} ms, read {:.0} ms, file {size:.1} MiB",
        wrote.as_secs_f64() * 1e3,
        read.as_secs_f64() * 1e3
    );
    Ok(())
}

/// The resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
    kib * 1024
}

fn standing() -> Standing {
    Standing {
        up: true,
        route: Preferred::default(),
        endpoint: Preferred::default(),
        endpoints: Vec::new(),
        shown: "".into(),
        gone: Vec::new(),
    }
}

/// A run, and its journeys as the board has them.
fn run(
    target: &Arc<str>,
    started: SystemTime,
    fails: bool,
    chains: &[Arc<ChainFacts>],
) -> (Vec<Arc<Outcome>>, Run) {
    let made = FAMILIES.into_iter().zip(chains);
    let outcomes: Vec<Arc<Outcome>> =
        made.map(|(family, chain)| outcome(target, family, started, fails, chain).into()).collect();
    (outcomes.clone(), Run { outcomes, ..Run::of(Arc::clone(target)) })
}

/// A journey that saw everything, and failed at the end or did not.
fn outcome(
    target: &Arc<str>,
    family: Family,
    started: SystemTime,
    fails: bool,
    chain: &Arc<ChainFacts>,
) -> Outcome {
    let millis = Duration::from_millis;
    let call = if fails {
        let detail = "POST https://api.anthropic.com/v1/messages: HTTP 529, overloaded_error: Overloaded";
        let failure = Failure::new(Reason::ProviderOverloaded, detail);
        Stage::Failed { took: millis(90), failure, evidence: api() }
    } else {
        Stage::Passed { took: millis(90), evidence: api() }
    };
    let stages = Stages {
        dns: Stage::Passed { took: millis(3), evidence: dns(family) },
        tcp: Stage::Passed {
            took: millis(12),
            evidence: TcpEvidence { rtt: Some(millis(11)), ..TcpEvidence::default() },
        },
        proxy: Stage::NotPlanned,
        tls: Stage::Passed { took: millis(20), evidence: tls(chain) },
        api: call,
    };
    let path = PathId { target: Arc::clone(target), route: "direct".into(), family };
    Outcome {
        path,
        endpoint: "https://api.anthropic.com/".into(),
        started,
        took: millis(125),
        stages,
        findings: Vec::new(),
        addresses: Vec::new(),
        outside: OutsideChecks::default(),
        retries: Vec::new(),
        late: Duration::ZERO,
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

/// The chain of a public API: its own certificate with some names, and two issuers.
fn chain() -> ChainFacts {
    let facts = |subject: &str, names: usize| CertFacts {
        subject: subject.into(),
        issuer: "CN=WE1,O=Google Trust Services,C=US".into(),
        dns_names: (0..names).map(|name| format!("api-{name}.example.com")).collect(),
        serial: "0a0b".repeat(8),
        fingerprint_sha256: "ab".repeat(32),
        not_before: time(0),
        not_after: time(1_000_000),
        self_issued: false,
        issuer_url: Some("http://i.pki.example/we1.crt".into()),
    };
    let certificates = vec![facts("CN=api.example.com", 4), facts("CN=WE1", 0), facts("CN=GTS Root R4", 0)];
    ChainFacts { certificates, unreadable: 0 }
}

fn tls(chain: &Arc<ChainFacts>) -> TlsEvidence {
    TlsEvidence {
        server_name: "api.example.com".into(),
        version: Some("TLS 1.3"),
        cipher: Some("TLS_AES_256_GCM_SHA384".into()),
        alpn: Some("h2".into()),
        group: Some("X25519MLKEM768".into()),
        chain: Some(Arc::clone(chain)),
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
