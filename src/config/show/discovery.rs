//! Where targets of the effective config stand, beside the config itself.

use super::{Lines, ca_file, list, scalar};
use crate::config::{Config, TargetSource};
use crate::target::{DiagnosisOptions, Failover, KeyOrigin};
use crate::units::PromDuration;

/// Adds the files, whose targets are shown too, as a comment; the sources; and what holds for the targets of both.
pub(super) fn show(lines: &mut Lines, config: &Config) {
    if !config.files.is_empty() {
        let files = list(config.files.iter().map(|pattern| pattern.absolute()));
        lines.add(0, &format!("# target_files: {files}, whose targets stand below"));
    }
    if config.sources.is_empty() {
        return;
    }
    lines.add(0, "target_sources:");
    for source in &config.sources {
        show_source(lines, source);
    }
    let defaults = &config.ground.shared.defaults;
    lines.add(0, "defaults:");
    let timing = [("interval", defaults.interval), ("timeout", defaults.timeout)];
    for (key, duration) in timing {
        if let Ok(duration) = duration {
            lines.entry(2, key, &PromDuration(duration).to_string());
        }
    }
    if let Ok(Failover { rise, fall }) = defaults.failover {
        lines.entry(2, "failover", &format!("{{ rise: {rise}, fall: {fall} }}"));
    }
    if let Ok(DiagnosisOptions { recover_after, change_after, follow_ups }) = defaults.diagnosis {
        let keys =
            format!("recover_after: {recover_after}, change_after: {change_after}, follow_ups: {follow_ups}");
        lines.entry(2, "diagnosis", &format!("{{ {keys} }}"));
    }
}

fn show_source(lines: &mut Lines, source: &TargetSource) {
    let TargetSource { endpoint, refresh, timeout, token, roots, max_targets, trusted } = source;
    lines.entry(2, "- url", &scalar(&endpoint.to_string()));
    lines.entry(4, "refresh", &PromDuration(*refresh).to_string());
    lines.entry(4, "timeout", &PromDuration(*timeout).to_string());
    match token.as_ref().map(|token| token.origin()) {
        None | Some(KeyOrigin::Given) => {}
        Some(KeyOrigin::Variable(name)) => {
            lines.entry(4, "bearer_token", &format!("{{ env: {} }}", scalar(name)));
        }
        Some(KeyOrigin::File(path)) => {
            lines.entry(4, "bearer_token", &format!("{{ file: {} }}", scalar(&path.to_string_lossy())));
        }
    }
    if let Some(ca_file) = ca_file(roots) {
        lines.add(4, &ca_file);
    }
    lines.entry(4, "max_targets", &max_targets.to_string());
    lines.entry(4, "trusted", &trusted.to_string());
}
