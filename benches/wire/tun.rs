//! A TUN device: a network interface whose packets a program reads and writes.

use std::fs::{File, OpenOptions};
use std::io::{Error, Result};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::ioctl::{Opcode, Updater, ioctl};

/// Where such devices are made.
pub(crate) const CLONE: &str = "/dev/net/tun";

/// `TUNSETIFF` of `linux/if_tun.h`.
const SET_INTERFACE: Opcode = 0x4004_54ca;
/// `IFF_TUN | IFF_NO_PI`: IP packets, and nothing before them.
const PLAIN_PACKETS: u16 = 0x1001;

/// `struct ifreq`: a name, and here only flags of the union that follows it.
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// Makes a device of this name, which lasts as long as the file; reading and writing do not wait.
pub(crate) fn device(name: &str) -> Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(Path::new(CLONE))?;
    let mut request = Request { name: [0; 16], flags: PLAIN_PACKETS, rest: [0; 22] };
    // The last byte stays zero.
    let room = request.name.get_mut(..15).and_then(|room| room.get_mut(..name.len()));
    room.ok_or_else(|| Error::other(format!("{name:?} is too long for a device")))?
        .copy_from_slice(name.as_bytes());
    set_interface(&file, &mut request)?;
    Ok(file)
}

#[expect(unsafe_code, reason = "no kept crate makes a TUN device without bringing a runtime of its own")]
fn set_interface(file: &File, request: &mut Request) -> Result<()> {
    // SAFETY: `TUNSETIFF` reads and writes one `struct ifreq`, which is 40 bytes, as `Request` is; every bit pattern of it
    // is valid.
    Ok(unsafe { ioctl(file, Updater::<SET_INTERFACE, Request>::new(request)) }?)
}
