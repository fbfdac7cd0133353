//! An address that drops SYNs, made of ordinary sockets: a listener whose backlog is kept full.
//!
//! Linux drops a SYN while the accept queue is full, so a client sees what it would see behind a
//! firewall that drops: silence until its timeout.

use socket2::{Domain, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// Own connections at most; the queue of a listener with backlog 0 holds one.
const MAX_FILLERS: usize = 8;

/// A loopback connection not made after this long met a full queue.
const FULL_AFTER: Duration = Duration::from_millis(100);

/// Fills the listener's queue, says so, and keeps it full until aborted.
pub(super) async fn keep_full(address: SocketAddr, full: watch::Sender<bool>) {
    let listener = match listen(address) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::debug!(%error, %address, "simulator cannot offer tcp-timeout");
            full.send_replace(true);
            return;
        }
    };
    let mut fillers = Vec::with_capacity(MAX_FILLERS);
    while fillers.len() < MAX_FILLERS {
        match timeout(FULL_AFTER, TcpStream::connect(address)).await {
            Ok(Ok(filler)) => fillers.push(filler),
            Ok(Err(error)) => {
                tracing::debug!(%error, "simulator cannot fill its black hole");
                break;
            }
            Err(_) => break,
        }
    }
    full.send_replace(true);
    // Both ends stay open, and nothing is ever accepted.
    std::future::pending::<()>().await;
    drop((listener, fillers));
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(0)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::super::Simulator;
    use super::super::fault::Fault;
    use super::super::test_client::{SILENCE, ask, start};
    use hickory_resolver::proto::rr::{RData, RecordType};
    use std::io::ErrorKind;
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    /// Connects as a client does: asks for the name, tries its first address. Nothing is silence.
    async fn connect(simulator: &Simulator, fault: Fault) -> Option<Result<(), ErrorKind>> {
        let answer = ask(simulator, &format!("{fault}.sim.test."), RecordType::A).await;
        let RData::A(ip) = &answer.answers[0].data else { panic!("no address") };
        let connecting = TcpStream::connect((ip.0, simulator.api_address().port()));
        let connected = timeout(SILENCE, connecting).await.ok()?;
        Some(connected.map(drop).map_err(|error| error.kind()))
    }

    #[tokio::test]
    async fn connecting_goes_as_the_fault_says() {
        let simulator = start().await;
        for refused in [Fault::TcpRefused, Fault::TcpSecondAddress, Fault::DnsLoopback] {
            assert_eq!(
                connect(&simulator, refused).await,
                Some(Err(ErrorKind::ConnectionRefused)),
                "{refused}"
            );
        }
        let unreachable = connect(&simulator, Fault::TcpUnreachable).await;
        assert_eq!(unreachable, Some(Err(ErrorKind::NetworkUnreachable)));
        assert_eq!(connect(&simulator, Fault::DnsUnexpected).await, Some(Ok(())));
        for _ in 0..3 {
            assert_eq!(connect(&simulator, Fault::TcpTimeout).await, None);
        }
    }
}
