//! Many targets: starts that are spread, nobody left out, nobody twice.

use std::collections::HashMap;

use crate::canary::Canary;
use crate::scene::Scene;

const TARGETS: usize = 40;

fn skipped(samples: &crate::exposition::Samples) -> f64 {
    samples.all("api_canary_runs_skipped_total", &[]).iter().map(|(_, runs)| runs).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_are_spread_over_the_interval_and_everybody_has_the_same_share() {
    let scene = Scene::new().await;
    let names: Vec<_> = (0..TARGETS).map(|number| format!("t{number}")).collect();
    let targets: Vec<_> = names.iter().map(|name| scene.target(name, name, ", families: [ipv4]")).collect();
    let canary = Canary::start(&scene.config("interval: 2s, timeout: 1900ms", &targets)).await;
    let samples = canary
        .wait("three runs of everybody, spread", |samples| {
            let runs = samples.all("probe_runs_total", &[]);
            let ended = samples.all("probe_last_run_timestamp_seconds", &[]);
            // Journeys take milliseconds, so that their ends are as far apart as their starts.
            let mut per_tenth = [0_usize; 10];
            for (_, at) in &ended {
                let tenth = (at % 2.0) / 0.2;
                let tenth = (0..10_u32).rposition(|n| f64::from(n) <= tenth).unwrap();
                per_tenth[tenth] += 1;
            }
            let spread = per_tenth.iter().all(|count| (1..=TARGETS / 4).contains(count));
            let all_ran = runs.len() == TARGETS && runs.iter().all(|(_, count)| *count >= 3.0);
            (all_ran && spread).then(|| samples.clone())
        })
        .await;
    let runs: Vec<f64> = samples.all("probe_runs_total", &[]).iter().map(|(_, runs)| *runs).collect();
    let (least, most) =
        (runs.iter().copied().fold(f64::MAX, f64::min), runs.iter().copied().fold(0.0, f64::max));
    assert!(most - least <= 1.0, "everybody has as many: {least} to {most}");
    assert!(skipped(&samples) < 0.5, "{samples:#?}");
    assert_eq!(samples.all("probe_success", &[]).iter().filter(|(_, ok)| *ok > 0.5).count(), TARGETS);
    let total: f64 = runs.iter().sum();
    let lags = samples.one("api_canary_schedule_lag_seconds_count", &[]).unwrap();
    assert!(lags >= total && lags <= total + 10.0, "a lag for every start: {lags} of {total}");

    // What was asked agrees with what was told: one request a run, and one run under way at the most.
    let mut asked: HashMap<String, f64> = HashMap::new();
    let after = canary.samples().await;
    for request in scene.simulator.requests() {
        *asked.entry(request.host).or_default() += 1.0;
    }
    for name in &names {
        let told = after.one("probe_runs_total", &[("target", name)]).unwrap();
        let asked = asked[&format!("{name}.sim.test")];
        assert!(asked >= told && asked <= told + 1.0, "{name}: {asked} asked, {told} runs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_takes_all_its_time_is_walked_at_every_interval_and_disturbs_nobody() {
    let scene = Scene::new().await;
    let targets = [scene.target("hangs", "http-timeout", ""), scene.target("swift", "api", "")];
    let canary = Canary::start(&scene.config("interval: 2s, timeout: 2s", &targets)).await;
    canary.wait_runs("hangs", 5.0).await;
    let samples = canary.samples().await;
    let runs = |target| samples.one("probe_runs_total", &[("target", target)]).unwrap();
    let failures = [("target", "hangs"), ("reason", "http_timeout")];
    assert_eq!(samples.one("probe_failures_total", &failures), Some(runs("hangs")));
    assert!(runs("swift") - runs("hangs") <= 2.0, "{} and {}", runs("swift"), runs("hangs"));
    assert_eq!(samples.one("target_up", &[("target", "swift")]), Some(1.0));
}
