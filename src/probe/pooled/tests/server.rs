//! A server of the tests: HTTP/1.1 or HTTP/2, plain or over TLS, that counts connections and does as it is told.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What a server does with a request.
#[derive(Debug, Clone)]
pub(super) enum Does {
    /// Answers 200 with this body.
    Answers(Vec<u8>),
    /// Answers 401 with what it was sent as a key.
    Repeats,
    /// Never answers.
    NeverAnswers,
    /// Answers once, and never again.
    AnswersOnce,
    /// Ends the connection.
    HangsUp,
}

/// What it saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) connections: AtomicUsize,
    pub(super) requests: Mutex<Vec<HeaderMap>>,
}

impl Seen {
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The values that every request had in a header.
    pub(super) fn header(&self, name: &str) -> Vec<Option<String>> {
        let text = |headers: &HeaderMap| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        self.requests.lock().unwrap().iter().map(text).collect()
    }
}

/// A certificate that is trusted as it stands, and a configuration that shows it.
pub(super) fn certificate(names: &[&str], alpn: &[&[u8]]) -> (String, Arc<ServerConfig>) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    (made.cert.pem(), Arc::new(config))
}

/// Serves until the test ends; over TLS if there is a configuration of it.
pub(super) async fn serve(tls: Option<Arc<ServerConfig>>, does: Does) -> (SocketAddr, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Seen::default());
    let saw = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            saw.connections.fetch_add(1, Ordering::SeqCst);
            let (saw, does, tls) = (Arc::clone(&saw), does.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    Some(tls) => {
                        if let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await {
                            http(stream, saw, does).await;
                        }
                    }
                    None => http(stream, saw, does).await,
                }
            });
        }
    });
    (address, seen)
}

async fn http<S>(stream: S, seen: Arc<Seen>, does: Does)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (seen, does) = (Arc::clone(&seen), does.clone());
        async move {
            let key = request.headers().get("authorization").cloned();
            let count = {
                let mut requests = seen.requests.lock().unwrap();
                requests.push(request.headers().clone());
                requests.len()
            };
            match does {
                Does::Answers(body) => Ok(Response::new(Full::new(Bytes::from(body)))),
                Does::AnswersOnce if count == 1 => Ok(Response::new(Full::new(Bytes::new()))),
                Does::Repeats => {
                    let key = key.map_or_else(Vec::new, |key| key.as_bytes().to_vec());
                    let mut answer = Response::new(Full::new(Bytes::from(key)));
                    *answer.status_mut() = http::StatusCode::UNAUTHORIZED;
                    Ok(answer)
                }
                Does::NeverAnswers | Does::AnswersOnce => {
                    std::future::pending::<()>().await;
                    Err(io::Error::other("never"))
                }
                Does::HangsUp => Err(io::Error::other("hung up")),
            }
        }
    });
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// Answers one request on each connection and ends it then, without saying so before.
pub(super) async fn serve_one_each() -> (SocketAddr, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Seen::default());
    let saw = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            saw.connections.fetch_add(1, Ordering::SeqCst);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    });
    (address, seen)
}

/// A proxy, over TLS if there is a configuration of it, that leads every tunnel to `to`, whatever it is asked for.
pub(super) async fn serve_tunnels(
    to: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let saw = Arc::clone(&heads);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (tls, saw) = (tls.clone(), Arc::clone(&saw));
            tokio::spawn(async move {
                match tls {
                    Some(tls) => tunnel(TlsAcceptor::from(tls).accept(stream).await.unwrap(), to, &saw).await,
                    None => tunnel(stream, to, &saw).await,
                }
            });
        }
    });
    (address, heads)
}

async fn tunnel<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, to: SocketAddr, saw: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    saw.lock().unwrap().push(String::from_utf8(head).unwrap());
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    join(stream, to).await;
}

/// A SOCKS5 proxy without credentials that leads everywhere to `to`, and the addresses it was asked for.
pub(super) async fn serve_socks(to: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let saw = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (_version, methods) = (stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap());
            stream.read_exact(&mut vec![0; methods.into()]).await.unwrap();
            stream.write_all(&[5, 0]).await.unwrap();
            let mut head = [0; 4];
            stream.read_exact(&mut head).await.unwrap();
            let length = match head[3] {
                1 => 4,
                _ => stream.read_u8().await.unwrap(),
            };
            let mut host = vec![0; length.into()];
            stream.read_exact(&mut host).await.unwrap();
            stream.read_u16().await.unwrap();
            saw.lock().unwrap().push(host);
            stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).await.unwrap();
            tokio::spawn(join(stream, to));
        }
    });
    (address, asked)
}

async fn join<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, to: SocketAddr) {
    let mut server = TcpStream::connect(to).await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
}
