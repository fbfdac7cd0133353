//! The report: one self-contained text in Markdown to paste into a ticket.
//!
//! Promises: everything in it stands in the document; no text in it can become markup.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Document, LayerState, TargetPart, rows, target_lines, texts, time};
use crate::diagnosis::{self, Language, Phrase, Verdict};

/// The report of a document.
pub fn markdown(document: &Document, language: Language, redacted: bool) -> String {
    let told = |phrase: Phrase| phrase.told(language);
    let names: Vec<&str> = document.targets.iter().map(|target| &*target.target).collect();
    let mut out = String::new();
    heading(&mut out, 1, &Phrase::ReportTitle.fill(language, &[("targets", &names.join(", "))]));
    if let Some(first) = document.targets.first() {
        let (version, clock) = (&first.environment.version, &first.environment.clock);
        paragraph(&mut out, &Phrase::ReportMade.fill(language, &[("version", version), ("clock", clock)]));
    }
    if redacted {
        paragraph(&mut out, told(Phrase::ReportRedacted));
    }
    for target in &document.targets {
        about(&mut out, target, language);
    }
    if let Some(first) = document.targets.first() {
        heading(&mut out, 2, told(Phrase::Environment));
        for (name, lines) in rows(&first.environment, language) {
            let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(out, "- **{}**: {}", escaped(name), lines.join("; "));
        }
    }
    out
}

fn about(out: &mut String, target: &TargetPart, language: Language) {
    let told = |phrase: Phrase| phrase.told(language);
    let state = told(match target.verdict.0 {
        Verdict::Ok => Phrase::StateOk,
        Verdict::Degraded(_) => Phrase::StateDegraded,
        Verdict::Down(_) => Phrase::StateDown,
    });
    heading(out, 2, &format!("{}: {}", target.target, state));
    paragraph(out, &target.url);
    let reason =
        target.verdict.0.reason().map_or_else(String::new, |reason| format!(" (`{}`)", reason.label()));
    let _ = writeln!(out, "**{}{reason}**\n", escaped(&target.summary));
    let blame = target.blame.map(|blame| diagnosis::blame(blame.0, language));
    for (phrase, text) in [(Phrase::WhoMustAct, blame), (Phrase::WhatToDo, target.remedy.as_deref())] {
        if let Some(text) = text {
            paragraph_named(out, told(phrase), text);
        }
    }
    list(out, told(Phrase::Evidence), &target.evidence);
    list(out, told(Phrase::RuledOut), &target.ruled_out);
    paths(out, target, language);
    let none = told(Phrase::NoAnswer);
    let columns = [
        Phrase::ColumnResolver,
        Phrase::ColumnType,
        Phrase::ColumnAnswer,
        Phrase::ColumnTime,
        Phrase::ColumnAddresses,
    ];
    table(
        out,
        told(Phrase::Resolvers),
        &columns.map(told),
        target.resolvers.iter().map(|part| {
            let addresses = part.addresses.join(" ");
            let addresses =
                if addresses.is_empty() { part.detail.clone().unwrap_or_default() } else { addresses };
            let rcode = part.rcode.clone().unwrap_or_else(|| none.to_owned());
            vec![part.resolver.clone(), part.record_type.to_owned(), rcode, seconds(part.seconds), addresses]
        }),
    );
    let columns = [Phrase::ColumnReason, Phrase::ColumnLayer, Phrase::ColumnSeen];
    table(
        out,
        told(Phrase::Findings),
        &columns.map(told),
        target.findings.iter().map(|part| {
            let layer = diagnosis::layer(part.layer.0, language).to_owned();
            vec![part.reason.0.label().to_owned(), layer, part.detail.clone()]
        }),
    );
    let columns = [Phrase::ColumnExperiment, Phrase::ColumnTime, Phrase::ColumnResult];
    table(
        out,
        told(Phrase::TriedBeside),
        &columns.map(told),
        target.followups.iter().map(|part| {
            vec![
                diagnosis::experiment(part.name.0, language).to_owned(),
                seconds(part.seconds),
                part.result.clone(),
            ]
        }),
    );
    let columns = [
        Phrase::ColumnSubject,
        Phrase::ColumnIssuer,
        Phrase::ColumnValid,
        Phrase::ColumnNames,
        Phrase::ColumnFingerprint,
    ];
    table(
        out,
        told(Phrase::CertificatesSeen),
        &columns.map(told),
        target.certificates.iter().map(|part| {
            let valid = format!("{} – {}", part.not_before, part.not_after);
            let (subject, issuer) = (part.subject.clone(), part.issuer.clone());
            vec![subject, issuer, valid, part.names.join(" "), part.fingerprint_sha256.clone()]
        }),
    );
    for line in target_lines(&target.environment, language) {
        paragraph(out, &line);
    }
}

