//! A stream with somebody watching: passes everything through, and tells what came.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Who watches a stream.
pub trait Observer: Unpin {
    /// These bytes came in.
    fn came(&mut self, _bytes: &[u8]) {}

    /// So many bytes went out.
    fn went(&mut self, _bytes: usize) {}

    /// The peer has ended its side.
    fn ended(&mut self) {}

    /// Reading or writing failed.
    fn failed(&mut self, _error: &io::Error) {}
}

/// A stream that is watched.
#[derive(Debug)]
pub struct Observed<S, O> {
    inner: S,
    observer: O,
}

impl<S, O: Observer> Observed<S, O> {
    /// Lets `observer` watch a stream.
    pub fn new(inner: S, observer: O) -> Self {
        Self { inner, observer }
    }

    fn note_sent(&mut self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &polled {
            self.observer.went(*bytes);
        }
        self.note(polled)
    }

    fn note<T>(&mut self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &polled {
            self.observer.failed(error);
        }
        polled
    }
}

impl<S: AsyncRead + Unpin, O: Observer> AsyncRead for Observed<S, O> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        if matches!(polled, Poll::Ready(Ok(()))) {
            match buffer.filled().get(before..) {
                Some(bytes) if !bytes.is_empty() => self.observer.came(bytes),
                _ => self.observer.ended(),
            }
        }
        self.note(polled)
    }
}

impl<S: AsyncWrite + Unpin, O: Observer> AsyncWrite for Observed<S, O> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.note_sent(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.note(polled)
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
        self.note_sent(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Diary(Arc<Mutex<Vec<String>>>);

    impl Observer for Diary {
        fn came(&mut self, bytes: &[u8]) {
            self.0.lock().unwrap().push(String::from_utf8_lossy(bytes).into_owned());
        }

        fn went(&mut self, bytes: usize) {
            self.0.lock().unwrap().push(format!("{bytes} sent"));
        }

        fn ended(&mut self) {
            self.0.lock().unwrap().push("ended".to_owned());
        }

        fn failed(&mut self, error: &io::Error) {
            self.0.lock().unwrap().push(error.kind().to_string());
        }
    }

    #[tokio::test]
    async fn what_comes_ends_and_fails_is_told() {
        let (near, mut far) = tokio::io::duplex(64);
        let diary = Diary::default();
        let mut watched = Observed::new(near, diary.clone());
        watched.write_all(b"hi").await.unwrap();
        far.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 8];
        assert_eq!(watched.read(&mut buffer).await.unwrap(), 5);
        drop(far);
        assert_eq!(watched.read(&mut buffer).await.unwrap(), 0);
        assert!(watched.write_all(b"x").await.is_err());
        assert_eq!(*diary.0.lock().unwrap(), ["2 sent", "hello", "ended", "broken pipe"]);
    }
}
