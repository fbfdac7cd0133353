//! What the program says over HTTP.
//!
//! Promises: handlers only read, but for `/probe`, which may have a target walked; clients hold a bounded number of
//! descriptors, whatever they do; what takes a while to be made is made beside the async workers, so that probes'
//! timers keep their time.

mod api;
mod badge;
mod config;
mod connection;
mod discovery;
mod docs;
mod events;
mod lifecycle;
mod pages;
mod probe;
mod render;
mod scrape;
mod shards;

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::X_CONTENT_TYPE_OPTIONS;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

pub use api::{Diagnosed, Diagnoser, Refused};
pub use config::RunningConfig;
pub use lifecycle::{Phase, Readiness};
pub use pages::Around;
pub use probe::{OnDemand, Probed, Probes, Question};
pub use shards::Shards;

use crate::clock;
use crate::history::History;
use crate::metrics::Metrics;
use crate::sinks::{Events, Knowledge};

/// Expositions rendered at once; more scrapes than that wait, since each takes a core and twice its text in memory.
const RENDERS: usize = 2;

/// Connections at once over all listeners; more than that wait to be accepted. Each is a descriptor that the probes
/// cannot have, and a Prometheus server needs one.
pub const CONNECTIONS: usize = 64;

/// How long a client may take to confirm what was sent.
#[cfg(target_os = "linux")]
const GONE: Duration = Duration::from_secs(60);

/// How long to wait after a connection could not be accepted, such as for want of descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// What the pages are made of.
#[derive(Debug)]
pub struct Parts {
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// What `/-/ready` shows.
    pub readiness: Arc<Readiness>,
    /// What `/api/v1/events` tells.
    pub events: Arc<Events>,
    /// All that is known of every target now.
    pub knowledge: Arc<Knowledge>,
    /// What was known of them before.
    pub history: Arc<History>,
    /// Who looks into targets when asked to.
    pub diagnoser: Arc<dyn Diagnoser>,
    /// What `/config` shows.
    pub config: Arc<RunningConfig>,
    /// What surrounds the program.
    pub around: Arc<Around>,
    /// What `/probe` asks.
    pub probes: Probes,
    /// Which targets other canaries watch.
    pub shards: Arc<Shards>,
}

/// What the handlers share.
#[derive(Debug)]
pub struct WebState {
    parts: Parts,
    /// Says when to stop.
    stopped: watch::Receiver<bool>,
    /// Places for expositions that are rendered.
    renders: Arc<Semaphore>,
    /// Places for pages and documents that are made: who looks at an outage keeps no scrape waiting.
    pages: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    /// Tells this run of the program from others: revisions begin anew with it.
    run: Arc<str>,
}

impl WebState {
    /// The state of a server that serves until `stopped` says so.
    #[must_use]
    pub fn new(parts: Parts, stopped: watch::Receiver<bool>) -> Self {
        Self {
            parts,
            stopped,
            renders: Arc::new(Semaphore::new(RENDERS)),
            pages: Arc::new(Semaphore::new(render::PAGES)),
            connections: Arc::new(Semaphore::new(CONNECTIONS)),
            streams: Arc::new(Semaphore::new(events::STREAMS)),
            run: format!("{:x}", clock::unix_seconds(clock::wall()).to_bits()).into(),
        }
    }
}

impl Deref for WebState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "404: there is no such page.\n")
}

/// Has browsers take every answer for what it says it is: errors, too, hold what was asked for.
async fn unsniffed(mut response: Response) -> Response {
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Text in HTML that is nothing but text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// All pages.
pub fn router(state: Arc<WebState>) -> Router {
    Router::new()
        .route("/", get(pages::overview))
        .route("/cards", get(pages::cards))
        .route("/updates", get(events::updates))
        .route("/metrics", get(scrape::metrics))
        .route("/sd", get(discovery::targets))
        .route("/probe", get(probe::probe))
        .route("/docs/{page}", get(docs::page))
        .route("/targets/{name}", get(pages::target))
        .route("/targets/{name}/report.md", get(pages::report))
        .route("/assets/{name}", get(pages::asset))
        .route("/favicon.ico", get(pages::icon))
        .route("/badge/{file}", get(badge::badge))
        .route("/config", get(config::config))
        .merge(api::router())
        .route("/-/healthy", get(lifecycle::healthy))
        .route("/-/ready", get(lifecycle::ready))
        .fallback(async || not_found())
        .layer(map_response(unsniffed))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(state)
}

/// Serves until the state says to stop, then until the requests under way are answered; the caller bounds that.
pub async fn serve(listener: TcpListener, state: Arc<WebState>) {
    let mut stopped = state.stopped.clone();
    let connections = Arc::clone(&state.connections);
    let router = router(state);
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            // An error means the sender is gone: stop as well.
            _ = stopped.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        match accepted {
            Ok((stream, permit)) => {
                let serving =
                    connection::serve(stream, router.clone(), stopped.clone(), Arc::clone(&connections));
                open.spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
            // The client went away before we looked.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
        while open.try_join_next().is_some() {}
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    give_up_on_the_gone(&stream);
    Ok((stream, permit))
}

/// Has the system end the connection of a client that does not confirm what was sent: what is sent to one that went away
/// without a word would be taken in for many minutes, and so its place with it.
fn give_up_on_the_gone(stream: &TcpStream) {
    // Should the option fail, such a client only stays for longer.
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(GONE));
}

#[cfg(test)]
mod tests;
