//! HTTP/1 and HTTP/2 over any stream, up to the point where a fault ends them.
//!
//! One mechanism serves every byte-level fault, over TLS and without, in either version: the
//! request is read and recorded as usual, then its [`Ending`] takes the connection away from the
//! HTTP server and says the last bytes itself.

mod answers;
mod api;
mod body;
mod call;
mod dialects;
mod ending;
mod executor;
mod faults;
mod lent;
mod limits;
mod messages;
mod model;
mod script;

use super::counts::Event;
use super::fault::Fault;
use super::world::World;
use body::Body;
use call::Call;
use ending::{End, Ending, end};
use executor::BoundedExecutor;
use http::header::DATE;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use lent::Lent;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

pub(super) use executor::BoundedExecutor as Executor;

/// A stream that is TCP at the bottom.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    fn tcp(&self) -> &TcpStream;
}

/// What the requests of one connection share.
struct Connection {
    world: Arc<World>,
    server_name: Option<String>,
    end: Arc<End>,
}

impl Transport for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Transport for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

pub(super) async fn serve_plain(stream: TcpStream, world: Arc<World>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    serve(stream, None, world).await
}

/// Answers requests; the server name of the handshake decides on the fault, else the host asked for.
pub(super) async fn serve<S: Transport>(
    stream: S,
    server_name: Option<String>,
    world: Arc<World>,
) -> io::Result<()> {
    let lent = Lent::new(stream);
    let connection = Arc::new(Connection { world, server_name, end: Arc::default() });
    {
        let service = service_fn(|request| {
            let connection = Arc::clone(&connection);
            async move { connection.answer(request).await }
        });
        let builder = auto::Builder::new(BoundedExecutor);
        let served = pin!(builder.serve_connection(TokioIo::new(lent.lend()), service));
        tokio::select! {
            biased;
            () = connection.end.come() => {}
            done = served => return done.map_err(io::Error::other),
        }
    }
    match (connection.end.how(), lent.take_back()) {
        (Some(how), Some(stream)) => end(stream, how).await,
        _ => Ok(()),
    }
}

// === impl Connection ===

