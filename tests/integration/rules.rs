//! `rules`: what is generated is accepted by those who read it, does what it is for, and is the same each time.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::canary::{Said, run};
use crate::workspace::Workspace;

/// Configs with objectives of every kind, by what they are about.
const CONFIGS: &[(&str, &str)] = &[
    ("one", "targets: [{ name: one, slo: { objective: 99.5 } }]"),
    ("none", "targets: [{ name: none }, { name: more.of_them, url: \"https://example.com\" }]"),
    (
        "latency",
        "vantage: lab\ntargets: [{ name: fast, call: { kind: hello }, families: [ipv4], interval: 20s, slo: { objective: 99, latency: 1s } }]",
    ),
    (
        "several",
        "targets:\n  - { name: b, interval: 7m, slo: { objective: 95 } }\n  - { name: a, slo: { objective: 60, window: 90d } }\n",
    ),
    ("seldom", "targets: [{ name: seldom, interval: 1h, slo: { objective: 99.9, window: 7d } }]"),
    (
        "strict",
        "targets: [{ name: strict, interval: 10s, slo: { objective: 99.99, window: 90d, latency: 120s } }]",
    ),
    (
        "paid",
        "targets: [{ name: paid, api_key: { env: NOT_HERE }, interval: 30s, slo: { objective: 99, latency: 2s, window: 28d }, \
         call: { kind: stream, interval: 10m, max_daily_cost_usd: 1 } }]",
    ),
];

/// The files that `rules` writes for a config, in a directory of their own.
struct Made {
    workspace: Workspace,
    config: String,
}

impl Made {
    fn of(config: &str) -> Self {
        let workspace = Workspace::new();
        let config = config.replace("name:", "provider: anthropic, name:");
        let config = workspace.write("config.yml", &config).display().to_string();
        Self { workspace, config }
    }

    fn say(&self, arguments: &[&str]) -> Said {
        let file = format!("--config.file={}", self.config);
        run(&[&["rules", &file], arguments].concat(), &[])
    }

