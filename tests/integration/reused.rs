//! Calls on a kept connection, as a provider's own client makes them, beside journeys on fresh ones.

use api_canary::simulate::Fault;

use crate::calls::{KEY, KEYED, asked, lines};
use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;

const REUSED: &str = ", call: { kind: models, connection: reused }";

#[tokio::test(flavor = "multi_thread")]
async fn cold_and_warm_calls_are_never_mixed_and_the_key_goes_with_the_kept_connection_only() {
    let scene = Scene::new().await;
    let target = scene.target("kept", "kept", &format!("{KEYED}{REUSED}"));
    let canary = Canary::start_with(&scene.config("interval: 1s", &[target]), &[], &[KEY]).await;
    let of = [("target", "kept")];
    let warm = [of[0], ("endpoint", "models"), ("connection", "reused")];
    let samples = canary
        .wait("warm calls", |now| {
            let count = now.one("api_latency_seconds_count", &warm);
            (count >= Some(3.0)).then(|| now.clone())
        })
        .await;
    let mut kinds: Vec<_> = samples
        .all("api_latency_seconds_count", &of)
        .into_iter()
        .map(|(labels, _)| (labels["endpoint"].clone(), labels["connection"].clone()))
        .collect();
    kinds.sort();
    let expected = [("hello", "fresh"), ("models", "reused")];
    assert_eq!(kinds, expected.map(|(endpoint, connection)| (endpoint.to_owned(), connection.to_owned())));
    let warm_calls = samples.one("api_latency_seconds_count", &warm);
    let all = samples.one("api_requests_total", &warm[..2]);
    assert!(warm_calls < all, "the first one connected, and has no latency: {warm_calls:?} {all:?}");
    assert_eq!(samples.one("target_up", &of), Some(1.0));
    for request in asked(&scene, "kept") {
        assert_eq!(request.keyed, request.path == "/v1/models", "{request:?}");
    }
    assert!(samples.one("rate_limit_remaining", &[of[0], ("dimension", "requests")]).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_on_the_kept_connection_fails_the_target() {
    let scene = Scene::new().await;
    let target = scene.target("wrong", "wrong", &format!("{KEYED}{REUSED}"));
    let config = scene.config("interval: 1s", &[target]);
    let canary = Canary::start_with(&config, &[], &[("TEST_KEY", "sk-ant-sim-wrong")]).await;
    let samples = canary.wait_runs("wrong", 3.0).await;
    let of = [("target", "wrong")];
    assert_eq!(samples.one("target_up", &of), Some(0.0));
    assert_eq!(samples.one("probe_success", &of), Some(0.0));
    assert_eq!(samples.label("probe_failures_total", &of, "reason"), ["auth_invalid"]);
    let failures = samples.one("probe_failures_total", &of);
    assert_eq!(failures, samples.one("probe_runs_total", &of), "from the first run on");
    for layer in ["dns", "tcp", "tls"] {
        assert_eq!(samples.one("probe_layer_success", &[of[0], ("layer", layer)]), Some(1.0), "{layer}");
    }
    let line = canary.wait_log(&["message=fails", "target=wrong"]).await;
    assert!(line.contains("reason=auth_invalid") && line.contains("by an ordinary client"), "{line}");
    assert_eq!(lines(&canary.log(), &["message=fails"]), 1, "{:#?}", canary.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_breaks_fails_the_target_until_it_works_again() {
    let scene = Scene::new().await;
    let target = scene.target("broken", "broken", &format!("{KEYED}{REUSED}"));
    let canary = Canary::start_with(&scene.config("interval: 1s", &[target]), &[], &[KEY]).await;
    let of = [("target", "broken")];
    let up = |value: f64| move |now: &Samples| (now.one("target_up", &of) == Some(value)).then_some(());
    canary.wait("health", up(1.0)).await;
    for (fault, reason) in [(Fault::HttpReset, "http_reset"), (Fault::Http529, "provider_overloaded")] {
        scene.simulator.set_fault("broken.sim.test", fault);
        let failing = |now: &Samples| now.one("probe_failures_total", &[of[0], ("reason", reason)]);
        canary.wait(reason, failing).await;
        scene.simulator.clear_fault("broken.sim.test");
        canary.wait("health", up(1.0)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_on_a_kept_connection_is_a_cut_stream_in_both_versions() {
    let scene = Scene::new().await;
    let call = ", call: { kind: stream, connection: reused, max_daily_cost_usd: 1 }";
    // What is expected is expected of the configured call, not of the free one that the journeys make beside it.
    let target = |version: &str| {
        let http = format!(", http: {{ version: {version}, expect: {{ body_regex: message_start }} }}");
        scene.target(&format!("cut-{version}"), "stream-reset", &format!("{KEYED}{call}{http}"))
    };
    let healthy = format!("{KEYED}{call}, http: {{ expect: {{ body_regex: message_start }} }}");
    let targets = [target("h1"), target("h2"), scene.target("whole", "whole", &healthy)];
    let state = format!("--state.directory={}", scene.workspace.path().join("state").display());
    let canary = Canary::start_with(&scene.config("interval: 1s", &targets), &[&state], &[KEY]).await;
    for name in ["cut-h1", "cut-h2"] {
        let samples = canary.wait_runs(name, 2.0).await;
        assert_eq!(
            samples.label("probe_failures_total", &[("target", name)], "reason"),
            ["stream_cut"],
            "{name}"
        );
    }
    let samples = canary.wait_runs("whole", 2.0).await;
    assert_eq!(samples.one("probe_success", &[("target", "whole")]), Some(1.0));
}
