//! Reading what `/metrics` says.

use std::collections::{BTreeMap, HashMap, HashSet};

/// The labels of a sample.
pub(crate) type Labels = BTreeMap<String, String>;

/// The samples of one exposition, in text format or OpenMetrics.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(HashMap<String, Vec<(Labels, f64)>>);

impl Samples {
    /// Reads an exposition, exemplars left out; panics on a line it does not understand and on two samples of one series.
    pub(crate) fn read(text: &str) -> Self {
        let mut samples = Self::default();
        let mut seen = HashSet::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (line, _) = line.split_once(" # {").unwrap_or((line, ""));
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
            let value = match value {
                "+Inf" => f64::INFINITY,
                number => number.parse().unwrap_or_else(|_| panic!("not a number: {line}")),
            };
            let (name, labels) = match series.split_once('{') {
                None => (series, BTreeMap::new()),
                Some((name, rest)) => (name, labels(rest.strip_suffix('}').unwrap(), line)),
            };
            assert!(seen.insert((name, labels.clone())), "twice: {line}");
            samples.0.entry(name.to_owned()).or_default().push((labels, value));
        }
        samples
    }

    /// All samples of a name whose labels include these.
    pub(crate) fn all(&self, name: &str, wanted: &[(&str, &str)]) -> Vec<(&Labels, f64)> {
        let matches = |labels: &Labels| {
            wanted.iter().all(|(key, value)| labels.get(*key).is_some_and(|known| known == value))
        };
        let of_name = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        of_name.iter().filter(|(labels, _)| matches(labels)).map(|(labels, value)| (labels, *value)).collect()
    }

    /// The one sample of a name whose labels include these; `None` without any, panics on several.
    pub(crate) fn one(&self, name: &str, wanted: &[(&str, &str)]) -> Option<f64> {
        let found = self.all(name, wanted);
        assert!(found.len() <= 1, "several {name}{wanted:?}: {found:?}");
        found.first().map(|(_, value)| *value)
    }

    /// The values of one label over all samples of a name whose labels include these, sorted.
    pub(crate) fn label(&self, name: &str, wanted: &[(&str, &str)], label: &str) -> Vec<String> {
        let found = self.all(name, wanted);
        let mut values: Vec<_> = found.iter().filter_map(|(labels, _)| labels.get(label).cloned()).collect();
        values.sort();
        values.dedup();
        values
    }

    /// The names of all samples whose labels include these, sorted.
    pub(crate) fn names(&self, wanted: &[(&str, &str)]) -> Vec<&str> {
        let mut names: Vec<_> = self.0.keys().map(String::as_str).collect();
        names.retain(|name| !self.all(name, wanted).is_empty());
        names.sort_unstable();
        names
    }

    /// Every series with its value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Labels, f64)> {
        self.0.iter().flat_map(|(name, samples)| {
            samples.iter().map(move |(labels, value)| (name.as_str(), labels, *value))
        })
    }
}

fn labels(text: &str, line: &str) -> Labels {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("labels: {line}"));
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next() {
                Some((at, '"')) => break at,
                Some((_, '\\')) => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, other)) => value.push(other),
                    None => panic!("labels: {line}"),
                },
                Some((_, other)) => value.push(other),
                None => panic!("labels: {line}"),
            }
        };
        labels.insert(name.to_owned(), value);
        rest = after[end + 1..].strip_prefix(',').unwrap_or(&after[end + 1..]);
    }
    labels
}
