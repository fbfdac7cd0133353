//! DNSSEC: whether an answer leads to a trust anchor.
//!
//! hickory validates; the queries for keys that it makes go over our own line to the same server, and the reply that it
//! judges is the very one whose addresses are walked.

use std::fmt;
use std::pin::Pin;
use std::str::FromStr as _;
use std::sync::Arc;

use futures_util::stream::{self, Stream};
use hickory_resolver::net::dnssec::DnssecDnsHandle;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::FirstAnswer as _;
use hickory_resolver::net::{DnsError, DnsHandle, NetError};
use hickory_resolver::proto::dnssec::{Proof, TrustAnchors};
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Message};
use hickory_resolver::proto::rr::{Name, RecordType as WireType};
use tokio::sync::Mutex;

use super::line::Line;
use super::message::{Edns, Wire};
use super::question::Question;
use crate::outcome::{Dnssec, Failure, Reason, Transport};
use crate::target::Validation;

/// Why trust anchors cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path} does not hold trust anchors (DNSKEY records, one a line): {reason}")]
pub(super) struct AnchorsError {
    path: String,
    reason: String,
}

/// The keys that signatures must lead to.
#[derive(Clone)]
pub(super) struct Anchors(Arc<TrustAnchors>);

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Anchors")
    }
}

/// The trust anchors of a resolver, if its answers are validated.
pub(super) fn anchors(validation: &Validation) -> Result<Option<Anchors>, AnchorsError> {
    let (path, records) = match validation {
        Validation::Off => return Ok(None),
        Validation::RootAnchor => return Ok(Some(Anchors(Arc::new(TrustAnchors::default())))),
        Validation::Anchors { path, records } => (path, records),
    };
    let fail = |reason: String| AnchorsError { path: path.clone(), reason };
    let holds_any = records.lines().any(|line| !line.split(';').next().unwrap_or_default().trim().is_empty());
    if !holds_any {
        return Err(fail("there is none".to_owned()));
    }
    let anchors = TrustAnchors::from_str(records).map_err(|error| fail(error.to_string()))?;
    Ok(Some(Anchors(Arc::new(anchors))))
}

/// Validates the reply to a question; further queries go over `line`.
pub(super) async fn validate(
    line: Line,
    question: &Question,
    reply: Message,
    server: &str,
    anchors: &Anchors,
) -> Result<Dnssec, Failure> {
    let asks = Asks(Arc::new(Mutex::new(State { line, reply: Some(reply), trouble: None })));
    let validator = DnssecDnsHandle::with_trust_anchor(asks.clone(), Arc::clone(&anchors.0));
    let query = question.wire().to_query();
    let validated = validator.lookup(query, DnsRequestOptions::default()).first_answer().await;
    let verdict = match &validated {
        Ok(response) => verdict(response, question.wire().to_query().name()),
        Err(NetError::Dns(DnsError::Nsec { proof: Proof::Insecure, .. })) => Some(Dnssec::Insecure),
        Err(_) => None,
    };
    let trouble = asks.0.lock().await.trouble.take();
    verdict.ok_or_else(|| match (trouble, validated) {
        // What could not be asked for says nothing of the answer.
        (Some(failure), _) => {
            let detail = format!("validating {}: {}", question.wire(), failure.detail);
            Failure::new(failure.reason, detail)
        }
        (None, validated) => {
            let words = match validated {
                Err(error) => error.to_string(),
                Ok(_) => "the signatures do not lead to a trust anchor".to_owned(),
            };
            let detail = format!("the reply of {server} for {} is bogus: {words}", question.wire());
            Failure::new(Reason::DnsBogus, detail)
        }
    })
}

/// What a response says of itself after its records were judged; `None` for bogus.
fn verdict(response: &Message, name: &Name) -> Option<Dnssec> {
    let matter = |kind| matches!(kind, WireType::A | WireType::AAAA | WireType::CNAME | WireType::DNAME);
    let proof = match response.answers.iter().filter(|record| matter(record.record_type())) {
        answers if answers.clone().next().is_some() => answers.map(|record| record.proof).min(),
        // What there is not is proven by what stands beside the answer.
        _ => {
            let beside = || response.authorities.iter();
            // That another zone is not signed says nothing of this name: anybody could put its records here.
            let above = beside().filter(|record| record.name.zone_of(name));
            if beside().any(|record| record.proof.is_secure()) {
                Some(Proof::Secure)
            } else {
                above.map(|record| record.proof).min()
            }
        }
    };
    match proof? {
        Proof::Secure => Some(Dnssec::Secure),
        Proof::Insecure => Some(Dnssec::Insecure),
        Proof::Bogus | Proof::Indeterminate => None,
    }
}

/// Answers hickory's queries: the first with the reply that is to be validated, the others over the line.
#[derive(Clone)]
struct Asks(Arc<Mutex<State>>);

struct State {
    line: Line,
    reply: Option<Message>,
    /// The first query that failed.
    trouble: Option<Failure>,
}

impl DnsHandle for Asks {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        let state = Arc::clone(&self.0);
        Box::pin(stream::once(async move { state.lock().await.answer(&request).await }))
    }
}

impl State {
    async fn answer(&mut self, request: &DnsRequest) -> Result<DnsResponse, NetError> {
        let message = match self.reply.take() {
            Some(reply) => reply,
            None => {
                let query = request.queries.first().ok_or(NetError::Message("a request without a query"))?;
                let wire = Wire::new(query.name().clone(), query.query_type()).map_err(NetError::Msg)?;
                self.fetch(&wire).await.map_err(|failure| {
                    let detail = failure.detail.clone();
                    self.trouble.get_or_insert(failure);
                    NetError::Msg(detail)
                })?
            }
        };
        Ok(DnsResponse::from_message(message)?)
    }

    async fn fetch(&mut self, wire: &Wire) -> Result<Message, Failure> {
        let replied = self.line.ask(wire, Edns::Validating).await?;
        if !replied.message.metadata.truncation || replied.transport != Transport::Udp {
            return Ok(replied.message);
        }
        let deadline = self.line.deadline();
        Ok(self.line.ask_whole(deadline, wire, Edns::Validating).await?.message)
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::OpCode;
    use hickory_resolver::proto::rr::rdata::SOA;
    use hickory_resolver::proto::rr::{RData, Record};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    /// A reply without an answer, and the SOA of a zone beside it.
    fn denial(zone: &str, proof: Proof) -> Message {
        let soa = SOA::new(name("ns.example."), name("admin.example."), 1, 2, 3, 4, 5);
        let mut record = Record::from_rdata(name(zone), 60, RData::SOA(soa));
        record.proof = proof;
        let mut reply = Message::response(1, OpCode::Query);
        reply.authorities.push(record);
        reply
    }

    #[test]
    fn a_denial_is_insecure_only_by_a_zone_that_the_name_is_in() {
        let asked = name("api.signed.test.");
        let of = |zone, proof| verdict(&denial(zone, proof), &asked);
        assert_eq!(of("test.", Proof::Insecure), Some(Dnssec::Insecure));
        assert_eq!(of("signed.test.", Proof::Secure), Some(Dnssec::Secure));
        // Anybody could put the records of a zone here that is known not to be signed.
        assert_eq!(of("unsigned.signed.test.", Proof::Insecure), None);
        assert_eq!(of("elsewhere.example.", Proof::Insecure), None);
        assert_eq!(of("signed.test.", Proof::Bogus), None);
        assert_eq!(
            verdict(&Message::response(1, OpCode::Query), &asked),
            None,
            "nothing is proven by nothing"
        );
    }
}
