//! Answer bodies: at once, in timed parts, or cut off.

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The body ended before its length, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("cut off on purpose")]
pub(super) struct CutOff;

/// One answer's body.
pub(super) enum Body {
    /// All of it at once.
    Whole(Option<Bytes>),
    /// In parts, each after a pause.
    Parts(Box<Parts>),
}

pub(super) struct Parts {
    parts: VecDeque<(Duration, Result<Bytes, CutOff>)>,
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether the length is told beforehand.
    sized: bool,
}

// === impl Body ===

impl Body {
    pub(super) fn empty() -> Self {
        Self::Whole(None)
    }

    /// The same body in as many parts as there are pauses, its length told beforehand.
    pub(super) fn in_parts(self, pauses: &[Duration]) -> Self {
        let Self::Whole(Some(bytes)) = self else { return self };
        let size = bytes.len().div_ceil(pauses.len()).max(1);
        let part = |start: usize| bytes.slice(start..bytes.len().min(start + size));
        let parts = (0..bytes.len()).step_by(size).map(part).map(Ok);
        let parts = pauses.iter().copied().zip(parts).collect();
        Self::Parts(Box::new(Parts { parts, pause: None, sized: true }))
    }

    /// Parts that go out one by one, without a length.
    pub(super) fn streamed(parts: impl IntoIterator<Item = Bytes>) -> Self {
        let parts = parts.into_iter().map(|part| (Duration::ZERO, Ok(part))).collect();
        Self::Parts(Box::new(Parts { parts, pause: None, sized: false }))
    }

    /// A part, and nothing where more was promised. The pause lets the part out first.
    pub(super) fn cut_after(part: Bytes, pause: Duration) -> Self {
        let parts = VecDeque::from([(Duration::ZERO, Ok(part)), (pause, Err(CutOff))]);
        Self::Parts(Box::new(Parts { parts, pause: None, sized: false }))
    }

    /// The length, where it is told.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Whole(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Parts(parts) if parts.sized => {
                Some(parts.parts.iter().flat_map(|(_, part)| part).map(|part| part.len() as u64).sum())
            }
            Self::Parts(_) => None,
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Parts(parts) => parts.poll_next(cx).map(|part| part.map(|part| part.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Parts(parts) => parts.parts.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

// === impl Parts ===

impl Parts {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        let Some((pause, _)) = self.parts.front() else { return Poll::Ready(None) };
        if !pause.is_zero() {
            let pause = *pause;
            ready!(self.pause.get_or_insert_with(|| Box::pin(sleep(pause))).as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(self.parts.pop_front().map(|(_, part)| part))
    }
}
