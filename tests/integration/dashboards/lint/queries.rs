//! Queries: that they select what the variables say, of metrics that exist, and that their arithmetic means something.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use crate::dashboards::board::{Board, Query, text};
use crate::dashboards::known::{ADDED, Kind, Metric, metrics};
use crate::promql::{Matcher, Reading, Selector, read, seconds};

/// What turns a counter into something to look at.
const RATES: &[&str] = &["rate", "irate", "increase"];

/// Fewer seconds hold too few calls for a quantile to be more than noise.
const QUANTILE: f64 = 300.0;

/// How many of a query's shortest steps are in `$__rate_interval` at least.
const STEPS: f64 = 4.0;

pub(super) fn check(board: &Board, findings: &mut Findings<'_>) {
    let metrics = metrics();
    for query in board.queries() {
        let place = query.place();
        match read(query.text()) {
            Ok(reading) => {
                findings
                    .want(!reading.selectors.is_empty(), "promql", &place, || "it selects nothing".into());
                for selector in &reading.selectors {
                    one(query, selector, metrics, findings);
                }
                groups(&reading, metrics, &place, findings);
            }
            Err(wrong) => findings.add("promql", &place, wrong),
        }
    }
    for variable in board.variables().filter(|variable| text(variable, "type") == "query") {
        let name = text(variable, "name");
        let asked = variable["query"].as_str().unwrap_or_else(|| text(&variable["query"], "query"));
        let asks = asked.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
        let Some((series, label)) = asks.and_then(|rest| rest.rsplit_once(',')) else {
            findings.add(
                "promql",
                name,
                format!("it is not of the form label_values(series, label): {asked}"),
            );
            continue;
        };
        for selector in read(series).map(|reading| reading.selectors).unwrap_or_default() {
            let known = metrics.get(&selector.metric).is_some_and(|m| m.labels.contains(label.trim()));
            findings.want(known, "labels", name, || format!("{} has no {label}", selector.metric));
        }
    }
}

fn one(
    query: Query<'_>,
    selector: &Selector,
    metrics: &BTreeMap<String, Metric>,
    findings: &mut Findings<'_>,
) {
    let place = query.place();
    let name = &selector.metric;
    let Some(metric) = metrics.get(name) else {
        findings.add("metrics", &place, format!("there is no {name:?}"));
        return;
    };
    for wanted in ["job", "instance", "target"] {
        if wanted == "target" && !metric.labels.contains(wanted) {
            continue;
        }
        let by = |matcher: &Matcher| {
            matcher.label == wanted && matcher.operator == "=~" && matcher.value == format!("${wanted}")
        };
        findings.want(selector.matchers.iter().any(by), "matchers", &place, || {
            format!("{name} is not selected by {wanted}=~\"${wanted}\"")
        });
    }
    for matcher in &selector.matchers {
        findings.want(metric.labels.contains(&matcher.label), "labels", &place, || {
            format!("{name} has no label {}", matcher.label)
        });
        // Prometheus 3 writes every bound as a float.
        let bound = matcher.label != "le" || matcher.value.contains(['.', '$', '+']);
        findings.want(bound, "labels", &place, || format!("le is never {:?}", matcher.value));
    }
    windows(query, selector, metric, findings);
}

fn windows(query: Query<'_>, selector: &Selector, metric: &Metric, findings: &mut Findings<'_>) {
    let (place, name) = (query.place(), &selector.metric);
    let function = selector.function.as_deref().unwrap_or_default();
    let rated = selector.window.is_some() && RATES.contains(&function);
    findings.want(rated == (metric.kind == Kind::Counter), "counters", &place, || match metric.kind {
        Kind::Counter => format!("{name} only goes up: what matters is its rate or increase"),
        Kind::Gauge => format!("{name} is no counter: it has no {function}"),
    });
    let window = selector.window.as_deref().unwrap_or_default();
    if rated {
        let moving = ["$__rate_interval", "$__range"].contains(&window);
        findings.want(moving, "rate-window", &place, || format!("{function} of {name} over [{window}]"));
    }
    if rated && selector.inside.iter().any(|outer| outer == "histogram_quantile") {
        let shortest = seconds(text(query.json, "interval")).unwrap_or_default();
        let enough = match window {
            "$__range" => true,
            "$__rate_interval" => STEPS * shortest >= QUANTILE,
            fixed => seconds(fixed).is_some_and(|window| window >= QUANTILE),
        };
        findings.want(enough, "quantiles", &place, || {
            format!("a quantile over [{window}] with the shortest step {shortest} s is noise")
        });
    }
}

/// What is grouped by are labels that some metric of the query has, or that a function of it makes.
fn groups(reading: &Reading, metrics: &BTreeMap<String, Metric>, place: &str, findings: &mut Findings<'_>) {
    let selected = reading.selectors.iter().filter_map(|selector| metrics.get(&selector.metric));
    let mut known: BTreeSet<_> =
        selected.flat_map(|metric| metric.labels.iter().map(String::as_str)).collect();
    known.extend(ADDED);
    known.extend(reading.strings.iter().map(String::as_str));
    for label in &reading.grouped {
        findings.want(known.contains(label.as_str()), "labels", place, || {
            format!("nothing in it has a label {label}")
        });
    }
}
