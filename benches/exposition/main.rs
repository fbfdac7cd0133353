//! What `/metrics` costs: writing a journey down, and the whole text: `cargo bench --bench exposition`.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/harness.rs"]
mod harness;

#[path = "../shared/runs.rs"]
mod runs;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use api_canary::config::{Config, Env, Source};
use api_canary::diagnosis::{Case, Damper, New, infer};
use api_canary::metrics::{Format, Metrics};
use api_canary::outcome::{Outcome, Run};
use api_canary::sinks::{Beside, Sinks};
use api_canary::target::Target;

use harness::{Spread, cpu_time, is_smoke, micros_each};
use runs::{FAMILIES, run};

fn main() -> Result<(), Box<dyn Error>> {
    let (targets, rounds) = if is_smoke() { (50, 1) } else { (1000, 15) };
    let metrics = Arc::new(Metrics::new()?);
    let sinks = Sinks::new(Arc::default(), Arc::default(), Arc::clone(&metrics));
    let model = Config::load(&Source::Default, &Env::of::<&str, &str>([]))?.targets.remove(0);
    let runs: Vec<(Target, Arc<Run>)> = (0..targets)
        .map(|number| {
            let (target, run) = run(&model, number, UNIX_EPOCH + Duration::from_secs(1_790_000_000));
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
