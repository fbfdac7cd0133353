//! How a connection ends without a proper answer, and the word of it from a request or a body to the connection.

use super::Transport;
use http::Version;
use std::io;
use std::sync::OnceLock;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;

/// How a connection ends without a proper answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Reset,
    Close,
    Garbage(Version),
}

/// Set by the request, or the body of its answer, that ends the connection.
#[derive(Default)]
pub(super) struct End {
    how: OnceLock<Ending>,
    come: Notify,
}

/// Begins with no status line.
const NO_HTTP: &[u8] = b"\x00\x01\x02 these are not the bytes of an answer\r\n\r\n";

/// A DATA frame on stream 0, which belongs to the connection and must not have any.
const BOGUS_FRAME: &[u8] = b"\x00\x00\x04\x00\x00\x00\x00\x00\x00nope";

// === impl End ===

impl End {
    /// The connection goes away underneath whoever says this; the first wins.
    pub(super) fn bring(&self, how: Ending) {
        let _first_wins = self.how.set(how);
        self.come.notify_one();
    }

    pub(super) async fn come(&self) {
        self.come.notified().await;
    }

    pub(super) fn how(&self) -> Option<Ending> {
        self.how.get().copied()
    }
}

pub(super) async fn end<S: Transport>(mut stream: S, how: Ending) -> io::Result<()> {
    match how {
        Ending::Reset => stream.tcp().set_zero_linger(),
        Ending::Close => stream.shutdown().await,
        Ending::Garbage(version) => {
            stream.write_all(if version == Version::HTTP_2 { BOGUS_FRAME } else { NO_HTTP }).await?;
            stream.shutdown().await
        }
    }
}
