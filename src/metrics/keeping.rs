//! The program's own metrics of the history: how much there is, and whether it is written down.
//!
//! Promises: whether the store works is absent where there is to be none.

use prometheus::{IntCounter, IntGauge, IntGaugeVec, Opts, Registry};

use super::MetricsError;

/// Handles of the metrics of the history.
#[derive(Debug)]
pub struct Keeping {
    journeys: IntGauge,
    bytes: IntGauge,
    store_up: IntGaugeVec,
    store_failures: IntCounter,
}

impl Keeping {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let up = Opts::new(
            "api_canary_history_store_up",
            "1 if the last attempt to write the history down worked, else 0; absent where it is not to be written.",
        );
        let keeping = Self {
            journeys: IntGauge::new("api_canary_history_journeys", "Journeys that are kept in memory.")?,
            bytes: IntGauge::new(
                "api_canary_history_bytes",
                "What the history takes in memory, as far as the program can count it.",
            )?,
            store_up: IntGaugeVec::new(up, &[])?,
            store_failures: IntCounter::new(
                "api_canary_history_store_failures_total",
                "Attempts to write the history down, or to read it at the start, that failed; a corrupt store that was \
                 set aside is one.",
            )?,
        };
        registry.register(Box::new(keeping.journeys.clone()))?;
        registry.register(Box::new(keeping.bytes.clone()))?;
        registry.register(Box::new(keeping.store_up.clone()))?;
        registry.register(Box::new(keeping.store_failures.clone()))?;
        Ok(keeping)
    }

    /// So much there is.
    pub fn extent(&self, journeys: usize, bytes: usize) {
        self.journeys.set(i64::try_from(journeys).unwrap_or(i64::MAX));
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Whether the store works; `None` where there is to be none.
    pub fn store_up(&self, up: Option<bool>) {
        match up {
            Some(up) => self.store_up.with_label_values(&[] as &[&str]).set(i64::from(up)),
            None => self.store_up.reset(),
        }
    }

    /// An attempt failed.
    pub fn store_failed(&self) {
        self.store_failures.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_the_store_works_is_absent_where_there_is_none() {
        let registry = Registry::new();
        let keeping = Keeping::new(&registry).unwrap();
        let names = || registry.gather().iter().map(|family| family.name().to_owned()).collect::<Vec<_>>();
        let up = "api_canary_history_store_up".to_owned();
        assert!(!names().contains(&up) && names().len() == 3);
        keeping.store_up(Some(false));
        assert!(names().contains(&up));
        keeping.store_up(None);
        assert!(!names().contains(&up));
    }
}
