//! The rules and the example of Alertmanager in `alerts/`: accepted by the tools that will read them, right in their
//! own tests, and true of the metrics, reasons and pages that they name.

mod files;
mod tools;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use api_canary::config::Profile;
use api_canary::metrics;
use api_canary::metrics::catalogue::Family;
use api_canary::outcome::{Layer, Reason};

use crate::promql::{Matcher, Reading, read, seconds};
use files::{alerts, checks, list, rules, text, texts};

/// Rates over less see too few scrapes, with one a minute.
const SHORTEST_RATE: f64 = 4.0 * 60.0;

/// What a metric or record is, and its labels; `None` where they are not known.
struct Metric {
    kind: &'static str,
    labels: Option<BTreeSet<String>>,
}

/// Everything that a query may ask for: the catalogue's metrics, what Prometheus itself writes, and what the files record.
fn known() -> BTreeMap<String, Metric> {
    let mut known = BTreeMap::new();
    for line in metrics::listing().unwrap().lines() {
        let [name, kind, labels] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let labels = labels.trim_matches(['{', '}']).split(',').filter(|label| !label.is_empty());
        let labels = labels.chain(["job", "instance", "vantage"]).map(str::to_owned);
        let labels: BTreeSet<_> = labels.collect();
        let add = |known: &mut BTreeMap<_, _>, suffix: &str, kind, more: &[&str]| {
            let labels = labels.iter().cloned().chain(more.iter().map(|label| (*label).to_owned())).collect();
            known.insert(format!("{name}{suffix}"), Metric { kind, labels: Some(labels) });
        };
        match kind {
            "counter" => add(&mut known, "", "counter", &[]),
            "gauge" => add(&mut known, "", "gauge", &[]),
            "histogram" => {
                add(&mut known, "_bucket", "counter", &["le"]);
                add(&mut known, "_sum", "counter", &[]);
                add(&mut known, "_count", "counter", &[]);
            }
            other => panic!("{other}: {line}"),
        }
    }
    for name in ["up", "ALERTS"] {
        known.insert(name.to_owned(), Metric { kind: "gauge", labels: None });
    }
    for (_, rule) in rules() {
        if let Some(record) = rule["record"].as_str() {
            let before = known.insert(record.to_owned(), Metric { kind: "gauge", labels: None });
            assert!(before.is_none(), "{record} is recorded twice");
        }
    }
    known
}

fn expression(rule: &serde_json::Value) -> Reading {
    let query = rule["expr"].as_str().unwrap();
    read(query).unwrap_or_else(|wrong| panic!("{wrong}: {query}"))
}

/// The queries in the templates of an annotation, with a value in the place of each label.
fn asked(annotation: &str) -> Vec<Reading> {
    let printed = regex::Regex::new("printf `([^`]*)`").unwrap();
    printed
        .captures_iter(annotation)
        .map(|found| read(&found[1].replace("%q", "\"value\"")).unwrap())
        .collect()
}

fn only_known(what: &str, query: &Reading, known: &BTreeMap<String, Metric>) {
    for selector in &query.selectors {
        let name = selector.metric.as_str();
        let metric = known.get(name).unwrap_or_else(|| panic!("{what}: there is no metric {name}"));
        for Matcher { label, operator, value } in &selector.matchers {
            let has = metric.labels.as_ref().is_none_or(|labels| labels.contains(label));
            assert!(has, "{what}: {name} has no label {label}");
            let values = value.split('|').filter(|_| operator.contains('~') || !value.contains("value"));
            for value in values {
                let fine = match label.as_str() {
                    "reason" if name != "api_call_paused_info" => is_reason(value),
                    "verdict" => value == "ok" || is_reason(value),
                    "layer" => value == ".+" || Layer::ALL.iter().any(|layer| layer.label() == value),
                    _ => true,
                };
                assert!(fine, "{what}: {name} never has {label}={value}");
            }
        }
        let counted =
            selector.inside.last().is_some_and(|function| ["rate", "increase"].contains(&function.as_str()));
        // Whether there was no good run since the start is told by the counters as they are.
        let since_start =
            what.ends_with("job_instance_target:api_canary_down:bool") && name.starts_with("target_runs_");
        assert_eq!(
            metric.kind == "counter" && !since_start,
            counted,
            "{what}: {name}, a {}, in {:?}",
            metric.kind,
            selector.inside
        );
        if counted {
            let window = selector.window.as_deref().and_then(seconds);
            assert!(window >= Some(SHORTEST_RATE), "{what}: {name} over {window:?}");
        }
    }
    let of_all: BTreeSet<&String> =
        known.values().filter_map(|metric| metric.labels.as_ref()).flatten().collect();
    for label in &query.grouped {
        assert!(of_all.contains(label), "{what}: no metric has a label {label}");
    }
}

fn is_reason(value: &str) -> bool {
    Reason::ALL.iter().any(|reason| reason.label() == value)
}

