//! What all parts of one simulator share.

use super::counts::Counter;
use super::fault::Fault;
use super::host_faults::HostFaults;
use super::rate_limits::RateLimits;
use super::record::{RecordedQuery, RecordedRequest, RecordedTunnel, Ring};
use super::tls::Tls;
use jiff::Timestamp;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;

pub(super) struct World {
    pub(super) faults: HostFaults,
    pub(super) api_key: String,
    /// Where healthy names point.
    pub(super) healthy: Ipv4Addr,
    /// Whether `::1` answers too.
    pub(super) ipv6: bool,
    pub(super) plain: SocketAddr,
    pub(super) tls: Tls,
    pub(super) requests: Ring<RecordedRequest>,
    pub(super) queries: Ring<RecordedQuery>,
    pub(super) tunnels: Ring<RecordedTunnel>,
    pub(super) counter: Counter,
    /// The user and password the proxy wants.
    pub(super) proxy_credentials: Option<(String, String)>,
    pub(super) rate_limits: RateLimits,
    /// True once the black hole drops SYNs.
    pub(super) black_hole: watch::Receiver<bool>,
    pub(super) serial: AtomicU64,
}

/// What one answer is called by its origin and by the edge.
pub(super) struct Ids {
    pub(super) request_id: String,
    pub(super) ray: String,
    /// The same for origins that count in UUIDs.
    pub(super) uuid: String,
}

/// Now, as calendars have it; the epoch where the clock is out of any calendar's range.
pub(super) fn wall_clock() -> Timestamp {
    Timestamp::try_from(crate::clock::wall()).unwrap_or_default()
}

// === impl World ===

impl World {
    pub(super) fn fault(&self, host: &str) -> Option<Fault> {
        self.faults.of(host)
    }

    pub(super) fn next_ids(&self) -> Ids {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        Ids {
            request_id: format!("req_011CSim{serial:017x}"),
            ray: format!("{serial:016x}-SIM"),
            uuid: format!("51a7e0a1-0000-4000-8000-{:012x}", serial & 0xffff_ffff_ffff),
        }
    }
}
