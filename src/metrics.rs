//! Metrics: what `/metrics` says, and where outcomes become series.
//!
//! Promises: every probe metric is declared in [`catalogue`] and written by [`Metrics::record`] or one of its
//! neighbours only; absent is absent (no -1, no NaN, no 0 for unknown); what leaves takes its series with it.

pub mod catalogue;
mod cell;
mod encode;
mod exposition;
mod gauges;
mod histogram;
mod keeping;
mod label;
mod number;
mod packed;
mod program;
mod record;
mod reference;
mod sources;
mod store;

#[cfg(test)]
mod strict;

pub use cell::Cells;
pub use exposition::Format;
pub use gauges::{Gauge, Gauges};
pub use histogram::Exemplar;
pub use keeping::Keeping;
pub use packed::Packed;
pub use program::{Program, REVISION, VERSION};
pub use record::{CallState, TargetSummary, ToldDiagnosis, certificate_texts};
pub use reference::{listing, markdown};
pub use sources::SourceState;
pub use store::{Owner, Store};

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::Profile;
use crate::outcome::PathId;
use packed::Packing;

/// Why the metrics could not be set up; a mistake in a name, never of the user.
#[derive(Debug, thiserror::Error)]
#[error("failed to register the program's own metrics")]
pub struct MetricsError(#[from] prometheus::Error);

/// All metrics of the program.
#[derive(Debug)]
pub struct Metrics {
    store: Store,
    program: Program,
    configured: ArcSwap<Configured>,
}

/// What the config says of the series beside what is probed.
#[derive(Debug, Default)]
pub struct Configured {
    /// The label `vantage` of every series, if there is one.
    pub vantage: Option<Arc<str>>,
    /// The share of runs that must be good, by target; from a target's next run on.
    pub objectives: HashMap<Arc<str>, f64>,
    /// Which series there are.
    pub profile: Profile,
}

/// What is known of a path's last journey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStatus {
    /// The path.
    pub path: PathId,
    /// Whether its last journey succeeded; `None` before the first one.
    pub success: Option<bool>,
}

impl Metrics {
    /// Metrics without any path.
    ///
    /// # Errors
    /// If two of the program's own metrics have one name, which a test rules out.
    pub fn new() -> Result<Self, MetricsError> {
        Ok(Self { store: Store::new(), program: Program::new()?, configured: ArcSwap::default() })
    }

    /// Says what holds from now on.
    pub fn configure(&self, configured: Configured) {
        self.store.set_profile(configured.profile);
        self.configured.store(Arc::new(configured));
    }

    /// The program's own metrics.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The store of probe results.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A path is no longer walked: its series go, and those it shared with other paths if it was the last one.
    pub fn retire_path(&self, path: &PathId) {
        self.store.remove_path(path);
    }

    /// A target is no longer watched: everything of it goes. Outcomes recorded later would bring it back.
    pub fn retire_target(&self, target: &str) {
        self.store.remove_target(target);
    }

    /// Every path with what is known of its last journey, sorted.
    #[must_use]
    pub fn paths(&self) -> Vec<PathStatus> {
        let paths = self.store.paths(catalogue::Family::ProbeSuccess).into_iter();
        paths.map(|(path, value)| PathStatus { path, success: value.map(|value| value > 0.5) }).collect()
    }

    /// The whole exposition. Takes hundreds of milliseconds for ten thousand targets: not for an async worker.
    ///
    /// # Errors
    /// If it cannot be compressed, which is not to be expected.
    pub fn pack(&self, format: Format) -> io::Result<Packed> {
        let mut packing = Packing::new(format);
        let configured = self.configured.load();
        let vantage = configured.vantage.as_ref().map(|name| label::block(&["vantage"], &[name]));
        let vantage = vantage.unwrap_or_default();
        exposition::gathered(packing.first(), format, &vantage, &self.program.gather());
        self.store.encode(format, &vantage, &mut packing)?;
        packing.end()
    }

    /// The whole exposition as text in one piece.
    ///
    /// # Errors
    /// As [`Self::pack`].
    pub fn render(&self, format: Format) -> io::Result<Vec<u8>> {
        self.pack(format)?.plain().try_fold(Vec::new(), |mut text, piece| {
            text.extend_from_slice(&piece?);
            Ok(text)
        })
    }
}
