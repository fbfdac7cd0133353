//! `diagnose` with the real binary: what it tells of working and of broken targets, to people and to machines, in both
//! languages, and with which exit code.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use api_canary::simulate::Options;
use serde_json::Value;

use crate::canary::{Said, binary, run};
use crate::misfit::misfit;
use crate::scene::Scene;

const KEY: &str = "sk-ant-diagnose-secret-1";
const TIMING: &str = "interval: 3s, timeout: 3s";

/// Runs it with a config; what a machine's locale says must not matter.
fn diagnose(config: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let config = format!("--config.file={}", config.display());
    let all: Vec<&str> = [&config, "diagnose"].into_iter().chain(arguments.iter().copied()).collect();
    let mut variables = vec![("LC_ALL", "C"), ("TEST_KEY", KEY)];
    variables.extend(environment);
    run(&all, &variables)
}

/// Where what is printed with `--json` is not as its schema says.
pub(crate) fn unlike_the_schema(printed: &Value) -> Option<String> {
    let schema = include_str!("../../schema/diagnose.schema.json");
    misfit(printed, &serde_json::from_str(schema).unwrap(), "$")
}

fn told(said: &Said, parts: &[&str]) {
    for part in parts {
        assert!(said.out.contains(part), "{part}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_works_is_told_layer_by_layer() {
    let scene = Scene::with(Options { api_key: KEY.to_owned(), ..Options::default() }).await;
    let keyed = scene.target("claude", "healthy", ", api_key: { env: TEST_KEY }, families: [ipv4]");
    let config = scene.config(TIMING, &[keyed]);
    let said = diagnose(&config, &["claude"], &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    told(&said, &["✓ DNS", "✓ TCP", "✓ TLS", "✓ API", "Verdict: works", "status 200"]);
    assert!(!said.out.contains("not on this path"), "{said:?}");
    assert!(!said.out.contains('\u{1b}') && !said.out.contains(KEY), "{said:?}");
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{said:?}");

    // The same by its URL without a scheme: the target of the config, with its key.
    let url = format!("healthy.sim.test:{}", scene.simulator.api_address().port());
    let said = diagnose(&config, &[&url], &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    told(&said, &["claude  https://healthy.sim.test:", "GET models: status 200"]);

    let said = diagnose(&config, &[], &[("LC_ALL", "zh_CN.UTF-8")]);
    assert_eq!(said.code, Some(0), "{said:?}");
    told(&said, &["结论：正常", "✓ TLS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_told_to_people_and_to_machines() {
    let scene = Scene::new().await;
    let keyed = ", api_key: { env: TEST_KEY }, families: [ipv4]";
    let targets =
        [scene.target("good", "healthy", ", families: [ipv4]"), scene.target("old", "tls-expired", keyed)];
    let config = scene.config(TIMING, &targets);
    let report = scene.workspace.path().join("report.md");
    let written = report.to_str().unwrap();
    let said = diagnose(&config, &["good", "old", "--report", written], &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(13), ""), "{said:?}");
    told(
        &said,
        &[
            "✗ TLS",
            "tls_cert_expired: ",
            "· API           not reached",
            "Verdict: down · TLS · tls_cert_expired",
        ],
    );
    told(&said, &["All targets", "good  works", "old   down"]);
    let report = fs::read_to_string(report).unwrap();
    for part in ["# Diagnosis of good, old\n", "## old: down\n", "`tls_cert_expired`", "### Certificates"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(!report.contains(KEY) && !said.out.contains(KEY));

    let said = diagnose(&config, &["old", "--json", "--redact"], &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(13), ""), "{said:?}");
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&document["exit_code"], document["targets"].as_array().unwrap().len()), (&13.into(), 1));
    let target = &document["targets"][0];
    assert_eq!((&target["target"], &target["verdict"]), (&"old".into(), &"tls_cert_expired".into()));
    assert_eq!((&target["layer"], &target["degraded"]), (&"tls".into(), &false.into()));
    let layers = target["paths"][0]["layers"].as_array().unwrap();
    let states: Vec<&str> = layers.iter().map(|layer| layer["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["passed", "passed", "not_planned", "failed", "not_reached"]);
    assert_eq!(unlike_the_schema(&document), None);
    assert_eq!(target["resolvers"][0]["addresses"][0], "internal-1");
    assert!(!said.out.contains("127.0.0") && !said.out.contains(KEY), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_no_config_names_is_walked_as_well() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("127.0.0.1:{port}");
    let said = run(&["diagnose", &url, "--no-follow-ups", "--timeout", "2s", "--lang", "en"], &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(11), ""), "{said:?}");
    told(
        &said,
        &["✗ TCP", "tcp_refused", "· TLS, API      not reached", "Verdict: down · TCP · tcp_refused"],
    );

    let scene = Scene::new().await;
    let url = format!("https://{}", scene.simulator.api_address());
    let ca = scene.ca().to_str().unwrap();
    let trusting =
        ["diagnose", &url, "--ca-file", ca, "--provider=anthropic", "--no-follow-ups", "--lang=en"];
    let said = run(&trusting, &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    told(&said, &["GET hello: status 200", "Verdict: works"]);
    let said = run(&["diagnose", &url, "--no-follow-ups", "--lang=en", "--color=always"], &[]);
    assert_eq!(said.code, Some(13), "nothing on this machine trusts the simulator: {said:?}");
    told(&said, &["\u{1b}[31m✗ \u{1b}[0m", "tls_untrusted_issuer"]);
}

#[test]
fn what_cannot_be_diagnosed_is_bad_usage() {
    let directory = crate::workspace::Workspace::new();
    let config =
        directory.write("config.yml", "targets: [{ name: a, provider: http, url: 'http://127.0.0.1:1' }]\n");
    for (arguments, problem) in [
        (&["clod"][..], "no target is named \"clod\": the config has a; "),
        (&["ftp://a.test"], "the scheme \"ftp\" is not supported"),
        (&["b.test", "--provider", "opnai"], "did you mean `openai`?"),
        (&["b.test", "--ca-file", "/no/such/file"], "/no/such/file"),
        (&["b.test", "--lang", "fr"], "use en or zh"),
        (
            &["a", "--report", "/no/such/directory/report.md"],
            "cannot write the report to /no/such/directory/report.md",
        ),
    ] {
        let said = diagnose(&config, arguments, &[]);
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.err.contains(problem), "{arguments:?}: {said:?}");
    }
    let said = diagnose(&directory.path().join("none.yml"), &[], &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
}

/// Runs a program with both of its outputs on a terminal of 40 by 100, and passes on what it showed.
const ON_A_TERMINAL: &str = "
import fcntl, os, pty, struct, subprocess, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 100, 0, 0))
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
os.close(slave)
while True:
    try:
        shown = os.read(master, 65536)
    except OSError:
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
sys.stdout.buffer.flush()
sys.exit(child.wait())
";

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_it_is_shown_what_is_done_until_the_story_is_told() {
    let scene = Scene::new().await;
    let target = scene.target("cut", "tls-reset", ", families: [ipv4]");
    let config = scene.config(TIMING, &[target]);
    let shown = |arguments: &[&str]| {
        let mut command = std::process::Command::new("python3");
        command.args(["-c", ON_A_TERMINAL]).arg(binary().get_program());
        command.arg(format!("--config.file={}", config.display())).arg("diagnose").args(arguments);
        // As the binary itself is run.
        for (name, value) in binary().get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = command.env("TERM", "xterm").env("LC_ALL", "C").env_remove("NO_COLOR").output().unwrap();
        assert_eq!(output.status.code(), Some(13), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let all = shown(&["cut"]);
    let (before, story) = all.split_once("Environment").unwrap();
    for step in ["cut: walking all paths", "cut: trying beside: the same address with another server name"] {
        assert!(before.contains(step), "{step}: {before:?}");
    }
    // The line is erased, and what is left are the colours of the story.
    let (_, after) = before.rsplit_once("cut: ").unwrap();
    assert!(after.contains("\u{1b}[2K"), "{after:?}");
    assert!(story.contains("\u{1b}[31m✗ \u{1b}[0m") && story.contains("tls_sni_filtered"), "{story}");
    for gone in ["walking all paths", "trying beside", "\u{1b}[2K"] {
        assert!(!story.contains(gone), "{gone}: {story}");
    }

    // For machines nothing is shown, even on a terminal.
    let json = shown(&["cut", "--json"]);
    assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_are_told_by_the_schema_whatever_is_found() {
    let scene = Scene::with(Options { api_key: KEY.to_owned(), ..Options::default() }).await;
    let keyed = ", api_key: { env: TEST_KEY }, families: [ipv4]";
    let faults =
        ["dns-nxdomain", "dns-sinkholed", "tcp-refused", "tcp-second-address", "tls-not-tls", "tls-reset"];
    let faults = faults.into_iter().chain(["tls-expiring", "http-401", "http-429", "portal", "http-reset"]);
    let faults: Vec<&str> = faults.chain(["healthy"]).collect();
    let targets: Vec<String> = faults.iter().map(|fault| scene.target(fault, fault, keyed)).collect();
    let config = scene.config(TIMING, &targets);
    for (arguments, expected) in [
        (&[][..], 10),
        (&["--no-follow-ups", "--lang=zh"], 10),
        (&["--idle-hold=100ms", "tls-expiring", "tls-reset"], 13),
        (&["healthy", "tls-expiring", "--redact"], 1),
        (&["healthy"], 0),
    ] {
        let all: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let said = diagnose(
            &config,
            &all,
            &[("HTTPS_PROXY", "http://u:hunter2@127.0.0.1:9"), ("NO_PROXY", "sim.test")],
        );
        assert_eq!((said.code, said.err.as_str()), (Some(expected), ""), "{arguments:?}: {said:?}");
        let document: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(unlike_the_schema(&document), None, "{arguments:?}");
        assert_eq!(document["exit_code"], expected, "{arguments:?}");
        assert!(!said.out.contains(KEY) && !said.out.contains("hunter2"), "{arguments:?}: {said:?}");
    }
}
