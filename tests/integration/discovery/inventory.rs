//! A source of targets: says what it is told to say, with an ETag, and remembers what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

#[derive(Default)]
struct Said {
    status: u16,
    body: String,
    revision: u64,
    unchanged: usize,
    tokens: Vec<String>,
}

/// A source that listens on loopback.
pub(crate) struct Inventory {
    address: SocketAddr,
    said: Arc<Mutex<Said>>,
    server: tokio::task::JoinHandle<()>,
}

impl Inventory {
    /// Starts one with an empty list.
    pub(crate) async fn start() -> Self {
        let said = Arc::new(Mutex::new(Said { status: 200, body: "[]".to_owned(), ..Said::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/targets", get(targets))
            .route("/healthz", get(async || "fine\n"))
            .with_state(Arc::clone(&said));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, said, server }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/targets", self.address)
    }

    /// What it answers from now on; the body of a redirect is where it leads.
    pub(crate) fn say(&self, status: u16, body: &str) {
        let mut said = self.said.lock().unwrap();
        (said.status, said.body) = (status, body.to_owned());
        said.revision += 1;
    }

    /// How often it said that nothing changed.
    pub(crate) fn unchanged(&self) -> usize {
        self.said.lock().unwrap().unchanged
    }

    /// The credentials of every request.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.said.lock().unwrap().tokens.clone()
    }
}

impl Drop for Inventory {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn targets(State(said): State<Arc<Mutex<Said>>>, headers: HeaderMap) -> Response {
    let mut said = said.lock().unwrap();
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    said.tokens.push(header("authorization"));
    let etag = format!("\"{}\"", said.revision);
    let status = StatusCode::from_u16(said.status).unwrap();
    if status == StatusCode::OK && header("if-none-match") == etag {
        said.unchanged += 1;
        return StatusCode::NOT_MODIFIED.into_response();
    }
    if status.is_redirection() {
        return (status, [("location", said.body.clone())]).into_response();
    }
    (status, [("etag", etag)], said.body.clone()).into_response()
}