impl Connection {
    /// An error resets the stream of HTTP/2.
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let mut call = Call::read(request, self.server_name.as_deref(), Arc::clone(&self.end)).await;
        let faults = &self.world.faults;
        let names = [self.server_name.as_deref(), Some(call.host.as_str())];
        let fault = names.iter().flatten().find_map(|name| faults.of_request(name));
        call.dialect = names.iter().flatten().find_map(|name| faults.dialect(name));
        call.fault = fault.filter(|fault| fault.layer() == "api");
        self.world.counter.count(&call.host, Event::Request);
        self.world.requests.push(call.record());
        let host = call.host.clone();
        let h2 = call.head.version == Version::HTTP_2;
        let mut answer = match fault {
            Some(Fault::HttpH2Silent) if h2 => std::future::pending().await,
            Some(Fault::HttpH2Reset) if h2 => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::HttpReset) => self.end(Ending::Reset).await,
            Some(Fault::HttpEof) => self.end(Ending::Close).await,
            Some(Fault::HttpGarbage) => self.end(Ending::Garbage(call.head.version)).await,
            Some(Fault::HttpTimeout) => std::future::pending().await,
            _ => faults::answer(&self.world, call).await,
        };
        if let Some(date) = fault.and_then(faults::date) {
            answer.headers_mut().insert(DATE, date);
        }
        self.world.counter.count(&host, Event::Answer(answer.status().as_u16()));
        Ok(answer)
    }

    /// Never returns: the connection goes away underneath.
    async fn end(&self, how: Ending) -> Response<Body> {
        self.end.bring(how);
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Fault;
    use super::super::test_client::{PATIENCE, SILENCE, call, exchange, get, request, start};
    use http::{Method, Version};
    use std::error::Error;
    use std::io::ErrorKind;
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    /// What the innermost I/O error in the chain says.
    fn io_kind(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
        let inner = error.source().and_then(io_kind);
        inner.or_else(|| error.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
    }

    #[tokio::test]
    async fn broken_answers_break_in_one_way_each() {
        let simulator = start().await;
        let fail = async |name: &str| {
            let error = get(&simulator, name, "/api/hello", &[]).await.err().unwrap();
            *error.downcast::<hyper::Error>().unwrap()
        };
        let reset = fail("http-reset.sim.test").await;
        assert_eq!(io_kind(&reset), Some(ErrorKind::ConnectionReset), "{reset:?}");
        assert!(fail("http-eof.sim.test").await.is_incomplete_message());
        assert!(fail("http-garbage.sim.test").await.is_parse());
        let silent = get(&simulator, "http-timeout.sim.test", "/api/hello", &[]);
        assert!(timeout(SILENCE, silent).await.is_err());
        assert_eq!(simulator.requests().len(), 4);
    }

    #[tokio::test]
    async fn they_break_http2_as_well() {
        let simulator = start().await;
        for name in ["http-reset", "http-eof", "http-garbage"] {
            let hello = request(Method::GET, "https", &format!("{name}.sim.test"), "/api/hello", &[], "");
            let error = call(&simulator, Version::HTTP_2, hello).await.err().unwrap();
            assert!(error.downcast_ref::<hyper::Error>().is_some(), "{name}: {error}");
        }
    }

    #[tokio::test]
    async fn what_breaks_http2_alone_leaves_http1_healthy() {
        let simulator = start().await;
        for name in ["http-h2-silent", "http-h2-reset"] {
            let hello = || request(Method::GET, "https", &format!("{name}.sim.test"), "/api/hello", &[], "");
            assert_eq!(call(&simulator, Version::HTTP_11, hello()).await.unwrap().status, 200, "{name}");
            let broken = timeout(SILENCE, call(&simulator, Version::HTTP_2, hello())).await;
            match (name, broken) {
                ("http-h2-silent", Err(_)) => {}
                ("http-h2-reset", Ok(Err(error))) => {
                    let frames = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
                    assert!(frames.is_some_and(h2::Error::is_reset), "{error:?}");
                }
                (_, other) => panic!("{name}: {:?}", other.map(|answer| answer.map(|answer| answer.status))),
            }
        }
    }

    #[tokio::test]
    async fn a_server_whose_clock_is_wrong_says_so() {
        let simulator = start().await;
        for (name, hours) in [("tls-clock-ahead", 96), ("tls-clock-behind", -96)] {
            let stream = TcpStream::connect(simulator.plain_address()).await.unwrap();
            let ok = request(Method::HEAD, "http", &format!("{name}.sim.test"), "/ok", &[], "");
            let answer = exchange(stream, Version::HTTP_11, ok).await.unwrap();
            let date = answer.headers["date"].to_str().unwrap();
            let told = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
            let off = told.duration_since(super::super::world::wall_clock());
            assert_eq!((off.as_secs_f64() / 3600.0).round(), f64::from(hours), "{name}: {date}");
        }
    }

    #[tokio::test]
    async fn without_tls_the_host_asked_for_decides() {
        let simulator = start().await;
        let plain = async |host: &str| {
            let stream = TcpStream::connect(simulator.plain_address()).await.unwrap();
            exchange(stream, Version::HTTP_11, request(Method::GET, "http", host, "/ok", &[], "")).await
        };
        assert_eq!(plain("http-500.sim.test").await.unwrap().status, 500);
        assert_eq!(plain("tls-expired.sim.test:80").await.unwrap().status, 200);
        let reset = plain("http-reset.sim.test").await.err().unwrap();
        assert_eq!(io_kind(reset.as_ref()), Some(ErrorKind::ConnectionReset));
    }

    #[tokio::test]
    async fn a_fault_set_later_is_had_at_once_and_cleared_again() {
        let simulator = start().await;
        let status = async || get(&simulator, "api.sim.test", "/ok", &[]).await.unwrap().status.as_u16();
        assert_eq!(status().await, 200);
        simulator.set_fault("api.sim.test", Fault::Http529);
        assert_eq!(status().await, 529);
        simulator.clear_fault("API.sim.test.");
        assert_eq!(status().await, 200);
    }

    #[tokio::test]
    async fn shutdown_ends_connections_ports_and_tasks() {
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let before = tasks();
        let simulator = start().await;
        let (api, plain) = (simulator.api_address(), simulator.plain_address());
        let stream = TcpStream::connect(plain).await.unwrap();
        let hanging = request(Method::GET, "http", "http-timeout.sim.test", "/ok", &[], "");
        let hanging = tokio::spawn(exchange(stream, Version::HTTP_2, hanging));
        while simulator.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        simulator.shutdown().await;
        assert!(hanging.await.unwrap().is_err());
        assert!(TcpStream::connect(api).await.is_err());
        let ended = async {
            while tasks() > before {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, ended).await.unwrap();
    }
}
