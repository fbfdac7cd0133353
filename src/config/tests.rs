//! The config as a whole: texts in, targets or exact problems out.

use std::time::Duration;

use proptest::prelude::*;

mod calls;
mod discovery;
mod examples;
mod paths;

use super::*;
use crate::outcome::Family;
use crate::provider::CallKind;
use crate::target::{DiagnosisOptions, Families, ResolverKind, Roots, SYSTEM};

/// A target that is right, to put mistakes into.
const GOOD: &str = "targets:\n  - name: claude\n    provider: anthropic\n";

const SECRET: &str = "sk-ant-very-secret";

fn environment() -> Env {
    Env::of([("KEY", SECRET), ("EMPTY", " "), ("BAD", "sk-ant-very-secret\nx"), ("FIVE", "5s")])
}

fn problems(text: &str) -> String {
    load_text(text, &environment()).map_or_else(|problems| problems.to_string(), |_| "no problem".to_owned())
}

/// Problems of the lines that are put after [`GOOD`], from line 4.
fn problems_of_target(lines: &str) -> String {
    problems(&format!("{GOOD}{lines}"))
}

fn target(lines: &str) -> Arc<Target> {
    load_text(&format!("{GOOD}{lines}"), &environment()).unwrap().targets.remove(0)
}

/// Lines of a target after [`GOOD`], and what is told about them.
const MISTAKES: &[(&str, &str)] = &[
    (
        "    intervall: 5s",
        "4:5: targets[0].intervall: unknown key \"intervall\"\n    help: did you mean `interval`? (known here: `name`, `provider`, `url`, `endpoints`, `top_layer`, `api_key`, `interval`, `timeout`, `routes`, `families`, `addresses`, `resolvers`, `failover`, `diagnosis`, `expected_networks`, `tls`, `http`, `call`, `retry`, `status_page`, `slo`)",
    ),
    (
        "    interval: 5x",
        "4:15: targets[0].interval: \"5x\" is not a duration: write it as Prometheus does, such as 15s, 1m30s or 250ms",
    ),
    (
        "    interval: ${KEY}",
        "4:15: targets[0].interval: [from ${KEY}] is not a duration: write it as Prometheus does, such as 15s, 1m30s or 250ms",
    ),
    ("    interval: 500ms", "4:15: targets[0].interval: \"500ms\" is not from 1s to 1d"),
    ("    interval: ${NOPE}", "4:15: targets[0].interval: the environment variable NOPE is not set"),
    ("    interval: [5s]", "4:15: targets[0].interval: a list, but a single value is wanted"),
    (
        "    timeout: 40s",
        "4:14: targets[0].timeout: \"40s\" is longer than the interval of 30s\n    help: a run must be over when the next one starts: shorten the timeout or lengthen the interval",
    ),
    (
        "    url: \"https://\"",
        "4:10: targets[0].url: the URL has no host: write it like https://api.example.com",
    ),
    ("    url: ${KEY}", "4:10: targets[0].url: [from ${KEY}] is not the URL of a target"),
    (
        "    families: [ipv5]",
        "4:16: targets[0].families[0]: \"ipv5\" is none of `ipv4`, `ipv6`\n    help: did you mean `ipv4`?",
    ),
    ("    families: [ipv4, ipv4]", "4:22: targets[0].families[1]: `ipv4` stands here more than once"),
    ("    families: [ipv4, ]\n    routes: [~]", "5:14: targets[0].routes[0]: an item with nothing in it"),
    (
        "    families: []",
        "4:15: targets[0].families: an empty list: leave the key out for those that DNS answers",
    ),
    (
        "    resolvers: [sytem]",
        "4:17: targets[0].resolvers[0]: no resolver is named \"sytem\"\n    help: did you mean `system`?",
    ),
    (
        "    expected_networks: [1.2.3.4]",
        "4:25: targets[0].expected_networks[0]: \"1.2.3.4\" is not a network: write it like 192.0.2.0/24 or 2001:db8::/32",
    ),
    (
        "    api_key: sk-ant-123",
        "4:14: targets[0].api_key: a single value, but a mapping with the keys `env`, `file`, `optional` is wanted",
    ),
    (
        "    api_key: {env: sk-ant-123}",
        "4:20: targets[0].api_key.env: this is not the name of an environment variable: letters, digits and _\n    help: name the variable that holds the key, such as ANTHROPIC_API_KEY",
    ),
    (
        "    api_key: {env: NOPE}",
        "4:20: targets[0].api_key.env: the environment variable NOPE is not set\n    help: set it, or add `optional: true` to go on without a key",
    ),
    (
        "    api_key: {env: BAD}",
        "4:20: targets[0].api_key.env: the environment variable BAD: the key holds characters that cannot be sent in a header (a line break inside it, or non-ASCII)",
    ),
    (
        "    api_key: {file: nope/key}",
        "4:21: targets[0].api_key.file: the key file cannot be read: No such file or directory (os error 2)",
    ),
    ("    api_key: {optional: true}", "4:14: targets[0].api_key: missing: give one of `env` and `file`"),
    (
        "    api_key: {env: KEY, file: x}",
        "4:14: targets[0].api_key: `env` and `file` are both given: keep one",
    ),
    (
        "    api_key: {env: KEY, optional: yes}",
        "4:35: targets[0].api_key.optional: \"yes\" is not true or false",
    ),
    (
        "    api_key: {env: KEY}\n    url: http://example.com",
        "4:14: targets[0].api_key: a key is never sent over plain HTTP, and a URL of this target is http://\n    help: use https://, or leave api_key out",
    ),
    (
        "    tls: {ca_file: nope.pem}",
        "4:20: targets[0].tls.ca_file: cannot read \"nope.pem\": No such file or directory (os error 2)",
    ),
    (
        "    tls: {server_name: a b}",
        "4:24: targets[0].tls.server_name: \"a b\" is not a DNS name or an IP address",
    ),
    (
        "    tls: {min_version: 1.1}",
        "4:24: targets[0].tls.min_version: \"1.1\" is none of `1.2`, `1.3`\n    help: did you mean `1.2`?",
    ),
    (
        "    http: {headers: {Host: x}}",
        "4:22: targets[0].http.headers.Host: the header host is the canary's to set",
    ),
    (
        "    http: {headers: {X-Api-Key: x}}",
        "4:22: targets[0].http.headers.X-Api-Key: the header x-api-key carries the key: use api_key",
    ),
    (
        "    http: {headers: {a: 1, A: 2}}",
        "4:28: targets[0].http.headers.A: the header a stands here more than once",
    ),
    (
        "    http: {headers: {a: \"secret\\n\"}}",
        "4:25: targets[0].http.headers.a: this value cannot be sent in a header (a line break or another control character)",
    ),
    (
        "    http: {headers: {\"a b\": x}}",
        "4:22: targets[0].http.headers[\"a b\"]: \"a b\" is not the name of a header",
    ),
    (
        "    http: {expect: {status: [99, x]}}",
        "4:30: targets[0].http.expect.status[0]: \"99\" is not the status of an answer: 200 to 599\nconfig.yml:4:34: targets[0].http.expect.status[1]: \"x\" is not a whole number from 0 to 65535",
    ),
    (
        "    http: {expect: {body_regex: \"(\"}}",
        "4:33: targets[0].http.expect.body_regex: \"(\" is not a regular expression: unclosed group",
    ),
    (
        "    http: {expect: {max_latency: 0s}}",
        "4:34: targets[0].http.expect.max_latency: every answer takes longer than 0s: leave the key out for no limit",
    ),
    (
        "    call: {kind: models}",
        "4:18: targets[0].call.kind: the call `models` needs a key\n    help: set api_key (an optional one that is missing is none), or call `hello`",
    ),
    (
        "    call: {kind: get}",
        "4:18: targets[0].call.kind: the provider `anthropic` has no call \"get\": it has `hello`, `models`, `count_tokens`, `message`, `stream`",
    ),
    (
        "    slo: {}",
        "4:10: targets[0].slo.objective: missing: what share of the runs must be good, in percent, such as 99.5",
    ),
    (
        "    slo: {objective: 0.995, window: 36h, latency: 3s}",
        "4:22: targets[0].slo.objective: \"0.995\" is not an objective: write it in percent, from 50 to less than 100, such as 99.5\nconfig.yml:4:37: targets[0].slo.window: \"1d12h\" is not from 7d to 90d\nconfig.yml:4:51: targets[0].slo.latency: \"3s\" is not a bound of `api_latency_seconds`\n    help: what lies between two of them is not counted: 5ms, 25ms, 100ms, 250ms, 500ms, 1s, 2s, 5s, 10s, 2m",
    ),
    (
        "    slo: {objective: 99, window: 180h}",
        "4:34: targets[0].slo.window: \"7d12h\" is not a whole number of days",
    ),
    ("    timeout: 5s\n    timeout: 6s", "5:5: targets[0].timeout: the key stands already on line 4"),
    (
        "    url: &a https://x\n    tls: *a",
        "4:10: targets[0].url: anchors (&) are not supported: write the value out where it is needed\nconfig.yml:5:10: targets[0].tls: aliases (*) are not supported: write the value out",
    ),
    (
        "    timeout: !!str 5s",
        "4:14: targets[0].timeout: tags (!) are not supported: every key knows the type of its value",
    ),
    (
        "    url: $HOME",
        "4:10: targets[0].url: a lone $\n    help: write ${NAME} for a variable and $$ for a dollar",
    ),
];

