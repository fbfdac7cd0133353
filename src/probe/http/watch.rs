//! The error that broke the stream of a call.
//!
//! hyper and h2 keep only an error's kind and text; which errno it was decides the reason.

use std::io;
use std::sync::{Arc, OnceLock};

use crate::net::{IoTrouble, Observer};

/// Where the first error is kept for when the stream is gone; its early end counts as one.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness(Arc<OnceLock<IoTrouble>>);

impl Witness {
    pub(super) fn seen(&self) -> Option<IoTrouble> {
        self.0.get().copied()
    }

    fn set(&self, trouble: IoTrouble) {
        // Only the first one counts.
        let _ = self.0.set(trouble);
    }
}

impl Observer for Witness {
    fn ended(&mut self) {
        self.set(IoTrouble::Eof);
    }

    fn failed(&mut self, error: &io::Error) {
        self.set(IoTrouble::of(error));
    }
}
