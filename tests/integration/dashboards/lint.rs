//! The rules of Grafana's dashboard-linter, and some more, written anew: each finding says where and what.

mod links;
mod panels;
mod queries;
mod structure;

use std::fmt;

use super::board::Board;

/// Every rule, by the name that findings and exclusions have.
pub(crate) const RULES: &[&str] = &[
    "written",
    "identity",
    "portable",
    "datasource",
    "look",
    "licence",
    "variables",
    "unused-variable",
    "unknown-variable",
    "panel-ids",
    "grid",
    "panel-kind",
    "title",
    "description",
    "unit",
    "targets",
    "promql",
    "matchers",
    "rate-window",
    "counters",
    "quantiles",
    "metrics",
    "labels",
    "board-links",
    "data-links",
];

/// What breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    /// The board's uid and the place in it: `uid: panel/query`.
    pub(crate) place: String,
    pub(crate) what: String,
}

/// What may break a rule, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exclusion {
    pub(crate) rule: &'static str,
    /// As findings have it.
    pub(crate) place: &'static str,
    pub(crate) reason: &'static str,
}

/// Collects what breaks rules on one board.
struct Findings<'a> {
    board: &'a Board,
    found: Vec<Finding>,
}

/// What breaks a rule on one of these boards.
pub(crate) fn lint(boards: &[Board]) -> Vec<Finding> {
    let mut all = structure::between(boards);
    for board in boards {
        let mut findings = Findings { board, found: Vec::new() };
        structure::check(board, &mut findings);
        panels::check(board, &mut findings);
        queries::check(board, &mut findings);
        links::check(board, boards, &mut findings);
        all.append(&mut findings.found);
    }
    all
}

impl Findings<'_> {
    fn add(&mut self, rule: &'static str, place: &str, what: impl Into<String>) {
        debug_assert!(RULES.contains(&rule), "{rule}");
        let place = format!("{}: {place}", self.board.uid());
        self.found.push(Finding { rule, place, what: what.into() });
    }

    /// Adds it unless the condition holds.
    fn want(&mut self, holds: bool, rule: &'static str, place: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.add(rule, place, what());
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.rule, self.place, self.what)
    }
}

impl Exclusion {
    pub(crate) fn covers(&self, finding: &Finding) -> bool {
        (self.rule, self.place) == (finding.rule, finding.place.as_str())
    }
}
