//! Reload, signals and the end: what changes, what stays, and what is finished first.

use std::process::Stdio;

use api_canary::net;
use tokio::time::{Duration, Instant};

use crate::canary::{Canary, binary};
use crate::exposition::Samples;
use crate::scene::Scene;
use crate::workspace::wait_for;

const RELOADED: &str = "api_canary_config_last_reload_successful";
const RELOADED_AT: &str = "api_canary_config_last_reload_success_timestamp_seconds";

fn runs(samples: &Samples, target: &str) -> f64 {
    samples.one("probe_runs_total", &[("target", target)]).unwrap_or(0.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_what_it_must_and_nothing_else() {
    let scene = Scene::new().await;
    let (kept, gone) = (scene.target("kept", "kept", ""), scene.target("gone", "tls-expired", ""));
    let config = scene.config("interval: 1s", &[kept.clone(), gone, scene.target("changed", "before", "")]);
    let canary = Canary::start(&config).await;
    for target in ["kept", "gone"] {
        canary.wait_runs(target, 1.0).await;
    }
    // So many that a new target of the name could not have them before the next look.
    let before = canary.wait_runs("changed", 4.0).await;
    assert_eq!(before.one("api_canary_targets", &[]), Some(3.0));

    let targets = [scene.target("added", "added", ""), kept, scene.target("changed", "after", "")];
    scene.config("interval: 1s", &targets);
    canary.signal("HUP");
    canary.wait_log(&["reloaded", "targets=3", "changed=3"]).await;
    let after =
        canary.wait("the change", |now| now.names(&[("target", "gone")]).is_empty().then(|| now.clone()));
    let after = after.await;
    assert!(after.one("target_up", &[("target", "changed")]).is_some(), "it is never without a state");
    let anew = |now: &Samples| (runs(now, "changed") < runs(&before, "changed")).then(|| now.clone());
    let after = canary.wait("the new runs", anew).await;
    assert!(runs(&after, "kept") >= runs(&before, "kept"), "its counters go on");
    assert_eq!(after.one("target_up", &[("target", "kept")]), Some(1.0), "it is never without a state");
    assert_eq!(after.one(RELOADED, &[]), Some(1.0));
    assert!(after.one(RELOADED_AT, &[]) > before.one(RELOADED_AT, &[]));
    for target in ["added", "changed"] {
        canary.wait_runs(target, 1.0).await;
    }
    let kept_then = runs(&canary.samples().await, "kept");
    let last = canary.wait_runs("kept", kept_then + 2.0).await;
    assert!(last.names(&[("target", "gone")]).is_empty(), "nothing of it comes back");
    assert!(scene.requests("added") > 0 && scene.requests("after") > 0);
    let requests = scene.simulator.requests();
    let last_of = |host: &str| requests.iter().rposition(|request| request.host == host).unwrap();
    assert!(last_of("before.sim.test") < last_of("after.sim.test"), "the old host is not asked any more");
    let starts =
        canary.log().iter().filter(|line| line.contains("target=kept") && line.contains("works")).count();
    assert_eq!(starts, 1, "what did not change is not told anew: {:#?}", canary.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_of_the_same_config_changes_nothing() {
    let scene = Scene::new().await;
    let targets = [scene.target("a", "api", ", interval: 30s")];
    let canary = Canary::start(&scene.config("interval: 1s", &targets)).await;
    canary.wait_runs("a", 1.0).await;
    for _ in 0..3 {
        let at = canary.samples().await.one(RELOADED_AT, &[]);
        canary.signal("HUP");
        let reloaded = |now: &Samples| (now.one(RELOADED_AT, &[]) > at).then(|| now.clone());
        let samples = canary.wait("a reload", reloaded).await;
        assert!((runs(&samples, "a") - 1.0).abs() < 0.5, "neither forgotten nor started again");
    }
    assert_eq!(canary.log().iter().filter(|line| line.contains("changed=0")).count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_config_changes_nothing_and_is_reported_until_it_is_good_again() {
    let scene = Scene::new().await;
    let good = scene.text("interval: 1s", &[scene.target("a", "api", "")]);
    let config = scene.workspace.write("config.yml", &good);
    let canary = Canary::start(&config).await;
    let before = canary.wait_runs("a", 1.0).await;
    let loaded_at = before.one(RELOADED_AT, &[]).unwrap();
    let bad = good.replace("interval: 1s", "interval: 1x");
    let file = config.display().to_string();
    for (text, told) in [
        (Some(bad.as_str()), format!("{file}:4:23: defaults.interval: \\\"1x\\\" is not a duration")),
        (Some("targets: []"), format!("{file}:1:10: targets: missing")),
        (None, format!("{file}: cannot be read")),
    ] {
        match text {
            Some(text) => drop(scene.workspace.write("config.yml", text)),
            None => std::fs::remove_file(&config).unwrap(),
        }
        canary.signal("HUP");
        canary.wait_log(&["level=error", "reload failed", &told]).await;
        let failed = |now: &Samples| (now.one(RELOADED, &[]) == Some(0.0)).then(|| now.clone());
        let now = canary.wait("the failed reload", failed).await;
        assert_eq!(now.one(RELOADED_AT, &[]), Some(loaded_at), "the time is that of the config in force");
        let went_on = canary.wait_runs("a", runs(&now, "a") + 1.0).await;
        assert_eq!(went_on.one("target_up", &[("target", "a")]), Some(1.0));
    }
    scene.workspace.write("config.yml", &good);
    canary.signal("HUP");
    // The two are read one after the other, and the reload may come between.
    let again = |now: &Samples| {
        let is_new = now.one(RELOADED_AT, &[]) > Some(loaded_at);
        (now.one(RELOADED, &[]) == Some(1.0) && is_new).then(|| now.clone())
    };
    let now = canary.wait("the good reload", again).await;
    assert!(runs(&now, "a") >= runs(&before, "a"), "its counters went on all the time");
}

/// A canary with one journey under way, on a host with this fault.
async fn under_way(scene: &Scene, host: &str) -> Canary {
    let config = scene.config("interval: 60s, timeout: 30s", &[scene.target("slow", host, "")]);
    let canary = Canary::start(&config).await;
    wait_for("the request", || async {
        if scene.requests(host) == 1 { Ok(()) } else { Err(format!("{:?}", scene.simulator.requests())) }
    })
    .await;
    canary
}

/// Where in the log the first line with these words is.
fn line_of(log: &[String], words: &[&str]) -> usize {
    let found = log.iter().position(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("no line with {words:?}: {log:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_under_way_is_finished_before_the_end() {
    for signal in ["TERM", "INT"] {
        let scene = Scene::new().await;
        let mut canary = under_way(&scene, "http-slow").await;
        canary.signal(signal);
        let status = canary.ended().await;
        assert_eq!(status.code(), Some(0), "{signal}");
        let log = canary.whole_log();
        let order = [
            line_of(&log, &["listening", "127.0.0.1"]),
            line_of(&log, &["watching", "targets=1"]),
            line_of(&log, &["stopping"]),
            line_of(&log, &["works", "target=slow"]),
            line_of(&log, &["message=stopped"]),
        ];
        assert!(order.is_sorted(), "{signal}: {log:#?}");
        assert!(
            !log.iter().any(|line| line.contains("level=warn")),
            "{signal}: nothing was cut off: {log:#?}"
        );
        assert_eq!(scene.requests("http-slow"), 1, "{signal}: no second run was started");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_drains_it_is_not_ready_and_only_a_second_signal_to_stop_ends_it_at_once() {
    let scene = Scene::new().await;
    let mut canary = under_way(&scene, "http-timeout").await;
    canary.signal("TERM");
    canary.wait_log(&["stopping"]).await;
    let start = Instant::now();
    assert_eq!(canary.get("/-/ready").await, (503, "api-canary is shutting down.\n".to_owned()));
    assert_eq!(canary.get("/-/healthy").await.0, 200);
    assert_eq!(canary.get("/metrics").await.0, 200, "the last results can be scraped");
    canary.signal("HUP");
    canary.wait_log(&["not reloading"]).await;
    assert_eq!(canary.get("/-/ready").await.0, 503, "it still drains");
    canary.signal("INT");
    assert_eq!(canary.ended().await.code(), Some(0));
    let took = start.elapsed();
    assert!(took < Duration::from_secs(8), "it waited for the journey: {took:?}");
    let log = canary.whole_log();
    assert!(line_of(&log, &["second signal"]) < line_of(&log, &["message=stopped"]), "{log:#?}");
    assert_eq!(scene.requests("http-timeout"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_under_way_it_ends_right_away_in_spite_of_open_connections() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 60s", &[scene.target("a", "api", "")]);
    let mut canary = Canary::start(&config).await;
    canary.wait_runs("a", 1.0).await;
    let idle = tokio::net::TcpStream::connect(canary.address()).await.unwrap();
    let start = Instant::now();
    canary.signal("TERM");
    assert_eq!(canary.ended().await.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_never_ends_does_not_keep_it_from_ending() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 60s", &[scene.target("a", "api", "")]);
    let mut canary = Canary::start(&config).await;
    canary.wait_runs("a", 1.0).await;
    std::fs::remove_file(&config).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&config).status().unwrap().success());
    canary.signal("HUP");
    // Nothing shows that the reload waits for the pipe; if it did not yet, the end is as quick.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let start = Instant::now();
    canary.signal("TERM");
    assert_eq!(canary.ended().await.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(canary.whole_log().iter().any(|line| line.contains("given up")));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_when_nobody_reads_its_log_any_more() {
    let scene = Scene::new().await;
    for format in ["logfmt", "json"] {
        let config = scene.config("interval: 1s", &[scene.target("a", "api", "")]);
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = binary()
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--web.listen-address={free}"))
            .arg(format!("--log.format={format}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(writer)
            .spawn()
            .unwrap();
        let url = format!("http://{free}/metrics");
        let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
        let looked = wait_for("the first runs", || async {
            let text = client.get(&url).send().await.map_err(|error| error.to_string())?.text().await;
            let samples = Samples::read(&text.map_err(|error| error.to_string())?);
            if runs(&samples, "a") >= 2.0 { Ok(()) } else { Err(format!("{samples:?}")) }
        });
        looked.await;
        assert!(child.try_wait().unwrap().is_none(), "{format}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
