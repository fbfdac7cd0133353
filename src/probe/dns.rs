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
use std::time::Duration;

use ipnet::IpNet;
use tokio::time::Instant;

use crate::outcome::{AnswerSource, DnsEvidence, Failure, Finding, Reason, RecordType, Stage, Transport};
use crate::target::{Resolver, ResolverKind};
use crate::units::Deadline;

use exchange::Exchange;
use message::{Answer, RawAnswer};
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
        source: found.said.source,
        rcode: found.said.rcode,
        addresses: Vec::new(),
        unexpected: (!expected.is_empty()).then(Vec::new),
        ttl: found.said.ttl,
        cnames: found.said.cnames,
        queries: found.queries,
        truncated: found.truncated,
    };
    match result {
        Err(failure) => Lookup { stage: Stage::Failed { took, failure, evidence }, findings: Vec::new() },
        Ok(answer) => {
            let judged = judge::addresses(question.name(), &answer.addresses, expected);
            evidence.addresses = answer.addresses;
            evidence.unexpected = evidence.unexpected.map(|_| judged.unexpected);
            Lookup { stage: Stage::Passed { took, evidence }, findings: judged.finding.into_iter().collect() }
        }
    }
}

/// What was seen while asking, kept whatever comes of it.
#[derive(Debug, Default)]
struct Found {
    said: Said,
    queries: u32,
    truncated: bool,
}

/// What the one whose answer or failure is reported said.
#[derive(Debug, Default)]
struct Said {
    source: AnswerSource,
    rcode: Option<String>,
    ttl: Option<Duration>,
    cnames: Vec<String>,
}

impl Found {
    fn from(source: AnswerSource) -> Self {
        Self { said: Said { source, ..Said::default() }, ..Self::default() }
    }
}

/// The first of several failures, and what was said with it: the one to report when none of them is an answer.
#[derive(Debug, Default)]
struct First(Option<(Failure, Said)>);

impl First {
    fn note(&mut self, failure: Failure, found: &mut Found) {
        if self.0.is_none() {
            self.0 = Some((failure, std::mem::take(&mut found.said)));
        }
    }

    fn report(self, found: &mut Found) -> Option<Failure> {
        let (failure, said) = self.0?;
        found.said = said;
        Some(failure)
    }
}

/// The part of the time left for asking again over TCP where the truncated reply could be used as it is: a network that
/// drops what goes to TCP port 53 must not use up what the layers above need.
const SPARE: usize = 4;

/// Asks one server; a truncated reply makes it ask again over TCP. Where that fails, the addresses that came are used:
/// there may be more (RFC 2181 §9), but these are good ones, and many networks let nothing through to TCP port 53.
async fn ask_server(
    address: SocketAddr,
    transport: Transport,
    question: &Question,
    deadline: Deadline,
    found: &mut Found,
) -> Result<Answer, Failure> {
    found.said = Said::default();
    let mut exchange = Exchange::new(address, question, deadline);
    let reply = match transport {
        Transport::Udp => match exchange.udp().await {
            Ok(reply) if reply.truncated => {
                found.truncated = true;
                again(&mut exchange, reply, deadline).await
            }
            result => result.map(|reply| (reply, Transport::Udp)),
        },
        Transport::Tcp => exchange.tcp(deadline).await.map(|reply| (reply, Transport::Tcp)),
    };
    found.queries += exchange.queries();
    let (reply, transport) = reply?;
    found.said = Said {
        source: AnswerSource::Server { address, transport },
        rcode: Some(reply.rcode_name()),
        ttl: reply.answer.ttl,
        cnames: reply.answer.cnames.clone(),
    };
    judge::reply(address, question, reply)
}

/// Asks again over TCP after a truncated reply; the reply to go by, and how it came.
async fn again(
    exchange: &mut Exchange<'_>,
    truncated: RawAnswer,
    deadline: Deadline,
) -> Result<(RawAnswer, Transport), Failure> {
    let usable = !truncated.answer.addresses.is_empty();
    let until = if usable { deadline.share(Instant::now(), SPARE) } else { deadline };
    match exchange.tcp(until).await {
        Ok(reply) => Ok((reply, Transport::Tcp)),
        Err(_) if usable => Ok((truncated, Transport::Udp)),
        Err(failure) => {
            let detail = format!("{}, after a truncated reply over udp", failure.detail);
            Err(Failure::new(failure.reason, detail))
        }
    }
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
    Some(Answer { addresses: vec![address], ..Answer::default() })
}

/// A failure that says there is no address of the family asked for.
fn no_data(question: &Question, by: &str, cnames: &[String]) -> Failure {
    let (name, kind) = (end_of_chain(question, cnames), question.record_type());
    Failure::new(Reason::DnsNodata, format!("{by} has no {kind} record for {name}"))
}

/// The name that an answer is about: of a name that is an alias, the one it leads to.
fn end_of_chain(question: &Question, cnames: &[String]) -> String {
    match cnames.last() {
        None => question.name().to_owned(),
        Some(last) => format!("{}, to which {} leads (CNAME)", last.trim_end_matches('.'), question.name()),
    }
}

#[cfg(test)]
mod tests;
