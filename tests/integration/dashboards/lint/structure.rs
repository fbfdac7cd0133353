//! The board as a whole: what it is called, that it can be provisioned anywhere, and its variables.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Finding, Findings};
use crate::dashboards::board::{Board, each_object, list, text};
use crate::dashboards::known::{BOARDS, Expected};
use crate::dashboards::variables::variables;

/// What holds between boards.
pub(super) fn between(boards: &[Board]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in ["uid", "title"] {
        let mut seen = BTreeSet::new();
        for board in boards {
            if !seen.insert(text(&board.json, key)) {
                findings.push(Finding {
                    rule: "identity",
                    place: format!("{}: board", board.uid()),
                    what: format!("another board has the same {key}"),
                });
            }
        }
    }
    findings
}

pub(super) fn check(board: &Board, findings: &mut Findings<'_>) {
    whole(board, findings);
    portable(board, findings);
    let expected = BOARDS.iter().find(|expected| expected.uid == board.uid());
    match expected {
        Some(expected) => identity(board, expected, findings),
        None => findings.add("identity", "board", format!("the uid {:?} is not known", board.uid())),
    }
    declared(board, findings);
    used(board, findings);
}

fn identity(board: &Board, expected: &Expected, findings: &mut Findings<'_>) {
    let title = text(&board.json, "title");
    findings.want(title == expected.title, "identity", "board", || format!("the title is {title:?}"));
    findings.want(board.file == expected.file, "identity", "board", || format!("the file is {}", board.file));
    findings
        .want(board.json.get("id") == Some(&Value::Null), "identity", "board", || "id is not null".into());
    let version = board.json["schemaVersion"].as_u64();
    findings.want(version.is_some_and(|version| (39..=42).contains(&version)), "identity", "board", || {
        format!("schemaVersion is {version:?}, not 39 to 42")
    });
    let names: Vec<_> = board.variables().map(|variable| text(variable, "name")).collect();
    findings.want(names.starts_with(expected.variables), "variables", "board", || {
        format!("the variables are {names:?}, not {:?} first", expected.variables)
    });
}

fn whole(board: &Board, findings: &mut Findings<'_>) {
    // A refresh of the generated words writes the whole file: nothing else may change then.
    findings.want(board.text == Board::written(&board.json), "written", "file", || {
        let written = Board::written(&board.json);
        let lines = board.text.lines().zip(written.lines()).enumerate();
        let other = lines.map(|(at, pair)| (at + 1, pair)).find(|(_, (one, other))| one != other);
        format!("it is not written as serde_json writes it, two spaces and a newline at the end: {other:?}")
    });
    let licence = text(&board.json, "description");
    findings.want(licence.contains("Apache-2.0") && licence.len() > 40, "licence", "board", || {
        format!("the description says neither what it is for nor its licence: {licence:?}")
    });
    for (key, wanted) in [
        ("editable", json!(false)),
        ("tags", json!(["api-canary"])),
        ("timezone", json!("browser")),
        ("refresh", json!("30s")),
        ("graphTooltip", json!(1)),
    ] {
        let found = &board.json[key];
        findings.want(*found == wanted, "look", "board", || format!("{key} is {found}, not {wanted}"));
    }
}

fn portable(board: &Board, findings: &mut Findings<'_>) {
    for key in ["__inputs", "__requires", "__elements"] {
        findings.want(board.json.get(key).is_none(), "portable", "board", || {
            format!("{key} is for sharing by hand, and nobody answers it when boards are provisioned")
        });
    }
    findings
        .want(!board.text.contains("${DS_"), "portable", "board", || "an input of an export is left".into());
    let mut wrong = Vec::new();
    each_object(&board.json, "", &mut |path, object| {
        let Some(source) = object.get("datasource") else { return };
        // The mark of what Grafana draws itself, the annotations of the board.
        let own = object["builtIn"] == json!(1) && source["uid"] == json!("-- Grafana --");
        if !own && *source != json!({ "type": "prometheus", "uid": "${datasource}" }) {
            wrong.push((path.to_owned(), source.clone()));
        }
    });
    for (path, source) in wrong {
        findings.add("datasource", &path, format!("{source} is not the variable"));
    }
}

/// The first variables, which every board has alike, as far as they are declared.
fn declared(board: &Board, findings: &mut Findings<'_>) {
    let sources = board.variables().filter(|variable| variable["type"] == json!("datasource"));
    let count = sources.count();
    findings.want(count == 1, "variables", "board", || format!("{count} variables of data sources"));
    for variable in board.variables() {
        let name = text(variable, "name");
        let mut wanted: Vec<(&str, Value)> = match name {
            "datasource" => vec![
                ("type", json!("datasource")),
                ("query", json!("prometheus")),
                ("label", json!("Data source")),
            ],
            "job" => {
                vec![("label", json!("Job")), ("query", json!("label_values(api_canary_build_info, job)"))]
            }
            "instance" => vec![
                ("label", json!("Instance")),
                ("query", json!("label_values(api_canary_build_info{job=~\"$job\"}, instance)")),
            ],
            "target" => vec![
                ("label", json!("Target")),
                ("query", json!("label_values(target_up{job=~\"$job\", instance=~\"$instance\"}, target)")),
            ],
            _ => Vec::new(),
        };
        let single = name == "target" && board.uid() == "api-canary-target";
        if matches!(name, "job" | "instance" | "target") && !single {
            wanted.extend([("multi", json!(true)), ("includeAll", json!(true)), ("allValue", json!(".+"))]);
        }
        if variable["type"] == json!("query") {
            wanted.push(("refresh", json!(2)));
        }
        if matches!(name, "job" | "instance" | "target") {
            wanted.extend([("type", json!("query")), ("sort", json!(1))]);
        }
        for (key, wanted) in wanted {
            let mut found = &variable[key];
            // Newer boards wrap the query of a variable.
            if key == "query" && found.is_object() {
                found = &found["query"];
            }
            findings.want(*found == wanted, "variables", name, || format!("{key} is {found}, not {wanted}"));
        }
        if single && (variable["multi"] == json!(true) || variable["includeAll"] == json!(true)) {
            findings.add("variables", name, "one target is shown, not several");
        }
    }
}

/// What is declared is used, and the other way round.
fn used(board: &Board, findings: &mut Findings<'_>) {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    each_object(&board.json, "", &mut |path, object| {
        for (key, value) in object.as_object().into_iter().flatten() {
            let texts = list(value).chain([value]).filter_map(Value::as_str);
            for variable in texts.flat_map(variables) {
                names.entry(variable.name.to_owned()).or_insert_with(|| format!("{path}.{key}"));
            }
        }
    });
    let declared: BTreeSet<_> = board.variables().map(|variable| text(variable, "name").to_owned()).collect();
    for name in &declared {
        findings.want(names.contains_key(name), "unused-variable", name, || "nothing uses it".into());
    }
    for (name, path) in names {
        let known = declared.contains(&name) || name.starts_with("__");
        findings.want(known, "unknown-variable", &path, || format!("${name} is not declared"));
    }
}
