//! Keys and secret headers: sent where they must be, nowhere else, and never shown.

use std::net::SocketAddr;
use std::sync::Arc;

use api_canary::simulate::{Options, RecordedRequest};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use crate::canary::{Canary, run};
use crate::scene::Scene;
use crate::workspace::wait_for;

/// Unlike any word of the program, and not of the form that would be left out of any text: no known prefix, and no long
/// run of letters and digits.
pub(crate) const KEY: &str = "Zq7vKeyOfTheTest_0123456789-AbCdEfGhIjKlMn";
pub(crate) const FILE_KEY: &str = "Xw3uFileKeyOfTheTest_9876543210-ZyXwVuTsRq";
const TOKEN: &str = "Yt5sTokenOfTheTeam_5556667778889990001112";

const ENVIRONMENT: [(&str, &str); 2] = [("TEST_KEY", KEY), ("TEAM_TOKEN", TOKEN)];
const KEYED: &str = ", api_key: { env: TEST_KEY }, http: { headers: { x-team: \"team ${TEAM_TOKEN}\" } }";

/// Neither a secret nor a good part of one.
pub(crate) fn assert_no_secret(text: &str, what: &str) {
    for secret in [KEY, FILE_KEY, TOKEN] {
        for part in secret.as_bytes().windows(8) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!text.contains(part), "{part} of {secret} is in {what}:\n{text}");
        }
    }
}

