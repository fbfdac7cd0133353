//! The JSON API of a canary that watches the simulator: what it answers fits its own OpenAPI document, also when programs that
//! are made for it ask what nobody would.
//!
//! The versions of schemathesis and of all that it needs are pinned in `api/requirements.txt` and installed once below the
//! target directory; only that needs the package index.

use std::path::PathBuf;

use api_canary::simulate::{Fault, Options};
use serde_json::Value;

use crate::canary::{Canary, binary};
use crate::misfit::misfit;
use crate::openapi::schema;
use crate::python::{packages, python, said};
use crate::scene::Scene;
use crate::workspace::{PATIENCE, wait_for};

/// So many cases are made up at most for each operation in each phase.
const EXAMPLES: &str = "20";

const KEY: &str = "API_TEST_KEY";

/// A canary with a target that works, one that is down, and one that has every address walked.
async fn watching() -> (Scene, Canary) {
    let scene = Scene::new().await;
    let config = config(&scene, &[]);
    let key = Options::default().api_key;
    let canary = Canary::start_with(&config, &[], &[(KEY, &key)]).await;
    canary.wait_runs("claude", 1.0).await;
    canary.wait_runs("broken", 1.0).await;
    (scene, canary)
}

fn config(scene: &Scene, more: &[String]) -> PathBuf {
    let keyed = format!(", api_key: {{ env: {KEY} }}, addresses: all");
    let targets = [scene.target("claude", "api", &keyed), scene.target("broken", "tls-expired", "")];
    scene.config(
        "interval: 2s, timeout: 1s",
        &targets.into_iter().chain(more.iter().cloned()).collect::<Vec<_>>(),
    )
}

