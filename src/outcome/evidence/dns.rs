//! What the DNS layer saw.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::outcome::Family;

/// The address record types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
}

impl RecordType {
    /// The label value: `A`, `AAAA`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
        }
    }

    /// The family its addresses belong to.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::A => Family::Ipv4,
            Self::Aaaa => Family::Ipv6,
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// How a question travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A datagram each way.
    Udp,
    /// A connection, length-prefixed messages.
    Tcp,
    /// A TLS connection, length-prefixed messages (DoT, RFC 7858).
    Tls,
    /// HTTP/2 over TLS, a message a request (DoH, RFC 8484).
    Https,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Https => "https",
        })
    }
}

/// Where the addresses came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnswerSource {
    /// Nothing answered.
    #[default]
    Nobody,
    /// A name server.
    Server {
        /// Its address.
        address: SocketAddr,
        /// The transport of its last reply.
        transport: Transport,
    },
    /// The machine's hosts file.
    HostsFile,
    /// The name is special and never asked of a server (`localhost`, RFC 6761).
    Special,
}

/// What validating the answer by DNSSEC said; an answer that is bogus is a failure instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dnssec {
    /// Signed, and the signatures lead to a trust anchor.
    Secure,
    /// Proven not to be signed.
    Insecure,
}

impl Dnssec {
    /// A word for logs and JSON: `secure`, `insecure`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Secure => "secure",
            Self::Insecure => "insecure",
        }
    }
}

/// What the DNS layer saw for one record type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsEvidence {
    /// The resolver's name in the config.
    pub resolver: Arc<str>,
    /// What was asked for.
    pub record_type: RecordType,
    /// Who answered.
    pub source: AnswerSource,
    /// The response code's usual name (`NOERROR`, `NXDOMAIN`, …), if a well-formed reply came.
    pub rcode: Option<String>,
    /// The addresses, in the order given.
    pub addresses: Vec<IpAddr>,
    /// The addresses outside the expected networks; `None` where none are configured.
    pub unexpected: Option<Vec<IpAddr>>,
    /// The smallest TTL on the way from the name to the addresses, or to the end of the CNAME chain without any.
    pub ttl: Option<Duration>,
    /// The names the CNAME chain went through.
    pub cnames: Vec<String>,
    /// Questions sent, resends and other servers included.
    pub queries: u32,
    /// Whether a truncated reply made it ask again over TCP; where that failed, `source` says UDP, and there may be more
    /// addresses than these.
    pub truncated: bool,
    /// What DNSSEC says of the answer; `None` where it was not validated.
    pub dnssec: Option<Dnssec>,
}
