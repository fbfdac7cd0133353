//! Whoever pages: a Prometheus with the alerts of this program, an Alertmanager with its example of a routing, and where
//! that sends to, all of it at the pace of the demo.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::DemoError;
use super::program::{Program, find, first_page};
use super::receiver::{self, Page};
use super::world::World;
use crate::rules::{self, Substitution};

/// The example of a routing that people start from.
const ROUTING: &str = include_str!("../../alerts/alertmanager.yml");

/// How many times faster than real life alerts are.
const FASTER: f64 = 30.0;

/// How Alertmanager gathers alerts in the demo, in place of what the example says.
const PACE: [(&str, &str); 3] = [("group_wait", "1s"), ("group_interval", "2s"), ("repeat_interval", "4h")];

/// Where a Prometheus shows its alerts: Debian's has the old interface only.
const ALERTS_PAGES: [&str; 2] = ["/alerts", "/classic/alerts"];

/// Where the programs are.
#[derive(Debug)]
pub(super) struct Programs {
    prometheus: PathBuf,
    alertmanager: PathBuf,
}

/// The two of them, running.
#[derive(Debug)]
pub(super) struct Running {
    prometheus: Program,
    alertmanager: Program,
}

/// Whoever pages.
#[derive(Debug)]
pub(super) struct Pager {
    pub(super) programs: Running,
    /// What somebody is paged with.
    pub(super) pages: mpsc::Receiver<Page>,
    links: [String; 2],
    /// Receives them; ends with this value.
    _receiver: JoinSet<()>,
}

impl Programs {
    /// Looks for them.
    pub(super) fn find(places: &[PathBuf]) -> Result<Self, DemoError> {
        let prometheus = find(&["prometheus"], places);
        let alertmanager = find(&["alertmanager", "prometheus-alertmanager"], places);
        match (prometheus, alertmanager) {
            (Some(prometheus), Some(alertmanager)) => Ok(Self { prometheus, alertmanager }),
            (prometheus, alertmanager) => {
                let missing = [
                    prometheus.is_none().then_some("`prometheus`"),
                    alertmanager.is_none().then_some("`alertmanager` (or `prometheus-alertmanager`)"),
                ];
                let missing: Vec<_> = missing.into_iter().flatten().collect();
                Err(DemoError::Missing { missing: missing.join(" and ") })
            }
        }
    }
}

impl Running {
    /// Waits until one of them has ended, which neither should.
    pub(super) async fn ended(&mut self) -> DemoError {
        tokio::select! {
            error = self.prometheus.ended() => error,
            error = self.alertmanager.ended() => error,
        }
    }
}

impl Pager {
    /// Starts them; Prometheus scrapes the canary.
    pub(super) async fn start(
        programs: &Programs,
        world: &World,
        canary: SocketAddr,
    ) -> Result<Self, DemoError> {
        let (receiver, pages, task) = receiver::listen().await?;
        let directory = world.path();
        let config = world.write("alertmanager.yml", &routing(ROUTING, receiver))?;
        let storage = directory.join("alertmanager");
        let arguments = |address| {
            vec![
                format!("--config.file={}", config.display()),
                format!("--storage.path={}", storage.display()),
                format!("--web.listen-address={address}"),
                format!("--web.external-url=http://{address}/"),
                // There is one of it, which need not be found by others.
                "--cluster.listen-address=".to_owned(),
            ]
        };
        let (alertmanager, alerts) =
            Program::start("alertmanager", &programs.alertmanager, directory, arguments).await?;

        let docs_url = format!("http://{canary}");
        let rules = rules::bundled(&Substitution { docs_url, ..Substitution::default() });
        world.write("api-canary.rules.yml", &rules::compressed(&rules, FASTER))?;
        let config = world.write("prometheus.yml", &scraping(canary, alerts))?;
        let storage = directory.join("prometheus");
        let arguments = |address| {
            vec![
                format!("--config.file={}", config.display()),
                format!("--storage.tsdb.path={}", storage.display()),
                format!("--web.listen-address={address}"),
                format!("--web.external-url=http://{address}/"),
            ]
        };
        let started = Program::start("prometheus", &programs.prometheus, directory, arguments).await;
        let (prometheus, scrapes) = match started {
            Ok(started) => started,
            Err(error) => {
                alertmanager.stop().await;
                return Err(error);
            }
        };
        let shown = first_page(scrapes, &ALERTS_PAGES).await.unwrap_or("/");
        let programs = Running { prometheus, alertmanager };
        let links = [format!("http://{scrapes}{shown}"), format!("http://{alerts}/")];
        Ok(Self { programs, pages, links, _receiver: task })
    }

