//! What the program says about a bad config or a place it cannot use, and that it starts nothing then.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;

use crate::canary::{Canary, Said, binary, run};
use crate::scene::Scene;
use crate::workspace::Workspace;

/// A config with a mistake, and what is told about it, by place.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    (
        "an unknown key",
        "targets:\n  - name: a\n    provider: anthropic\n    intervall: 5s\n",
        &[":4:5: targets[0].intervall: unknown key \"intervall\"\n    help: did you mean `interval`?"],
    ),
    (
        "a wrong duration",
        "targets:\n  - name: a\n    provider: anthropic\n    interval: 5x\n",
        &[":4:15: targets[0].interval: \"5x\" is not a duration: write it as Prometheus does"],
    ),
    (
        "a variable that is missing",
        "targets:\n  - name: a\n    provider: anthropic\n    http: { headers: { x-team: \"${NOT_SET_ANYWHERE}\" } }\n",
        &[":4:32: targets[0].http.headers.x-team: the environment variable NOT_SET_ANYWHERE is not set"],
    ),
    (
        "a key that is missing",
        "targets:\n  - name: a\n    provider: anthropic\n    api_key: { env: NOT_SET_ANYWHERE }\n",
        &[":4:21: targets[0].api_key.env: the environment variable NOT_SET_ANYWHERE is not set"],
    ),
    (
        "two targets of one name",
        "targets:\n  - { name: a, provider: anthropic }\n  - { name: a, provider: anthropic }\n",
        &[":3:13: targets[1].name: \"a\" is the name of the target on line 2 already"],
    ),
    (
        "a URL without a host",
        "targets:\n  - { name: a, provider: http, url: \"https://\" }\n",
        &[":2:37: targets[0].url: the URL has no host"],
    ),
    (
        "a CA file that does not exist",
        "targets:\n  - { name: a, provider: anthropic, tls: { ca_file: nope.pem } }\n",
        &[":2:53: targets[0].tls.ca_file: cannot read \"nope.pem\": No such file or directory"],
    ),
    (
        "a CA file that is a directory",
        "targets:\n  - { name: a, provider: anthropic, tls: { ca_file: / } }\n",
        &[":2:53: targets[0].tls.ca_file: cannot read \"/\": it is not a regular file"],
    ),
    (
        "a host that no certificate can name",
        "targets:\n  - { name: a, provider: http, url: \"https://-a.example\" }\n",
        &[":2:37: targets[0].url: the host \"-a.example\" is not a DNS name"],
    ),
    (
        "a route and a resolver that nobody declared",
        "routes: { corp: { proxy: \"http://u:p@proxy.example:3128\" } }\ntargets:\n  - { name: a, provider: anthropic, routes: [crop], resolvers: [google] }\n",
        &[
            ":3:46: targets[0].routes[0]: no route is named \"crop\"\n    help: did you mean `corp`?",
            ":3:65: targets[0].resolvers[0]: no resolver is named \"google\"",
        ],
    ),
    (
        "a proxy without a port",
        "routes: { corp: { proxy: \"http://u:p@proxy.example\" } }\ntargets:\n  - { name: a, provider: anthropic }\n",
        &[":1:26: routes.corp.proxy: an http:// proxy has no port of its own"],
    ),
    (
        "several problems at once",
        "defaults: { timeout: soon }\ntargets:\n  - { name: a, provider: antropic, interval: 5x }\n  - { name: a }\nmetrics: x\n",
        &[
            ":1:22: defaults.timeout: \"soon\" is not a duration",
            ":3:26: targets[0].provider: \"antropic\" is none of `anthropic`, `openai`, `azure_openai`, `gemini`, `vertex`, `bedrock`, `mistral`, `groq`, `openrouter`, `http`",
            ":3:46: targets[0].interval: \"5x\" is not a duration",
            ":4:5: targets[1].provider: missing",
            ":4:13: targets[1].name: \"a\" is the name of the target on line 3 already",
            ":5:10: metrics: ",
        ],
    ),
    ("nothing", "", &[":1:1: there is nothing in it: a config needs at least `targets`"]),
    ("no YAML", "targets: [a", &[":1:12: not YAML: "]),
];

/// `serve` with a config and where to listen.
fn serve(config: &Path, listen: &[&str]) -> Said {
    let mut arguments = vec!["serve".to_owned(), format!("--config.file={}", config.display())];
    arguments.extend(listen.iter().map(|address| format!("--web.listen-address={address}")));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(&arguments, &[])
}

