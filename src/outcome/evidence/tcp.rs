//! What the TCP layer saw.

use std::net::SocketAddr;
use std::time::Duration;

use crate::outcome::Failure;

/// One attempt to connect to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectAttempt {
    /// The address tried.
    pub address: SocketAddr,
    /// Time until it connected or failed.
    pub took: Duration,
    /// Why it failed; `None` where it connected.
    pub failure: Option<Failure>,
}

/// What the TCP layer saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TcpEvidence {
    /// Every address tried, in order; the last one connected if the layer passed.
    pub attempts: Vec<ConnectAttempt>,
    /// The kernel's smoothed round-trip time after the handshake (`TCP_INFO`), where it says.
    pub rtt: Option<Duration>,
}

impl TcpEvidence {
    /// The address that connected.
    #[must_use]
    pub fn connected(&self) -> Option<SocketAddr> {
        self.attempts.last().filter(|attempt| attempt.failure.is_none()).map(|attempt| attempt.address)
    }
}
