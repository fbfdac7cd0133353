//! Streams over the real binary: what is measured of a healthy one, and how each way to break is told from the others.

use api_canary::simulate::Options;

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;
use crate::secrets::{KEY, assert_no_secret, assert_tells_no_secret};

/// What the simulator counts of the prompt of a stream.
const INPUT: f64 = 12.0;
/// What it says: eight tokens, the first after 30 ms, each further one after 10 ms.
const OUTPUT: f64 = 8.0;
const FIRST_TOKEN: f64 = 0.03;
const MODEL: (&str, &str) = ("model", "claude-haiku-4-5");

/// A target at a host of its own whose call is a stream.
fn stream(scene: &Scene, name: &str, host: &str, more: &str) -> String {
    let call = "call: { kind: stream, max_daily_cost_usd: 1 }, api_key: { env: TEST_KEY }";
    scene.target(name, host, &format!(", {call}{more}"))
}

/// A canary that tells all it can, and keeps its accounts in the workspace.
async fn start(scene: &Scene, timing: &str, targets: &[String]) -> Canary {
    let state = format!("--state.directory={}", scene.workspace.path().join("state").display());
    let config = scene.config(timing, targets);
    Canary::start_with(&config, &["--log.level=debug", &state], &[("TEST_KEY", KEY)]).await
}

async fn scene() -> Scene {
    Scene::with(Options { api_key: KEY.to_owned(), ..Options::default() }).await
}

/// Nothing that was told or kept holds a key.
async fn assert_no_key(scene: &Scene, canary: &Canary) {
    assert_tells_no_secret(canary).await;
    let kept = std::fs::read_to_string(scene.workspace.path().join("state/budget.json")).unwrap();
    assert_no_secret(&kept, "the state that is kept");
}

#[expect(clippy::cast_precision_loss, reason = "a test makes few requests")]
fn requests(scene: &Scene, host: &str) -> f64 {
    scene.requests(host) as f64
}

