//! What a target takes in memory, part by part, as the allocator is asked for it: everything is built in this process as
//! the program builds it, every target walked once for real, and then taken down part by part.
//!
//! What only the engine holds (its record of each target, the heap of due times) is not here; the growth of the whole
//! program is beside it.

use std::alloc::System;
use std::error::Error;
use std::sync::Arc;

use api_canary::board::Board;
use api_canary::config::{Config, Env, Source, effective};
use api_canary::history::{Extent, History};
use api_canary::metrics::Metrics;
use api_canary::outcome::Run;
use api_canary::probe::{Prober, SystemResolver};
use api_canary::schedule::Gate;
use api_canary::sinks::{Beside, Sinks};
use api_canary::target::Order;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::time::Instant;

use super::fleet::Fleet;
use super::peer::Peer;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What the allocator adds to each allocation: its own word, and half of what is rounded up.
const EACH: f64 = 16.0;

/// What was asked for and not given back.
#[derive(Debug, Clone, Copy)]
struct Held {
    bytes: usize,
    pieces: usize,
}

/// The parts, in the order in which they are told; the last ones are sums.
pub(crate) struct Parts {
    targets: u32,
    rows: Vec<(&'static str, f64, f64)>,
}

impl Held {
    /// What is held, all that is not given back.
    fn now() -> Self {
        let stats = ALLOCATOR.stats();
        Self {
            bytes: stats.bytes_allocated - stats.bytes_deallocated,
            pieces: stats.allocations - stats.deallocations,
        }
    }
}

impl Parts {
    fn add(&mut self, name: &'static str, less: Held, more: Held) {
        let each = |less: usize, more: usize| (number(more) - number(less)) / f64::from(self.targets);
        self.rows.push((name, each(less.bytes, more.bytes), each(less.pieces, more.pieces)));
    }

    /// What the series of a target take.
    pub(crate) fn series(&self) -> f64 {
        let bytes = |(_, bytes, pieces): &(_, f64, f64)| bytes + pieces * EACH;
        self.rows.iter().find(|row| row.0 == SERIES).map_or(f64::NAN, bytes)
    }

    /// All parts as a table.
    pub(crate) fn print(&self) {
        println!("\n| part of a target | bytes | pieces | with the allocator's own |\n|---|---|---|---|");
        for (name, bytes, pieces) in &self.rows {
            println!("| {name} | {bytes:.0} | {pieces:.1} | {:.0} |", bytes + pieces * EACH);
        }
    }
}

const SERIES: &str = "series";

/// Builds, walks so many times, and takes down.
pub(crate) async fn measure(peer: &Peer, fleet: Fleet, runs: u32) -> Result<Parts, Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let source = Source::File(fleet.write(peer, directory.path(), 0)?);
    let env = Env::of::<&str, &str>([]);
    // What is made once for all is not what a target takes.
    let small = Fleet { targets: 2, ..fleet };
    let warm = Config::load(&Source::File(small.write(peer, tempfile::tempdir()?.path(), 0)?), &env);
    let metrics = Arc::new(Metrics::new()?);
    let history = Arc::new(History::default());
    let sinks = Sinks::new(Arc::new(Board::default()), Arc::clone(&history), Arc::clone(&metrics));
    let system = Arc::new(SystemResolver::default());
    if let Ok(warm) = warm {
        probers(&warm, &system)?;
    }
    let mut parts = Parts { targets: fleet.targets, rows: Vec::new() };

    let before = Held::now();
    let config = Config::load(&source, &env)?;
    let loaded = Held::now();
    parts.add("config", before, loaded);
    let text = api_canary::config::without_queries(&effective(&config));
    let shown = Held::now();
    parts.add("config as text", loaded, shown);
    let probers = probers(&config, &system)?;
    let made = Held::now();
    parts.add("prober, before its first run", shown, made);
    let gates: Vec<Gate> = config.targets.iter().map(|target| Gate::new(target.call.clone())).collect();
    parts.add("gate", made, Held::now());
    drop(gates);
    history.keep(&config.targets);
    sinks.knowledge().watch(&config.targets);
    let known = Held::now();
    parts.add("place in knowledge and history", made, known);
    for _ in 0..runs {
        for some in probers.chunks(16) {
            let runs = some.iter().map(|prober| prober.run(Order::Configured));
            for (prober, run) in some.iter().zip(futures_util::future::join_all(runs).await) {
                take(&sinks, prober, run)?;
            }
        }
    }
    let walked = Held::now();
    let Extent { journeys, bytes } = history.extent();
    for target in &config.targets {
        metrics.retire_target(&target.name);
    }
    let without_series = Held::now();
    parts.add(SERIES, without_series, walked);
    history.keep(&[]);
    let without_history = Held::now();
    parts.add("history, beyond the last journey", without_history, without_series);
    sinks.knowledge().watch(&[]);
    for target in &config.targets {
        sinks.retire(&target.name);
    }
    let without_last = Held::now();
    parts.add("last run: knowledge, board, incidents, events", without_last, without_history);
    drop(probers);
    parts.add("prober, with what it remembers of its runs", Held::now(), without_last);
    drop((config, text));
    parts.add("all, series included", before, walked);
    parts.add("all but the series", before, without_series);
    parts.add("left when all is taken down", before, Held::now());
    println!(
        "\n{} targets, {runs} runs; the history counts {journeys} journeys, {bytes} bytes",
        fleet.shown()
    );
    Ok(parts)
}

fn probers(config: &Config, system: &Arc<SystemResolver>) -> Result<Vec<Prober>, Box<dyn Error>> {
    let probers = config.targets.iter().map(|target| Prober::try_new(Arc::clone(target), system));
    Ok(probers.collect::<Result<_, _>>()?)
}

fn take(sinks: &Sinks, prober: &Prober, run: Run) -> Result<(), Box<dyn Error>> {
    if let Some(failed) = run.outcomes.iter().find(|outcome| !outcome.success()) {
        return Err(format!("{failed:?}").into());
    }
    let run = Arc::new(run);
    let standing = sinks.stand(prober.target(), &run);
    sinks.apply(prober.target(), &run, &standing, &Beside::default(), Instant::now());
    Ok(())
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
