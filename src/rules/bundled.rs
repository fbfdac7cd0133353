//! The bundled files as one, with the user's selector and addresses.
//!
//! Promises: comments stay; the text of a rule changes in nothing but what is replaced.

use super::selector::{BUNDLED, Selector};

/// The bundled files but that of objectives, in the order in which they are written.
pub(super) const FILES: [&str; 5] = [
    include_str!("../../alerts/targets.rules.yml"),
    include_str!("../../alerts/certificates.rules.yml"),
    include_str!("../../alerts/limits.rules.yml"),
    include_str!("../../alerts/latency.rules.yml"),
    include_str!("../../alerts/canary.rules.yml"),
];

/// Where the documentation is, in the bundled files.
const DOCS: &str = "http://localhost:10429";

/// Where Grafana is, in the bundled files.
const GRAFANA: &str = "http://localhost:3000";

/// What stands in place of the literals of the bundled files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// Which series the rules are about.
    pub selector: Selector,
    /// What comes before `/docs/`; see [`base_url`].
    pub docs_url: String,
    /// What comes before `/d/`; see [`base_url`].
    pub grafana_url: String,
}

/// Changes nothing.
impl Default for Substitution {
    fn default() -> Self {
        Self { selector: Selector::default(), docs_url: DOCS.to_owned(), grafana_url: GRAFANA.to_owned() }
    }
}

impl Substitution {
    fn apply(&self, text: &str) -> String {
        self.selected(text)
            .replace(&format!("{DOCS}/docs/"), &format!("{}/docs/", self.docs_url))
            .replace(&format!("{GRAFANA}/d/"), &format!("{}/d/", self.grafana_url))
    }
}

impl Substitution {
    /// A text with the selector in place of that of the bundled files. What is recorded for all instances of a job has no
    /// other label of a scrape than `job`: there, only that part of the selector stands.
    fn selected(&self, text: &str) -> String {
        let (whole, of_jobs) = (self.selector.to_string(), self.selector.of_jobs());
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(BUNDLED) {
            out.push_str(before);
            out.push_str(if is_of_jobs(series(before)) { &of_jobs } else { &whole });
            rest = after;
        }
        out + rest
    }
}

/// The name of the series whose matchers a text ends in.
fn series(text: &str) -> &str {
    let name = text.rsplit_once('{').map_or("", |(name, _)| name);
    name.rsplit(|c: char| c != '_' && c != ':' && !c.is_ascii_alphanumeric()).next().unwrap_or_default()
}

/// Whether a record is of all instances of a job, as its name says in front.
fn is_of_jobs(name: &str) -> bool {
    name.split_once(':').is_some_and(|(level, _)| !level.split('_').any(|label| label == "instance"))
}

/// Why a text cannot come before a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an address such as https://grafana.example.com")]
pub struct UrlError {
    text: String,
}

/// An address that a path can be appended to, as it is used: without the slash at its end.
///
/// # Errors
/// If it is not of http or https, or holds what cannot stand in a file of rules.
pub fn base_url(text: &str) -> Result<String, UrlError> {
    let fail = || UrlError { text: text.to_owned() };
    let uri: http::Uri = text.parse().map_err(|_| fail())?;
    let known = matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none();
    // A template's braces, and what ends a YAML scalar.
    if !known || text.contains(['{', '}', '\'', '"', '`', '#', '%']) {
        return Err(fail());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The bundled files but that of objectives, under one `groups:` key.
#[must_use]
pub fn bundled(substitution: &Substitution) -> String {
    let mut text = "\ngroups:\n".to_owned();
    for file in FILES {
        text.push('\n');
        text.push_str(&indented(file));
    }
    substitution.apply(&text)
}

/// A file without its `groups:`, its list indented by two.
fn indented(file: &str) -> String {
    let list = file.lines().skip_while(|line| *line != "groups:").find_map(|line| line.find("- "));
    let indent = 2_usize.saturating_sub(list.unwrap_or_default());
    let mut inside = false;
    let mut out = String::new();
    for line in file.lines() {
        if line == "groups:" {
            inside = true;
            continue;
        }
        // What is said above all groups is indented as those are.
        let by = if inside { indent } else { 2 };
        if !line.is_empty() {
            out.push_str(&" ".repeat(by));
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_both_styles_become_one_list_with_their_comments() {
        let flat = "# Why.\n\ngroups:\n- name: a\n  rules:\n  # x\n  - record: y\n    expr: |\n      1\n";
        let deep = "# Why.\n\ngroups:\n  - name: a\n    rules:\n    # x\n    - record: y\n      expr: |\n        1\n";
        let joined =
            "  # Why.\n\n  - name: a\n    rules:\n    # x\n    - record: y\n      expr: |\n        1\n";
        assert_eq!(indented(flat), joined);
        assert_eq!(indented(deep), joined);
    }

    #[test]
    fn every_file_has_nothing_but_groups() {
        for file in FILES {
            let top: Vec<_> = file
                .lines()
                .filter(|line| line.starts_with(|c: char| !c.is_whitespace() && !matches!(c, '#' | '-')))
                .collect();
            assert_eq!(top, ["groups:"]);
        }
    }

    #[test]
    fn selector_and_addresses_are_replaced_everywhere_and_nothing_else_is() {
        assert_eq!(Substitution::default().apply(FILES[0]), FILES[0]);
        let selector = "job=\"x\", vantage=\"y\"".parse().unwrap();
        let substitution = Substitution {
            selector,
            docs_url: "https://docs.example".to_owned(),
            grafana_url: "https://grafana.example/g".to_owned(),
        };
        let text = bundled(&substitution);
        for gone in [BUNDLED, "http://localhost:10429/docs/", "http://localhost:3000/d/"] {
            assert!(!text.contains(gone), "{gone}");
        }
        for there in
            ["job=\"x\", vantage=\"y\"", "https://docs.example/docs/", "https://grafana.example/g/d/"]
        {
            assert!(text.contains(there), "{there}");
        }
    }

    #[test]
    fn what_is_recorded_for_a_whole_job_is_selected_by_the_job_only() {
        let of = |selector: &str| {
            let selector = selector.parse().unwrap();
            Substitution { selector, ..Substitution::default() }.apply(
                "a{job=\"api-canary\"} job_instance_target:b:c{job=\"api-canary\"} job_target:d:e{f=\"g\", job=\"api-canary\"}",
            )
        };
        assert_eq!(
            of("job=\"x\", cluster=\"y\""),
            "a{job=\"x\", cluster=\"y\"} job_instance_target:b:c{job=\"x\", cluster=\"y\"} job_target:d:e{f=\"g\", job=\"x\"}"
        );
        assert!(of("cluster=\"y\"").ends_with(" job_target:d:e{f=\"g\", job=~\".+\"}"));
    }

    #[test]
    fn addresses_are_taken_without_their_last_slash() {
        assert_eq!(base_url("https://grafana.example.com/g/").unwrap(), "https://grafana.example.com/g");
        assert_eq!(base_url("http://[::1]:3000").unwrap(), "http://[::1]:3000");
        for text in ["", "grafana", "/d", "ftp://x", "https://x/?y", "https://x/{{ y }}", "https://x/#y"] {
            assert!(base_url(text).is_err(), "{text}");
        }
    }
}
