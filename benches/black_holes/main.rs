//! Whether targets that swallow every packet hold up those that are well: `cargo bench --bench black_holes`.
//!
//! The program runs with healthy targets alone, and with the same beside black holes, each of which uses up its whole
//! timeout in every interval. Both are run in turns, in a process of its own each time; ratios are of one round. That
//! every healthy target works and every black hole fails as one is not a number but a condition.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/canary.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod canary;
#[path = "../shared/harness.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod harness;
#[path = "../shared/peer.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod peer;
#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod process;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use canary::{Canary, Samples};
use harness::{Spread, is_smoke};
use peer::Peer;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What a healthy target may take beside black holes, as a multiple of what it takes alone.
const BAR: f64 = 1.2;

/// How much is done.
struct Plan {
    healthy: u32,
    holes: u32,
    /// Also the timeout, so that a run of a black hole lasts until its next one is due.
    interval: Duration,
    /// How many intervals are measured.
    intervals: u32,
    rounds: u32,
}

/// One measurement of the program.
struct Phase {
    /// Of journeys to healthy targets, in seconds.
    took: Vec<f64>,
    /// How late runs start, and timers fire, at the 99th percentile, in seconds.
    start_lag: f64,
    loop_lag: f64,
    /// CPU time of a second.
    cpu: f64,
    /// Runs of healthy targets, of those that are due.
    runs: f64,
    skipped: f64,
}

fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == peer::ARGUMENT) {
        return peer::serve();
    }
    let plan = if is_smoke() {
        Plan { healthy: 12, holes: 3, interval: Duration::from_secs(3), intervals: 0, rounds: 1 }
    } else {
        Plan { healthy: 1000, holes: 50, interval: Duration::from_secs(10), intervals: 3, rounds: 3 }
    };
    let peer = Peer::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!(
        "{} healthy targets every {} s, alone and beside {} black holes that use {} s of it; medians of {} rounds",
        plan.healthy,
        plan.interval.as_secs_f64(),
        plan.holes,
        plan.interval.as_secs_f64(),
        plan.rounds
    );
    let mut phases = Vec::new();
    for _ in 0..plan.rounds {
        let alone = runtime.block_on(measure(&peer, &plan, 0))?;
        phases.push((alone, runtime.block_on(measure(&peer, &plan, plan.holes))?));
    }
    if is_smoke() {
        println!("all healthy targets work, all black holes time out");
    } else {
        report(&phases);
    }
    Ok(())
}

