//! What alerts tell people, and where they send them.

use std::collections::BTreeSet;

use super::files::{alerts, anchors, checks, text, texts};

const RUNBOOKS: &str = "http://localhost:10429/docs/";
const BOARDS: &str = "http://localhost:3000/d/";

#[test]
fn an_alert_has_a_headline_a_description_and_two_places_to_go_to() {
    let value_as_it_is = regex::Regex::new(r"\{\{ \$value \}\}").unwrap();
    for (name, rule) in alerts() {
        let annotations = texts(&rule, "annotations");
        let keys: Vec<_> = annotations.iter().map(|(key, _)| *key).collect();
        let of = |key: &str| annotations.iter().find(|(known, _)| *known == key).unwrap().1;
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 4, "{name}: {keys:?}");
        let summary = of("summary");
        assert!(!summary.contains("{{") && summary.len() < 80, "{name}: a headline never changes: {summary}");
        assert!(summary.starts_with(char::is_uppercase) && summary.ends_with('.'), "{name}: {summary}");
        let description = of("description");
        let watchdog = name == "ApiCanaryWatchdog";
        assert!(watchdog || description.contains("{{ $labels."), "{name} says of what it is: {description}");
        let burns = name.contains("BudgetBurns");
        assert!(watchdog || burns || description.contains("Who must act: "), "{name}: {description}");
        assert!(of("runbook_url").starts_with(RUNBOOKS), "{name}");
        assert!(of("dashboard_url").starts_with(BOARDS), "{name}");
        for (key, value) in &annotations {
            // A value as it is has a dozen digits.
            let plain = value_as_it_is.find_iter(value).count();
            let counts = [
                "ApiCanaryCertificateChainBroken",
                "ApiCanaryTlsIntercepted",
                "ApiCanaryCallPaused",
                "ApiCanaryStale",
            ];
            assert!(plain == 0 || counts.contains(&name.as_str()), "{name}: {key}: {value}");
            // What asks must say something where there is no answer; a duration may just be left out.
            let asks = value.matches("| query").count();
            let otherwise = value.matches("{{ else }}").count() + value.matches("{{- else }}").count();
            let left_out = value.matches("time() - min(").count();
            assert!(otherwise + left_out >= asks, "{name}: {key}: {value}");
        }
    }
}

#[test]
fn runbooks_and_boards_that_alerts_link_to_exist() {
    let reasons = anchors("docs/reasons.md");
    let own = anchors("docs/alerts.md");
    let boards = ["api-canary-overview", "api-canary-target", "api-canary-api", "api-canary-canary"];
    let exists = |name: &str, url: &str| {
        let place = url.strip_prefix(RUNBOOKS).unwrap_or_else(|| panic!("{name}: {url}"));
        let (page, anchor) = place.split_once('#').unwrap_or_else(|| panic!("{name}: {url}"));
        let anchors = match page {
            "reasons.md" => &reasons,
            "alerts.md" => &own,
            other => panic!("{name}: {other}"),
        };
        assert!(anchors.iter().any(|known| known == anchor), "{name}: {url}");
    };
    for check in checks() {
        for expected in &check.expected {
            for (key, value) in texts(expected, "exp_annotations") {
                match key {
                    "runbook_url" => exists(&check.alert, value),
                    "dashboard_url" => {
                        let board = value.strip_prefix(BOARDS).unwrap().split('?').next().unwrap();
                        assert!(boards.contains(&board), "{}: {value}", check.alert);
                    }
                    _ => {}
                }
            }
        }
    }
    for (name, rule) in alerts() {
        let (_, url) =
            texts(&rule, "annotations").into_iter().find(|(key, _)| *key == "runbook_url").unwrap();
        match url.split_once("{{") {
            None => exists(&name, url),
            // By its verdict, or the page as a whole.
            Some((before, _)) => {
                assert_eq!(before.trim(), format!("{RUNBOOKS}reasons.md#"), "{name}");
                assert!(url.ends_with("{{ else }}reasons{{ end }}"), "{name}: {url}");
                assert!(reasons.contains(&"reasons".to_owned()));
            }
        }
    }
}

#[test]
fn the_page_about_alerts_has_each_of_them_with_its_severity() {
    let page = text("docs/alerts.md");
    let anchors = anchors("docs/alerts.md");
    for (name, rule) in alerts() {
        let severity = rule["labels"]["severity"].as_str().unwrap();
        let row =
            page.lines().find(|line| line.starts_with(&format!("| [{name}](#{})", name.to_lowercase())));
        let row = row.unwrap_or_else(|| panic!("{name} is in no table"));
        assert!(row.contains(&format!("| {severity} |")), "{row}");
        assert!(anchors.contains(&name.to_lowercase()), "{name} has no heading");
    }
    let mut names: BTreeSet<_> = alerts().into_iter().map(|(name, _)| name).collect();
    // Made by `api-canary rules` for each target.
    names.insert("ApiCanaryTargetAbsent".to_owned());
    for found in regex::Regex::new("ApiCanary[A-Z][A-Za-z]+").unwrap().find_iter(&page) {
        assert!(names.contains(found.as_str()), "there is no {}", found.as_str());
    }
}
