//! The report: one self-contained Markdown file to paste into a ticket, and how it is written.
//!
//! Promises: pure but for [`write()`]; everything in it stands in the document; no text in it can become markup.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::document::{Document, LayerState, TargetPart, time};
use super::story::{rows, target_lines};
use super::texts;
use crate::diagnosis::{self, Language, Phrase, Verdict};

/// The report of a document.
pub(super) fn markdown(document: &Document, language: Language, redacted: bool) -> String {
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

/// Whether a report can be written there, as far as that can be known before it is: nobody should wait for one in vain.
pub(super) fn check(file: &Path) -> Result<(), String> {
    let there = match std::fs::metadata(file) {
        Ok(there) if there.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(there) if !there.is_file() => Ok(()),
        _ => place(file).and_then(|place| new_beside(&place).map(drop)),
    };
    there.map_err(|error| told(file, &error))
}

/// Writes a report in one step: whoever reads the file sees the whole of it or what was there before.
pub(super) fn write(file: &Path, text: &str) -> Result<(), String> {
    written(file, text).map_err(|error| told(file, &error))
}

fn written(file: &Path, text: &str) -> io::Result<()> {
    // A pipe or a terminal cannot be replaced, only written to.
    if std::fs::metadata(file).is_ok_and(|there| !there.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes());
    }
    let place = place(file)?;
    let mut new = new_beside(&place)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(&place).map_err(|error| error.error)?;
    Ok(())
}

/// Where a file really is, which may not be there yet.
fn place(file: &Path) -> io::Result<PathBuf> {
    match file.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(file.to_owned()),
        found => found,
    }
}

/// A file to take the place of another. Made with mode 0600: what stands in it is for others only when it is given to them.
fn new_beside(file: &Path) -> io::Result<NamedTempFile> {
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".api-canary-report-")
        .tempfile_in(directory.unwrap_or_else(|| Path::new(".")))
}

/// The failure by its kind: its own words name a file that nobody knows.
fn told(file: &Path, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such directory".to_owned(),
        kind => kind.to_string(),
    };
    format!("cannot write the report to {}: {why}", file.display())
}

#[cfg(test)]
mod tests;
