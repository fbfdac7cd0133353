//! The TCP layer: address by address until one connects.
//!
//! Promises: addresses are tried in the order DNS gave them; each may use an equal share of what is left of the
//! budget, so that one that swallows packets does not hide the next; the failure reported is the first one; a handshake
//! took as long as the kernel saw it take.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use crate::net::{Dialled, IoTrouble, Missed, Stamped, dial, dial_small};
use crate::outcome::{ConnectAttempt, Failure, Reason, Stage, TcpEvidence};
use crate::units::Deadline;

/// What connecting found, and the connection if there is one.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) stage: Stage<TcpEvidence>,
    pub(super) stream: Option<Stamped>,
    /// How long the connection was there before we took note.
    pub(super) late: Duration,
}

/// Connects to the first of `addresses` that takes the connection.
pub(super) async fn connect(addresses: &[IpAddr], port: u16, deadline: Deadline) -> Connected {
    let start = Instant::now();
    connected(dial(addresses, port, deadline).await, start)
}

/// Connects to an address with segments of at most so many bytes.
pub(super) async fn connect_small(address: SocketAddr, largest: u16, deadline: Deadline) -> Connected {
    let start = Instant::now();
    connected(dial_small(address, largest, deadline).await, start)
}

fn connected(dialled: Dialled, start: Instant) -> Connected {
    let late = dialled.late;
    let took = start.elapsed().saturating_sub(late);
    let attempts = dialled.attempts.into_iter().map(|attempt| ConnectAttempt {
        address: attempt.address,
        took: attempt.took,
        failure: attempt.missed.map(failure),
    });
    let mut evidence = TcpEvidence { attempts: attempts.collect(), ..TcpEvidence::default() };
    if let Some(stream) = dialled.stream {
        evidence.rtt = dialled.rtt;
        return Connected { stage: Stage::Passed { took, evidence }, stream: Some(stream), late };
    }
    let first = evidence.attempts.first().and_then(|attempt| attempt.failure.clone());
    let failure =
        first.unwrap_or_else(|| Failure::new(Reason::TcpUnreachable, "there is no address to connect to"));
    Connected { stage: Stage::Failed { took, failure, evidence }, stream: None, late }
}

fn failure(missed: Missed) -> Failure {
    let reason = match missed.trouble {
        IoTrouble::Refused => Reason::TcpRefused,
        IoTrouble::TimedOut => Reason::TcpTimeout,
        IoTrouble::Reset | IoTrouble::Eof => Reason::TcpReset,
        IoTrouble::Exhausted => Reason::CanaryExhausted,
        IoTrouble::Unreachable | IoTrouble::Other => Reason::TcpUnreachable,
    };
    Failure::new(reason, missed.words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline() -> Deadline {
        Deadline::after(Instant::now(), Duration::from_secs(5))
    }

    #[tokio::test]
    async fn the_next_address_is_tried_and_the_first_failure_is_kept_in_the_evidence() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = ["127.0.0.99".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let connected = connect(&addresses, port, deadline()).await;
        assert!(connected.stream.is_some());
        let evidence = connected.stage.evidence().unwrap();
        assert_eq!(evidence.attempts[0].failure.as_ref().unwrap().reason, Reason::TcpRefused);
        assert_eq!(evidence.connected(), Some(listener.local_addr().unwrap()));
        assert!(evidence.rtt.is_some());
    }

    #[tokio::test]
    async fn when_all_fail_the_first_reason_is_reported() {
        // Linux answers a connection to the broadcast address with ENETUNREACH itself, and sends nothing.
        let addresses = ["255.255.255.255".parse().unwrap(), "127.0.0.99".parse().unwrap()];
        let connected = connect(&addresses, 9, deadline()).await;
        assert_eq!(connected.stage.failure().unwrap().reason, Reason::TcpUnreachable);
        assert_eq!(connected.stage.evidence().unwrap().attempts.len(), 2);
        assert!(connected.stream.is_none());
    }

    #[test]
    fn running_out_of_our_own_resources_is_not_blamed_on_the_target() {
        for (trouble, reason) in [
            (IoTrouble::Exhausted, Reason::CanaryExhausted),
            (IoTrouble::Reset, Reason::TcpReset),
            (IoTrouble::TimedOut, Reason::TcpTimeout),
        ] {
            assert_eq!(failure(Missed { trouble, words: String::new() }).reason, reason);
        }
    }
}
