//! The name server: UDP and TCP around [`mod@answer`].

mod answer;
mod zone;

use super::world::World;
use answer::{Reply, answer};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;

pub(super) use zone::{addresses, is_domain};

/// UDP answers that wait for something, at once; more are dropped, as a busy server would.
const MAX_WAITING: usize = 4096;

/// The pause after a failed read, so that it does not spin.
const ERROR_PAUSE: Duration = Duration::from_millis(20);

/// How a query came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
}

pub(super) async fn serve_udp(socket: UdpSocket, world: Arc<World>) {
    let socket = Arc::new(socket);
    let mut waiting = JoinSet::new();
    let mut buffer = vec![0; 4096];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(ERROR_PAUSE).await;
            continue;
        };
        match answer(&world, buffer.get(..length).unwrap_or_default(), Transport::Udp) {
            Reply::Now(packet) => send(&socket, &packet, client).await,
            Reply::Silence => {}
            reply @ (Reply::Late(..) | Reply::OnceBlackHole(_)) if waiting.len() < MAX_WAITING => {
                let (socket, world) = (Arc::clone(&socket), Arc::clone(&world));
                waiting.spawn(async move {
                    if let Some(packet) = due(reply, &world).await {
                        send(&socket, &packet, client).await;
                    }
                });
            }
            Reply::Late(..) | Reply::OnceBlackHole(_) => {}
        }
        while waiting.try_join_next().is_some() {}
    }
}

pub(super) async fn serve_tcp(mut stream: TcpStream, world: Arc<World>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut packet = Vec::new();
    loop {
        let length = stream.read_u16().await?;
        packet.resize(length.into(), 0);
        stream.read_exact(&mut packet).await?;
        let reply = answer(&world, &packet, Transport::Tcp);
        if let Some(mut reply) = due(reply, &world).await {
            let length = u16::try_from(reply.len()).map_err(io::Error::other)?;
            reply.splice(0..0, length.to_be_bytes());
            stream.write_all(&reply).await?;
        }
    }
}

/// The packet, when its time has come.
async fn due(reply: Reply, world: &World) -> Option<Vec<u8>> {
    match reply {
        Reply::Silence => None,
        Reply::Now(packet) => Some(packet),
        Reply::Late(delay, packet) => {
            tokio::time::sleep(delay).await;
            Some(packet)
        }
        Reply::OnceBlackHole(packet) => {
            let mut black_hole = world.black_hole.clone();
            black_hole.wait_for(|full| *full).await.ok()?;
            Some(packet)
        }
    }
}

