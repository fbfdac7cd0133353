//! Answer bodies: at once, in timed parts, or cut off.

use super::ending::{End, Ending};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
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
    parts: VecDeque<(Duration, Bytes)>,
    then: Then,
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether the length is told beforehand.
    sized: bool,
}

/// What comes after the last part. The pauses let the parts out first.
pub(super) enum Then {
    /// The body is complete.
    Complete,
    /// Nothing, where more was promised.
    CutOff(Duration),
    /// Nothing, as long as the connection lasts.
    Silence,
    /// The same again and again, after a pause each time.
    Again(Duration, Bytes),
    /// The end of the connection.
    Ending(Duration, Arc<End>, Ending),
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
        let parts = (0..bytes.len()).step_by(size).map(part);
        let parts = pauses.iter().copied().zip(parts).collect();
        Self::Parts(Box::new(Parts { parts, then: Then::Complete, pause: None, sized: true }))
    }

    /// Parts that go out one by one, each after a pause, without a length.
    pub(super) fn streamed(parts: VecDeque<(Duration, Bytes)>, then: Then) -> Self {
        Self::Parts(Box::new(Parts { parts, then, pause: None, sized: false }))
    }

    /// The length, where it is told.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Whole(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Parts(parts) if parts.sized => {
                Some(parts.parts.iter().map(|(_, part)| part.len() as u64).sum())
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
            Self::Parts(parts) => parts.parts.is_empty() && matches!(parts.then, Then::Complete),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

// === impl Parts ===

impl Parts {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutOff>>> {
        let pause = match (self.parts.front(), &self.then) {
            (Some((pause, _)), _) => *pause,
            (None, Then::Complete) => return Poll::Ready(None),
            (None, Then::Silence) => return Poll::Pending,
            (None, Then::CutOff(pause) | Then::Again(pause, _) | Then::Ending(pause, ..)) => *pause,
        };
        if !pause.is_zero() {
            ready!(self.pause.get_or_insert_with(|| Box::pin(sleep(pause))).as_mut().poll(cx));
            self.pause = None;
        }
        if let Some((_, part)) = self.parts.pop_front() {
            return Poll::Ready(Some(Ok(part)));
        }
        match &self.then {
            Then::Complete => Poll::Ready(None),
            Then::CutOff(_) => Poll::Ready(Some(Err(CutOff))),
            Then::Again(_, part) => Poll::Ready(Some(Ok(part.clone()))),
            Then::Silence => Poll::Pending,
            Then::Ending(_, end, how) => {
                end.bring(*how);
                Poll::Pending
            }
        }
    }
}