#[test]
fn rules_ask_for_metrics_labels_and_values_that_exist_and_for_one_job_only() {
    let known = known();
    for (file, rule) in rules() {
        let what = format!("{file}: {}", rule["alert"].as_str().or(rule["record"].as_str()).unwrap());
        let query = expression(&rule);
        only_known(&what, &query, &known);
        for selector in &query.selectors {
            let job = selector.matchers.first();
            let job = job.map(|first| [first.label.as_str(), &first.operator, &first.value]);
            assert_eq!(job, Some(["job", "=", "api-canary"]), "{what}: {}", selector.metric);
        }
        // It is replaced as text.
        let written = rule["expr"].as_str().unwrap().matches("job=\"api-canary\"").count();
        assert_eq!(written, query.selectors.len(), "{what}");
        for (_, annotation) in texts(&rule, "annotations") {
            for query in asked(annotation) {
                only_known(&what, &query, &known);
                for selector in &query.selectors {
                    let first = selector.matchers.first().map(|matcher| matcher.label.as_str());
                    assert_eq!(first, Some("job"), "{what}: {}", selector.metric);
                }
            }
        }
    }
}

/// Whether a metric is one that the lean profile does not have.
pub(crate) fn only_full(metric: &str) -> bool {
    let of = |family: &&Family| {
        metric.strip_prefix(family.name()).is_some_and(|end| ["", "_bucket", "_sum", "_count"].contains(&end))
    };
    Family::ALL.iter().find(of).is_some_and(|family| !family.is_in(Profile::Lean))
}

#[test]
fn all_alerts_work_with_the_lean_profile_but_for_those_that_are_listed() {
    let all = rules();
    // What a record asks for, who uses the record asks for.
    let mut lost: BTreeSet<String> = BTreeSet::new();
    loop {
        let before = lost.len();
        for (_, rule) in &all {
            let lacks = |metric: &str| only_full(metric) || lost.contains(metric);
            if expression(rule).selectors.iter().any(|selector| lacks(&selector.metric)) {
                lost.extend(rule["record"].as_str().or(rule["alert"].as_str()).map(str::to_owned));
            }
        }
        if lost.len() == before {
            break;
        }
    }
    let lost: BTreeSet<&str> =
        lost.iter().map(String::as_str).filter(|name| name.starts_with("ApiCanary")).collect();
    let page = text("docs/alerts.md");
    let (_, section) = page.split_once("\n## With the lean profile\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ApiCanary")?.split_once(" |"));
    let listed: BTreeSet<String> = rows.map(|(name, _)| format!("ApiCanary{name}")).collect();
    assert_eq!(lost, listed.iter().map(String::as_str).collect());
    assert!(
        !alerts()
            .iter()
            .any(|(name, rule)| lost.contains(name.as_str()) && rule["labels"]["severity"] == "critical")
    );
}

#[test]
fn every_record_is_used_and_named_by_its_labels() {
    let all = rules();
    let used: BTreeSet<String> = all
        .iter()
        .flat_map(|(_, rule)| {
            let annotations = texts(rule, "annotations").into_iter().flat_map(|(_, text)| asked(text));
            let queries = annotations.chain([expression(rule)]);
            queries.flat_map(|query| query.selectors).map(|selector| selector.metric).collect::<Vec<_>>()
        })
        .collect();
    for (_, rule) in &all {
        let Some(record) = rule["record"].as_str() else { continue };
        assert!(used.contains(record), "{record} is used by nothing");
        assert_eq!(record.split(':').count(), 3, "{record} is not level:metric:operation");
        assert!(record.starts_with("job_"), "{record} keeps the job");
    }
}

#[test]
fn an_alert_says_how_bad_it_is_and_who_must_act() {
    let mut names = BTreeSet::new();
    let word = regex::Regex::new("^ApiCanary([A-Z][a-z]+)+$").unwrap();
    for (name, rule) in alerts() {
        assert!(names.insert(name.clone()), "{name} is there twice");
        assert!(word.is_match(&name), "{name}");
        assert!(expression(&rule).compares, "{name} compares nothing");
        let known = ["alert", "expr", "for", "labels", "annotations"];
        for key in rule.as_object().unwrap().keys() {
            assert!(known.contains(&key.as_str()), "{name}: not every reader of rules knows {key}");
        }
        let labels: BTreeMap<_, _> = texts(&rule, "labels").into_iter().collect();
        assert!(["critical", "warning", "info"].contains(&labels["severity"]), "{name}");
        for (label, value) in labels {
            assert!(["severity", "layer", "blame"].contains(&label), "{name}: {label}");
            assert!(!value.contains("$value"), "{name}: {label} would change with every evaluation");
        }
    }
}

