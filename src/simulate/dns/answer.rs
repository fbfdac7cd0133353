//! One query in, one decision out; no sockets here.

use super::super::counts::Event;
use super::super::fault::Fault;
use super::super::record::RecordedQuery;
use super::super::world::World;
use super::{Transport, zone};
use hickory_resolver::proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{DNSClass, Name, RecordType};
use std::time::Duration;

/// How late `dns-slow` is.
const SLOW: Duration = Duration::from_millis(1500);

/// The UDP payload the server says it takes.
const PAYLOAD: u16 = 1232;

/// What to do about a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Now(Vec<u8>),
    Late(Duration, Vec<u8>),
    /// As soon as the black hole is one.
    OnceBlackHole(Vec<u8>),
    Silence,
}

pub(super) fn answer(world: &World, packet: &[u8], transport: Transport) -> Reply {
    let Ok(request) = Message::from_vec(packet) else { return unreadable(packet) };
    if request.metadata.message_type != MessageType::Query {
        return Reply::Silence;
    }
    let mut response = Message::response(request.metadata.id, request.metadata.op_code);
    response.metadata.recursion_desired = request.metadata.recursion_desired;
    response.metadata.recursion_available = true;
    response.metadata.authoritative = true;
    if request.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        response.set_edns(edns);
    }
    let [query] = request.queries.as_slice() else { return refuse(response, ResponseCode::FormErr) };
    response.add_query(query.clone());
    if request.metadata.op_code != OpCode::Query {
        return refuse(response, ResponseCode::NotImp);
    }
    let host = query.name.to_ascii().trim_end_matches('.').to_ascii_lowercase();
    world.counter.count(&host, Event::Query);
    world.queries.push(RecordedQuery {
        name: host.clone(),
        record_type: query.query_type.to_string(),
        transport: match transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        },
    });
    if query.query_class != DNSClass::IN || !world.faults.contains(&host) {
        return refuse(response, ResponseCode::Refused);
    }
    broken(world, &host, query, response, transport)
}

/// The answer for a name of ours, as its fault wants it.
fn broken(world: &World, host: &str, query: &Query, mut response: Message, transport: Transport) -> Reply {
    let fault = world.fault(host);
    let looped = host.strip_prefix("loop.").and_then(|partner| world.fault(partner));
    match fault.or(looped.filter(|fault| *fault == Fault::DnsCnameLoop)) {
        Some(Fault::DnsTimeout) => return Reply::Silence,
        Some(Fault::DnsMalformed) => return garbage(response.metadata.id),
        Some(Fault::DnsNxdomain) => {
            response.metadata.response_code = ResponseCode::NXDomain;
            response.add_authorities(zone::soa(world));
        }
        Some(Fault::DnsServfail) => response.metadata.response_code = ResponseCode::ServFail,
        Some(Fault::DnsRefused) => response.metadata.response_code = ResponseCode::Refused,
        Some(Fault::DnsNodata) => {
            response.add_authorities(zone::soa(world));
        }
        Some(Fault::DnsTruncated) if transport == Transport::Udp => response.metadata.truncation = true,
        Some(Fault::DnsCnameLoop) => {
            response.add_answers(zone::loop_records(&query.name, host));
        }
        fault => fill(world, host, &query.name, query.query_type, fault, &mut response),
    }
    match fault {
        Some(Fault::DnsWrongId) => response.metadata.id ^= 0x5555,
        Some(Fault::DnsWrongQuestion) => ask_something_else(&mut response),
        _ => {}
    }
    match (fault, response.to_vec()) {
        (Some(Fault::DnsSlow), Ok(packet)) => Reply::Late(SLOW, packet),
        (Some(Fault::TcpTimeout), Ok(packet)) => Reply::OnceBlackHole(packet),
        (_, Ok(packet)) => Reply::Now(packet),
        (_, Err(_)) => Reply::Silence,
    }
}

fn fill(
    world: &World,
    host: &str,
    owner: &Name,
    kind: RecordType,
    fault: Option<Fault>,
    response: &mut Message,
) {
    response.add_answers(zone::records(world, host, owner, kind, fault));
    let answered = response.answers.iter().any(|record| record.record_type() == kind);
    if !answered {
        response.add_authorities(zone::soa(world));
    }
}

/// Question and owner names become another name's, as from a server that mixed up two clients.
fn ask_something_else(response: &mut Message) {
    let Ok(other) = Name::from_ascii("somebody-elses-question.invalid.") else { return };
    for query in &mut response.queries {
        query.name = other.clone();
    }
    for record in &mut response.answers {
        record.name = other.clone();
    }
}

fn refuse(mut response: Message, code: ResponseCode) -> Reply {
    response.metadata.response_code = code;
    response.metadata.authoritative = false;
    response.to_vec().map_or(Reply::Silence, Reply::Now)
}

/// The right id, the response bit, counts that promise records, and then no records.
fn garbage(id: u16) -> Reply {
    let [high, low] = id.to_be_bytes();
    let mut packet = vec![high, low, 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0];
    packet.extend([0x3f, b'g', b'a', b'r', b'b', b'a', b'g', b'e', 0xff, 0xc0]);
    Reply::Now(packet)
}

fn unreadable(packet: &[u8]) -> Reply {
    let [high, low, _, _, _, _, _, _, _, _, _, _, ..] = packet else { return Reply::Silence };
    let response =
        Message::error_msg(u16::from_be_bytes([*high, *low]), OpCode::Query, ResponseCode::FormErr);
    response.to_vec().map_or(Reply::Silence, Reply::Now)
}
