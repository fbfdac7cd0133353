//! The bytes of one call: hyper's client connection over the given stream, driven in the caller's own task.
//!
//! What came so far is written into [`Progress`] as it comes, so that nothing is lost when the deadline cuts the
//! exchange off.

use std::future::Future;
use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::{Request, response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::failure;
use super::watch::Witness;
use crate::net::Observed;
use crate::outcome::{Failure, HttpVersion};

/// How much of a body is read.
const BODY_LIMIT: usize = 1024 * 1024;

/// How much of an HTTP/1.1 head is read; an HTTP/2 head is bounded by hyper at 16 KiB.
const HEAD_LIMIT: usize = 256 * 1024;

/// How far the exchange came.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// When the request was handed to the connection.
    pub(super) sent: Option<Instant>,
    pub(super) head: Option<response::Parts>,
    pub(super) head_at: Option<Instant>,
    pub(super) body: BytesMut,
    pub(super) truncated: bool,
    pub(super) end_at: Option<Instant>,
}

/// How the exchange ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The answer is complete, or longer than what is read of one.
    Complete,
    /// The deadline passed.
    TimedOut,
    /// It broke.
    Broken(Failure),
}

/// Sends the request and reads the answer.
pub(super) async fn run<S>(
    stream: S,
    request: Request<Bytes>,
    version: HttpVersion,
    progress: &mut Progress,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = request.map(Full::new);
    let witness = Witness::default();
    let io = TokioIo::new(Observed::new(stream, witness.clone()));
    let result = match version {
        HttpVersion::Http11 => match http1::Builder::new().max_buf_size(HEAD_LIMIT).handshake(io).await {
            Ok((mut sender, connection)) => {
                progress.sent = Some(Instant::now());
                let response = sender.send_request(request);
                drive(connection, receive(response, progress)).await
            }
            Err(error) => Err(error),
        },
        HttpVersion::Http2 => match http2::Builder::new(TokioExecutor::new()).handshake(io).await {
            Ok((mut sender, connection)) => {
                progress.sent = Some(Instant::now());
                let response = sender.send_request(request);
                drive(connection, receive(response, progress)).await
            }
            Err(error) => Err(error),
        },
    };
    match result {
        Ok(()) => Ended::Complete,
        Err(error) => Ended::Broken(failure::of(&error, progress, witness.seen())),
    }
}

/// Drives the connection for as long as the exchange needs it.
async fn drive<C, X>(connection: C, exchange: X) -> Result<(), hyper::Error>
where
    C: Future<Output = Result<(), hyper::Error>>,
    X: Future<Output = Result<(), hyper::Error>>,
{
    let mut connection = pin!(connection);
    let mut exchange = pin!(exchange);
    tokio::select! {
        biased;
        result = &mut exchange => result,
        ended = &mut connection => {
            // The connection is over; what it already delivered is still to be read, and its own error says more than
            // "canceled".
            match (exchange.await, ended) {
                (Err(error), Err(cause)) if error.is_canceled() => Err(cause),
                (result, _) => result,
            }
        }
    }
}

async fn receive<R>(response: R, progress: &mut Progress) -> Result<(), hyper::Error>
where
    R: Future<Output = Result<http::Response<Incoming>, hyper::Error>>,
{
    let response = response.await?;
    progress.head_at = Some(Instant::now());
    let (head, mut body) = response.into_parts();
    progress.head = Some(head);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            let room = BODY_LIMIT - progress.body.len();
            progress.body.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
            if data.len() > room {
                // Not the end of the response, so there is no time of it.
                progress.truncated = true;
                return Ok(());
            }
        }
    }
    progress.end_at = Some(Instant::now());
    Ok(())
}
