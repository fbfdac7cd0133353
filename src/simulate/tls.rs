//! TLS: reads the ClientHello and goes on, or breaks off, as the name in it wants.

mod certificates;
mod configs;

use super::counts::Event;
use super::http;
use super::world::World;
use configs::{Break, Handshake};
use rustls::NamedGroup;
use rustls::server::Acceptor;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

pub(super) use configs::Tls;

pub(super) async fn serve(stream: TcpStream, world: Arc<World>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match accept(stream, &world).await? {
        Some((stream, server_name)) => http::serve(stream, server_name, world).await,
        None => Ok(()),
    }
}

/// What an address does as soon as something is said to it, whatever it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum AtAnyWord {
    Reset,
    Hang,
}

/// Hears the first words of a client and breaks off.
pub(super) async fn hear(mut stream: TcpStream, how: AtAnyWord) -> io::Result<()> {
    if stream.read(&mut [0; 4096]).await? == 0 {
        return Ok(());
    }
    let how = match how {
        AtAnyWord::Reset => Break::Reset,
        AtAnyWord::Hang => Break::Hang,
    };
    break_off(stream, how).await
}

/// Shakes hands; the name that was asked for comes with the stream. Without one the name's fault broke it off.
pub(super) async fn accept(
    stream: TcpStream,
    world: &World,
) -> io::Result<Option<(TlsStream<TcpStream>, Option<String>)>> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let hello = start.client_hello();
    let server_name = hello.server_name().map(str::to_ascii_lowercase);
    if let Some(host) = &server_name {
        world.counter.count(host, Event::Hello);
    }
    let large = hello.named_groups().is_some_and(|groups| groups.contains(&NamedGroup::X25519MLKEM768));
    let fault = server_name.as_deref().and_then(|host| world.fault(host));
    match world.tls.handshake(fault, large) {
        Handshake::GoOn(config) => {
            let stream = start.into_stream(Arc::clone(config)).await?;
            if let Some(host) = &server_name {
                world.counter.count(host, Event::Handshake);
            }
            Ok(Some((stream, server_name)))
        }
        Handshake::BreakOff(how) => break_off(start.io, how).await.map(|()| None),
    }
}

async fn break_off(mut stream: TcpStream, how: Break) -> io::Result<()> {
    match how {
        Break::Say(bytes) => {
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
        }
        Break::Reset => stream.set_zero_linger()?,
        Break::Close => stream.shutdown().await?,
        Break::Hang => std::future::pending().await,
    }
    drop(stream);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::test_client::{SILENCE, handshake, handshake_with, start, tls_error};
    use rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, X25519};
    use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, ProtocolVersion};
    use std::io::ErrorKind;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    const BOTH: &[&str] = &["h2", "http/1.1"];

    #[tokio::test]
    async fn healthy_names_are_trusted_by_who_trusts_the_root() {
        let simulator = start().await;
        let hosts = ["api.sim.test", "sim.test", "127.0.0.1", "tls-expiring.sim.test"];
        for host in hosts.iter().chain(&["openai.sim.test", "http-429.gemini.sim.test", "api.azure.sim.test"])
        {
            let stream = handshake(&simulator, host, BOTH).await.unwrap();
            let session = stream.get_ref().1;
            assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
            assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
            assert_eq!(session.peer_certificates().unwrap().len(), 2);
        }
    }

    #[tokio::test]
    async fn variants_of_healthy_handshakes() {
        let simulator = start().await;
        let stream = handshake(&simulator, "tls-1.2.sim.test", BOTH).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
        let stream = handshake(&simulator, "tls-1.2.openai.sim.test", BOTH).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
        let stream = handshake(&simulator, "tls-no-alpn.sim.test", BOTH).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), None);
        let stream = handshake(&simulator, "tls-h1-only.sim.test", BOTH).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    }

    #[tokio::test]
    async fn a_hello_that_is_dropped_for_its_size_is_answered_when_it_is_small() {
        let simulator = start().await;
        let large = handshake(&simulator, "tls-large-hello.sim.test", BOTH);
        assert!(timeout(SILENCE, large).await.is_err());
        let classical = [X25519, SECP256R1];
        assert!(handshake_with(&simulator, "tls-large-hello.sim.test", BOTH, &classical).await.is_ok());
        assert!(handshake(&simulator, "api.sim.test", BOTH).await.is_ok());
    }

    #[tokio::test]
    async fn addresses_that_reset_or_say_nothing_do_so_whatever_name_is_sent() {
        let simulator = start().await;
        let port = simulator.api_address().port();
        let said = async |address: &str| {
            let mut stream = TcpStream::connect((address, port)).await?;
            stream.write_all(b"\x16\x03\x01 any words").await?;
            stream.read_u8().await
        };
        assert_eq!(said("127.0.0.4").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert!(timeout(SILENCE, said("127.0.0.5")).await.is_err());
    }

    #[tokio::test]
    async fn certificate_faults_are_refused_for_what_they_are() {
        let simulator = start().await;
        let refused = async |name: &str| match tls_error(&simulator, &format!("{name}.sim.test")).await {
            Error::InvalidCertificate(error) => error,
            error => panic!("{name}: {error}"),
        };
        assert!(matches!(refused("tls-expired").await, CertificateError::ExpiredContext { .. }));
        assert!(matches!(refused("tls-not-yet-valid").await, CertificateError::NotValidYetContext { .. }));
        assert!(matches!(refused("tls-clock-behind").await, CertificateError::ExpiredContext { .. }));
        assert!(matches!(refused("tls-clock-ahead").await, CertificateError::NotValidYetContext { .. }));
        assert!(matches!(refused("tls-wrong-name").await, CertificateError::NotValidForNameContext { .. }));
        for name in ["tls-untrusted", "tls-untrusted-root-sent", "tls-self-signed", "tls-incomplete-chain"] {
            assert_eq!(refused(name).await, CertificateError::UnknownIssuer, "{name}");
        }
    }

    #[tokio::test]
    async fn a_client_without_a_certificate_is_told_so() {
        let simulator = start().await;
        // In TLS 1.3 the client is done before the server has asked.
        let mut stream = handshake(&simulator, "tls-client-cert.sim.test", BOTH).await.unwrap();
        let error = stream.read_u8().await.unwrap_err();
        let error = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
        assert_eq!(*error, Error::AlertReceived(AlertDescription::CertificateRequired));
    }

    #[tokio::test]
    async fn broken_handshakes_break_in_one_way_each() {
        let simulator = start().await;
        for name in ["tls-not-tls", "tls-banner"] {
            let error = tls_error(&simulator, &format!("{name}.sim.test")).await;
            assert_eq!(error, Error::InvalidMessage(InvalidMessage::InvalidContentType), "{name}");
        }
        let alert = tls_error(&simulator, "tls-alert.sim.test").await;
        assert_eq!(alert, Error::AlertReceived(AlertDescription::HandshakeFailure));
        let version = tls_error(&simulator, "tls-version.sim.test").await;
        assert_eq!(version, Error::AlertReceived(AlertDescription::ProtocolVersion));
        let reset = handshake(&simulator, "tls-reset.sim.test", BOTH).await.unwrap_err();
        assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
        let eof = handshake(&simulator, "tls-eof.sim.test", BOTH).await.unwrap_err();
        assert_eq!(eof.kind(), ErrorKind::UnexpectedEof);
        assert!(timeout(SILENCE, handshake(&simulator, "tls-timeout.sim.test", BOTH)).await.is_err());
    }
}
