//! An exposition of gauges that is made at once, for one answer, and not kept.
//!
//! Promises: each family has its HELP and TYPE once, before its samples; the text is one of the two formats of `/metrics`.

use super::catalogue::Kind;
use super::{Format, exposition, label, number};

/// A gauge, declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// Its name.
    pub name: &'static str,
    /// Its help text.
    pub help: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
}

/// An exposition under way.
#[derive(Debug)]
pub struct Gauges {
    format: Format,
    out: Vec<u8>,
    last: Option<Gauge>,
}

impl Gauges {
    /// An exposition without any.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { format, out: Vec::with_capacity(4096), last: None }
    }

    /// Adds a sample; those of one gauge follow each other.
    pub fn put(&mut self, gauge: Gauge, labels: &[&str], value: f64) {
        debug_assert_eq!(labels.len(), gauge.labels.len(), "{}", gauge.name);
        if self.last != Some(gauge) {
            exposition::head(&mut self.out, self.format, gauge.name, Kind::Gauge.label(), gauge.help);
            self.last = Some(gauge);
        }
        self.out.extend_from_slice(gauge.name.as_bytes());
        if !gauge.labels.is_empty() {
            self.out.push(b'{');
            self.out.extend_from_slice(label::block(gauge.labels, labels).as_bytes());
            self.out.push(b'}');
        }
        self.out.push(b' ');
        number::value(&mut self.out, value);
        self.out.push(b'\n');
    }

    /// Adds a sample if there is a value.
    pub fn put_known(&mut self, gauge: Gauge, labels: &[&str], value: Option<f64>) {
        if let Some(value) = value {
            self.put(gauge, labels, value);
        }
    }

    /// The text.
    #[must_use]
    pub fn end(mut self) -> Vec<u8> {
        exposition::end(&mut self.out, self.format);
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Gauge = Gauge { name: "up", help: "Whether it is.", labels: &[] };
    const PHASE: Gauge = Gauge { name: "took_seconds", help: "How \"long\".", labels: &["phase"] };

    #[test]
    fn gauges_are_written_in_both_formats() {
        let text = |format| {
            let mut gauges = Gauges::new(format);
            gauges.put(UP, &[], 1.0);
            gauges.put(PHASE, &["a\"b"], 0.5);
            gauges.put_known(PHASE, &["c"], None);
            gauges.put(PHASE, &["d"], 0.0);
            String::from_utf8(gauges.end()).unwrap()
        };
        assert_eq!(
            text(Format::Text004),
            "# HELP up Whether it is.\n# TYPE up gauge\nup 1\n# HELP took_seconds How \"long\".\n\
             # TYPE took_seconds gauge\ntook_seconds{phase=\"a\\\"b\"} 0.5\ntook_seconds{phase=\"d\"} 0\n"
        );
        assert!(text(Format::OpenMetrics100).ends_with("took_seconds{phase=\"d\"} 0\n# EOF\n"));
    }
}