fn check_config(config: &Path) -> Said {
    run(&["check-config", config.to_str().unwrap()], &[])
}

/// Nothing was said but the problems, and these in this order.
fn assert_told(said: &Said, what: &str, problems: &[String]) {
    assert_eq!(said.code, Some(2), "{what}: {said:?}");
    assert!(said.out.is_empty(), "{what}: {said:?}");
    assert!(!said.err.contains("listening") && !said.err.contains("panicked"), "{what}: {said:?}");
    let mut rest = said.err.as_str();
    for problem in problems {
        let at = rest.find(problem.as_str());
        let at =
            at.unwrap_or_else(|| panic!("{what}: {problem:?} is not told, or not in order:\n{}", said.err));
        rest = &rest[at + problem.len()..];
    }
}

#[test]
fn every_problem_of_a_config_is_told_with_its_place_and_nothing_starts() {
    let workspace = Workspace::new();
    for (what, text, problems) in MISTAKES {
        let config = workspace.write("config.yml", text);
        let problems: Vec<_> = problems.iter().map(|told| format!("{}{told}", config.display())).collect();
        let checked = check_config(&config);
        assert_told(&checked, what, &problems);
        let places = checked.err.lines().filter(|line| !line.starts_with(' ')).count();
        assert_eq!(places, problems.len(), "{what}: more problems than expected:\n{}", checked.err);
        let served = serve(&config, &["127.0.0.1:0"]);
        assert_told(&served, what, &problems);
        assert_eq!(served.err, checked.err, "{what}: both say the same");
    }
}

#[test]
fn a_config_file_that_cannot_be_read_is_told_by_its_name() {
    let workspace = Workspace::new();
    let missing = workspace.path().join("missing.yml");
    for (config, words) in [
        (missing.as_path(), "cannot be read: No such file or directory"),
        (workspace.path(), "cannot be read: it is neither a regular file nor a pipe"),
    ] {
        let problem = [format!("{}: {words}", config.display())];
        assert_told(&check_config(config), words, &problem);
        assert_told(&serve(config, &["127.0.0.1:0"]), words, &problem);
        assert_told(&run(&["config", "--config.file", config.to_str().unwrap()], &[]), words, &problem);
    }
}

#[test]
fn an_address_that_is_none_is_refused_with_examples_of_good_ones() {
    for address in ["nonsense", "127.0.0.1", ":70000", "::1:80", "http://127.0.0.1:1"] {
        let said = run(&[&format!("--web.listen-address={address}")], &[]);
        assert_eq!(said.code, Some(2), "{said:?}");
        let quoted = format!("'{address}' for '--web.listen-address");
        assert!(said.err.contains(&quoted) && said.err.contains("[::1]:10429"), "{said:?}");
    }
}

