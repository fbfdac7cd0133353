//! Something a journey noticed without being stopped by it.

use super::{Failure, Layer, Reason, Severity};

/// Something noticed in a layer that let the journey go on.
///
/// A finding with a reason of [`Severity::Down`] (such as an answer outside the expected networks) makes the journey
/// unsuccessful; one of [`Severity::Degraded`] does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(pub Failure);

impl Finding {
    /// A finding with its words.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self(Failure::new(reason, detail))
    }

    /// The layer it belongs to.
    #[must_use]
    pub fn layer(&self) -> Layer {
        self.0.reason.layer()
    }

    /// Whether it makes the journey unsuccessful.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        self.0.reason.severity() == Severity::Down
    }
}
