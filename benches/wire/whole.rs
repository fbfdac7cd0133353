//! The program as a child, which walks its targets by its own schedule; what it says of every journey in its own pages.

use std::collections::HashMap;
use std::error::Error;
use std::io::Write as _;
use std::time::Duration;

use api_canary::net;
use serde::Deserialize;

use super::record::Record;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where it listens, in its place.
pub(crate) const LISTENS: &str = "127.0.0.1:9797";

/// `/api/v1/targets/NAME/journeys`, as far as it is read here.
#[derive(Deserialize)]
struct Journeys {
    journeys: Vec<Journey>,
}

#[derive(Deserialize)]
struct Journey {
    seconds: f64,
    ok: bool,
    layers: Vec<Layer>,
    phases: Vec<Phase>,
}

#[derive(Deserialize)]
struct Layer {
    layer: String,
    seconds: Option<f64>,
}

#[derive(Deserialize)]
struct Phase {
    phase: String,
    seconds: f64,
}

/// Asks it for all journeys so far, each target's in order, and prints them; the first of a target is to warm up.
pub(crate) fn ask(targets: u32) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = net::client(net::public_tls()?).no_proxy().timeout(Duration::from_secs(60)).build()?;
    let get = async |path: String| -> Result<String> {
        let response = client.get(format!("http://{LISTENS}{path}")).send().await?;
        Ok(response.error_for_status()?.text().await?)
    };
    runtime.block_on(async {
        let metrics = get("/metrics".to_owned()).await?;
        let rtts = by_target(&metrics, "probe_tcp_rtt_seconds");
        let totals = by_target(&metrics, "probe_duration_seconds");
        let mut output = std::io::stdout();
        for target in 0..targets {
            let name = format!("t{target:05}");
            let text = get(format!("/api/v1/targets/{name}/journeys")).await?;
            let mut journeys = serde_json::from_str::<Journeys>(&text)?.journeys;
            journeys.reverse();
            for (number, journey) in journeys.iter().enumerate() {
                // The gauges are of one of them.
                let shown = totals
                    .get(name.as_str())
                    .is_some_and(|total| total.to_bits() == journey.seconds.to_bits());
                let rtt = rtts.get(name.as_str()).copied().filter(|_| shown);
                let record = Record { rtt, warm: number == 0, ..of_journey(target, journey) };
                writeln!(output, "{}", serde_json::to_string(&record)?)?;
            }
        }
        Ok(())
    })
}

fn of_journey(target: u32, journey: &Journey) -> Record {
    let layer = |name| journey.layers.iter().find(|layer| layer.layer == name)?.seconds;
    let phase = |name| Some(journey.phases.iter().find(|phase| phase.phase == name)?.seconds);
    Record {
        target,
        failure: (!journey.ok).then(|| "a journey that failed".to_owned()),
        dns: layer("dns"),
        tcp: layer("tcp"),
        tls: layer("tls"),
        processing: phase("processing"),
        transfer: phase("transfer"),
        total: Some(journey.seconds),
        ..Record::default()
    }
}

/// The values of a gauge by target.
fn by_target<'a>(metrics: &'a str, name: &str) -> HashMap<&'a str, f64> {
    let of = |line: &'a str| {
        let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("} ")?;
        let (_, target) = labels.split_once("target=\"")?;
        Some((target.split('"').next()?, value.parse().ok()?))
    };
    metrics.lines().filter_map(of).collect()
}
