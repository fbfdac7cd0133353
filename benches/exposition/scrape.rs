//! A scrape of many targets: its time, its bytes, its memory, and whom it holds up.

use std::error::Error;
use std::fs;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api_canary::metrics::{Format, Metrics};
use api_canary::outcome::Run;
use tokio::time::Instant;

use crate::harness::{Spread, cpu_time};

/// Both expositions: CPU, time, bytes, and how far memory grows meanwhile.
pub(crate) fn table(metrics: &Metrics, rounds: usize) -> Result<(), Box<dyn Error>> {
    println!(
        "| scrape | CPU ms | ms until it is there | series | text MB | gzip MB | sent as text, CPU ms | memory grows by MB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, format) in [("text 0.0.4", Format::Text004), ("OpenMetrics 1.0.0", Format::OpenMetrics100)] {
        let (mut cpu, mut wall, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        let (mut series, mut text, mut size) = (0, 0, 0);
        let mut grown: f64 = 0.0;
        for _ in 0..rounds {
            let before = reset_peak();
            let (start, began) = (cpu_time(), Instant::now());
            let packed = metrics.pack(format)?;
            cpu.push(millis(cpu_time() - start));
            wall.push(millis(began.elapsed()));
            size = packed.size();
            let start = cpu_time();
            (series, text) = (0, 0);
            for piece in packed.plain() {
                let piece = piece?;
                text += piece.len();
                series += std::hint::black_box(piece.iter().filter(|byte| **byte == b'\n').count());
            }
            plain.push(millis(cpu_time() - start));
            if let (Some(before), Some(after)) = (before, status("VmHWM:")) {
                grown = grown.max(after - before);
            }
        }
        let comments = comments(metrics, format)?;
        println!(
            "| {name} | {} | {} | {} | {:.1} | {:.2} | {} | {grown:.0} |",
            shown(cpu),
            shown(wall),
            series - comments,
            mega(text),
            mega(size),
            shown(plain),
        );
    }
    Ok(())
}

/// How long it takes to record a run, alone and while expositions are made one after another.
pub(crate) fn beside(
    metrics: &Arc<Metrics>,
    runs: &[Arc<Run>],
    duration: Duration,
) -> Result<(), Box<dyn Error>> {
    println!("| a run is recorded | runs | p50 µs | p99 µs | p99.9 µs | longest µs | scrapes meanwhile |");
    println!("|---|---|---|---|---|---|---|");
    for (name, scraped) in
        [("alone", false), ("while it is scraped without a pause", true), ("alone again", false)]
    {
        let done = Arc::new(AtomicBool::new(false));
        let scraper = scraped.then(|| {
            let (metrics, done) = (Arc::clone(metrics), Arc::clone(&done));
            std::thread::spawn(move || -> io::Result<usize> {
                let mut scrapes = 0;
                while !done.load(Ordering::Relaxed) {
                    std::hint::black_box(metrics.pack(Format::OpenMetrics100)?);
                    scrapes += 1;
                }
                Ok(scrapes)
            })
        });
        let mut took = Vec::new();
        let began = Instant::now();
        // A thousand runs a second: what else waits for a core is seen, and the recording does not take one for itself.
        for run in runs.iter().cycle() {
            if began.elapsed() > duration {
                break;
            }
            let start = Instant::now();
            record(metrics, run);
            took.push(start.elapsed());
            std::thread::sleep(Duration::from_millis(1));
        }
        done.store(true, Ordering::Relaxed);
        let scrapes = match scraper.map(std::thread::JoinHandle::join) {
            None => 0,
            Some(Ok(scrapes)) => scrapes?,
            Some(Err(_)) => return Err("the scraper panicked".into()),
        };
        took.sort();
        let at = |permille: usize| micros(took[(took.len() - 1) * permille / 1000]);
        println!(
            "| {name} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {scrapes} |",
            took.len(),
            at(500),
            at(990),
            at(999),
            at(1000)
        );
    }
    Ok(())
}

/// What the sinks do with a run, as far as metrics are concerned.
pub(crate) fn record(metrics: &Metrics, run: &Run) {
    metrics.record_lookups(&run.target, run.lookups.iter());
    for outcome in &run.outcomes {
        metrics.record(outcome);
        metrics.count_calls(outcome, true, "models");
    }
}

/// Lines that are no samples.
fn comments(metrics: &Metrics, format: Format) -> io::Result<usize> {
    let mut text = String::new();
    metrics.render(format)?.as_slice().read_to_string(&mut text)?;
    Ok(text.lines().filter(|line| line.starts_with('#')).count())
}

/// Has the kernel forget the highest resident memory so far, and says what there is now, in MB.
fn reset_peak() -> Option<f64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    status("VmRSS:")
}

/// A line of `/proc/self/status`, in MB.
fn status(name: &str) -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kib| kib * 1024.0 / 1e6)
}

fn shown(values: Vec<f64>) -> String {
    let Spread { median, least, greatest } = Spread::of(values);
    format!("{median:.1} [{least:.1}–{greatest:.1}]")
}

fn mega(bytes: usize) -> f64 {
    Duration::from_micros(u64::try_from(bytes).unwrap_or(u64::MAX)).as_secs_f64()
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}
