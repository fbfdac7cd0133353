//! Measurements, not tests: `cargo test --release measure -- --ignored --nocapture --test-threads 1`.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::metrics::{Format, sample};
use crate::outcome::Family;

/// A program that watches so many targets, each on one path.
fn watching(targets: usize) -> Arc<Metrics> {
    let metrics = Metrics::new().unwrap();
    for number in 0..targets {
        let path = sample::path(&format!("target-{number:05}"), "direct", Family::Ipv4);
        metrics.record(&sample::good(&path));
    }
    Arc::new(metrics)
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

#[test]
#[ignore = "a measurement"]
fn measure_rendering() {
    let before = peak_mib();
    let metrics = watching(1250);
    let held = peak_mib() - before;
    for format in [Format::Text004, Format::OpenMetrics100] {
        let text = metrics.render(format);
        let series = text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#")).count();
        let mut took: Vec<_> = (0..20)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(metrics.render(format));
                start.elapsed()
            })
            .collect();
        took.sort();
        println!(
            "{format:?}: {series} series, {} bytes, median {:?}, worst {:?}",
            text.len(),
            took[10],
            took[19]
        );
    }
    println!("store {held:.1} MiB, peak after rendering {:.1} MiB", peak_mib());
    let outcome = sample::good(&sample::path("target-00500", "direct", Family::Ipv4));
    let start = Instant::now();
    for _ in 0..10_000 {
        metrics.record(&outcome);
    }
    println!("record: {:?} a journey", start.elapsed() / 10_000);
}

/// How late timers are while big expositions are scraped, compressed or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_timers_during_scrapes() {
    let state = Arc::new(WebState::new(watching(1250), Arc::new(Readiness::new())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router(state), std::future::pending()));
    for encoding in [None, Some("identity"), Some("gzip")] {
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let stop = Arc::clone(&done);
        let ticker = tokio::spawn(async move {
            let mut late = Vec::new();
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let due = Instant::now() + Duration::from_millis(2);
                tokio::time::sleep_until(due).await;
                late.push(due.elapsed());
            }
            late
        });
        // The client is a plain thread, so that it takes nothing from the runtime.
        let client = tokio::task::spawn_blocking(move || {
            let mut bytes = 0;
            let start = Instant::now();
            let Some(encoding) = encoding else {
                std::thread::sleep(Duration::from_secs(1));
                return (bytes, start.elapsed());
            };
            for _ in 0..10 {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                let request = format!(
                    "GET /metrics HTTP/1.1\r\nhost: x\r\naccept-encoding: {encoding}\r\nconnection: close\r\n\r\n"
                );
                io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
                bytes += io::copy(&mut stream, &mut io::sink()).unwrap();
            }
            (bytes / 10, start.elapsed() / 10)
        });
        let (bytes, took) = client.await.unwrap();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        let mut late = ticker.await.unwrap();
        late.sort();
        println!(
            "{encoding:?}: {bytes} bytes in {took:?}; timers late p50 {:?} p99 {:?} worst {:?}",
            late[late.len() / 2],
            late[late.len() * 99 / 100],
            late.last().unwrap()
        );
    }
}
