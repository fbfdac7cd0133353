//! The first bytes that came in, to say what answered when it was not TLS.

use std::sync::{Arc, Mutex, PoisonError};

use crate::net::{Observed, Observer};

/// How many bytes are remembered.
const KEPT: usize = 64;

/// A stream whose first bytes are remembered.
pub(crate) type Tap<S> = Observed<S, FirstBytes>;

/// The first bytes read, so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct FirstBytes {
    kept: Arc<Mutex<Vec<u8>>>,
    /// Nothing more is needed; spares the lock.
    full: bool,
}

impl FirstBytes {
    pub(super) fn get(&self) -> Vec<u8> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for FirstBytes {
    fn came(&mut self, bytes: &[u8]) {
        if self.full {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT - kept.len();
        kept.extend(bytes.iter().take(room));
        self.full = kept.len() == KEPT;
    }
}
