//! Where to listen, written as the Prometheus exporters write it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections waiting to be accepted.
const BACKLOG: i32 = 1024;

/// `:PORT` for all addresses of the machine, or `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// `None` for all addresses.
    host: Option<String>,
    port: u16,
}

/// Why a text is not an address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address to listen on: write :10429, 127.0.0.1:10429 or [::1]:10429")]
pub struct AddressError(String);

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}{}", help(source))]
pub struct ListenError {
    address: String,
    source: io::Error,
}

fn help(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program uses the port, choose another with --web.listen-address"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege, choose a higher one",
        _ => "",
    }
}

impl ListenAddress {
    /// Where a program of this machine reaches what listens here, as HOST:PORT; `None` where the system chose the port.
    #[must_use]
    pub fn from_here(&self) -> Option<String> {
        let host = match self.host.as_deref() {
            None | Some("0.0.0.0") => "127.0.0.1".to_owned(),
            Some("::") => "[::1]".to_owned(),
            Some(host) if host.contains(':') => format!("[{host}]"),
            Some(host) => host.to_owned(),
        };
        (self.port != 0).then(|| format!("{host}:{}", self.port))
    }
}

impl FromStr for ListenAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let fail = || AddressError(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(fail)?;
        let port = port.parse().map_err(|_| fail())?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match (host, bare) {
            ("", _) => None,
            (_, Some(literal)) if literal.parse::<Ipv6Addr>().is_ok() => Some(literal.to_owned()),
            (name, None) if !name.contains([':', '[', ']', '/', ' ']) => Some(name.to_owned()),
            _ => return Err(fail()),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.as_deref() {
            None => write!(f, ":{}", self.port),
            Some(host) if host.contains(':') => write!(f, "[{host}]:{}", self.port),
            Some(host) => write!(f, "{host}:{}", self.port),
        }
    }
}

/// Listens on every address, or on none.
pub(super) async fn all(addresses: &[ListenAddress]) -> Result<Vec<(TcpListener, SocketAddr)>, ListenError> {
    let mut listeners = Vec::new();
    for address in addresses {
        let wanted = address.clone();
        let bound = tokio::task::spawn_blocking(move || bind(&wanted))
            .await
            .unwrap_or_else(|error| Err(error.into()));
        let listener = bound.and_then(|socket| {
            let listener = TcpListener::from_std(socket.into())?;
            let local = listener.local_addr()?;
            Ok((listener, local))
        });
        listeners.push(listener.map_err(|source| ListenError { address: address.to_string(), source })?);
    }
    Ok(listeners)
}

fn bind(address: &ListenAddress) -> io::Result<Socket> {
    let Some(host) = &address.host else {
        // Both families on one socket, and IPv4 alone where the machine has no IPv6.
        let both = open((Ipv6Addr::UNSPECIFIED, address.port).into());
        return match both {
            Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
                open((Ipv4Addr::UNSPECIFIED, address.port).into())
            }
            result => result,
        };
    };
    let resolved = (host.as_str(), address.port).to_socket_addrs()?.next();
    open(resolved.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))?)
}

fn open(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown() {
        for text in [":10429", "127.0.0.1:0", "[::1]:9100", "localhost:80", "0.0.0.0:1"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        for text in ["", "10429", ":", ":70000", "::1:80", "[::1]", "[x]:1", "http://x:1"] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_busy_port_is_told_with_its_address() {
        let first = all(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let busy: ListenAddress = first[0].1.to_string().parse().unwrap();
        let error = all(&[busy]).await.unwrap_err().to_string();
        assert!(error.contains(&first[0].1.to_string()) && error.contains("--web.listen-address"), "{error}");
    }

    #[tokio::test]
    async fn without_a_host_both_families_reach_it() {
        let listeners = all(&[":0".parse().unwrap()]).await.unwrap();
        let port = listeners[0].1.port();
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    }
}
