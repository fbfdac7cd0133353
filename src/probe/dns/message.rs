//! DNS messages: a query as bytes, made once per target, and the reading of what comes back.
//!
//! Promises: reading never fails silently: a message is a reply to our query, somebody else's, or malformed with the
//! words why. Queries carry EDNS (RFC 6891), but for servers that do not know it.

use std::fmt;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

/// The largest datagram that is asked for: it goes through any network unfragmented (the DNS flag day of 2020).
pub(super) const PAYLOAD: u16 = 1232;

/// What a query says of its sender beyond the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edns {
    /// Nothing, as before there was EDNS.
    Off,
    /// That replies may be larger, and may carry extended errors.
    On,
    /// Also that it validates by itself: with signatures (DO), and with what the server takes for bogus (CD, RFC 6840
    /// §5.9).
    Validating,
}

/// One query, ready to be sent: only its id and its EDNS change.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    name: Name,
    kind: WireType,
    bytes: Vec<u8>,
}

impl Wire {
    /// A query for one type of record of a name.
    pub(super) fn new(mut name: Name, kind: WireType) -> Result<Self, String> {
        name.set_fqdn(true);
        let mut message = Message::new(0, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(name.clone(), kind));
        let bytes = message.to_vec().map_err(|error| error.to_string())?;
        Ok(Self { name, kind, bytes })
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    /// As hickory asks.
    pub(super) fn to_query(&self) -> Query {
        Query::query(self.name.clone(), self.kind)
    }

    /// The bytes to send under an id.
    pub(super) fn bytes(&self, id: u16, edns: Edns) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if let Some(start) = bytes.get_mut(..2) {
            start.copy_from_slice(&id.to_be_bytes());
        }
        if edns == Edns::Off {
            return bytes;
        }
        // One additional record: the OPT, of the root's name. Its class is the payload size, its TTL the flags.
        if let Some(additional) = bytes.get_mut(11) {
            *additional = 1;
        }
        let validating = edns == Edns::Validating;
        if let Some(flags) = bytes.get_mut(3).filter(|_| validating) {
            *flags |= CHECKING_DISABLED;
        }
        let [high, low] = PAYLOAD.to_be_bytes();
        let flags = if validating { DNSSEC_OK } else { 0 };
        bytes.extend_from_slice(&[0, 0, 41, high, low, 0, 0, flags, 0, 0, 0]);
        bytes
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
        let ours = |query: &Query| query.query_type() == self.kind && query.name().eq_ignore_root(&self.name);
        match message.queries.as_slice() {
            [query] if ours(query) => {}
            [] if message.metadata.response_code != ResponseCode::NoError => {}
            _ => return Reply::NotOurs("another question"),
        }
        Reply::Ours(Box::new(message))
    }
}

/// "A of api.example.com"
impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.to_ascii();
        let name = if self.name.is_root() { "the root" } else { name.trim_end_matches('.') };
        write!(f, "{} of {name}", self.kind)
    }
}

/// The bit in the fourth byte of a message.
const CHECKING_DISABLED: u8 = 0x10;

/// The bit in the third byte of an OPT record's TTL.
const DNSSEC_OK: u8 = 0x80;

/// What a datagram or message turned out to be.
#[derive(Debug)]
pub(super) enum Reply {
    /// A reply to our query, whatever its response code.
    Ours(Box<Message>),
    /// A well-formed message for something we did not ask.
    NotOurs(&'static str),
    /// Not a DNS reply, with the words why.
    Malformed(String),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wire(name: &str, kind: WireType) -> Wire {
        Wire::new(Name::from_ascii(name).unwrap(), kind).unwrap()
    }

    fn reply(wire: &Wire) -> Vec<u8> {
        let mut message = Message::response(7, OpCode::Query);
        message.add_query(wire.to_query());
        message.to_vec().unwrap()
    }

    #[test]
    fn a_query_says_what_its_sender_understands() {
        let wire = wire("api.example", WireType::A);
        for (edns, checking_disabled) in [(Edns::Off, false), (Edns::On, false), (Edns::Validating, true)] {
            let message = Message::from_vec(&wire.bytes(0x1234, edns)).unwrap();
            assert_eq!((message.metadata.id, message.queries.as_slice()), (0x1234, &[wire.to_query()][..]));
            assert!(message.metadata.recursion_desired);
            assert_eq!(message.metadata.checking_disabled, checking_disabled);
            let said = message.edns.map(|said| (said.max_payload(), said.version(), said.flags().dnssec_ok));
            assert_eq!(said, (edns != Edns::Off).then_some((PAYLOAD, 0, checking_disabled)));
        }
        assert_eq!(wire.to_string(), "A of api.example");
    }

    #[test]
    fn what_is_not_ours_is_told_from_what_is_broken() {
        let question = wire("a.example", WireType::A);
        let (other, aaaa) = (wire("b.example", WireType::A), wire("a.example", WireType::AAAA));
        assert!(matches!(question.read(7, &reply(&question)), Reply::Ours(_)));
        assert!(matches!(question.read(8, &reply(&question)), Reply::NotOurs("another id")));
        assert!(matches!(question.read(7, &reply(&other)), Reply::NotOurs("another question")));
        assert!(matches!(question.read(7, &reply(&aaaa)), Reply::NotOurs("another question")));
        assert!(matches!(question.read(7, &question.bytes(7, Edns::On)), Reply::Malformed(_)));
        assert!(matches!(question.read(7, &[0, 7, 255, 255, 1]), Reply::Malformed(_)));
        assert!(matches!(question.read(7, &[]), Reply::Malformed(_)));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let id = bytes.get(..2).map_or(0, |start| u16::from_be_bytes([start[0], start[1]]));
            let _ = wire("a.example", WireType::A).read(id, &bytes);
        }
    }
}
