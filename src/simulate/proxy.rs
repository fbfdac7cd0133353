//! The simulated proxy: HTTP CONNECT, the same inside TLS, and SOCKS 5, all on one port; the first byte tells them apart.
//!
//! Its tunnels are real, and lead to the simulator's own names and to loopback only. A fault of the proxy layer is had
//! by the destination it is set for, and by every tunnel if it is set for the proxy itself, `proxy.<domain>`.

mod connect;
mod destination;
mod socks;

use super::fault::Fault;
use super::tls;
use super::world::World;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;

/// The first byte of SOCKS 5, and of a TLS handshake.
const SOCKS: u8 = 5;
const HANDSHAKE: u8 = 22;

/// What a listener says that is no proxy of the kind it is taken for.
const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";

pub(super) async fn serve(stream: TcpStream, world: Arc<World>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    stream.peek(&mut first).await?;
    match first {
        [SOCKS] => socks::serve(stream, &world).await,
        [HANDSHAKE] => match tls::accept(stream, &world).await? {
            Some((stream, _)) => connect::serve(stream, "https", &world).await,
            None => Ok(()),
        },
        _ => connect::serve(stream, "http", &world).await,
    }
}

/// The fault that the proxy itself has, whatever it is asked for.
fn own_fault(world: &World) -> Option<Fault> {
    of_proxy(world.fault(&format!("proxy.{}", world.faults.domain())))
}

fn of_proxy(fault: Option<Fault>) -> Option<Fault> {
    fault.filter(|fault| fault.layer() == "proxy")
}