async fn send(socket: &UdpSocket, packet: &[u8], client: SocketAddr) {
    if let Err(error) = socket.send_to(packet, client).await {
        tracing::trace!(%error, "simulated DNS answer not sent");
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Fault;
    use super::super::test_client::{ID, SILENCE, ask, ask_raw, ask_tcp, start};
    use hickory_resolver::proto::op::{Message, ResponseCode};
    use hickory_resolver::proto::rr::RecordType::{A, AAAA, CNAME, HTTPS, SOA};
    use hickory_resolver::proto::rr::{RData, RecordType};
    use std::net::IpAddr;
    use tokio::time::Instant;

    fn addresses(message: &Message) -> Vec<String> {
        let address = |data: &RData| match data {
            RData::A(a) => Some(IpAddr::V4(a.0)),
            RData::AAAA(aaaa) => Some(IpAddr::V6(aaaa.0)),
            _ => None,
        };
        message.answers.iter().filter_map(|record| address(&record.data)).map(|ip| ip.to_string()).collect()
    }

    fn is_no(message: &Message, code: ResponseCode) -> bool {
        let soa = message.authorities.iter().any(|record| record.record_type() == SOA);
        message.metadata.response_code == code && message.answers.is_empty() && soa
    }

    #[tokio::test]
    async fn healthy_names_have_an_address_and_nothing_else() {
        let simulator = start().await;
        let answer = ask(&simulator, "API.sim.test.", A).await;
        assert_eq!(addresses(&answer), ["127.0.0.1"]);
        assert_eq!((answer.metadata.id, answer.answers[0].ttl), (ID, 60));
        assert!(answer.metadata.authoritative);
        for kind in [AAAA, HTTPS] {
            assert!(is_no(&ask(&simulator, "api.sim.test.", kind).await, ResponseCode::NoError));
        }
        assert_eq!(ask(&simulator, "sim.test.", SOA).await.answers.len(), 1);
        let foreign = ask(&simulator, "example.com.", A).await;
        assert_eq!(foreign.metadata.response_code, ResponseCode::Refused);
        let seen = simulator.dns_queries();
        assert_eq!(
            (seen[0].name.as_str(), seen[0].record_type.as_str(), seen[0].transport),
            ("api.sim.test", "A", "udp")
        );
    }

    #[tokio::test]
    async fn dual_names_have_both_families_where_ipv6_is_usable() {
        let simulator = start().await;
        for name in ["dual.sim.test.", "v6.sim.test."] {
            assert_eq!(addresses(&ask(&simulator, name, A).await), ["127.0.0.1"]);
            let expected: &[&str] = if simulator.has_ipv6() { &["::1"] } else { &[] };
            assert_eq!(addresses(&ask(&simulator, name, AAAA).await), expected);
        }
    }

    #[tokio::test]
    async fn aliases_are_followed_in_one_answer() {
        let simulator = start().await;
        let answer = ask(&simulator, "cname.sim.test.", A).await;
        let kinds: Vec<_> = answer.answers.iter().map(|record| record.record_type()).collect();
        assert_eq!(kinds, [CNAME, CNAME, A]);
        let looped = ask(&simulator, "dns-cname-loop.sim.test.", A).await;
        let partner = looped.answers[0].data.to_string();
        assert_eq!(partner, "loop.dns-cname-loop.sim.test.");
        let back = ask(&simulator, &partner, AAAA).await;
        assert_eq!(back.answers[0].data.to_string(), "dns-cname-loop.sim.test.");
    }

    #[tokio::test]
    async fn response_codes_are_the_same_for_both_families() {
        let simulator = start().await;
        for kind in [A, AAAA] {
            assert!(is_no(&ask(&simulator, "dns-nxdomain.sim.test.", kind).await, ResponseCode::NXDomain));
            assert!(is_no(&ask(&simulator, "dns-nodata.sim.test.", kind).await, ResponseCode::NoError));
            let answer = ask(&simulator, "dns-servfail.sim.test.", kind).await;
            assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
            let answer = ask_tcp(&simulator, "dns-refused.sim.test.", kind).await;
            assert_eq!(answer.metadata.response_code, ResponseCode::Refused);
        }
    }

    #[tokio::test]
    async fn the_addresses_are_those_of_the_fault() {
        let simulator = start().await;
        let expected: [(Fault, RecordType, &[&str]); 10] = [
            (Fault::DnsSinkholed, A, &["0.0.0.0"]),
            (Fault::DnsSinkholed, AAAA, &["::"]),
            (Fault::DnsLoopback, A, &["127.0.0.53"]),
            (Fault::DnsUnexpected, A, &["127.0.0.7"]),
            (Fault::TcpRefused, A, &["127.0.0.2"]),
            (Fault::TcpTimeout, A, &["127.0.0.3"]),
            (Fault::TlsAddressReset, A, &["127.0.0.4"]),
            (Fault::TlsAddressSilent, A, &["127.0.0.5"]),
            (Fault::TcpUnreachable, A, &["255.255.255.255"]),
            (Fault::TcpSecondAddress, A, &["127.0.0.2", "127.0.0.1"]),
        ];
        for (fault, kind, expected) in expected {
            let answer = ask(&simulator, &format!("{fault}.sim.test."), kind).await;
            assert_eq!(addresses(&answer), expected, "{fault}");
        }
    }

    #[tokio::test]
    async fn broken_answers_are_broken_in_one_way_each() {
        let simulator = start().await;
        let malformed = ask_raw(&simulator, "dns-malformed.sim.test.", A, SILENCE).await.unwrap();
        assert_eq!(malformed[..2], ID.to_be_bytes());
        assert!(Message::from_vec(&malformed).is_err());

        let wrong_id = ask(&simulator, "dns-wrong-id.sim.test.", A).await;
        assert_ne!(wrong_id.metadata.id, ID);
        assert_eq!(addresses(&wrong_id), ["127.0.0.1"]);

        let wrong_question = ask(&simulator, "dns-wrong-question.sim.test.", A).await;
        assert_eq!(wrong_question.metadata.id, ID);
        assert_eq!(wrong_question.queries[0].name.to_ascii(), "somebody-elses-question.invalid.");

        let truncated = ask(&simulator, "dns-truncated.sim.test.", A).await;
        assert!(truncated.metadata.truncation && truncated.answers.is_empty());
        let whole = ask_tcp(&simulator, "dns-truncated.sim.test.", A).await;
        assert!(!whole.metadata.truncation);
        assert_eq!(addresses(&whole), ["127.0.0.1"]);

        assert_eq!(ask_raw(&simulator, "dns-timeout.sim.test.", A, SILENCE).await, None);
    }

    #[tokio::test]
    async fn the_slow_answer_is_healthy() {
        let simulator = start().await;
        let asked = Instant::now();
        assert_eq!(addresses(&ask(&simulator, "dns-slow.sim.test.", A).await), ["127.0.0.1"]);
        assert!(asked.elapsed().as_secs_f64() >= 1.5);
    }

    #[tokio::test]
    async fn no_bytes_make_the_server_stop() {
        let simulator = start().await;
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for packet in [&b""[..], b"x", &[0xff; 11], &[0xff; 12], &[0; 512]] {
            socket.send_to(packet, simulator.dns_address()).await.unwrap();
        }
        assert_eq!(addresses(&ask(&simulator, "api.sim.test.", A).await), ["127.0.0.1"]);
    }
}
