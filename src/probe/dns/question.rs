//! The question for addresses, and what a reply says to it.
//!
//! Promises: a chain of CNAME records is followed in whatever order it stands, and one that does not end is malformed.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};

use super::extended_error;
use super::message::Wire;
use crate::outcome::RecordType;

/// More CNAMEs than this in one answer are taken for a loop.
const LONGEST_CHAIN: usize = 16;

/// Why a name cannot be asked for.
#[derive(Debug, thiserror::Error)]
#[error("{name:?} cannot be asked of DNS: {reason}")]
pub struct QuestionError {
    name: String,
    reason: String,
}

/// One question for addresses, made once per target.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    text: String,
    record_type: RecordType,
    wire: Wire,
}

impl Question {
    /// A question for the addresses of a name.
    pub(crate) fn new(name: &str, record_type: RecordType) -> Result<Self, QuestionError> {
        let fail = |reason: String| QuestionError { name: name.to_owned(), reason };
        let parsed = Name::from_ascii(name).map_err(|error| fail(error.to_string()))?;
        let kind = match record_type {
            RecordType::A => WireType::A,
            RecordType::Aaaa => WireType::AAAA,
        };
        Ok(Self { text: name.to_owned(), record_type, wire: Wire::new(parsed, kind).map_err(fail)? })
    }

    /// The same question for the name below a search domain.
    pub(super) fn below(&self, domain: &str) -> Result<Self, QuestionError> {
        Self::new(&format!("{}.{}", self.text, domain.trim_end_matches('.')), self.record_type)
    }

    pub(super) fn name(&self) -> &str {
        &self.text
    }

    pub(super) fn record_type(&self) -> RecordType {
        self.record_type
    }

    pub(super) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// What a reply to it says; an error if that makes no sense.
    pub(super) fn answered(&self, message: &Message) -> Result<RawAnswer, String> {
        Ok(RawAnswer {
            rcode: message.metadata.response_code,
            truncated: message.metadata.truncation,
            extended: extended_error::of(message),
            answer: self.follow(&message.answers)?,
        })
    }

    /// Follows the CNAME chain from the question's name to its addresses.
    fn follow(&self, records: &[Record]) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let mut owner = self.wire.name();
        let mut ttl: Option<u32> = None;
        let mut note = |record: &Record| ttl = Some(ttl.map_or(record.ttl, |ttl| ttl.min(record.ttl)));
        loop {
            let mut next = None;
            for record in records.iter().filter(|record| record.name.eq_ignore_root(owner)) {
                match &record.data {
                    RData::A(address) if self.record_type == RecordType::A => {
                        note(record);
                        answer.addresses.push(IpAddr::V4(address.0));
                    }
                    RData::AAAA(address) if self.record_type == RecordType::Aaaa => {
                        note(record);
                        answer.addresses.push(IpAddr::V6(address.0));
                    }
                    RData::CNAME(target) => {
                        note(record);
                        next = Some(&target.0);
                    }
                    _ => {}
                }
            }
            let Some(target) = next.filter(|_| answer.addresses.is_empty()) else { break };
            if answer.cnames.len() >= LONGEST_CHAIN {
                return Err(format!("its CNAME records lead in a circle at {target}"));
            }
            answer.cnames.push(target.to_ascii());
            owner = target;
        }
        answer.ttl = ttl.map(|ttl| Duration::from_secs(ttl.into()));
        Ok(answer)
    }
}

/// An answer to our question.
#[derive(Debug)]
pub(super) struct RawAnswer {
    pub(super) rcode: ResponseCode,
    pub(super) truncated: bool,
    /// What the server says beyond the response code, in words.
    pub(super) extended: Option<String>,
    pub(super) answer: Answer,
}

impl RawAnswer {
    /// The response code, with what else the server says: "REFUSED (extended error 15 Blocked)".
    pub(super) fn rcode_in_words(&self) -> String {
        match &self.extended {
            None => self.rcode_name(),
            Some(extended) => format!("{} ({extended})", self.rcode_name()),
        }
    }

    /// The response code as operators write it.
    pub(super) fn rcode_name(&self) -> String {
        match self.rcode {
            ResponseCode::NoError => "NOERROR".to_owned(),
            ResponseCode::FormErr => "FORMERR".to_owned(),
            ResponseCode::ServFail => "SERVFAIL".to_owned(),
            ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
            ResponseCode::NotImp => "NOTIMP".to_owned(),
            ResponseCode::Refused => "REFUSED".to_owned(),
            // hickory's name for 16 is that of TSIG, which nobody speaks here.
            ResponseCode::BADVERS | ResponseCode::BADSIG => "BADVERS".to_owned(),
            other => format!("RCODE{}", u16::from(other)),
        }
    }
}

/// The addresses of an answer and how they were reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) ttl: Option<Duration>,
    pub(super) cnames: Vec<String>,
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::OpCode;
    use hickory_resolver::proto::rr::rdata::{A, CNAME};

    use super::*;

    fn read(question: &Question, records: Vec<Record>) -> Result<RawAnswer, String> {
        let mut message = Message::response(7, OpCode::Query);
        message.add_query(question.wire().to_query());
        message.add_answers(records);
        question.answered(&message)
    }

    fn cname(from: &str, to: &str, ttl: u32) -> Record {
        Record::from_rdata(
            Name::from_ascii(from).unwrap(),
            ttl,
            RData::CNAME(CNAME(Name::from_ascii(to).unwrap())),
        )
    }

    fn a(name: &str, last: u8, ttl: u32) -> Record {
        Record::from_rdata(Name::from_ascii(name).unwrap(), ttl, RData::A(A::new(192, 0, 2, last)))
    }

    #[test]
    fn a_chain_is_followed_in_any_order_and_the_smallest_ttl_counts() {
        let question = Question::new("api.example.com", RecordType::A).unwrap();
        let records = vec![
            a("edge.example.net.", 2, 300),
            cname("www.example.org.", "edge.example.net.", 20),
            a("unrelated.example.", 9, 1),
            cname("API.example.com.", "www.example.org.", 60),
        ];
        let answer = read(&question, records).unwrap();
        assert_eq!(answer.answer.addresses, ["192.0.2.2".parse::<IpAddr>().unwrap()]);
        assert_eq!(answer.answer.ttl, Some(Duration::from_secs(20)));
        assert_eq!(answer.answer.cnames, ["www.example.org.", "edge.example.net."]);
        assert_eq!(answer.rcode_name(), "NOERROR");
    }

    #[test]
    fn a_circle_of_cnames_ends() {
        let question = Question::new("a.example", RecordType::A).unwrap();
        let records = vec![cname("a.example.", "b.example.", 1), cname("b.example.", "a.example.", 1)];
        let why = read(&question, records).unwrap_err();
        assert!(why.contains("circle"), "{why}");
    }
}
