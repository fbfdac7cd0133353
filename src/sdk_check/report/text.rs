//! The report and the table as text for people.

use std::fmt::Write as _;

use textwrap::{Options, WordSplitter};

use super::{Finding, Report, Undecided};
use crate::sdk_check::{Change, How, Table};

/// What fits a terminal and a mail.
const WIDTH: usize = 80;

pub(super) fn report(report: &Report<'_>) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        wrapped(&mut out, "", &headline(finding));
        changes(&mut out, &finding.changes);
        let _ = writeln!(out, "  {}\n", finding.package.source);
    }
    for undecided in &report.undecided {
        let Undecided { path, line, package } = undecided;
        let place = place(path, *line);
        let text = format!(
            "{place}: {} ({}): no version is said that can be compared; the minimum is {}",
            package.name, package.ecosystem, package.minimum
        );
        wrapped(&mut out, "", &text);
    }
    for warning in &report.warnings {
        wrapped(&mut out, "", &format!("warning: {}: {}", warning.path, warning.problem));
    }
    if !report.undecided.is_empty() || !report.warnings.is_empty() {
        out.push('\n');
    }
    let files = count(report.files, "file");
    if report.found == 0 {
        let _ = writeln!(out, "{files} read, no known LLM SDK found");
    } else {
        let (found, outdated) = (count(report.found, "SDK"), report.findings.len());
        let unknown = match report.undecided.len() {
            0 => String::new(),
            number => format!(", {number} of unknown version"),
        };
        let _ = writeln!(out, "{files} read, {found} found, {outdated} outdated{unknown}");
    }
    out
}

fn headline(finding: &Finding<'_>) -> String {
    let Finding { package, version, .. } = finding;
    let place = place(&finding.path, finding.line);
    let said = match (finding.how, &finding.requirement) {
        (How::Locked, _) => version.clone(),
        (How::Pinned, _) => format!("pins {version}"),
        (How::Allows, None) => format!("allows {version}"),
        (How::Allows, Some(requirement)) => format!("allows {version} ({requirement})"),
    };
    let (name, ecosystem, minimum) = (&package.name, package.ecosystem, &package.minimum);
    format!("{place}: {name} ({ecosystem}): {said}, older than the minimum {minimum}")
}

pub(super) fn table(table: &Table) -> String {
    let mut out = String::new();
    for package in table.packages() {
        let (name, ecosystem, minimum) = (&package.name, package.ecosystem, &package.minimum);
        let _ = writeln!(out, "{name} ({ecosystem}): at least {minimum}");
        changes(&mut out, &package.changes.iter().collect::<Vec<_>>());
        let _ = writeln!(out, "  {}\n", package.source);
    }
    let packages = count(table.packages().len(), "package");
    let _ = writeln!(out, "{packages}; their changelogs were last read on {}", table.read());
    out
}

fn changes(out: &mut String, changes: &[&Change]) {
    for change in changes {
        wrapped(out, "  ", &format!("{} ({}): {}", change.version, change.date, change.why));
    }
}

/// A paragraph; its further lines stand a little to the right. What is too long for a line, such as a path, is not cut.
fn wrapped(out: &mut String, indent: &str, text: &str) {
    let further = format!("{indent}  ");
    let options = Options::new(WIDTH)
        .initial_indent(indent)
        .subsequent_indent(&further)
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    for line in textwrap::wrap(text, options) {
        let _ = writeln!(out, "{line}");
    }
}

fn place(path: &str, line: Option<usize>) -> String {
    line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
