//! `/metrics` of very many targets: time and bytes, and whether who is walked meanwhile notices.

use std::error::Error;
use std::time::Duration;

use api_canary::net;
use tokio::time::Instant;

use super::canary::{Canary, Samples};
use super::fleet::{Fleet, interval};
use super::harness::Spread;
use super::peer::Peer;
use super::percentile;
use super::program::{Lags, Started, check, start};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One answer: seconds until its first byte and its last, and its bytes.
struct Scrape {
    first: f64,
    last: f64,
    bytes: f64,
}

pub(crate) async fn measure(peer: &Peer, fleet: Fleet, intervals: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let Started { canary, samples: begin, .. } =
        start(fleet, &fleet.write(peer, directory.path(), 0)?).await?;
    println!("\n`/metrics` of {} targets\n", fleet.shown());
    let client = net::client(net::public_tls()?).no_proxy().build()?;
    let window = interval() * intervals;
    tokio::time::sleep(window).await;
    let quiet = canary.samples().await?;
    println!("| | scrapes | until the first byte ms | until the last ms | MB |\n|---|---|---|---|---|");
    let mut after = Vec::new();
    for encoding in ["identity", "gzip"] {
        let start = Instant::now();
        let mut scrapes = Vec::new();
        while scrapes.is_empty() || start.elapsed() < window {
            scrapes.push(scrape(&client, &canary, encoding).await?);
        }
        after.push((encoding, canary.samples().await?));
        let of = |read: fn(&Scrape) -> f64| {
            let Spread { median, least, greatest } = Spread::of(scrapes.iter().map(read).collect());
            format!("{median:.1} [{least:.1}–{greatest:.1}]")
        };
        println!(
            "| {encoding} | {} | {} | {} | {} |",
            scrapes.len(),
            of(|scrape| scrape.first * 1e3),
            of(|scrape| scrape.last * 1e3),
            of(|scrape| scrape.bytes / 1e6),
        );
    }
    println!(
        "\n| meanwhile | journey p50 / p99 ms | schedule lag p50 / p99 ms | in time | event loop lag p50 / p99 ms |\n\
         |---|---|---|---|---|"
    );
    let mut before = begin;
    for (name, samples) in std::iter::once(("nobody asks", quiet)).chain(after) {
        check(&samples)?;
        journeys(name, &before, &samples);
        before = samples;
    }
    Ok(())
}

fn journeys(name: &str, before: &Samples, samples: &Samples) {
    let took: Vec<f64> = samples.values("probe_duration_seconds", "").map(|took| took * 1e3).collect();
    let (middle, worst) = (percentile(took.clone(), 50), percentile(took, 99));
    let [schedule, event_loop, within] = Lags::between(before, samples).shown();
    println!("| {name} | {middle:.2} / {worst:.2} | {schedule} | {within} | {event_loop} |");
}

async fn scrape(client: &reqwest::Client, canary: &Canary, encoding: &str) -> Result<Scrape> {
    let start = Instant::now();
    let request = client.get(format!("http://{}/metrics", canary.address()));
    let request = request.header("Accept-Encoding", encoding).timeout(Duration::from_secs(60));
    let mut response = request.send().await?.error_for_status()?;
    let (mut first, mut bytes) = (f64::NAN, 0.0);
    while let Some(chunk) = response.chunk().await? {
        if first.is_nan() {
            first = start.elapsed().as_secs_f64();
        }
        bytes += f64::from(u32::try_from(chunk.len())?);
    }
    Ok(Scrape { first, last: start.elapsed().as_secs_f64(), bytes })
}
