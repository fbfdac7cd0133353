//! A stream that remembers the error that broke it.
//!
//! hyper and h2 keep only an error's kind and text; which errno it was decides the reason.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::IoTrouble;

/// Where the first error is kept for when the stream is gone; its early end counts as one.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness(Arc<OnceLock<IoTrouble>>);

impl Witness {
    pub(super) fn seen(&self) -> Option<IoTrouble> {
        self.0.get().copied()
    }

    fn note<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &polled {
            self.set(IoTrouble::of(error));
        }
        polled
    }

    fn set(&self, trouble: IoTrouble) {
        // Only the first one counts.
        let _ = self.0.set(trouble);
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
            self.witness.set(IoTrouble::Eof);
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
