//! In what two answers of `/probe` differ, and in what they may: the table of `docs/blackbox.md`.

use std::collections::BTreeSet;

use crate::exposition::{Labels, Samples};

/// No probe of the test may take longer, in seconds.
const LONGEST: f64 = 10.0;

/// A metric, and how it differs: `added` we have and they do not, `absent` they have and we do not, `labels` it has other
/// labels, `value` it has another value.
pub(super) type Difference = (String, &'static str);

const KINDS: [&str; 4] = ["added", "absent", "labels", "value"];

/// The rows of the table of differences.
pub(super) fn documented() -> BTreeSet<Difference> {
    let text = include_str!("../../../docs/blackbox.md");
    let mut rows = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("| `probe_")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [names, kind, why] = cells.as_slice() else { panic!("three cells: {line}") };
        let kind = KINDS.iter().find(|known| *known == kind).unwrap_or_else(|| panic!("no kind: {line}"));
        assert!(why.len() > 20, "no reason: {line}");
        for name in names.split(',') {
            let row = (name.trim().trim_matches('`').to_owned(), *kind);
            assert!(rows.insert(row), "twice: {line}");
        }
    }
    rows
}

fn is_duration(name: &str) -> bool {
    name.ends_with("_seconds") && !name.contains("timestamp")
}

fn names(samples: &Samples) -> BTreeSet<String> {
    samples.names(&[]).into_iter().map(str::to_owned).collect()
}

fn keys(samples: &[(&Labels, f64)]) -> BTreeSet<String> {
    samples.iter().flat_map(|(labels, _)| labels.keys().cloned()).collect()
}

/// What differs between our answer and theirs. Of durations it counts only whether there is one: two probes never take
/// the same time.
pub(super) fn between(ours: &Samples, theirs: &Samples) -> BTreeSet<Difference> {
    let mut found = BTreeSet::new();
    for name in names(ours).union(&names(theirs)) {
        let (mine, other) = (ours.all(name, &[]), theirs.all(name, &[]));
        if mine.is_empty() || other.is_empty() {
            found.insert((name.clone(), if other.is_empty() { "added" } else { "absent" }));
            continue;
        }
        if keys(&mine) != keys(&other) {
            found.insert((name.clone(), "labels"));
        }
        let shared: BTreeSet<String> = keys(&mine).intersection(&keys(&other)).cloned().collect();
        let project = |labels: &Labels| -> Labels {
            labels
                .iter()
                .filter(|(key, _)| shared.contains(*key))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        };
        for (labels, value) in &mine {
            let theirs = other.iter().find(|(known, _)| project(known) == project(labels));
            let how = match theirs {
                None => Some("added"),
                Some((_, theirs)) => differ(name, *value, *theirs).then_some("value"),
            };
            found.extend(how.map(|how| (name.clone(), how)));
        }
        if other.iter().any(|(labels, _)| !mine.iter().any(|(known, _)| project(known) == project(labels))) {
            found.insert((name.clone(), "absent"));
        }
    }
    found
}

fn differ(name: &str, ours: f64, theirs: f64) -> bool {
    if is_duration(name) {
        assert!(
            (0.0..LONGEST).contains(&ours) && (0.0..LONGEST).contains(&theirs),
            "{name}: {ours}, {theirs}"
        );
        return (ours > 0.0) != (theirs > 0.0);
    }
    (ours - theirs).abs() > 1e-9
}