#[test]
fn a_mistake_in_a_target_is_told_with_place_path_and_help() {
    for (lines, told) in MISTAKES {
        assert_eq!(problems_of_target(lines), format!("config.yml:{told}"), "{lines}");
    }
}

#[test]
fn a_mistake_outside_of_targets_is_told_too() {
    const HELP: &str = "\n    help: `api-canary config --default` prints a commented config to start from";
    for (text, told) in [
        ("", format!("1:1: there is nothing in it: a config needs at least `targets`{HELP}")),
        ("# x\n---\n", format!("1:1: there is nothing in it: a config needs at least `targets`{HELP}")),
        ("{}", format!("1:1: targets: missing: a config needs at least one target{HELP}")),
        ("targets: []", format!("1:10: targets: missing: a config needs at least one target{HELP}")),
        ("- a", "1:1: a list, but a mapping with keys such as `vantage` is wanted".to_owned()),
        ("targets: 5", "1:10: targets: a single value, but a list is wanted".to_owned()),
        ("targets:\n  -", "2:4: targets[0]: an item with nothing in it".to_owned()),
        (
            "targets:\n  - {}",
            "2:5: targets[0].name: missing: every target needs a name\nconfig.yml:2:5: targets[0].provider: missing: every target needs a provider, one of `anthropic`, `openai`, `azure_openai`, `gemini`, `vertex`, `bedrock`, `mistral`, `groq`, `openrouter`, `http`".to_owned(),
        ),
        (
            "targets: [{name: a, provider: http}]",
            "1:11: targets[0].url: missing: the provider `http` has no URL of its own".to_owned(),
        ),
        (
            "targets: [{name: a/b, provider: antropic}]",
            "1:18: targets[0].name: \"a/b\" is not a name: 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit\nconfig.yml:1:33: targets[0].provider: \"antropic\" is none of `anthropic`, `openai`, `azure_openai`, `gemini`, `vertex`, `bedrock`, `mistral`, `groq`, `openrouter`, `http`\n    help: did you mean `anthropic`?".to_owned(),
        ),
        (
            "targets:\n  - name: a\n    provider: anthropic\n  - name: a\n    provider: anthropic",
            "4:11: targets[1].name: \"a\" is the name of the target on line 2 already\n    help: names must be unique".to_owned(),
        ),
        (
            "metric: {}\nvantage: a b\ntargets: [{name: a, provider: anthropic}]",
            "1:1: metric: unknown key \"metric\"\n    help: did you mean `metrics`? (known here: `vantage`, `resolvers`, `routes`, `control`, `history`, `probe`, `metrics`, `defaults`, `targets`, `target_files`, `target_sources`)\nconfig.yml:2:10: vantage: \"a b\" is not a name: 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit".to_owned(),
        ),
        (
            "defaults: {interval: 5s, timeout: 6s}\ntargets: [{name: a, provider: anthropic}]",
            "1:35: defaults.timeout: \"6s\" is longer than the interval of 5s\n    help: a run must be over when the next one starts: shorten the timeout or lengthen the interval".to_owned(),
        ),
        ("targets:\n\t- name: a", "2:2: not YAML: tabs disallowed within this context (block indentation)\n    help: indent with spaces".to_owned()),
        ("targets: [a", "1:12: not YAML: while parsing a flow sequence, expected ',' or ']'".to_owned()),
        ("a: 1\n---\nb: 2", "2:1: a second document (---) starts here: a config is one document".to_owned()),
        ("targets: [{name: a, provider: anthropic}]\n[a]: 1", "2:1: a key must be a text, not a list or a mapping".to_owned()),
    ] {
        let problems = problems(text);
        assert_eq!(problems, format!("config.yml:{told}"), "{text}");
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = "\
defaults: { timeout: soon }
targets:
  - name: a
    provider: anthropic
    interval: 5x
    tls: { min_version: 2, expiry_warning: 21 }
  - name: a
    url: ftp://example.com
    provider: http
    http: { expect: { status: 200 } }
resolver: {}
";
    let places: Vec<_> = load_text(text, &environment())
        .unwrap_err()
        .list()
        .iter()
        .map(|problem| format!("{} {}", problem.position.unwrap().line, problem.path))
        .collect();
    assert_eq!(
        places,
        [
            "1 defaults.timeout",
            "5 targets[0].interval",
            "6 targets[0].tls.min_version",
            "6 targets[0].tls.expiry_warning",
            "7 targets[1].name",
            "8 targets[1].url",
            "10 targets[1].http.expect.status",
            "11 resolver",
        ]
    );
}

#[test]
fn files_that_are_no_config_are_a_problem() {
    let dir = tempfile::tempdir().unwrap();
    let told = |name: &str| {
        let path = dir.path().join(name);
        let problems = Config::load(&Source::File(path.clone()), &environment()).unwrap_err().to_string();
        problems.strip_prefix(&path.display().to_string()).unwrap().to_owned()
    };
    std::fs::write(dir.path().join("latin1"), b"targets:\n- name: \xe9").unwrap();
    assert_eq!(told("missing.yml"), ": cannot be read: No such file or directory (os error 2)");
    assert_eq!(told(""), ": cannot be read: it is neither a regular file nor a pipe");
    assert_eq!(told("latin1"), ": not UTF-8 (line 2)\n    help: save the file as UTF-8");
}

#[test]
fn a_long_value_is_cut_in_its_problem() {
    assert!(problems_of_target(&format!("    url: {}", "é".repeat(100_000))).len() < 1500);
}

#[test]
fn deep_nesting_is_refused_and_not_recursed_into() {
    const TOLD: &str = "nested more than 32 levels deep";
    assert_eq!(problems(&("- ".repeat(100_000) + "a")), format!("config.yml:1:65: {TOLD}"));
    assert_eq!(problems(&("[".repeat(50) + "a, b")), format!("config.yml:1:33: {TOLD}"));
    assert_eq!(problems(&"[".repeat(100_000)), format!("config.yml:1:256: {TOLD}"));
}

#[test]
fn the_default_config_loads_with_and_without_a_key() {
    let keyless = Config::load(&Source::Default, &Env::of([("A", "b")])).unwrap();
    let target = &keyless.targets[0];
    assert_eq!(
        (&*target.name, target.call.kind, target.api_key.is_none()),
        ("claude", CallKind::Hello, true)
    );
    let keyed = Config::load(&Source::Default, &Env::of([("ANTHROPIC_API_KEY", SECRET)])).unwrap();
    let target = &keyed.targets[0];
    assert_eq!(target.call.kind, CallKind::Models);
    assert_eq!(target.api_key.as_ref().unwrap().current().expose(), SECRET);
}

#[test]
fn the_comments_of_the_default_config_are_its_defaults() {
    let is_key = |line: &str| {
        line.split_once(':').is_some_and(|(key, _)| {
            let key = key.trim_start().trim_start_matches("- ");
            key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        })
    };
    let all: String = DEFAULT
        .lines()
        .filter(|line| !line.contains("file: "))
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if is_key(key) => key,
            _ => line,
        })
        .fold(String::new(), |text, line| text + line + "\n");
    let env = Env::of([("INVENTORY_TOKEN", "b")]);
    let said = load_text(&all, &env).unwrap_or_else(|problems| panic!("{problems}\n{all}"));
    assert!(said.resolvers.len() == 1 && said.sources.len() == 1 && all.contains("\n    url:"), "{all}");
    assert_eq!(said.targets, load_text(DEFAULT, &env).unwrap().targets);
    let plain = "target_sources: [{ url: \"https://inventory.example.com/targets\", bearer_token: { env: INVENTORY_TOKEN } }]";
    assert_eq!(said.sources, load_text(plain, &env).unwrap().sources);
}

