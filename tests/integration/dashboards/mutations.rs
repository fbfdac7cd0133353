//! Every rule finds what it is for: boards with one mistake each.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::board::{Board, list};
use super::lint::{Finding, RULES, lint};

/// A mistake: the rule that must find it, and how it is made on the Overview board.
struct Mistake {
    rule: &'static str,
    name: &'static str,
    make: fn(&mut Value),
}

/// The first panel that has queries.
fn panel(board: &mut Value) -> &mut Value {
    let panels = board["panels"].as_array_mut().unwrap();
    panels.iter_mut().find(|panel| list(&panel["targets"]).count() > 0).unwrap()
}

/// Its first query.
fn query(board: &mut Value) -> &mut Value {
    &mut panel(board)["targets"][0]
}

/// Replaces the query's text.
fn ask(board: &mut Value, text: &str) {
    let text = text.replace("ALL", "job=~\"$job\", instance=~\"$instance\", target=~\"$target\"");
    query(board)["expr"] = json!(text);
}

fn variable<'a>(board: &'a mut Value, name: &str) -> &'a mut Value {
    let variables = board["templating"]["list"].as_array_mut().unwrap();
    variables.iter_mut().find(|variable| variable["name"] == json!(name)).unwrap()
}

fn remove(object: &mut Value, key: &str) {
    object.as_object_mut().unwrap().remove(key);
}

/// A link of the first panel.
fn link(board: &mut Value, url: &str) {
    panel(board)["links"] = json!([{ "title": "more", "url": url }]);
}

