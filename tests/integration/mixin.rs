//! The mixin, rendered with Debian's jsonnet: as it stands it is the shipped rules and dashboards, and what `_config` says
//! reaches every place.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use api_canary::config::Env;
use serde_json::{Map, Value, json};

use crate::peers::process::program;
use crate::python::{packages, python, said};
use crate::workspace::Workspace;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const BOARDS: [&str; 4] = ["api", "canary", "overview", "target"];
const RULES: [&str; 6] = ["targets", "certificates", "limits", "latency", "slo", "canary"];

/// What stands in the files for what is configured.
const WRITTEN: [&str; 3] = [r#"job="api-canary""#, "http://localhost:3000", "http://localhost:10429"];

fn at(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The same with every number in one form: jsonnet writes 60 for 60.0, and 0.10000000000000001 for 0.1.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => format!("{:.12e}", number.as_f64().unwrap()).into(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, plain(field))).collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

/// All groups of the shipped rules, in the order of their files.
fn shipped() -> Value {
    let script = "import json, sys\nfrom ruamel.yaml import YAML\n\
                  files = [YAML(typ='safe').load(open(name)) for name in sys.argv[1:]]\n\
                  json.dump({'groups': [group for file in files for group in file['groups']]}, sys.stdout)";
    let mut command = python();
    command.env("PYTHONPATH", packages("compose/requirements.txt")).args(["-c", script]);
    let output = command.args(RULES.map(|name| at(&format!("alerts/{name}.rules.yml")))).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The mixin as files with this configuration.
fn render(config: &Value) -> Workspace {
    let out = Workspace::new();
    let mut command = program("jsonnet");
    command.arg("-m").arg(out.path()).arg("--tla-code").arg(format!("config={config}"));
    let output = command.arg(at("mixin/render.jsonnet")).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    out
}

fn groups(file: &Value) -> Vec<Value> {
    file["groups"].as_array().unwrap().clone()
}

fn rules(groups: &[Value]) -> Vec<&Map<String, Value>> {
    let of = |group: &Value| group["rules"].as_array().unwrap().len();
    let all = groups.iter().flat_map(|group| (0..of(group)).map(move |rule| &group["rules"][rule]));
    all.map(|rule| rule.as_object().unwrap()).collect()
}

/// Both files of rules, read and checked as Prometheus does it.
fn rendered(out: &Workspace) -> [Vec<Value>; 2] {
    ["alerts", "rules"].map(|name| {
        let path = out.path().join(format!("prometheus_{name}.json"));
        let mut check = program("promtool");
        let output =
            check.args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        groups(&read(&path))
    })
}

#[test]
fn generated_the_rules_are_those_of_the_alerts() {
    let path = at("mixin/rules.json");
    let expected = format!("{}\n", serde_json::to_string_pretty(&shipped()).unwrap());
    if Env::process().get("UPDATE_GENERATED").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "mixin/rules.json is not what alerts/ says: run UPDATE_GENERATED=1 cargo test --test integration mixin"
    );
}

#[test]
fn as_it_stands_it_is_what_is_shipped() {
    let out = render(&json!({}));
    for board in BOARDS {
        let made = read(&out.path().join(format!("api-canary-{board}.json")));
        let shipped = read(&at(&format!("dashboards/{board}.json")));
        assert!(plain(made) == plain(shipped), "{board}");
    }
    let count = std::fs::read_dir(at("dashboards")).unwrap().map(Result::unwrap);
    let count = count.filter(|file| file.path().extension().is_some_and(|kind| kind == "json")).count();
    assert_eq!(count, BOARDS.len(), "every dashboard is in the mixin");
    let files = std::fs::read_dir(at("alerts")).unwrap().map(Result::unwrap);
    let files = files.filter(|file| file.file_name().to_string_lossy().ends_with(".rules.yml")).count();
    assert_eq!(files, RULES.len(), "every file of rules is in the mixin");

    let [alerts, records] = rendered(&out);
    let (with, without): (Vec<_>, Vec<_>) = groups(&shipped())
        .into_iter()
        .partition(|group| rules(std::slice::from_ref(group)).iter().any(|rule| rule.contains_key("alert")));
    let same = |made: &[Value], shipped: &[Value]| plain(json!(made)) == plain(json!(shipped));
    assert!(same(&alerts, &with) && same(&records, &without), "{alerts:#?} {records:#?}");
}

#[test]
fn what_is_configured_reaches_every_place() {
    let [job, grafana, docs] = [r#"cluster="a",job="other""#, "https://g.test/x", "https://c.test"];
    let out = render(&json!({
        "selector": job, "grafanaUrl": grafana, "docsUrl": docs,
        "severities": { "critical": "page", "warning": "ticket", "info": "none" },
        "alertLabels": { "team": "platform" },
        "withoutAlerts": ["ApiCanaryWatchdog"],
        "dashboardTags": ["synthetics"],
    }));
    let [alerts, records] = rendered(&out);
    let made = format!("{}{}", json!(alerts), json!(records));
    let before = shipped().to_string();
    for (written, wanted) in WRITTEN.iter().zip([job, grafana, docs]) {
        let [written, wanted] = [*written, wanted].map(|text| Value::from(text).to_string());
        let [written, wanted] = [&written, &wanted].map(|text| text.trim_matches('"'));
        assert!(before.contains(written) && !made.contains(written), "{written} is left");
        assert!(made.contains(wanted), "{wanted} is nowhere");
    }
    let shipped = groups(&shipped());
    let severities = ["critical", "warning", "info"].iter().zip(["page", "ticket", "none"]);
    let named = |rule: &&&Map<String, Value>| rule.contains_key("alert");
    let all = rules(&alerts);
    let made: Vec<_> = all.iter().filter(named).collect();
    let shipped = rules(&shipped);
    let shipped: Vec<_> =
        shipped.iter().filter(named).filter(|rule| rule["alert"] != "ApiCanaryWatchdog").collect();
    assert_eq!(made.len(), shipped.len());
    let severities: std::collections::HashMap<_, _> = severities.collect();
    for (made, shipped) in made.iter().zip(shipped) {
        assert_eq!(made["alert"], shipped["alert"]);
        let severity = shipped["labels"]["severity"].as_str().unwrap();
        assert_eq!(made["labels"]["severity"], severities[&severity], "{}", made["alert"]);
        assert_eq!(made["labels"]["team"], "platform", "{}", made["alert"]);
    }
    for board in BOARDS {
        let made = read(&out.path().join(format!("api-canary-{board}.json")));
        assert_eq!(made["tags"], json!(["api-canary", "synthetics"]), "{board}");
        for written in WRITTEN {
            let written = Value::from(written).to_string();
            assert!(!made.to_string().contains(written.trim_matches('"')), "{board}: {written}");
        }
    }
}
