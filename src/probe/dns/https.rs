//! DNS over HTTPS (RFC 8484): a POST a query, over HTTP/2 or what the server speaks instead.
//!
//! Promises: the status of HTTP is kept, in words and as a reason; at most one message is read of a body.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use std::error::Error as _;

use bytes::{Bytes, BytesMut};
use hickory_resolver::proto::op::Message;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::{Instant, timeout_at};

use super::encrypted::Duplex;
use super::exchange::Exchange;
use super::message::Reply;
use crate::net::rustls_error;
use crate::outcome::{Failure, Reason, error_chain};
use crate::target::{Host, Server};

/// What is sent and what must come back.
const MESSAGE: &str = "application/dns-message";

/// No DNS message is longer.
const LONGEST: usize = 65_535;

/// The id of every query, so that the same question is the same request to caches (RFC 8484 §4.1).
const ID: u16 = 0;

/// A connection that speaks HTTP.
pub(super) struct Http {
    sender: Sender,
    /// Must be polled for anything to move, until it ends.
    connection: Option<Connection>,
    uri: Uri,
    host: HeaderValue,
}

type Connection = Pin<Box<dyn Future<Output = Result<(), hyper::Error>> + Send>>;

enum Sender {
    H1(http1::SendRequest<Full<Bytes>>),
    H2(http2::SendRequest<Full<Bytes>>),
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path may be a secret.
        write!(f, "Http({:?})", self.host)
    }
}

/// What went wrong on the way to a body.
enum Trouble {
    Http(hyper::Error),
    Answer(Failure),
    /// It failed before there was an answer.
    NoAnswer(hyper::Error),
}

impl From<hyper::Error> for Trouble {
    fn from(error: hyper::Error) -> Self {
        Self::Http(error)
    }
}

impl Http {
    /// Begins HTTP on a stream that verified.
    pub(super) async fn new(stream: Box<dyn Duplex>, h2: bool, server: &Server) -> Result<Self, String> {
        let host = match &server.host {
            Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
            host => host.to_string(),
        };
        let authority = if server.port == 443 { host } else { format!("{host}:{}", server.port) };
        let invalid = |error: http::Error| format!("{:?} is no path of a URL: {error}", server.path);
        let uri = Uri::builder().scheme("https").authority(authority.as_str()).path_and_query(&*server.path);
        let uri = uri.build().map_err(invalid)?;
        let host = HeaderValue::from_str(&authority).map_err(|error| invalid(error.into()))?;
        let io = TokioIo::new(stream);
        let broken = |error: hyper::Error| error_chain(&error);
        if h2 {
            let (sender, connection) =
                http2::Builder::new(TokioExecutor::new()).handshake(io).await.map_err(broken)?;
            Ok(Self { sender: Sender::H2(sender), connection: Some(Box::pin(connection)), uri, host })
        } else {
            let (sender, connection) = http1::Builder::new().handshake(io).await.map_err(broken)?;
            Ok(Self { sender: Sender::H1(sender), connection: Some(Box::pin(connection)), uri, host })
        }
    }

    /// Whether another query can be sent.
    pub(super) fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    pub(super) async fn ask(&mut self, exchange: &Exchange<'_>) -> Result<Message, Failure> {
        let start = Instant::now();
        let wire = Bytes::from(exchange.wire.bytes(ID, exchange.edns));
        let request = self.request(wire).map_err(|error| exchange.malformed(&error.to_string()))?;
        exchange.sent.count();
        let response = match &mut self.sender {
            Sender::H1(sender) => {
                let response = sender.send_request(request);
                let body =
                    Box::pin(async move { body(response.await.map_err(Trouble::NoAnswer)?, exchange).await });
                timeout_at(exchange.deadline.at(), drive(&mut self.connection, body)).await
            }
            Sender::H2(sender) => {
                let response = sender.send_request(request);
                let body =
                    Box::pin(async move { body(response.await.map_err(Trouble::NoAnswer)?, exchange).await });
                timeout_at(exchange.deadline.at(), drive(&mut self.connection, body)).await
            }
        };
        let body = match response {
            Ok(Ok(body)) => body,
            Ok(Err(Trouble::Answer(failure))) => return Err(failure),
            Ok(Err(Trouble::Http(error))) => return Err(broken(exchange, &error)),
            Ok(Err(Trouble::NoAnswer(error))) => return Err(no_answer(exchange, &error)),
            Err(_) => return Err(exchange.silence(start, 1, None)),
        };
        match exchange.wire.read(ID, &body) {
            Reply::Ours(message) => Ok(*message),
            Reply::NotOurs(what) => Err(exchange.malformed(&format!("it is a reply to {what}"))),
            Reply::Malformed(why) => Err(exchange.malformed(&why)),
        }
    }