#[test]
fn what_has_a_layer_has_a_target_and_somebody_to_blame() {
    let blames = ["resolver", "network", "proxy", "provider", "account", "config", "canary"];
    let mut layered = 0;
    for check in checks() {
        for expected in &check.expected {
            let labels: BTreeMap<_, _> = texts(expected, "exp_labels").into_iter().collect();
            let name = &check.alert;
            if let Some(layer) = labels.get("layer") {
                layered += 1;
                assert!(Layer::ALL.iter().any(|known| known.label() == *layer), "{name}: {layer}");
                assert!(labels.contains_key("target") && labels.contains_key("blame"), "{name}: {labels:?}");
            }
            let blame = labels.get("blame");
            assert!(blame.is_none_or(|blame| blames.contains(blame)), "{name}: {blame:?}");
            let without =
                ["ApiCanaryWatchdog", "ApiCanaryErrorBudgetBurnsFast", "ApiCanaryErrorBudgetBurnsSlowly"];
            assert_eq!(blame.is_none(), without.contains(&name.as_str()), "{name}: {blame:?}");
        }
    }
    assert!(layered > 20, "{layered}");
}

#[test]
fn a_lower_layer_never_waits_longer_than_a_higher_one() {
    let all: BTreeMap<_, _> = alerts().into_iter().collect();
    // Pages of targets that are down wait in the record that they share.
    let wait = |name: &str| all[name]["for"].as_str().map(|text| seconds(text).unwrap()).unwrap_or_default();
    let waits = ["Dns", "Tcp", "Proxy", "Tls", "Api"].map(|layer| wait(&format!("ApiCanary{layer}Fails")));
    assert!(waits.is_sorted(), "{waits:?}");
    // The last one is the longest.
    let pages = waits[4];
    assert!(wait("ApiCanaryDownFromSomeVantages") > pages, "a ticket must not precede the page");
    assert!(wait("ApiCanaryErrorBudgetBurnsFast") > pages, "what burns must see whether a page is there");
}

#[test]
fn of_every_page_of_a_target_that_is_down_exactly_one_takes_each_reason() {
    let api: Vec<(String, Reading)> = alerts()
        .into_iter()
        .map(|(name, rule)| (name, expression(&rule)))
        .filter(|(_, query)| query.selectors.iter().any(|s| s.metric == "job_target:api_canary_outage:count"))
        .collect();
    for reason in Reason::ALL {
        let takes = |query: &Reading| {
            query.selectors[0].matchers.iter().all(|Matcher { label, operator, value }| {
                let is = match label.as_str() {
                    "layer" => reason.layer().label(),
                    "verdict" => reason.label(),
                    _ => return true,
                };
                value.split('|').any(|value| value == is) != operator.starts_with('!')
            })
        };
        let takers: Vec<_> = api.iter().filter(|(_, query)| takes(query)).map(|(name, _)| name).collect();
        assert_eq!(takers.len(), 1, "{reason}: {takers:?}");
    }
}

#[test]
fn every_alert_has_a_case_in_which_it_fires_with_its_exact_words_and_one_in_which_it_is_silent() {
    let all = alerts();
    let checks = checks();
    for (name, _) in &all {
        let of = || checks.iter().filter(|check| check.alert == *name);
        let exact = |alert: &serde_json::Value| {
            let words = texts(alert, "exp_annotations");
            words.len() == 4 && words.iter().all(|(_, text)| !text.is_empty() && !text.contains("{{"))
        };
        assert!(
            of().any(|check| !check.expected.is_empty() && check.expected.iter().all(exact)),
            "{name} fires"
        );
        let always = name == "ApiCanaryWatchdog";
        assert_eq!(of().any(|check| check.expected.is_empty()), !always, "{name} is silent");
    }
    for check in &checks {
        assert!(all.iter().any(|(name, _)| *name == check.alert), "there is no {} to test", check.alert);
    }
}

#[test]
fn inhibitions_by_layer_are_among_alerts_that_have_a_target() {
    let example = files::yaml("alerts/alertmanager.yml");
    let names: Vec<_> = alerts().into_iter().map(|(name, _)| name).collect();
    for rule in list(&example, "inhibit_rules") {
        let matchers =
            |key| list(rule, key).iter().map(|matcher| matcher.as_str().unwrap()).collect::<Vec<_>>();
        let equal: Vec<_> = matchers("equal");
        assert!(equal.contains(&"job"), "{rule}");
        if equal.contains(&"target") {
            let muted = matchers("target_matchers");
            let has = |matcher: &&str| {
                *matcher == "target=~\".+\"" || matcher.starts_with("alertname=\"ApiCanaryErrorBudget")
            };
            assert!(muted.iter().any(has), "an alert without a target is equal to one without: {rule}");
        }
        for matcher in matchers("source_matchers").into_iter().chain(matchers("target_matchers")) {
            let Some((operator, pattern)) =
                matcher.strip_prefix("alertname").and_then(|rest| rest.split_once('"'))
            else {
                continue;
            };
            let pattern = regex::Regex::new(&format!("^(?:{})$", pattern.trim_end_matches('"'))).unwrap();
            let matching = names.iter().filter(|name| pattern.is_match(name)).count();
            assert!(matching == 1 || (operator == "=~" && matching > 1), "{matcher} is no alert's name");
        }
    }
}
