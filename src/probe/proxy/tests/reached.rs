//! Proxies on loopback: reached or not, with TLS and without.

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::outcome::ProxyPhases;
use crate::target::Roots;

fn soon() -> Deadline {
    Deadline::after(Instant::now(), Duration::from_secs(5))
}

/// A port where one connection is served like this.
async fn serving<F>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await });
    port
}

async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

async fn fails(url: &str, resolved: Resolved<'_>, deadline: Deadline) -> (Failure, ProxyEvidence) {
    let tunnelled = tunnel(&setup(url), resolved, TARGET, deadline).await;
    assert!(tunnelled.stream.is_none());
    match tunnelled.stage {
        Stage::Failed { failure, evidence, .. } => (failure, evidence),
        stage => panic!("{stage:?}"),
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_as_such() {
    let port = closed_port().await;
    let (failure, evidence) = fails(&format!("http://127.0.0.1:{port}"), Resolved::Given, soon()).await;
    assert_eq!(failure.reason, Reason::ProxyUnreachable);
    let words =
        format!("the proxy http://127.0.0.1:{port}: connecting to 127.0.0.1:{port}: Connection refused");
    assert!(failure.detail.starts_with(&words), "{}", failure.detail);
    assert!(evidence.address.is_none() && evidence.rtt.is_none() && evidence.phases.connect.is_some());
    let nowhere = ["255.255.255.255".parse().unwrap(), "127.0.0.99".parse().unwrap()];
    for (addresses, words) in
        [(&nowhere[..], "connecting to 255.255.255.255:1: "), (&[], "no address to connect to")]
    {
        let found = Resolved::Found { addresses, took: Duration::ZERO };
        let (failure, _) = fails("socks5://proxy.test:1", found, soon()).await;
        assert_eq!(failure.reason, Reason::ProxyUnreachable);
        assert!(failure.detail.contains(words), "{}", failure.detail);
    }
    for (reason, expected) in
        [(Reason::DnsNxdomain, Reason::ProxyUnreachable), (Reason::CanaryExhausted, Reason::CanaryExhausted)]
    {
        let cause = Failure::new(reason, "asking 127.0.0.1:53: no");
        let took = Duration::from_secs(2);
        let (failure, evidence) = fails(HTTP_KEYED, Resolved::Failed { failure: &cause, took }, soon()).await;
        assert_eq!(failure.reason, expected);
        assert_eq!(
            failure.detail,
            "the proxy http://proxy.test:3128: resolving proxy.test: asking 127.0.0.1:53: no"
        );
        assert_eq!((evidence.phases.resolve, evidence.phases.connect), (Some(took), None));
    }
}

#[tokio::test]
async fn the_way_into_a_tunnel_is_timed_from_the_lookup_on() {
    let port = serving(async |mut stream| {
        let _ = stream.read(&mut [0; 1024]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello ").await.unwrap();
        let (mut from, mut to) = stream.split();
        tokio::io::copy(&mut from, &mut to).await.unwrap();
    })
    .await;
    let addresses = ["127.0.0.99".parse().unwrap(), "127.0.0.1".parse().unwrap()];
    let resolved = Resolved::Found { addresses: &addresses, took: Duration::from_secs(60) };
    let tunnelled = tunnel(&setup(&format!("http://proxy.test:{port}")), resolved, TARGET, soon()).await;
    let (mut stream, _) = tunnelled.stream.unwrap();
    stream.write_all(b"world").await.unwrap();
    let mut first = [0; 11];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"hello world");
    let Stage::Passed { took, evidence } = tunnelled.stage else { panic!("it failed") };
    let ProxyPhases { resolve, connect, tls, tunnel } = evidence.phases;
    assert!(took >= resolve.unwrap() + connect.unwrap() + tunnel.unwrap(), "{took:?} {:?}", evidence.phases);
    assert_eq!((resolve, tls), (Some(Duration::from_secs(60)), None));
    assert_eq!(evidence.address, Some(SocketAddr::new(addresses[1], port)));
    assert_eq!((evidence.proxy, evidence.status), (format!("http://proxy.test:{port}"), Some(200)));
    assert!(evidence.rtt.is_some());
}

#[tokio::test]
async fn one_that_resets_the_connection_is_no_proxy() {
    let port = serving(async |mut stream| {
        let _ = stream.read(&mut [0; 1024]).await.unwrap();
        stream.set_zero_linger().unwrap();
    })
    .await;
    let (failure, _) = fails(&format!("socks5://127.0.0.1:{port}"), Resolved::Given, soon()).await;
    assert_eq!(failure.reason, Reason::ProxyProtocol);
    assert!(
        failure.detail.contains("broke without an answer to the SOCKS greeting: Connection reset"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn one_that_answers_and_hangs_up_without_listening_is_heard() {
    let port = serving(async |mut stream| {
        stream.write_all(b"HTTP/1.0 403 Access denied\r\n\r\n").await.unwrap();
    })
    .await;
    let (failure, _) = fails(&format!("http://127.0.0.1:{port}"), Resolved::Given, soon()).await;
    assert_eq!(failure.reason, Reason::ProxyDenied, "{failure:?}");
}

/// A certificate of 127.0.0.1, and what serves it.
struct Identity {
    root: CertificateDer<'static>,
    config: ServerConfig,
}

fn identity(demands_certificate: bool) -> Identity {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &root).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let builder = match demands_certificate {
        true => builder.with_client_cert_verifier(verifier),
        false => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = builder.with_single_cert(vec![leaf.der().clone()], key).unwrap();
    Identity { root: root.der().clone(), config }
}

/// Asks an https proxy, trusting `root`; the bytes it heard inside TLS come with it.
async fn over_tls(root: CertificateDer<'static>, config: ServerConfig) -> (Tunnelled, Vec<u8>) {
    let (tell, told) = tokio::sync::oneshot::channel();
    let port = serving(async move |stream| {
        let mut heard = vec![0; 1024];
        let length = match TlsAcceptor::from(Arc::new(config)).accept(stream).await {
            Err(_) => 0,
            Ok(mut stream) => {
                let length = stream.read(&mut heard).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                length
            }
        };
        heard.truncate(length);
        tell.send(heard).unwrap();
    })
    .await;
    let mut proxy = Proxy::parse(&format!("https://alice:hunter2@127.0.0.1:{port}"), 1).unwrap();
    proxy.roots = Roots::File { path: "root.pem".into(), certificates: [root].into() };
    let setup = ProxySetup::new(Arc::new(proxy)).unwrap();
    let tunnelled = tunnel(&setup, Resolved::Given, TARGET, soon()).await;
    (tunnelled, told.await.unwrap())
}

#[tokio::test]
async fn an_https_proxy_is_asked_inside_tls() {
    let Identity { root, config } = identity(false);
    let (tunnelled, heard) = over_tls(root, config).await;
    assert!(tunnelled.stream.is_some() && tunnelled.stage.passed(), "{:?}", tunnelled.stage);
    let heard = String::from_utf8(heard).unwrap();
    assert!(heard.starts_with("CONNECT api.test:443 ") && heard.contains(TOKEN), "{heard}");
    let evidence = tunnelled.stage.evidence().unwrap();
    assert!(evidence.phases.tls.is_some());
    assert!(evidence.tls.as_ref().unwrap().version.is_some());
}

#[tokio::test]
async fn a_proxy_whose_certificate_does_not_verify_is_told_nothing() {
    let (tunnelled, heard) = over_tls(identity(false).root, identity(false).config).await;
    assert_eq!(heard, b"");
    assert!(tunnelled.stream.is_none());
    let failure = tunnelled.stage.failure().unwrap();
    assert_eq!(failure.reason, Reason::ProxyUnreachable);
    assert!(failure.detail.contains("certificate"), "{failure:?}");
    let evidence = tunnelled.stage.evidence().unwrap();
    assert!(evidence.tls.as_ref().unwrap().chain.is_some());
    assert_eq!((evidence.phases.tunnel, evidence.status), (None, None));
}

#[tokio::test]
async fn a_proxy_that_wants_a_client_certificate_wants_credentials() {
    let Identity { root, config } = identity(true);
    let (tunnelled, _) = over_tls(root, config).await;
    let failure = tunnelled.stage.failure().unwrap();
    assert_eq!(failure.reason, Reason::ProxyAuthRequired, "{failure:?}");
    assert!(failure.detail.contains("asked for a client certificate"), "{failure:?}");
}

#[tokio::test]
async fn what_answers_the_client_hello_otherwise_has_its_reason() {
    for (said, hold, reason, words) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], false, Reason::ProxyProtocol, "does not speak TLS"),
        (b"", false, Reason::ProxyProtocol, "TLS handshake with 127.0.0.1"),
        (b"", true, Reason::ProxyTimeout, "no answer to the client hello"),
        (&[21, 3, 3, 0, 2, 2, 40], false, Reason::ProxyUnreachable, "HandshakeFailure"),
    ] {
        let port = serving(async move |mut stream| {
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(said).await.unwrap();
            if hold {
                std::future::pending::<()>().await;
            }
            let _ = stream.shutdown().await;
        })
        .await;
        let deadline = if hold { Duration::from_millis(300) } else { Duration::from_secs(5) };
        let deadline = Deadline::after(Instant::now(), deadline);
        let (failure, evidence) =
            fails(&format!("https://alice:hunter2@127.0.0.1:{port}"), Resolved::Given, deadline).await;
        assert_eq!(failure.reason, reason, "{failure:?}");
        assert!(failure.detail.contains(words), "{failure:?}");
        assert!(evidence.tls.is_some() && evidence.phases.tunnel.is_none());
    }
}
