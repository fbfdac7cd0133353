//! What an `io::Error` of a socket means.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The meaning of a socket error, as far as layers tell errors apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IoTrouble {
    /// The peer refused (RST to a SYN, ICMP port unreachable).
    Refused,
    /// The kernel gave up waiting.
    TimedOut,
    /// The peer reset the connection, or the pipe is broken.
    Reset,
    /// The peer closed before it should have.
    Eof,
    /// No route, the network is down, or a local rule forbids it.
    Unreachable,
    /// We are out of descriptors, ports, buffers or memory.
    Exhausted,
    /// Anything else.
    Other,
}

impl IoTrouble {
    /// Reads an error.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error.raw_os_error() {
            Some(
                libc::EMFILE
                | libc::ENFILE
                | libc::EADDRNOTAVAIL
                | libc::ENOBUFS
                | libc::ENOMEM
                | libc::EAGAIN,
            ) => return Self::Exhausted,
            Some(libc::EPERM | libc::EACCES | libc::EAFNOSUPPORT) => return Self::Unreachable,
            _ => {}
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Self::Reset,
            ErrorKind::UnexpectedEof => Self::Eof,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
                Self::Unreachable
            }
            ErrorKind::OutOfMemory => Self::Exhausted,
            _ => Self::Other,
        }
    }
}

/// Reads the error of a connection attempt to `address`.
///
/// The kernel says "cannot assign requested address" both when the ephemeral ports are used up and when it has no
/// address of the family to send from, as in containers without IPv6. A UDP socket tells them apart: connecting one
/// sends nothing, and needs a source address but no free TCP port.
#[must_use]
pub fn of_connecting(address: SocketAddr, error: &Error) -> IoTrouble {
    if error.raw_os_error() == Some(libc::EADDRNOTAVAIL) && !has_source_for(address) {
        return IoTrouble::Unreachable;
    }
    IoTrouble::of(error)
}

fn has_source_for(address: SocketAddr) -> bool {
    let any = match address.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(address)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_source_address_is_told_from_used_up_ports() {
        let error = Error::from_raw_os_error(libc::EADDRNOTAVAIL);
        let reachable = "127.0.0.1:9".parse().unwrap();
        assert_eq!(of_connecting(reachable, &error), IoTrouble::Exhausted);
        // The kernel refuses to send to the broadcast address from an ordinary socket: no way to it.
        let nowhere = "255.255.255.255:9".parse().unwrap();
        assert_eq!(of_connecting(nowhere, &error), IoTrouble::Unreachable);
    }

    #[test]
    fn errors_of_the_kernel_have_their_meaning() {
        use IoTrouble as T;
        for (number, trouble) in [
            (libc::ECONNREFUSED, T::Refused),
            (libc::ETIMEDOUT, T::TimedOut),
            (libc::ECONNRESET, T::Reset),
            (libc::ECONNABORTED, T::Reset),
            (libc::EPIPE, T::Reset),
            (libc::ENETUNREACH, T::Unreachable),
            (libc::EHOSTUNREACH, T::Unreachable),
            (libc::ENETDOWN, T::Unreachable),
            (libc::EPERM, T::Unreachable),
            (libc::EACCES, T::Unreachable),
            (libc::EAFNOSUPPORT, T::Unreachable),
            (libc::EMFILE, T::Exhausted),
            (libc::ENFILE, T::Exhausted),
            (libc::EADDRNOTAVAIL, T::Exhausted),
            (libc::ENOBUFS, T::Exhausted),
            (libc::ENOMEM, T::Exhausted),
            (libc::EBADF, T::Other),
        ] {
            assert_eq!(T::of(&Error::from_raw_os_error(number)), trouble, "errno {number}");
        }
        assert_eq!(T::of(&Error::from(ErrorKind::UnexpectedEof)), T::Eof);
    }
}
