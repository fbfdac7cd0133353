//! Targets that come from elsewhere, and where Prometheus finds them.

mod inventory;

use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::canary::{Canary, run};
use crate::exposition::Samples;
use crate::peers::process::program;
use crate::scene::Scene;
use crate::workspace::whole_machine;
use inventory::Inventory;

const UP: &str = "api_canary_target_source_up";
const TARGETS: &str = "api_canary_target_source_targets";
const GOOD_AT: &str = "api_canary_target_source_last_success_timestamp_seconds";

/// What a change of a file may take until it is seen, on a busy machine.
const SOON: Duration = Duration::from_secs(30);

fn runs(samples: &Samples, target: &str) -> f64 {
    samples.one("probe_runs_total", &[("target", target)]).unwrap_or(0.0)
}

/// A config without targets of its own.
fn config(scene: &Scene, more: &str) -> std::path::PathBuf {
    let text = scene.text("interval: 1s", &[]).replace("targets:\n", more);
    scene.workspace.write("config.yml", &text)
}

/// Writes a list of targets as a whole: beside its place, and then there.
fn put(scene: &Scene, name: &str, targets: &[String]) -> String {
    let list: String = targets.iter().map(|target| format!("- {target}\n")).collect();
    let list = if list.is_empty() { "[]".to_owned() } else { list };
    let path = scene.workspace.path().join(name);
    std::fs::rename(scene.workspace.write("new", &list), &path).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_files_of_targets_is_noticed_and_the_others_go_on() {
    let scene = Scene::new().await;
    std::fs::create_dir(scene.workspace.path().join("targets.d")).unwrap();
    let kept = put(&scene, "targets.d/kept.yml", &[scene.target("kept", "kept", "")]);
    let file = config(&scene, "target_files: [\"targets.d/*.yml\"]\n");
    let checked = run(&["check-config", file.to_str().unwrap()], &[]);
    assert!(checked.out.ends_with(": fine, 1 target\n"), "{checked:?}");
    let canary = Canary::start(&file).await;
    let before = canary.wait_runs("kept", 2.0).await;
    assert_eq!((before.one(UP, &[]), before.one(TARGETS, &[])), (Some(1.0), Some(1.0)));

    // A file comes.
    let other = put(&scene, "targets.d/other.yml", &[scene.target("other", "other", "")]);
    let start = Instant::now();
    canary.wait_runs("other", 1.0).await;
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    // It is edited in place, and one target is another.
    let both = [scene.target("other", "other", ""), scene.target("third", "third", "")];
    std::fs::write(&other, format!("- {}\n- {}\n", both[0], both[1])).unwrap();
    canary.wait_runs("third", 1.0).await;

    // It turns bad: nothing changes, and that is told once, with the place.
    std::fs::write(&other, "- { name: other, provider: anthropic, interval: 5x }\n- { name: kept }\n")
        .unwrap();
    let of_other = [("source", other.as_str())];
    let now = canary.wait("trouble", |now| (now.one(UP, &of_other) == Some(0.0)).then(|| now.clone())).await;
    assert_eq!((now.one(TARGETS, &of_other), now.one("api_canary_targets", &[])), (Some(2.0), Some(3.0)));
    let words = ["level=error", &format!("{other}:1:49: [0].interval: \\\"5x\\\""), "[1].provider: missing"];
    canary.wait_log(&words).await;
    canary.wait_runs("third", runs(&now, "third") + 1.0).await;

    // It claims the name of another file's target: the other keeps it, and both places are told.
    put(&scene, "targets.d/other.yml", &[scene.target("kept", "api", "")]);
    canary.wait_log(&["\\\"kept\\\" is the name of a target in", &kept, "on line 1 already", &other]).await;

    // It heals.
    put(&scene, "targets.d/other.yml", &[scene.target("other", "other", "")]);
    let healed = |now: &Samples| {
        let gone = now.names(&[("target", "third")]).is_empty();
        (now.one(UP, &of_other) == Some(1.0) && gone).then(|| now.clone())
    };
    let now = canary.wait("its healing", healed).await;
    assert!(now.one(GOOD_AT, &of_other) >= before.one(GOOD_AT, &[]));
    canary.wait_log(&["can be used again", &other]).await;

    // It goes, and so do its targets and its series.
    std::fs::remove_file(&other).unwrap();
    let gone = |now: &Samples| now.names(&[("target", "other")]).is_empty().then(|| now.clone());
    let after = canary.wait("its end", gone).await;
    assert_eq!(after.label(UP, &[], "source"), [kept.as_str()]);
    assert!(runs(&after, "kept") > runs(&before, "kept"), "its counters went on all the time");
    let log = canary.log();
    let told =
        |words: &[&str]| log.iter().filter(|line| words.iter().all(|word| line.contains(word))).count();
    assert_eq!(told(&["target=kept", "works"]), 1, "{log:#?}");
    assert_eq!(told(&["level=error", "5x"]), 1, "told once: {log:#?}");

    // A reload reads everything at once, and one that finds a bad file changes nothing.
    std::fs::write(&kept, "- { name: kept }\n").unwrap();
    canary.signal("HUP");
    canary.wait_log(&["reload failed", &format!("{kept}:1:3: [0].provider: missing")]).await;
    assert_eq!(canary.samples().await.one("api_canary_targets", &[]), Some(1.0));
    put(&scene, "targets.d/kept.yml", &[scene.target("kept", "kept", "")]);
    canary.signal("HUP");
    canary.wait_log(&["reloaded", "targets=1", "changed=0"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mounted_config_map_that_leads_elsewhere_is_another_list() {
    let scene = Scene::new().await;
    let mount = scene.workspace.path().join("mount");
    for (version, host) in [("..1", "before"), ("..2", "after")] {
        std::fs::create_dir_all(mount.join(version)).unwrap();
        let list = format!("- {}\n", scene.target("mounted", host, ""));
        std::fs::write(mount.join(version).join("targets.yml"), list).unwrap();
    }
    let link = |to: &str, name: &str| {
        let _ = std::fs::remove_file(mount.join("..tmp"));
        std::os::unix::fs::symlink(to, mount.join("..tmp")).unwrap();
        std::fs::rename(mount.join("..tmp"), mount.join(name)).unwrap();
    };
    link("..1", "..data");
    link("..data/targets.yml", "targets.yml");
    let canary = Canary::start(&config(&scene, "target_files: [\"mount/*.yml\"]\n")).await;
    canary.wait_runs("mounted", 1.0).await;
    link("..2", "..data");
    let seen =
        || async { if scene.requests("after") > 0 { Ok(()) } else { Err(format!("{:#?}", canary.log())) } };
    crate::workspace::wait_for("the other list", seen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_of_targets_stops_the_start_as_a_bad_config_does() {
    let scene = Scene::new().await;
    let list = scene.workspace.write("list.yml", "- { name: a, provider: anthropic }\n- { name: b }\n");
    let file = config(&scene, "target_files: [list.yml]\n");
    for arguments in [vec!["check-config"], vec!["serve", "--web.listen-address=127.0.0.1:0"]] {
        let config = format!("--config.file={}", file.display());
        let said = run(&[arguments, vec![config.as_str()]].concat(), &[]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.starts_with(&format!("{}:2:3: [1].provider: missing", list.display())), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_read_again_and_again_and_its_last_good_list_stays() {
    let scene = Scene::new().await;
    let inventory = Inventory::start().await;
    inventory.say(503, "not yet");
    let url = inventory.url();
    let more =
        format!("target_sources: [{{ url: \"{url}\", refresh: 1s, bearer_token: {{ env: TOKEN }} }}]\n");
    let canary = Canary::start_with(&config(&scene, &more), &[], &[("TOKEN", "tok-secret")]).await;
    // It serves without a list, and takes it when it comes.
    let state = |up: f64, targets: f64| {
        move |now: &Samples| {
            let is = now.one(UP, &[]) == Some(up) && now.one(TARGETS, &[]) == Some(targets);
            is.then(|| now.clone())
        }
    };
    canary.wait("the first trouble", state(0.0, 0.0)).await;
    canary.wait_log(&["level=error", &url, "HTTP 503"]).await;
    let target = |name: &str, more: Value| {
        let mut target = json!({
            "name": name, "provider": "http", "resolvers": ["sim"],
            "url": format!("http://127.0.0.1:{}/healthz", inventory.address().port()),
        });
        for (key, value) in more.as_object().unwrap() {
            target[key] = value.clone();
        }
        target
    };
    inventory.say(200, &json!([target("a", json!({}))]).to_string());
    canary.wait("its list", state(1.0, 1.0)).await;
    let before = canary.wait_runs("a", 1.0).await;
    let unchanged = || async {
        if inventory.unchanged() > 1 { Ok(()) } else { Err(format!("{:?}", inventory.tokens())) }
    };
    crate::workspace::wait_for("answers that nothing changed", unchanged).await;

    let key = target("thief", json!({ "api_key": { "env": "TOKEN" }, "url": "https://thief.example" }));
    for (status, body, told) in [
        (200, "[{", "1:2: not JSON: EOF"),
        (200, "", "1:1: not JSON: EOF"),
        (200, "{}", "1:1: not a list of targets"),
        (404, "[]", "HTTP 404"),
        (302, "https://elsewhere.example/", "HTTP 302: it leads elsewhere"),
        (200, &json!([key]).to_string(), "[0].api_key: a list from a source must not name keys"),
    ] {
        inventory.say(status, body);
        canary.wait_log(&["level=error", &url, told]).await;
        canary.wait(told, state(0.0, 1.0)).await;
    }
    let more = json!([target("a", json!({})), { "targets": ["127.0.0.1:9"], "labels": { "name": "b" } }]);
    inventory.say(200, &more.to_string());
    let after = canary.wait("its healing", state(1.0, 2.0)).await;
    assert!(runs(&after, "a") > runs(&before, "a"), "its counters went on all the time");
    assert!(after.one(GOOD_AT, &[]) > before.one(GOOD_AT, &[]));
    // A reload keeps it, and an empty list is one.
    canary.signal("HUP");
    canary.wait_log(&["reloaded", "targets=2", "changed=0"]).await;
    inventory.say(200, "[]");
    canary.wait("the empty list", state(1.0, 0.0)).await;
    assert!(inventory.tokens().iter().all(|token| token == "Bearer tok-secret"));
    assert!(!canary.log().iter().any(|line| line.contains("tok-secret")), "{:#?}", canary.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_targets_come_from_a_source_and_prometheus_finds_them() {
    let _alone = whole_machine().await;
    let scene = Scene::new().await;
    let inventory = Inventory::start().await;
    let more = format!("target_sources: [{{ url: \"{}\", refresh: 1s }}]\n", inventory.url());
    let canary = Canary::start(&config(&scene, &more)).await;
    let target = |index: usize| {
        let url = format!("http://127.0.0.1:{}/healthz", inventory.address().port());
        json!({ "name": format!("t{index:03}"), "provider": "http", "url": url, "interval": "1m" })
    };
    let list: Vec<Value> = (0..500).map(target).collect();
    let start = Instant::now();
    inventory.say(200, &json!(list).to_string());
    let all = |now: &Samples| (now.one("api_canary_targets", &[]) == Some(500.0)).then_some(());
    canary.wait("500 targets", all).await;
    println!("500 targets were taken over {:?} after they were there", start.elapsed());

    let (status, text) = canary.get("/sd").await;
    let groups: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!((status, groups.len()), (200, 500));
    let prometheus = scene.workspace.write(
        "prometheus.yml",
        &format!(
            "scrape_configs:\n- job_name: probes\n  metrics_path: /probe\n  http_sd_configs: [{{ url: \"http://{0}/sd\" }}]\n\
             \x20 relabel_configs:\n  - {{ source_labels: [__address__], target_label: __param_target }}\n\
             \x20 - {{ source_labels: [__param_target], target_label: target }}\n\
             \x20 - {{ source_labels: [__meta_api_canary_provider], target_label: provider }}\n\
             \x20 - {{ target_label: __address__, replacement: \"{0}\" }}\n",
            canary.address()
        ),
    );
    let output = program("promtool")
        .args(["check", "service-discovery"])
        .arg(&prometheus)
        .arg("probes")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), 500);
    let labels: Vec<_> = found.iter().map(|found| &found["labels"]).collect();
    for index in [0, 499] {
        let name = format!("t{index:03}");
        let found = labels.iter().find(|labels| labels["target"] == name.as_str()).unwrap();
        assert_eq!(found["__param_target"], name.as_str());
        assert_eq!(found["__address__"], canary.address().to_string());
        assert_eq!((&found["provider"], &found["__metrics_path__"]), (&json!("http"), &json!("/probe")));
    }
}
