//! Making a TCP connection: address by address until one takes it.
//!
//! Promises: addresses are tried in the order given; each may use an equal share of what is left of the budget, so that
//! one that swallows packets does not hide the next; why each did not connect is kept.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};

use super::stamped::Stamped;
use super::tcp_info;
use super::trouble::{IoTrouble, of_connecting};
use crate::units::Deadline;

/// Why an address did not take the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// What it means; silence until the end of the share is [`IoTrouble::TimedOut`].
    pub trouble: IoTrouble,
    /// What was tried and what came back.
    pub words: String,
}

/// One address that was tried.
#[derive(Debug)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// How long it was tried; where it connected at once, the kernel's time of the handshake.
    pub took: Duration,
    /// Why it did not connect; `None` if it did.
    pub missed: Option<Missed>,
}

/// What dialling came to.
#[derive(Debug)]
pub struct Dialled {
    /// The addresses that were tried, in order.
    pub attempts: Vec<Attempt>,
    /// The connection to the last of them, if it took it.
    pub stream: Option<Stamped>,
    /// The kernel's smoothed round-trip time of it (`TCP_INFO`), where it says.
    pub rtt: Option<Duration>,
    /// How long the connection was there before we took note.
    pub late: Duration,
}

impl Dialled {
    fn nothing(attempts: Vec<Attempt>) -> Self {
        Self { attempts, stream: None, rtt: None, late: Duration::ZERO }
    }

    fn of(attempts: Vec<Attempt>, made: Option<Made>) -> Self {
        match made {
            None => Self::nothing(attempts),
            Some(Made { stream, rtt, late }) => Self { attempts, stream: Some(stream), rtt, late },
        }
    }
}

/// A connection that was made.
struct Made {
    stream: Stamped,
    rtt: Option<Duration>,
    late: Duration,
}

/// Connects to the first of `addresses` that takes the connection.
pub async fn dial(addresses: &[IpAddr], port: u16, deadline: Deadline) -> Dialled {
    // As a rule the first address takes the connection, and what is told of it is kept.
    let mut attempts = Vec::with_capacity(1);
    for (index, address) in addresses.iter().enumerate() {
        let address = SocketAddr::new(*address, port);
        let begun = Instant::now();
        let share = deadline.share(begun, addresses.len() - index);
        let (attempt, made) = attempt(address, TcpStream::connect(address), begun, share).await;
        attempts.push(attempt);
        if made.is_some() {
            return Dialled::of(attempts, made);
        }
    }
    Dialled::nothing(attempts)
}

/// Connects to an address with segments of at most `largest` bytes, in both directions: the peer is told so when the
/// connection is made.
pub async fn dial_small(address: SocketAddr, largest: u16, deadline: Deadline) -> Dialled {
    let connecting = async {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        SockRef::from(&socket).set_tcp_mss(largest.into())?;
        socket.connect(address).await
    };
    let (attempt, made) = attempt(address, connecting, Instant::now(), deadline).await;
    Dialled::of(vec![attempt], made)
}

/// What came of connecting to one address.
async fn attempt(
    address: SocketAddr,
    connecting: impl Future<Output = io::Result<TcpStream>>,
    begun: Instant,
    deadline: Deadline,
) -> (Attempt, Option<Made>) {
    let result = timeout_at(deadline.at(), connecting).await;
    let took = begun.elapsed();
    let (trouble, what) = match result {
        Ok(Ok(stream)) => {
            // Without it what is sent next would wait a whole round trip behind what was sent before. The
            // connection is up; should the option fail, the next layer's time shows it.
            let _ = stream.set_nodelay(true);
            let known = tcp_info::known(&stream);
            let rtt = known.map(|known| known.round_trip);
            let exact = known.filter(|known| known.at_once).map_or(took, |known| known.round_trip.min(took));
            let made = Made { stream: Stamped::new(stream), rtt, late: took - exact };
            return (Attempt { address, took: exact, missed: None }, Some(made));
        }
        Ok(Err(error)) => (of_connecting(address, &error), error.to_string()),
        Err(_) => (IoTrouble::TimedOut, format!("no answer in {:.1} s", took.as_secs_f64())),
    };
    let missed = Missed { trouble, words: format!("connecting to {address}: {what}") };
    (Attempt { address, took, missed: Some(missed) }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_next_address_is_tried_and_why_the_first_did_not_connect_is_kept() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = ["127.0.0.99".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
        let dialled = dial(&addresses, port, deadline).await;
        let missed = dialled.attempts[0].missed.as_ref().unwrap();
        assert_eq!(missed.trouble, IoTrouble::Refused);
        assert!(missed.words.starts_with(&format!("connecting to 127.0.0.99:{port}: ")), "{missed:?}");
        assert_eq!(dialled.attempts[1].missed, None);
        assert_eq!(dialled.stream.unwrap().socket().peer_addr().unwrap(), listener.local_addr().unwrap());
    }

    #[tokio::test]
    async fn small_segments_are_what_both_sides_send() {
        for (host, largest) in [("127.0.0.1", 536), ("[::1]", 536)] {
            let Ok(listener) = tokio::net::TcpListener::bind(format!("{host}:0")).await else { continue };
            let address = listener.local_addr().unwrap();
            let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
            let dialled = dial_small(address, largest, deadline).await;
            assert_eq!(dialled.attempts[0].missed, None);
            let (peer, _) = listener.accept().await.unwrap();
            for stream in [&peer, dialled.stream.as_ref().unwrap().socket()] {
                let sent = SockRef::from(stream).tcp_mss().unwrap();
                assert!((256..=u32::from(largest)).contains(&sent), "{host} sends {sent}");
            }
            let ordinary = dial(&[address.ip()], address.port(), deadline).await;
            let sent = SockRef::from(ordinary.stream.as_ref().unwrap().socket()).tcp_mss().unwrap();
            assert!(sent > u32::from(largest), "{host} sends {sent} without the option");
        }
    }

    #[tokio::test]
    async fn without_addresses_nothing_is_tried() {
        let dialled = dial(&[], 1, Deadline::after(Instant::now(), Duration::from_secs(5))).await;
        assert!(dialled.attempts.is_empty() && dialled.stream.is_none());
    }
}
