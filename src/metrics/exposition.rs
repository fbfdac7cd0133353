//! The two text expositions: which one a scraper wants, and how a family and a sample are written.
//!
//! Promises: the answer has exactly one of two content types; no timestamps, no blank lines; in OpenMetrics counters'
//! families are named without `_total` and the text ends with `# EOF`.

mod accept;

use prometheus::proto::{Metric, MetricFamily, MetricType};

use super::catalogue::Kind;
use super::{label, number};

/// A text exposition of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The Prometheus text format 0.0.4.
    Text004,
    /// OpenMetrics 1.0.
    OpenMetrics100,
}

impl Format {
    /// The value of the `Content-Type` header.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text004 => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics100 => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The format that an `Accept` header asks for; [`Self::Text004`] where it asks for neither.
    #[must_use]
    pub fn negotiate(accept: &str) -> Self {
        accept::negotiate(accept)
    }
}

/// Appends HELP and TYPE of a family; `name` is that of its samples.
pub(super) fn head(out: &mut Vec<u8>, format: Format, name: &str, kind: &str, help: &str) {
    let (name, kind) = match format {
        Format::OpenMetrics100 if kind == Kind::Counter.label() => match name.strip_suffix("_total") {
            Some(base) => (base, kind),
            // Not a counter by the rules of OpenMetrics.
            None => (name, "unknown"),
        },
        Format::OpenMetrics100 | Format::Text004 => (name, kind),
    };
    let help = label::help(help, format == Format::OpenMetrics100);
    for part in ["# HELP ", name, " ", &help, "\n# TYPE ", name, " ", kind, "\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends what ends an exposition.
pub(super) fn end(out: &mut Vec<u8>, format: Format) {
    match format {
        Format::Text004 => {}
        Format::OpenMetrics100 => out.extend_from_slice(b"# EOF\n"),
    }
}

/// Appends the families that a registry of the `prometheus` crate gathered, the labels of `common` before their own;
/// summaries are not written, we have none.
pub(super) fn gathered(out: &mut Vec<u8>, format: Format, common: &str, families: &[MetricFamily]) {
    for family in families {
        let kind = match family.get_field_type() {
            MetricType::COUNTER => Kind::Counter,
            MetricType::GAUGE => Kind::Gauge,
            MetricType::HISTOGRAM => Kind::Histogram,
            MetricType::SUMMARY | MetricType::UNTYPED => continue,
        };
        head(out, format, family.name(), kind.label(), family.help());
        for metric in family.get_metric() {
            let own = block(metric);
            let block = label::joined(common, &own);
            match kind {
                Kind::Counter => sample(out, family.name(), "", &block, metric.get_counter().get_value()),
                Kind::Gauge => sample(out, family.name(), "", &block, metric.get_gauge().get_value()),
                Kind::Histogram => histogram(out, family.name(), &block, metric),
            }
        }
    }
}

fn block(metric: &Metric) -> String {
    let (names, values): (Vec<_>, Vec<_>) =
        metric.get_label().iter().map(|pair| (pair.name(), pair.value())).unzip();
    label::block(&names, &values)
}

fn histogram(out: &mut Vec<u8>, name: &str, block: &str, metric: &Metric) {
    let histogram = metric.get_histogram();
    let separator = if block.is_empty() { "" } else { "," };
    let finite =
        histogram.get_bucket().iter().map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    let finite = finite.filter(|(bound, _)| bound.is_finite());
    for (bound, count) in finite.chain([(f64::INFINITY, histogram.get_sample_count())]) {
        let block = format!("{block}{separator}le=\"{}\"", number::bound(bound));
        open(out, name, "_bucket", &block);
        number::count(out, count);
        out.push(b'\n');
    }
    sample(out, name, "_sum", block, histogram.get_sample_sum());
    open(out, name, "_count", block);
    number::count(out, histogram.get_sample_count());
    out.push(b'\n');
}

fn sample(out: &mut Vec<u8>, name: &str, suffix: &str, block: &str, value: f64) {
    open(out, name, suffix, block);
    number::value(out, value);
    out.push(b'\n');
}

/// Appends a sample up to its value.
fn open(out: &mut Vec<u8>, name: &str, suffix: &str, block: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(suffix.as_bytes());
    if !block.is_empty() {
        out.push(b'{');
        out.extend_from_slice(block.as_bytes());
        out.push(b'}');
    }
    out.push(b' ');
}

#[cfg(test)]
mod tests {
    use prometheus::{HistogramOpts, IntCounter, IntGauge, Registry};

    use super::*;

    fn text(format: Format) -> String {
        let registry = Registry::new();
        let counter = IntCounter::new("x_things_total", "Things.").unwrap();
        let odd = IntCounter::new("y_things", "No \"total\".").unwrap();
        let gauge = IntGauge::new("z_level", "Level.").unwrap();
        let opts = HistogramOpts::new("x_wait_seconds", "Wait.").buckets(vec![0.5, 1.0]);
        let histogram = prometheus::Histogram::with_opts(opts).unwrap();
        counter.inc_by(3);
        gauge.set(-2);
        histogram.observe(0.75);
        registry.register(Box::new(counter)).unwrap();
        registry.register(Box::new(odd)).unwrap();
        registry.register(Box::new(gauge)).unwrap();
        registry.register(Box::new(histogram)).unwrap();
        let mut out = Vec::new();
        gathered(&mut out, format, "", &registry.gather());
        end(&mut out, format);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_registry_is_written_in_the_text_format() {
        assert_eq!(
            text(Format::Text004),
            "# HELP x_things_total Things.\n# TYPE x_things_total counter\nx_things_total 3\n\
             # HELP x_wait_seconds Wait.\n# TYPE x_wait_seconds histogram\n\
             x_wait_seconds_bucket{le=\"0.5\"} 0\nx_wait_seconds_bucket{le=\"1.0\"} 1\n\
             x_wait_seconds_bucket{le=\"+Inf\"} 1\nx_wait_seconds_sum 0.75\nx_wait_seconds_count 1\n\
             # HELP y_things No \"total\".\n# TYPE y_things counter\ny_things 0\n\
             # HELP z_level Level.\n# TYPE z_level gauge\nz_level -2\n"
        );
    }

    #[test]
    fn openmetrics_names_counters_without_total_and_ends() {
        let text = text(Format::OpenMetrics100);
        assert!(text.starts_with(
            "# HELP x_things Things.\n# TYPE x_things counter\nx_things_total 3\n# HELP x_wait_seconds"
        ));
        assert!(text.contains("# HELP y_things No \\\"total\\\".\n# TYPE y_things unknown\ny_things 0\n"));
        assert!(text.ends_with("z_level -2\n# EOF\n"));
    }
}
