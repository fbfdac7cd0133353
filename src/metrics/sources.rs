//! The metrics of where targets come from beside the config.
//!
//! Promises: a source that is gone takes its series with it, and the others are never without theirs meanwhile; what is
//! not known yet is absent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use prometheus::{GaugeVec, Opts, Registry};

use super::MetricsError;
use super::program::registered;
use crate::clock;

/// How one source of targets stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceState {
    /// The file, or the URL as it may be shown.
    pub source: Arc<str>,
    /// Whether its last list could be read and used; absent before the first.
    pub up: Option<bool>,
    /// Targets of it that are under watch.
    pub targets: usize,
    /// When its list could last be read and used.
    pub good_at: Option<SystemTime>,
}

/// Handles of the metrics.
#[derive(Debug)]
pub(super) struct Sources {
    up: GaugeVec,
    targets: GaugeVec,
    good_at: GaugeVec,
    known: Mutex<Vec<Arc<str>>>,
}

impl Sources {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let gauge = |name: &str, help: &str| -> Result<GaugeVec, MetricsError> {
            registered(registry, GaugeVec::new(Opts::new(name, help), &["source"])?)
        };
        Ok(Self {
            up: gauge(
                "api_canary_target_source_up",
                "1 if the last list of the file or URL of targets could be read and used, else 0; absent before the \
                 first.",
            )?,
            targets: gauge(
                "api_canary_target_source_targets",
                "Number of targets in force that come from the file or URL, whichever shard watches them; while it cannot \
                 be used, those of before.",
            )?,
            good_at: gauge(
                "api_canary_target_source_last_success_timestamp_seconds",
                "Unix time in seconds at which the list of the file or URL could last be read and used.",
            )?,
            known: Mutex::default(),
        })
    }

    pub(super) fn set(&self, states: &[SourceState]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now: Vec<Arc<str>> = states.iter().map(|state| Arc::clone(&state.source)).collect();
        let before = std::mem::replace(&mut *known, now);
        for gone in before.iter().filter(|source| states.iter().all(|state| state.source != **source)) {
            for gauge in [&self.up, &self.targets, &self.good_at] {
                // One that was absent cannot be removed.
                let _ = gauge.remove_label_values(&[gone]);
            }
        }
        for SourceState { source, up, targets, good_at } in states {
            if let Some(up) = up {
                self.up.with_label_values(&[source]).set(f64::from(u8::from(*up)));
            }
            // As many as fit into memory fit into a float without loss.
            let targets = u32::try_from(*targets).unwrap_or(u32::MAX);
            self.targets.with_label_values(&[source]).set(f64::from(targets));
            if let Some(at) = good_at {
                self.good_at.with_label_values(&[source]).set(clock::unix_seconds(*at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_source_that_is_gone_takes_its_series_with_it() {
        let registry = Registry::new();
        let sources = Sources::new(&registry).unwrap();
        let told = || -> Vec<String> {
            let families = registry.gather();
            let sample = |family: &prometheus::proto::MetricFamily| -> Vec<String> {
                let name = family.name().trim_start_matches("api_canary_target_source_").to_owned();
                let of = |metric: &prometheus::proto::Metric| {
                    format!("{name} {} {}", metric.get_label()[0].value(), metric.get_gauge().get_value())
                };
                family.get_metric().iter().map(of).collect()
            };
            families.iter().flat_map(sample).collect()
        };
        let state =
            |source: &str, up, good_at| SourceState { source: source.into(), up, targets: 3, good_at };
        let at = Some(UNIX_EPOCH + Duration::from_secs(7));
        sources.set(&[state("a", Some(true), at), state("b", None, None)]);
        assert_eq!(told(), ["last_success_timestamp_seconds a 7", "targets a 3", "targets b 3", "up a 1"]);
        sources.set(&[state("b", Some(false), None)]);
        assert_eq!(told(), ["targets b 3", "up b 0"]);
        sources.set(&[]);
        assert_eq!(told(), [""; 0]);
    }
}
