//! The bytes of one call: hyper's client connection over the given stream, driven in the caller's own task.
//!
//! What came so far is written into [`Progress`] as it comes, so that nothing is lost when the deadline cuts the
//! exchange off. A stream of events is not kept but read as it comes.

use std::future::Future;
use std::pin::pin;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use futures_util::future::OptionFuture;
use http::{Request, response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use super::failure;
use super::stream::{StreamReader, Streaming, is_stream};
use super::watch::Witness;
use crate::net::Observed;
use crate::outcome::{Failure, HttpVersion};

/// How much of a body is read.
const BODY_LIMIT: usize = 1024 * 1024;

/// How much is kept of a stream of events.
const STREAM_LIMIT: usize = 4 * 1024;

/// How many chunks behind the end of a stream are looked at.
const BEHIND: usize = 8;

/// How much of an HTTP/1.1 head is read; an HTTP/2 head is bounded by hyper at 16 KiB.
pub(super) const HEAD_LIMIT: usize = 256 * 1024;

/// How far the exchange came.
#[derive(Debug, Default)]
pub(super) struct Progress<'a> {
    /// When the request was handed to the connection.
    pub(super) sent: Option<Instant>,
    pub(super) head: Option<response::Parts>,
    pub(super) head_at: Option<Instant>,
    pub(super) body: BytesMut,
    pub(super) truncated: bool,
    pub(super) end_at: Option<Instant>,
    /// How a stream of events is read, if one is asked for.
    pub(super) streaming: Option<Streaming<'a>>,
    /// The answer's events, if it is a stream of them.
    pub(super) stream: Option<Box<StreamReader<'a>>>,
}

impl Progress<'_> {
    /// The head is there; whether it is that of a stream of events that is to be read as one.
    fn begin(&mut self, head: response::Parts, now: Instant) -> bool {
        let streaming = self.streaming.filter(|_| is_stream(&head));
        self.head = Some(head);
        self.head_at = Some(now);
        self.stream =
            streaming.map(|streaming| Box::new(StreamReader::new(streaming, self.sent.unwrap_or(now), now)));
        self.stream.is_some()
    }
}

/// How the exchange ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The answer is complete, or longer than what is read of one, or a stream that need not be read on.
    Complete,
    /// The deadline passed.
    TimedOut,
    /// It broke.
    Broken(Failure),
}

/// Sends the request and reads the answer, as a stream if it is one and one is asked for.
pub(super) async fn run<S>(
    stream: S,
    request: Request<Bytes>,
    version: HttpVersion,
    progress: &mut Progress<'_>,
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
pub(super) async fn drive<C, X>(connection: C, exchange: X) -> Result<(), hyper::Error>
where
    C: Future<Output = Result<(), hyper::Error>>,
    X: Future<Output = Result<(), hyper::Error>>,
{
    let mut connection = pin!(OptionFuture::from(Some(connection)));
    let mut exchange = pin!(exchange);
    tokio::select! {
        biased;
        result = &mut exchange => result,
        Some(ended) = &mut connection => {
            // A request that it has not taken yet is canceled only when it is gone.
            connection.set(None.into());
            // The connection is over; what it already delivered is still to be read, and its own error says more than
            // "canceled".
            match (exchange.await, ended) {
                (Err(error), Err(cause)) if error.is_canceled() => Err(cause),
                (result, _) => result,
            }
        }
    }
}

/// Reads the answer, over whoever's connection it comes.
pub(super) async fn receive<R, B>(response: R, progress: &mut Progress<'_>) -> Result<(), B::Error>
where
    R: Future<Output = Result<http::Response<B>, B::Error>>,
    B: Body<Data = Bytes> + Unpin,
{
    let (head, mut body) = response.await?.into_parts();
    if progress.begin(head, Instant::now()) {
        // Boxed, so that other calls do not carry its room.
        return Box::pin(follow(body, progress)).await;
    }
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data()
            && !keep(&mut progress.body, &data, BODY_LIMIT)
        {
            // Not the end of the response, so there is no time of it.
            progress.truncated = true;
            return Ok(());
        }
    }
    progress.end_at = Some(Instant::now());
    Ok(())
}

/// Reads a stream until it is over, whatever its connection does then.
async fn follow<B>(mut body: B, progress: &mut Progress<'_>) -> Result<(), B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let Progress { stream: Some(stream), body: kept, truncated, end_at, .. } = progress else {
        return Ok(());
    };
    loop {
        let frame = match stream.stalls_at() {
            None => body.frame().await,
            Some(at) => match timeout_at(at, body.frame()).await {
                Ok(frame) => frame,
                Err(_) => {
                    stream.stall();
                    return Ok(());
                }
            },
        };
        let Some(frame) = frame else { return Ok(()) };
        let Ok(data) = frame?.into_data() else { continue };
        *truncated |= !keep(kept, &data, STREAM_LIMIT);
        let now = Instant::now();
        if stream.push(&data, now) {
            *end_at = Some(now);
            break;
        }
    }
    behind(&mut body, stream).await;
    Ok(())
}

/// What has already come behind the end of a stream: it may be the count of tokens. The server's own close is not waited
/// for.
async fn behind<B>(body: &mut B, stream: &mut StreamReader<'_>)
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut waited = false;
    for _ in 0..BEHIND {
        match body.frame().now_or_never() {
            Some(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    stream.push(&data, Instant::now());
                }
            }
            Some(Some(Err(_)) | None) => return,
            None if waited => return,
            None => {
                // The connection's turn, to hand on what has arrived.
                waited = true;
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Keeps as much of `data` as there is room for; whether that is all of it.
fn keep(kept: &mut BytesMut, data: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(kept.len());
    kept.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
    data.len() <= room
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_request_to_a_connection_that_has_just_ended_is_not_waited_for() {
        let (ours, theirs) = tokio::io::duplex(4096);
        let builder = http2::Builder::new(TokioExecutor::new());
        let (mut sender, connection) = builder.handshake(TokioIo::new(ours)).await.unwrap();
        drop(theirs);
        // The task that reads finds out before the request is taken.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let request = Request::get("http://api.test/").body(Full::<Bytes>::default()).unwrap();
        let mut progress = Progress::default();
        let response = sender.send_request(request);
        let exchange = drive(connection, receive(response, &mut progress));
        assert!(timeout(Duration::from_secs(10), exchange).await.unwrap().is_err());
    }
}
