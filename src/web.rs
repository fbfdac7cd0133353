//! What the program says over HTTP.
//!
//! Promises: handlers only read; a big exposition is rendered and compressed beside the async workers, so that probes'
//! timers keep their time.

mod landing;
mod lifecycle;
mod scrape;

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

pub use lifecycle::{Phase, Readiness};

use crate::metrics::Metrics;

/// Expositions rendered at once; more scrapes than that wait, since each takes a core and twice its text in memory.
const RENDERS: usize = 2;

/// What the handlers share.
#[derive(Debug)]
pub struct WebState {
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// What `/-/ready` shows.
    pub readiness: Arc<Readiness>,
    renders: Semaphore,
}

impl WebState {
    /// The state of a server.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, readiness: Arc<Readiness>) -> Self {
        Self { metrics, readiness, renders: Semaphore::new(RENDERS) }
    }
}

/// All pages.
pub fn router(state: Arc<WebState>) -> Router {
    Router::new()
        .route("/", get(landing::page))
        .route("/metrics", get(scrape::metrics))
        .route("/-/healthy", get(lifecycle::healthy))
        .route("/-/ready", get(lifecycle::ready))
        .fallback(async || (StatusCode::NOT_FOUND, "404: there is no such page.\n"))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(state)
}

/// Serves until `shutdown` ends, then until the requests under way are answered; the caller bounds that.
///
/// # Errors
/// If the listener fails.
pub async fn serve<F>(listener: TcpListener, router: Router, shutdown: F) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

#[cfg(test)]
mod tests;
