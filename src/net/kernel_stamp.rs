//! When the kernel got what is read from a socket.
//!
//! Promises: where the system has no such stamps, or refuses them, reading is as ever and there is none.
//!
//! The kernel stamps packets only while some socket wants it, and begins to do so a moment after the first one asked: one
//! socket that nothing is ever sent to keeps it at it, so that no journey is the first.

use std::io;
use std::time::SystemTime;

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::{receive, request};
#[cfg(target_os = "linux")]
pub(super) use linux::{receive, request};

/// What was read: how much, and when the kernel got the last of it.
pub(super) type Received = (usize, Option<SystemTime>);

#[cfg(target_os = "linux")]
mod linux {
    use std::io::IoSliceMut;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};
    use std::sync::OnceLock;

    use nix::sys::socket::{
        AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockType, cmsg_space, recvmsg, setsockopt,
        socket, sockopt,
    };
    use nix::sys::time::TimeSpec;

    use super::{Received, io};
    use crate::clock;

    /// Room for one stamp, aligned as the kernel's headers are.
    #[repr(align(8))]
    struct Control([u8; cmsg_space::<TimeSpec>()]);

    /// Asks the kernel to say of what comes over this socket when it came; whether it will.
    pub(in crate::net) fn request(of: &impl AsFd) -> bool {
        static KEPT: OnceLock<Option<OwnedFd>> = OnceLock::new();
        KEPT.get_or_init(|| {
            [AddressFamily::Inet, AddressFamily::Inet6].into_iter().find_map(|family| {
                let kept = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).ok()?;
                setsockopt(&kept, sockopt::ReceiveTimestampns, &true).ok()?;
                Some(kept)
            })
        });
        setsockopt(of, sockopt::ReceiveTimestampns, &true).is_ok()
    }

    /// Reads once, without waiting.
    pub(in crate::net) fn receive(from: &impl AsRawFd, into: &mut [u8]) -> io::Result<Received> {
        let mut control = Control([0; cmsg_space::<TimeSpec>()]);
        let mut parts = [IoSliceMut::new(into)];
        let received =
            recvmsg::<()>(from.as_raw_fd(), &mut parts, Some(&mut control.0), MsgFlags::MSG_DONTWAIT)?;
        let stamp = received.cmsgs()?.find_map(|message| match message {
            ControlMessageOwned::ScmTimestampns(stamp) => {
                let nanos = u32::try_from(stamp.tv_nsec()).ok()?;
                clock::from_unix_parts(stamp.tv_sec(), nanos)
            }
            _ => None,
        });
        Ok((received.bytes, stamp))
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{Received, io};

    /// There are none here.
    pub(in crate::net) fn request<S>(_of: &S) -> bool {
        false
    }

    /// Nothing is ever read so, as [`request`] says.
    pub(in crate::net) fn receive<S>(_from: &S, _into: &mut [u8]) -> io::Result<Received> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