fn close(one: Option<f64>, other: f64) -> bool {
    one.is_some_and(|one| (one - other).abs() < 1e-9)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_stream_is_measured_and_paid_for_to_the_token() {
    let scene = scene().await;
    let dear = "https://dear.sim.test:".to_owned() + &scene.simulator.api_address().port().to_string();
    let call = ", call: { kind: stream, max_daily_cost_usd: 1, price: { input: 20, output: 300 } }, \
                api_key: { env: TEST_KEY }";
    let targets = [
        stream(&scene, "h1", "one", ", http: { version: h1 }"),
        stream(&scene, "h2", "two", ", http: { version: h2 }"),
        scene.at("dear", &dear, call),
    ];
    let canary = start(&scene, "interval: 3s", &targets).await;
    // In US dollars for a million tokens: the built-in price of the model, and the config's.
    for (target, host, version, price) in [
        ("h1", "one", "HTTP/1.1", (1.0, 5.0)),
        ("h2", "two", "HTTP/2.0", (1.0, 5.0)),
        ("dear", "dear", "HTTP/2.0", (20.0, 300.0)),
    ] {
        let of = [("target", target)];
        let tokens = |samples: &Samples, direction: &str| {
            samples.one("api_tokens_total", &[of[0], MODEL, ("direction", direction)])
        };
        // Between two runs the two counts are of the same calls.
        let (samples, calls) = canary
            .wait(&format!("as many tokens of {target} as calls were recorded"), |samples| {
                let calls = requests(&scene, host);
                let all = close(tokens(samples, "input"), INPUT * calls)
                    && close(tokens(samples, "output"), OUTPUT * calls);
                (calls >= 3.0 && all).then(|| (samples.clone(), calls))
            })
            .await;
        assert_eq!(samples.label("api_tokens_total", &of, "direction"), ["input", "output"]);
        let cost = calls * (INPUT * price.0 + OUTPUT * price.1) / 1e6;
        assert!(close(samples.one("api_cost_usd_total", &[of[0], MODEL]), cost), "{target}: {cost}");
        let left = samples.one("api_budget_remaining_usd", &of);
        assert!(close(left, 1.0 - cost), "{target}: {left:?} of 1 is left after {cost}");
        assert_measured(&samples, target, calls);
        // The last stream may have come in one piece on a machine that is busy; another one will not.
        canary
            .wait(&format!("tokens a second of {target}"), |samples| {
                let speed = samples.one("api_stream_tokens_per_second", &[of[0], MODEL])?;
                (10.0..=150.0).contains(&speed).then_some(())
            })
            .await;
        assert_eq!(samples.one("target_up", &of), Some(1.0), "{target}");
        assert_eq!(samples.label("probe_http_answered_by_info", &of, "by"), ["origin"], "{target}");
        let host = format!("{host}.sim.test");
        let asked = scene.simulator.requests();
        for request in asked.iter().filter(|request| request.host == host) {
            assert_eq!(
                (request.http_version, request.stream, request.keyed),
                (version, true, true),
                "{target}"
            );
            assert_eq!((&*request.path, request.model.as_deref()), ("/v1/messages", Some(MODEL.1)));
        }
    }
    assert_no_key(&scene, &canary).await;
}

/// The times of so many streams.
fn assert_measured(samples: &Samples, target: &str, calls: f64) {
    let of = [("target", target), MODEL];
    let call = [of[0], ("endpoint", "stream")];
    let sum = |name: &str, of: &[(&str, &str)]| {
        assert!(close(samples.one(&format!("{name}_count"), of), calls), "{target}: {name}");
        samples.one(&format!("{name}_sum"), of).unwrap()
    };
    let first = sum("api_time_to_first_token_seconds", &of);
    assert!((FIRST_TOKEN * calls..5.0 * calls).contains(&first), "{target}: {first} in {calls} streams");
    let latency = sum("api_latency_seconds", &[call[0], call[1], ("connection", "fresh")]);
    assert!(close(Some(latency), first), "{target}: the latency of a stream is that of its first token");
    let gap = sum("api_stream_gap_seconds", &of);
    assert!((0.005 * calls..5.0 * calls).contains(&gap), "{target}: {gap} in {calls} streams");
    assert_eq!(samples.label("api_latency_seconds_count", &of[..1], "connection"), ["fresh"]);
    let answered = [call[0], call[1], ("method", "POST"), ("status_code", "200")];
    assert!(close(samples.one("api_requests_total", &answered), calls), "{target}");
    assert!(samples.all("api_errors_total", &of[..1]).is_empty());
    let limits = samples.label("rate_limit_remaining", &of[..1], "dimension");
    assert_eq!(limits, ["input_tokens", "output_tokens", "requests", "tokens"], "{target}");
}

/// The host that is named after a fault, more of the target, its reason, and words of the log.
type Case = (&'static str, &'static str, &'static str, &'static [&'static str]);

const GAP: &str = ", http: { expect: { max_gap: 1s } }";
const SHORT: &str = ", timeout: 2s";

const EVERY: &str = ", expected an event at least every 1.000 s";
const BEGUN: &str = "the next one begun";

/// A stream that breaks, by what comes and by what does not.
const BROKEN: &[Case] = &[
    (
        "stream-error",
        "",
        "stream_error",
        &["then in the stream overloaded_error: Overloaded; after 5 events, 1 ping and "],
    ),
    ("stream-cut", "", "stream_cut", &["4 events, 1 ping and "]),
    ("stream-reset", "", "stream_cut", &["4 events, 1 ping and "]),
    ("stream-no-end", "", "stream_cut", &["the answer ended before the stream", "12 events, 1 ping and "]),
    ("stream-stall", GAP, "stream_stalled", &["no byte at all for ", EVERY, "4 events, 1 ping and "]),
    ("stream-stall", SHORT, "stream_stalled", &["no byte at all for ", "4 events, 1 ping and "]),
    ("stream-stall-mid-event", GAP, "stream_stalled", &["bytes without a complete event for ", EVERY, BEGUN]),
    ("stream-stall-mid-event", SHORT, "stream_stalled", &["bytes without a complete event for ", BEGUN]),
    ("stream-pings", GAP, "stream_stalled", &["only pings for ", EVERY, "2 events, "]),
    ("stream-pings", SHORT, "stream_stalled", &["only pings for ", "2 events, "]),
    ("stream-garbage", "", "unexpected_body", &["HTTP 200, 2 events of the stream in no form of "]),
    ("stream-json", "", "unexpected_body", &["HTTP 200", "expected a stream of events"]),
    ("http-401", "", "auth_invalid", &["HTTP 401"]),
    ("http-429", "", "rate_limited", &["HTTP 429"]),
    ("http-529", "", "provider_overloaded", &["HTTP 529"]),
    ("http-timeout", SHORT, "http_timeout", &["no response in "]),
    ("http-cut-body", "", "http_reset", &["HTTP 200"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_way_a_stream_breaks_is_told_from_the_others_in_both_versions() {
    let scene = scene().await;
    let named = |index: usize, version: &str| format!("{}-{index}-{version}", BROKEN[index].0);
    let slow = ", http: { expect: { max_first_token: 1s } }";
    let mut targets = vec![stream(&scene, "slow-start", "stream-slow-start", slow)];
    for version in ["h1", "h2"] {
        for (index, (host, more, ..)) in BROKEN.iter().enumerate() {
            let http = match more.strip_prefix(", http: {") {
                Some(rest) => format!(", http: {{ version: {version},{rest}"),
                None => format!("{more}, http: {{ version: {version} }}"),
            };
            targets.push(stream(&scene, &named(index, version), host, &http));
        }
    }
    let canary = start(&scene, "interval: 6s, timeout: 5s", &targets).await;
    let samples = canary.wait_all_runs(targets.len(), 2.0).await;
    for version in ["h1", "h2"] {
        for (index, (host, _, reason, words)) in BROKEN.iter().enumerate() {
            let name = named(index, version);
            let of = [("target", &*name)];
            assert_eq!(
                samples.label("probe_failures_total", &of, "reason"),
                [*reason],
                "{name} {:#?}",
                told(&canary, &name)
            );
            assert_eq!(samples.one("probe_success", &of), Some(0.0), "{name}");
            assert_eq!(samples.one("probe_layer_success", &[of[0], ("layer", "api")]), Some(0.0), "{name}");
            assert_eq!(samples.one("probe_layer_success", &[of[0], ("layer", "tls")]), Some(1.0), "{name}");
            let line = canary.wait_log(&["message=fails", &format!("target={name} ")]).await;
            for words in *words {
                assert!(line.contains(words), "{name}: `{words}` is not in {line}");
            }
            assert_eq!(line.contains(EVERY), words.contains(&EVERY), "{name}: {line}");
            assert_counted(&samples, &name, host, reason);
        }
    }
    slow_starts_are_findings(&canary, &samples).await;
    assert_no_key(&scene, &canary).await;
}

fn told(canary: &Canary, target: &str) -> Vec<String> {
    let target = format!("target={target} ");
    canary.log().into_iter().filter(|line| line.contains(&target)).collect()
}

/// Errors by the provider's type, and the tokens it had counted until then.
fn assert_counted(samples: &Samples, target: &str, host: &str, reason: &str) {
    let of = [("target", target), ("endpoint", "stream")];
    let errors = samples.label("api_errors_total", &of, "error_type");
    let wanted: &[&str] = match reason {
        "stream_error" | "provider_overloaded" => &["overloaded_error"],
        "auth_invalid" => &["authentication_error"],
        "rate_limited" => &["rate_limit_error"],
        _ => &[],
    };
    assert_eq!(errors, wanted, "{target}");
    let count = |direction| {
        samples.one("api_tokens_total", &[of[0], MODEL, ("direction", direction)]).unwrap_or_default()
    };
    let counted = (count("input"), count("output"));
    let calls = samples.all("api_requests_total", &of).iter().map(|(_, calls)| calls).sum::<f64>();
    // The start of a stream counts one token, its end all of them.
    let wanted = match host {
        "stream-no-end" | "stream-json" => (INPUT * calls, OUTPUT * calls),
        _ if host.starts_with("stream-") && host != "stream-garbage" => (INPUT * calls, calls),
        _ => (0.0, 0.0),
    };
    assert_eq!(counted, wanted, "{target}: {calls} calls");
}

async fn slow_starts_are_findings(canary: &Canary, samples: &Samples) {
    let of = [("target", "slow-start")];
    assert_eq!(samples.one("probe_success", &of), Some(1.0), "degraded is not down");
    assert_eq!(samples.label("probe_finding_info", &of, "reason"), ["slow_first_token"]);
    assert!(samples.all("probe_failures_total", &of).is_empty());
    let count = samples.one("api_time_to_first_token_seconds_count", &of).unwrap();
    let sum = samples.one("api_time_to_first_token_seconds_sum", &of).unwrap();
    assert!(sum >= 1.5 * count, "{sum} in {count} streams");
    canary.wait_log(&["degraded", "target=slow-start ", "reason=slow_first_token"]).await;
}
