//! One server, one question: the bytes out and the bytes in, over UDP or TCP.
//!
//! Promises: the UDP socket is connected, so only that server's datagrams arrive and a closed port shows at once; a
//! lost datagram is sent again on a fixed schedule and every send is counted; replies that are not ours are passed
//! over, remembered, and named when nothing better comes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout_at};

use super::message::{Question, RawAnswer, Reply};
use crate::net::IoTrouble;
use crate::outcome::{Failure, Reason, Transport};
use crate::units::Deadline;

/// When a question is sent again, counted from the first send. A stub resolver's usual 5 s would hide that the second
/// datagram gets through; sooner than 1 s would ask twice of a slow but healthy resolver.
const RESEND_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Asking one server one question, by one deadline.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    server: SocketAddr,
    question: &'a Question,
    deadline: Deadline,
    queries: u32,
    /// What came that was not ours.
    stray: Option<&'static str>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(server: SocketAddr, question: &'a Question, deadline: Deadline) -> Self {
        Self { server, question, deadline, queries: 0, stray: None }
    }

    /// Questions sent so far.
    pub(super) fn queries(&self) -> u32 {
        self.queries
    }

    pub(super) async fn udp(&mut self) -> Result<RawAnswer, Failure> {
        let start = Instant::now();
        let any = match self.server.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let socket = UdpSocket::bind((any, 0)).await.map_err(|error| self.io(Transport::Udp, &error))?;
        socket.connect(self.server).await.map_err(|error| self.io(Transport::Udp, &error))?;
        let id = rand::random();
        let wire = self.question.wire(id);
        let mut resends = RESEND_AFTER.into_iter();
        let mut buffer = vec![0_u8; 4096];
        loop {
            socket.send(&wire).await.map_err(|error| self.io(Transport::Udp, &error))?;
            self.queries += 1;
            let next = resends.next().map(|after| start + after).filter(|at| *at < self.deadline.at());
            let until = next.unwrap_or(self.deadline.at());
            loop {
                let length = match timeout_at(until, socket.recv(&mut buffer)).await {
                    Ok(Ok(length)) => length,
                    Ok(Err(error)) => return Err(self.io(Transport::Udp, &error)),
                    Err(_) if next.is_some() => break,
                    Err(_) => return Err(self.silence(Transport::Udp, start)),
                };
                match self.question.read(id, buffer.get(..length).unwrap_or_default()) {
                    Reply::Answer(answer) => return Ok(answer),
                    Reply::NotOurs(what) => self.stray = Some(what),
                    Reply::Malformed(why) => return Err(self.malformed(&why)),
                }
            }
        }
    }

    pub(super) async fn tcp(&mut self, deadline: Deadline) -> Result<RawAnswer, Failure> {
        let start = Instant::now();
        match timeout_at(deadline.at(), self.tcp_unbounded()).await {
            Ok(result) => result,
            Err(_) => Err(self.silence(Transport::Tcp, start)),
        }
    }

    async fn tcp_unbounded(&mut self) -> Result<RawAnswer, Failure> {
        let mut stream =
            TcpStream::connect(self.server).await.map_err(|error| self.io(Transport::Tcp, &error))?;
        let id = rand::random();
        let wire = self.question.wire(id);
        let length = u16::try_from(wire.len()).unwrap_or(u16::MAX);
        let mut framed = Vec::with_capacity(wire.len() + 2);
        framed.extend_from_slice(&length.to_be_bytes());
        framed.extend_from_slice(&wire);
        stream.write_all(&framed).await.map_err(|error| self.io(Transport::Tcp, &error))?;
        self.queries += 1;
        loop {
            let length = stream.read_u16().await.map_err(|error| self.hung_up(&error))?;
            let mut reply = vec![0; length.into()];
            stream.read_exact(&mut reply).await.map_err(|error| self.io(Transport::Tcp, &error))?;
            match self.question.read(id, &reply) {
                Reply::Answer(answer) => return Ok(answer),
                Reply::NotOurs(what) => self.stray = Some(what),
                Reply::Malformed(why) => return Err(self.malformed(&why)),
            }
        }
    }

    /// "asked 192.0.2.53:53 over udp for A of api.example.com"
    fn asked(&self, transport: Transport) -> String {
        let (server, kind, name) = (self.server, self.question.record_type(), self.question.name());
        format!("asked {server} over {transport} for {kind} of {name}")
    }

    fn io(&self, transport: Transport, error: &io::Error) -> Failure {
        let reason = match IoTrouble::of(error) {
            IoTrouble::Refused => Reason::DnsRefused,
            IoTrouble::Exhausted => Reason::CanaryExhausted,
            IoTrouble::Reset | IoTrouble::Eof => Reason::DnsMalformed,
            // No route to the server is no answer from it; the detail has the kernel's words.
            IoTrouble::Unreachable | IoTrouble::TimedOut | IoTrouble::Other => Reason::DnsTimeout,
        };
        Failure::new(reason, format!("{}: {error}", self.asked(transport)))
    }

    /// The connection ended where a reply should have begun: with nothing said, the server does not want to answer.
    fn hung_up(&self, error: &io::Error) -> Failure {
        match (IoTrouble::of(error), self.stray) {
            (IoTrouble::Reset | IoTrouble::Eof, None) => {
                let asked = self.asked(Transport::Tcp);
                Failure::new(
                    Reason::DnsRefused,
                    format!("{asked}: the connection was closed without a reply"),
                )
            }
            _ => self.io(Transport::Tcp, error),
        }
    }

    fn silence(&self, transport: Transport, start: Instant) -> Failure {
        let (asked, waited, sent) = (self.asked(transport), start.elapsed().as_secs_f64(), self.queries);
        match self.stray {
            Some(what) => Failure::new(
                Reason::DnsMalformed,
                format!("{asked}: only replies to {what} in {waited:.1} s, {sent} sent"),
            ),
            None => {
                Failure::new(Reason::DnsTimeout, format!("{asked}: no reply in {waited:.1} s, {sent} sent"))
            }
        }
    }

    fn malformed(&self, why: &str) -> Failure {
        let (server, kind, name) = (self.server, self.question.record_type(), self.question.name());
        Failure::new(
            Reason::DnsMalformed,
            format!("the reply of {server} for {kind} of {name} is malformed: {why}"),
        )
    }
}
