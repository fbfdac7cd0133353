//! What a fresh probe costs: the whole program beside the least work that does the same, and beside blackbox_exporter:
//! `cargo bench --bench cpu [-- ROW… --secs N --rounds N --ours]`.
//!
//! - **floor**: bare tokio sockets on one thread, rustls with a full handshake and the whole chain verified, a request written
//!   by hand; a task and a timer a probe, as any paced prober needs, and nothing else.
//! - **canary**: the program as it is: schedule, evidence, diagnosis, metrics and history, scraped every 15 s with gzip. It may
//!   go below the floor in one respect: a chain that it has verified is not verified again for five minutes.
//! - **blackbox**: Debian's blackbox_exporter, asked as Prometheus asks it: connections that are kept, gzip, one question a
//!   target. Prometheus' own work comes on top and is not counted.
//!
//! Each runs alone on CPU 1; nginx, unbound and who asks are on CPU 0, all in a network of their own with loopback only. There
//! the receiving half of the network's work is charged to who sends, so that µs are those of loopback. Probes are counted by
//! who makes them, and checked against nginx' own counters. The clock is the kernel's of the process, all its threads. Sides
//! take turns; a ratio is of one round. A paced probe costs more than one back to back (cold caches, a wake-up for each):
//! paced rows tell what watching so many targets costs, `closed` ones how many a core can do.
//!
//! `--ours` runs the canary alone, at the high rate and for `--secs`, and prints its process id for a profiler.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/canary.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod canary;
mod child;
#[path = "../journey/floor.rs"]
#[expect(dead_code, reason = "another bench uses the rest")]
mod floor;
#[path = "../shared/harness.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod harness;
mod measure;
#[path = "../shared/place.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod place;
#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod process;
mod rows;
#[path = "../shared/servers.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod servers;

use std::error::Error;
use std::time::Duration;

use harness::{Spread, is_smoke};
use measure::{Measured, Pace, Scene, Side};
use rows::{Row, TARGETS};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Seconds between two probes of a target at an ordinary pace.
const INTERVAL: f64 = 15.0;

/// What the command line says.
struct Options {
    rows: Vec<Row>,
    window: Duration,
    rounds: u32,
    ours: bool,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(ended) = child::run(&arguments) {
        return ended.map_err(|error| -> Box<dyn Error> { error });
    }
    if is_smoke() {
        return smoke();
    }
    let options = options(&arguments)?;
    let directory = tempfile::tempdir()?;
    let scene = Scene::new(directory.path())?;
    if options.ours {
        return ours(&scene, &options);
    }
    println!(
        "CPU of a fresh probe, the whole program: {TARGETS} targets, {} s each, medians of {} rounds [least–greatest]",
        options.window.as_secs_f64(),
        options.rounds
    );
    for (title, pace) in [("paced", ordinary as fn(Row) -> Pace), ("paced", high), ("closed", closed)] {
        println!("\n{HEAD}");
        for row in &options.rows {
            // What one row lacks keeps nobody from the others.
            let line = measured(&scene, *row, title, pace(*row), &options);
            let failed = |error| format!("| {} | {title} | not measured: {error} |", row.name());
            println!("{}", line.unwrap_or_else(failed));
        }
    }
    Ok(())
}

fn options(arguments: &[String]) -> Result<Options> {
    let mut options = Options { rows: Vec::new(), window: Duration::from_secs(20), rounds: 3, ours: false };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--ours" => options.ours = true,
            "--secs" => {
                options.window = Duration::from_secs_f64(arguments.next().ok_or("--secs N")?.parse()?);
            }
            "--rounds" => options.rounds = arguments.next().ok_or("--rounds N")?.parse()?,
            name => options.rows.extend(Row::ALL.into_iter().filter(|row| row.name().contains(name))),
        }
    }
    if options.rows.is_empty() {
        options.rows = Row::ALL.to_vec();
    }
    Ok(options)
}

fn ordinary(_: Row) -> Pace {
    Pace::Paced { targets: TARGETS, rate: f64::from(TARGETS) / INTERVAL }
}

fn high(row: Row) -> Pace {
    Pace::Paced { targets: TARGETS, rate: row.high_rate() }
}

fn closed(_: Row) -> Pace {
    Pace::Closed { targets: TARGETS }
}

const HEAD: &str = "| probe | pace | floor µs | canary µs | blackbox µs | canary/floor | canary/blackbox | \
    peak MiB f/c/b | threads f/c/b | descriptors f/c/b | switches a probe f/c/b | others, cores |\n\
    |---|---|---|---|---|---|---|---|---|---|---|---|";