const MISTAKES: &[Mistake] = &[
    Mistake { rule: "identity", name: "an id of some server", make: |board| board["id"] = json!(7) },
    Mistake { rule: "identity", name: "no id", make: |board| remove(board, "id") },
    Mistake { rule: "identity", name: "another's uid", make: |board| board["uid"] = json!("api-canary-api") },
    Mistake { rule: "identity", name: "an unknown uid", make: |board| board["uid"] = json!("x") },
    Mistake { rule: "identity", name: "an old schema", make: |board| board["schemaVersion"] = json!(36) },
    Mistake { rule: "identity", name: "a new schema", make: |board| board["schemaVersion"] = json!(43) },
    Mistake {
        rule: "identity",
        name: "a title",
        make: |board| board["title"] = json!("API canary / Target"),
    },
    Mistake { rule: "portable", name: "inputs", make: |board| board["__inputs"] = json!([]) },
    Mistake {
        rule: "portable",
        name: "an input's variable",
        make: |board| panel(board)["description"] = json!("Of ${DS_PROMETHEUS}."),
    },
    Mistake {
        rule: "datasource",
        name: "a literal data source",
        make: |board| panel(board)["datasource"] = json!({ "type": "prometheus", "uid": "abc" }),
    },
    Mistake {
        rule: "datasource",
        name: "no data source of a panel",
        make: |board| remove(panel(board), "datasource"),
    },
    Mistake {
        rule: "datasource",
        name: "no data source of a query",
        make: |board| remove(query(board), "datasource"),
    },
    Mistake {
        rule: "datasource",
        name: "a data source by name, as before Grafana 8",
        make: |board| query(board)["datasource"] = json!("Prometheus"),
    },
    Mistake { rule: "look", name: "editable", make: |board| board["editable"] = json!(true) },
    Mistake { rule: "look", name: "tags", make: |board| board["tags"] = json!([]) },
    Mistake { rule: "licence", name: "no licence", make: |board| board["description"] = json!("Shows all.") },
    Mistake {
        rule: "variables",
        name: "two data sources",
        make: |board| {
            let another = variable(board, "datasource").clone();
            board["templating"]["list"].as_array_mut().unwrap().push(another);
        },
    },
    Mistake {
        rule: "variables",
        name: "never refreshed",
        make: |b| variable(b, "instance")["refresh"] = json!(0),
    },
    Mistake { rule: "variables", name: "no All", make: |b| variable(b, "job")["includeAll"] = json!(false) },
    Mistake {
        rule: "variables",
        name: "All by listing",
        make: |b| remove(variable(b, "target"), "allValue"),
    },
    Mistake {
        rule: "variables",
        name: "a label",
        make: |b| variable(b, "datasource")["label"] = json!("DS"),
    },
    Mistake {
        rule: "variables",
        name: "another order",
        make: |board| board["templating"]["list"].as_array_mut().unwrap().swap(1, 2),
    },
    Mistake {
        rule: "variables",
        name: "not chained",
        make: |b| variable(b, "instance")["query"] = json!("label_values(api_canary_build_info, instance)"),
    },
    Mistake {
        rule: "unused-variable",
        name: "a variable for nothing",
        make: |board| {
            let mut another = variable(board, "objective").clone();
            another["name"] = json!("idle");
            board["templating"]["list"].as_array_mut().unwrap().push(another);
        },
    },
    Mistake {
        rule: "unknown-variable",
        name: "a variable from nowhere",
        make: |board| panel(board)["title"] = json!("Of ${cluster}"),
    },
    Mistake {
        rule: "panel-ids",
        name: "one id twice",
        make: |board| board["panels"][1]["id"] = board["panels"][0]["id"].clone(),
    },
    Mistake { rule: "panel-ids", name: "no id", make: |board| remove(panel(board), "id") },
    Mistake {
        rule: "grid",
        name: "one on another",
        make: |board| board["panels"][1]["gridPos"] = board["panels"][0]["gridPos"].clone(),
    },
    Mistake { rule: "grid", name: "outside", make: |board| panel(board)["gridPos"]["x"] = json!(23) },
    Mistake { rule: "grid", name: "nowhere", make: |board| remove(panel(board), "gridPos") },
    Mistake {
        rule: "panel-kind",
        name: "a plugin",
        make: |board| panel(board)["type"] = json!("piechart-v2"),
    },
    Mistake { rule: "title", name: "no title", make: |board| panel(board)["title"] = json!(" ") },
    Mistake {
        rule: "title",
        name: "one title twice",
        make: |board| {
            let mut another = panel(board).clone();
            another["id"] = json!(9999);
            board["panels"].as_array_mut().unwrap().push(another);
        },
    },
    Mistake { rule: "description", name: "none", make: |board| remove(panel(board), "description") },
    Mistake {
        rule: "unit",
        name: "none",
        make: |board| panel(board)["fieldConfig"] = json!({ "defaults": {}, "overrides": [] }),
    },
    Mistake {
        rule: "unit",
        name: "an unknown one",
        make: |board| panel(board)["fieldConfig"]["defaults"]["unit"] = json!("seconds"),
    },
    Mistake { rule: "targets", name: "none", make: |board| panel(board)["targets"] = json!([]) },
    Mistake { rule: "targets", name: "no refId", make: |board| remove(query(board), "refId") },
    Mistake { rule: "promql", name: "not closed", make: |board| ask(board, "sum(target_up{ALL}") },
    Mistake { rule: "promql", name: "a number only", make: |board| ask(board, "1 + 1") },
    Mistake {
        rule: "matchers",
        name: "every job's",
        make: |board| ask(board, "target_up{instance=~\"$instance\", target=~\"$target\"}"),
    },
    Mistake {
        rule: "matchers",
        name: "every target's",
        make: |board| ask(board, "target_up{job=~\"$job\", instance=~\"$instance\"}"),
    },
    Mistake {
        rule: "matchers",
        name: "one of several by equality",
        make: |board| {
            ask(
                board,
                "target_up{ALL} or target_up{job=\"$job\", instance=~\"$instance\", target=~\"$target\"}",
            )
        },
    },
    Mistake {
        rule: "rate-window",
        name: "a fixed window",
        make: |board| ask(board, "rate(target_runs_total{ALL}[5m])"),
    },
    Mistake {
        rule: "counters",
        name: "a bare counter",
        make: |board| ask(board, "sum(target_runs_total{ALL})"),
    },
    Mistake {
        rule: "counters",
        name: "a counter's average",
        make: |board| ask(board, "avg_over_time(target_runs_total{ALL}[$__range])"),
    },
    Mistake {
        rule: "counters",
        name: "a gauge's rate",
        make: |board| ask(board, "rate(target_up{ALL}[$__rate_interval])"),
    },
    Mistake {
        rule: "quantiles",
        name: "a dozen of calls",
        make: |board| {
            ask(
                board,
                "histogram_quantile(0.9, sum by (le) (rate(api_latency_seconds_bucket{ALL}[$__rate_interval])))",
            );
            remove(query(board), "interval");
        },
    },
    Mistake {
        rule: "quantiles",
        name: "a short window",
        make: |board| {
            ask(board, "histogram_quantile(0.9, sum by (le) (rate(api_latency_seconds_bucket{ALL}[1m])))");
        },
    },
    Mistake { rule: "metrics", name: "an unknown metric", make: |board| ask(board, "target_upp{ALL}") },
    Mistake { rule: "metrics", name: "no metric", make: |board| ask(board, "{ALL}") },
    Mistake {
        rule: "labels",
        name: "an unknown label",
        make: |board| ask(board, "target_up{ALL, layer=\"dns\"}"),
    },
    Mistake {
        rule: "labels",
        name: "grouped by what is not there",
        make: |board| ask(board, "sum by (provider) (target_up{ALL})"),
    },
    Mistake {
        rule: "labels",
        name: "a bound that newer versions write otherwise",
        make: |board| ask(board, "sum(rate(api_latency_seconds_bucket{ALL, le=\"1\"}[$__rate_interval]))"),
    },
    Mistake {
        rule: "labels",
        name: "a variable of a label that is not there",
        make: |board| {
            let mut another = variable(board, "target").clone();
            another["name"] = json!("model");
            another["query"] = json!("label_values(target_up{job=~\"$job\"}, model)");
            board["templating"]["list"].as_array_mut().unwrap().push(another);
        },
    },
    Mistake { rule: "board-links", name: "none", make: |board| board["links"] = json!([]) },
    Mistake { rule: "board-links", name: "forgets", make: |b| b["links"][0]["includeVars"] = json!(false) },
    Mistake {
        rule: "data-links",
        name: "to no board",
        make: |board| link(board, "/d/api-canary-targets?${__url_time_range}"),
    },
    Mistake {
        rule: "data-links",
        name: "with no variable of it",
        make: |board| link(board, "/d/api-canary-target?${__url_time_range}&var-host=x"),
    },
    Mistake {
        rule: "data-links",
        name: "at another time",
        make: |board| link(board, "/d/api-canary-target?var-target=x"),
    },
    Mistake { rule: "data-links", name: "to some path", make: |board| link(board, "/alerting/list") },
];

