//! For tests: a small, strict reader of both expositions.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Format;

/// One series: its sample name and its labels, sorted.
pub(crate) type Series = (String, Vec<(String, String)>);

/// What an exposition holds.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// The values as written.
    pub(crate) samples: BTreeMap<Series, String>,
    /// Type by family name as in its TYPE line.
    pub(crate) types: HashMap<String, String>,
    /// Exemplars, by series.
    pub(crate) exemplars: BTreeMap<Series, String>,
}

impl Parsed {
    /// The value of a series; `labels` in any order.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut labels: Vec<_> = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        labels.sort();
        self.samples.get(&(name.to_owned(), labels)).map(|value| value.parse().unwrap())
    }

    /// The label sets of a sample name.
    pub(crate) fn labels_of(&self, name: &str) -> Vec<Vec<(String, String)>> {
        self.samples.keys().filter(|(other, _)| other == name).map(|(_, labels)| labels.clone()).collect()
    }
}

/// Reads an exposition and checks everything that the format demands of it.
pub(crate) fn parse(text: &str, format: Format) -> Result<Parsed, String> {
    let open = format == Format::OpenMetrics100;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("no newline at the end".into());
    }
    let mut parsed = Parsed::default();
    let mut helps = HashSet::new();
    let mut current = String::new();
    let mut lines: Vec<_> = text.lines().collect();
    if open && lines.pop() != Some("# EOF") {
        return Err("no EOF".into());
    }
    for line in lines {
        let fail = |what: &str| Err(format!("{what}: {line}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or(format!("no help: {line}"))?;
            if help.is_empty() || !helps.insert(name.to_owned()) {
                return fail("help empty or repeated");
            }
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or(format!("no type: {line}"))?;
            if !helps.contains(name) || parsed.types.insert(name.into(), kind.into()).is_some() {
                return fail("type repeated or before its help");
            }
            current = name.into();
        } else if line.starts_with('#') || line.is_empty() {
            return fail("unexpected");
        } else {
            let (series, value, exemplar) = sample(line).ok_or(format!("unreadable: {line}"))?;
            let kind = parsed.types.get(&current).map(String::as_str).unwrap_or_default();
            if !belongs(&series.0, &current, kind, open) {
                return fail("not of the family above it");
            }
            if let Some(exemplar) = exemplar {
                if !open || !series.0.ends_with("_bucket") {
                    return fail("an exemplar out of place");
                }
                parsed.exemplars.insert(series.clone(), exemplar);
            }
            let number: f64 = value.parse().map_err(|_| format!("no number: {line}"))?;
            if number.is_nan() || (kind != "gauge" && number < 0.0) {
                return fail("a value out of range");
            }
            if parsed.samples.insert(series, value).is_some() {
                return fail("repeated");
            }
        }
    }
    histograms(&parsed)?;
    Ok(parsed)
}

fn belongs(name: &str, family: &str, kind: &str, open: bool) -> bool {
    match kind {
        "counter" if open => name.strip_suffix("_total") == Some(family),
        "counter" | "gauge" | "unknown" => name == family,
        "histogram" => ["_bucket", "_sum", "_count"].iter().any(|end| name.strip_suffix(end) == Some(family)),
        _ => false,
    }
}

fn sample(line: &str) -> Option<(Series, String, Option<String>)> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|end| *end > 0)?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if rest.starts_with('{') {
        (labels, rest) = block(rest)?;
    }
    labels.sort();
    if labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return None;
    }
    let rest = rest.strip_prefix(' ')?;
    let (value, exemplar) = match rest.split_once(" # ") {
        Some((value, exemplar)) => {
            let (_, rest) = block(exemplar)?;
            let numbers: Vec<_> = rest.strip_prefix(' ')?.split(' ').collect();
            let fine = numbers.len() == 2 && numbers.iter().all(|number| number.parse::<f64>().is_ok());
            (value, Some(fine.then(|| exemplar.to_owned())?))
        }
        None => (rest, None),
    };
    (!value.contains(' ')).then(|| ((name.to_owned(), labels), value.to_owned(), exemplar))
}

type Labels = Vec<(String, String)>;

