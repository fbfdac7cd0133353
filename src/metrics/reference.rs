//! The reference of all metrics, for people (`docs/metrics.md`) and for a test (`tests/snapshots/metric_names.txt`).
//!
//! Promises: made from the catalogue and from the program's own registry, so that neither can be forgotten.

use std::fmt::Write as _;
use std::time::UNIX_EPOCH;

use prometheus::proto::{MetricFamily, MetricType};

use super::catalogue::{
    Family, SERIES_PER_LEAN_TARGET, SERIES_PER_NAME_SERVER, SERIES_PER_RESOLVER, SERIES_PER_TARGET,
};
use super::program::Program;
use super::{MetricsError, SourceState, number};
use crate::config::Profile;
use crate::schedule::{Ordinal, Shard};

/// One metric as the reference shows it.
struct Entry {
    name: String,
    kind: &'static str,
    labels: Vec<String>,
    help: String,
    bounds: Vec<f64>,
    /// The bounds that the lean profile shows, if it has the metric.
    lean: Option<Vec<f64>>,
}

impl Entry {
    fn of_catalogue(family: Family) -> Self {
        Self {
            name: family.name().to_owned(),
            kind: family.kind().label(),
            labels: family.labels().map(str::to_owned).collect(),
            help: family.help().to_owned(),
            bounds: family.bounds().to_vec(),
            lean: family.is_in(Profile::Lean).then(|| family.bounds_in(Profile::Lean).to_vec()),
        }
    }

    /// One of the program's own, which has no profile.
    fn of_registry(family: &MetricFamily) -> Self {
        let first = family.get_metric().first();
        let labels = first.map(|metric| metric.get_label()).unwrap_or_default();
        let buckets = first.map(|metric| metric.get_histogram().get_bucket()).unwrap_or_default();
        let bounds: Vec<_> =
            buckets.iter().map(|bucket| bucket.upper_bound()).filter(|b| b.is_finite()).collect();
        Self {
            name: family.name().to_owned(),
            kind: match family.get_field_type() {
                MetricType::COUNTER => "counter",
                MetricType::GAUGE => "gauge",
                MetricType::HISTOGRAM => "histogram",
                MetricType::SUMMARY => "summary",
                MetricType::UNTYPED => "untyped",
            },
            labels: labels.iter().map(|pair| pair.name().to_owned()).collect(),
            help: family.help().to_owned(),
            lean: Some(bounds.clone()),
            bounds,
        }
    }
}

/// The program's own entries, each with a value.
fn own() -> Result<Vec<Entry>, MetricsError> {
    let program = Program::new()?;
    program.reloaded(true, UNIX_EPOCH);
    let (source, good_at) = ("targets.yml".into(), Some(UNIX_EPOCH));
    program.sources(&[SourceState { source, up: Some(true), targets: 0, good_at }]);
    program.keeping().store_up(Some(true));
    if let Ok(shard) = Shard::try_new(Ordinal::default(), 1) {
        program.sharded(shard);
    }
    Ok(program.gather().iter().map(Entry::of_registry).collect())
}

