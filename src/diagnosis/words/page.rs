//! The page of reasons (`docs/reasons.md`), which alerts link to: one section a reason, named by its label.

use std::fmt::Write as _;

use super::experiments::words;
use super::reasons::{reason, remedy};
use super::{Language, blame, experiment, layer};
use crate::diagnosis::Facts;
use crate::outcome::{Experiment, Layer, Reason, Severity};

const INTRO: &str = "# Reasons

*Generated from the code: `UPDATE_GENERATED=1 cargo test generated` refreshes it.*

Why a call fails, one section a reason: `probe_failures_total{reason}`, `target_finding_info{reason}`,
`target_diagnosis_info{verdict}`, the log and `api-canary diagnose` use these names, and an alert can link to
`docs/reasons.md#NAME`. A name keeps its meaning.

- *Down* means that it does not work, *degraded* that it works, but not as it should, or not for everyone.
- Who must act is what the reason alone says; a diagnosis may know better and then names somebody else.
- The layers are walked from DNS up, and the first one that fails ends a journey. So a reason says as well that
  everything below its layer worked.
- `URL`, `HOST`, `ADDRESS` (with its port) and `PROXY` in a command are those of the target; `api-canary diagnose` fills them in.
- The error texts are those of common clients of any provider; where one names Anthropic, it is an example.
";

const FOLLOW_UPS: &str = "
## Follow-ups

Experiments that are made after a failure, or by `api-canary diagnose`, where they can tell two reasons apart. They run beside
the schedule and are bounded in number, time and rate. None costs money: where the configured call does, the free one is made
in its place. A key is sent with the target's own configured call only, over a connection that verified.
";

/// The page as Markdown.
#[must_use]
pub fn reasons_markdown() -> String {
    let mut out = INTRO.to_owned();
    for which in Layer::ALL {
        contents(&mut out, which);
    }
    for which in Layer::ALL {
        // Writing to a String cannot fail.
        let _ = write!(out, "\n## {}\n", layer(which, Language::English));
        of(which).for_each(|reason| section(&mut out, reason));
    }
    out.push_str(FOLLOW_UPS);
    for &which in Experiment::ALL {
        let (one, other) = which.tells();
        let _ = write!(
            out,
            "\n### {}\n\n*{}.* {}\n\n- **Tells:** {one} from {other}\n- **Costs:** nothing\n",
            which.label(),
            capital(experiment(which, Language::English)),
            words(which).does,
        );
    }
    out
}

fn of(layer: Layer) -> impl Iterator<Item = Reason> {
    Reason::ALL.iter().copied().filter(move |reason| reason.layer() == layer)
}

/// The reasons of a layer, as a table of links.
fn contents(out: &mut String, which: Layer) {
    let _ = write!(out, "\n| {} | | says that |\n|---|---|---|\n", layer(which, Language::English));
    for reason in of(which) {
        let (summary, severity) = (reason.summary(), severity(reason));
        let _ = writeln!(out, "| [{reason}](#{reason}) | {severity} | {summary} |");
    }
}

fn section(out: &mut String, which: Reason) {
    let (words, language) = (reason(which), Language::English);
    let _ = write!(
        out,
        "\n### {which}\n\n{}.\n\n- **Layer:** {}; {}\n- **Who must act:** {}\n- **What you see:** {}\n- **How it is told \
         apart:** {}\n- **What to do:** {}\n",
        capital(which.summary()),
        layer(which.layer(), language),
        severity(which),
        blame(which.blame(), language),
        words.symptoms.told(language),
        words.tell.told(language),
        remedy(which, &Facts::default(), language),
    );
}

fn severity(reason: Reason) -> &'static str {
    match reason.severity() {
        Severity::Down => "down",
        Severity::Degraded => "degraded",
    }
}

/// The text with a capital first letter.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::config::Env;

    #[test]
    fn the_generated_page_of_reasons_is_up_to_date() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reasons.md");
        let content = reasons_markdown();
        if Env::process().get("UPDATE_GENERATED").is_ok_and(|value| value == "1") {
            std::fs::write(&file, &content).unwrap();
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == content,
            "docs/reasons.md is not what the code generates; refresh it with UPDATE_GENERATED=1 cargo test generated"
        );
    }

    #[test]
    fn every_reason_and_experiment_has_one_anchor() {
        let page = reasons_markdown();
        let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        let distinct: BTreeSet<_> = headings.iter().collect();
        assert_eq!(distinct.len(), headings.len(), "{headings:?}");
        let labels = Reason::ALL.iter().map(|reason| reason.label());
        let expected: Vec<_> = labels.chain(Experiment::ALL.iter().map(|which| which.label())).collect();
        assert_eq!(headings, expected);
    }

    #[test]
    fn every_link_on_the_page_leads_to_a_heading() {
        let page = reasons_markdown();
        let mut links = page.split("](#").skip(1).filter_map(|rest| rest.split_once(')'));
        assert!(links.all(|(anchor, _)| page.contains(&format!("\n### {anchor}\n"))));
    }

    #[test]
    fn nothing_on_the_page_is_left_to_be_filled() {
        let page = reasons_markdown();
        let sections = page.split("\n### ").skip(1);
        for section in sections {
            let left = super::super::fill::placeholders(section).next();
            assert!(left.is_none(), "{left:?} in {section}");
        }
    }
}