#[test]
fn what_a_target_says_is_what_it_gets() {
    let plain = target("");
    assert_eq!(plain.resolvers[0].kind, ResolverKind::System);
    assert_eq!(plain.sites[0].expected_networks.len(), 2);
    assert_eq!(plain.families, Families::Answered);
    assert_eq!(
        target("    interval: 5s").timeout,
        Duration::from_secs(5),
        "the default gives way to the interval"
    );
    assert_eq!(target("    url: https://proxy.example.com").sites[0].expected_networks, []);
    assert_eq!(target("    url: https://api.anthropic.com:444/x").sites[0].expected_networks.len(), 2);
    assert_eq!(target("    expected_networks: []").sites[0].expected_networks, []);
    assert_eq!(target("    families: [ipv6]").families, Families::Only(vec![Family::Ipv6]));
    assert_eq!(target("    api_key: {env: KEY}\n    call: {kind: hello}").call.kind, CallKind::Hello);
    assert_eq!(target("    api_key: {env: EMPTY, optional: true}").api_key, None);
    assert_eq!(target("    api_key: {file: /nope, optional: true}").api_key, None);
    let empty = tempfile::NamedTempFile::new().unwrap();
    let key = format!("    api_key: {{file: {}, optional: true}}", empty.path().display());
    assert_eq!(target(&key).api_key, None);
    assert_eq!(target("    interval: \"${FIVE}\"").interval, Duration::from_secs(5));
    assert_eq!(target("    tls:\n    call: ~\n    timeout:"), plain, "nothing is as good as absent");
    assert_eq!(&*plain.resolvers[0].name, SYSTEM);
    let http =
        target("    http: {headers: {X-Team: 5}, expect: {body_regex: a+, status: [200]}}").http.clone();
    assert!(http.headers[0].1.is_sensitive());
    assert_eq!((http.expect.status, http.expect.body.is_some()), (vec![200], true));
}

