//! The kernel's own view of a connection.

use std::time::Duration;

use tokio::net::TcpStream;

/// What the kernel knows of a connection that was just made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// Its smoothed round-trip time: right after the handshake the time between SYN and SYN-ACK as the kernel saw them, so
    /// it stays exact when the program itself is late.
    pub(super) round_trip: Duration,
    /// Nothing was sent again, so that the handshake took one round trip and no longer.
    pub(super) at_once: bool,
}

/// What the kernel says of a connection (`TCP_INFO`); `None` where it does not say.
#[cfg(target_os = "linux")]
#[must_use]
#[expect(
    unsafe_code,
    reason = "no maintained crate wraps TCP_INFO; one getsockopt into a zeroed plain struct"
)]
pub(super) fn known(stream: &TcpStream) -> Option<Known> {
    use std::mem::{MaybeUninit, size_of};
    use std::os::fd::AsRawFd as _;

    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
    // SAFETY: the descriptor is open while `stream` is borrowed; the kernel writes at most `length` bytes into `info`,
    // which is that long and zeroed, and every bit pattern is a valid `tcp_info`.
    let info = unsafe {
        let answer = libc::getsockopt(
            stream.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        );
        if answer != 0 {
            return None;
        }
        info.assume_init()
    };
    (info.tcpi_rtt > 0).then(|| Known {
        round_trip: Duration::from_micros(info.tcpi_rtt.into()),
        at_once: info.tcpi_total_retrans == 0,
    })
}

/// The kernel's smoothed round-trip time of a connection; `None` where it does not say.
#[must_use]
pub fn round_trip_time(stream: &TcpStream) -> Option<Duration> {
    known(stream).map(|known| known.round_trip)
}

/// Not known on this system.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub(super) fn known(_stream: &TcpStream) -> Option<Known> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loopback_connection_has_a_small_round_trip_time() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let Known { round_trip: rtt, at_once } = known(&stream).unwrap();
        assert!(at_once);
        assert!(rtt > Duration::ZERO && rtt < Duration::from_millis(100), "{rtt:?}");
    }
}
