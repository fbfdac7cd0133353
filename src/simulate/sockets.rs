//! Binding: the sockets that must share a port number, and the addresses that must have none.

use super::simulator::StartError;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::{TcpListener, UdpSocket};

/// Nothing listens here: connections are refused.
pub(super) const REFUSING: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// A full listener is here: SYNs are dropped.
pub(super) const BLACK_HOLE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// What listens here resets every connection as soon as something is said.
pub(super) const RESETTING: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);
/// What listens here never answers what is said.
pub(super) const SILENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 5);
/// The API is here too, at an address nobody expects.
pub(super) const UNEXPECTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 7);
/// Nothing listens here: where a local stub resolver would be.
pub(super) const STUB: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 53);
/// Linux refuses to connect here at once and sends nothing.
pub(super) const UNREACHABLE: Ipv4Addr = Ipv4Addr::BROADCAST;

/// How often a free port is looked for that is free everywhere it has to be.
const ATTEMPTS: usize = 16;

/// The API's sockets, all on one port.
pub(super) struct ApiSockets {
    pub(super) address: SocketAddr,
    /// At the address itself, at [`UNEXPECTED`] and, where usable, at `::1`.
    pub(super) listeners: Vec<TcpListener>,
    /// Whether `::1` is among them.
    pub(super) ipv6: bool,
    /// At [`RESETTING`], where usable.
    pub(super) resetting: Option<TcpListener>,
    /// At [`SILENT`], where usable.
    pub(super) silent: Option<TcpListener>,
}

pub(super) async fn bind_tcp(what: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Bind { what, address, source })
}

/// UDP and TCP on the same port.
pub(super) async fn bind_dns(address: SocketAddr) -> Result<(UdpSocket, TcpListener), StartError> {
    retrying("DNS", address, async || {
        let udp = UdpSocket::bind(address).await?;
        let tcp = TcpListener::bind(udp.local_addr()?).await?;
        Ok((udp, tcp))
    })
    .await
}

/// Every address the API answers at, on the same port, which none of the silent addresses uses.
pub(super) async fn bind_api(address: SocketAddr) -> Result<ApiSockets, StartError> {
    let reserved = [REFUSING, BLACK_HOLE, RESETTING, SILENT, UNEXPECTED, STUB];
    match address.ip() {
        IpAddr::V4(ip) if ip.is_loopback() && !reserved.contains(&ip) => {}
        IpAddr::V4(_) | IpAddr::V6(_) => return Err(StartError::ApiAddress(address)),
    }
    retrying("the API", address, async || {
        let main = TcpListener::bind(address).await?;
        let address = main.local_addr()?;
        let port = address.port();
        for silent in [REFUSING, STUB, BLACK_HOLE] {
            // Bound and dropped: only to see that nobody else listens there.
            optional(TcpListener::bind((silent, port)).await)?;
        }
        let ipv6 = optional(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await)?;
        let usable = ipv6.is_some();
        let resetting = optional(TcpListener::bind((RESETTING, port)).await)?;
        let silent = optional(TcpListener::bind((SILENT, port)).await)?;
        let unexpected = optional(TcpListener::bind((UNEXPECTED, port)).await)?;
        let listeners = [Some(main), unexpected, ipv6].into_iter().flatten().collect();
        Ok(ApiSockets { address, listeners, ipv6: usable, resetting, silent })
    })
    .await
}

/// With port 0 the kernel picks a port for the first socket; another one may not get the same.
async fn retrying<T>(
    what: &'static str,
    address: SocketAddr,
    bind: impl AsyncFn() -> io::Result<T>,
) -> Result<T, StartError> {
    let mut attempts = if address.port() == 0 { ATTEMPTS } else { 1 };
    loop {
        attempts -= 1;
        match bind().await {
            Ok(bound) => return Ok(bound),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempts > 0 => {}
            Err(source) => return Err(StartError::Bind { what, address, source }),
        }
    }
}

/// An address this machine does not have is done without.
fn optional(bound: io::Result<TcpListener>) -> io::Result<Option<TcpListener>> {
    match bound {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(error) => {
            tracing::debug!(%error, "simulator does without a loopback address");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_beyond_loopback_or_kept_for_a_fault_is_refused() {
        for address in ["0.0.0.0:0", "192.0.2.1:0", "[::1]:0", "127.0.0.2:0"] {
            let refused = bind_api(address.parse().unwrap()).await;
            assert!(matches!(refused, Err(StartError::ApiAddress(_))), "{address}");
        }
    }

    #[tokio::test]
    async fn the_api_sockets_share_a_port() {
        let sockets = bind_api("127.0.0.1:0".parse().unwrap()).await.unwrap();
        for listener in &sockets.listeners {
            assert_eq!(listener.local_addr().unwrap().port(), sockets.address.port());
        }
    }
}
