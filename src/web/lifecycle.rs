//! `/-/healthy` and `/-/ready`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::extract::State;
use axum::http::StatusCode;

use super::WebState;

/// How far the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It does not watch yet.
    Starting,
    /// It watches.
    Ready,
    /// It is about to end.
    Draining,
}

/// How far the program is, shared with who answers for it.
#[derive(Debug, Default)]
pub struct Readiness(AtomicU8);

impl Readiness {
    const STARTING: u8 = 0;
    const READY: u8 = 1;
    const DRAINING: u8 = 2;

    /// A program that is starting.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU8::new(Self::STARTING))
    }

    /// Says how far the program is now.
    pub fn set(&self, phase: Phase) {
        let number = match phase {
            Phase::Starting => Self::STARTING,
            Phase::Ready => Self::READY,
            Phase::Draining => Self::DRAINING,
        };
        self.0.store(number, Ordering::Release);
    }

    /// How far the program is.
    #[must_use]
    pub fn get(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            Self::STARTING => Phase::Starting,
            Self::READY => Phase::Ready,
            _ => Phase::Draining,
        }
    }
}

pub(super) async fn healthy() -> &'static str {
    "api-canary is healthy.\n"
}

pub(super) async fn ready(State(state): State<Arc<WebState>>) -> (StatusCode, &'static str) {
    match state.readiness.get() {
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "api-canary is starting.\n"),
        Phase::Ready => (StatusCode::OK, "api-canary is ready.\n"),
        Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "api-canary is shutting down.\n"),
    }
}
