//! What was on the wire, probe by probe: from the link's packets, and nginx' log that tells whose a connection was.
//!
//! Times are those at the prober's end of the link. TLS 1.3 hides what a record is, so packets are told apart by cause:
//! - Of the handshake is what left the servers before the client's second flight reached them.
//! - Session tickets and HTTP/2 settings come behind it at once, the response not before the time that the server takes: it
//!   begins with the last data before which the server was silent for about that long.
//! - The request is the last data, large enough to be one, that reached the server that long before the response.
//! - An alert alone is no response, and neither is what the server says when it has heard that the client ends.
//! - What is sent again counts where it came first.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::link::nanos;
use super::packet::{ACK, FIN, Nanos, Packet, RST, SYN, Way, What};

/// A `close_notify` of TLS 1.3, with its record.
const ALERT: u32 = 24;
/// Larger than a lone acknowledgement of HTTP/2 settings or a window update, smaller than any head of a request.
const SMALLEST_REQUEST: u32 = 45;

/// What one probe's packets say, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Truth {
    /// First question to last answer before the connection.
    pub(crate) dns: Nanos,
    /// SYN to SYN-ACK.
    pub(crate) tcp: Nanos,
    /// Client hello to the last packet of the server's flight.
    pub(crate) tls: Nanos,
    /// Request to the first of the response.
    pub(crate) processing: Nanos,
    /// First to last of the response.
    pub(crate) transfer: Nanos,
    /// First question to the last of the response.
    pub(crate) total: Nanos,
}

/// What crossed the link during a scenario.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// By the prober's port, in the order of their beginning.
    flows: HashMap<u16, Vec<Flow>>,
    /// When names were asked for and answered, by their number.
    asked: HashMap<u32, Vec<Nanos>>,
    answered: HashMap<u32, Vec<Nanos>>,
}

/// One connection.
#[derive(Debug, Default)]
struct Flow {
    syn: Nanos,
    syn_ack: Option<Nanos>,
    away: Vec<Data>,
    back: Vec<Data>,
    /// Behind the last byte so far, each way.
    next_away: Option<u32>,
    next_back: Option<u32>,
    /// When the prober ended it.
    end: Option<Nanos>,
}

/// A packet with data.
#[derive(Debug, Clone, Copy)]
struct Data {
    at_prober: Nanos,
    at_servers: Nanos,
    length: u32,
}

impl Wire {
    /// Sorts packets to connections and names.
    pub(crate) fn of(mut packets: Vec<Packet>) -> Self {
        packets.sort_by_key(Packet::at_prober);
        let mut wire = Self::default();
        for packet in &packets {
            match packet.what {
                What::Tcp { port, flags, sequence, length } => {
                    wire.tcp(packet, port, flags, (sequence, length))
                }
                What::Dns { number } => {
                    let list = match packet.way {
                        Way::Away => &mut wire.asked,
                        Way::Back => &mut wire.answered,
                    };
                    list.entry(number).or_default().push(packet.at_prober());
                }
                What::Other => {}
            }
        }
        wire
    }

    fn tcp(&mut self, packet: &Packet, port: u16, flags: u8, (sequence, length): (u32, u32)) {
        let flows = self.flows.entry(port).or_default();
        if packet.way == Way::Away && flags & (SYN | ACK) == SYN {
            let is_again = flows.last().is_some_and(|flow| flow.syn_ack.is_none());
            if !is_again {
                flows.push(Flow { syn: packet.at_prober(), ..Flow::default() });
            }
            return;
        }
        let Some(flow) = flows.last_mut() else { return };
        match packet.way {
            Way::Back if flags & SYN != 0 => {
                flow.syn_ack.get_or_insert(packet.at_prober());
            }
            Way::Away if flags & (FIN | RST) != 0 => {
                flow.end.get_or_insert(packet.at_prober());
            }
            Way::Away | Way::Back => {}
        }
        let (list, next) = match packet.way {
            Way::Away => (&mut flow.away, &mut flow.next_away),
            Way::Back => (&mut flow.back, &mut flow.next_back),
        };
        let end = sequence.wrapping_add(length);
        // Numbers of TCP go round: ahead is what is less than half the way.
        let is_new = next.is_none_or(|next| end != next && end.wrapping_sub(next) < u32::MAX / 2);
        if length > 0 && is_new {
            *next = Some(end);
            list.push(Data { at_prober: packet.at_prober(), at_servers: packet.at_servers(), length });
        }
    }

