//! Name servers on loopback that answer as told, over UDP and TCP: the peers of this room's tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::proto::op::{Edns, Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::EdnsOption;
use hickory_resolver::proto::rr::rdata::{A, AAAA};
use hickory_resolver::proto::rr::{RData, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::Instant;

use super::{Lookup, PreparedResolver, Question, SystemResolver};
use crate::outcome::{DnsEvidence, Failure, RecordType, Stage};
use crate::target::{Resolver, ResolverKind, Server, Validation};
use crate::units::Deadline;

/// What a server sends for a query: any number of messages.
pub(crate) type Script = Arc<dyn Fn(&Message) -> Vec<Message> + Send + Sync>;

/// One reply to each query.
pub(crate) fn each(reply: impl Fn(&Message) -> Message + Send + Sync + 'static) -> Script {
    Arc::new(move |asked| vec![reply(asked)])
}

/// Nothing to any query.
pub(crate) fn silence() -> Script {
    Arc::new(|_| Vec::new())
}

/// This response code to each query, without any record.
pub(crate) fn code(code: ResponseCode) -> Script {
    each(move |asked| {
        let mut reply = reply(asked);
        reply.metadata.response_code = code;
        reply
    })
}

/// These addresses, of the type asked for, to each query.
pub(crate) fn addresses(list: &[&str]) -> Script {
    let list: Vec<std::net::IpAddr> = list.iter().map(|text| text.parse().unwrap()).collect();
    each(move |asked| {
        let mut reply = reply(asked);
        for address in &list {
            let data = match address {
                std::net::IpAddr::V4(v4) => RData::A(A(*v4)),
                std::net::IpAddr::V6(v6) => RData::AAAA(AAAA(*v6)),
            };
            if data.record_type() == asked.queries[0].query_type() {
                let record = Record::from_rdata(asked.queries[0].name().clone(), 60, data);
                reply.add_answer(record);
            }
        }
        reply
    })
}

/// An empty reply to a query, with EDNS if the query has it.
pub(crate) fn reply(asked: &Message) -> Message {
    let mut reply = Message::response(asked.metadata.id, OpCode::Query);
    reply.add_query(asked.queries[0].clone());
    if asked.edns.is_some() {
        reply.set_edns(Edns::new());
    }
    reply
}

/// A reply with an extended error.
pub(crate) fn extended(mut reply: Message, code: u8, words: &str) -> Message {
    let data = [&[0, code], words.as_bytes()].concat();
    let edns = reply.edns.get_or_insert_with(Edns::new);
    edns.options_mut().insert(EdnsOption::Unknown(15, data));
    reply
}

/// Serves over UDP.
pub(crate) async fn udp(script: Script) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    serve_udp(socket, script);
    address
}

fn serve_udp(socket: UdpSocket, script: Script) {
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
            for reply in script(&Message::from_vec(&buffer[..length]).unwrap()) {
                socket.send_to(&reply.to_vec().unwrap(), client).await.unwrap();
            }
        }
    });
}

/// Serves over UDP, and over TCP at the same port.
pub(crate) async fn udp_and_tcp(over_udp: Script, over_tcp: Script) -> SocketAddr {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        if let Ok(socket) = UdpSocket::bind(address).await {
            serve_udp(socket, over_udp);
            serve_streams(listener, over_tcp);
            return address;
        }
    }
}

/// Serves over TCP, inside TLS if told.
fn serve_streams(listener: TcpListener, script: Script) {
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let script = Arc::clone(&script);
            tokio::spawn(async move { frames(stream, &script).await });
        }
    });
}

/// Answers until the client goes, or a query has no answer: then it hangs up.
async fn frames(mut stream: TcpStream, script: &Script) -> Option<()> {
    loop {
        let mut query = vec![0; stream.read_u16().await.ok()?.into()];
        stream.read_exact(&mut query).await.ok()?;
        let replies = script(&Message::from_vec(&query).unwrap());
        if replies.is_empty() {
            return stream.shutdown().await.ok();
        }
        for reply in replies {
            let bytes = reply.to_vec().unwrap();
            stream.write_u16(bytes.len().try_into().unwrap()).await.ok()?;
            stream.write_all(&bytes).await.ok()?;
            stream.flush().await.ok()?;
        }
    }
}

/// A resolver that is this server.
pub(crate) fn resolver(server: Server, dnssec: Validation) -> Resolver {
    Resolver { name: "test".into(), kind: ResolverKind::Server(Arc::new(server)), dnssec }
}

pub(crate) fn within(time: Duration) -> Deadline {
    Deadline::after(Instant::now(), time)
}

/// Asks a server for A of `x.example`.
pub(crate) async fn ask(server: Server) -> Lookup {
    ask_resolver(&resolver(server, Validation::Off), SystemResolver::new("/nowhere", "/nowhere")).await
}

/// Asks a resolver for A of `x.example`.
pub(crate) async fn ask_resolver(resolver: &Resolver, system: SystemResolver) -> Lookup {
    ask_for("x.example", resolver, system, Duration::from_secs(5)).await
}

pub(crate) async fn ask_for(
    name: &str,
    resolver: &Resolver,
    system: SystemResolver,
    time: Duration,
) -> Lookup {
    let system = Arc::new(system);
    let resolver = PreparedResolver::new(resolver, &system).unwrap();
    let question = Question::new(name, RecordType::A).unwrap();
    resolver.lookup(&question, &[], within(time)).await.effective
}

/// The evidence of a lookup that passed.
pub(crate) fn passed(lookup: &Lookup) -> &DnsEvidence {
    match &lookup.stage {
        Stage::Passed { evidence, .. } => evidence,
        other => panic!("{other:?}"),
    }
}

/// The failure of a lookup that failed, and its evidence.
pub(crate) fn failed(lookup: &Lookup) -> (&Failure, &DnsEvidence) {
    match &lookup.stage {
        Stage::Failed { failure, evidence, .. } => (failure, evidence),
        other => panic!("{other:?}"),
    }
}
