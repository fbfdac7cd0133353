//! Journeys that are tried again at once: what may pass is, nothing else, and the first attempt stays visible.

use std::fmt::Write as _;

use api_canary::simulate::Fault;

use crate::calls::{KEY, KEYED, asked, fault_for, lines, number, runs, same, sum};
use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;

const RETRY: &str = ", retry: { max_attempts: 3, base_delay: 50ms, jitter: none }";

/// The samples of a canary after the first run of its target, with the further attempts counted; no other run comes
/// within the test.
async fn one_run(scene: &Scene, host: &str, more: &str) -> (Canary, Samples) {
    let target = scene.target("tried", host, &format!("{KEYED}{RETRY}{more}"));
    let name = format!("{host}.yml");
    let config = scene.workspace.write(
        &name,
        &scene.text("interval: 60s, timeout: 20s, diagnosis: { follow_ups: false }", &[target]),
    );
    let canary = Canary::start_with(&config, &[], &[KEY]).await;
    canary.wait_runs("tried", 1.0).await;
    let asked = asked(scene, host).len();
    let of = [("target", "tried")];
    let counted = |now: &Samples| {
        let all = sum(now, "api_requests_total", &of);
        same(all, number(asked)).then(|| now.clone())
    };
    let samples = canary.wait("a count of every request", counted).await;
    (canary, samples)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_at_the_second_attempt_is_up_but_no_success() {
    let scene = Scene::new().await;
    fault_for(&scene, "blip", Fault::Http529, 1);
    let (canary, samples) = one_run(&scene, "blip", "").await;
    let of = [("target", "tried")];
    assert_eq!(asked(&scene, "blip").len(), 2);
    assert_eq!(samples.one("probe_success", &of), Some(0.0), "a client without retries fails");
    assert_eq!(samples.one("target_up", &of), Some(1.0), "one with retries does not");
    assert_eq!(samples.one("probe_retry_success", &of), Some(1.0));
    assert_eq!(samples.one("api_retries_total", &[of[0], ("endpoint", "models")]), Some(1.0));
    assert_eq!(samples.label("probe_failures_total", &of, "reason"), ["provider_overloaded"]);
    assert_eq!(samples.one("probe_http_status_code", &of), Some(529.0));
    let statuses = samples.label("api_requests_total", &of, "status_code");
    assert_eq!(statuses, ["200", "529"]);
    let line = canary.wait_log(&["message=fails", "target=tried"]).await;
    assert!(line.contains("reason=provider_overloaded") && line.contains("attempt 2 worked"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_is_tried_as_often_as_configured_in_each_run() {
    let scene = Scene::new().await;
    scene.simulator.set_fault("always.sim.test", Fault::Http529);
    let target = scene.target("always", "always", &format!("{KEYED}{RETRY}"));
    let canary = Canary::start_with(
        &scene.config("interval: 2s, diagnosis: { follow_ups: false }", &[target]),
        &[],
        &[KEY],
    )
    .await;
    let of = [("target", "always")];
    canary.wait_runs("always", 3.0).await;
    let requests = || number(asked(&scene, "always").len());
    let samples = canary
        .wait("a moment between two runs", |now| {
            let walked = runs(now, "always");
            let retries = sum(now, "api_retries_total", &of);
            assert!(retries <= 2.0 * walked + 2.0, "{retries} in {walked} runs");
            (same(retries, 2.0 * walked) && same(requests(), 3.0 * walked)).then(|| now.clone())
        })
        .await;
    assert_eq!(samples.one("probe_retry_success", &of), Some(0.0));
    assert_eq!(samples.one("target_up", &of), Some(0.0));
    let line = canary.wait_log(&["message=fails", "target=always"]).await;
    assert!(line.contains("attempt 3 failed: api provider_overloaded"), "{line}");
    assert_eq!(lines(&canary.log(), &["message=fails"]), 1, "{:#?}", canary.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_pass_in_time_or_is_not_to_be_tried_is_not() {
    let scene = Scene::new().await;
    for (host, more) in
        [("http-429-no-retry", ""), ("http-429", ", timeout: 3s"), ("http-401", ""), ("http-403", "")]
    {
        let (canary, samples) = one_run(&scene, host, more).await;
        let of = [("target", "tried")];
        assert_eq!(asked(&scene, host).len(), 1, "{host}");
        assert_eq!(samples.one("probe_retry_success", &of), None, "{host}");
        assert_eq!(samples.one("probe_success", &of), Some(0.0), "{host}");
        assert!(same(sum(&samples, "api_retries_total", &of), 0.0), "{host}");
        let log = canary.log();
        assert_eq!(lines(&log, &["attempt"]), 0, "{host}: {log:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_below_the_call_are_tried_again_too() {
    let scene = Scene::new().await;
    let mut told = String::new();
    for (host, reason, again) in [
        ("tcp-refused", "tcp_refused", true),
        ("tls-reset", "tls_reset", true),
        ("http-reset", "http_reset", true),
        ("tls-expired", "tls_cert_expired", false),
        ("dns-nxdomain", "dns_nxdomain", false),
    ] {
        let target = scene.target("tried", host, &format!("{KEYED}{RETRY}"));
        let name = format!("{host}.yml");
        let config = scene.workspace.write(
            &name,
            &scene.text("interval: 60s, timeout: 20s, diagnosis: { follow_ups: false }", &[target]),
        );
        let canary = Canary::start_with(&config, &[], &[KEY]).await;
        let line = canary.wait_log(&["message=fails", "target=tried", &format!("reason={reason}")]).await;
        let tried = line.contains("attempt 3 failed");
        if tried != again {
            let _ = write!(told, "{host}: {line}");
        }
        let samples = canary.wait_runs("tried", 1.0).await;
        let success = samples.one("probe_retry_success", &[("target", "tried")]);
        assert_eq!(success, again.then_some(0.0), "{host}");
    }
    assert_eq!(told, "");
}
