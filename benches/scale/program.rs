//! The program with so many targets: how long until it is ready and every target was walked, and what it takes then.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::canary::{Canary, PROGRAM, Samples};
use super::fleet::{Fleet, interval};
use super::harness::is_smoke;
use super::peer::Peer;
use super::process::Holds;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Schedule lag may be so much at the 99th percentile.
const BAR: f64 = 0.010;

/// A program that has walked every target once.
pub(crate) struct Started {
    pub(crate) canary: Canary,
    pub(crate) samples: Samples,
    /// From the start of the process until it says that it is ready, and until every target was walked.
    pub(crate) ready: Duration,
    pub(crate) walked: Duration,
}

/// What went on between two looks.
pub(crate) struct Lags {
    schedule: Vec<(f64, f64)>,
    event_loop: Vec<(f64, f64)>,
}

/// Starts it on its CPU.
pub(crate) async fn start(fleet: Fleet, config: &Path) -> Result<Started> {
    let mut command = Command::new("taskset");
    let cpu = if is_smoke() { "0-1023".to_owned() } else { super::PROBER.to_string() };
    command.args(["--cpu-list", &cpu, PROGRAM]);
    let begin = Instant::now();
    let canary = Canary::start_by(command, config)?;
    let page = format!("http://{}/-/ready", canary.address());
    while !canary.client().get(&page).send().await?.status().is_success() {
        sleep(Duration::from_millis(1)).await;
    }
    let ready = begin.elapsed();
    // Nobody looks on meanwhile: to write and read all series would be what is measured.
    if !is_smoke() {
        sleep_until(begin + ready + interval()).await;
    }
    loop {
        let samples = canary.samples().await?;
        let walked = begin.elapsed();
        let runs = samples.values("target_runs_total", "").filter(|runs| *runs >= 1.0).count();
        if runs == usize::try_from(fleet.targets)? {
            check(&samples)?;
            return Ok(Started { canary, samples, ready, walked });
        }
        if walked > interval() * 8 {
            return Err(format!("after eight intervals {runs} targets were walked").into());
        }
        sleep(Duration::from_millis(if is_smoke() { 100 } else { 1000 })).await;
    }
}

/// Every target works, and no run was left out.
pub(crate) fn check(samples: &Samples) -> Result<()> {
    let down = samples.values("target_up", "").filter(|up| *up < 0.5).count();
    let failed: f64 = samples.values("target_runs_failed_total", "").sum();
    let skipped: f64 = samples.values("api_canary_runs_skipped_total", "").sum();
    if down > 0 || failed > 0.5 || skipped > 0.5 {
        return Err(format!("{down} targets are down, {failed} runs failed, {skipped} were skipped").into());
    }
    Ok(())
}

/// The values of a name by target.
pub(crate) fn by_target<'a>(samples: &'a Samples, name: &'a str) -> HashMap<&'a str, f64> {
    let target = |labels: &'a str| labels.split_once("target=\"")?.1.split('"').next();
    samples.of(name).filter_map(|(labels, value)| Some((target(labels)?, value))).collect()
}

impl Lags {
    pub(crate) fn between(before: &Samples, after: &Samples) -> Self {
        let new = |name| {
            let (before, after) = (before.buckets(name), after.buckets(name));
            after.iter().zip(before).map(|(after, before)| (after.0, after.1 - before.1)).collect()
        };
        Self {
            schedule: new("api_canary_schedule_lag_seconds"),
            event_loop: new("api_canary_event_loop_lag_seconds"),
        }
    }

    /// `p50 / p99` of schedule and event loop in milliseconds, and the share of runs that started within the bar.
    pub(crate) fn shown(&self) -> [String; 3] {
        let ms = |buckets: &[(f64, f64)], of| quantile(buckets, of) * 1e3;
        let pair = |buckets| format!("{:.2} / {:.2}", ms(buckets, 0.5), ms(buckets, 0.99));
        let all = self.schedule.last().map_or(f64::NAN, |(_, count)| *count);
        let within =
            self.schedule.iter().find(|(bound, _)| *bound >= BAR).map_or(f64::NAN, |(_, count)| *count);
        [pair(&self.schedule), pair(&self.event_loop), format!("{:.3} %", within / all * 100.0)]
    }
}

/// A quantile of what came into a histogram, in even shares within a bucket.
fn quantile(buckets: &[(f64, f64)], of: f64) -> f64 {
    let wanted = of * buckets.last().map_or(0.0, |(_, count)| *count);
    let (mut low, mut below) = (0.0, 0.0);
    for (bound, count) in buckets {
        if *count >= wanted && *count > below {
            return if bound.is_finite() {
                low + (bound - low) * (wanted - below) / (count - below)
            } else {
                low
            };
        }
        (low, below) = (*bound, *count);
    }
    f64::NAN
}

/// Measures each fleet in a program of its own; `series` is what the series of a target take, over TLS or not.
pub(crate) async fn measure(
    peer: &Peer,
    fleets: &[Fleet],
    intervals: u32,
    series: &[(bool, f64)],
) -> Result<()> {
    println!(
        "\n| targets | ready s | all walked s | CPU of a core | schedule lag p50 / p99 ms | within {} ms | event loop lag \
         p50 / p99 ms | resident MiB, peak | descriptors, most | threads |\n|---|---|---|---|---|---|---|---|---|---|",
        BAR * 1e3
    );
    let mut sizes: Vec<(Fleet, Holds)> = Vec::new();
    for fleet in fleets {
        let directory = tempfile::tempdir()?;
        let Started { canary, samples, ready, walked } =
            start(*fleet, &fleet.write(peer, directory.path(), 0)?).await?;
        let (begin, cpu) = (Instant::now(), canary.process().cpu()?.as_secs_f64());
        let mut descriptors = 0;
        while begin.elapsed() < interval() * intervals {
            descriptors = descriptors.max(canary.process().holds()?.descriptors);
            sleep(Duration::from_millis(500)).await;
        }
        let (cpu, took) = (canary.process().cpu()?.as_secs_f64() - cpu, begin.elapsed().as_secs_f64());
        let holds = canary.process().holds()?;
        let after = canary.samples().await?;
        check(&after)?;
        let [schedule, event_loop, within] = Lags::between(&samples, &after).shown();
        println!(
            "| {} | {:.2} | {:.1} | {:.2} | {schedule} | {within} | {event_loop} | {:.0}, {:.0} | {}, {descriptors} | {} |",
            fleet.shown(),
            ready.as_secs_f64(),
            walked.as_secs_f64(),
            cpu / took,
            mib(holds.resident),
            mib(holds.peak),
            holds.descriptors,
            holds.threads,
        );
        sizes.push((*fleet, holds));
    }
    for ((small, before), (large, after)) in sizes.iter().zip(sizes.iter().skip(1)) {
        if small.https == large.https {
            let each = (after.resident - before.resident) / f64::from(large.targets - small.targets);
            let of_series = series.iter().find(|(https, _)| *https == small.https).map(|(_, bytes)| *bytes);
            let beyond = of_series.map_or_else(String::new, |series| {
                format!(
                    ", {:.1} KiB beyond its series ({:.1} KiB)",
                    (each - series) / 1024.0,
                    series / 1024.0
                )
            });
            println!(
                "\nfrom {} to {} targets resident memory grows by {:.1} KiB a target{beyond}",
                small.shown(),
                large.shown(),
                each / 1024.0
            );
        }
    }
    Ok(())
}

fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}
