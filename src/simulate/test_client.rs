//! The client the tests of the simulator use: one query, one handshake, one request at a time.

use super::simulator::{Options, Simulator};
use bytes::Bytes;
use hickory_resolver::proto::op::{Message, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use http::{HeaderMap, Method, Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::SupportedKxGroup;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(super) const ID: u16 = 0x1234;
pub(super) const KEYED: &[(&str, &str)] =
    &[("x-api-key", "sk-ant-sim-valid"), ("anthropic-version", "2023-06-01")];

/// Longer than anything here takes, and shorter than a lifetime.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long silence is listened to, where silence is what is tested.
pub(super) const SILENCE: Duration = Duration::from_millis(150);

pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answered {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(super) async fn start() -> Simulator {
    Simulator::start(Options::default()).await.unwrap()
}

pub(super) fn query(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = ID;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message.to_vec().unwrap()
}

/// The raw answer over UDP, or nothing after `patience`.
pub(super) async fn ask_raw(
    simulator: &Simulator,
    name: &str,
    kind: RecordType,
    patience: Duration,
) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.connect(simulator.dns_address()).await.unwrap();
    socket.send(&query(name, kind)).await.unwrap();
    let mut buffer = vec![0; 4096];
    let length = timeout(patience, socket.recv(&mut buffer)).await.ok()?.unwrap();
    buffer.truncate(length);
    Some(buffer)
}

pub(super) async fn ask(simulator: &Simulator, name: &str, kind: RecordType) -> Message {
    let packet = ask_raw(simulator, name, kind, PATIENCE).await.unwrap();
    Message::from_vec(&packet).unwrap()
}

pub(super) async fn ask_tcp(simulator: &Simulator, name: &str, kind: RecordType) -> Message {
    let mut stream = TcpStream::connect(simulator.dns_address()).await.unwrap();
    let packet = query(name, kind);
    stream.write_u16(packet.len().try_into().unwrap()).await.unwrap();
    stream.write_all(&packet).await.unwrap();
    let length = stream.read_u16().await.unwrap();
    let mut answer = vec![0; length.into()];
    stream.read_exact(&mut answer).await.unwrap();
    Message::from_vec(&answer).unwrap()
}

/// A handshake with this server name, trusting the simulator's root only.
pub(super) async fn handshake(
    simulator: &Simulator,
    host: &str,
    alpn: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    handshake_with(simulator, host, alpn, rustls::crypto::aws_lc_rs::ALL_KX_GROUPS).await
}

/// The same with these key exchanges only.
pub(super) async fn handshake_with(
    simulator: &Simulator,
    host: &str,
    alpn: &[&str],
    groups: &[&'static dyn SupportedKxGroup],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(simulator.ca_pem().as_bytes()).unwrap()).unwrap();
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups = groups.to_vec();
    let provider = Arc::new(provider);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(simulator.api_address()).await.unwrap();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    timeout(PATIENCE, TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap()
}

/// The same, for the error `rustls` gives.
pub(super) async fn tls_error(simulator: &Simulator, host: &str) -> rustls::Error {
    let error = handshake(simulator, host, &["h2", "http/1.1"]).await.unwrap_err();
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).unwrap().clone()
}

/// One request over TLS on a connection of its own.
pub(super) async fn call(
    simulator: &Simulator,
    version: Version,
    request: Request<Full<Bytes>>,
) -> Result<Answered, Box<dyn Error + Send + Sync>> {
    let host = request.uri().host().unwrap().to_owned();
    let alpn = if version == Version::HTTP_2 { "h2" } else { "http/1.1" };
    let stream = handshake(simulator, &host, &[alpn]).await?;
    timeout(PATIENCE, exchange(stream, version, request)).await.unwrap()
}

/// One request over HTTP/1.1 and TLS.
pub(super) async fn get(
    simulator: &Simulator,
    host: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Answered, Box<dyn Error + Send + Sync>> {
    let request = request(Method::GET, "https", host, path, headers, "");
    call(simulator, Version::HTTP_11, request).await
}

pub(super) fn request(
    method: Method,
    scheme: &str,
    host: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(format!("{scheme}://{host}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::from(body.to_owned())).unwrap()
}

pub(super) async fn exchange<S>(
    stream: S,
    version: Version,
    mut request: Request<Full<Bytes>>,
) -> Result<Answered, Box<dyn Error + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(stream);
    let response = if version == Version::HTTP_2 {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(connection);
        *request.version_mut() = version;
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
        tokio::spawn(connection);
        let host = request.uri().authority().unwrap().to_string();
        request.headers_mut().insert("host", host.try_into().unwrap());
        *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
        sender.send_request(request).await?
    };
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Answered { status: head.status, version: head.version, headers: head.headers, body })
}