    /// The probes of each target in their order, as far as nginx answered them; `None` where the packets do not tell.
    /// `log` is what nginx wrote meanwhile.
    pub(crate) fn probes(&self, log: &str, delay: Duration) -> BTreeMap<u32, Vec<Option<Truth>>> {
        let mut used: HashMap<u16, usize> = HashMap::new();
        let mut flows: BTreeMap<u32, Vec<&Flow>> = BTreeMap::new();
        for (port, target, status) in log.lines().filter_map(line) {
            let uses = used.entry(port).or_default();
            // One port's connections end in the order in which they begin.
            let flow = self.flows.get(&port).and_then(|flows| flows.get(*uses));
            *uses += 1;
            if let Some(flow) = flow.filter(|_| status == 200) {
                flows.entry(target).or_default().push(flow);
            }
        }
        let mut probes = BTreeMap::new();
        for (target, mut flows) in flows {
            flows.sort_by_key(|flow| flow.syn);
            let mut since = 0;
            let truths = flows.iter().map(|flow| {
                let between = since..flow.syn;
                since = flow.syn;
                let within = |times: &HashMap<u32, Vec<Nanos>>| -> Vec<Nanos> {
                    let times = times.get(&target).into_iter().flatten();
                    times.copied().filter(|time| between.contains(time)).collect()
                };
                let asked = within(&self.asked).first().copied()?;
                let answered = within(&self.answered).last().copied()?;
                flow.truth(asked, answered, delay)
            });
            probes.insert(target, truths.collect());
        }
        probes
    }
}

/// Port, target and status of a line of nginx' log.
fn line(line: &str) -> Option<(u16, u32, u16)> {
    let mut words = line.split(' ');
    let port = words.next()?.parse().ok()?;
    let (_, target) = words.next()?.split_once("id=")?;
    Some((port, target.parse().ok()?, words.next()?.parse().ok()?))
}

impl Flow {
    fn truth(&self, asked: Nanos, answered: Nanos, delay: Duration) -> Option<Truth> {
        let delay = nanos(delay * 9 / 10);
        let hello = self.away.first()?;
        let heard = self.back.first()?.at_prober;
        let second = self.away.iter().find(|data| data.at_prober > heard)?;
        let (flight, rest): (Vec<Data>, Vec<Data>) =
            self.back.iter().partition(|data| data.at_servers < second.at_servers);
        let last = flight.last()?;
        let end = self.end.unwrap_or(Nanos::MAX);
        let rest: Vec<Data> =
            rest.into_iter().filter(|data| data.length != ALERT && data.at_servers < end).collect();
        let before = std::iter::once(last).chain(&rest);
        let silent = before.zip(&rest).map(|(before, data)| data.at_servers - before.at_servers >= delay);
        let response = rest.get(silent.enumerate().filter(|(_, is)| *is).last()?.0..)?;
        let (first, whole) = (response.first()?, response.last()?);
        let request = self.away.iter().rev().find(|data| {
            data.length >= SMALLEST_REQUEST && data.at_servers.saturating_add(delay) <= first.at_servers
        })?;
        Some(Truth {
            dns: answered.checked_sub(asked)?,
            tcp: self.syn_ack?.checked_sub(self.syn)?,
            tls: last.at_prober.checked_sub(hello.at_prober)?,
            processing: first.at_prober.checked_sub(request.at_prober)?,
            transfer: whole.at_prober - first.at_prober,
            total: whole.at_prober.checked_sub(asked)?,
        })
    }
}
