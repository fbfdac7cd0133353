//! What an `io::Error` of a socket means.

use std::io::{Error, ErrorKind};

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

#[cfg(test)]
mod tests {
    use super::*;

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
