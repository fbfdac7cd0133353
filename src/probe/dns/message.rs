//! DNS messages: the question as bytes, made once per target, and the reading of a reply.
//!
//! Promises: reading never fails silently: a reply is an answer to our question, somebody else's, or malformed with
//! the words why.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};

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

/// One question, ready to be sent: only its id changes.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    text: String,
    name: Name,
    record_type: RecordType,
    wire: Vec<u8>,
}

impl Question {
    /// A question for the addresses of a name.
    pub(crate) fn new(name: &str, record_type: RecordType) -> Result<Self, QuestionError> {
        let fail = |reason: String| QuestionError { name: name.to_owned(), reason };
        let mut parsed = Name::from_ascii(name).map_err(|error| fail(error.to_string()))?;
        parsed.set_fqdn(true);
        let mut message = Message::new(0, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(parsed.clone(), wire_type(record_type)));
        let wire = message.to_vec().map_err(|error| fail(error.to_string()))?;
        Ok(Self { text: name.to_owned(), name: parsed, record_type, wire })
    }

    /// The same question for the name below a search domain.
    pub(crate) fn below(&self, domain: &str) -> Result<Self, QuestionError> {
        Self::new(&format!("{}.{}", self.text, domain.trim_end_matches('.')), self.record_type)
    }

    pub(crate) fn name(&self) -> &str {
        &self.text
    }

    pub(crate) fn record_type(&self) -> RecordType {
        self.record_type
    }

    /// As hickory asks its hosts table.
    pub(super) fn to_query(&self) -> Query {
        Query::query(self.name.clone(), wire_type(self.record_type))
    }

    /// The bytes to send under an id.
    pub(super) fn wire(&self, id: u16) -> Vec<u8> {
        let mut wire = self.wire.clone();
        if let Some(start) = wire.get_mut(..2) {
            start.copy_from_slice(&id.to_be_bytes());
        }
        wire
    }

    /// Reads what came back under `id`.
    pub(super) fn read(&self, id: u16, bytes: &[u8]) -> Reply {
        match bytes.get(..2) {
            None => return Reply::Malformed("fewer than two bytes".to_owned()),
            Some(start) if start != id.to_be_bytes() => return Reply::NotOurs("another id"),
            Some(_) => {}
        }
        let message = match Message::from_vec(bytes) {
            Ok(message) => message,
            Err(error) => return Reply::Malformed(error.to_string()),
        };
        if message.metadata.message_type != MessageType::Response {
            return Reply::Malformed("it is a question, not a reply".to_owned());
        }
        // Servers may leave the question out of an error reply; a different question is somebody else's answer.
        let ours = |query: &Query| {
            query.query_type() == wire_type(self.record_type) && query.name().eq_ignore_root(&self.name)
        };
        let rcode = message.metadata.response_code;
        match message.queries.as_slice() {
            [query] if ours(query) => {}
            [] if rcode != ResponseCode::NoError => {}
            _ => return Reply::NotOurs("another question"),
        }
        let truncated = message.metadata.truncation;
        match self.follow(&message.answers) {
            Ok(answer) => Reply::Answer(RawAnswer { rcode, truncated, answer }),
            Err(reason) => Reply::Malformed(reason),
        }
    }

    /// Follows the CNAME chain from the question's name to its addresses.
    fn follow(&self, records: &[Record]) -> Result<Answer, String> {
        let mut answer = Answer::default();
        let mut owner = &self.name;
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

/// What a datagram or message turned out to be.
#[derive(Debug)]
pub(super) enum Reply {
    /// An answer to our question, whatever its response code.
    Answer(RawAnswer),
    /// A well-formed message for something we did not ask.
    NotOurs(&'static str),
    /// Not a DNS reply, with the words why.
    Malformed(String),
}

/// An answer to our question.
#[derive(Debug)]
pub(super) struct RawAnswer {
    pub(super) rcode: ResponseCode,
    pub(super) truncated: bool,
    pub(super) answer: Answer,
}

impl RawAnswer {
    /// The response code as operators write it.
    pub(super) fn rcode_name(&self) -> String {
        match self.rcode {
            ResponseCode::NoError => "NOERROR".to_owned(),
            ResponseCode::FormErr => "FORMERR".to_owned(),
            ResponseCode::ServFail => "SERVFAIL".to_owned(),
            ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
            ResponseCode::NotImp => "NOTIMP".to_owned(),
            ResponseCode::Refused => "REFUSED".to_owned(),
            other => format!("RCODE{}", u16::from(other)),
        }
    }
}

/// The addresses of an answer and how they were reached.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) ttl: Option<Duration>,
    pub(super) cnames: Vec<String>,
}

fn wire_type(record_type: RecordType) -> WireType {
    match record_type {
        RecordType::A => WireType::A,
        RecordType::Aaaa => WireType::AAAA,
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::{A, CNAME};
    use proptest::prelude::*;

    use super::*;

    fn reply(question: &Question, records: Vec<Record>) -> Vec<u8> {
        let mut message = Message::response(7, OpCode::Query);
        message.add_query(question.to_query());
        message.add_answers(records);
        message.to_vec().unwrap()
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
        let Reply::Answer(answer) = question.read(7, &reply(&question, records)) else { panic!() };
        assert_eq!(answer.answer.addresses, ["192.0.2.2".parse::<IpAddr>().unwrap()]);
        assert_eq!(answer.answer.ttl, Some(Duration::from_secs(20)));
        assert_eq!(answer.answer.cnames, ["www.example.org.", "edge.example.net."]);
        assert_eq!(answer.rcode_name(), "NOERROR");
    }

    #[test]
    fn a_circle_of_cnames_ends() {
        let question = Question::new("a.example", RecordType::A).unwrap();
        let records = vec![cname("a.example.", "b.example.", 1), cname("b.example.", "a.example.", 1)];
        let read = question.read(7, &reply(&question, records));
        assert!(matches!(&read, Reply::Malformed(why) if why.contains("circle")), "{read:?}");
    }

    #[test]
    fn what_is_not_ours_is_told_from_what_is_broken() {
        let question = Question::new("a.example", RecordType::A).unwrap();
        let other = Question::new("b.example", RecordType::A).unwrap();
        let aaaa = Question::new("a.example", RecordType::Aaaa).unwrap();
        assert!(matches!(question.read(8, &reply(&question, vec![])), Reply::NotOurs("another id")));
        assert!(matches!(question.read(7, &reply(&other, vec![])), Reply::NotOurs("another question")));
        assert!(matches!(question.read(7, &reply(&aaaa, vec![])), Reply::NotOurs("another question")));
        assert!(matches!(question.read(7, &question.wire(7)), Reply::Malformed(_)));
        assert!(matches!(question.read(7, &[0, 7, 255, 255, 1]), Reply::Malformed(_)));
        assert!(matches!(question.read(7, &[]), Reply::Malformed(_)));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let question = Question::new("a.example", RecordType::A).unwrap();
            let id = bytes.get(..2).map_or(0, |start| u16::from_be_bytes([start[0], start[1]]));
            let _ = question.read(id, &bytes);
        }
    }
}
