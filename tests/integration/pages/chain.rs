//! Prometheus and Alertmanager with the files of `alerts/`, on a clock that runs faster.

use std::net::SocketAddr;
use std::path::Path;

use api_canary::{demo, net, rules};
use serde_json::Value;

use crate::peers::process::{Peer, local, program, put};
use crate::workspace::wait_for;

/// The two of them, running.
pub(super) struct Chain {
    prometheus: Peer,
    alertmanager: Peer,
    address: SocketAddr,
    client: reqwest::Client,
}

impl Chain {
    /// Starts them: the canaries are scraped, and whatever the routing leads to is the webhook.
    pub(super) async fn start(
        workspace: &Path,
        canaries: &[SocketAddr],
        webhook: SocketAddr,
        faster: f64,
    ) -> Self {
        let directory = workspace.join("chain");
        std::fs::create_dir(&directory).unwrap();
        let routing = std::fs::read_to_string("alerts/alertmanager.yml").unwrap();
        let routing = put(&directory, "alertmanager.yml", &demo::routing(&routing, webhook));
        let name =
            if installed("prometheus-alertmanager") { "prometheus-alertmanager" } else { "alertmanager" };
        let (alertmanager, [alerts]) = Peer::start(directory.join("alertmanager.log"), |[port]| {
            let mut command = program(name);
            command.arg(format!("--config.file={}", routing.display()));
            command.arg(format!("--storage.path={}", directory.join("alertmanager").display()));
            command.arg(format!("--web.listen-address={}", local(port)));
            command.arg("--cluster.listen-address=");
            command
        })
        .await;

        for file in std::fs::read_dir("alerts").unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.ends_with(".rules.yml") {
                let text = std::fs::read_to_string(&path).unwrap();
                put(&directory, name, &rules::compressed(&text, faster));
            }
        }
        let canaries: Vec<_> = canaries.iter().map(|address| format!("\"{address}\"")).collect();
        let config = put(
            &directory,
            "prometheus.yml",
            &format!(
                "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n\
                 rule_files: [\"*.rules.yml\"]\n\
                 alerting: {{ alertmanagers: [ {{ static_configs: [ {{ targets: [\"{}\"] }} ] }} ] }}\n\
                 scrape_configs:\n  - {{ job_name: api-canary, static_configs: [ {{ targets: [{}] }} ] }}\n",
                local(alerts),
                canaries.join(", ")
            ),
        );
        let (prometheus, [port]) = Peer::start(directory.join("prometheus.log"), |[port]| {
            let mut command = program("prometheus");
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--storage.tsdb.path={}", directory.join("prometheus").display()));
            command.arg(format!("--web.listen-address={}", local(port)));
            command
        })
        .await;
        let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
        Self { prometheus, alertmanager, address: local(port), client }
    }

    /// Waits until an instant query has this one value.
    pub(super) async fn wait_for_value(&self, query: &str, wanted: f64) {
        let url = format!("http://{}/api/v1/query", self.address);
        wait_for(query, || async {
            let answer = self.client.get(&url).query(&[("query", query)]).send().await.unwrap();
            let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
            let value = answer["data"]["result"][0]["value"][1].as_str().map(str::parse::<f64>);
            if value == Some(Ok(wanted)) { Ok(()) } else { Err(answer.to_string()) }
        })
        .await;
    }

    /// What they complained of.
    pub(super) fn complaints(&self) -> Vec<String> {
        let logs = [self.prometheus.log(), self.alertmanager.log()].join("\n");
        let wrong = |line: &&str| line.contains("level=warn") || line.contains("level=error");
        logs.lines().filter(wrong).map(str::to_owned).collect()
    }
}

fn installed(name: &str) -> bool {
    Path::new("/usr/bin").join(name).is_file()
}
