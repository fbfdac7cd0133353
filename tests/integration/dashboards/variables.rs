//! What Grafana makes of the variables in a query before Prometheus sees it.

use std::collections::BTreeMap;

use crate::promql::seconds;

/// How often Grafana believes that Prometheus scrapes, where nobody has told it.
const SCRAPE: f64 = 15.0;

/// The values of variables by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Grafana's own variables for a range of so many seconds, drawn with so many between two points, in a query whose
    /// shortest step is configured.
    pub(crate) fn with_time(self, range: f64, interval: f64, configured: Option<&str>) -> Self {
        let shortest = configured.and_then(seconds).unwrap_or(SCRAPE);
        let interval = interval.max(shortest);
        // As `calculateRateInterval` of Grafana's data source does it.
        let rate = (interval + shortest).max(4.0 * shortest);
        self.with("__range", &format!("{range}s"))
            .with("__range_s", &format!("{range}"))
            .with("__range_ms", &format!("{}", range * 1000.0))
            .with("__interval", &format!("{interval}s"))
            .with("__interval_ms", &format!("{}", interval * 1000.0))
            .with("__rate_interval", &format!("{rate}s"))
            .with("__rate_interval_ms", &format!("{}", rate * 1000.0))
    }

    /// A text with its variables replaced; the names of those that are unknown instead, if there are any.
    pub(crate) fn fill(&self, text: &str) -> Result<String, Vec<String>> {
        let mut filled = String::new();
        let mut unknown = Vec::new();
        let mut rest = text;
        for variable in variables(text) {
            let at = rest.find(variable.written).unwrap_or_default();
            filled.push_str(&rest[..at]);
            match self.0.get(variable.name) {
                Some(value) => filled.push_str(value),
                None => unknown.push(variable.name.to_owned()),
            }
            rest = &rest[at + variable.written.len()..];
        }
        filled.push_str(rest);
        if unknown.is_empty() { Ok(filled) } else { Err(unknown) }
    }
}

/// A variable as it stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variable<'a> {
    pub(crate) written: &'a str,
    pub(crate) name: &'a str,
}

/// The variables in a text, in their order: `$name`, `${name}`, `${name:format}`. `$1` is none.
pub(crate) fn variables(text: &str) -> Vec<Variable<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at..];
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, length) = match rest.strip_prefix("${") {
            Some(inside) => {
                let end = inside.find('}').unwrap_or(inside.len());
                (inside[..end].split([':', '.']).next().unwrap_or_default(), (end + 3).min(rest.len()))
            }
            None => {
                let end = rest[1..].find(|c| !letter(c)).unwrap_or(rest.len() - 1);
                (&rest[1..=end], end + 1)
            }
        };
        if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            found.push(Variable { written: &rest[..length], name });
        }
        rest = &rest[length..];
    }
    found
}

#[test]
fn variables_are_found_and_replaced() {
    let values = Variables::default().with("job", ".+").with("a", "1").with("a_b", "2");
    let values = values.with_time(3600.0, 20.0, None);
    for (text, expected) in [
        ("up{job=~\"$job\"}", Ok("up{job=~\".+\"}")),
        ("$a_b $a ${a}b ${a:regex}.", Ok("2 1 1b 1.")),
        ("rate(x[$__rate_interval])", Ok("rate(x[60s])")),
        ("$__range $__range_s $__interval", Ok("3600s 3600 20s")),
        (
            "label_replace(a, \"b\", \"$1\", \"c\", \"(.*)$\")",
            Ok("label_replace(a, \"b\", \"$1\", \"c\", \"(.*)$\")"),
        ),
        ("$ab $a $c", Err(vec!["ab", "c"])),
    ] {
        let filled = values.fill(text);
        let filled = filled.as_deref().map_err(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(filled, expected, "{text}");
    }
    let slow = Variables::default().with_time(3600.0, 20.0, Some("5m"));
    assert_eq!(slow.fill("$__rate_interval $__interval"), Ok("1200s 300s".to_owned()));
    let far = Variables::default().with_time(86_400.0, 120.0, None);
    assert_eq!(far.fill("$__rate_interval"), Ok("135s".to_owned()));
}
