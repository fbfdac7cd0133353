//! A reload that changes 1 % of the targets: how long it takes, and whether the others notice.

use std::error::Error;
use std::time::UNIX_EPOCH;

use api_canary::clock;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::canary::Samples;
use super::fleet::{Fleet, changed_interval, interval};
use super::peer::Peer;
use super::program::{Lags, Started, by_target, check, start};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A reload may take so long, in seconds.
const BAR: f64 = 1.0;

/// The rhythm of a target moves by no more than this, in seconds: a journey ends a moment later now and then.
const MOVES: f64 = 0.9;

const RELOADED_AT: &str = "api_canary_config_last_reload_success_timestamp_seconds";
const ENDED_AT: &str = "probe_last_run_timestamp_seconds";
const RUNS: &str = "target_runs_total";

pub(crate) async fn measure(peer: &Peer, fleet: Fleet, intervals: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let Started { canary, samples: before, .. } =
        start(fleet, &fleet.write(peer, directory.path(), 0)?).await?;
    let changed = fleet.targets / 100;
    println!("\nreload of {} targets of which {changed} change their interval", fleet.shown());
    // What a reload costs at all: nothing is changed by the first one.
    for changed in [0, changed] {
        fleet.write(peer, directory.path(), changed)?;
        canary.process().forget_peak()?;
        let (asked, resident) = (now(), canary.process().holds()?.resident);
        let pid = Pid::from_raw(i32::try_from(canary.process().id())?).ok_or("no process")?;
        kill_process(pid, Signal::HUP)?;
        let done = reloaded(&canary, asked).await?;
        let holds = canary.process().holds()?;
        println!(
            "| {changed} changed | from the signal until it is in force {:.3} s, bar {BAR} s | resident {:+.1} MiB, at its \
             most {:+.1} MiB |",
            done - asked,
            (holds.resident - resident) / f64::from(1 << 20),
            (holds.peak - resident) / f64::from(1 << 20)
        );
        // Time for the runs after it.
        sleep(interval().mul_f64(f64::from(intervals.min(1)))).await;
    }
    let begin = Instant::now();
    let middle = canary.samples().await?;
    sleep(interval() * intervals.max(1)).await;
    let after = canary.samples().await?;
    check(&after)?;
    let (kept, others) = rhythm(&before, &after)?;
    if others != usize::try_from(changed)? {
        return Err(format!("{others} targets have another interval instead of {changed}").into());
    }
    let [schedule, event_loop, within] = Lags::between(&before, &middle).shown();
    println!(
        "{kept} targets kept their rhythm over both reloads; meanwhile schedule lag p50 / p99 {schedule} ms, {within} in \
         time, event loop {event_loop} ms; looked on {:.0} s more",
        begin.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Waits until a reload is done after this time; when it was.
async fn reloaded(canary: &super::canary::Canary, asked: f64) -> Result<f64> {
    loop {
        // Not at once: to write all series takes a part of the CPU.
        sleep(interval() / 8).await;
        let samples = canary.samples().await?;
        if samples.values("api_canary_config_last_reload_successful", "").any(|good| good < 0.5) {
            return Err("the reload failed".into());
        }
        match samples.values(RELOADED_AT, "").next() {
            Some(at) if at > asked => return Ok(at),
            _ if now() - asked > 60.0 => return Err("no reload".into()),
            _ => {}
        }
    }
}

/// How many targets kept their interval, each of which was walked as often as time passed and at its own times; and how
/// many have another one.
fn rhythm(before: &Samples, after: &Samples) -> Result<(usize, usize)> {
    let (intervals, runs) = (by_target(after, "target_interval_seconds"), by_target(after, RUNS));
    let (ended, ended_before) = (by_target(after, ENDED_AT), by_target(before, ENDED_AT));
    let runs_before = by_target(before, RUNS);
    let (mut kept, mut others) = (0, 0);
    for (target, interval) in intervals {
        if (interval - changed_interval().as_secs_f64()).abs() < 0.1 {
            others += 1;
            continue;
        }
        let of = |values: &std::collections::HashMap<&str, f64>| {
            values.get(target).copied().ok_or_else(|| format!("{target} is not there"))
        };
        let (passed, ran) = (of(&ended)? - of(&ended_before)?, of(&runs)? - of(&runs_before)?);
        if (passed - ran * interval).abs() > MOVES {
            return Err(format!("{target}: {ran} runs every {interval} s in {passed} s").into());
        }
        kept += 1;
    }
    Ok((kept, others))
}

fn now() -> f64 {
    clock::wall().duration_since(UNIX_EPOCH).map_or(f64::NAN, |since| since.as_secs_f64())
}
