//! A stream that remembers the error that broke it.
//!
//! hyper and h2 keep only an error's kind and text; which alert or which errno it was decides the reason.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::{IoTrouble, rustls_error};

/// The first error of a stream; its early end counts as one.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) trouble: IoTrouble,
    pub(super) tls: Option<rustls::Error>,
}

/// Where the error is kept for when the stream is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness(Arc<Mutex<Option<Seen>>>);

impl Witness {
    pub(super) fn seen(&self) -> Option<Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &polled {
            self.set(Seen { trouble: IoTrouble::of(error), tls: rustls_error(error).cloned() });
        }
        polled
    }

    fn set(&self, seen: Seen) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(seen);
    }
}

/// Passes everything through and keeps the first error.
#[derive(Debug)]
pub(super) struct Watched<S> {
    inner: S,
    witness: Witness,
}

impl<S> Watched<S> {
    pub(super) fn new(inner: S) -> (Self, Witness) {
        let witness = Witness::default();
        (Self { inner, witness: witness.clone() }, witness)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        if matches!(polled, Poll::Ready(Ok(()))) && buffer.filled().len() == before {
            self.witness.set(Seen { trouble: IoTrouble::Eof, tls: None });
        }
        self.witness.note(polled)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.witness.note(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.witness.note(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, buffers);
        self.witness.note(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
