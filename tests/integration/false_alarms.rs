//! False alarms: on a machine without a core to spare nothing that is healthy is said to be broken, but for the canary itself.
//!
//! Half a minute of it by default; ten minutes with
//! `API_CANARY_FALSE_ALARM_SECONDS=600 cargo test --test integration false_alarms`.

use std::collections::BTreeMap;
use std::process::{Child, Command};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;
use crate::workspace::whole_machine;

/// The variable that says how long, in seconds.
const SECONDS: &str = "API_CANARY_FALSE_ALARM_SECONDS";

/// How long by default, in seconds.
const DEFAULT: u64 = 30;

const TARGETS: u8 = 50;

/// What keeps a core busy; it ends with this value.
struct Busy(Child);

impl Busy {
    fn start() -> Self {
        Self(Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "who runs the tests says so, not the program's config")]
fn seconds() -> u64 {
    std::env::var(SECONDS).map_or(DEFAULT, |text| text.parse().unwrap())
}

/// Verdicts that blame somebody else than the canary: target, verdict and blame.
fn alarms(samples: &Samples) -> Vec<String> {
    let told = samples.all("target_diagnosis_info", &[]);
    let told = told.iter().map(|(labels, _)| labels);
    let alarms = told.filter(|labels| !["none", "canary"].contains(&labels["blame"].as_str()));
    alarms
        .map(|labels| format!("{}: {} ({})", labels["target"], labels["verdict"], labels["blame"]))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_target_is_never_blamed_while_every_core_is_busy() {
    let _machine = whole_machine().await;
    let scene = Scene::new().await;
    let targets: Vec<String> = (0..TARGETS)
        .map(|number| scene.target(&format!("t{number}"), &format!("t{number}"), ", expected_networks: []"))
        .collect();
    let canary = Canary::start(&scene.config("interval: 1s, timeout: 1s", &targets)).await;
    canary.wait_all_runs(TARGETS.into(), 1.0).await;
    let cores = std::thread::available_parallelism().unwrap().get();
    let busy: Vec<Busy> = (0..cores).map(|_| Busy::start()).collect();

    let mut seen: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let start = Instant::now();
    for second in 1..=seconds() {
        sleep_until(start + Duration::from_secs(second)).await;
        let samples = canary.samples().await;
        let told = samples.all("target_diagnosis_info", &[]).len();
        assert_eq!(told, usize::from(TARGETS), "each target has one diagnosis at any time");
        let alarms = alarms(&samples);
        if !alarms.is_empty() {
            seen.insert(second, alarms);
        }
    }
    drop(busy);
    let samples = canary.samples().await;
    let runs: f64 = samples.all("probe_runs_total", &[]).iter().map(|(_, runs)| runs).sum();
    assert!(runs > 2.0 * f64::from(TARGETS), "it went on: {runs} journeys");
    assert!(seen.is_empty(), "false alarms, by second, after {runs} journeys: {seen:#?}");
}

#[test]
fn who_is_blamed_decides_what_is_a_false_alarm() {
    let series = |verdict: &str, blame: &str| {
        format!(
            "target_diagnosis_info{{target=\"t\",verdict=\"{verdict}\",layer=\"x\",blame=\"{blame}\"}} 1\n"
        )
    };
    for (verdict, blame, count) in
        [("ok", "none", 0), ("canary_exhausted", "canary", 0), ("http_timeout", "provider", 1)]
    {
        let text = format!("# TYPE target_diagnosis_info gauge\n{}", series(verdict, blame));
        assert_eq!(alarms(&Samples::read(&text)).len(), count, "{verdict}");
    }
}
