//! Every provider in its own dialect: each call that it has works, and each refusal has its reason.

use api_canary::simulate::Options;

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;
use crate::secrets::{FILE_KEY, KEY, assert_tells_no_secret};

/// What a prompt and what is generated cost.
#[derive(Clone, Copy)]
enum Price {
    /// By the built-in table.
    Known(f64, f64),
    /// Nobody knows but the config.
    Given,
}

/// One provider as the simulator plays it.
struct Dialect {
    provider: &'static str,
    /// The label of its hosts.
    host: &'static str,
    /// What its URL holds behind the host.
    path: &'static str,
    /// The model, where there is none by default.
    model: &'static str,
    /// What it costs, in US dollars for a million tokens.
    price: Price,
    /// The calls to a model that it has.
    calls: &'static [&'static str],
    /// The limits it tells with a good answer.
    limits: &'static [&'static str],
    /// The limit a 429 is about.
    limited_by: &'static str,
    /// Reasons for hosts that are named after a fault, where they are not what [`REFUSALS`] has.
    own: &'static [(&'static str, &'static str)],
}

const DIALECTS: [Dialect; 9] = [
    Dialect {
        provider: "anthropic",
        host: "",
        path: "",
        model: "",
        price: Price::Known(1.0, 5.0),
        calls: &["count_tokens", "message", "stream"],
        limits: &["input_tokens", "output_tokens", "requests", "tokens"],
        limited_by: "requests",
        own: &[("http-400-credit", "billing"), ("http-402", "billing"), ("http-504", "provider_error")],
    },
    Dialect {
        provider: "openai",
        host: "openai",
        path: "/v1",
        model: "",
        price: Price::Known(0.1, 0.5),
        calls: &["message", "stream"],
        limits: &["requests", "tokens"],
        limited_by: "requests",
        own: &[("http-429-spend", "billing")],
    },
    Dialect {
        provider: "azure_openai",
        host: "azure",
        path: "",
        model: "my-deployment",
        price: Price::Given,
        calls: &["message", "stream"],
        limits: &["requests", "tokens"],
        limited_by: "requests",
        own: &[("http-429-spend", "billing"), ("http-403-region", "auth_forbidden")],
    },
    Dialect {
        provider: "gemini",
        host: "gemini",
        path: "",
        model: "",
        price: Price::Known(0.25, 1.5),
        calls: &["count_tokens", "message", "stream"],
        limits: &[],
        limited_by: "requests",
        // What is used up is a quota of requests for a day.
        own: &[("http-429-spend", "rate_limited")],
    },
    Dialect {
        provider: "vertex",
        host: "vertex",
        path: "",
        model: "",
        price: Price::Given,
        calls: &[],
        limits: &[],
        limited_by: "requests",
        own: &[("http-429-spend", "rate_limited")],
    },
    Dialect {
        provider: "bedrock",
        host: "bedrock",
        path: "",
        model: "",
        price: Price::Given,
        calls: &[],
        limits: &[],
        limited_by: "unknown",
        own: &[("http-429-spend", "rate_limited")],
    },
    Dialect {
        provider: "mistral",
        host: "mistral",
        path: "/v1",
        model: "",
        price: Price::Given,
        calls: &["message", "stream"],
        limits: &["tokens"],
        limited_by: "tokens",
        own: &[("http-429-spend", "billing"), ("http-403-region", "auth_forbidden")],
    },
    Dialect {
        provider: "groq",
        host: "groq",
        path: "/openai/v1",
        model: "",
        price: Price::Known(0.075, 0.3),
        calls: &["message", "stream"],
        limits: &["requests", "tokens"],
        limited_by: "requests",
        own: &[("http-403-region", "auth_forbidden")],
    },
    Dialect {
        provider: "openrouter",
        host: "openrouter",
        path: "/api/v1",
        model: "anthropic/claude-haiku-4.5",
        price: Price::Given,
        calls: &["message", "stream"],
        limits: &[],
        limited_by: "requests",
        own: &[("http-429-spend", "billing")],
    },
];

/// Faults and their reasons.
const REFUSALS: [(&str, &str); 9] = [
    ("http-401", "auth_invalid"),
    ("http-403", "auth_forbidden"),
    ("http-403-region", "region_blocked"),
    ("http-403-challenge", "edge_challenge"),
    ("http-404", "model_not_found"),
    ("http-429", "rate_limited"),
    ("http-429-spend", "spend_limit"),
    ("http-500", "provider_error"),
    ("http-529", "provider_overloaded"),
];