    fn request(&self, wire: Bytes) -> Result<Request<Full<Bytes>>, http::Error> {
        let request = Request::post(match self.sender {
            // An absolute URI in HTTP/1.1 is for proxies.
            Sender::H1(_) => Uri::from(
                self.uri
                    .path_and_query()
                    .cloned()
                    .unwrap_or_else(|| http::uri::PathAndQuery::from_static("/")),
            ),
            Sender::H2(_) => self.uri.clone(),
        });
        let request = match self.sender {
            Sender::H1(_) => request.version(Version::HTTP_11).header(HOST, self.host.clone()),
            Sender::H2(_) => request.version(Version::HTTP_2),
        };
        let (accept, kind) = (HeaderValue::from_static(MESSAGE), HeaderValue::from_static(MESSAGE));
        request.header(ACCEPT, accept).header(CONTENT_TYPE, kind).body(Full::new(wire))
    }
}

/// Polls the connection for as long as the exchange needs it.
async fn drive<X>(connection: &mut Option<Connection>, mut exchange: X) -> Result<BytesMut, Trouble>
where
    X: Future<Output = Result<BytesMut, Trouble>> + Unpin,
{
    let Some(going) = connection else { return exchange.await };
    tokio::select! {
        biased;
        result = &mut exchange => result,
        ended = going => {
            *connection = None;
            match (exchange.await, ended) {
                // The connection's own error says more than "canceled".
                (Err(Trouble::Http(error)), Err(cause)) if error.is_canceled() => Err(cause.into()),
                (Err(Trouble::NoAnswer(error)), Err(cause)) if error.is_canceled() => {
                    Err(Trouble::NoAnswer(cause))
                }
                (result, _) => result,
            }
        }
    }
}

/// The body of an answer that is a DNS message by what HTTP says.
async fn body(response: Response<Incoming>, exchange: &Exchange<'_>) -> Result<BytesMut, Trouble> {
    let (head, mut body) = response.into_parts();
    let kind = head.headers.get(CONTENT_TYPE);
    if let Some(failure) = refused(exchange, head.status, kind) {
        return Err(Trouble::Answer(failure));
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            if bytes.len() + data.len() > LONGEST {
                return Err(Trouble::Answer(exchange.malformed("it is longer than a DNS message can be")));
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Why an answer is none, by its head.
fn refused(exchange: &Exchange<'_>, status: StatusCode, kind: Option<&HeaderValue>) -> Option<Failure> {
    let said = |reason| Some(Failure::new(reason, format!("{}: HTTP {status}", exchange.asked())));
    if status.is_client_error() {
        return said(Reason::DnsRefused);
    }
    if status.is_server_error() {
        return said(Reason::DnsServfail);
    }
    if !status.is_success() {
        return said(Reason::DnsMalformed);
    }
    let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned()).unwrap_or_default();
    // Parameters may follow.
    let bare = kind.split(';').next().unwrap_or_default().trim();
    (!bare.eq_ignore_ascii_case(MESSAGE)).then(|| {
        let shown: String = kind.chars().take(60).collect();
        exchange.malformed(&format!("its content type is {shown:?}, not {MESSAGE:?}"))
    })
}

/// The exchange ended before an answer began: a server that closes the connection instead does not want to answer.
fn no_answer(exchange: &Exchange<'_>, error: &hyper::Error) -> Failure {
    let mut cause = error.source();
    let mut protocol = false;
    while let Some(error) = cause {
        protocol |= error.downcast_ref::<h2::Error>().is_some_and(|error| !error.is_io());
        cause = error.source();
    }
    if error.is_parse() || protocol || rustls_error(error).is_some() {
        return broken(exchange, error);
    }
    let words = "the connection was closed without a reply";
    Failure::new(Reason::DnsRefused, format!("{}: {words} ({})", exchange.asked(), error_chain(error)))
}

fn broken(exchange: &Exchange<'_>, error: &hyper::Error) -> Failure {
    let reason = if rustls_error(error).is_some() { Reason::DnsTlsFailed } else { Reason::DnsMalformed };
    Failure::new(reason, format!("{}: {}", exchange.asked(), error_chain(error)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hickory_resolver::proto::rr::{Name, RecordType as WireType};
    use tokio::time::timeout;

    use super::super::message::{Edns, Wire};
    use super::super::sent::Sent;
    use super::*;
    use crate::outcome::Transport;
    use crate::units::Deadline;

    #[tokio::test]
    async fn a_query_on_a_connection_that_has_just_ended_is_not_waited_for() {
        for h2 in [true, false] {
            let (ours, theirs) = tokio::io::duplex(4096);
            let server = Server::parse("https://192.0.2.1/dns-query").unwrap();
            let mut http = Http::new(Box::new(ours), h2, &server).await.unwrap();
            drop(theirs);
            // The task that reads finds out before the query is taken.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            let wire = Wire::new(Name::from_ascii("api.test.").unwrap(), WireType::A).unwrap();
            let exchange = Exchange {
                server: "192.0.2.1",
                wire: &wire,
                edns: Edns::On,
                transport: Transport::Https,
                deadline: Deadline::after(Instant::now(), Duration::from_secs(60)),
                sent: &Sent::default(),
            };
            assert!(timeout(Duration::from_secs(10), http.ask(&exchange)).await.unwrap().is_err());
            assert!(!http.is_open());
        }
    }
}
