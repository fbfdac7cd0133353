//! A real Prometheus that scrapes one address every second, and its query API.

use std::net::SocketAddr;
use std::path::Path;

use api_canary::net;
use serde_json::Value;

use crate::exposition::Samples;
use crate::peers::process::{Peer, local, program, put};
use crate::workspace::wait_for;

/// A running Prometheus.
pub(crate) struct Prometheus {
    peer: Peer,
    address: SocketAddr,
    client: reqwest::Client,
}

impl Prometheus {
    /// Starts one whose only job, `canary`, is the given address.
    pub(crate) async fn start(directory: &Path, scraped: SocketAddr) -> Self {
        Self::start_with(directory, &[scraped], &[]).await
    }

    /// The same with several addresses, or none, and more arguments; what is in `prometheus/data` below the directory is
    /// what it knows from before.
    pub(crate) async fn start_with(directory: &Path, scraped: &[SocketAddr], arguments: &[&str]) -> Self {
        let scraped: Vec<_> = scraped.iter().map(|address| format!("\"{address}\"")).collect();
        let config = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\n\
             scrape_configs:\n  - {{ job_name: canary, static_configs: [ {{ targets: [{}] }} ] }}\n",
            scraped.join(", ")
        );
        // Debug: a scrape that fails is told at that level only.
        let usual = ["--enable-feature=exemplar-storage", "--log.level=debug"];
        Self::of(directory, &config, &[&usual, arguments].concat()).await
    }

    /// Starts one with this config.
    pub(crate) async fn of(directory: &Path, config: &str, arguments: &[&str]) -> Self {
        Self::run(&directory.join("prometheus"), config, "--storage.tsdb.path", arguments).await
    }

    /// Starts one as an agent, which keeps nothing and answers no query, with this config.
    pub(crate) async fn agent(directory: &Path, config: &str) -> Self {
        Self::run(directory, config, "--storage.agent.path", &["--enable-feature=agent"]).await
    }

    async fn run(directory: &Path, config: &str, storage: &str, arguments: &[&str]) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        let config = put(directory, "prometheus.yml", config);
        let (peer, [port]) = Peer::start(directory.join("log"), |[port]| {
            let mut command = program("prometheus");
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("{storage}={}", directory.join("data").display()));
            command.arg(format!("--web.listen-address={}", local(port))).args(arguments);
            command
        })
        .await;
        let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
        let prometheus = Self { peer, address: local(port), client };
        // Its port takes connections before its storage is open; until then every question is answered by 503 in words.
        wait_for("a ready Prometheus", || async {
            let asked = prometheus.client.get(format!("http://{}/-/ready", prometheus.address)).send().await;
            match asked {
                Ok(answer) if answer.status() == 200 => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
        prometheus
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The series of an instant query, each with its labels and its value.
    pub(crate) async fn query(&self, query: &str) -> Vec<(Value, f64)> {
        let data = self.ask("query", &[("query", query)]).await;
        let series = data["result"].as_array().unwrap_or_else(|| panic!("{query}: {data}")).clone();
        let value = |series: &Value| series["value"][1].as_str().unwrap().parse().unwrap();
        series.iter().map(|series| (series["metric"].clone(), value(series))).collect()
    }

    /// The one value of an instant query, if there is any.
    pub(crate) async fn value(&self, query: &str) -> Option<f64> {
        let series = self.query(query).await;
        assert!(series.len() <= 1, "{query}: {series:?}");
        series.first().map(|(_, value)| *value)
    }

    /// The exemplars of a selector in the last minutes.
    pub(crate) async fn exemplars(&self, query: &str) -> Vec<Value> {
        let now = jiff::Timestamp::now().as_second();
        let (start, end) = ((now - 600).to_string(), (now + 60).to_string());
        let data = self.ask("query_exemplars", &[("query", query), ("start", &start), ("end", &end)]).await;
        let series = data.as_array().unwrap().iter();
        series.flat_map(|series| series["exemplars"].as_array().unwrap().clone()).collect()
    }

    /// What it knows of the scraped address.
    pub(crate) async fn target(&self) -> Value {
        self.ask("targets", &[]).await["activeTargets"][0].clone()
    }

    /// Its own metrics.
    pub(crate) async fn own(&self) -> Samples {
        let response = self.client.get(format!("http://{}/metrics", self.address)).send().await.unwrap();
        Samples::read(&response.text().await.unwrap())
    }

    /// The lines of its log about something that went wrong.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.peer.log();
        let wrong = |line: &&str| {
            ["level=warn", "level=error", "Scrape failed", "Append failed", "err="]
                .iter()
                .any(|word| line.contains(word))
        };
        log.lines().filter(wrong).map(str::to_owned).collect()
    }

    /// The whole answer of its API, errors included.
    pub(crate) async fn answer(&self, what: &str, parameters: &[(&str, &str)]) -> Value {
        let request = self.client.get(format!("http://{}/api/v1/{what}", self.address)).query(parameters);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn ask(&self, what: &str, parameters: &[(&str, &str)]) -> Value {
        let answer = self.answer(what, parameters).await;
        assert_eq!(answer["status"], "success", "{what} {parameters:?}: {answer}");
        answer["data"].clone()
    }
}
