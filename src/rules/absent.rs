//! Targets that nobody watches: a canary runs with another config, or the shard that has the target is gone.
//!
//! Promises: silent while there is no canary at all, which is another alert and one only.

use std::time::Duration;

use super::bundled::Substitution;
use super::group::{Alert, Group, Pairs, Rule};
use crate::config::Config;
use crate::target::Target;
use crate::units::PromDuration;

/// The alert's name.
pub(super) const ALERT: &str = "ApiCanaryTargetAbsent";

/// So many intervals without a series are no restart.
const INTERVALS: u32 = 3;

/// However short they are: a canary that is replaced is away for a while.
const LEAST: Duration = Duration::from_secs(300);

/// How long the series may be missing.
pub(super) fn patience(target: &Target) -> Duration {
    (target.interval * INTERVALS).max(LEAST)
}

/// One alert for each target.
pub(super) fn group(config: &Config, substitution: &Substitution) -> Group {
    let alerts = config.targets.iter().map(|target| alert(target, substitution));
    Group { name: "api-canary-absent".to_owned(), interval: None, rules: alerts.map(Rule::Alert).collect() }
}

fn alert(target: &Target, substitution: &Substitution) -> Alert {
    let (selector, name) = (&substitution.selector, &target.name);
    Alert {
        alert: ALERT,
        expr: format!(
            "absent(target_up{{{selector}, target=\"{name}\"}})\nand on ()\ncount(api_canary_build_info{{{selector}}}) > 0\n"
        ),
        wait: Some(PromDuration(patience(target)).to_string()),
        labels: labels(name),
        annotations: annotations(name, substitution),
    }
}

/// What the alert adds to the labels that the selector gives it.
pub(super) fn labels(target: &str) -> Pairs {
    Pairs::of([("target", target), ("blame", "canary"), ("severity", "warning")])
}

/// What is said of it.
pub(super) fn annotations(target: &str, substitution: &Substitution) -> Pairs {
    let Substitution { selector: _, docs_url, grafana_url } = substitution;
    Pairs::of([
        ("summary", &format!("Nobody watches target {target}.")),
        (
            "description",
            &format!(
                "No canary has series of target {target}, though it is configured and canaries run. One of them runs with \
                 another configuration, or the one that had this target is gone."
            ),
        ),
        ("runbook_url", &format!("{docs_url}/docs/alerts.md#{}", ALERT.to_lowercase())),
        ("dashboard_url", &format!("{grafana_url}/d/api-canary-canary")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runbook_has_a_section() {
        let page = include_str!("../../docs/alerts.md");
        let section = format!("\n### {ALERT}\n");
        assert!(page.contains(&section), "{section}");
    }
}
