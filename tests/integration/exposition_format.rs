//! `/metrics` and the other pages as they come over the wire: formats, compression, methods, and scrapes under load.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::canary::Canary;
use crate::exposition::{Labels, Samples};
use crate::scene::Scene;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What Prometheus 2 sends.
const PROMETHEUS: (&str, &str) = (
    "accept",
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
     text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
);

/// A canary that watches a healthy, a refused, and two broken targets, and others for what only paid calls, limits and
/// further attempts have.
async fn start(scene: &Scene) -> Canary {
    let key = ", api_key: { env: TEST_KEY }";
    let stream = format!("{key}, call: {{ kind: stream, max_daily_cost_usd: 1 }}");
    let retried = format!("{key}, retry: {{ max_attempts: 2, base_delay: 10ms }}");
    let targets = [
        scene.target("stream", "stream", &stream),
        scene.target("limited", "http-429", &stream),
        scene.target("absurd", "http-limits-absurd", key),
        scene.target("retried", "http-500", &retried),
        scene.target("kept", "kept", &format!("{key}, call: {{ connection: reused }}")),
        scene.target("healthy", "dual", key),
        scene.target("refused", "http-401", key),
        scene.target("expired", "tls-expired", ""),
        scene.target("unknown", "dns-nxdomain", ""),
    ];
    let config = scene.config("interval: 2s", &targets);
    let state = format!("--state.directory={}", scene.workspace.path().join("state").display());
    let canary = Canary::start_with(&config, &[&state], &[("TEST_KEY", "sk-ant-sim-valid")]).await;
    for target in ["healthy", "refused", "expired", "unknown", "stream", "absurd", "retried"] {
        canary.wait_runs(target, 1.0).await;
    }
    // Calls after the first: the one that waits for its limit, the one on a connection that was kept.
    for target in ["limited", "kept"] {
        canary.wait_runs(target, 2.0).await;
    }
    canary
}

/// Series of these targets only, which a scrape must hold to be one of all kinds.
const OF_PAID_CALLS_AND_LIMITS: [(&str, &str); 15] = [
    ("api_time_to_first_token_seconds_bucket", "stream"),
    ("api_stream_gap_seconds_bucket", "stream"),
    ("api_tokens_total", "stream"),
    ("api_cost_usd_total", "stream"),
    ("api_budget_remaining_usd", "stream"),
    ("api_errors_total", "limited"),
    ("api_call_paused_info", "limited"),
    ("rate_limit_retry_at_timestamp_seconds", "limited"),
    ("rate_limit_exceeded_total", "limited"),
    ("rate_limit_remaining", "limited"),
    ("rate_limit_values_rejected_total", "absurd"),
    ("api_retries_total", "retried"),
    ("probe_retry_success", "retried"),
    ("api_latency_seconds_bucket", "kept"),
    ("probe_http_answered_by_info", "healthy"),
];

/// HELP, TYPE and the kind of each family; panics on a sample without them, or families that are not in one piece.
fn kinds(text: &str) -> HashMap<String, String> {
    let mut helped = HashSet::new();
    let mut kinds = HashMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(helped.contains(name), "no HELP before {line}");
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "twice: {line}");
            name.clone_into(&mut current);
        } else {
            let name = line.split(['{', ' ']).next().unwrap();
            let suffix = name.strip_prefix(&*current).unwrap_or_else(|| panic!("not of {current}: {line}"));
            assert!(["", "_total", "_bucket", "_sum", "_count"].contains(&suffix), "{line}");
        }
    }
    kinds
}

/// The name and the labels of a series.
type Series = (String, Labels);

