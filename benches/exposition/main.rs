//! What `/metrics` costs, in both profiles: writing a journey down, and a scrape of 1,000 and of 10,000 targets:
//! `cargo bench --bench exposition`.
//!
//! An exposition is kept compressed; who takes no gzip gets it unpacked on the way. Its memory is the highest resident memory
//! while it is made and unpacked, less what there was before: what an allocator keeps from one round to the next is not in
//! it, so that the greatest of the rounds is told. Recording is timed by the clock, at a thousand runs a second: on a machine whose
//! cores are all busy its tail is what the scheduler of the kernel does.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/harness.rs"]
mod harness;

#[path = "../shared/runs.rs"]
mod runs;
mod scrape;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use api_canary::config::{Config, Env, Profile, Source};
use api_canary::diagnosis::{Case, Damper, New, infer};
use api_canary::metrics::{Configured, Metrics};
use api_canary::outcome::{Outcome, Run};
use api_canary::sinks::{Beside, Sinks};
use api_canary::target::Target;

use harness::{Spread, cpu_time, is_smoke, micros_each};
use runs::{FAMILIES, run};

/// A target and what a run of it finds.
type Watched = (Target, Arc<Run>);

/// A size of the bench.
struct Size {
    targets: u32,
    /// Times that each run is taken in.
    taken: usize,
    scrapes: usize,
    /// How long runs are recorded in each of the ways.
    beside: Duration,
}

/// So many targets can be watched by one canary, and what is usual.
const SIZES: [Size; 2] = [
    Size { targets: 1000, taken: 15, scrapes: 15, beside: Duration::ZERO },
    Size { targets: 10_000, taken: 5, scrapes: 7, beside: Duration::from_secs(10) },
];

/// To show that it works.
const SMOKE: [Size; 1] = [Size { targets: 50, taken: 1, scrapes: 1, beside: Duration::from_millis(100) }];

fn main() -> Result<(), Box<dyn Error>> {
    let sizes = if is_smoke() { &SMOKE[..] } else { &SIZES[..] };
    for (at, size) in sizes.iter().enumerate() {
        let runs = made_up(size.targets)?;
        for profile in [Profile::Lean, Profile::Full] {
            println!(
                "\n## {} targets with {} paths each, profile {}\n",
                size.targets,
                FAMILIES.len(),
                profile.label()
            );
            measure(&runs, size, profile)?;
        }
        if at == 0 {
            println!();
            diagnosing(&runs, size.taken)?;
        }
    }
    Ok(())
}

fn made_up(targets: u32) -> Result<Vec<Watched>, Box<dyn Error>> {
    let model = Config::load(&Source::Default, &Env::of::<&str, &str>([]))?.targets.remove(0);
    let at = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let made = (0..targets).map(|number| run(&model, number, at));
    Ok(made.map(|(target, run)| (target, Arc::new(run))).collect())
}

fn measure(
    runs: &[Watched],
    Size { targets, taken, scrapes, beside }: &Size,
    profile: Profile,
) -> Result<(), Box<dyn Error>> {
    let metrics = Arc::new(Metrics::new()?);
    metrics.configure(Configured { profile, ..Configured::default() });
    let sinks = Sinks::new(Arc::default(), Arc::default(), Arc::clone(&metrics));
    let apply = || {
        let start = cpu_time();
        let now = tokio::time::Instant::now();
        runs.iter().for_each(|(target, run)| {
            sinks.apply(target, run, &sinks.stand(target, run), &Beside::default(), now)
        });
        micros_each(cpu_time() - start, targets * u32::try_from(FAMILIES.len()).unwrap_or(1))
    };
    let first = apply();
    let again = Spread::of((0..*taken).map(|_| apply()).collect());
    let record = || {
        let start = cpu_time();
        runs.iter().for_each(|(_, run)| scrape::record(&metrics, run));
        micros_each(cpu_time() - start, targets * u32::try_from(FAMILIES.len()).unwrap_or(1))
    };
    let recorded = Spread::of((0..*taken).map(|_| record()).collect());
    println!("| a journey | CPU µs, median [least–greatest] |\n|---|---|");
    println!("| taken in by the sinks, first of its path | {first:.2} |");
    println!(
        "| taken in by the sinks, another one | {:.2} [{:.2}–{:.2}] |",
        again.median, again.least, again.greatest
    );
    println!(
        "| of that, metrics | {:.2} [{:.2}–{:.2}] |\n",
        recorded.median, recorded.least, recorded.greatest
    );
    scrape::table(&metrics, *scrapes)?;
    if !beside.is_zero() {
        println!();
        let runs: Vec<_> = runs.iter().map(|(_, run)| Arc::clone(run)).collect();
        scrape::beside(&metrics, &runs, *beside)?;
    }
    Ok(())
}

/// What a diagnosis of a healthy run costs.
fn diagnosing(runs: &[Watched], rounds: usize) -> Result<(), Box<dyn Error>> {
    let sinks = Sinks::new(Arc::default(), Arc::default(), Arc::new(Metrics::new()?));
    for (target, run) in runs {
        let _ = sinks.stand(target, run);
    }
    let mut dampers: Vec<Damper> = runs.iter().map(|_| Damper::default()).collect();
    let mut diagnose = || {
        let start = cpu_time();
        let now = tokio::time::Instant::now();
        for ((target, run), damper) in runs.iter().zip(&mut dampers) {
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
        micros_each(cpu_time() - start, u32::try_from(runs.len()).unwrap_or(u32::MAX))
    };
    let each = Spread::of((0..rounds).map(|_| diagnose()).collect());
    println!("| a healthy run | CPU µs, median [least–greatest] |\n|---|---|");
    println!("| diagnosed | {:.2} [{:.2}–{:.2}] |", each.median, each.least, each.greatest);
    Ok(())
}
