//! A real Prometheus scrapes the real binary: every scrape is good, and what was promised can be asked for.

mod relay;
pub(crate) mod server;

use std::time::Duration;

use api_canary::simulate::{Options, Simulator};

use crate::canary::Canary;
use crate::workspace::{Workspace, wait_for};
use relay::Relay;
use server::Prometheus;

/// How long it is scraped, once a second.
const WHILE: Duration = Duration::from_secs(15);

fn config(simulator: &Simulator, ca: &str, hosts: &[&str]) -> String {
    let port = simulator.api_address().port();
    let target = |host: &&str| {
        format!(
            "  - {{ name: {host}, provider: anthropic, url: \"https://{host}.sim.test:{port}\", resolvers: [sim], \
             expected_networks: [], api_key: {{ env: SIM_KEY }}, tls: {{ ca_file: {ca} }} }}\n"
        )
    };
    format!(
        "resolvers: {{ sim: {{ address: \"udp://{}\" }} }}\ndefaults: {{ interval: 1s, timeout: 1s }}\ntargets:\n{}",
        simulator.dns_address(),
        hosts.iter().map(target).collect::<String>()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_gets_all_that_was_promised_and_loses_what_leaves() {
    let workspace = Workspace::new();
    let options = Options::default();
    let key = options.api_key.clone();
    let simulator = Simulator::start(options).await.unwrap();
    let ca = workspace.write("ca.pem", simulator.ca_pem()).display().to_string();
    let file =
        workspace.write("config.yml", &config(&simulator, &ca, &["claude", "leaving", "dns-nxdomain"]));
    let canary = Canary::start_with(&file, &[], &[("SIM_KEY", &key)]).await;
    let relay = Relay::start(canary.address()).await;
    let prometheus = Prometheus::start(workspace.path(), relay.address).await;
    wait_for("scrapes", || async {
        let scrapes = prometheus.value("count_over_time(up{job=\"canary\"}[5m])").await.unwrap_or_default();
        if scrapes >= WHILE.as_secs_f64() { Ok(()) } else { Err(format!("{scrapes} scrapes")) }
    })
    .await;

    every_scrape_was_good(&prometheus).await;
    the_negotiated_format_is_open_metrics(&relay);
    the_missions_series_are_there(&prometheus).await;
    request_ids_are_exemplars(&prometheus).await;

    // A target that leaves the config takes its series with it: stale at once, not after the look-back of 5 minutes.
    assert!(prometheus.value("count({target=\"leaving\"})").await > Some(50.0));
    workspace.write("config.yml", &config(&simulator, &ca, &["claude", "dns-nxdomain"]));
    canary.signal("HUP");
    let asked = tokio::time::Instant::now();
    wait_for("the series to go stale", || async {
        match prometheus.value("count({target=\"leaving\"})").await {
            None => Ok(()),
            Some(left) => Err(format!("{left} series are left")),
        }
    })
    .await;
    assert!(asked.elapsed() < Duration::from_secs(10), "took {:?}", asked.elapsed());
    assert_eq!(prometheus.value("target_up{target=\"claude\"}").await, Some(1.0), "the others stay");
    assert_eq!(prometheus.value("api_canary_targets").await, Some(2.0));
    every_scrape_was_good(&prometheus).await;
}

async fn every_scrape_was_good(prometheus: &Prometheus) {
    assert_eq!(prometheus.value("min_over_time(up{job=\"canary\"}[5m])").await, Some(1.0));
    let target = prometheus.target().await;
    assert_eq!((target["health"].as_str(), target["lastError"].as_str()), (Some("up"), Some("")), "{target}");
    assert_eq!(prometheus.complaints(), [""; 0]);
    let own = prometheus.own().await;
    let counters: Vec<_> = own
        .names(&[])
        .into_iter()
        .filter(|name| {
            name.starts_with("prometheus_target_scrapes_sample_")
                || name.starts_with("prometheus_target_scrapes_exemplar_")
                || name.starts_with("prometheus_target_scrapes_exceeded_")
                || *name == "prometheus_tsdb_exemplar_out_of_order_exemplars_total"
        })
        .collect();
    assert!(counters.contains(&"prometheus_target_scrapes_sample_duplicate_timestamp_total"), "{counters:?}");
    assert!(counters.contains(&"prometheus_target_scrapes_sample_out_of_order_total"), "{counters:?}");
    for counter in counters {
        assert_eq!(own.one(counter, &[]), Some(0.0), "{counter}");
    }
}

fn the_negotiated_format_is_open_metrics(relay: &Relay) {
    let (requests, responses) = relay.heads();
    assert!(!responses.is_empty());
    for head in requests {
        assert!(head.starts_with("get /metrics http/1.1"), "{head}");
        assert!(head.contains("accept: application/openmetrics-text"), "{head}");
    }
    for head in responses {
        assert!(head.starts_with("http/1.1 200"), "{head}");
        let format = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
        assert!(head.lines().any(|line| line == format), "{head}");
        assert!(head.lines().any(|line| line == "content-encoding: gzip"), "{head}");
    }
}

async fn the_missions_series_are_there(prometheus: &Prometheus) {
    let path = "target=\"claude\",route=\"direct\",family=\"ipv4\"";
    for (query, range) in [
        (r#"rate(api_requests_total{target="claude",status_code="200"}[10s])"#.to_owned(), 0.5..1.5),
        (
            r#"histogram_quantile(0.9, sum by (le) (rate(api_latency_seconds_bucket{target="claude"}[10s])))"#
                .to_owned(),
            0.0..1.0,
        ),
        (r#"rate_limit_remaining{target="claude",dimension="requests"}"#.to_owned(), 0.0..1e9),
        (format!("probe_ssl_earliest_cert_expiry{{{path}}} - time()"), 3600.0..1e10),
        (r#"target_up{target="claude"}"#.to_owned(), 1.0..1.1),
        (r#"target_up{target="dns-nxdomain"}"#.to_owned(), 0.0..0.1),
        (format!("probe_success{{{path}}}"), 1.0..1.1),
        (format!("rate(probe_runs_total{{{path}}}[10s])"), 0.5..1.5),
        (
            r#"increase(probe_failures_total{target="dns-nxdomain",family="ipv4",layer="dns",reason="dns_nxdomain"}[10s])"#
                .to_owned(),
            5.0..15.0,
        ),
        (r#"sum(probe_layer_failures_total{target="claude"})"#.to_owned(), 0.0..0.1),
        ("api_canary_targets".to_owned(), 3.0..3.1),
    ] {
        let value = prometheus.value(&query).await;
        assert!(value.is_some_and(|value| range.contains(&value)), "{query}: {value:?}, not in {range:?}");
    }
    // What OpenMetrics calls a counter or an info keeps its name of the text format.
    let info = prometheus.query("api_canary_build_info").await;
    assert_eq!(info[0].0["version"], env!("CARGO_PKG_VERSION"));
}

async fn request_ids_are_exemplars(prometheus: &Prometheus) {
    let exemplars = prometheus.exemplars("api_latency_seconds_bucket{target=\"claude\"}").await;
    assert!(!exemplars.is_empty());
    for exemplar in exemplars {
        let id = exemplar["labels"]["request_id"].as_str().unwrap();
        assert!(id.starts_with("req_"), "{exemplar}");
        let latency: f64 = exemplar["value"].as_str().unwrap().parse().unwrap();
        assert!((0.0..1.0).contains(&latency), "{exemplar}");
    }
}