/// Status and document of an answer, after it was seen to be as the OpenAPI document says.
async fn ask(canary: &Canary, method: &str, template: &str, path: &str) -> (u16, Value) {
    let description: Value = serde_json::from_str(&canary.get("/api/v1/openapi.json").await.1).unwrap();
    let page = canary.ask(method, path, &[]).await;
    let body: Value = serde_json::from_str(page.text()).unwrap();
    let schema = schema(&description, template, &method.to_lowercase(), page.status);
    assert_eq!(misfit(&body, &schema, path), None);
    (page.status, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_the_targets_is_answered_as_the_document_says() {
    let (scene, canary) = watching().await;
    let (_, list) = ask(&canary, "GET", "/api/v1/targets", "/api/v1/targets").await;
    assert_eq!(list["counts"], serde_json::json!({"down": 1, "degraded": 0, "unknown": 0, "ok": 1}));
    let one = "/api/v1/targets/{name}";
    let (_, claude) = ask(&canary, "GET", one, "/api/v1/targets/claude").await;
    assert_eq!((&claude["state"], &claude["paths"][0]["ok"]), (&"ok".into(), &true.into()));
    assert_eq!(claude["addresses"][0]["address"], "127.0.0.1");
    assert!(claude["rate_limits"][0]["remaining"].is_u64(), "{claude}");
    let (_, broken) = ask(&canary, "GET", one, "/api/v1/targets/broken").await;
    assert_eq!((&broken["verdict"], &broken["layer"]), (&"tls_cert_expired".into(), &"tls".into()));
    // What is done again is there again.
    let journeys = "/api/v1/targets/{name}/journeys";
    let (_, before) = ask(&canary, "GET", journeys, "/api/v1/targets/claude/journeys?limit=1").await;
    let since = before["journeys"][0]["started"].as_str().unwrap().to_owned();
    wait_for("a second run", || async {
        let path = format!("/api/v1/targets/claude/journeys?since={since}");
        let (_, after) = ask(&canary, "GET", journeys, &path).await;
        let count = after["journeys"].as_array().unwrap().len();
        if count > 1 { Ok(()) } else { Err(format!("{count}")) }
    })
    .await;
    for body in [claude, broken, list] {
        assert!(!body.to_string().contains(&Options::default().api_key));
    }
    // The config in force follows a reload.
    assert!(!canary.get("/config").await.1.contains("later"));
    config(&scene, &[scene.target("later", "api", "")]);
    canary.signal("HUP");
    wait_for("the new config", || async {
        let (_, text) = canary.get("/config").await;
        if text.contains("name: later") { Ok(()) } else { Err(text) }
    })
    .await;
    let (status, _) = ask(&canary, "GET", one, "/api/v1/targets/later").await;
    assert_eq!(status, 200);
    let badge = canary.ask("GET", "/badge/broken.svg", &[]).await;
    assert_eq!((badge.status, badge.header("content-type")), (200, "image/svg+xml"));
    assert!(badge.text().contains("<title>broken: down</title>"), "{}", badge.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_looked_into_when_somebody_asks() {
    let (scene, canary) = watching().await;
    let template = "/api/v1/diagnose/{name}";
    let (status, document) = ask(&canary, "POST", template, "/api/v1/diagnose/broken").await;
    assert_eq!((status, &document["exit_code"]), (200, &13.into()));
    assert_eq!(document["targets"][0]["verdict"], "tls_cert_expired");
    assert!(!document["targets"][0]["followups"].as_array().unwrap().is_empty());
    let (status, _) = ask(&canary, "POST", template, "/api/v1/diagnose/broken").await;
    assert_eq!(status, 429, "just now");
    assert_eq!(ask(&canary, "POST", template, "/api/v1/diagnose/nobody").await.0, 404);
    // What the last run did not see is seen.
    scene.simulator.set_fault("api.sim.test", Fault::Http529);
    let before = scene.requests("api");
    let (status, document) = ask(&canary, "POST", template, "/api/v1/diagnose/claude?lang=zh").await;
    assert_eq!((status, &document["targets"][0]["verdict"]), (200, &"provider_overloaded".into()));
    assert!(scene.requests("api") > before);
    assert!(
        canary.wait_log(&["looked into on demand", "target=claude"]).await.contains("provider_overloaded")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_would_ask_is_answered_as_the_document_says_too() {
    let installed = tokio::task::spawn_blocking(|| packages("api/requirements.txt"));
    let packages = installed.await.unwrap();
    let (scene, canary) = watching().await;
    let mut command = python();
    for (name, _) in binary().get_envs() {
        command.env_remove(name);
    }
    // Reports and the like, were any written, would stay out of the tree.
    let home = scene.workspace.path();
    // That there is no such target, route or family is no mistake of form, and `/probe` says 400 as blackbox_exporter does.
    std::fs::write(
        home.join("schemathesis.toml"),
        "[[operations]]\ninclude-path = \"/probe\"\nchecks.positive_data_acceptance.expected-statuses = [200, 400, 503]\n",
    )
    .unwrap();
    command
        .current_dir(home)
        .env("HOME", home)
        .env("PYTHONPATH", &packages)
        .env("NO_COLOR", "1")
        .arg("-c")
        .arg("from schemathesis.cli import schemathesis; schemathesis()")
        .arg("run")
        .arg(format!("http://{}/api/v1/openapi.json", canary.address()))
        .args(["--checks", "all", "--max-examples", EXAMPLES, "--generation-deterministic", "--workers", "2"])
        .args(["--request-timeout", "30", "--warnings", "off", "--no-color"])
        // An answer that never ends cannot be compared with anything.
        .args(["--exclude-path", "/api/v1/events"]);
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = tokio::time::timeout(4 * PATIENCE, ended).await.expect("schemathesis ends").unwrap();
    let words = said(&output);
    assert!(output.status.success(), "{words}\n{:#?}", canary.log());
    assert!(words.contains("Operations:       12 selected / 13 total"), "it asks for all of it: {words}");
    // It asked for the targets there are as well, and for looks into them.
    canary.wait_log(&["looked into on demand", "target=claude"]).await;
    let (status, _) = canary.get("/-/ready").await;
    assert_eq!(status, 200);
}
