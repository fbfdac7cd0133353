//! The same call twice on one connection, with silence between: what becomes of a connection that is kept.
//!
//! Promises: the connection is watched while it is silent, so that an end by the rules, which any server may make, is told
//! from a cut; both calls are read to the end, and only whether an answer came is judged, not what it says.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{Fuse, FusedFuture as _};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, timeout};

use super::exchange::{HEAD_LIMIT, Progress, drive, receive};
use super::watch::Witness;
use super::{CallPlan, Channel, failure};
use crate::net::{IoTrouble, Observed};
use crate::outcome::{Failure, HttpVersion, Reason};

/// How the second call went.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::probe) enum Again {
    /// It was answered.
    Answered,
    /// The connection was of no use any more, and nobody had said so.
    Failed(Failure),
    /// It could not be made; why.
    Unknown(String),
}

/// Makes the planned call over `stream`, which it keeps silent for so long, and makes it again; each may take `patience`.
pub(in crate::probe) async fn call_again<S>(
    stream: S,
    plan: &CallPlan,
    version: HttpVersion,
    channel: Channel,
    patience: Duration,
    held: Duration,
) -> Again
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let witness = Witness::default();
    let io = TokioIo::new(Observed::new(stream, witness.clone()));
    let calls = Calls { plan, version, channel, patience, held, witness };
    let made = match version {
        HttpVersion::Http11 => match http1::Builder::new().max_buf_size(HEAD_LIMIT).handshake(io).await {
            Ok((sender, connection)) => Ok(calls.make(Sender::Http1(sender), connection).await),
            Err(error) => Err(error),
        },
        HttpVersion::Http2 => match http2::Builder::new(TokioExecutor::new()).handshake(io).await {
            Ok((sender, connection)) => Ok(calls.make(Sender::Http2(sender), connection).await),
            Err(error) => Err(error),
        },
    };
    made.unwrap_or_else(|error| Again::Unknown(format!("no call could be made: {error}")))
}

/// Whatever takes requests.
enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Sender {
    /// Sends when the connection is ready for it.
    async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}

/// Two calls to make.
struct Calls<'a> {
    plan: &'a CallPlan,
    version: HttpVersion,
    channel: Channel,
    patience: Duration,
    held: Duration,
    witness: Witness,
}

/// How one call went.
enum Went {
    Answered,
    TimedOut,
    /// It broke; whether the server ended the connection as it may.
    Broken(Failure, bool),
}

impl Calls<'_> {
    async fn make<C>(&self, mut sender: Sender, connection: C) -> Again
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let mut connection = pin!(connection.fuse());
        let shown = self.plan.shown();
        match self.one(&mut sender, connection.as_mut()).await {
            Went::Answered => {}
            Went::TimedOut => {
                let waited = self.patience.as_secs_f64();
                return Again::Unknown(format!(
                    "{shown}: already the first call had no answer in {waited:.1} s"
                ));
            }
            Went::Broken(failure, _) => {
                return Again::Unknown(format!("{shown}: already the first call failed: {}", failure.detail));
            }
        }
        let silent = Instant::now();
        if !connection.is_terminated() {
            tokio::select! {
                biased;
                _ = connection.as_mut() => {}
                () = sleep(self.held) => {}
            }
        }
        let silent = silent.elapsed().as_secs_f64();
        if connection.is_terminated() {
            return self.ended(silent);
        }
        match self.one(&mut sender, connection.as_mut()).await {
            Went::Answered => Again::Answered,
            Went::Broken(_, true) => Again::Unknown(format!(
                "the server ended the idle connection after {silent:.1} s, as it was about to be used again"
            )),
            Went::Broken(Failure { reason, detail }, false) => Again::Failed(Failure::new(
                reason,
                format!("{shown}, again after {silent:.1} s of silence: {detail}"),
            )),
            Went::TimedOut => {
                let waited = self.patience.as_secs_f64();
                let words = format!(
                    "{shown}, again after {silent:.1} s of silence on a kept connection: no answer in {waited:.1} s"
                );
                Again::Failed(Failure::new(Reason::HttpTimeout, words))
            }
        }
    }

    /// The connection was over before it was used again.
    fn ended(&self, silent: f64) -> Again {
        match self.witness.seen() {
            None | Some(IoTrouble::Eof) => {
                Again::Unknown(format!("the server ended the idle connection after {silent:.1} s"))
            }
            Some(trouble) => {
                let words = format!("the idle connection was cut after {silent:.1} s ({trouble:?})");
                Again::Failed(Failure::new(Reason::HttpReset, words))
            }
        }
    }

    async fn one<C>(&self, sender: &mut Sender, connection: Pin<&mut Fuse<C>>) -> Went
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let request = self.plan.request_to_keep(self.version, self.channel).head.map(Full::new);
        let mut progress = Progress { sent: Some(Instant::now()), ..Progress::default() };
        let exchange = receive(sender.send(request), &mut progress);
        match timeout(self.patience, drive(connection, exchange)).await {
            Ok(Ok(())) => Went::Answered,
            Err(_) => Went::TimedOut,
            Ok(Err(error)) => {
                let seen = self.witness.seen();
                let by_the_rules = failure::is_go_away(&error) || seen == Some(IoTrouble::Eof);
                let by_the_rules = by_the_rules && progress.head.is_none();
                Went::Broken(failure::of(&error, &progress, seen), by_the_rules)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use hyper::service::service_fn;
    use tokio::sync::oneshot;

    use super::*;
    use crate::config::{Config, Env, Source};

    const PATIENCE: Duration = Duration::from_secs(10);
    const HELD: Duration = Duration::from_secs(60);

    fn plan() -> CallPlan {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.yml");
        std::fs::write(&file, "targets: [{name: a, provider: http, url: 'http://h.example/'}]\n").unwrap();
        let target = Config::load(&Source::File(file), &Env::of([("X", "")])).unwrap().targets.remove(0);
        CallPlan::new(&target, &target.sites[0].endpoint, target.call.kind).unwrap()
    }

    /// An HTTP/2 server that answers, and says goodbye when it is told to.
    async fn served(goodbye: oneshot::Receiver<()>) -> Again {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(async move {
            let answer = service_fn(|_| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok"))))
            });
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let mut connection = pin!(builder.serve_connection(TokioIo::new(theirs), answer));
            tokio::select! {
                _ = connection.as_mut() => return,
                told = goodbye => if told.is_ok() {
                    connection.as_mut().graceful_shutdown();
                },
            }
            let _ = connection.await;
        });
        call_again(ours, &plan(), HttpVersion::Http2, Channel::Plain, PATIENCE, HELD).await
    }

    #[tokio::test(start_paused = true)]
    async fn http2_connections_are_kept_and_ended_by_the_rules_too() {
        let (keep, goodbye) = oneshot::channel();
        assert_eq!(served(goodbye).await, Again::Answered);
        drop(keep);
        let (tell, goodbye) = oneshot::channel();
        tokio::spawn(async move {
            sleep(HELD / 2).await;
            tell.send(()).unwrap();
        });
        let ended = served(goodbye).await;
        assert_eq!(ended, Again::Unknown("the server ended the idle connection after 30.0 s".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_came_tells_nothing_of_the_silence() {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let again = call_again(ours, &plan(), HttpVersion::Http11, Channel::Plain, PATIENCE, HELD).await;
        let expected = "GET http://h.example/: already the first call had no answer in 10.0 s";
        assert_eq!(again, Again::Unknown(expected.to_owned()));
        drop(theirs);
    }
}
