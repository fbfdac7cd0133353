//! The history outlasts the program, and never stands in its way.

use std::fs;
use std::path::{Path, PathBuf};

use api_canary::diagnosis::Language;
use api_canary::history::{Archive, History, Limits, Wanted};

use crate::calls::same;
use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;

const JOURNEYS: &str = "api_canary_history_journeys";
const UP: &str = "api_canary_history_store_up";
const FAILURES: &str = "api_canary_history_store_failures_total";

/// A config of one target that refuses connections: nobody listens on port 1.
fn down(scene: &Scene, interval: &str) -> PathBuf {
    let target = "{ name: down, provider: http, url: \"http://127.0.0.1:1/\" }";
    scene.config(interval, &[target.to_owned()])
}

fn state(scene: &Scene) -> PathBuf {
    scene.workspace.path().join("state")
}

async fn stop(mut canary: Canary) {
    canary.signal("TERM");
    assert_eq!(canary.ended().await.code(), Some(0));
}

/// What was set aside in a directory.
fn aside(state: &Path) -> Vec<String> {
    let names = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("corrupt")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_before_a_restart_are_there_after_it() {
    let scene = Scene::new().await;
    let canary = Canary::start(&down(&scene, "interval: 1s")).await;
    canary.wait_runs("down", 3.0).await;
    stop(canary).await;

    let history = History::new(Limits::default());
    let saved = Archive::new(Some(state(&scene))).save(&history);
    assert!(saved.result.is_ok() && saved.set_aside.is_none(), "{saved:?}");
    let found = history.journeys("down", Wanted { failed: true, ..Wanted::default() }, Language::English);
    assert!(found.len() >= 3, "{found:?}");
    assert!(
        found.iter().all(|journey| journey.reason.is_some_and(|reason| reason.0.label() == "tcp_refused"))
    );
    assert_eq!(history.timelines("down").len(), 1);
    assert_eq!(history.turns("down").len(), 1);

    let canary = Canary::start(&down(&scene, "interval: 1h")).await;
    let before = f64::from(u32::try_from(found.len()).unwrap());
    canary
        .wait("the failures from before beside the first of now", |now| {
            let up = now.one(UP, &[]).is_some_and(|up| same(up, 1.0));
            now.one(JOURNEYS, &[]).filter(|journeys| up && *journeys >= before.min(19.0) + 1.0)
        })
        .await;
    stop(canary).await;
    assert!(aside(&state(&scene)).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_store_is_set_aside_and_told_and_the_canary_serves() {
    let scene = Scene::new().await;
    fs::create_dir(state(&scene)).unwrap();
    fs::write(state(&scene).join("history.db"), "not a store ".repeat(1000)).unwrap();
    let canary = Canary::start(&scene.config("interval: 1s", &[scene.target("t", "api", "")])).await;
    canary.wait_runs("t", 2.0).await;
    canary
        .wait("a new store", |now| {
            let told = now.one(FAILURES, &[]).is_some_and(|failures| same(failures, 1.0));
            now.one(UP, &[]).filter(|up| told && same(*up, 1.0))
        })
        .await;
    let names = aside(&state(&scene));
    assert_eq!(names.len(), 1, "{names:?}");
    let log = canary.log().join("\n");
    assert!(log.contains("was set aside") && log.contains(&names[0]), "{log}");
    stop(canary).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_another_canary_has_is_left_alone_and_taken_over() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[scene.target("t", "api", "")]);
    let first = Canary::start(&config).await;
    let up = |wanted: f64| move |now: &Samples| now.one(UP, &[]).filter(|up| same(*up, wanted));
    first.wait("the store of the first", up(1.0)).await;
    let second = Canary::start(&config).await;
    second.wait_runs("t", 2.0).await;
    second.wait("no store for the second", up(0.0)).await;
    assert!(second.log().join("\n").contains("is in use by another process"));
    stop(first).await;
    second.wait("the store for the second", up(1.0)).await;
    assert!(aside(&state(&scene)).is_empty());
    stop(second).await;
}