    /// Where to look at Prometheus and at Alertmanager.
    pub(super) fn links(&self) -> &[String; 2] {
        &self.links
    }

    pub(super) async fn stop(self) {
        let Running { prometheus, alertmanager } = self.programs;
        tokio::join!(prometheus.stop(), alertmanager.stop());
    }
}

/// The config of Prometheus.
fn scraping(canary: SocketAddr, alertmanager: SocketAddr) -> String {
    format!(
        "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n\
         rule_files: [api-canary.rules.yml]\n\
         alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: [\"{alertmanager}\"] }}] }}] }}\n\
         scrape_configs:\n  - {{ job_name: api-canary, static_configs: [{{ targets: [\"{canary}\"] }}] }}\n"
    )
}

/// An Alertmanager's config with every webhook's URL at this address, its path as it was, and waits of a second or two in place
/// of its own.
#[must_use]
pub fn routing(text: &str, receiver: SocketAddr) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(&routed(line, receiver).unwrap_or_else(|| line.to_owned()));
        out.push('\n');
    }
    out
}

/// A line of it where it is one to change.
fn routed(line: &str, receiver: SocketAddr) -> Option<String> {
    let (key, _) = line.split_once(':')?;
    let name = key.trim_start_matches([' ', '-']);
    if name.starts_with('#') {
        return None;
    }
    if let Some((_, pace)) = PACE.iter().find(|(known, _)| *known == name) {
        return Some(format!("{key}: {pace}"));
    }
    // A key of its own line, or one in braces.
    let at = line.find("url:").filter(|at| {
        let before = line.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with([' ', '{'])
    })?;
    let (before, url) = line.split_at(at);
    let (_, place) = url.split_once("://")?;
    let end = place.find([' ', '\'', '"', ',', '}']).unwrap_or(place.len());
    let (place, after) = place.split_at(end);
    let path = place.split_once('/').map_or("", |(_, path)| path);
    Some(format!("{before}url: \"http://{receiver}/{path}\"{}", after.trim_start_matches(['\'', '"'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_leads_to_the_receiver_at_the_pace_of_the_demo() {
        let text = "route:\n  # group_wait: as it was\n  group_wait: 30s # why\n  receiver: a\nreceivers:\n  - name: a\n    \
                    webhook_configs: [{ url: 'http://pager.example:9/x/y', send_resolved: false }]\n  - name: b\n    \
                    webhook_configs:\n      - url: http://b\n        max_alerts: 0\n";
        let receiver = "127.0.0.1:5".parse().unwrap();
        assert_eq!(
            routing(text, receiver),
            "route:\n  # group_wait: as it was\n  group_wait: 1s\n  receiver: a\nreceivers:\n  - name: a\n    \
             webhook_configs: [{ url: \"http://127.0.0.1:5/x/y\", send_resolved: false }]\n  - name: b\n    \
             webhook_configs:\n      - url: \"http://127.0.0.1:5/\"\n        max_alerts: 0\n"
        );
    }

    #[test]
    fn the_example_of_a_routing_has_a_pace_and_leads_somewhere() {
        let text = routing(ROUTING, "127.0.0.1:5".parse().unwrap());
        for known in
            ["group_wait: 1s", "group_interval: 2s", "repeat_interval: 4h", "url: \"http://127.0.0.1:5/"]
        {
            assert!(text.contains(known), "{known} is not in {text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Programs::find(&[PathBuf::from("/nowhere")]).unwrap_err().to_string();
        assert!(error.contains("`prometheus` and `alertmanager`") && error.contains("Debian"), "{error}");
    }
}
