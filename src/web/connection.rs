//! One connection to the web port, and how long its client may keep it.
//!
//! Promises: a client that sends half a request, or none, is let go of, so that it cannot use up the descriptors the
//! probes need; one that comes back between scrapes keeps its connection, and so does one that reads a stream of events as
//! long as it takes in what is sent.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::header::{CONNECTION, HeaderValue, USER_AGENT};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until};

use crate::net::{Observed, Observer};

/// How long a client may take to send a request, counted from its first byte, or from the connection's begin.
pub(super) const REQUEST: Duration = Duration::from_secs(10);

/// How long a connection may stay without a new request after an answer, which includes the time to read that: longer
/// than the usual scrape intervals.
pub(super) const IDLE: Duration = Duration::from_secs(300);

/// How long a browser's connection may stay so: it has several, and many browsers come when something is down.
pub(super) const BROWSER_IDLE: Duration = Duration::from_secs(60);

/// With fewer places than this for connections, browsers do not keep theirs after an answer: a scrape and a check of
/// health must get one.
pub(super) const SCARCE: usize = 16;

/// Serves one connection until it ends, its client is too slow, or `stopped` and the request under way is answered.
pub(super) async fn serve(
    stream: TcpStream,
    router: Router,
    mut stopped: watch::Receiver<bool>,
    places: Arc<Semaphore>,
) {
    let patience = Patience::default();
    let router = TowerToHyperService::new(router);
    let told = patience.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        told.set(Phase::Answering);
        let browser =
            request.headers().get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"));
        let (answer, told, places) = (router.call(request), told.clone(), Arc::clone(&places));
        async move {
            let mut answer = answer.await;
            let streams = answer.as_ref().is_ok_and(|answer| answer.extensions().get::<Streams>().is_some());
            told.set(match (streams, browser) {
                (true, _) => Phase::Streaming,
                (false, true) => Phase::BrowserIdle,
                (false, false) => Phase::Idle,
            });
            if let Ok(answer) = &mut answer
                && browser
                && places.available_permits() < SCARCE
            {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            answer
        }
    });
    let io = TokioIo::new(Observed::new(stream, patience.clone()));
    // hyper has a timeout for headers too, but that also ends connections that are idle between two requests.
    let connection = http1::Builder::new().header_read_timeout(None).serve_connection(io, service);
    let mut connection = pin!(connection);
    let mut stopping = false;
    loop {
        let deadline = patience.deadline();
        tokio::select! {
            // An error is the client's: it went away, or sent what is not HTTP, which hyper has answered.
            _ = connection.as_mut() => return,
            // An error means the sender is gone: stop as well.
            _ = stopped.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = sleep_until(deadline) => if patience.deadline() <= Instant::now() {
                return;
            }
        }
    }
}

/// Marks an answer that goes on until its client leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams;

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The rest of a request.
    Reading,
    /// Our own answer.
    Answering,
    /// The client's next request.
    Idle,
    /// The next request of a browser.
    BrowserIdle,
    /// The next piece of an answer that goes on; that there is one shows that the client takes them in.
    Streaming,
}

/// The phase and when it has lasted too long.
#[derive(Debug, Clone)]
struct Patience(Arc<Mutex<(Phase, Instant)>>);

impl Default for Patience {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((Phase::Reading, Instant::now() + REQUEST))))
    }
}

impl Patience {
    fn set(&self, phase: Phase) {
        let limit = match phase {
            Phase::Reading => REQUEST,
            Phase::BrowserIdle => BROWSER_IDLE,
            Phase::Answering | Phase::Idle | Phase::Streaming => IDLE,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (phase, Instant::now() + limit);
    }

    /// Bytes came from the client: while idle, they begin a request.
    fn begun(&self) {
        if matches!(self.phase(), Phase::Idle | Phase::BrowserIdle) {
            self.set(Phase::Reading);
        }
    }

    /// Bytes went to the client.
    fn went_on(&self) {
        if self.phase() == Phase::Streaming {
            self.set(Phase::Streaming);
        }
    }

    fn phase(&self) -> Phase {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn deadline(&self) -> Instant {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

impl Observer for Patience {
    fn came(&mut self, _bytes: &[u8]) {
        self.begun();
    }

    fn went(&mut self, _bytes: usize) {
        self.went_on();
    }
}
