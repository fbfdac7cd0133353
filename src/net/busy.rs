//! For tests: a canary that is busy with something else while answers come.

use std::net::SocketAddr;
use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::Stamped;

/// How long it is busy.
pub(crate) const BLOCKED: Duration = Duration::from_millis(200);

/// Keeps the thread from everything else.
pub(crate) fn block() {
    std::thread::sleep(BLOCKED);
}

/// Waits until the kernel stamps what it gets: it begins to do so a moment after it was first asked.
pub(crate) async fn stamps_are_on() {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut near, mut far) = (Stamped::new(near), listener.accept().await.unwrap().0);
    for _ in 0..1_000 {
        far.write_all(b"x").await.unwrap();
        std::thread::sleep(Duration::from_millis(5));
        near.read_exact(&mut [0]).await.unwrap();
        if near.arrivals().late() >= Duration::from_millis(4) {
            return;
        }
    }
    panic!("the kernel stamps nothing");
}

/// What a peer in a thread of its own has to answer while the canary is busy.
#[derive(Debug)]
pub(crate) struct Meanwhile {
    wanted: mpsc::UnboundedSender<()>,
    busy: blocking::Receiver<()>,
    done: blocking::Sender<()>,
}

impl Meanwhile {
    /// Makes this runtime, which has one thread, busy whenever the peer wants it.
    pub(crate) fn here() -> Self {
        let (wanted, mut wants) = mpsc::unbounded_channel();
        let ((is_busy, busy), (done, is_done)) = (blocking::channel(), blocking::channel());
        tokio::spawn(async move {
            while wants.recv().await == Some(()) {
                if is_busy.send(()).is_err() || is_done.recv().is_err() {
                    return;
                }
                block();
            }
        });
        Self { wanted, busy, done }
    }

    /// Does it while the canary is busy, and for [`BLOCKED`] after that.
    pub(crate) fn answer<T>(&self, answer: impl FnOnce() -> T) -> T {
        // When the test is over nobody is busy any more.
        let _ = self.wanted.send(());
        let _ = self.busy.recv();
        let answered = answer();
        let _ = self.done.send(());
        answered
    }
}