#[test]
fn a_generic_target_calls_with_and_without_a_key() {
    for key in ["", ", api_key: {env: KEY}"] {
        let text = format!(
            "targets: [{{name: 7, provider: http, url: https://x.example/health{key}, call: {{kind: get}}}}]"
        );
        assert_eq!(load_text(&text, &environment()).unwrap().targets[0].call.kind, CallKind::Get);
    }
}

#[cfg(feature = "simulate")]
#[test]
fn a_ca_file_is_read_from_the_directory_of_the_config() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(dir.path().join("ca.pem"), made.cert.pem()).unwrap();
    std::fs::write(dir.path().join("empty.pem"), "nothing\n").unwrap();
    let file = dir.path().join("config.yml");
    let load = |pem: &str| {
        std::fs::write(&file, format!("{GOOD}    tls: {{ca_file: {pem}}}")).unwrap();
        Config::load(&Source::File(file.clone()), &environment())
    };
    let config = load("ca.pem").unwrap();
    let Roots::File { path, certificates } = &config.targets[0].tls.roots else { panic!("a file") };
    assert_eq!(Path::new(&**path), dir.path().join("ca.pem"));
    assert_eq!(**certificates, [made.cert.der().clone()]);
    std::fs::write(&file, format!("{GOOD}    tls: {{ca_file: ca.pem}}\n  - {{name: b, provider: http, url: https://b.test, tls: {{ca_file: ca.pem}}}}\n")).unwrap();
    let several = Config::load(&Source::File(file.clone()), &environment()).unwrap();
    let certificates = |at: usize| match &several.targets[at].tls.roots {
        Roots::File { certificates, .. } => Arc::clone(certificates),
        Roots::Public => panic!("a file"),
    };
    assert!(Arc::ptr_eq(&certificates(0), &certificates(1)), "read once for all");
    let shown = effective(&config);
    assert_eq!(load_text(&shown, &environment()).unwrap(), config);
    let told = load("empty.pem").unwrap_err().to_string();
    assert!(
        told.ends_with(
            "\"empty.pem\" cannot be used: there is no certificate in it (PEM, BEGIN CERTIFICATE)"
        ),
        "{told}"
    );
}