fn block(text: &str) -> Option<(Labels, &str)> {
    let mut rest = text.strip_prefix('{')?;
    let mut labels = Vec::new();
    loop {
        let (name, after) = rest.split_once("=\"")?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            return None;
        }
        let mut value = String::new();
        let mut chars = after.chars();
        loop {
            match chars.next()? {
                '\\' => value.push(match chars.next()? {
                    '\\' => '\\',
                    '"' => '"',
                    'n' => '\n',
                    _ => return None,
                }),
                '"' => break,
                c => value.push(c),
            }
        }
        labels.push((name.to_owned(), value));
        rest = chars.as_str();
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// Buckets ascend, hold `+Inf`, and agree with the count; there is a sum.
fn histograms(parsed: &Parsed) -> Result<(), String> {
    for family in parsed.types.iter().filter(|(_, kind)| *kind == "histogram").map(|(name, _)| name) {
        let mut buckets: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        for ((_, labels), value) in
            parsed.samples.iter().filter(|((name, _), _)| *name == format!("{family}_bucket"))
        {
            let (le, rest): (Labels, Labels) = labels.iter().cloned().partition(|(name, _)| name == "le");
            let le = &le.first().ok_or("no le")?.1;
            if le != "+Inf" && !le.contains('.') {
                return Err(format!("{family}: le={le}"));
            }
            let bucket = (le.parse().map_err(|_| le.clone())?, value.parse().map_err(|_| value.clone())?);
            buckets.entry(rest).or_default().push(bucket);
        }
        for (labels, mut buckets) in buckets {
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            let last = buckets.last().copied().unwrap_or_default();
            let count = parsed.samples.get(&(format!("{family}_count"), labels.clone()));
            let sum = parsed.samples.get(&(format!("{family}_sum"), labels));
            let agrees = count.and_then(|count| count.parse::<f64>().ok()) == Some(last.1);
            if !buckets.is_sorted_by_key(|bucket| bucket.1)
                || last.0 < f64::INFINITY
                || !agrees
                || sum.is_none()
            {
                return Err(format!("{family}: {buckets:?}, count {count:?}, sum {sum:?}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# HELP a_total A.\n# TYPE a_total counter\n";

    #[test]
    fn what_is_wrong_is_refused() {
        let bucket = |lines: &str| format!("# HELP h H.\n# TYPE h histogram\n{lines}");
        for (why, text) in [
            ("no help and type", "a 1\n".to_owned()),
            ("another family's sample", format!("{HEAD}b_total 1\n")),
            (
                "twice the same labels",
                format!("{HEAD}a_total{{x=\"1\",y=\"2\"}} 1\na_total{{y=\"2\",x=\"1\"}} 1\n"),
            ),
            ("twice the same label", format!("{HEAD}a_total{{x=\"1\",x=\"2\"}} 1\n")),
            ("an open quote", format!("{HEAD}a_total{{x=\"1}} 1\n")),
            ("an unescaped quote", format!("{HEAD}a_total{{x=\"1\"2\"}} 1\n")),
            ("a timestamp", format!("{HEAD}a_total 1 1790000000\n")),
            ("a negative counter", format!("{HEAD}a_total -1\n")),
            ("a blank line", format!("{HEAD}\na_total 1\n")),
            ("a family in two places", format!("{HEAD}a_total 1\n{HEAD}a_total{{x=\"1\"}} 1\n")),
            ("an exemplar", bucket("h_bucket{le=\"+Inf\"} 1 # {id=\"x\"} 1 1\nh_sum 1\nh_count 1\n")),
            ("no infinite bucket", bucket("h_bucket{le=\"1.0\"} 1\nh_sum 1\nh_count 1\n")),
            (
                "a falling bucket",
                bucket("h_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"),
            ),
            ("another count", bucket("h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n")),
            ("no sum", bucket("h_bucket{le=\"+Inf\"} 1\nh_count 1\n")),
            (
                "a bound in whole form",
                bucket("h_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"),
            ),
        ] {
            assert!(parse(&text, Format::Text004).is_err(), "{why}");
        }
        assert!(parse(&format!("{HEAD}a_total 1\n"), Format::Text004).is_ok());
        let open = "# HELP a A.\n# TYPE a counter\na_total 1\n";
        assert!(parse(open, Format::OpenMetrics100).is_err(), "no EOF");
        assert!(parse(&format!("{open}# EOF\n"), Format::OpenMetrics100).is_ok());
        assert!(
            parse(&format!("{HEAD}a_total 1\n# EOF\n"), Format::OpenMetrics100).is_err(),
            "_total in TYPE"
        );
    }
}
