//! What exists: metrics with their labels, units, boards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The type of a metric, as far as queries must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gauge,
    /// Only goes up: a counter, or one of the series of a histogram.
    Counter,
}

/// A metric that can be asked for.
#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) kind: Kind,
    pub(crate) labels: BTreeSet<String>,
}

/// Labels that the scraper, or `vantage` of the config, adds to every series.
pub(crate) const ADDED: &[&str] = &["job", "instance", "vantage"];

/// Units by the ids that Grafana knows (`@grafana/data`, valueFormats/categories), those that these boards may use.
pub(crate) const UNITS: &[&str] = &[
    "none",
    "string",
    "short",
    "percent",
    "percentunit",
    "s",
    "ms",
    "dtdurations",
    "clocks",
    "dthms",
    "d",
    "dateTimeAsIso",
    "dateTimeAsLocal",
    "dateTimeAsSystem",
    "dateTimeFromNow",
    "bytes",
    "reqps",
    "reqpm",
    "ops",
    "opm",
    "cps",
    "cpm",
    "currencyUSD",
    "bool",
    "bool_yes_no",
    "bool_on_off",
];

/// Kinds of panels that are part of Grafana itself.
pub(crate) const PANELS: &[&str] = &[
    "row",
    "text",
    "stat",
    "table",
    "timeseries",
    "state-timeline",
    "status-history",
    "heatmap",
    "bargauge",
    "gauge",
];

/// What is expected of a board.
pub(crate) struct Expected {
    pub(crate) uid: &'static str,
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    /// The first variables, in this order.
    pub(crate) variables: &'static [&'static str],
}

pub(crate) const BOARDS: &[Expected] = &[
    Expected {
        uid: "api-canary-api",
        file: "api.json",
        title: "API canary / API",
        variables: &["datasource", "job", "instance", "target"],
    },
    Expected {
        uid: "api-canary-canary",
        file: "canary.json",
        title: "API canary / Canary",
        variables: &["datasource", "job", "instance"],
    },
    Expected {
        uid: "api-canary-overview",
        file: "overview.json",
        title: "API canary / Overview",
        variables: &["datasource", "job", "instance", "target", "objective"],
    },
    Expected {
        uid: "api-canary-target",
        file: "target.json",
        title: "API canary / Target",
        variables: &["datasource", "job", "instance", "target"],
    },
];

/// Every metric that a canary or its scrape has, by the names of its series.
pub(crate) fn metrics() -> &'static BTreeMap<String, Metric> {
    static METRICS: OnceLock<BTreeMap<String, Metric>> = OnceLock::new();
    METRICS.get_or_init(listed)
}

fn listed() -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::new();
    let mut add = |name: String, kind: Kind, labels: &[&str], more: &[&str]| {
        let labels = labels.iter().chain(more).chain(ADDED).map(|label| (*label).to_owned()).collect();
        metrics.insert(name, Metric { kind, labels });
    };
    // Name, type and labels of every metric, one a line: `name type {label,…}`.
    let listing = api_canary::metrics::listing().unwrap();
    for line in listing.lines() {
        let (name, rest) = line.split_once(' ').unwrap();
        let (kind, labels) = rest.split_once(' ').unwrap();
        let labels = labels.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap();
        let labels: Vec<_> = labels.split(',').filter(|label| !label.is_empty()).collect();
        match kind {
            "gauge" => add(name.to_owned(), Kind::Gauge, &labels, &[]),
            "counter" => add(name.to_owned(), Kind::Counter, &labels, &[]),
            "histogram" => {
                add(format!("{name}_bucket"), Kind::Counter, &labels, &["le"]);
                add(format!("{name}_sum"), Kind::Counter, &labels, &[]);
                add(format!("{name}_count"), Kind::Counter, &labels, &[]);
            }
            other => panic!("a metric of type {other}: {line}"),
        }
    }
    for scraped in [
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "scrape_samples_post_metric_relabeling",
        "scrape_series_added",
    ] {
        add(scraped.to_owned(), Kind::Gauge, &[], &[]);
    }
    metrics
}

#[test]
fn metrics_are_those_that_are_written_with_their_labels() {
    let metrics = metrics();
    assert!(metrics.len() > 100, "{}", metrics.len());
    let up = &metrics["target_up"];
    assert_eq!(up.kind, Kind::Gauge);
    assert_eq!(up.labels, ["instance", "job", "target", "vantage"].map(str::to_owned).into());
    assert!(metrics["api_latency_seconds_bucket"].labels.contains("le"));
    assert!(!metrics.contains_key("api_latency_seconds"));
    assert_eq!(metrics["process_cpu_seconds_total"].kind, Kind::Counter);
    assert!(metrics["api_canary_runs_skipped_total"].labels.contains("reason"));
}
