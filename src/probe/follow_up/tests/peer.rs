//! Servers on loopback for experiments: what they are asked is kept, raw.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{Acceptor, ResolvesServerCertUsingSni};
use rustls::{NamedGroup, ServerConfig};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What a client offered in its hello.
#[derive(Debug, Clone)]
pub(super) struct Hello {
    pub(super) bytes: usize,
    pub(super) name: Option<String>,
    pub(super) groups: Vec<NamedGroup>,
}

/// What a server saw.
#[derive(Debug, Default)]
pub(super) struct Saw {
    requests: Mutex<Vec<String>>,
    hellos: Mutex<Vec<Hello>>,
    segments: Mutex<Vec<u32>>,
}

impl Saw {
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(super) fn hellos(&self) -> Vec<Hello> {
        self.hellos.lock().unwrap().clone()
    }

    /// The largest segment that it would send on each connection.
    pub(super) fn segments(&self) -> Vec<u32> {
        self.segments.lock().unwrap().clone()
    }
}

/// What a server does.
#[derive(Debug, Clone)]
pub(super) struct Does {
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// Resets connections whose hello has this name; without one, all are served.
    pub(super) resets: Option<&'static str>,
    /// What it answers to each request.
    pub(super) answers: &'static str,
    /// Ends the connection after the first answer.
    pub(super) once: bool,
}

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";

impl Does {
    pub(super) fn answer(tls: Option<Arc<ServerConfig>>, answers: &'static str) -> Self {
        Self { tls, resets: None, answers, once: false }
    }
}

/// A certificate for these names, and a server's configuration that shows it.
pub(super) fn certificate(names: &[&str]) -> (String, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    let made = made.unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = builder.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    (made.cert.pem(), Arc::new(config))
}

/// A certificate long past its end.
pub(super) fn expired(name: &str) -> Arc<ServerConfig> {
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![certificate], key).unwrap())
}

/// A server that knows no name at all, and says so with an alert.
pub(super) fn nobody() -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new())))
}

/// Serves until the test ends.
pub(super) async fn serve(does: Does) -> (SocketAddr, Arc<Saw>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let saw = Arc::new(Saw::default());
    let keeps = Arc::clone(&saw);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (saw, does) = (Arc::clone(&keeps), does.clone());
            tokio::spawn(connection(stream, saw, does));
        }
    });
    (address, saw)
}

async fn connection(stream: TcpStream, saw: Arc<Saw>, does: Does) {
    saw.segments.lock().unwrap().push(SockRef::from(&stream).tcp_mss().unwrap());
    let Some(tls) = does.tls.clone() else { return http(stream, &saw, &does).await };
    let Ok(hello) = hello(&stream).await else {
        // Not TLS: the acceptor answers that with an alert.
        let _ = TlsAcceptor::from(tls).accept(stream).await;
        return;
    };
    let filtered = does.resets.is_some() && hello.name.as_deref() == does.resets;
    saw.hellos.lock().unwrap().push(hello);
    // What was not read makes the kernel reset the connection as it is closed.
    if filtered {
        return;
    }
    if let Ok(stream) = TlsAcceptor::from(tls).accept(stream).await {
        http(stream, &saw, &does).await;
    }
}

/// Reads a hello and leaves it where it is.
async fn hello(stream: &TcpStream) -> Result<Hello, ()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let length = stream.peek(&mut bytes).await.unwrap();
        let came = &bytes[..length];
        if length == 0 || came[0] != 22 {
            return Err(());
        }
        let whole = length >= 5 && length >= 5 + usize::from(u16::from_be_bytes([came[3], came[4]]));
        if whole {
            let mut acceptor = Acceptor::default();
            acceptor.read_tls(&mut &*came).unwrap();
            let accepted = acceptor.accept().unwrap().unwrap();
            let hello = accepted.client_hello();
            return Ok(Hello {
                bytes: length,
                name: hello.server_name().map(str::to_owned),
                groups: hello.named_groups().unwrap().to_vec(),
            });
        }
        tokio::task::yield_now().await;
    }
}

async fn http<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, saw: &Saw, does: &Does) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let closes = does.once || head.to_ascii_lowercase().contains("connection: close");
        saw.requests.lock().unwrap().push(head);
        if stream.write_all(does.answers.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        if closes {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// What a relay does with what comes for a connection that it has forgotten.
#[derive(Debug, Clone, Copy)]
pub(super) enum Forgotten {
    Swallowed,
    Reset,
}

/// A relay that forgets its connections when the server behind it has answered once.
pub(super) async fn forgetful(to: SocketAddr, saw: Arc<Saw>, how: Forgotten) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = TcpStream::connect(to).await.unwrap();
        let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
        loop {
            tokio::select! {
                read = client.read(&mut up) => {
                    let length = read.unwrap();
                    match (saw.requests().is_empty(), how) {
                        _ if length == 0 => return,
                        (true, _) => server.write_all(&up[..length]).await.unwrap(),
                        (false, Forgotten::Swallowed) => {}
                        (false, Forgotten::Reset) => {
                            SockRef::from(&client).set_linger(Some(std::time::Duration::ZERO)).unwrap();
                            return;
                        }
                    }
                }
                read = server.read(&mut down) => {
                    let length = read.unwrap();
                    client.write_all(&down[..length]).await.unwrap();
                    if length == 0 {
                        return;
                    }
                }
            }
        }
    });
    address
}

/// A proxy that leads every tunnel to `to`.
pub(super) async fn proxy(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let mut server = TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    address
}

/// Sends these bytes to whoever connects, and waits for them to go.
pub(super) async fn says(bytes: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = stream.write_all(bytes).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    address
}
