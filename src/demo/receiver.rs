//! Where Alertmanager sends what people are paged with, as it would to a pager.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::{Json, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::DemoError;

/// Pages that wait to be told; more at once are not told.
const WAITING: usize = 256;

/// The alert that always fires, so that its absence shows a broken chain; nobody is paged with it.
const WATCHDOG: &str = "ApiCanaryWatchdog";

/// What makes an alert this one.
pub(super) type Labels = BTreeMap<String, String>;

/// One alert, as it begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) labels: Labels,
    pub(super) is_over: bool,
    /// What it says of itself.
    pub(super) summary: Option<String>,
    /// Where it is written what to do.
    pub(super) runbook: Option<String>,
}

/// What Alertmanager sends.
#[derive(Debug, Deserialize)]
struct Notification {
    alerts: Vec<Alert>,
}

#[derive(Debug, Deserialize)]
struct Alert {
    status: String,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Page {
    fn of(mut alert: Alert) -> Self {
        let [summary, runbook] = ["summary", "runbook_url"].map(|name| alert.annotations.remove(name));
        Self { labels: alert.labels, is_over: alert.status == "resolved", summary, runbook }
    }

    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }
}

/// Whether an alert with these labels wakes somebody.
pub(super) fn is_urgent(labels: &Labels) -> bool {
    labels.get("severity").is_some_and(|severity| severity == "critical")
}

/// Listens on loopback; where, what it receives, and its task, which ends with what it is in.
pub(super) async fn listen() -> Result<(SocketAddr, mpsc::Receiver<Page>, JoinSet<()>), DemoError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(DemoError::Listen)?;
    let address = listener.local_addr().map_err(DemoError::Listen)?;
    let (tell, told) = mpsc::channel(WAITING);
    // Whatever path a receiver of the example has.
    let router = axum::Router::new().fallback(receive).with_state(tell);
    let mut task = JoinSet::new();
    task.spawn(async move {
        // It never ends by itself.
        let _ = axum::serve(listener, router).await;
    });
    Ok((address, told, task))
}

async fn receive(
    State(tell): State<mpsc::Sender<Page>>,
    Json(notification): Json<Notification>,
) -> StatusCode {
    for alert in notification.alerts {
        let page = Page::of(alert);
        if page.label("alertname") != Some(WATCHDOG) {
            // Where so many wait, nobody reads.
            let _ = tell.try_send(page);
        }
    }
    StatusCode::OK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_alertmanager_sends_is_received_on_any_path_and_the_watchdog_is_not_told() {
        let (address, mut told, _task) = listen().await.unwrap();
        let client = crate::net::client(crate::net::public_tls().unwrap()).no_proxy().build().unwrap();
        let alert = |name: &str, status: &str| {
            serde_json::json!({
                "status": status,
                "labels": {"alertname": name, "target": "t", "layer": "dns", "severity": "critical"},
                "annotations": {"summary": "Broken.", "runbook_url": "http://docs/"},
            })
        };
        let alerts = [alert(WATCHDOG, "firing"), alert("A", "firing"), alert("A", "resolved")];
        let body = serde_json::json!({"version": "4", "alerts": alerts}).to_string();
        let request = client.post(format!("http://{address}/x/y")).header("content-type", "application/json");
        assert_eq!(request.body(body).send().await.unwrap().status(), 200);
        let (begun, ended) = (told.recv().await.unwrap(), told.recv().await.unwrap());
        assert!(is_urgent(&begun.labels) && !begun.is_over && ended.is_over);
        assert_eq!(ended.labels, begun.labels);
        assert_eq!((begun.label("layer"), begun.summary.as_deref()), (Some("dns"), Some("Broken.")));
        assert_eq!(begun.runbook.as_deref(), Some("http://docs/"));
    }
}
