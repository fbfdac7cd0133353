//! The files in `alerts/` and their tests, read as what they are: YAML.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The rule files by name.
pub(crate) const FILES: [&str; 6] = ["targets", "certificates", "limits", "latency", "slo", "canary"];

/// A file of the repository.
pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// The text of a file of the repository.
pub(crate) fn text(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A file of the repository as YAML.
pub(crate) fn yaml(file: &str) -> Value {
    serde_saphyr::from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The elements of a list.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key}: {value}"))
}

/// The keys and values of a mapping of texts; nothing where there is none.
pub(crate) fn texts<'a>(value: &'a Value, key: &str) -> Vec<(&'a str, &'a str)> {
    let entries = value[key].as_object().into_iter().flatten();
    entries.map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect()
}

/// All rules: the name of the file, and the rule.
pub(crate) fn rules() -> Vec<(&'static str, Value)> {
    let of = |file: &'static str| {
        let yaml = yaml(&format!("alerts/{file}.rules.yml"));
        let groups = list(&yaml, "groups").to_vec();
        groups.into_iter().flat_map(|group| list(&group, "rules").to_vec()).map(move |rule| (file, rule))
    };
    FILES.into_iter().flat_map(of).collect()
}

/// All alerts: their names, and the rules.
pub(crate) fn alerts() -> Vec<(String, Value)> {
    let alert = |(_, rule): (_, Value)| rule["alert"].as_str().map(str::to_owned).map(|name| (name, rule));
    rules().into_iter().filter_map(alert).collect()
}

/// A check of a test of the rules: what one alert is expected to be at one time.
pub(crate) struct Check {
    /// The alert.
    pub(crate) alert: String,
    /// Those that fire; none is a check as well.
    pub(crate) expected: Vec<Value>,
}

/// What the tests of the rules check.
pub(crate) fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    for file in FILES {
        for test in list(&yaml(&format!("tests/alerts/{file}.test.yml")), "tests") {
            checks.extend(list(test, "alert_rule_test").iter().map(|check| Check {
                alert: check["alertname"].as_str().unwrap().to_owned(),
                expected: list(check, "exp_alerts").to_vec(),
            }));
        }
    }
    checks
}

/// The anchors of the headings of a page, as forges make them.
pub(crate) fn anchors(page: &str) -> Vec<String> {
    let headings = text(page);
    let headings = headings.lines().filter_map(|line| line.strip_prefix('#'));
    headings.map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-")).collect()
}