fn paths(out: &mut String, target: &TargetPart, language: Language) {
    let told = |phrase: Phrase| phrase.told(language);
    let columns =
        [Phrase::ColumnLayer, Phrase::ColumnState, Phrase::ColumnTime, Phrase::ColumnSeen].map(told);
    for path in &target.paths {
        let family = texts::family(path.family.0, language);
        let values = [("route", &*path.route), ("family", family), ("endpoint", &*path.endpoint)];
        let title = Phrase::RouteTo.fill(language, &values);
        table(
            out,
            &title,
            &columns,
            path.layers.iter().map(|part| {
                let state = match part.state {
                    LayerState::Passed => Phrase::Passed,
                    LayerState::Failed => Phrase::Failed,
                    LayerState::NotReached => Phrase::NotReached,
                    LayerState::NotPlanned => Phrase::NotPlanned,
                };
                let detail = part.detail.clone().unwrap_or_default();
                let detail =
                    part.reason.map_or(detail.clone(), |reason| format!("{}: {detail}", reason.0.label()));
                let layer = diagnosis::layer(part.layer.0, language).to_owned();
                vec![layer, told(state).to_owned(), part.seconds.map_or_else(String::new, seconds), detail]
            }),
        );
        if path.canary_slow {
            paragraph(out, &texts::canary_slow(path.late_seconds, language));
        }
    }
}

fn seconds(seconds: f64) -> String {
    time(Duration::from_secs_f64(seconds))
}

fn heading(out: &mut String, level: usize, text: &str) {
    let gap = if out.is_empty() || out.ends_with("\n\n") { "" } else { "\n" };
    let _ = writeln!(out, "{gap}{} {}\n", "#".repeat(level), escaped(text));
}

fn paragraph(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}\n", escaped(text));
}

fn paragraph_named(out: &mut String, name: &str, text: &str) {
    // A remedy may have several lines, each a paragraph of its own.
    let lines: Vec<String> = text.lines().map(escaped_but_code).collect();
    let _ = writeln!(out, "**{}**: {}\n", escaped(name), lines.join("\n\n"));
}

fn list(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    heading(out, 3, title);
    for line in lines {
        let _ = writeln!(out, "- {}", escaped(line));
    }
    out.push('\n');
}

fn table(out: &mut String, title: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    heading(out, 3, title);
    let row = |out: &mut String, cells: &[String]| {
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    };
    row(out, &columns.iter().map(|name| escaped(name)).collect::<Vec<_>>());
    row(out, &vec!["---".to_owned(); columns.len()]);
    for cells in rows {
        row(out, &cells.iter().map(|cell| escaped(cell)).collect::<Vec<_>>());
    }
    out.push('\n');
}

/// A text in which nothing is markup, on one line: what peers said is only quoted.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '!' | '~' | '@' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The same, but what stands between backquotes stays code, in which nothing is markup either.
fn escaped_but_code(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let part = |(index, part): (usize, &&str)| {
        if index.is_multiple_of(2) { escaped(part) } else { format!("`{part}`") }
    };
    parts.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests;
