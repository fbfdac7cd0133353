//! The least work that one fresh probe takes: bare sockets, rustls, and a request written by hand. Nothing is timed,
//! kept or explained, and a failure is only an error.

use std::io::{Error, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, client::TlsStream};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks for the A record of a name; `None` where it does not exist.
pub(crate) async fn resolve(server: SocketAddr, name: &str) -> Result<Option<IpAddr>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(server).await?;
    let mut query = Vec::with_capacity(64);
    query.extend_from_slice(&rand::random::<u16>().to_be_bytes());
    query.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        query.push(u8::try_from(label.len()).map_err(Error::other)?);
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, 0, 1, 0, 1]);
    socket.send(&query).await?;
    let mut reply = [0; 512];
    let length = timeout(TIMEOUT, socket.recv(&mut reply)).await??;
    let reply = reply.get(..length).unwrap_or_default();
    // An id that is ours, then the code; the address of the only record is at the end.
    match (reply, reply.last_chunk::<4>()) {
        ([a, b, _, flags, ..], Some(address)) if query.starts_with(&[*a, *b]) => match flags & 15 {
            0 => Ok(Some(IpAddr::from(*address))),
            3 => Ok(None),
            _ => Err(Error::other("not an answer")),
        },
        _ => Err(Error::other("not a reply to the question")),
    }
}

pub(crate) async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = timeout(TIMEOUT, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(crate) async fn handshake(
    stream: TcpStream,
    config: &Arc<ClientConfig>,
    name: &ServerName<'static>,
) -> Result<TlsStream<TcpStream>> {
    let connector = TlsConnector::from(Arc::clone(config));
    timeout(TIMEOUT, connector.connect(name.clone(), stream)).await?
}

/// Sends a request and reads the answer to the end that its head announces.
pub(crate) async fn call<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, request: &str) -> Result<usize> {
    let exchange = async {
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let mut answer = Vec::with_capacity(4096);
        let mut whole = None;
        while whole.is_none_or(|whole| answer.len() < whole) {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(Error::other("the answer is cut off"));
            }
            if whole.is_none() {
                whole = length(&answer)?;
            }
        }
        Ok(answer.len())
    };
    timeout(TIMEOUT, exchange).await?
}

/// The length of the whole answer, once its head is there.
pub(crate) fn length(answer: &[u8]) -> Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = answer.get(..head).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or_default();
    let mut lines = text.split("\r\n");
    if lines.next() != Some("HTTP/1.1 200 OK") {
        return Err(Error::other("not 200"));
    }
    let body = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Ok(Some(head + 4 + body.ok_or_else(|| Error::other("no length"))?))
}

/// Full handshakes, and the whole chain verified in each.
pub(crate) fn config(root: &CertificateDer<'static>) -> std::result::Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone())?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The same, but a chain that is the same as the first one byte for byte is not verified again.
pub(crate) fn config_of_known_chain(
    root: &CertificateDer<'static>,
) -> std::result::Result<ClientConfig, Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone())?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
    let mut config = config(root)?;
    config.dangerous().set_certificate_verifier(Arc::new(Known { inner, chain: OnceLock::new() }));
    Ok(config)
}

#[derive(Debug)]
struct Known {
    inner: Arc<WebPkiServerVerifier>,
    chain: OnceLock<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if self.chain.get().is_some_and(|known| known.iter().eq(std::iter::once(leaf).chain(rest))) {
            return Ok(ServerCertVerified::assertion());
        }
        let verified = self.inner.verify_server_cert(leaf, rest, name, ocsp, now)?;
        let chain = std::iter::once(leaf).chain(rest).map(|der| der.clone().into_owned()).collect();
        let _ = self.chain.set(chain);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