#[test]
fn an_address_outside_of_the_listed_families_is_a_mistake() {
    let told =
        problems("targets:\n  - {name: a, provider: http, url: \"https://127.0.0.1/\", families: [ipv6]}\n");
    assert!(
        told.contains(
            "targets[0].families: a URL of this target holds an address of ipv4, which is not listed"
        ),
        "{told}"
    );
}

#[test]
fn the_path_of_a_url_from_the_environment_is_not_shown() {
    let text = "targets:\n  - {name: a, provider: http, url: \"https://h.example/${KEY}?k=${KEY}\", \
        status_page: {url: \"https://s.example/${KEY}?k=${KEY}\"}}\n";
    let config = load_text(text, &environment()).unwrap();
    let shown = effective(&config);
    assert!(shown.contains("https://h.example/[redacted]"), "{shown}");
    assert!(shown.contains("# url: [redacted]"), "{shown}");
    assert!(!format!("{config:?}{shown}").contains("very-secret"));
}

#[test]
fn a_secret_of_the_environment_is_never_shown() {
    let good = format!("{GOOD}    api_key: {{env: KEY}}\n    http: {{headers: {{X-Token: \"a ${{KEY}}\"}}}}");
    let config = load_text(&good, &environment()).unwrap();
    let shown = effective(&config);
    assert!(shown.contains("x-token: \"[redacted]\""), "{shown}");
    assert!(!format!("{config:?}{shown}").contains("very-secret"));
    // In the place of any value, also where it does not fit.
    for (line, text) in DEFAULT.lines().enumerate().filter(|(_, line)| line.contains(": ")) {
        let key = text.trim_start_matches('#').split(": ").next().unwrap();
        for value in ["${KEY}", "[\"${KEY}\"]", "{a: \"${KEY}\"}", "{\"${KEY}\": \"${KEY}x\", b: [${BAD}]}"] {
            let mut lines: Vec<String> = DEFAULT.lines().map(str::to_owned).collect();
            lines[line] = format!("{}: {value}", key.replacen("  ", " ", usize::from(text.starts_with('#'))));
            if let Err(problems) = load_text(&lines.join("\n"), &environment()) {
                assert!(!problems.list().is_empty());
                assert!(!format!("{problems:?}{problems}").contains("very-secret"), "{problems}");
            }
        }
    }
    for key in [
        "name",
        "provider",
        "url",
        "endpoints",
        "addresses",
        "failover",
        "diagnosis",
        "interval",
        "timeout",
        "routes",
        "families",
        "resolvers",
        "expected_networks",
        "tls",
        "http",
        "call",
        "api_key",
    ] {
        for value in ["\"${KEY} ${BAD}\"", "[\"${KEY} ${BAD}\"]"] {
            let problems = problems(&format!("targets:\n  - {key}: {value}\n"));
            assert!(!problems.contains("very-secret"), "{problems}");
        }
    }
}

/// Loads whatever it is; problems must be told if it does not load.
fn load_any(text: &str) {
    if let Err(problems) = load_text(text, &environment()) {
        assert!(!problems.list().is_empty());
        assert!(problems.list().iter().all(|problem| problem.position.is_some()), "{problems}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        load_any(&text);
    }

    #[test]
    fn text_of_yaml_signs_never_panics(text in r#"([a-c]|targets|name|resolvers|routes|proxy|endpoints|tls|client_cert| |\n|  |: |- |\[|\]|\{|\}|,|"|'|#|&a|\*a|!|\||>|\$|\$\{KEY\}|\?|%|---|\.\.\.|\t|~|5s|1){0,60}"#) {
        load_any(&text);
    }

    #[test]
    fn a_mutated_default_never_panics(at in 0..DEFAULT.len(), cut in 0_usize..40, put in "([a-z]| |\n|[:\\-{}\\[\\]#&*$\"']){0,5}") {
        let uncommented = DEFAULT.replace("\n# ", "\n");
        for text in [DEFAULT, uncommented.as_str()] {
            let start = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (start + cut..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            load_any(&format!("{}{put}{}", &text[..start], &text[end..]));
        }
    }
}
