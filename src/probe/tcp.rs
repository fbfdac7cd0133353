//! The TCP layer: address by address until one connects.
//!
//! Promises: addresses are tried in the order DNS gave them; each may use an equal share of what is left of the
//! budget, so that one that swallows packets does not hide the next; the failure reported is the first one.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::net::{IoTrouble, of_connecting, round_trip_time};
use crate::outcome::{ConnectAttempt, Failure, Reason, Stage, TcpEvidence};
use crate::units::Deadline;

/// What connecting found, and the connection if there is one.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) stage: Stage<TcpEvidence>,
    pub(super) stream: Option<TcpStream>,
}

/// Connects to the first of `addresses` that takes the connection.
pub(super) async fn connect(addresses: &[IpAddr], port: u16, deadline: Deadline) -> Connected {
    let start = Instant::now();
    let mut evidence = TcpEvidence::default();
    for (index, address) in addresses.iter().enumerate() {
        let address = SocketAddr::new(*address, port);
        let begun = Instant::now();
        let share = deadline.share(begun, addresses.len() - index);
        let result = timeout_at(share.at(), TcpStream::connect(address)).await;
        let took = begun.elapsed();
        let failure = match result {
            Ok(Ok(stream)) => {
                evidence.rtt = round_trip_time(&stream);
                evidence.attempts.push(ConnectAttempt { address, took, failure: None });
                // Without it the request would wait a whole round trip behind the handshake's last message. The
                // connection is up; should the option fail, the next layer's time shows it.
                let _ = stream.set_nodelay(true);
                let stage = Stage::Passed { took: start.elapsed(), evidence };
                return Connected { stage, stream: Some(stream) };
            }
            Ok(Err(error)) => describe(address, &error),
            Err(_) => {
                let waited = took.as_secs_f64();
                Failure::new(
                    Reason::TcpTimeout,
                    format!("connecting to {address}: no answer in {waited:.1} s"),
                )
            }
        };
        evidence.attempts.push(ConnectAttempt { address, took, failure: Some(failure) });
    }
    let first = evidence.attempts.first().and_then(|attempt| attempt.failure.clone());
    let failure =
        first.unwrap_or_else(|| Failure::new(Reason::TcpUnreachable, "there is no address to connect to"));
    Connected { stage: Stage::Failed { took: start.elapsed(), failure, evidence }, stream: None }
}

fn describe(address: SocketAddr, error: &io::Error) -> Failure {
    let reason = match of_connecting(address, error) {
        IoTrouble::Refused => Reason::TcpRefused,
        IoTrouble::TimedOut => Reason::TcpTimeout,
        IoTrouble::Reset | IoTrouble::Eof => Reason::TcpReset,
        IoTrouble::Exhausted => Reason::CanaryExhausted,
        IoTrouble::Unreachable | IoTrouble::Other => Reason::TcpUnreachable,
    };
    Failure::new(reason, format!("connecting to {address}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let address = "127.0.0.1:1".parse().unwrap();
        for errno in [libc::EMFILE, libc::EADDRNOTAVAIL] {
            let failure = describe(address, &io::Error::from_raw_os_error(errno));
            assert_eq!(failure.reason, Reason::CanaryExhausted);
        }
        assert_eq!(
            describe(address, &io::Error::from_raw_os_error(libc::ECONNRESET)).reason,
            Reason::TcpReset
        );
        assert_eq!(
            describe(address, &io::Error::from_raw_os_error(libc::ETIMEDOUT)).reason,
            Reason::TcpTimeout
        );
    }
}