const KEYS: [(&str, &str); 2] = [("TEST_KEY", KEY), ("WRONG_KEY", FILE_KEY)];
const RIGHT: &str = ", api_key: { env: TEST_KEY }";
const WRONG: &str = ", api_key: { env: WRONG_KEY }";

// === impl Dialect ===

impl Dialect {
    /// A target at the provider's host of this fault, or its healthy one.
    fn target(&self, scene: &Scene, name: &str, fault: &str, more: &str) -> String {
        let labels: Vec<_> = [fault, self.host].into_iter().filter(|label| !label.is_empty()).collect();
        let labels = if labels.is_empty() { "api".to_owned() } else { labels.join(".") };
        let port = scene.simulator.api_address().port();
        let url = format!("https://{labels}.sim.test:{port}{}", self.path);
        scene.at(name, &url, &format!(", provider: {}{more}", self.provider))
    }

    /// The options of a call to a model.
    fn call(&self, kind: &str) -> String {
        let model = if self.model.is_empty() { String::new() } else { format!(", model: {}", self.model) };
        let paid = match (kind, self.price) {
            ("count_tokens", _) => "",
            (_, Price::Known(..)) => ", max_daily_cost_usd: 1",
            (_, Price::Given) => ", max_daily_cost_usd: 1, price: { input: 1, output: 2 }",
        };
        format!("{RIGHT}, call: {{ kind: {kind}{model}{paid} }}")
    }

    /// The reason of a host that is named after a fault.
    fn refusals(&self) -> Vec<(&'static str, &'static str)> {
        let mut all = REFUSALS.to_vec();
        for (fault, reason) in self.own {
            all.retain(|(known, _)| known != fault);
            all.push((fault, reason));
        }
        all
    }
}

async fn start(scene: &Scene, targets: &[String]) -> Canary {
    let state = format!("--state.directory={}", scene.workspace.path().join("state").display());
    let config = scene.config("interval: 8s, timeout: 7s", targets);
    Canary::start_with(&config, &["--log.level=debug", &state], &KEYS).await
}

async fn scene() -> Scene {
    Scene::with(Options { api_key: KEY.to_owned(), ..Options::default() }).await
}