/// Carries bytes both ways until one side has had enough.
async fn relay<S: AsyncRead + AsyncWrite + Unpin>(
    mut client: S,
    early: &[u8],
    mut target: TcpStream,
) -> io::Result<()> {
    target.set_nodelay(true)?;
    target.write_all(early).await?;
    copy_bidirectional(&mut client, &mut target).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::fault::Fault;
    use super::super::simulator::{Options, Simulator};
    use super::super::test_client::{PATIENCE, SILENCE, exchange, request, start};
    use http::{Method, Version};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    /// The answer to these bytes, as soon as it has so many, or all of it.
    async fn converse(simulator: &Simulator, said: &[u8], enough: usize) -> Vec<u8> {
        let mut stream = TcpStream::connect(simulator.proxy_address()).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut heard = Vec::new();
        let reading =
            async { while heard.len() < enough && stream.read_buf(&mut heard).await.unwrap() > 0 {} };
        timeout(PATIENCE, reading).await.unwrap();
        heard
    }

    /// Whether these bytes are met with silence.
    async fn silent(simulator: &Simulator, said: &[u8]) -> bool {
        timeout(SILENCE, converse(simulator, said, 1)).await.is_err()
    }

    /// The status of CONNECT.
    async fn connect(simulator: &Simulator, authority: &str, headers: &str) -> String {
        let said = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{headers}\r\n");
        let heard = converse(simulator, said.as_bytes(), 12).await;
        let text = String::from_utf8(heard).unwrap();
        text.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    fn request_of(name: &str, port: u16) -> Vec<u8> {
        let length = u8::try_from(name.len()).unwrap();
        [&[5, 1, 0, 5, 1, 0, 3, length], name.as_bytes(), &port.to_be_bytes()].concat()
    }

    /// The answer to a SOCKS request for a name.
    async fn socks(simulator: &Simulator, name: &str, port: u16) -> Vec<u8> {
        let mut heard = converse(simulator, &request_of(name, port), 12).await;
        let answer = heard.split_off(2);
        assert_eq!(heard, [5, 0]);
        answer
    }

    #[tokio::test]
    async fn tunnels_lead_to_what_is_simulated_and_nowhere_else() {
        let simulator = start().await;
        let port = simulator.plain_address().port();
        let api = simulator.api_address().port();
        for (host, port, status, code) in [
            ("API.sim.test", port, "200", 0),
            ("127.0.0.1", port, "200", 0),
            ("http-500.sim.test", port, "200", 0),
            ("dns-slow.sim.test", port, "200", 0),
            ("tcp-second-address.sim.test", port, "200", 0),
            ("dns-nxdomain.sim.test", port, "502", 4),
            ("dns-sinkholed.sim.test", port, "502", 4),
            ("tcp-refused.sim.test", api, "502", 5),
            ("api.example", port, "403", 2),
            ("localhost", port, "403", 2),
            ("proxy-denied.sim.test", port, "403", 2),
            ("proxy-failed.sim.test", port, "502", 5),
        ] {
            assert_eq!(connect(&simulator, &format!("{host}:{port}"), "").await, status, "{host}");
            // SOCKS has addresses of their own kind, so this one is no name to it.
            if host != "127.0.0.1" {
                assert_eq!(socks(&simulator, host, port).await.get(..2), Some(&[5, code][..]), "{host}");
            }
        }
        assert_eq!(connect(&simulator, "192.0.2.1:443", "").await, "403");
        let foreign = [5, 1, 0, 5, 1, 0, 1, 192, 0, 2, 1, 1, 187];
        assert_eq!(converse(&simulator, &foreign, 12).await.get(..4), Some(&[5, 0, 5, 2][..]));
        assert_eq!(connect(&simulator, "proxy-auth-required.sim.test:443", "").await, "407");
        assert_eq!(connect(&simulator, "/", "").await, "405");
        let tunnels = simulator.tunnels();
        assert_eq!(
            (tunnels[0].protocol, tunnels[0].destination.as_str()),
            ("http", &*format!("api.sim.test:{port}"))
        );
        assert_eq!((tunnels[1].protocol, tunnels[1].keyed), ("socks5", false));
    }

    #[tokio::test]
    async fn a_connection_that_is_not_answered_is_given_up_in_time() {
        let simulator = start().await;
        let authority = format!("tcp-timeout.sim.test:{}", simulator.api_address().port());
        let mut stream = TcpStream::connect(simulator.proxy_address()).await.unwrap();
        stream.write_all(format!("CONNECT {authority} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
        let mut heard = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut heard)).await.unwrap().unwrap();
        assert!(heard.starts_with("HTTP/1.1 504 "), "{heard}");
    }

    #[tokio::test]
    async fn calls_go_through_tunnels() {
        let simulator = start().await;
        let plain = simulator.plain_address();
        let name = b"api.sim.test";
        let socks = [&[5, 1, 0, 5, 1, 0, 3, 12], &name[..], &plain.port().to_be_bytes()].concat();
        let connect = format!("CONNECT {plain} HTTP/1.1\r\n\r\n");
        for (said, length) in [(socks.as_slice(), 12), (connect.as_bytes(), 39)] {
            let mut stream = TcpStream::connect(simulator.proxy_address()).await.unwrap();
            stream.write_all(said).await.unwrap();
            stream.read_exact(&mut vec![0; length]).await.unwrap();
            let ok = request(Method::GET, "http", "api.sim.test", "/ok", &[], "");
            assert_eq!(exchange(stream, Version::HTTP_11, ok).await.unwrap().status, 200);
        }
    }

    #[tokio::test]
    async fn broken_proxies_break_in_one_way_each() {
        let simulator = start().await;
        let connect = |name: &str| format!("CONNECT {name}.sim.test:1 HTTP/1.1\r\n\r\n").into_bytes();
        assert!(silent(&simulator, &connect("proxy-timeout")).await);
        assert_eq!(converse(&simulator, &connect("proxy-closed"), 99).await, b"");
        assert_eq!(converse(&simulator, &connect("proxy-garbage"), 99).await, super::SSH);
        let mut stream = TcpStream::connect(simulator.proxy_address()).await.unwrap();
        stream.write_all(&request_of("proxy-timeout.sim.test", 1)).await.unwrap();
        stream.read_exact(&mut [0; 2]).await.unwrap();
        assert!(timeout(SILENCE, stream.read_u8()).await.is_err());
        assert_eq!(socks(&simulator, "proxy-closed.sim.test", 1).await, b"");
        assert!(socks(&simulator, "proxy-garbage.sim.test", 1).await.starts_with(b"HTTP/1.1 400 "));
        assert_eq!(socks(&simulator, "proxy-auth-required.sim.test", 1).await.get(1), Some(&2));
    }

    #[tokio::test]
    async fn a_fault_of_the_proxy_itself_is_had_by_every_tunnel() {
        let simulator = start().await;
        let authority = format!("api.sim.test:{}", simulator.plain_address().port());
        for (fault, status, answer) in [
            (Fault::ProxyAuthRequired, "407", &[5, 0xff][..]),
            (Fault::ProxyDenied, "403", &[5, 0]),
            (Fault::ProxyClosed, "", b""),
        ] {
            simulator.set_fault("proxy.sim.test", fault);
            assert_eq!(connect(&simulator, &authority, "").await, status, "{fault}");
            assert_eq!(converse(&simulator, &[5, 1, 0], 2).await, answer, "{fault}");
        }
        simulator.set_fault("proxy.sim.test", Fault::ProxyTimeout);
        assert!(silent(&simulator, &[5, 1, 0]).await);
        simulator.clear_fault("proxy.sim.test");
        assert_eq!(connect(&simulator, &authority, "").await, "200");
    }

    #[tokio::test]
    async fn credentials_are_wanted_where_there_are_some() {
        let credentials = Some(("alice".to_owned(), "hunter2".to_owned()));
        let simulator =
            Simulator::start(Options { proxy_credentials: credentials, ..Options::default() }).await.unwrap();
        let authority = format!("api.sim.test:{}", simulator.plain_address().port());
        for (header, status) in [
            ("", "407"),
            ("Proxy-Authorization: Basic YWxpY2U6aHVudGVy\r\n", "407"),
            ("proxy-authorization: Basic YWxpY2U6aHVudGVyMg==\r\n", "200"),
        ] {
            assert_eq!(connect(&simulator, &authority, header).await, status, "{header}");
        }
        for (said, answer) in [
            (&[5, 1, 0][..], &[5, 0xff][..]),
            (b"\x05\x02\x00\x02\x01\x05alice\x06hunter", &[5, 2, 1, 1]),
            (b"\x05\x02\x00\x02\x01\x05alice\x07hunter2", &[5, 2, 1, 0]),
        ] {
            assert_eq!(converse(&simulator, said, answer.len()).await, answer);
        }
        assert_eq!(
            simulator.tunnels().iter().map(|tunnel| tunnel.keyed).collect::<Vec<_>>(),
            [false, true, true]
        );
    }
}