/// Buckets never go down, and the last one is the count.
fn assert_histograms(samples: &Samples) {
    let mut buckets: BTreeMap<Series, Vec<(f64, f64)>> = BTreeMap::new();
    for (name, labels, value) in samples.iter() {
        if let (Some(base), Some(bound)) = (name.strip_suffix("_bucket"), labels.get("le")) {
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
            let mut labels = labels.clone();
            labels.remove("le");
            buckets.entry((base.to_owned(), labels)).or_default().push((bound, value));
        }
    }
    assert!(!buckets.is_empty());
    for ((name, labels), mut buckets) in buckets {
        buckets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        assert!(buckets.is_sorted_by(|(_, a), (_, b)| a <= b), "{name}{labels:?}: {buckets:?}");
        let wanted: Vec<_> = labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let count = samples.all(&format!("{name}_count"), &wanted);
        let count = count.iter().find(|(all, _)| **all == labels).unwrap().1;
        assert_eq!(buckets.last().copied(), Some((f64::INFINITY, count)), "{name}{labels:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scraper_gets_the_format_it_asks_for() {
    let scene = Scene::new().await;
    let canary = start(&scene).await;
    for accept in
        [None, Some("*/*"), Some("text/plain"), Some("text/html,*/*;q=0.8"), Some("application/json")]
    {
        let headers: Vec<_> = accept.iter().map(|value| ("accept", *value)).collect();
        let page = canary.ask("GET", "/metrics", &headers).await;
        assert_eq!((page.status, page.header("content-type")), (200, TEXT), "{accept:?}");
        assert!(!page.text().contains("# EOF") && !page.text().contains(" # {"), "{accept:?}");
        assert!(page.text().ends_with('\n') && !page.text().contains("\n\n"), "{accept:?}");
        assert_histograms(&Samples::read(page.text()));
    }
    for accept in [PROMETHEUS.1, "application/openmetrics-text", "application/openmetrics-text;version=1.0.0"]
    {
        let page = canary.ask("GET", "/metrics", &[("accept", accept)]).await;
        assert_eq!((page.status, page.header("content-type")), (200, OPEN_METRICS), "{accept}");
        assert!(page.text().ends_with("\n# EOF\n") && page.text().matches("# EOF").count() == 1, "{accept}");
        assert_histograms(&Samples::read(page.text()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_formats_hold_the_same_families_with_help_and_type() {
    let scene = Scene::new().await;
    let canary = start(&scene).await;
    let text = canary.ask("GET", "/metrics", &[]).await;
    let open = canary.ask("GET", "/metrics", &[PROMETHEUS]).await;
    let (text, open) = (kinds(text.text()), kinds(open.text()));
    for (name, kind) in &text {
        let named = if kind == "counter" { name.strip_suffix("_total").unwrap() } else { name };
        assert_eq!(open.get(named), Some(kind), "{name}");
    }
    assert_eq!(text.len(), open.len());
    assert_eq!(text["api_latency_seconds"], "histogram");
    assert_eq!(text["api_requests_total"], "counter");
}

#[tokio::test(flavor = "multi_thread")]
async fn request_ids_are_exemplars_of_the_latency_and_of_nothing_else() {
    let scene = Scene::new().await;
    let canary = start(&scene).await;
    let page = canary.ask("GET", "/metrics", &[PROMETHEUS]).await;
    let exemplars: Vec<&str> = page.text().lines().filter(|line| line.contains(" # {")).collect();
    for line in &exemplars {
        assert!(line.starts_with("api_latency_seconds_bucket{"), "{line}");
        let (_, exemplar) = line.split_once(" # {request_id=\"req_").unwrap_or_else(|| panic!("{line}"));
        let numbers: Vec<f64> =
            exemplar.split_once("\"} ").unwrap().1.split(' ').map(|n| n.parse().unwrap()).collect();
        let [value, at] = numbers[..] else { panic!("value and time: {line}") };
        assert!(value > 0.0 && at > 1.7e9, "{line}");
    }
    for target in ["healthy", "refused"] {
        let label = format!("target=\"{target}\"");
        assert!(exemplars.iter().any(|line| line.contains(&label)), "{target}: {exemplars:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_is_for_who_takes_it() {
    let scene = Scene::new().await;
    let canary = start(&scene).await;
    for accept in [("accept", "text/plain"), PROMETHEUS] {
        let zipped = canary.ask("GET", "/metrics", &[accept, ("accept-encoding", "gzip")]).await;
        assert_eq!(zipped.header("content-encoding"), "gzip");
        assert!(zipped.header("vary").contains("accept-encoding"), "{zipped:?}");
        let mut text = String::new();
        flate2::read::GzDecoder::new(zipped.body.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(Samples::read(&text).one("target_up", &[("target", "healthy")]), Some(1.0));
        assert!(zipped.body.len() * 4 < text.len(), "{} of {}", zipped.body.len(), text.len());
    }
    let plain = canary.ask("GET", "/metrics", &[("accept-encoding", "identity, gzip;q=0")]).await;
    assert_eq!(plain.header("content-encoding"), "");
    assert!(plain.text().starts_with("# HELP "));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_pages_answer_as_exporters_do() {
    let scene = Scene::new().await;
    let canary = start(&scene).await;
    let head = canary.ask("HEAD", "/metrics", &[]).await;
    assert_eq!((head.status, head.header("content-type"), head.body.len()), (200, TEXT, 0));
    assert_eq!(canary.ask("POST", "/metrics", &[]).await.status, 405);
    let landing = canary.ask("GET", "/", &[]).await;
    assert_eq!((landing.status, landing.header("content-type")), (200, "text/html; charset=utf-8"));
    for part in ["href=\"metrics\"", "data-target=\"healthy\"", "data-target=\"expired\""] {
        assert!(landing.text().contains(part), "{part}: {}", landing.text());
    }
    for path in ["/-/healthy", "/-/ready"] {
        assert_eq!(canary.get(path).await.0, 200, "{path}");
        assert_eq!(canary.ask("HEAD", path, &[]).await.status, 200, "{path}");
    }
    for path in ["/nothing", "/metrics/", "/-/nothing", "/-/quit", "/-/reload", "//", "/../metrics"] {
        let expected = if path == "/../metrics" { 200 } else { 404 };
        assert_eq!(canary.ask("GET", path, &[]).await.status, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_has_nothing_to_say_about_the_output() {
    let scene = Scene::new().await;
    let canary = start(&scene).await;
    let (_, text) = canary.get("/metrics").await;
    for (name, of) in OF_PAID_CALLS_AND_LIMITS {
        assert!(!Samples::read(&text).all(name, &[("target", of)]).is_empty(), "{name} of {of}:\n{text}");
    }
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is needed for this test (Debian: the package prometheus)");
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && words.is_empty(), "{}: {words}", said.status);
}

/// The series that may only go up.
fn counters(samples: &Samples) -> HashMap<Series, f64> {
    let up = |name: &str| ["_total", "_bucket", "_count", "_sum"].iter().any(|end| name.ends_with(end));
    let counters = samples.iter().filter(|(name, ..)| up(name));
    counters.map(|(name, labels, value)| ((name.to_owned(), labels.clone()), value)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_scrapers_at_once_read_whole_expositions_whose_counters_never_go_down() {
    let scene = Scene::new().await;
    let canary = Arc::new(start(&scene).await);
    let runs_before = canary.samples().await.one("probe_runs_total", &[("target", "expired")]).unwrap();
    let mut scrapers = tokio::task::JoinSet::new();
    for scraper in 0..20 {
        let canary = Arc::clone(&canary);
        scrapers.spawn(async move {
            let headers: &[(&str, &str)] = if scraper % 2 == 0 { &[PROMETHEUS] } else { &[] };
            let mut before = HashMap::new();
            let mut scrapes = 0;
            loop {
                let page = canary.ask("GET", "/metrics", headers).await;
                assert_eq!(page.status, 200);
                let samples = Samples::read(page.text());
                assert_histograms(&samples);
                let now = counters(&samples);
                for (series, value) in &before {
                    let new = now.get(series).unwrap_or_else(|| panic!("gone: {series:?}"));
                    assert!(new >= value, "{series:?} went from {value} to {new}");
                }
                before = now;
                scrapes += 1;
                let runs = samples.one("probe_runs_total", &[("target", "expired")]).unwrap();
                if scrapes >= 5 && runs >= runs_before + 2.0 {
                    return;
                }
            }
        });
    }
    while let Some(scraper) = scrapers.join_next().await {
        scraper.unwrap();
    }
}
