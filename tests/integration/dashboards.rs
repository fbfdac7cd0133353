//! The boards of `dashboards/`: that they keep the rules, that Prometheus answers every query of theirs with the promised
//! series, and that Grafana's own model of a board loses none of their keys.

mod board;
mod exclusions;
mod history;
mod known;
mod lint;
mod live;
mod mappings;
mod mutations;
mod round_trip;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use crate::peers::process::program;
use crate::workspace::Workspace;
use board::Board;
use exclusions::EXCLUSIONS;
use known::BOARDS;
use lint::lint;
use variables::Variables;

#[test]
fn the_boards_are_the_four() {
    let files: Vec<_> = Board::all().into_iter().map(|board| board.file).collect();
    let expected: Vec<_> = BOARDS.iter().map(|expected| expected.file).collect();
    assert_eq!(files, expected);
}

#[test]
fn every_board_keeps_every_rule_but_for_a_reason() {
    let findings = lint(&Board::all());
    let excluded = |finding: &lint::Finding| EXCLUSIONS.iter().any(|exclusion| exclusion.covers(finding));
    let left: Vec<_> =
        findings.iter().filter(|finding| !excluded(finding)).map(ToString::to_string).collect();
    assert!(left.is_empty(), "{} findings:\n{}", left.len(), left.join("\n"));
    for exclusion in EXCLUSIONS {
        assert!(lint::RULES.contains(&exclusion.rule), "no rule: {exclusion:?}");
        assert!(exclusion.reason.ends_with('.'), "no reason: {exclusion:?}");
        assert!(findings.iter().any(|finding| exclusion.covers(finding)), "not needed: {exclusion:?}");
    }
}

#[test]
fn panels_that_are_empty_with_the_lean_profile_are_listed() {
    let page = std::fs::read_to_string(board::directory().join("../docs/dashboards.md")).unwrap();
    let (_, section) = page.split_once("\n## With the lean profile\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    for (board, name) in Board::all().iter().zip(["api", "canary", "overview", "target"]) {
        assert_eq!(board.uid(), format!("api-canary-{name}"));
        let mut empty: BTreeMap<&str, bool> = BTreeMap::new();
        for query in board.queries() {
            let reading = crate::promql::read(query.text()).unwrap();
            let lacks = reading.selectors.iter().any(|selector| crate::alerts::only_full(&selector.metric));
            *empty.entry(query.panel.title()).or_insert(true) &= lacks;
        }
        let expected: BTreeSet<&str> =
            empty.into_iter().filter_map(|(title, empty)| empty.then_some(title)).collect();
        let row =
            section.lines().find(|line| line.to_lowercase().starts_with(&format!("| {name} |"))).unwrap();
        let listed = row.trim_end_matches(" |").rsplit(" | ").next().unwrap().split("; ");
        assert_eq!(listed.collect::<BTreeSet<_>>(), expected, "{name}");
    }
}

#[test]
fn every_query_is_promql_to_promtool() {
    let values = Variables::default().with("job", ".+").with("instance", ".+").with("target", ".+");
    let values = values.with("objective", "99.5");
    let mut rules = Vec::new();
    for board in Board::all() {
        for query in board.queries() {
            let values = values.clone().with_time(3600.0, 15.0, query.json["interval"].as_str());
            let asked = values.fill(query.text()).unwrap_or_else(|unknown| {
                panic!("{} at {}: unknown variables {unknown:?}", board.uid(), query.place())
            });
            let place = serde_json::to_string(&format!("{}: {}", board.uid(), query.place())).unwrap();
            let asked = serde_json::to_string(&asked).unwrap();
            rules.push(format!("  - {{ name: {place}, rules: [ {{ record: \"a:b\", expr: {asked} }} ] }}\n"));
        }
    }
    // Names of groups are unique: a query is told from all others.
    let distinct: BTreeSet<_> = rules.iter().collect();
    assert_eq!(distinct.len(), rules.len());
    let workspace = Workspace::new();
    let file = workspace.write("queries.yml", &format!("groups:\n{}", rules.concat()));
    let checked = program("promtool").args(["check", "rules", "--lint=none"]).arg(file).output().unwrap();
    let [out, err] = [&checked.stdout, &checked.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(checked.status.success(), "{out}\n{err}");
    assert!(out.contains(&format!("{} rules found", rules.len())), "{out}");
}
