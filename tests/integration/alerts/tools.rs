//! The tools that read the rules in earnest: promtool, amtool and vmalert.

use std::process::Command;

use super::files::{FILES, path};
use crate::peers::process::program;

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

#[test]
fn promtool_has_nothing_to_say_about_the_rules() {
    let files = FILES.map(|file| path(&format!("alerts/{file}.rules.yml")));
    run(program("promtool").args(["check", "rules", "--lint=all", "--lint-fatal"]).args(files));
}

#[test]
fn the_rules_pass_their_own_tests() {
    let files = FILES.map(|file| path(&format!("tests/alerts/{file}.test.yml")));
    run(program("promtool").args(["test", "rules"]).args(files));
}

#[test]
fn vmalert_reads_the_rules_too() {
    let files = FILES.map(|file| format!("-rule={}", path(&format!("alerts/{file}.rules.yml")).display()));
    run(program("vmalert").arg("-dryRun").args(files));
}

fn amtool(arguments: &[&str]) -> String {
    run(program("amtool").args(arguments).env("HOME", "/nonexistent"))
}

#[test]
fn amtool_accepts_the_example() {
    amtool(&["check-config", &path("alerts/alertmanager.yml").display().to_string()]);
}

#[test]
fn an_alert_goes_to_whoever_must_act() {
    let example = format!("--config.file={}", path("alerts/alertmanager.yml").display());
    for (labels, receiver) in [
        ("alertname=ApiCanaryWatchdog severity=info", "dead-man"),
        ("alertname=ApiCanaryDnsFails target=a layer=dns blame=resolver severity=critical", "network-pager"),
        ("alertname=ApiCanaryTcpFails target=a layer=tcp blame=network severity=critical", "network-pager"),
        ("alertname=ApiCanaryProxyFails target=a layer=proxy blame=proxy severity=critical", "network-pager"),
        ("alertname=ApiCanaryTlsFails target=a layer=tls blame=provider severity=critical", "provider-pager"),
        ("alertname=ApiCanaryKeyRefused target=a layer=api blame=account severity=critical", "account-pager"),
        ("alertname=ApiCanaryApiFails target=a layer=api blame=config severity=critical", "canary-pager"),
        (
            "alertname=ApiCanaryTargetDegraded target=a layer=tcp blame=network severity=warning",
            "network-tickets",
        ),
        (
            "alertname=ApiCanaryLatencyHigh target=a layer=api blame=provider severity=warning",
            "provider-tickets",
        ),
        ("alertname=ApiCanaryRateLimitRunsOut target=a blame=account severity=warning", "account-tickets"),
        ("alertname=ApiCanaryAllDown blame=canary severity=critical", "canary-pager"),
        ("alertname=ApiCanaryStale blame=canary severity=warning", "canary-tickets"),
        ("alertname=ApiCanaryAllStale blame=canary severity=critical", "canary-pager"),
        ("alertname=ApiCanaryConfigReloadFailed blame=config severity=warning", "canary-tickets"),
        ("alertname=ApiCanaryCertificateIssuerChanged target=a blame=network severity=info", "information"),
        ("alertname=ApiCanaryErrorBudgetBurnsFast target=a severity=critical", "operations-pager"),
        ("alertname=ApiCanaryErrorBudgetBurnsSlowly target=a severity=warning", "operations-tickets"),
    ] {
        let expected = format!("--verify.receivers={receiver}");
        let labels: Vec<_> = labels.split(' ').collect();
        amtool(&[&["config", "routes", "test", &example, &expected], &labels[..]].concat());
    }
}
