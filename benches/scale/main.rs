//! The whole program with very many targets: `cargo bench --bench scale`; `-- NAME…` for some of `parts`, `program`,
//! `reload` and `scrape`, and `lean` for the lean profile of metrics.
//!
//! - `parts`: what a target takes in memory, part by part ([`parts`]); `targets=N` and `runs=N` for others than 2,000 targets
//!   that are walked 25 times.
//! - `program`: start-up, schedule lag, CPU, memory, descriptors and threads with 1,000, 10,000 and 20,000 targets every 15 s.
//! - `reload`: 10,000 targets of which 1 % change, and whether the others keep their rhythm.
//! - `scrape`: `/metrics` of 10,000 targets, and the journeys' times before it and while it is asked for without a pause.
//!
//! The program runs on one CPU; the simulated provider and this bench, which scrapes, share the other one. The rhythm of a
//! target is read from when its last run was over. A run of an unchanged target that is missing, or doubled, or has moved by
//! more than a second, is an error and no number.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/canary.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod canary;
mod fleet;
#[path = "../shared/harness.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod harness;
mod parts;
#[path = "../shared/peer.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod peer;
#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod process;
mod program;
mod reload;
mod scrape;

use std::error::Error;
use std::fs;

use rustix::thread::{CpuSet, sched_setaffinity};

use fleet::Fleet;
use harness::is_smoke;
use peer::Peer;

/// The CPU of the program, and that of everybody else.
const PROBER: usize = 1;
const OTHERS: usize = 0;

/// How much is done.
struct Plan {
    /// Targets of each measurement of the program, and whether they are walked over TLS.
    fleets: &'static [(u32, bool)],
    /// Of the reload and of the scrape.
    many: u32,
    /// Of the parts, and how often each is walked.
    parts: u32,
    runs: u32,
    /// How many intervals are measured.
    intervals: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == peer::ARGUMENT) {
        return peer::serve();
    }
    let mut plan = if is_smoke() {
        Plan { fleets: &[(50, false)], many: 100, parts: 50, runs: 2, intervals: 0 }
    } else {
        let fleets = &[(1_000, true), (10_000, true), (10_000, false), (20_000, false)];
        Plan { fleets, many: 10_000, parts: 2_000, runs: 25, intervals: 3 }
    };
    if !is_smoke() {
        let mut cpus = CpuSet::new();
        cpus.set(OTHERS);
        sched_setaffinity(None, &cpus)?;
    }
    let number = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name)?.parse().ok());
    plan.parts = number("targets=").unwrap_or(plan.parts);
    plan.runs = number("runs=").unwrap_or(plan.runs);
    let lean = arguments.iter().any(|argument| argument == "lean");
    let names = ["parts", "program", "reload", "scrape"];
    let some = names.iter().any(|name| arguments.iter().any(|argument| argument == name));
    let wanted = |name: &str| !some || arguments.iter().any(|argument| argument == name);
    let peer = Peer::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let load = fs::read_to_string("/proc/loadavg")?;
    println!("load before: {}; interval {} s", load.trim(), fleet::interval().as_secs_f64());
    let mut series = Vec::new();
    if wanted("parts") {
        for https in [true, false] {
            let fleet = Fleet { targets: plan.parts, https, lean };
            let parts = runtime.block_on(parts::measure(&peer, fleet, plan.runs))?;
            parts.print();
            series.push((https, parts.series()));
        }
    }
    if wanted("program") {
        let fleets: Vec<Fleet> = plan
            .fleets
            .iter()
            .map(|(targets, https)| Fleet { targets: *targets, https: *https, lean })
            .collect();
        runtime.block_on(program::measure(&peer, &fleets, plan.intervals, &series))?;
    }
    if wanted("reload") {
        let fleet = Fleet { targets: plan.many, https: true, lean };
        runtime.block_on(reload::measure(&peer, fleet, plan.intervals))?;
    }
    if wanted("scrape") {
        let fleet = Fleet { targets: plan.many, https: true, lean };
        runtime.block_on(scrape::measure(&peer, fleet, plan.intervals))?;
    }
    Ok(())
}

/// A percentile of the values.
fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) * percent / 100).copied().unwrap_or(f64::NAN)
}
