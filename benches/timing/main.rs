//! Whether the phases of a journey tell the truth: `cargo bench --bench timing`.
//!
//! The simulated provider delays one thing by a known time; that phase must show it and no other may. With many
//! journeys at once, what the kernel saw of the TCP handshake is beside what the program saw of it.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/harness.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod harness;
#[path = "../shared/peer.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod peer;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use api_canary::outcome::Outcome;
use api_canary::probe::Prober;
use api_canary::target::{HttpOffer, Order, Target};
use tokio::task::JoinSet;

use harness::{cpu_time, is_smoke, micros_each};
use peer::Peer;

/// The columns: a phase, and where it is found.
const PHASES: [(&str, Read); 8] = [
    ("total", |outcome| Some(outcome.took)),
    ("dns", |outcome| outcome.stages.dns.took()),
    ("tcp", |outcome| outcome.stages.tcp.took()),
    ("krtt", |outcome| outcome.stages.tcp.evidence()?.rtt),
    ("tls", |outcome| outcome.stages.tls.took()),
    ("process", |outcome| outcome.stages.api.evidence()?.phases.processing),
    ("transfer", |outcome| outcome.stages.api.evidence()?.phases.transfer),
    ("rest", rest),
];

type Read = fn(&Outcome) -> Option<Duration>;

/// What no phase accounts for.
fn rest(outcome: &Outcome) -> Option<Duration> {
    let stages = &outcome.stages;
    let phases = stages.api.evidence()?.phases;
    let layers = stages.dns.took()? + stages.tcp.took()? + stages.tls.took()?;
    Some(outcome.took.saturating_sub(layers + phases.processing? + phases.transfer?))
}

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == peer::ARGUMENT) {
        return peer::serve();
    }
    let peer = Peer::start()?;
    // As the program has it.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (many, scenarios) = if is_smoke() { (4, 2) } else { (200, 7) };
    println!(
        "milliseconds, p50 / p99 of the journeys of a scenario; krtt: the kernel's round trip of the TCP handshake"
    );
    let names: Vec<String> = PHASES.iter().map(|(name, _)| format!("{name:>15}")).collect();
    println!("{:<30}{}", "scenario", names.concat());
    for (name, host, at_once, times) in [
        ("one at a time", "api", 1, many),
        ("at once", "api", many, 5),
        ("dns 1.5 s late, few at once", "dns-slow", many / 4, 1),
        ("dns 1.5 s late, at once", "dns-slow", many, 1),
        ("answer 1.5 s late, few at once", "http-slow", many / 4, 1),
        ("answer 1.5 s late, at once", "http-slow", many, 1),
        ("body until 1.4 s, at once", "http-slow-body", many, 1),
    ]
    .into_iter()
    .take(scenarios)
    {
        for (version, offer) in [("h1", HttpOffer::H1), ("h2", HttpOffer::H2)] {
            let url = format!("https://{host}.sim.test:{}/ok", peer.api.port());
            let target = Target { http: peer::http(offer), ..peer.target(&url)? };
            let prober = Arc::new(Prober::try_new(Arc::new(target), &Arc::default())?);
            runtime.block_on(rounds(&prober, 1, 1)).map_err(|error| error.to_string())?;
            let start = cpu_time();
            let outcomes =
                runtime.block_on(rounds(&prober, at_once, times)).map_err(|error| error.to_string())?;
            let cpu = micros_each(cpu_time() - start, at_once * times);
            let cells: Vec<String> = PHASES.iter().map(|(_, read)| cell(&outcomes, *read)).collect();
            println!("{:<30}{}   {cpu:.0} µs CPU", format!("{name}, {version}"), cells.concat());
        }
    }
    Ok(())
}

/// The middle and nearly the greatest.
fn cell(outcomes: &[Outcome], read: Read) -> String {
    let mut values: Vec<Duration> = outcomes.iter().filter_map(read).collect();
    values.sort_unstable();
    let at = |at: usize| values.get(at).map_or(f64::NAN, |value| value.as_secs_f64() * 1e3);
    format!("{:>8.2}/{:>6.1}", at(values.len() / 2), at(values.len().saturating_sub(1) * 99 / 100))
}

async fn rounds(
    prober: &Arc<Prober>,
    at_once: u32,
    times: u32,
) -> Result<Vec<Outcome>, Box<dyn Error + Send + Sync>> {
    let mut outcomes = Vec::new();
    for _ in 0..times {
        let mut under_way = JoinSet::new();
        for _ in 0..at_once {
            let prober = Arc::clone(prober);
            under_way.spawn(async move { prober.run(Order::Configured).await });
        }
        for run in under_way.join_all().await {
            match run.outcomes.into_iter().next() {
                Some(outcome) if outcome.success() => outcomes.push(Arc::unwrap_or_clone(outcome)),
                other => return Err(format!("{other:#?}").into()),
            }
        }
    }
    Ok(outcomes)
}
