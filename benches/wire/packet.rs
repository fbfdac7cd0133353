//! What is noted of a packet that crossed the link.

use serde::{Deserialize, Serialize};

/// Nanoseconds since the link began.
pub(crate) type Nanos = u64;

/// Flags of TCP.
pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

/// Which way a packet went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// From the prober to the servers.
    Away,
    /// From the servers to the prober.
    Back,
}

/// A packet that crossed the link.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Packet {
    pub(crate) way: Way,
    /// When the link took it from the one side and when it gave it to the other.
    pub(crate) taken: Nanos,
    pub(crate) given: Nanos,
    pub(crate) what: What,
}

/// What it carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    /// `port` is the prober's.
    Tcp { port: u16, flags: u8, sequence: u32, length: u32 },
    /// A question about an address, or its answer: the number in the name's first label.
    Dns { number: u32 },
    /// Something else.
    Other,
}

impl Packet {
    /// When it was at the prober.
    pub(crate) fn at_prober(&self) -> Nanos {
        match self.way {
            Way::Away => self.taken,
            Way::Back => self.given,
        }
    }

    /// When it was at the servers.
    pub(crate) fn at_servers(&self) -> Nanos {
        match self.way {
            Way::Away => self.given,
            Way::Back => self.taken,
        }
    }
}

impl What {
    /// Reads an IPv4 packet.
    pub(crate) fn of(way: Way, packet: &[u8]) -> Self {
        Self::read(way, packet).unwrap_or(Self::Other)
    }

    fn read(way: Way, packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        if first >> 4 != 4 {
            return None;
        }
        let total = usize::from(u16_at(packet, 2)?);
        let body = packet.get(usize::from(first & 15) * 4..total)?;
        match *packet.get(9)? {
            6 => {
                let port = u16_at(body, if way == Way::Away { 0 } else { 2 })?;
                let header = usize::from(*body.get(12)? >> 4) * 4;
                let length = u32::try_from(body.len().checked_sub(header)?).ok()?;
                let sequence = u32::from_be_bytes(*body.get(4..)?.first_chunk()?);
                Some(Self::Tcp { port, flags: *body.get(13)?, sequence, length })
            }
            17 => {
                let server = u16_at(body, if way == Way::Away { 2 } else { 0 })?;
                let number = || number_in_question(body.get(8..)?);
                (server == 53).then(number)?.map(|number| Self::Dns { number })
            }
            _ => None,
        }
    }
}

/// The digits of the first label of a message's question.
fn number_in_question(message: &[u8]) -> Option<u32> {
    let (length, rest) = message.get(12..)?.split_first()?;
    let label = str::from_utf8(rest.get(..usize::from(*length))?).ok()?;
    label.strip_prefix('t')?.parse().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
