//! A UDP socket whose datagrams come with their time.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::arrivals::Line;
use super::kernel_stamp;
use crate::clock;

/// A socket that talks to one peer, timed as [`Arrivals`](super::Arrivals) are.
#[derive(Debug)]
pub struct Datagrams {
    socket: UdpSocket,
    line: Line,
    /// The kernel says when what is read came.
    told: bool,
}

impl Datagrams {
    /// A socket of this address.
    ///
    /// # Errors
    /// If there is none to be had.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address).await?;
        let told = kernel_stamp::request(&socket);
        Ok(Self { socket, line: Line::new(Instant::now(), clock::wall()), told })
    }

    /// Talks to this peer and hears no other.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn connect(&self, peer: SocketAddr) -> io::Result<()> {
        self.socket.connect(peer).await
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// If it cannot be sent, or what was sent before was refused.
    pub async fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.line.writes();
        // At once: tokio would first wait to be told that there is room, which a new socket has, and what else there is to do
        // would come before it.
        match SockRef::from(&self.socket).send(datagram) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.socket.send(datagram).await.map(|_| ())
            }
            sent => sent.map(|_| ()),
        }
    }

    /// Receives a datagram; its length.
    ///
    /// # Errors
    /// If what was sent was refused.
    pub async fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (length, stamp) = if self.told {
            let receive = || kernel_stamp::receive(&self.socket, into);
            // That nobody is there comes as an error, and not as something to be read.
            self.socket.async_io(Interest::READABLE | Interest::ERROR, receive).await?
        } else {
            (self.socket.recv(into).await?, None)
        };
        self.line.came(stamp);
        Ok(length)
    }

    /// When the first was about to be sent.
    #[must_use]
    pub fn asked(&self) -> Option<Instant> {
        self.line.asked()
    }

    /// When the last that was received came; now, before any was.
    #[must_use]
    pub fn last(&self) -> Instant {
        self.line.last().unwrap_or_else(Instant::now)
    }

    /// How long in all what came waited for us.
    #[must_use]
    pub fn late(&self) -> Duration {
        self.line.late()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const LOCAL: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

    #[tokio::test]
    async fn a_port_where_nobody_is_shows_at_once() {
        let free = UdpSocket::bind(SocketAddr::from(LOCAL)).await.unwrap().local_addr().unwrap();
        for told in [true, false] {
            let mut socket = Datagrams::bind(LOCAL.into()).await.unwrap();
            socket.told &= told;
            socket.connect(free).await.unwrap();
            socket.send(b"?").await.unwrap();
            let mut buffer = [0; 8];
            let received = timeout(Duration::from_secs(10), socket.receive(&mut buffer)).await.unwrap();
            assert_eq!(received.unwrap_err().kind(), io::ErrorKind::ConnectionRefused, "{told}");
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_datagram_that_waited_while_we_were_busy_came_when_the_kernel_got_it() {
        use crate::net::busy;
        busy::stamps_are_on().await;
        let peer = std::net::UdpSocket::bind(SocketAddr::from(LOCAL)).unwrap();
        let mut socket = Datagrams::bind(LOCAL.into()).await.unwrap();
        socket.connect(peer.local_addr().unwrap()).await.unwrap();
        socket.send(b"?").await.unwrap();
        let (_, from) = peer.recv_from(&mut [0; 8]).unwrap();
        peer.send_to(b"yes", from).unwrap();
        busy::block();
        assert_eq!(socket.receive(&mut [0; 8]).await.unwrap(), 3);
        let asked = socket.asked().unwrap();
        let (took, by_our_clock) = (socket.last() - asked, asked.elapsed());
        assert!(took + busy::BLOCKED * 4 / 5 <= by_our_clock, "{took:?} {by_our_clock:?}");
        assert!(socket.late() > busy::BLOCKED / 2);
    }
}
