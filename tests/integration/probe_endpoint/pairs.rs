//! Prometheus servers that scrape `/probe` in pairs, relabelling as for blackbox_exporter.

use std::net::SocketAddr;
use std::path::Path;

use api_canary::net;

use crate::canary::Canary;
use crate::peers::process::{Peer, local, program, put};
use crate::scene::Scene;
use crate::workspace::wait_for;

/// How many scrapes of each server are waited for; it scrapes once a second.
const SCRAPES: f64 = 12.0;

/// `probe.min_interval` in seconds.
const MIN_INTERVAL: f64 = 3.0;

/// A Prometheus server that probes targets through a canary.
struct Server {
    _peer: Peer,
    address: SocketAddr,
    client: reqwest::Client,
}

impl Server {
    async fn start(directory: &Path, name: &str, canary: SocketAddr) -> Self {
        let directory = directory.join(name);
        std::fs::create_dir(&directory).unwrap();
        let config = put(
            &directory,
            "prometheus.yml",
            &format!(
                "global: {{ scrape_interval: 1s, scrape_timeout: 1s, external_labels: {{ replica: {name} }} }}\n\
                 scrape_configs:\n  - job_name: probe\n    metrics_path: /probe\n    params: {{ module: [api] }}\n    \
                 static_configs: [ {{ targets: [good, broken] }} ]\n    relabel_configs:\n      \
                 - {{ source_labels: [__address__], target_label: __param_target }}\n      \
                 - {{ source_labels: [__param_target], target_label: instance }}\n      \
                 - {{ target_label: __address__, replacement: \"{canary}\" }}\n"
            ),
        );
        let (peer, [port]) = Peer::start(directory.join("log"), |[port]| {
            let mut command = program("prometheus");
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--storage.tsdb.path={}", directory.join("data").display()));
            command.arg(format!("--web.listen-address={}", local(port)));
            command
        })
        .await;
        let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
        Self { _peer: peer, address: local(port), client }
    }

    /// The one value of a query, if there is any.
    async fn value(&self, query: &str) -> Option<f64> {
        let url = format!("http://{}/api/v1/query", self.address);
        let answer = self.client.get(url).query(&[("query", query)]).send().await.ok()?;
        let answer: serde_json::Value = answer.json().await.ok()?;
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_of_prometheus_servers_costs_no_more_than_one() {
    let scene = Scene::new().await;
    let targets = [
        scene.target("good", "api", ", interval: 1h"),
        scene.target("broken", "http-500", ", interval: 1h, diagnosis: { follow_ups: false }"),
    ];
    let config = format!("probe: {{ min_interval: 3s }}\n{}", scene.text("timeout: 900ms", &targets));
    let canary = Canary::start(&scene.workspace.write("config.yml", &config)).await;
    let start = tokio::time::Instant::now();
    let directory = scene.workspace.path();
    let servers = [
        Server::start(directory, "a", canary.address()).await,
        Server::start(directory, "b", canary.address()).await,
    ];
    for server in &servers {
        wait_for("scrapes", || async {
            let scrapes = server.value("count_over_time(probe_success{instance=\"good\"}[5m])").await;
            if scrapes >= Some(SCRAPES) { Ok(()) } else { Err(format!("{scrapes:?} scrapes")) }
        })
        .await;
    }
    // As many as one server's questions would have cost, and the first run of the schedule.
    let most = start.elapsed().as_secs_f64() / MIN_INTERVAL + 2.0;
    for (host, least) in [("api", 3), ("http-500", 3)] {
        let requests = scene.requests(host);
        assert!(requests >= least, "{host}: {requests}");
        let requests = f64::from(u32::try_from(requests).unwrap());
        assert!(requests <= most, "{host}: {requests} requests, at most {most}");
    }
    for server in &servers {
        for (query, expected) in [
            ("probe_success{instance=\"good\"}", 1.0),
            ("probe_success{instance=\"broken\"}", 0.0),
            ("probe_http_status_code{instance=\"broken\"}", 500.0),
            ("probe_failure_info{instance=\"broken\",layer=\"api\",reason=\"provider_error\"}", 1.0),
            ("min_over_time(up{job=\"probe\",instance=\"good\"}[5m])", 1.0),
            ("max_over_time(probe_result_age_seconds{instance=\"good\"}[5m]) < bool 3.5", 1.0),
            ("count(probe_ssl_earliest_cert_expiry{job=\"probe\"} - time() > 0)", 2.0),
        ] {
            assert_eq!(server.value(query).await, Some(expected), "{query}");
        }
    }
}