/// What was not found before.
fn new(before: &[Finding], after: Vec<Finding>) -> Vec<Finding> {
    after.into_iter().filter(|finding| !before.contains(finding)).collect()
}

#[test]
fn every_mistake_is_found_by_its_rule() {
    let boards = Board::all();
    let at = boards.iter().position(|board| board.file == "overview.json").unwrap();
    let before = lint(&boards);
    for Mistake { rule, name, make } in MISTAKES {
        let mut wrong = boards.clone();
        make(&mut wrong[at].json);
        assert_ne!(wrong[at].json, boards[at].json, "{rule}, {name}: no mistake is made");
        wrong[at].text = Board::written(&wrong[at].json);
        let found = new(&before, lint(&wrong));
        assert!(found.iter().any(|finding| finding.rule == *rule), "{rule}, {name}: only {found:#?}");
    }
    let mut tried: BTreeSet<_> = MISTAKES.iter().map(|mistake| mistake.rule).collect();
    tried.insert("written");
    assert_eq!(tried, RULES.iter().copied().collect(), "each rule has a mistake");
}

#[test]
fn a_file_that_a_refresh_would_change_elsewhere_is_found() {
    let mut boards = Board::all();
    for board in &mut boards {
        board.text = Board::written(&board.json);
    }
    let before = lint(&boards);
    for change in [|text: &str| format!("{text}\n"), |text: &str| text.replacen("  ", "\t", 1)] {
        let mut wrong = boards.clone();
        wrong[0].text = change(&wrong[0].text);
        let found = new(&before, lint(&wrong));
        assert!(found.iter().any(|finding| finding.rule == "written"), "{found:#?}");
    }
}
