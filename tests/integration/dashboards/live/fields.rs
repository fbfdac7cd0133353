//! Labels that legends, transformations and overrides name are labels that the answers have.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use super::Answers;
use crate::dashboards::board::{Board, Panel, Query, list, text};

/// What is named and never comes back.
pub(super) fn check(board: &Board, answers: &[(Query<'_>, Answers)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (query, answers) in answers {
        let labels = labels(answers);
        for name in placeholders(text(query.json, "legendFormat")) {
            if !labels.contains(name) {
                let place = query.place();
                wrong.push(format!("{}: {place}: the legend names {name}, of {labels:?}", board.uid()));
            }
        }
    }
    for panel in board.panels() {
        let own = answers.iter().filter(|(query, _)| std::ptr::eq(query.panel.json, panel.json));
        let own: Vec<_> = own.collect();
        let known = fields(panel, &own);
        let legends = own.iter().map(|(query, _)| text(query.json, "legendFormat"));
        let legends: Vec<_> = legends.filter(|legend| !legend.is_empty()).map(pattern).collect();
        for name in named(panel.json) {
            // A legend may hold values that the tests have not seen, such as a status.
            let told = legends.iter().any(|legend| legend.is_match(&name));
            if !told && !known.contains(name.as_str()) {
                let title = panel.title();
                wrong.push(format!("{}: {title}: there is no field {name:?}, only {known:?}", board.uid()));
            }
        }
    }
    wrong
}

fn labels(answers: &Answers) -> BTreeSet<&str> {
    let shown = answers.values().flatten();
    let series = shown.flat_map(|shown| &shown.series);
    series.flat_map(|labels| labels.keys().map(String::as_str)).collect()
}

/// What a legend becomes when its labels have values.
fn pattern(legend: &str) -> Regex {
    let mut pieces = legend.split("{{");
    let mut pattern = format!("^{}", regex::escape(pieces.next().unwrap_or_default()));
    for piece in pieces {
        let (_, literal) = piece.split_once("}}").unwrap_or((piece, ""));
        pattern.push_str(".+");
        pattern.push_str(&regex::escape(literal));
    }
    Regex::new(&format!("{pattern}$")).unwrap()
}

/// The names in `{{name}}`.
fn placeholders(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()).map(str::trim)
}

/// The names that the fields of a panel have before and after its transformations.
fn fields(panel: Panel<'_>, answers: &[&(Query<'_>, Answers)]) -> BTreeSet<String> {
    let mut known: BTreeSet<_> = ["Time", "Value", "__name__"].map(str::to_owned).into();
    for (query, answers) in answers {
        known.insert(format!("Value #{}", query.reference()));
        known.insert(query.reference().to_owned());
        known.extend(labels(answers).into_iter().map(str::to_owned));
    }
    for transformation in list(&panel.json["transformations"]) {
        let options = &transformation["options"];
        let renamed = options["renameByName"].as_object().into_iter().flatten();
        known.extend(renamed.filter_map(|(_, name)| name.as_str().map(str::to_owned)));
        known.extend(options["alias"].as_str().map(str::to_owned));
        if text(transformation, "id") == "joinByField" {
            // Fields of one name from several queries are numbered.
            for number in 1..=16 {
                let numbered: Vec<_> = known
                    .iter()
                    .filter(|name| !name.ends_with(|c: char| c.is_ascii_digit()))
                    .map(|name| format!("{name} {number}"))
                    .collect();
                known.extend(numbered);
            }
        }
    }
    for over in list(&panel.json["fieldConfig"]["overrides"]) {
        let named = list(&over["properties"]).filter(|property| text(property, "id") == "displayName");
        known.extend(named.filter_map(|property| property["value"].as_str().map(str::to_owned)));
    }
    known
}

/// The names that transformations, overrides and sorting of a panel use.
fn named(panel: &Value) -> Vec<String> {
    let mut named = Vec::new();
    for transformation in list(&panel["transformations"]) {
        let options = &transformation["options"];
        for key in ["renameByName", "excludeByName", "indexByName", "includeByName"] {
            named.extend(options[key].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
        named.extend(options["byField"].as_str().map(str::to_owned));
        named.extend(list(&options["include"]["names"]).filter_map(Value::as_str).map(str::to_owned));
        named.extend(list(&options["sort"]).filter_map(|sort| sort["field"].as_str().map(str::to_owned)));
        if text(transformation, "id") == "groupBy" {
            named.extend(options["fields"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
    }
    for over in list(&panel["fieldConfig"]["overrides"]) {
        if text(&over["matcher"], "id") == "byName" {
            named.extend(over["matcher"]["options"].as_str().map(str::to_owned));
        }
    }
    let sorted = list(&panel["options"]["sortBy"]);
    named.extend(sorted.filter_map(|sort| sort["displayName"].as_str().map(str::to_owned)));
    named
}