/// One line of a table.
fn measured(scene: &Scene, row: Row, title: &str, pace: Pace, options: &Options) -> Result<String> {
    let (wanted, sides): (_, &[Side]) = match pace {
        Pace::Paced { rate, .. } => (Some(rate), &[Side::Floor, Side::Canary, Side::Blackbox]),
        Pace::Closed { .. } => (None, &[Side::Floor, Side::Blackbox]),
    };
    let mut seen: [Vec<Measured>; 3] = Default::default();
    for _ in 0..options.rounds {
        for side in sides {
            let came = scene.measure(*side, row, pace, options.window);
            let came = came.map_err(|error| format!("{side:?}: {error}"))?;
            match (side, &mut seen) {
                (Side::Floor, [floor, _, _]) => floor.push(came),
                (Side::Canary, [_, canary, _]) => canary.push(came),
                (Side::Blackbox, [_, _, blackbox]) => blackbox.push(came),
            }
        }
    }
    let [floor, canary, blackbox] = &seen;
    let micros = |side: &[Measured]| spread(side.iter().map(|one| one.micros).collect(), 0);
    let ratio = |side: &[Measured], base: &[Measured]| {
        spread(side.iter().zip(base).map(|(one, other)| one.micros / other.micros).collect(), 2)
    };
    let each = |of: &dyn Fn(&Measured) -> f64, digits: usize| {
        let texts = seen.each_ref().map(|side| match side.is_empty() {
            true => "–".to_owned(),
            false => format!("{:.digits$}", Spread::of(side.iter().map(of).collect()).median),
        });
        texts.join(" / ")
    };
    let pace = match wanted {
        Some(rate) => format!("{title}, {rate:.0}/s{}", short(blackbox, rate)),
        None => format!("{title}, {} a second", each(&|one| one.rate, 0)),
    };
    let others = spread(seen.iter().flatten().map(|one| one.others).collect(), 2);
    Ok(format!(
        "| {} | {pace} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {others} |",
        row.name(),
        micros(floor),
        micros(canary),
        micros(blackbox),
        ratio(canary, floor),
        ratio(canary, blackbox),
        each(&|one| one.peak / f64::from(1 << 20), 1),
        each(&|one| one.threads, 0),
        each(&|one| f64::from(u32::try_from(one.descriptors).unwrap_or(u32::MAX)), 0),
        each(&|one| one.switches, 2),
    ))
}

/// Where blackbox_exporter did not keep the pace: what it came to.
fn short(blackbox: &[Measured], wanted: f64) -> String {
    let rate = Spread::of(blackbox.iter().map(|one| one.rate).collect()).median;
    if rate < wanted * 0.95 { format!(" (blackbox: {rate:.0}/s, all of a core)") } else { String::new() }
}

fn spread(values: Vec<f64>, digits: usize) -> String {
    if values.is_empty() {
        return "–".to_owned();
    }
    let Spread { median, least, greatest } = Spread::of(values);
    format!("{median:.digits$} [{least:.digits$}–{greatest:.digits$}]")
}

/// The canary alone, for a profiler.
fn ours(scene: &Scene, options: &Options) -> Result<()> {
    for row in &options.rows {
        let came = scene.canary(*row, high(*row), options.window, &mut |process| {
            println!("{}: the canary is process {process}, for {:?}", row.name(), options.window);
        })?;
        println!("{}: {:.0} µs a probe, {:.0}/s", row.name(), came.micros, came.rate);
    }
    Ok(())
}

/// Every row and side with a few targets, all rows at once, each in a place of its own.
fn smoke() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: a network of its own takes root (CAP_SYS_ADMIN)");
        return Ok(());
    }
    let rows =
        Row::ALL.map(|row| std::thread::spawn(move || smoke_of(row).map_err(|error| error.to_string())));
    for row in rows {
        println!("{}", row.join().map_err(|_| "a row panicked")??);
    }
    Ok(())
}

fn smoke_of(row: Row) -> Result<String> {
    let directory = tempfile::tempdir()?;
    let scene = Scene::new(directory.path())?;
    let pace = Pace::Paced { targets: 10, rate: 10.0 };
    let mut told = row.name().to_owned();
    for side in [Side::Floor, Side::Canary, Side::Blackbox] {
        let came = scene.measure(side, row, pace, Duration::from_millis(1500))?;
        told.push_str(&format!(", {side:?} {:.1}/s", came.rate));
    }
    Ok(told)
}