    /// What is printed, which is not to fail.
    fn text(&self, arguments: &[&str]) -> String {
        let said = self.say(arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out
    }

    fn write(&self, name: &str, text: &str) -> String {
        self.workspace.write(name, text).display().to_string()
    }
}

/// Runs a program that checks something; whether it is content, and what it says.
fn checked(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| {
        panic!("{program} is needed for this test (Debian: prometheus, victoria-metrics): {error}")
    });
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[track_caller]
fn accepted(program: &str, arguments: &[&str]) {
    let (content, said) = checked(program, arguments);
    assert!(content, "{program} {arguments:?}: {said}");
}

#[test]
fn promtool_and_vmalert_accept_what_is_made_of_every_config_and_its_own_tests_pass() {
    for (name, config) in CONFIGS {
        let made = Made::of(config);
        let whole = made.text(&[]);
        assert_eq!(whole, made.text(&[]), "{name}: the same each time");
        let file = made.write("whole.rules.yml", &whole);
        accepted("promtool", &["check", "rules", "--lint=all", "--lint-fatal", &file]);
        accepted("vmalert", &["-dryRun", &format!("-rule={file}")]);
        // The bundled files have tests of their own.
        made.write("own.rules.yml", &made.text(&["--no-bundled"]));
        let tests = made.write("tests.yml", &made.text(&["--tests", "--rules-file=own.rules.yml"]));
        accepted("promtool", &["test", "rules", &tests]);
    }
}

#[test]
fn the_generated_tests_hold_for_the_whole_file_and_another_selector() {
    let made = Made::of("targets: [{ name: one, slo: { objective: 99.5, latency: 2s } }]");
    let flags = [
        "--selector=job=~\"canary-.+\", instance!=\"x\"",
        "--docs-url=https://docs.example.com/canary/",
        "--grafana-url=https://grafana.example.com",
    ];
    let whole = made.text(&flags);
    for gone in ["job=\"api-canary\"", "http://localhost:3000/d/", "http://localhost:10429/docs/"] {
        assert!(!whole.contains(gone), "{gone}");
    }
    let file = made.write("api-canary.rules.yml", &whole);
    accepted("promtool", &["check", "rules", "--lint=all", "--lint-fatal", &file]);
    let tests = made.text(&[&flags[..], &["--tests"]].concat());
    assert!(
        tests.contains("https://docs.example.com/canary/docs/alerts.md#apicanaryerrorbudgetburnsfast"),
        "{tests}"
    );
    let tests = made.write("tests.yml", &tests);
    accepted("promtool", &["test", "rules", &tests]);
}

#[test]
fn without_the_guard_the_generated_tests_fail_so_they_do_test_it() {
    let made = Made::of("targets: [{ name: one, interval: 1m, slo: { objective: 99.9 } }]");
    let rules = made.text(&["--no-bundled"]);
    let tests = made.write("tests.yml", &made.text(&["--tests"]));
    let broken = [
        ("> bool 2.5", "> bool 0", "one bad run"),
        ("(14.4 * 0.001)", "(2000 * 0.001)", "an outage"),
        ("severity: critical", "severity: info", "an outage"),
        ("ratio_rate30m{", "ratio_rate6h{", "an outage that is over"),
        (
            "and on ()\n          count(",
            "unless on ()\n          count(",
            "targets that nobody watches are told",
        ),
    ];
    made.write("api-canary.rules.yml", &rules);
    accepted("promtool", &["test", "rules", &tests]);
    for (right, wrong, found_by) in broken {
        assert!(rules.contains(right), "{right}");
        let mut rules = rules.replace(right, wrong);
        if right.starts_with("(14.4") {
            // Both pairs of windows, as one alone is enough.
            rules = rules.replace("(6 * 0.001)", wrong);
        }
        made.write("api-canary.rules.yml", &rules);
        let (content, said) = checked("promtool", &["test", "rules", &tests]);
        assert!(!content && said.contains(found_by), "{right} -> {wrong}: {said}");
    }
}

/// How often a target is run and fails each minute, as one canary sees it.
type Seen<'a> = (&'a str, &'a str, u32, u32);

fn seen(canaries: &[Seen<'_>]) -> String {
    let lines = canaries.iter().map(|(instance, target, runs, failed)| {
        let labels = format!("{{job=\"api-canary\", instance=\"{instance}\", target=\"{target}\"}}");
        format!(
            "      - {{ series: 'target_runs_total{labels}', values: 0+{runs}x120 }}\n\
             \x20     - {{ series: 'target_runs_failed_total{labels}', values: 0+{failed}x120 }}\n"
        )
    });
    lines.collect()
}

#[test]
fn shards_and_vantages_together_give_what_one_canary_gives() {
    let made = Made::of(
        "targets:\n  - { name: x, interval: 6s, slo: { objective: 99 } }\n  - { name: y, interval: 6s, slo: { objective: 99.5 } }\n",
    );
    made.write("api-canary.rules.yml", &made.text(&[]));
    let ways: [&[Seen<'_>]; 3] = [
        &[("one", "x", 10, 1), ("one", "y", 10, 5)],
        &[("shard-0", "x", 10, 1), ("shard-1", "y", 10, 5)],
        &[("fra", "x", 4, 0), ("fra", "y", 5, 5), ("nyc", "x", 6, 1), ("nyc", "y", 5, 0)],
    ];
    let query = |record: &str, x: &str, y: &str| {
        format!(
            "      - eval_time: 2h\n        expr: sum by (__name__, sloth_id, target) (round({record}, 0.0001))\n\
             \x20       exp_samples:\n\
             \x20         - {{ labels: '{{sloth_id=\"x-availability\", target=\"x\"}}', value: {x} }}\n\
             \x20         - {{ labels: '{{sloth_id=\"y-availability\", target=\"y\"}}', value: {y} }}\n"
        )
    };
    let queries = [
        query("slo:sli_error:ratio_rate5m", "0.1", "0.5"),
        query("slo:sli_error:ratio_rate1h", "0.1", "0.5"),
        query("slo:sli_error:ratio_rate30d", "0.1", "0.5"),
        query("slo:current_burn_rate:ratio", "10", "100"),
        query("slo:period_error_budget_remaining:ratio", "-9", "-99"),
    ]
    .concat();
    let tests = ways.map(|way| {
        format!("  - interval: 1m\n    input_series:\n{}    promql_expr_test:\n{queries}", seen(way))
    });
    let text =
        format!("rule_files: [api-canary.rules.yml]\nevaluation_interval: 1m\ntests:\n{}", tests.concat());
    let tests = made.write("tests.yml", &text);
    accepted("promtool", &["test", "rules", &tests]);
}

#[test]
fn every_metric_of_the_rules_is_one_that_a_canary_has() {
    let listing = api_canary::metrics::listing().unwrap();
    let known: Vec<_> = listing.lines().filter_map(|line| line.split(' ').next()).collect();
    let mut seen = 0;
    for (name, config) in CONFIGS {
        for line in Made::of(config).text(&["--no-bundled"]).lines() {
            for (before, _) in line.match_indices('{').map(|(at, _)| line.split_at(at)) {
                let metric =
                    before.rsplit(|c: char| c != '_' && c != ':' && !c.is_alphanumeric()).next().unwrap();
                if matches!(metric, "" | "ALERTS") || metric.starts_with("slo:") {
                    continue;
                }
                let family = ["_bucket", "_count"].iter().find_map(|end| metric.strip_suffix(end));
                assert!(known.contains(&family.unwrap_or(metric)), "{name}: {metric}");
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn what_is_hard_to_measure_is_told_on_standard_error_and_in_the_file() {
    let said = |slo: &str| {
        let said = Made::of(&format!("targets: [{{ name: x, {slo} }}]")).say(&["--no-bundled"]);
        let told: Vec<_> =
            said.err.lines().map(|line| line.replace("warning: x-availability: ", "")).collect();
        for line in &told {
            assert!(said.out.contains(&format!("  # Warning: {line}\n")), "{line}: {}", said.out);
        }
        told
    };
    assert_eq!(said("interval: 1m, slo: { objective: 99.5 }"), [""; 0]);
    assert_eq!(
        said("interval: 1m, slo: { objective: 99.9 }"),
        [
            "by itself one failed run would page, being more than 14.4 times 0.1% of the 60 runs in 1h; that it does not is due \
          to the guard of 3 failed runs"
        ]
    );
    assert_eq!(
        said("interval: 1h, slo: { objective: 99.9, window: 7d }"),
        [
            "it cannot be measured: 1h between two runs leaves a budget of 0.17 runs in 7d, so that one failed run spends \
             more than all of it",
            "1h between two runs is too long for the burn rate over 5m and 1h, which is left out",
            "1h between two runs is too long for the burn rate over 30m and 6h, which is left out",
            "no page is left for it",
        ]
    );
    assert_eq!(
        said("interval: 1m, slo: { objective: 90 }"),
        [
            "a total outage does not burn the budget 14.4 times as fast as allowed, so the burn rate over 5m and 1h is left out"
        ]
    );
}

#[test]
fn what_cannot_be_used_is_told_and_nothing_is_printed() {
    let made = Made::of("targets: [{ name: x }]");
    for (flag, problem) in [
        ("--selector=job", "is not a list of label matchers"),
        ("--selector=target=\"x\"", "what the rules themselves select by"),
        ("--docs-url=localhost", "is not an address such as"),
        ("--rules-file=x", "--tests"),
    ] {
        let said = made.say(&[flag]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert!(said.err.contains(problem), "{}", said.err);
    }
    let said = made.say(&["--tests", "--selector=job=~\"[0-9]{4}\""]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("write tests with an exact selector"), "{}", said.err);
    let said = Made::of("targets: [{ name: x, intervall: 30s }]").say(&[]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("config.yml:1:43: targets[0].intervall"), "{}", said.err);
}

#[test]
fn keys_and_certificates_need_not_be_where_rules_are_made() {
    let config = "targets: [{ name: x, api_key: { file: nowhere/key }, tls: { ca_file: nowhere/ca.pem, \
                  client_cert: { cert_file: nowhere/cert.pem, key_file: nowhere/key.pem } }, \
                  slo: { objective: 99, latency: 2s } }]";
    let text = Made::of(config).text(&["--no-bundled"]);
    assert!(text.contains("endpoint=\"models\""), "as with the key: {text}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test asks how it was started, not how the program is set up"
)]
fn update() -> bool {
    std::env::var("UPDATE_GENERATED").is_ok()
}

#[test]
fn generated_rules_are_as_before() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/rules.yml");
    let text = Made::of("targets: [{ name: claude, slo: { objective: 99.5, latency: 2s } }]")
        .text(&["--no-bundled"]);
    if update() {
        fs::write(&path, &text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, text, "{} is stale: UPDATE_GENERATED=1 cargo test generated", path.display());
}

#[test]
fn one_of_two_vantages_that_is_cut_off_makes_a_ticket_and_no_page() {
    let made = Made::of("targets: [{ name: x, interval: 6s, slo: { objective: 99.5 } }]");
    made.write("api-canary.rules.yml", &made.text(&[]));
    let test = |name: &str, canaries: &[Seen<'_>], layered: &str, page: u8| {
        let up = canaries.iter().map(|(instance, target, ..)| {
            let labels = format!("{{job=\"api-canary\", instance=\"{instance}\", target=\"{target}\"}}");
            format!("      - {{ series: 'target_up{labels}', values: 1x120 }}\n")
        });
        let count = |alert: &str, expected: u8| {
            let samples = if expected == 0 {
                "[]".to_owned()
            } else {
                format!("[{{ labels: '{{}}', value: {expected} }}]")
            };
            format!(
                "      - eval_time: 30m\n        expr: count(ALERTS{{alertname=\"{alert}\", alertstate=\"firing\"}})\n\
                 \x20       exp_samples: {samples}\n"
            )
        };
        format!(
            "  - name: {name}\n    interval: 1m\n    input_series:\n{}{}{layered}    promql_expr_test:\n{}{}",
            seen(canaries),
            up.collect::<String>(),
            count("ApiCanaryErrorBudgetBurnsFast", page),
            count("ApiCanaryErrorBudgetBurnsSlowly", 1)
        )
    };
    let paged = "      - { series: 'ALERTS{alertname=\"Other\", alertstate=\"firing\", severity=\"critical\", layer=\"tcp\", \
                 target=\"x\", job=\"api-canary\"}', values: 1x120 }\n";
    let tests = [
        test("one of two", &[("fra", "x", 10, 10), ("nyc", "x", 10, 0)], "", 0),
        test("two of three", &[("fra", "x", 10, 10), ("nyc", "x", 10, 10), ("sin", "x", 10, 0)], "", 1),
        test("paged already", &[("fra", "x", 10, 10)], paged, 0),
    ];
    let text =
        format!("rule_files: [api-canary.rules.yml]\nevaluation_interval: 1m\ntests:\n{}", tests.concat());
    let tests = made.write("tests.yml", &text);
    accepted("promtool", &["test", "rules", &tests]);
}
