//! The DNS layer: one question to one resolver, and what came back, told apart.
//!
//! Promises: each server is asked directly, on a connection or a connected socket of our own, so that a refused port, a
//! wrong id and silence are different things; the time is from the first query to the last answer as the kernel got it,
//! however late we were to read it; what does not change is made once per resolver.

mod compare;
mod dnssec;
mod encrypted;
mod exchange;
mod extended_error;
mod https;
mod judge;
mod line;
mod message;
mod name_servers;
mod question;
mod resolv_conf;
mod resolver;
#[cfg(test)]
pub(crate) mod scripted;
mod sent;
mod system;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::time::Instant;

use crate::outcome::{
    AnswerSource, DnsEvidence, Dnssec, Failure, Finding, Reason, RecordType, Stage, Transport,
};

pub(super) use compare::compare;
use dnssec::Anchors;
use exchange::malformed;
use line::{Line, Replied};
use message::Edns;
use question::{Answer, RawAnswer};
pub(super) use question::{Question, QuestionError};
pub(super) use resolver::{NameServers, PreparedResolver, ResolverError};
use sent::Times;
pub use system::{ResolvConf, SystemResolver};

/// What one lookup found.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    pub(super) stage: Stage<DnsEvidence>,
    pub(super) findings: Vec<Finding>,
    /// How long in all what came waited for us.
    pub(super) late: Duration,
}

impl Lookup {
    /// What came of a question to the resolver of this name; answers outside `expected` networks are findings.
    fn of(
        resolver: Arc<str>,
        question: &Question,
        expected: &[IpNet],
        took: Duration,
        found: Found,
        result: Result<Answer, Failure>,
    ) -> Self {
        let late = found.times.late;
        let mut evidence = DnsEvidence {
            resolver,
            record_type: question.record_type(),
            source: found.said.source,
            rcode: found.said.rcode,
            addresses: Vec::new(),
            unexpected: (!expected.is_empty()).then(Vec::new),
            ttl: found.said.ttl,
            cnames: found.said.cnames,
            queries: found.queries,
            truncated: found.truncated,
            dnssec: found.said.dnssec,
        };
        match result {
            Err(failure) => {
                Self { stage: Stage::Failed { took, failure, evidence }, findings: Vec::new(), late }
            }
            Ok(answer) => {
                let extended = found.said.extended.as_deref();
                let judged = judge::addresses(question.name(), &answer.addresses, expected, extended);
                evidence.addresses = answer.addresses;
                evidence.unexpected = evidence.unexpected.map(|_| judged.unexpected);
                Self {
                    stage: Stage::Passed { took, evidence },
                    findings: judged.finding.into_iter().collect(),
                    late,
                }
            }
        }
    }

    /// The addresses to walk; empty when the lookup failed.
    pub(super) fn addresses(&self) -> &[IpAddr] {
        match &self.stage {
            Stage::Passed { evidence, .. } => &evidence.addresses,
            Stage::NotPlanned | Stage::NotReached | Stage::Failed { .. } => &[],
        }
    }
}

/// What was seen while asking, kept whatever comes of it.
#[derive(Debug, Clone, Default)]
struct Found {
    said: Said,
    queries: u32,
    truncated: bool,
    times: Times,
}

/// What the one whose answer or failure is reported said.
#[derive(Debug, Clone, Default)]
struct Said {
    source: AnswerSource,
    rcode: Option<String>,
    ttl: Option<Duration>,
    cnames: Vec<String>,
    extended: Option<String>,
    dnssec: Option<Dnssec>,
}

impl Found {
    fn from(source: AnswerSource) -> Self {
        Self { said: Said { source, ..Said::default() }, ..Self::default() }
    }
}

/// The part of the time left for asking again over TCP where the truncated reply could be used as it is: a network that
/// drops what goes to TCP port 53 must not use up what the layers above need.
const SPARE: usize = 4;

/// Asks one server; a truncated reply makes it ask again over TCP. Where that fails, the addresses that came are used:
/// there may be more (RFC 2181 §9), but these are good ones, and many networks let nothing through to TCP port 53.
///
/// With trust anchors the answer must be validated, and then only a whole reply will do.
async fn ask_line(
    mut line: Line,
    question: &Question,
    anchors: Option<&Anchors>,
    found: &mut Found,
) -> Result<Answer, Failure> {
    found.said = Said::default();
    let edns = if anchors.is_some() { Edns::Validating } else { Edns::On };
    let mut replied = line.ask(question.wire(), edns).await?;
    if replied.message.metadata.truncation && replied.transport == Transport::Udp {
        found.truncated = true;
        replied = again(&mut line, replied, question, edns).await?;
    }
    let Replied { message, address, transport, server } = replied;
    let source = AnswerSource::Server { address, transport };
    let reply = question.answered(&message).map_err(|why| malformed(&server, question.wire(), &why))?;
    found.said = Said {
        source,
        rcode: Some(reply.rcode_name()),
        ttl: reply.answer.ttl,
        cnames: reply.answer.cnames.clone(),
        extended: reply.extended.clone(),
        dnssec: None,
    };
    let result = judge::reply(&server, question, reply);
    let Some(anchors) = anchors.filter(|_| judge::is_an_answer(&result)) else { return result };
    found.said.dnssec = Some(dnssec::validate(line, question, message, &server, anchors).await?);
    result
}

/// Asks again over TCP after a truncated reply; the reply to go by.
async fn again(
    line: &mut Line,
    truncated: Replied,
    question: &Question,
    edns: Edns,
) -> Result<Replied, Failure> {
    let has_addresses = |answer: RawAnswer| !answer.answer.addresses.is_empty();
    let usable = edns != Edns::Validating && question.answered(&truncated.message).is_ok_and(has_addresses);
    let deadline = line.deadline();
    let until = if usable { deadline.share(Instant::now(), SPARE) } else { deadline };
    match line.ask_whole(until, question.wire(), edns).await {
        Ok(reply) => Ok(reply),
        Err(_) if usable => Ok(truncated),
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
