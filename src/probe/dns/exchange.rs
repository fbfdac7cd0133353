//! One query and its reply: the bytes out and the bytes in, as datagrams or over a stream.
//!
//! Promises: the UDP socket is connected, so only that server's datagrams arrive and a closed port shows at once; a
//! lost datagram is sent again on a fixed schedule and every send is counted; replies that are not ours are passed
//! over, remembered, and named when nothing better comes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::Message;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::message::{Edns, Reply, Wire};
use super::sent::Sent;
use crate::net::{Datagrams, IoTrouble, Stamped, of_connecting, rustls_error};
use crate::outcome::{Failure, Reason, Transport};
use crate::units::Deadline;

/// When a query is sent again, counted from the first send. A stub resolver's usual 5 s would hide that the second
/// datagram gets through; sooner than 1 s would ask twice of a slow but healthy resolver.
const RESEND_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Asking one server one query, by one deadline.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    /// The server as it is shown.
    pub(super) server: &'a str,
    pub(super) wire: &'a Wire,
    pub(super) edns: Edns,
    pub(super) transport: Transport,
    pub(super) deadline: Deadline,
    pub(super) sent: &'a Sent,
}

impl Exchange<'_> {
    pub(super) async fn udp(&self, address: SocketAddr) -> Result<Message, Failure> {
        let any = match address.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let bound = Datagrams::bind((any, 0).into()).await;
        let mut socket = bound.map_err(|error| self.io(&error))?;
        let asked = self.datagrams(&mut socket, address).await;
        self.sent.waited(socket.late());
        if asked.is_ok() {
            self.sent.came(socket.last());
        }
        asked
    }

    async fn datagrams(&self, socket: &mut Datagrams, address: SocketAddr) -> Result<Message, Failure> {
        let start = Instant::now();
        let connected = socket.connect(address).await;
        connected.map_err(|error| self.io_as(reason_of_connecting(address, &error), &error))?;
        let id = rand::random();
        let mut resends = RESEND_AFTER.into_iter();
        let (mut sent, mut stray) = (0, None);
        let mut buffer = vec![0_u8; 4096];
        loop {
            // Some middleboxes drop what they do not know: the last try is made as it was before there was EDNS.
            let last = resends.len() == 0 && self.edns == Edns::On;
            let wire = self.wire.bytes(id, if last { Edns::Off } else { self.edns });
            self.sent.begin();
            socket.send(&wire).await.map_err(|error| self.io(&error))?;
            self.sent.count();
            sent += 1;
            let next = resends.next().map(|after| start + after).filter(|at| *at < self.deadline.at());
            let until = next.unwrap_or(self.deadline.at());
            loop {
                let length = match timeout_at(until, socket.receive(&mut buffer)).await {
                    Ok(Ok(length)) => length,
                    Ok(Err(error)) => return Err(self.io(&error)),
                    Err(_) if next.is_some() => break,
                    Err(_) => return Err(self.silence(start, sent, stray)),
                };
                match self.wire.read(id, buffer.get(..length).unwrap_or_default()) {
                    Reply::Ours(message) => return Ok(*message),
                    Reply::NotOurs(what) => stray = Some(what),
                    Reply::Malformed(why) => return Err(self.malformed(&why)),
                }
            }
        }
    }

    pub(super) async fn tcp(&self, address: SocketAddr) -> Result<Message, Failure> {
        let start = Instant::now();
        self.sent.begin();
        match timeout_at(self.deadline.at(), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let mut stream = Stamped::new(stream);
                let arrivals = stream.arrivals();
                let asked = self.framed(&mut stream).await;
                self.sent.waited(arrivals.late());
                if asked.is_ok() {
                    self.sent.came(arrivals.last());
                }
                asked
            }
            Ok(Err(error)) => Err(self.io_as(reason_of_connecting(address, &error), &error)),
            Err(_) => Err(self.silence(start, 0, None)),
        }
    }

    /// Over a stream: each message behind its length.
    pub(super) async fn framed<S>(&self, stream: &mut S) -> Result<Message, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + ?Sized,
    {
        let start = Instant::now();
        let mut stray = None;
        match timeout_at(self.deadline.at(), self.framed_unbounded(stream, &mut stray)).await {
            Ok(result) => result,
            Err(_) => Err(self.silence(start, 1, stray)),
        }
    }

    async fn framed_unbounded<S>(
        &self,
        stream: &mut S,
        stray: &mut Option<&'static str>,
    ) -> Result<Message, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + ?Sized,
    {
        let id = rand::random();
        let wire = self.wire.bytes(id, self.edns);
        let length = u16::try_from(wire.len()).unwrap_or(u16::MAX);
        let mut framed = Vec::with_capacity(wire.len() + 2);
        framed.extend_from_slice(&length.to_be_bytes());
        framed.extend_from_slice(&wire);
        stream.write_all(&framed).await.map_err(|error| self.io(&error))?;
        stream.flush().await.map_err(|error| self.io(&error))?;
        self.sent.count();
        loop {
            let length = stream.read_u16().await.map_err(|error| self.hung_up(&error, *stray))?;
            let mut reply = vec![0; length.into()];
            stream.read_exact(&mut reply).await.map_err(|error| self.io(&error))?;
            match self.wire.read(id, &reply) {
                Reply::Ours(message) => return Ok(*message),
                Reply::NotOurs(what) => *stray = Some(what),
                Reply::Malformed(why) => return Err(self.malformed(&why)),
            }
        }
    }

    /// "asked 192.0.2.53:53 over udp for A of api.example.com"
    pub(super) fn asked(&self) -> String {
        format!("asked {} over {} for {}", self.server, self.transport, self.wire)
    }

    pub(super) fn io(&self, error: &io::Error) -> Failure {
        self.io_as(reason_of(error), error)
    }

    fn io_as(&self, reason: Reason, error: &io::Error) -> Failure {
        Failure::new(reason, format!("{}: {error}", self.asked()))
    }

    /// The connection ended where a reply should have begun: with nothing said, the server does not want to answer.
    fn hung_up(&self, error: &io::Error, stray: Option<&'static str>) -> Failure {
        match (IoTrouble::of(error), stray) {
            (IoTrouble::Reset | IoTrouble::Eof, None) => {
                let words = format!("{}: the connection was closed without a reply", self.asked());
                Failure::new(Reason::DnsRefused, words)
            }
            _ => self.io(error),
        }
    }

    pub(super) fn silence(&self, start: Instant, sent: u32, stray: Option<&'static str>) -> Failure {
        let (asked, waited) = (self.asked(), start.elapsed().as_secs_f64());
        match stray {
            Some(what) => Failure::new(
                Reason::DnsMalformed,
                format!("{asked}: only replies to {what} in {waited:.1} s, {sent} sent"),
            ),
            None => {
                Failure::new(Reason::DnsTimeout, format!("{asked}: no reply in {waited:.1} s, {sent} sent"))
            }
        }
    }

    pub(super) fn malformed(&self, why: &str) -> Failure {
        malformed(self.server, self.wire, why)
    }
}

/// What a socket's error says of the server.
pub(super) fn reason_of(error: &io::Error) -> Reason {
    // With TLS 1.3 a server's refusal comes after the handshake.
    if rustls_error(error).is_some() {
        return Reason::DnsTlsFailed;
    }
    reason_for(IoTrouble::of(error))
}

/// The same of an error while connecting, where a family that this machine lacks looks like used-up ports.
pub(super) fn reason_of_connecting(address: SocketAddr, error: &io::Error) -> Reason {
    reason_for(of_connecting(address, error))
}

fn reason_for(trouble: IoTrouble) -> Reason {
    match trouble {
        IoTrouble::Refused => Reason::DnsRefused,
        IoTrouble::Exhausted => Reason::CanaryExhausted,
        IoTrouble::Reset | IoTrouble::Eof => Reason::DnsMalformed,
        // No route to the server is no answer from it; the detail has the kernel's words.
        IoTrouble::Unreachable | IoTrouble::TimedOut | IoTrouble::Other => Reason::DnsTimeout,
    }
}

pub(super) fn malformed(server: &str, wire: &Wire, why: &str) -> Failure {
    Failure::new(Reason::DnsMalformed, format!("the reply of {server} for {wire} is malformed: {why}"))
}
