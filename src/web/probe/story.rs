//! The answer to `debug=true`: what happened layer by layer in words, the metrics, and the target's config without secrets.

use std::fmt::Write as _;

use super::question::Asked;
use super::series::{succeeded, trouble};
use super::{Answer, Found};
use crate::config::{effective_target, without_queries};
use crate::diagnosis::Language;
use crate::document::{JourneyPart, LayerState};
use crate::outcome::{Layer, Outcome};
use crate::sinks::Known;

/// The three parts.
pub(super) fn tell(asked: &Asked, known: &Known, answer: &Answer<'_>, metrics: &[u8]) -> String {
    let mut text = String::from("Logs for the probe:\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "target {}, module {}", asked.target, asked.module);
    match &answer.found {
        None => {
            let (waited, timeout) = (answer.waited.as_secs_f64(), known.target.timeout.as_secs_f64());
            let _ = writeln!(
                text,
                "No result was there after {waited:.3} s; the run goes on, for {timeout:.3} s at the most. Give it more time \
                 (scrape_timeout), or the target less (timeout), to learn what fails."
            );
        }
        Some(Found { outcome: None, age, .. }) => {
            let _ = writeln!(text, "The target had no path to walk, {:.3} s ago.", age.as_secs_f64());
        }
        Some(Found { outcome: Some(outcome), age, .. }) => {
            let _ = writeln!(text, "found {:.3} s ago", age.as_secs_f64());
            journey(&mut text, answer.top, outcome);
        }
    }
    text.push_str("\nMetrics that would have been returned:\n");
    text.push_str(&String::from_utf8_lossy(metrics));
    text.push_str("\nTarget configuration:\n");
    text.push_str(&without_queries(&effective_target(&known.target)));
    text
}

fn journey(text: &mut String, top: Layer, outcome: &Outcome) {
    let part = JourneyPart::of(outcome, Language::English);
    let _ = writeln!(
        text,
        "began {}, route {}, family {}, to {}",
        part.started, part.route, outcome.path.family, part.endpoint
    );
    for layer in part.layers.iter().filter(|layer| layer.layer.0 <= top) {
        let took = layer.seconds.map_or_else(String::new, |seconds| format!(", {seconds:.6} s"));
        let detail = layer.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
        let state = match layer.state {
            LayerState::Passed => "passed",
            LayerState::Failed => "FAILED",
            LayerState::NotReached => "not reached",
            LayerState::NotPlanned => "not on this path",
        };
        let _ = writeln!(text, "  {:<5} {state}{took}{detail}", layer.layer.0.label());
    }
    for finding in outcome.findings.iter().filter(|finding| finding.layer() <= top) {
        let _ = writeln!(text, "  noticed: {}: {}", finding.0.reason, finding.0.detail);
    }
    let _ = match trouble(outcome, top) {
        Some((layer, failure)) => {
            let reason = failure.reason;
            let (summary, blame) = (reason.summary(), reason.blame().label());
            writeln!(text, "Probe failed: {layer}: {reason} ({summary}); who must act: {blame}")
        }
        None if succeeded(outcome, top) => writeln!(text, "Probe succeeded"),
        None => writeln!(text, "Probe failed: its last layer was not reached"),
    };
}