/// Looks everywhere something is told.
pub(crate) async fn assert_tells_no_secret(canary: &Canary) {
    for (path, accept) in
        [("/metrics", "text/plain"), ("/metrics", "application/openmetrics-text"), ("/", "*/*")]
    {
        let page = canary.ask("GET", path, &[("accept", accept)]).await;
        assert_eq!(page.status, 200);
        assert_no_secret(page.text(), path);
    }
    assert_no_secret(&canary.log().join("\n"), "the log");
    assert_no_secret(&canary.command_line(), "the command line");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_to_verified_hosts_only_and_show_nowhere() {
    let scene = Scene::with(Options { api_key: KEY.to_owned(), ..Options::default() }).await;
    let file = scene.workspace.write("key", &format!("{FILE_KEY}\n"));
    let by_file = format!(", api_key: {{ file: {} }}", file.display());
    let plain = scene.simulator.plain_address().port();
    let verified =
        ["api", "http-401", "http-403", "http-429", "http-500", "portal", "http-302", "http-garbage"];
    let unverified = [
        "tls-expired",
        "tls-not-yet-valid",
        "tls-wrong-name",
        "tls-untrusted",
        "tls-untrusted-root-sent",
        "tls-self-signed",
        "tls-incomplete-chain",
    ];
    let mut targets: Vec<_> =
        verified.iter().chain(&unverified).map(|host| scene.target(host, host, KEYED)).collect();
    targets.push(scene.target("by-file", "by-file", &by_file));
    targets.push(scene.at("no-tls", &format!("https://no-tls.sim.test:{plain}"), KEYED));
    let config = scene.config("interval: 2s", &targets);
    let canary = Canary::start_with(&config, &["--log.level=debug"], &ENVIRONMENT).await;
    for name in verified.iter().chain(&unverified).chain(&["by-file", "no-tls"]) {
        canary.wait_runs(name, 2.0).await;
    }
    let requests = scene.simulator.requests();
    let of = |host: &str| {
        let host = format!("{host}.sim.test");
        requests.iter().filter(move |request| request.host == host).collect::<Vec<_>>()
    };
    for host in verified.iter().chain(&["by-file"]) {
        // While a limit is waited for, a free call is made without the key.
        let keyed = |request: &&RecordedRequest| request.keyed || request.path == "/api/hello";
        assert!(of(host).iter().any(|request| request.keyed) && of(host).iter().all(keyed), "{host}");
    }
    for host in unverified.iter().chain(&["no-tls"]) {
        // But for its time or what it is, after a failure: fixed requests without anything that is configured.
        let fixed = |request: &&RecordedRequest| {
            !request.keyed && matches!((&*request.method, &*request.path), ("HEAD" | "GET", "/"))
        };
        assert!(of(host).iter().all(fixed), "{host} was asked for something: {:?}", of(host));
    }
    let samples = canary.samples().await;
    assert_eq!(samples.one("target_up", &[("target", "api")]), Some(1.0), "the right key was sent");
    let refused = samples.label("probe_failures_total", &[("target", "by-file")], "reason");
    assert_eq!(refused, ["auth_invalid"], "and another one from the file");
    assert_tells_no_secret(&canary).await;

    let shown = run(&["config", "--config.file", config.to_str().unwrap()], &ENVIRONMENT);
    assert_eq!(shown.code, Some(0));
    assert_no_secret(&(shown.out + &shown.err), "the effective config");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_not_shown_by_the_problems_of_a_config() {
    let scene = Scene::new().await;
    let key_file = scene.workspace.write("key", &format!("{FILE_KEY}\n{FILE_KEY}\n"));
    for more in [
        ", interval: \"${TEST_KEY}\"".to_owned(),
        ", families: [\"${TEAM_TOKEN}\"]".to_owned(),
        ", http: { headers: { x-team: \"${TEAM_TOKEN}\\n\" } }".to_owned(),
        format!(", api_key: {{ env: {KEY}- }}"),
        format!(", api_key: {{ file: {KEY} }}"),
        format!(", api_key: {{ file: {} }}", key_file.display()),
    ] {
        let config = scene.config("interval: 2s", &[scene.target("a", "api", &more)]);
        for command in [&["check-config"][..], &["config"], &["serve", "--web.listen-address=127.0.0.1:0"]] {
            let mut arguments = command.to_vec();
            let file = format!("--config.file={}", config.display());
            arguments.push(&file);
            let said = run(&arguments, &ENVIRONMENT);
            assert_eq!(said.code, Some(2), "{more}: {said:?}");
            assert_no_secret(&(said.out + &said.err), &more);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_http_target_with_a_key_is_refused() {
    let scene = Scene::new().await;
    let url = format!("http://api.sim.test:{}/ok", scene.simulator.plain_address().port());
    let config =
        scene.config("interval: 2s", &[scene.at("a", &url, ", provider: http, api_key: { env: TEST_KEY }")]);
    let said =
        run(&["--config.file", config.to_str().unwrap(), "--web.listen-address=127.0.0.1:0"], &ENVIRONMENT);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("targets[0].api_key: a key is never sent over plain HTTP"), "{said:?}");
    assert!(scene.simulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_file_is_used_without_a_reload() {
    let scene = Scene::with(Options { api_key: KEY.to_owned(), ..Options::default() }).await;
    let file = scene.workspace.write("key", FILE_KEY);
    let keyed = format!(", api_key: {{ file: {} }}", file.display());
    let canary = Canary::start(&scene.config("interval: 1s", &[scene.target("a", "api", &keyed)])).await;
    canary.wait_log(&["fails", "reason=auth_invalid"]).await;
    // Replaced as a whole, as tools that rotate keys do.
    std::fs::rename(scene.workspace.write("key.new", &format!("{KEY}\n")), &file).unwrap();
    canary.wait_log(&["works again", "before=auth_invalid"]).await;
    std::fs::remove_file(&file).unwrap();
    canary.wait_log(&["level=warn", "keeping the last key"]).await;
    let runs = canary.samples().await.one("probe_runs_total", &[("target", "a")]).unwrap();
    let samples = canary.wait_runs("a", runs + 2.0).await;
    assert_eq!(samples.one("target_up", &[("target", "a")]), Some(1.0));
    assert_tells_no_secret(&canary).await;
}

/// A server on loopback that refuses every request, and repeats its head: at `/N` after N characters, in the body,
/// and its secrets in the answer's own headers.
async fn echo(scene: &Scene) -> (SocketAddr, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let ca = scene.workspace.write("echo.pem", &made.cert.pem());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { break };
                head.push(byte);
            }
            let head = String::from_utf8(head).unwrap();
            // What is left unread when the connection is closed would reset it.
            let mut body = vec![0; field(&head, "content-length").parse().unwrap_or(0)];
            if stream.read_exact(&mut body).await.is_err() {
                continue;
            }
            let answer = if head.starts_with("POST") { repeat_in_stream(&head) } else { repeat(&head) };
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, ca)
}

/// The value of a header, empty where there is none.
fn field<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find(|line| line.to_lowercase().starts_with(name));
    line.and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value)
}

fn padding(head: &str) -> String {
    "-".repeat(head.split(['/', ' ']).nth(2).unwrap().parse().unwrap())
}

fn repeat(head: &str) -> String {
    let (key, team) = (field(head, "authorization"), field(head, "x-team"));
    let body = format!("{} {key} {team}\n{head}", padding(head));
    format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/{key}\r\nx-request-id: {key}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The same as events of a stream: as one that can not be read, as a token, and as the error it ends with.
fn repeat_in_stream(head: &str) -> String {
    let (key, team) = (field(head, "x-api-key"), field(head, "x-team"));
    let text = format!("{} {key} {team}\n{head}", padding(head));
    let token = json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}});
    let error = json!({"type": "error", "error": {"type": key, "message": text}});
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: {key}\r\nx-team: {team}\r\n\r\n\
         event: {key}\nid: {key}\ndata: {key}\n\nevent: content_block_delta\ndata: {token}\n\n\
         event: error\ndata: {error}\n\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_repeats_what_it_was_sent_makes_nobody_tell_it() {
    let scene = Scene::new().await;
    let (address, ca) = echo(&scene).await;
    // What is cut off at some length must not leave a part of a secret.
    let paddings = [0, 60, 90, 110, 120, 130, 140, 145, 150, 300, 360, 380, 390];
    let target = |name: &str, padding: usize, what: &str| {
        let tls = format!("tls: {{ ca_file: {} }}", ca.display());
        format!(
            "{{ name: {name}{padding}, {what}, url: \"https://{address}/{padding}\", http: {{ version: h1, \
             headers: {{ x-team: \"${{TEAM_TOKEN}}\" }} }}, api_key: {{ env: TEST_KEY }}, {tls} }}"
        )
    };
    let stream = "provider: anthropic, call: { kind: stream, max_daily_cost_usd: 1 }";
    let targets: Vec<_> = paddings
        .iter()
        .flat_map(|padding| [target("p", *padding, "provider: http"), target("s", *padding, stream)])
        .collect();
    let config = scene.config("interval: 2s", &targets);
    let state = scene.workspace.path().join("state");
    let arguments = ["--log.level=debug", &format!("--state.directory={}", state.display())];
    let canary = Canary::start_with(&config, &arguments, &ENVIRONMENT).await;
    for padding in paddings {
        for (name, reason) in [("p", "reason=unexpected_status"), ("s", "reason=stream_error")] {
            canary.wait_log(&["fails", &format!("target={name}{padding} "), reason]).await;
        }
    }
    wait_for("a second run of each", || async {
        let samples = canary.samples().await;
        let runs = samples.all("probe_runs_total", &[]);
        if runs.iter().all(|(_, count)| *count >= 2.0) { Ok(()) } else { Err(format!("{runs:?}")) }
    })
    .await;
    assert_tells_no_secret(&canary).await;
    let kept = std::fs::read_to_string(state.join("budget.json")).unwrap();
    assert_no_secret(&kept, "the state that is kept");
}
