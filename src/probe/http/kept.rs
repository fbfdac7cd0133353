//! A call by an ordinary client, on a connection that it makes and keeps itself.
//!
//! Promises: the request is the journey's, but for `connection: close`; the answer is bounded, read and judged as the
//! journey's is; a call for which a connection had to be made has no phases, since connecting would be inside. Such a
//! client hides the layers: whatever went wrong below HTTP is told as one of the API layer's reasons, by these rules.
//! Too late is `http_timeout`, also where it was the connection that took too long; an answer that is not HTTP is
//! `http_protocol`; our own lack of descriptors or ports is `canary_exhausted`; everything else that leaves no
//! complete answer is `http_reset`: a name without an address, a refused or cut connection, a certificate that did not
//! verify.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Response, Version};
use reqwest::{Body, Client, ClientBuilder, Request};
use tokio::time::{Instant, timeout_at};
use tower::util::MapRequestLayer;

use super::confidence::Confidence;
use super::exchange::{self, Ended, Progress};
use super::stream::Streaming;
use super::verdict::{Over, read_event};
use super::{CallPlan, Channel, failure, judged};
use crate::net::IoTrouble;
use crate::outcome::{ApiEvidence, Connection, Failure, HttpPhases, HttpVersion, Reason, Stage, error_chain};
use crate::provider::Event;
use crate::units::Deadline;

/// A client that counts the connections it makes.
#[derive(Debug)]
pub(in crate::probe) struct KeptClient {
    client: Client,
    begun: Arc<AtomicU64>,
}

impl KeptClient {
    /// A client built so.
    pub(in crate::probe) fn new(builder: ClientBuilder) -> reqwest::Result<Self> {
        let begun = Arc::new(AtomicU64::new(0));
        let counts = Arc::clone(&begun);
        let counted = MapRequestLayer::new(move |request| {
            counts.fetch_add(1, Ordering::Relaxed);
            request
        });
        Ok(Self { client: builder.connector_layer(counted).build()?, begun })
    }

    /// Connections begun so far.
    fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    async fn send(&self, request: Request) -> reqwest::Result<Response<Body>> {
        self.client.execute(request).await.map(Response::from)
    }
}

/// Makes the planned call by this client.
pub(in crate::probe) async fn call_kept(
    client: &KeptClient,
    plan: &CallPlan,
    channel: Channel,
    deadline: Deadline,
) -> Stage<ApiEvidence> {
    let before = client.begun();
    let request = plan.request_kept(channel);
    let confidence = Confidence::of(request.key, request.head.headers());
    let read = |event: Event<'_>| read_event(plan, &confidence, event);
    let max_gap = plan.expectations().max_gap;
    let streaming = plan.is_stream().then_some(Streaming { read: &read, max_gap });
    let mut progress = Progress { streaming, ..Progress::default() };
    let start = Instant::now();
    let ended = match Request::try_from(request.head) {
        Ok(request) => {
            progress.sent = Some(start);
            let exchange = exchange::receive(client.send(request), &mut progress);
            match timeout_at(deadline.at(), exchange).await {
                Ok(Ok(())) => Ended::Complete,
                Ok(Err(error)) => Ended::Broken(of(error, &progress)),
                Err(_) => Ended::TimedOut,
            }
        }
        Err(error) => Ended::Broken(of(error, &progress)),
    };
    let mut evidence = plan.evidence();
    evidence.connection = Connection::Reused;
    evidence.version = progress.head.as_ref().map(|head| match head.version {
        Version::HTTP_2 => HttpVersion::Http2,
        _ => HttpVersion::Http11,
    });
    let fresh = client.begun() != before;
    let came = matches!(ended, Ended::Complete);
    let ended = match ended {
        // Whether it was sent is not known.
        Ended::TimedOut if fresh && progress.head.is_none() => {
            let (shown, waited) = (plan.shown(), start.elapsed().as_secs_f64());
            let words =
                format!("{shown}: no response in {waited:.1} s, in which a connection was to be made too");
            Ended::Broken(Failure::new(Reason::HttpTimeout, words))
        }
        ended => ended,
    };
    let (end, held_up) = (Instant::now(), Duration::ZERO);
    let over = Over { plan, confidence: &confidence, start, end, held_up, deadline };
    let mut stage = judged(over, evidence, progress, ended).stage;
    if let Stage::Passed { evidence, .. } | Stage::Failed { evidence, .. } = &mut stage
        && fresh
    {
        without_times(evidence);
    }
    if let Stage::Failed { failure, .. } = &mut stage
        && !came
    {
        // Says whose failure it is, and where to look.
        failure.detail = format!(
            "an ordinary client that keeps its connection: {}; the journey of this run says more",
            failure.detail
        );
    }
    stage
}

/// Leaves out the times in which the connection was made.
fn without_times(evidence: &mut ApiEvidence) {
    evidence.phases = HttpPhases::default();
    if let Some(stream) = &mut evidence.stream {
        (stream.first_event, stream.first_token, stream.last_token) = (None, None, None);
    }
}

/// What an error of the client means, given how far the call came.
fn of(error: reqwest::Error, progress: &Progress<'_>) -> Failure {
    // The URL may hold a key.
    let error = error.without_url();
    let trouble = find::<io::Error>(&error).map(IoTrouble::of);
    if error.is_timeout() {
        return Failure::new(Reason::HttpTimeout, error_chain(&error));
    }
    match find::<hyper::Error>(&error) {
        Some(broken) if !error.is_connect() => failure::of(broken, progress, trouble),
        _ => {
            let reason = match trouble {
                Some(IoTrouble::Exhausted) => Reason::CanaryExhausted,
                Some(IoTrouble::TimedOut) => Reason::HttpTimeout,
                _ => Reason::HttpReset,
            };
            Failure::new(reason, error_chain(&error))
        }
    }
}

/// The innermost error of a type among the causes; an `io::Error` shows what is inside of it only when asked.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut found = None;
    let mut next = Some(error);
    while let Some(error) = next {
        found = error.downcast_ref::<E>().or(found);
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(payload) => Some(payload),
            None => error.source(),
        };
    }
    found
}