/// A row: what it is, a number of a phase, and the bar for the ratio.
type Row = (&'static str, fn(&Phase) -> f64, Option<f64>);

const ROWS: [Row; 7] = [
    ("journey of a healthy target, p50, ms", |phase| percentile(&phase.took, 50) * 1e3, Some(BAR)),
    ("journey of a healthy target, p99, ms", |phase| percentile(&phase.took, 99) * 1e3, None),
    ("start behind schedule, p99, ms", |phase| phase.start_lag * 1e3, None),
    ("timer behind time, p99, ms", |phase| phase.loop_lag * 1e3, None),
    ("CPU, ms a second", |phase| phase.cpu * 1e3, None),
    ("runs of healthy targets, of those due", |phase| phase.runs, None),
    ("runs skipped", |phase| phase.skipped, None),
];

fn report(phases: &[(Phase, Phase)]) {
    println!("{:<40} {:>8} {:>8}   ratio [least–greatest]", "", "alone", "beside");
    for (name, read, bar) in ROWS {
        let alone = Spread::of(phases.iter().map(|(alone, _)| read(alone)).collect());
        let beside = Spread::of(phases.iter().map(|(_, beside)| read(beside)).collect());
        let ratio = Spread::of(phases.iter().map(|(alone, beside)| read(beside) / read(alone)).collect());
        let ratio = if ratio.median.is_finite() {
            format!("   {:.2} [{:.2}–{:.2}]", ratio.median, ratio.least, ratio.greatest)
        } else {
            String::new()
        };
        let bar = bar.map_or_else(String::new, |bar| format!("   bar {bar}"));
        println!("{name:<40} {:>8.2} {:>8.2}{ratio}{bar}", alone.median, beside.median);
    }
}

/// Runs the program with so many black holes.
async fn measure(peer: &Peer, plan: &Plan, holes: u32) -> Result<Phase> {
    let directory = tempfile::tempdir()?;
    let canary = Canary::start(&config(peer, plan, holes, directory.path())?)?;
    let before = all_ran(&canary, plan, holes).await?;
    check(&before, holes)?;
    let (start, cpu) = (Instant::now(), canary.process().cpu()?.as_secs_f64());
    let (mut took, mut after) = (Vec::new(), None);
    for interval in 1..=plan.intervals {
        sleep_until(start + plan.interval * interval).await;
        let now = canary.samples().await?;
        check(&now, holes)?;
        took.extend(now.values("probe_duration_seconds", HEALTHY));
        after = Some(now);
    }
    let cpu = canary.process().cpu()?.as_secs_f64() - cpu;
    let seconds = start.elapsed().as_secs_f64();
    let after = after.as_ref().unwrap_or(&before);
    let lag = |name| percentile_between(&before.buckets(name), &after.buckets(name), 0.99);
    let runs = |samples: &Samples| samples.values("probe_runs_total", HEALTHY).sum::<f64>();
    Ok(Phase {
        took,
        start_lag: lag("api_canary_schedule_lag_seconds"),
        loop_lag: lag("api_canary_event_loop_lag_seconds"),
        cpu: cpu / seconds,
        runs: (runs(after) - runs(&before)) / f64::from(plan.healthy * plan.intervals),
        skipped: after.values("api_canary_runs_skipped_total", "").sum(),
    })
}

/// Labels of the targets of a kind.
const HEALTHY: &str = "target=\"healthy-";
const HOLE: &str = "target=\"hole-";

fn config(peer: &Peer, plan: &Plan, holes: u32, directory: &Path) -> Result<PathBuf> {
    let root = directory.join("root.pem");
    std::fs::write(&root, &peer.pem)?;
    let seconds = plan.interval.as_secs_f64();
    let mut text = format!(
        "resolvers: {{ peer: {{ address: \"udp://{}\" }} }}\n\
         defaults: {{ interval: {seconds}s, timeout: {seconds}s }}\ntargets:\n",
        peer.dns
    );
    let healthy = (0..plan.healthy).map(|number| (format!("healthy-{number}"), "api"));
    let holes = (0..holes).map(|number| (format!("hole-{number}"), "tcp-timeout"));
    for (name, host) in healthy.chain(holes) {
        writeln!(
            text,
            "  - {{ name: {name}, provider: http, url: \"https://{host}.sim.test:{}/ok\", resolvers: [peer], \
             families: [ipv4], tls: {{ ca_file: {} }} }}",
            peer.api.port(),
            root.display()
        )?;
    }
    let file = directory.join("config.yml");
    std::fs::write(&file, text)?;
    Ok(file)
}

/// Waits until every target has been walked; the samples then.
async fn all_ran(canary: &Canary, plan: &Plan, holes: u32) -> Result<Samples> {
    let start = Instant::now();
    loop {
        let samples = canary.samples().await?;
        let ran = |labels| samples.values("probe_runs_total", labels).filter(|runs| *runs >= 1.0).count();
        let (healthy, swallowed) = (ran(HEALTHY), ran(HOLE));
        if healthy == usize::try_from(plan.healthy)? && swallowed == usize::try_from(holes)? {
            return Ok(samples);
        }
        if start.elapsed() > plan.interval * 6 {
            return Err(format!(
                "after six intervals {healthy} healthy targets and {swallowed} black holes ran"
            )
            .into());
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Every healthy target works, and never did not; every black hole fails for what it is, and for nothing else.
fn check(samples: &Samples, holes: u32) -> Result<()> {
    let sum = |name, labels| samples.values(name, labels).sum::<f64>();
    let works = samples.values("probe_success", HEALTHY).all(|success| success > 0.5);
    let failures = sum("probe_failures_total", HEALTHY);
    if !works || failures > 0.5 {
        return Err(format!("journeys to healthy targets failed: {failures}").into());
    }
    let (runs, all) = (sum("probe_runs_total", HOLE), sum("probe_failures_total", HOLE));
    let timeouts = sum("probe_failures_total", "reason=\"tcp_timeout\"");
    if holes > 0 && (timeouts < 0.5 || (runs - timeouts).abs() > 0.5 || (all - timeouts).abs() > 0.5) {
        return Err(format!("black holes: {runs} runs, {all} failures, {timeouts} by timeout").into());
    }
    Ok(())
}

/// A percentile of the values.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) * percent / 100).copied().unwrap_or(f64::NAN)
}

/// A quantile of what came into a histogram between two looks, in even shares within a bucket.
fn percentile_between(before: &[(f64, f64)], after: &[(f64, f64)], quantile: f64) -> f64 {
    let new: Vec<(f64, f64)> =
        after.iter().zip(before).map(|(after, before)| (after.0, after.1 - before.1)).collect();
    let wanted = quantile * new.last().map_or(0.0, |(_, count)| *count);
    let (mut low, mut below) = (0.0, 0.0);
    for (bound, count) in new {
        if count >= wanted && count > below {
            return if bound.is_finite() {
                low + (bound - low) * (wanted - below) / (count - below)
            } else {
                low
            };
        }
        (low, below) = (bound, count);
    }
    f64::NAN
}
