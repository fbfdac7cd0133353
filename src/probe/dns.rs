//! The DNS layer: one question to one resolver, and what came back, told apart.
//!
//! Promises: each server is asked directly, one question at a time, on a socket connected to it, so that a refused
//! port, a wrong id and silence are different things; the time is from the first question to the last answer.

mod exchange;
mod judge;
mod message;
mod resolv_conf;
mod system;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use tokio::time::Instant;

use crate::outcome::{AnswerSource, DnsEvidence, Failure, Finding, Reason, RecordType, Stage, Transport};
use crate::target::{Resolver, ResolverKind};
use crate::units::Deadline;

use exchange::Exchange;
use message::Answer;
pub(super) use message::{Question, QuestionError};
pub use system::SystemResolver;

/// What one lookup found.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    pub(super) stage: Stage<DnsEvidence>,
    pub(super) findings: Vec<Finding>,
}

impl Lookup {
    /// The addresses to walk; empty when the lookup failed.
    pub(super) fn addresses(&self) -> &[IpAddr] {
        match &self.stage {
            Stage::Passed { evidence, .. } => &evidence.addresses,
            Stage::NotPlanned | Stage::NotReached | Stage::Failed { .. } => &[],
        }
    }
}

/// Asks `resolver` one question by `deadline`; answers outside `expected` networks are findings.
pub(super) async fn lookup(
    resolver: &Resolver,
    system: &SystemResolver,
    question: &Question,
    expected: &[IpNet],
    deadline: Deadline,
) -> Lookup {
    let start = Instant::now();
    let result = match resolver.kind {
        ResolverKind::System => system.ask(question, deadline).await,
        ResolverKind::Server { address, transport } => {
            let mut found = Found::default();
            let result = ask_server(address, transport, question, deadline, &mut found).await;
            (found, result)
        }
    };
    let took = start.elapsed();
    let (found, result) = result;
    let mut evidence = DnsEvidence {
        resolver: Arc::clone(&resolver.name),
        record_type: question.record_type(),
        source: found.source,
        rcode: found.rcode,
        addresses: Vec::new(),
        unexpected: Vec::new(),
        ttl: None,
        cnames: Vec::new(),
        queries: found.queries,
        truncated: found.truncated,
    };
    match result {
        Err(failure) => Lookup { stage: Stage::Failed { took, failure, evidence }, findings: Vec::new() },
        Ok(answer) => {
            let judged = judge::addresses(question.name(), &answer.addresses, expected);
            evidence.addresses = answer.addresses;
            evidence.unexpected = judged.unexpected;
            evidence.ttl = answer.ttl;
            evidence.cnames = answer.cnames;
            Lookup { stage: Stage::Passed { took, evidence }, findings: judged.finding.into_iter().collect() }
        }
    }
}

/// What was seen while asking, kept whatever comes of it.
#[derive(Debug, Default)]
struct Found {
    source: AnswerSource,
    rcode: Option<String>,
    queries: u32,
    truncated: bool,
}

/// Asks one server; a truncated reply makes it ask again over TCP.
async fn ask_server(
    address: SocketAddr,
    transport: Transport,
    question: &Question,
    deadline: Deadline,
    found: &mut Found,
) -> Result<Answer, Failure> {
    let mut exchange = Exchange::new(address, question, deadline);
    let mut used = transport;
    let mut reply = match transport {
        Transport::Udp => exchange.udp().await,
        Transport::Tcp => exchange.tcp().await,
    };
    if reply.as_ref().is_ok_and(|answer| answer.truncated) && transport == Transport::Udp {
        found.truncated = true;
        used = Transport::Tcp;
        reply = exchange.tcp().await;
    }
    found.queries += exchange.queries();
    let reply = reply?;
    found.source = AnswerSource::Server { address, transport: used };
    found.rcode = Some(reply.rcode_name());
    judge::reply(address, question, reply)
}

/// What a name that is never asked of a server resolves to (RFC 6761: `localhost` and below).
fn special(question: &Question) -> Option<Answer> {
    use std::net::{Ipv4Addr, Ipv6Addr};
    let name = question.name();
    if name != "localhost" && !name.ends_with(".localhost") {
        return None;
    }
    let address = match question.record_type() {
        RecordType::A => IpAddr::V4(Ipv4Addr::LOCALHOST),
        RecordType::Aaaa => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    Some(Answer { addresses: vec![address], ttl: None, cnames: Vec::new() })
}

/// A failure that says there is no address of the family asked for.
fn no_data(question: &Question, by: &str) -> Failure {
    let (name, kind) = (question.name(), question.record_type());
    Failure::new(Reason::DnsNodata, format!("{by} has no {kind} record for {name}"))
}
