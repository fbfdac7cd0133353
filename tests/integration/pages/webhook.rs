//! A webhook as Alertmanager calls it: writes down each beginning and end of an alert once.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::extract::{Json, State};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Instant, timeout_at};

/// One alert of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    status: String,
    labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    starts_at: String,
}

#[derive(Debug, Deserialize)]
struct Notification {
    alerts: Vec<Alert>,
}

/// What receives them.
pub(super) struct Webhook {
    pub(super) address: SocketAddr,
    arriving: mpsc::UnboundedReceiver<(Alert, Instant)>,
    arrived: Vec<(Alert, Instant)>,
    _server: JoinSet<()>,
}

impl Alert {
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    pub(super) fn is_resolved(&self) -> bool {
        self.status == "resolved"
    }

    /// Whether it is the same beginning or end as another, told again.
    fn repeats(&self, other: &Self) -> bool {
        let of = |alert: &Self| (alert.status.clone(), alert.labels.clone(), alert.starts_at.clone());
        of(self) == of(other)
    }
}

impl Webhook {
    pub(super) async fn listen() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, arriving) = mpsc::unbounded_channel();
        let router = axum::Router::new().fallback(receive).with_state(tell);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, arriving, arrived: Vec::new(), _server: server }
    }

    /// Waits for the beginning or the end of an alert of a target; it, and when it arrived.
    pub(super) async fn wait(&mut self, until: Instant, target: &str, end: bool) -> (Alert, Instant) {
        let is_it = |alert: &Alert| {
            alert.label("target") == Some(target)
                && alert.is_resolved() == end
                && alert.label("severity") != Some("info")
        };
        loop {
            if let Some(found) = self.arrived.iter().find(|(alert, _)| is_it(alert)) {
                return found.clone();
            }
            let Ok(next) = timeout_at(until, self.arriving.recv()).await else {
                panic!("nothing in time of {target} (its end: {end}); arrived: {:#?}", self.arrived);
            };
            self.note(next.unwrap());
        }
    }

    /// Everything that arrived.
    pub(super) fn all(&mut self) -> Vec<Alert> {
        while let Ok(next) = self.arriving.try_recv() {
            self.note(next);
        }
        self.arrived.iter().map(|(alert, _)| alert.clone()).collect()
    }

    fn note(&mut self, (alert, at): (Alert, Instant)) {
        // A notification holds all of its group, also what was told before.
        if !self.arrived.iter().any(|(known, _)| alert.repeats(known)) {
            self.arrived.push((alert, at));
        }
    }
}

async fn receive(
    State(tell): State<mpsc::UnboundedSender<(Alert, Instant)>>,
    Json(notification): Json<Notification>,
) {
    for alert in notification.alerts {
        let _ = tell.send((alert, Instant::now()));
    }
}
