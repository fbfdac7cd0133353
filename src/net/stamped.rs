//! A TCP connection whose bytes come with their time.
//!
//! Promises: it reads and writes as tokio's own stream does, in as many calls of the kernel; what came, and when, can be
//! asked for beside it, whoever holds the stream.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::arrivals::Arrivals;
use super::kernel_stamp;

/// A TCP connection that is timed.
#[derive(Debug)]
pub struct Stamped {
    stream: TcpStream,
    arrivals: Arrivals,
    /// The kernel says when what is read came.
    told: bool,
}

impl Stamped {
    /// A connection that was just made.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        let told = kernel_stamp::request(&stream);
        Self { stream, arrivals: Arrivals::begin(), told }
    }

    /// Its times.
    #[must_use]
    pub fn arrivals(&self) -> Arrivals {
        self.arrivals.clone()
    }

    /// The connection.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.stream
    }

    fn poll_stamped(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<kernel_stamp::Received>> {
        let room = buffer.remaining();
        loop {
            ready!(self.stream.poll_read_ready(context))?;
            let mut short = None;
            let read = self.stream.try_io(Interest::READABLE, || {
                let received = kernel_stamp::receive(&self.stream, buffer.initialize_unfilled())?;
                if (1..room).contains(&received.0) {
                    // All there was: told so, tokio waits for more before the kernel is asked again. Its own stream
                    // does the same.
                    short = Some(received);
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(received)
            });
            let received = match (read, short) {
                (_, Some(received)) | (Ok(received), None) => received,
                (Err(error), None) if error.kind() == io::ErrorKind::WouldBlock => continue,
                (Err(error), None) => return Poll::Ready(Err(error)),
            };
            buffer.advance(received.0);
            return Poll::Ready(Ok(received));
        }
    }

    fn poll_plain(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<kernel_stamp::Received>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        polled.map_ok(|()| (buffer.filled().len() - before, None))
    }

    fn writes(&self) {
        if let Some(mut line) = self.arrivals.line() {
            line.writes();
        }
    }
}

impl AsyncRead for Stamped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let polled =
            if self.told { self.poll_stamped(context, buffer) } else { self.poll_plain(context, buffer) };
        if let Some(mut line) = self.arrivals.line() {
            match &polled {
                Poll::Pending => line.waits(),
                Poll::Ready(Ok((0, _))) => line.ended(),
                Poll::Ready(Ok((_, stamp))) => line.came(*stamp),
                Poll::Ready(Err(_)) => {}
            }
        }
        polled.map_ok(|_| ())
    }
}

impl AsyncWrite for Stamped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes();
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes();
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;
    use crate::net::busy;

    async fn pair() -> (Stamped, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Stamped::new(near), listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn everything_comes_through_and_so_do_the_end_and_a_reset() {
        for size in [1, 3, 4096, 200_000] {
            let (mut near, mut far) = pair().await;
            let sent: Vec<u8> = (0..100_000_u32).map(|at| at.to_le_bytes()[0]).collect();
            let answer = sent.clone();
            let peer = tokio::spawn(async move {
                let mut asked = [0; 5];
                far.read_exact(&mut asked).await.unwrap();
                far.write_all(&answer).await.unwrap();
            });
            near.write_all(b"hello").await.unwrap();
            let (mut came, mut buffer) = (Vec::new(), vec![0; size]);
            loop {
                let length = near.read(&mut buffer).await.unwrap();
                if length == 0 {
                    break;
                }
                came.extend_from_slice(&buffer[..length]);
            }
            assert!(came == sent, "in pieces of {size}");
            peer.await.unwrap();
        }
        let (mut near, far) = pair().await;
        near.write_all(b"unread").await.unwrap();
        far.readable().await.unwrap();
        drop(far);
        let error = near.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn nothing_is_read_into_no_room_and_it_is_no_end() {
        let (mut near, mut far) = pair().await;
        far.write_all(b"x").await.unwrap();
        assert_eq!(near.read(&mut []).await.unwrap(), 0);
        assert_eq!(near.read(&mut [0; 8]).await.unwrap(), 1);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_waited_while_we_were_busy_came_when_the_kernel_got_it() {
        busy::stamps_are_on().await;
        let (mut near, mut far) = pair().await;
        let arrivals = near.arrivals();
        arrivals.ask();
        near.write_all(b"?").await.unwrap();
        let asked = arrivals.asked().unwrap();
        far.write_all(b"!").await.unwrap();
        busy::block();
        near.read_exact(&mut [0]).await.unwrap();
        let (took, by_our_clock) = (arrivals.last() - asked, asked.elapsed());
        assert!(took + busy::BLOCKED * 4 / 5 <= by_our_clock, "{took:?} {by_our_clock:?}");
        assert!(arrivals.late() > busy::BLOCKED / 2, "{:?}", arrivals.late());
    }

    #[tokio::test]
    async fn without_stamps_what_comes_came_when_it_was_read() {
        let (mut near, mut far) = pair().await;
        near.told = false;
        far.write_all(b"!").await.unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let before = Instant::now();
        near.read_exact(&mut [0]).await.unwrap();
        assert!(near.arrivals().last() >= before);
        assert_eq!(near.arrivals().late(), Duration::ZERO);
    }
}