/// `docs/metrics.md`.
///
/// # Errors
/// If the program's own metrics cannot be set up.
pub fn markdown() -> Result<String, MetricsError> {
    let mut out = String::from(
        "# Metrics\n\n<!-- Generated from the catalogue by `UPDATE_GENERATED=1 cargo test generated`. -->\n\n\
         Absent means absent: there is no -1, no NaN and no 0 for \"unknown\". Samples carry no timestamps. \
         Those with a \u{2713} are in [the lean profile](#the-lean-profile) too.\n\n\
         ## Probe results\n\n",
    );
    let probe: Vec<_> = Family::ALL.iter().map(|family| Entry::of_catalogue(*family)).collect();
    let own = own()?;
    table(&mut out, &probe);
    out.push_str("\n## The canary itself\n\n");
    table(&mut out, &own);
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "\n## How many series\n\nA target with one route and both families has at most {SERIES_PER_TARGET} series, \
         with [the lean profile](#the-lean-profile) at most {SERIES_PER_LEAN_TARGET}. \
         Every further resolver adds up to {SERIES_PER_RESOLVER}, and where resolv.conf names several servers, each of \
         them up to {SERIES_PER_NAME_SERVER}; a second endpoint adds three and each further one one. \
         Every further path adds those labelled `target` `route` `family` above: a histogram counts as its bounds \
         plus three, once per layer; a reason of failure and a finding are one series each from when they first occur."
    );
    let lean = Family::ALL.iter().filter(|family| family.is_in(Profile::Lean)).count();
    let _ = writeln!(
        out,
        "\n## The lean profile\n\nFor many targets: with `metrics: {{ profile: lean }}` in the config there are {lean} of the \
         {} metrics of probe results, and no others are made. They are those that the bundled alerts and the diagnosis need, \
         with these exceptions: no metric by layer but whether it passed, no information but the diagnosis (so no reasons of \
         findings, no certificates), nothing of resolvers, of streams, or of what calls cost. \
         [Alerts](alerts.md#with-the-lean-profile) and [dashboards](dashboards.md#with-the-lean-profile) say what they lack \
         then. The canary's own metrics are in both profiles.\n\n\
         The {SERIES_PER_LEAN_TARGET} hold for a target of which everything is known, whose calls are of two kinds (a paid one \
         and a free one in between), with four rate limits, and one reason of failure a path. Resolvers add none; a second \
         endpoint adds two and each further one one, and `connection: reused` eight for each kind of call.\n\n\
         A reload that changes the profile takes what is not in the lean one away at once; what comes back comes with the next \
         run of each target, counters and histograms from 0. What is in both keeps its values. The API, the pages and \
         `/probe` have no profile.",
        Family::ALL.len()
    );
    out.push_str("\n## Buckets\n\nUpper bounds in seconds; `+Inf` follows.\n\n");
    out.push_str("| metric | bounds | with the lean profile |\n| --- | --- | --- |\n");
    for entry in probe.iter().chain(&own).filter(|entry| !entry.bounds.is_empty()) {
        let shown = |bounds: &[f64]| bounds.iter().copied().map(number::bound).collect::<Vec<_>>().join(" ");
        let lean = entry.lean.as_deref().map_or_else(|| "none".to_owned(), shown);
        let _ = writeln!(out, "| `{}` | {} | {lean} |", entry.name, shown(&entry.bounds));
    }
    Ok(out)
}

fn table(out: &mut String, entries: &[Entry]) {
    out.push_str("| metric | type | lean | labels | meaning |\n| --- | --- | --- | --- | --- |\n");
    for entry in entries {
        let labels: Vec<_> = entry.labels.iter().map(|label| format!("`{label}`")).collect();
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} | {} |",
            entry.name,
            entry.kind,
            if entry.lean.is_some() { "\u{2713}" } else { "" },
            labels.join(" "),
            entry.help.replace('|', "\\|")
        );
    }
}

/// Name, type and labels of every metric, one a line.
///
/// # Errors
/// If the program's own metrics cannot be set up.
pub fn listing() -> Result<String, MetricsError> {
    let probe = Family::ALL.iter().map(|family| Entry::of_catalogue(*family));
    let entries = probe.chain(own()?);
    Ok(entries.fold(String::new(), |mut out, entry| {
        let _ = writeln!(out, "{} {} {{{}}}", entry.name, entry.kind, entry.labels.join(","));
        out
    }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "a test asks how it was started, not how the program is set up"
    )]
    fn update() -> bool {
        std::env::var("UPDATE_GENERATED").is_ok()
    }

    #[track_caller]
    fn compare(file: &str, text: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if update() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, text, "{file} is stale: UPDATE_GENERATED=1 cargo test generated");
    }

    #[test]
    fn generated_reference_is_up_to_date() {
        compare("docs/metrics.md", &markdown().unwrap());
    }

    #[test]
    fn generated_names_are_those_that_were_released() {
        compare("tests/snapshots/metric_names.txt", &listing().unwrap());
    }
}