/// What the log says of a target.
fn told(canary: &Canary, target: &str) -> Vec<String> {
    let target = format!("target={target} ");
    canary.log().into_iter().filter(|line| line.contains(&target)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_that_a_provider_has_works_with_the_right_key_and_tells_a_wrong_one() {
    let scene = scene().await;
    let mut targets = Vec::new();
    for dialect in &DIALECTS {
        let name = |what: &str| format!("{}-{what}", dialect.provider);
        targets.push(dialect.target(&scene, &name("hello"), "", ""));
        targets.push(dialect.target(&scene, &name("models"), "", RIGHT));
        targets.push(dialect.target(&scene, &name("wrong"), "", WRONG));
        for kind in dialect.calls {
            targets.push(dialect.target(&scene, &name(kind), "", &dialect.call(kind)));
        }
    }
    let canary = start(&scene, &targets).await;
    let samples = canary.wait_all_runs(targets.len(), 1.0).await;
    for dialect in &DIALECTS {
        for kind in ["hello", "models"].iter().chain(dialect.calls) {
            let target = format!("{}-{kind}", dialect.provider);
            let of = [("target", &*target)];
            assert_eq!(samples.one("target_up", &of), Some(1.0), "{:#?}", told(&canary, &target));
            assert_eq!(samples.label("probe_finding_info", &of, "reason"), [""; 0], "{target}");
            assert_eq!(samples.label("probe_http_answered_by_info", &of, "by"), ["origin"], "{target}");
            assert_eq!(samples.label("api_requests_total", &of, "endpoint"), [*kind], "{target}");
            assert_paid(&samples, &target, kind, dialect);
            let limits = if matches!(*kind, "hello" | "count_tokens") { &[] } else { dialect.limits };
            assert_limits(&samples, &target, limits);
        }
        let target = format!("{}-wrong", dialect.provider);
        let of = [("target", &*target)];
        let reasons = samples.label("probe_failures_total", &of, "reason");
        assert_eq!(reasons, ["auth_invalid"], "{:#?}", told(&canary, &target));
        assert_eq!(samples.label("probe_http_answered_by_info", &of, "by"), ["origin"], "{target}");
    }
    assert_tells_no_secret(&canary).await;
}

/// Only what costs money has a cost, in tokens and dollars.
fn assert_paid(samples: &Samples, target: &str, kind: &str, dialect: &Dialect) {
    let of = [("target", target)];
    let streamed = samples.one("api_time_to_first_token_seconds_count", &of);
    assert_eq!(streamed.is_some(), kind == "stream", "{target}");
    // What the simulator counts of the prompts, and says: as many tokens as are asked for, no more than eight.
    let (input, output) = match kind {
        "message" if dialect.provider == "openrouter" => (8.0, 8.0),
        "message" => (8.0, 1.0),
        "stream" => (12.0, 8.0),
        _ => {
            assert!(samples.all("api_tokens_total", &of).is_empty(), "{target}");
            assert!(samples.all("api_cost_usd_total", &of).is_empty(), "{target}");
            return;
        }
    };
    let tokens = |direction| samples.one("api_tokens_total", &[of[0], ("direction", direction)]).unwrap();
    let calls = tokens("input") / input;
    assert!(close(tokens("output"), calls * output), "{target}: {calls} calls");
    // A scrape may fall between the two.
    let requests = samples.one("api_requests_total", &of).unwrap();
    assert!(calls >= 1.0 && (calls - requests).abs() < 1.5, "{target}: {calls} of {requests}");
    let price = match dialect.price {
        Price::Known(input, output) => (input, output),
        Price::Given => (1.0, 2.0),
    };
    let cost = calls * (input * price.0 + output * price.1) / 1e6;
    assert!(close(samples.one("api_cost_usd_total", &of).unwrap(), cost), "{target}: {cost}");
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

/// The account of the simulator: 1,000 requests, 2,000,000 tokens in and 400,000 out for a minute.
fn assert_limits(samples: &Samples, target: &str, dimensions: &[&str]) {
    let of = [("target", target)];
    for name in ["rate_limit_limit", "rate_limit_remaining", "rate_limit_reset_timestamp_seconds"] {
        assert_eq!(samples.label(name, &of, "dimension"), dimensions, "{target}: {name}");
    }
    for dimension in dimensions {
        let value = |name: &str| samples.one(name, &[of[0], ("dimension", dimension)]).unwrap();
        let whole = match *dimension {
            "requests" => 1_000.0,
            "input_tokens" => 2_000_000.0,
            "output_tokens" => 400_000.0,
            "tokens" => 2_400_000.0,
            other => panic!("{other}"),
        };
        let limit = value("rate_limit_limit");
        assert!((limit - whole).abs() < 0.5, "{target}: {limit} {dimension}");
        let remaining = value("rate_limit_remaining");
        assert!((0.5 * whole..=whole).contains(&remaining), "{target}: {remaining} {dimension}");
        let now = api_canary::clock::wall().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let reset = value("rate_limit_reset_timestamp_seconds") - now;
        assert!(reset.abs() < 90.0, "{target}: {dimension} in {reset} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_a_provider_has_its_reason() {
    let scene = scene().await;
    let mut targets = Vec::new();
    for dialect in &DIALECTS {
        let name = |what: &str| format!("{}-{what}", dialect.provider);
        for (fault, _) in dialect.refusals() {
            targets.push(dialect.target(&scene, &name(fault), fault, RIGHT));
        }
        targets.push(dialect.target(&scene, &name("absurd"), "http-limits-absurd", RIGHT));
        // No model is called so, whatever the provider calls its models.
        if !dialect.calls.is_empty() {
            let call = Dialect { model: "no-such-thing", price: Price::Given, ..*dialect }.call("message");
            targets.push(dialect.target(&scene, &name("no-model"), "", &call));
        }
    }
    let canary = start(&scene, &targets).await;
    let samples = canary.wait_all_runs(targets.len(), 1.0).await;
    for dialect in &DIALECTS {
        for (fault, reason) in dialect.refusals() {
            let target = format!("{}-{fault}", dialect.provider);
            let of = [("target", &*target)];
            let reasons = samples.label("probe_failures_total", &of, "reason");
            assert_eq!(reasons, [reason], "{:#?}", told(&canary, &target));
            assert_eq!(samples.one("target_up", &of), Some(0.0), "{target}");
            // Anthropic's edge closes regions by itself; the challenges are Cloudflare's.
            let by = match (fault, dialect.provider) {
                ("http-403-challenge", "azure_openai" | "gemini" | "vertex" | "bedrock") => "between",
                ("http-403-challenge", _) | ("http-403-region", "anthropic") => "edge",
                _ => "origin",
            };
            assert_eq!(samples.label("probe_http_answered_by_info", &of, "by"), [by], "{target}");
            let limited = if reason == "rate_limited" { 1 } else { 0 };
            assert_eq!(samples.all("rate_limit_exceeded_total", &of).len(), limited, "{target}");
            if fault == "http-429" {
                let dimension = samples.label("rate_limit_exceeded_total", &of, "dimension");
                assert_eq!(dimension, [dialect.limited_by], "{:#?}", told(&canary, &target));
                let left = samples.one("rate_limit_remaining", &[of[0], ("dimension", dialect.limited_by)]);
                let untold = matches!(dialect.provider, "gemini" | "vertex" | "bedrock");
                assert_eq!(left, if untold { None } else { Some(0.0) }, "{target}");
            }
        }
        // A limit that is negative, beyond any number or a word is none.
        let target = format!("{}-absurd", dialect.provider);
        let of = [("target", &*target)];
        assert_eq!(samples.one("target_up", &of), Some(1.0), "{:#?}", told(&canary, &target));
        let rejected = samples.one("rate_limit_values_rejected_total", &of);
        assert_eq!(rejected.is_some(), !dialect.limits.is_empty(), "{target}: {rejected:?}");
        assert!(samples.all("rate_limit_remaining", &of).is_empty(), "{target}");
        assert!(samples.all("rate_limit_reset_timestamp_seconds", &of).is_empty(), "{target}");
        if !dialect.calls.is_empty() {
            let target = format!("{}-no-model", dialect.provider);
            let reasons = samples.label("probe_failures_total", &[("target", &target)], "reason");
            assert_eq!(reasons, ["model_not_found"], "{:#?}", told(&canary, &target));
        }
    }
    assert_tells_no_secret(&canary).await;
}

/// Faults of a stream and their reasons.
const BROKEN: [(&str, &str); 7] = [
    ("stream-error", "stream_error"),
    ("stream-cut", "stream_cut"),
    ("stream-no-end", "stream_cut"),
    ("stream-stall", "stream_stalled"),
    ("stream-pings", "stream_stalled"),
    ("stream-garbage", "unexpected_body"),
    ("stream-json", "unexpected_body"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_streams_of_every_provider_break_for_the_same_reasons() {
    let scene = scene().await;
    let mut targets = Vec::new();
    let streaming = || DIALECTS.iter().filter(|dialect| dialect.calls.contains(&"stream"));
    for dialect in streaming() {
        for (fault, _) in BROKEN {
            let call = dialect.call("stream") + ", http: { expect: { max_gap: 2s } }";
            targets.push(dialect.target(&scene, &format!("{}-{fault}", dialect.provider), fault, &call));
        }
    }
    let canary = start(&scene, &targets).await;
    let samples = canary.wait_all_runs(targets.len(), 1.0).await;
    for dialect in streaming() {
        for (fault, reason) in BROKEN {
            let target = format!("{}-{fault}", dialect.provider);
            let of = [("target", &*target)];
            let reasons = samples.label("probe_failures_total", &of, "reason");
            assert_eq!(reasons, [reason], "{:#?}", told(&canary, &target));
            assert_eq!(samples.label("probe_http_answered_by_info", &of, "by"), ["origin"], "{target}");
            let errors = samples.all("api_errors_total", &of).len();
            assert_eq!(errors, usize::from(fault == "stream-error"), "{:#?}", told(&canary, &target));
            let words = match fault {
                "stream-stall" => "no byte at all for ",
                "stream-pings" => "only pings for ",
                _ => "HTTP 200",
            };
            canary.wait_log(&["message=fails", &format!("target={target} "), words]).await;
        }
    }
    assert_tells_no_secret(&canary).await;
}
