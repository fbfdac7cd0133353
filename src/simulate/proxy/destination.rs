//! Where tunnels lead: to what is simulated, or else to loopback.

use super::super::dns;
use super::super::fault::Fault;
use super::super::host_faults::normal;
use super::super::sockets::BLACK_HOLE;
use super::super::world::World;
use super::of_proxy;
use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the proxy itself waits for a connection.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What a client wants a tunnel to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Name(String, u16),
    Address(SocketAddr),
}

/// Why there is no tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denial {
    /// It leads out of the machine.
    Foreign,
    /// The name has no address.
    NoAddress,
    Refused,
    Silent,
    Unreachable,
}

// === impl Destination ===

impl Destination {
    /// Reads `name:port` or `[address]:port`.
    pub(super) fn parse(authority: &str) -> Option<Self> {
        if let Ok(address) = authority.parse() {
            return Some(Self::Address(address));
        }
        let (name, port) = authority.rsplit_once(':')?;
        let valid = !name.is_empty() && !name.contains([':', '[', ']', '/', '@']);
        valid.then_some(Self::Name(normal(name).into_owned(), port.parse().ok()?))
    }

    /// Where it leads, without the port.
    pub(super) fn host(&self) -> Cow<'_, str> {
        match self {
            Self::Name(name, _) => name.into(),
            Self::Address(address) => address.ip().to_string().into(),
        }
    }

    /// The fault of the proxy layer that it has.
    pub(super) fn fault(&self, world: &World) -> Option<Fault> {
        of_proxy(match self {
            Self::Name(name, _) => world.fault(name),
            Self::Address(address) => world.fault(&address.ip().to_string()),
        })
    }

    /// Connects to it.
    pub(super) async fn open(&self, world: &World) -> Result<TcpStream, Denial> {
        let addresses = match self {
            Self::Address(address) if address.ip().is_loopback() => vec![*address],
            Self::Address(_) => return Err(Denial::Foreign),
            Self::Name(name, port) if world.faults.contains(name) => {
                let known = dns::addresses(world, name).into_iter();
                known.map(|address| SocketAddr::new(address, *port)).collect()
            }
            Self::Name(..) => return Err(Denial::Foreign),
        };
        let mut denial = Denial::NoAddress;
        for address in addresses {
            match connect(address, world).await {
                Ok(stream) => return Ok(stream),
                Err(why) => denial = why,
            }
        }
        Err(denial)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name, port) => write!(f, "{name}:{port}"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

async fn connect(address: SocketAddr, world: &World) -> Result<TcpStream, Denial> {
    // A name's address may be one that nothing can be sent to, and nothing may leave the machine.
    if !address.ip().is_loopback() {
        return Err(Denial::Unreachable);
    }
    if address.ip() == IpAddr::V4(BLACK_HOLE) {
        let mut black_hole = world.black_hole.clone();
        let _ended = black_hole.wait_for(|full| *full).await.is_err();
    }
    match timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Err(Denial::Refused),
        Ok(Err(_)) => Err(Denial::Unreachable),
        Err(_) => Err(Denial::Silent),
    }
}

/// What ends a connection whose client asks for nothing that can be understood.
pub(super) fn not_understood(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_names_or_addresses_with_a_port() {
        let name = |name: &str| Some(Destination::Name(name.to_owned(), 443));
        assert_eq!(Destination::parse("API.sim.test.:443"), name("api.sim.test"));
        for (text, address) in [("127.0.0.1:443", "127.0.0.1:443"), ("[::1]:443", "[::1]:443")] {
            assert_eq!(Destination::parse(text), Some(Destination::Address(address.parse().unwrap())));
        }
        for text in ["", "a", ":1", "a:", "a:65536", "::1:443", "[a]:1", "a@b:1"] {
            assert_eq!(Destination::parse(text), None, "{text}");
        }
    }
}
