//! The bytes of one call: hyper's client connection over the given stream, driven in the caller's own task.
//!
//! What came so far is written into [`Progress`] as it comes, so that nothing is lost when the deadline cuts the
//! exchange off. A stream of events is not kept but read as it comes.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

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
use crate::net::{Arrivals, Observed};
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
    /// When what travels over the connection is written and comes.
    pub(super) arrivals: Arrivals,
    /// When the request was handed to the connection.
    pub(super) sent: Option<Instant>,
    pub(super) head: Option<response::Parts>,
    pub(super) head_at: Option<Instant>,
    pub(super) body: BytesMut,
    pub(super) truncated: bool,
    pub(super) end_at: Option<Instant>,
    /// How long what came until the first token of a stream waited for us: what comes together has one time, that of the
    /// last of it.
    pub(super) late_token: Option<Duration>,
    /// How a stream of events is read, if one is asked for.
    pub(super) streaming: Option<Streaming<'a>>,
    /// The answer's events, if it is a stream of them.
    pub(super) stream: Option<Box<StreamReader<'a>>>,
}

impl Progress<'_> {
    /// The head is there; whether it is that of a stream of events that is to be read as one.
    fn begin(&mut self, head: response::Parts) -> bool {
        let came = self.arrivals.last();
        let sent = self.sent_at().unwrap_or(came);
        let streaming = self.streaming.filter(|_| is_stream(&head));
        self.head = Some(head);
        self.head_at = Some(came);
        self.stream = streaming.map(|streaming| Box::new(StreamReader::new(streaming, sent, came)));
        self.stream.is_some()
    }

    /// When the writing of the request began.
    pub(super) fn sent_at(&self) -> Option<Instant> {
        self.sent.map(|handed| self.arrivals.asked().unwrap_or(handed).max(handed))
    }

    /// How much of the time until the answer was there, or its first token, may have been our own.
    pub(super) fn held_up(&self) -> Duration {
        self.late_token.unwrap_or_else(|| self.arrivals.held_up())
    }

    /// When the exchange was over, now that it has ended so: with the last that came, or now where it is only now that
    /// it is known to have failed.
    pub(super) fn over_at(&self, ended: &Ended) -> Instant {
        let stalled = self.stream.as_ref().is_some_and(|stream| stream.has_stalled());
        match ended {
            Ended::Complete if !stalled => self.arrivals.last(),
            Ended::Complete | Ended::TimedOut | Ended::Broken(_) => Instant::now(),
        }
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
                progress.arrivals.ask();
                progress.sent = Some(Instant::now());
                let response = sender.send_request(request);
                drive(connection, receive(response, progress)).await
            }
            Err(error) => Err(error),
        },
        HttpVersion::Http2 => match http2::Builder::new(TokioExecutor::new()).handshake(io).await {
            Ok((mut sender, connection)) => {
                progress.arrivals.ask();
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
    if progress.begin(head) {
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
    progress.end_at = Some(progress.arrivals.last());
    Ok(())
}

/// Reads a stream until it is over, whatever its connection does then.
async fn follow<B>(mut body: B, progress: &mut Progress<'_>) -> Result<(), B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let Progress { stream: Some(stream), body: kept, truncated, end_at, arrivals, late_token, .. } = progress
    else {
        return Ok(());
    };
    loop {
        let frame = match stream.stalls_at() {
            None => body.frame().await,
            Some(at) => match timeout_at(at, body.frame()).await {
                Ok(frame) => frame,
                Err(_) => {
                    // It may be our turn that comes late, and not the event.
                    tokio::task::yield_now().await;
                    let Some(frame) = body.frame().now_or_never() else {
                        stream.stall();
                        return Ok(());
                    };
                    frame
                }
            },
        };
        let Some(frame) = frame else { return Ok(()) };
        let Ok(data) = frame?.into_data() else { continue };
        *truncated |= !keep(kept, &data, STREAM_LIMIT);
        let came = arrivals.last();
        let over = stream.push(&data, came);
        if late_token.is_none() && stream.has_token() {
            *late_token = Some(arrivals.late_since_asking());
        }
        if over {
            *end_at = Some(came);
            break;
        }
    }
    behind(&mut body, stream, arrivals).await;
    Ok(())
}

/// What has already come behind the end of a stream: it may be the count of tokens. The server's own close is not waited
/// for.
async fn behind<B>(body: &mut B, stream: &mut StreamReader<'_>, arrivals: &Arrivals)
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut waited = false;
    for _ in 0..BEHIND {
        match body.frame().now_or_never() {
            Some(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    stream.push(&data, arrivals.last());
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
