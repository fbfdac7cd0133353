//! Asking a proxy something and gathering its answer, byte by byte if need be.
//!
//! What came stays here whatever cuts the wait short, so that it can be told.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::confided::Confided;
use super::refusal::Refusal;
use crate::net::IoTrouble;
use crate::outcome::Reason;

/// The longest answer that is gathered.
const LIMIT: usize = 64 * 1024;

/// How much is asked of the socket at a time.
const READ: usize = 4096;

/// Characters of what a stranger sent.
const QUOTED: usize = 60;

/// A stream to a proxy, and what it has sent that was not taken yet.
pub(super) struct Inbox<'a, S> {
    stream: S,
    confided: &'a Confided,
    buffer: BytesMut,
    /// What it was asked last.
    asked: String,
    /// The question did not get out: it had hung up, perhaps with a word why.
    unsent: Option<io::Error>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Inbox<'a, S> {
    pub(super) fn new(stream: S, confided: &'a Confided) -> Self {
        Self { stream, confided, buffer: BytesMut::new(), asked: String::new(), unsent: None }
    }

    /// Sends a question; `what` names it in words.
    pub(super) async fn ask(&mut self, what: impl Into<String>, bytes: &[u8]) -> Result<(), Refusal> {
        self.asked = what.into();
        let sent = match self.stream.write_all(bytes).await {
            Ok(()) => self.stream.flush().await,
            error => error,
        };
        match sent {
            Err(error) if IoTrouble::of(&error) == IoTrouble::Reset => self.unsent = Some(error),
            Err(error) => return Err(self.failed(&error)),
            Ok(()) => {}
        }
        Ok(())
    }

    /// What has come so far.
    pub(super) fn came(&self) -> &BytesMut {
        &self.buffer
    }

    /// Takes the first bytes of what has come.
    pub(super) fn take(&mut self, length: usize) -> BytesMut {
        self.buffer.split_to(length.min(self.buffer.len()))
    }

    /// Waits for more.
    pub(super) async fn more(&mut self) -> Result<(), Refusal> {
        if self.buffer.len() >= LIMIT {
            let words = format!("its answer to {} has no end within {LIMIT} bytes", self.asked);
            return Err(Refusal::new(Reason::ProxyProtocol, words));
        }
        self.buffer.reserve(READ);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(match self.unsent.take() {
                Some(error) => self.failed(&error),
                None => Refusal::cut(format!("it closed the connection {}", self.how_far())),
            }),
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Waits until so many bytes have come.
    pub(super) async fn at_least(&mut self, length: usize) -> Result<&[u8], Refusal> {
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(&self.buffer)
    }

    /// What has come is not the `protocol` that was spoken.
    pub(super) fn not(&self, protocol: &str) -> Refusal {
        let start = self.start();
        let words = format!("it does not speak {protocol}: asked for {}, it sent {start:?}", self.asked);
        Refusal::new(Reason::ProxyProtocol, words)
    }

    /// It said nothing, or not all of it, for so long.
    pub(super) fn silence(&self, waited: Duration) -> Refusal {
        let (waited, asked) = (waited.as_secs_f64(), &self.asked);
        let words = if self.buffer.is_empty() {
            format!("no answer to {asked} in {waited:.1} s")
        } else {
            let start = self.start();
            format!("no complete answer to {asked} in {waited:.1} s; it began with {start:?}")
        };
        Refusal::new(Reason::ProxyTimeout, words)
    }

    /// The stream, and what has come and was not taken.
    pub(super) fn into_parts(self) -> (S, BytesMut) {
        (self.stream, self.buffer)
    }

    fn failed(&self, error: &io::Error) -> Refusal {
        let words = format!("the connection broke {}: {error}", self.how_far());
        match IoTrouble::of(error) {
            IoTrouble::Exhausted => Refusal::new(Reason::CanaryExhausted, words),
            IoTrouble::TimedOut => Refusal::new(Reason::ProxyTimeout, words),
            IoTrouble::Refused
            | IoTrouble::Reset
            | IoTrouble::Eof
            | IoTrouble::Unreachable
            | IoTrouble::Other => Refusal::cut(words),
        }
    }

    fn how_far(&self) -> String {
        if self.buffer.is_empty() {
            return format!("without an answer to {}", self.asked);
        }
        format!("in its answer to {}, which began with {:?}", self.asked, self.start())
    }

    fn start(&self) -> String {
        self.confided.quote(&self.buffer, QUOTED)
    }
}