fn refuses(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_busy_port_nothing_starts_by_half() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[scene.target("a", "api", "")]);
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy_address = busy.local_addr().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // The free one comes first, so that it is open already when the busy one is found out.
    let said = serve(&config, &[&free.to_string(), &busy_address.to_string()]);
    let problem = format!("cannot listen on {busy_address}: Address already in use");
    assert_told(&said, "a busy port", &[problem, "choose another with --web.listen-address".to_owned()]);
    let twice = serve(&config, &[&free.to_string(), &free.to_string()]);
    assert_told(&twice, "one port twice", &[format!("cannot listen on {free}: Address already in use")]);
    assert!(refuses(free), "no listener is left");
    assert!(scene.simulator.requests().is_empty(), "no probe was made");
    assert!(scene.simulator.dns_queries().is_empty(), "no name was looked up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_canary_on_the_same_port_leaves_the_first_alone() {
    let scene = Scene::new().await;
    let canary = Canary::start(&scene.config("interval: 1s", &[scene.target("first", "api", "")])).await;
    let address = canary.address().to_string();
    let second =
        scene.workspace.write("second.yml", &scene.text("", &[scene.target("second", "second", "")]));
    let said = serve(&second, &[&address]);
    assert_told(&said, "the port of another canary", &[format!("cannot listen on {address}")]);
    canary.wait_runs("first", 1.0).await;
    assert_eq!(scene.requests("second"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_config_is_fine_and_its_secrets_are_not_shown() {
    let scene = Scene::new().await;
    let keyed = ", api_key: { env: TEST_KEY }, http: { headers: { x-team: \"a ${TEST_TOKEN}\" } }";
    let config = scene.config("interval: 1s", &[scene.target("a", "api", keyed), scene.target("b", "b", "")]);
    let path = config.to_str().unwrap();
    let environment = [("TEST_KEY", "key-of-the-test"), ("TEST_TOKEN", "token-of-the-test")];
    let said = run(&["check-config", path], &environment);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!(said.out, format!("{path}: fine, 2 targets\n"));
    let said = run(&["config", "--config.file", path], &environment);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.contains("api_key: { env: TEST_KEY }"), "{}", said.out);
    assert!(said.out.contains("x-team: \"[redacted]\""), "{}", said.out);
    assert!(!said.out.contains("of-the-test"), "{}", said.out);
    let shown = scene.workspace.write("shown.yml", &said.out);
    let again = run(&["check-config", shown.to_str().unwrap()], &environment);
    // It loads again but for the secrets, which must not be taken for what stands in their place.
    assert_eq!((again.code, again.err.lines().count()), (Some(2), 1), "{again:?}");
    assert!(again.err.contains("headers.x-team: the value is redacted: put it in again"), "{again:?}");
    let whole = said.out.replace("\"[redacted]\"", "\"a token\"");
    let shown = scene.workspace.write("shown.yml", &whole);
    let again = run(&["check-config", shown.to_str().unwrap()], &environment);
    assert_eq!(again.code, Some(0), "the effective config loads again: {again:?}");
}

#[test]
fn the_default_config_is_printed_as_it_is_and_is_fine() {
    let said = run(&["config", "--default"], &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!(said.out, include_str!("../../src/config/default.yml"));
    let workspace = Workspace::new();
    let config = workspace.write("default.yml", &said.out);
    assert_eq!(check_config(&config).code, Some(0));
    let embedded = run(&["check-config"], &[]);
    assert_eq!((embedded.code, embedded.out.as_str()), (Some(0), "<default config>: fine, 1 target\n"));
    for environment in [&[][..], &[("ANTHROPIC_API_KEY", "a-key")]] {
        let shown = run(&["config"], environment);
        assert_eq!(shown.code, Some(0), "{shown:?}");
        assert_eq!(shown.out.contains("kind: models"), !environment.is_empty(), "{shown:?}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let said = run(&["--version"], &[]);
    let version = concat!("api-canary ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!((said.code, said.out.as_str()), (Some(0), version));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flag_can_come_from_the_environment() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[scene.target("a", "api", "")]);
    let mut command = binary();
    command
        .env("API_CANARY_CONFIG_FILE", &config)
        .env("API_CANARY_WEB_LISTEN_ADDRESS", "127.0.0.1:0")
        .env("API_CANARY_LOG_FORMAT", "json")
        .env("API_CANARY_LOG_LEVEL", "info");
    let canary = Canary::of(command).await;
    canary.wait_runs("a", 1.0).await;
    assert!(canary.log().iter().all(|line| line.starts_with('{')), "{:#?}", canary.log());
    let flag_wins = run(&["check-config", "--config.file=/nope"], &[("API_CANARY_CONFIG_FILE", "/other")]);
    assert!(flag_wins.err.starts_with("/nope: "), "{flag_wins:?}");
    let wrong = run(&[], &[("API_CANARY_LOG_LEVEL", "loud")]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("'loud' for '--log.level"), "{wrong:?}");
}

/// A pipe that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_that_went_away_is_no_panic() {
    for (arguments, code) in [
        (&["config", "--default"][..], 0),
        (&["config"], 0),
        (&["check-config"], 0),
        (&["--version"], 0),
        (&["--help"], 0),
        (&["check-config", "/nope"], 2),
        (&["--config.file=/nope"], 2),
        (&["--nope"], 2),
    ] {
        let said = binary().args(arguments).stdout(unread()).output().unwrap();
        assert_eq!(said.status.code(), Some(code), "{arguments:?}: {said:?}");
        assert!(!String::from_utf8(said.stderr).unwrap().contains("panicked"), "{arguments:?}");
        let both = binary().args(arguments).stdout(unread()).stderr(unread()).status().unwrap();
        assert_eq!(both.code(), Some(code), "{arguments:?}, with standard error unread too");
    }
}
