//! The story: what was found, as a person would tell it, for a terminal.
//!
//! Promises: pure; everything told stands in the document; no line is wider than asked for, but for what cannot be broken.

mod around;
mod page;
mod path;
mod wrap;

use crate::diagnosis::{self, Language, Phrase, Verdict};
use crate::document::texts;
use crate::document::{Document, FindingPart, TargetPart, time};
use page::{Look, Page, padded, right};

/// How the story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// In this language.
    pub(super) language: Language,
    /// So many columns wide at the most; 40 to 120 are used.
    pub(super) width: usize,
    /// With colours.
    pub(super) colour: bool,
}

/// Tells the story.
pub(super) fn tell(document: &Document, manner: Manner) -> String {
    let mut page = Page::new(manner.width, manner.colour);
    let language = manner.language;
    if let Some(first) = document.targets.first() {
        around::tell(&mut page, &first.environment, language);
    }
    for target in &document.targets {
        about(&mut page, target, language);
    }
    if document.targets.len() > 1 {
        overview(&mut page, document, language);
    }
    page.finish()
}

/// All that is told of one target.
fn about(page: &mut Page, target: &TargetPart, language: Language) {
    page.blank();
    page.rule();
    page.hang(0, &[(&format!("{}  ", target.target), Look::Heading)], &target.url, Look::Plain);
    around::of_target(page, &target.environment, language);
    path::tell(page, target, language);
    resolvers(page, target, language);
    tried(page, target, language);
    findings(page, target, language);
    verdict(page, target, language);
}

/// What is told neither by the paths, nor by the verdict and what speaks for it, nor beside the proxy variables.
fn findings(page: &mut Page, target: &TargetPart, language: Language) {
    let layers = || target.paths.iter().flat_map(|path| &path.layers);
    let is_told = |finding: &&FindingPart| {
        let reason = finding.reason.0;
        let of_path = || layers().any(|part| part.detail.as_deref() == Some(&*finding.detail));
        let of_verdict = || target.verdict.0.reason() == Some(reason) && !target.evidence.is_empty();
        let of_proxy = || target.environment.proxy.disagreements.contains(&finding.detail);
        of_path() || of_verdict() || of_proxy()
    };
    let mut left = target.findings.iter().filter(|finding| !is_told(finding)).peekable();
    if left.peek().is_some() {
        page.heading(0, Phrase::Findings.told(language));
    }
    for finding in left {
        page.item(2, &format!("{}: {}", finding.reason.0.label(), finding.detail));
    }
}

/// How a verdict is called, and how it looks.
fn state(verdict: Verdict, language: Language) -> (&'static str, Look) {
    let (phrase, look) = match verdict {
        Verdict::Ok => (Phrase::StateOk, Look::Good),
        Verdict::Degraded(_) => (Phrase::StateDegraded, Look::Warning),
        Verdict::Down(_) => (Phrase::StateDown, Look::Bad),
    };
    (phrase.told(language), look)
}

fn verdict(page: &mut Page, target: &TargetPart, language: Language) {
    let (state, look) = state(target.verdict.0, language);
    page.blank();
    let reason = target.verdict.0.reason();
    let words = match (reason, target.layer) {
        (Some(reason), Some(layer)) => {
            format!("{state} · {} · {}", diagnosis::layer(layer.0, language), reason.label())
        }
        (Some(reason), None) => format!("{state} · {}", reason.label()),
        (None, _) => state.to_owned(),
    };
    page.hang(0, &[(Phrase::Verdict.told(language), Look::Heading)], &words, look);
    if target.degraded {
        page.text(2, Phrase::SomeWork.told(language), Look::Plain);
    }
    page.text(2, &target.summary, Look::Heading);
    if let Some(blame) = target.blame {
        section(page, Phrase::WhoMustAct, diagnosis::blame(blame.0, language), language);
    }
    if let Some(remedy) = &target.remedy {
        section(page, Phrase::WhatToDo, remedy, language);
    }
    // Where all works, the paths speak for themselves.
    let works = target.verdict.0 == Verdict::Ok;
    for (heading, lines) in [(Phrase::Evidence, &target.evidence), (Phrase::RuledOut, &target.ruled_out)] {
        if !lines.is_empty() && !works {
            page.heading(0, heading.told(language));
            lines.iter().for_each(|line| page.item(2, line));
        }
    }
}

fn section(page: &mut Page, heading: Phrase, text: &str, language: Language) {
    page.heading(0, heading.told(language));
    page.text(2, text, Look::Plain);
}

/// What the resolvers said, where there is more than one to compare.
fn resolvers(page: &mut Page, target: &TargetPart, language: Language) {
    let Some(first) = target.resolvers.first() else { return };
    if target.resolvers.iter().all(|part| part.resolver == first.resolver) {
        return;
    }
    page.heading(0, Phrase::Resolvers.told(language));
    let headings = [Phrase::ColumnResolver, Phrase::ColumnType, Phrase::ColumnAnswer, Phrase::ColumnTime]
        .map(|p| p.told(language));
    let none = Phrase::NoAnswer.told(language);
    let row = |part: &crate::document::ResolverPart| {
        let rcode = part.rcode.clone().unwrap_or_else(|| none.to_owned());
        let took = time(std::time::Duration::from_secs_f64(part.seconds));
        [part.resolver.clone(), part.record_type.to_owned(), rcode, took]
    };
    let rows: Vec<_> = target.resolvers.iter().map(row).collect();
    let mut widths = headings.map(wrap::columns);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(wrap::columns(cell));
        }
    }
    let line = |[resolver, record, rcode, took]: [&str; 4]| {
        let [a, b, c, d] = widths;
        format!("{}  {}  {}  {}  ", padded(resolver, a), padded(record, b), padded(rcode, c), right(took, d))
    };
    page.hang(2, &[(&line(headings), Look::Dim)], Phrase::ColumnAddresses.told(language), Look::Dim);
    for (row, part) in rows.iter().zip(&target.resolvers) {
        let look = if part.reason.is_some() { Look::Warning } else { Look::Plain };
        let addresses = match part.reason {
            Some(reason) if part.addresses.is_empty() => reason.0.label().to_owned(),
            _ => part.addresses.join(" "),
        };
        page.hang(2, &[(&line(row.each_ref().map(String::as_str)), look)], &addresses, look);
    }
}

/// What was tried beside, and what came of it.
fn tried(page: &mut Page, target: &TargetPart, language: Language) {
    if target.followups.is_empty() {
        return;
    }
    page.heading(0, Phrase::TriedBeside.told(language));
    for made in &target.followups {
        if made.conclusive {
            page.item(2, &made.result);
        } else {
            // The result does not say of what.
            let name = diagnosis::experiment(made.name.0, language);
            page.item(2, &format!("{name}{}{}", texts::colon(language), made.result));
        }
    }
}

/// All targets in a line each.
fn overview(page: &mut Page, document: &Document, language: Language) {
    page.blank();
    page.rule();
    page.text(0, Phrase::Overview.told(language), Look::Heading);
    let widest = document.targets.iter().map(|target| wrap::columns(&target.target)).max().unwrap_or(0);
    for target in &document.targets {
        let (state, look) = state(target.verdict.0, language);
        let name = format!("{}  ", padded(&target.target, widest));
        let words = match target.verdict.0.reason() {
            Some(reason) => format!("{state} · {}: {}", reason.label(), target.summary),
            None => state.to_owned(),
        };
        page.hang(2, &[(&name, Look::Plain)], &words, look);
    }
}

#[cfg(test)]
mod tests;
