//! A histogram with fixed bounds and the latest exemplar of each bucket.
//!
//! Promises: counts only go up; the buckets are written cumulatively, and the last one equals the count.

use std::time::SystemTime;

use super::label;
use crate::clock;

/// The label of an exemplar and its value together may have so many characters (OpenMetrics 1.0).
const LONGEST_EXEMPLAR: usize = 128;

/// One observation to point at, such as the request id of a slow call.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    pub(super) labels: Box<str>,
    pub(super) at: f64,
}

impl Exemplar {
    /// An exemplar with one label; `None` where the label is longer than OpenMetrics allows.
    #[must_use]
    pub fn new(name: &'static str, value: &str, at: SystemTime) -> Option<Self> {
        let length = name.chars().count() + value.chars().count();
        (length <= LONGEST_EXEMPLAR).then(|| Self {
            labels: label::block(&[name], &[value]).into_boxed_str(),
            at: clock::unix_seconds(at),
        })
    }
}

/// The counts of one series; the bounds are its family's.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    bounds: &'static [f64],
    counts: Box<[u64]>,
    exemplars: Vec<Option<(f64, Exemplar)>>,
    sum: f64,
}

/// One bucket as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket<'a> {
    /// Observations up to its bound.
    pub(super) cumulative: u64,
    /// The latest observation in it that had something to point at.
    pub(super) exemplar: Option<&'a (f64, Exemplar)>,
}

impl Histogram {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1].into(), exemplars: Vec::new(), sum: 0.0 }
    }

    pub(super) fn observe(&mut self, value: f64, exemplar: Option<Exemplar>) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket] += 1;
        self.sum += value;
        if let Some(exemplar) = exemplar {
            self.exemplars.resize(self.counts.len(), None);
            self.exemplars[bucket] = Some((value, exemplar));
        }
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum
    }

    /// The buckets, the infinite one last.
    pub(super) fn buckets(&self) -> impl Iterator<Item = Bucket<'_>> {
        let mut cumulative = 0;
        self.counts.iter().enumerate().map(move |(at, count)| {
            cumulative += count;
            Bucket { cumulative, exemplar: self.exemplars.get(at).and_then(Option::as_ref) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cumulative(histogram: &Histogram) -> Vec<u64> {
        histogram.buckets().map(|bucket| bucket.cumulative).collect()
    }

    #[test]
    fn a_value_on_a_bound_is_in_its_bucket() {
        let mut histogram = Histogram::new(&[0.1, 1.0]);
        for value in [0.05, 0.1, 0.100_001, 1.0, 5.0] {
            histogram.observe(value, None);
        }
        assert_eq!(cumulative(&histogram), [2, 4, 5]);
        assert!((histogram.sum() - 6.250_001).abs() < 1e-9);
    }

    #[test]
    fn the_latest_exemplar_of_a_bucket_stays() {
        let mut histogram = Histogram::new(&[1.0]);
        let at = SystemTime::UNIX_EPOCH;
        histogram.observe(0.1, Exemplar::new("request_id", "first", at));
        histogram.observe(0.2, Exemplar::new("request_id", "second", at));
        histogram.observe(0.3, None);
        let shown: Vec<_> = histogram.buckets().map(|bucket| bucket.exemplar.map(|e| e.0)).collect();
        assert_eq!(shown, [Some(0.2), None]);
    }

    #[test]
    fn an_exemplar_that_is_too_long_is_none() {
        let at = SystemTime::UNIX_EPOCH;
        assert!(Exemplar::new("request_id", &"x".repeat(118), at).is_some());
        assert!(Exemplar::new("request_id", &"x".repeat(119), at).is_none());
    }
}
