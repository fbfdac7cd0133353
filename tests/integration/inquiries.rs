//! What is found out beside the schedule: refined verdicts, troubles that many targets share, and that none of it stops
//! the runs, a reload or the end.

use std::time::Duration;

use api_canary::simulate::{Fault, Options};
use tokio::time::Instant;

use crate::canary::Canary;
use crate::diagnosis::{Listener, told, verdict};
use crate::exposition::Samples;
use crate::peers::process::closed_port;
use crate::scene::Scene;
use crate::workspace::whole_machine;

fn follow_ups(samples: &Samples, experiment: &str) -> f64 {
    samples.one("api_canary_follow_ups_total", &[("experiment", experiment)]).unwrap()
}

fn skipped(samples: &Samples) -> f64 {
    samples.all("api_canary_runs_skipped_total", &[]).iter().map(|(_, runs)| runs).sum()
}

fn failures(samples: &Samples) -> f64 {
    samples.all("probe_failures_total", &[]).iter().map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_verdict_is_refined_once_and_nothing_more_is_told() {
    let scene = Scene::new().await;
    let targets = [scene.target("api", "api", "")];
    let options = "interval: 4s, timeout: 3s, diagnosis: { recover_after: 1 }";
    let canary = Canary::start(&scene.config(options, &targets)).await;
    canary.wait_runs("api", 1.0).await;
    let mut listener = Listener::new(&canary).await;
    assert_eq!(listener.next().await.unwrap().0, "state");
    scene.simulator.set_fault("api.sim.test", Fault::TlsTimeout);
    let mut event = async || {
        let (name, data) = listener.next().await.unwrap();
        let text = |field: &str| data[field].as_str().unwrap().to_owned();
        [name, text("verdict"), text("blame"), text("before")]
    };
    assert_eq!(event().await[..2], ["diagnosis", "tls_timeout"]);
    let first = Instant::now();
    assert_eq!(event().await, ["diagnosis", "tls_sni_filtered", "network", "tls_timeout"]);
    assert!(first.elapsed() < Duration::from_secs(20), "{:?}", first.elapsed());
    let samples = canary.samples().await;
    assert_eq!(verdict(&samples, "api").unwrap(), ["tls_sni_filtered", "tls", "network"]);
    let failed = failures(&samples);
    canary.wait("more failures", |now| (failures(now) >= failed + 3.0).then_some(())).await;
    scene.simulator.clear_fault("api.sim.test");
    assert_eq!(event().await, ["diagnosis", "ok", "none", "tls_sni_filtered"], "and nothing between");
    let expected = [["tls_timeout", "ok"], ["tls_sni_filtered", "tls_timeout"], ["ok", "tls_sni_filtered"]];
    // The event may be here before the line is read.
    let line = canary.wait("the last line", |_| {
        let lines = told(&canary, "api").into_iter().map(|[_, verdict, before, _]| [verdict, before]);
        let lines: Vec<_> = lines.collect();
        (lines.len() >= expected.len()).then_some(lines)
    });
    assert_eq!(line.await, expected);
}

/// Waits until each of three targets is told this; the samples then.
async fn all_told(canary: &Canary, expected: [&str; 3]) -> Samples {
    let expected = Some(expected.map(str::to_owned));
    canary
        .wait(&format!("{expected:?}"), |now| {
            ["a", "b", "c"].iter().all(|target| verdict(now, target) == expected).then(|| now.clone())
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_targets_share_is_told_of_each() {
    let scene = Scene::new().await;
    let hosts = ["a", "b", "c"];
    let targets =
        |more: &str| hosts.map(|host| scene.target(host, host, &format!(", expected_networks: []{more}")));
    let options = "interval: 1s, timeout: 1s, diagnosis: { recover_after: 1, change_after: 1 }";
    let canary = Canary::start(&scene.config(options, &targets(""))).await;
    let well = ["ok", "none", "none"];
    all_told(&canary, well).await;
    hosts.iter().for_each(|host| scene.simulator.set_fault(&format!("{host}.sim.test"), Fault::DnsServfail));
    all_told(&canary, ["dns_servfail", "dns", "resolver"]).await;
    hosts.iter().for_each(|host| scene.simulator.clear_fault(&format!("{host}.sim.test")));
    all_told(&canary, well).await;
    let proxied = scene.text(options, &targets(", routes: [p]"));
    let proxied = format!("routes:\n  p: {{ proxy: \"http://127.0.0.1:{}\" }}\n{proxied}", closed_port());
    scene.workspace.write("config.yml", &proxied);
    canary.signal("HUP");
    all_told(&canary, ["proxy_unreachable", "proxy", "proxy"]).await;
}

/// Silence of one owner's hosts is that owner's; of several, it is the network here.
#[tokio::test(flavor = "multi_thread")]
async fn silence_of_several_owners_is_told_as_being_offline() {
    let mut scenes = Vec::new();
    let mut config = "resolvers:\n".to_owned();
    for name in ["a", "b", "c"] {
        let options = Options { domain: format!("{name}.test"), ..Options::default() };
        let scene = Scene::with(options).await;
        config += &format!("  {name}: {{ address: \"udp://{}\" }}\n", scene.simulator.dns_address());
        scenes.push((name, scene));
    }
    config += "defaults: { interval: 1s, timeout: 1s, diagnosis: { recover_after: 1, change_after: 1 } }\ntargets:\n";
    for (name, scene) in &scenes {
        let url = format!("https://api.{name}.test:{}", scene.simulator.api_address().port());
        let more = format!(", expected_networks: [], resolvers: [{name}]");
        config += &format!("  - {}\n", scene.at(name, &url, &more));
    }
    let canary = Canary::start(&scenes[0].1.workspace.write("config.yml", &config)).await;
    all_told(&canary, ["ok", "none", "none"]).await;
    let each = |does: &dyn Fn(&Scene, &str)| {
        scenes.iter().for_each(|(name, scene)| does(scene, &format!("api.{name}.test")));
    };
    each(&|scene, host| scene.simulator.set_fault(host, Fault::TcpTimeout));
    all_told(&canary, ["offline", "tcp", "network"]).await;
    each(&|scene, host| {
        scene.simulator.clear_fault(host);
    });
    all_told(&canary, ["ok", "none", "none"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_is_not_offline_because_others_have_long_been_gone() {
    let scene = Scene::new().await;
    let targets = [
        scene.target("gone", "tcp-timeout", ", interval: 2s"),
        scene.target("lost", "lost", ", interval: 2s"),
        // Seldom, so that it is not walked while the new trouble begins.
        scene.target("well", "ok", ", interval: 60s"),
        scene.target("new", "api", ", interval: 2s"),
    ];
    scene.simulator.set_fault("lost.sim.test", Fault::TcpTimeout);
    let canary = Canary::start(&scene.config("timeout: 1s", &targets)).await;
    for target in ["gone", "lost", "well", "new"] {
        canary.wait_runs(target, if target == "well" { 1.0 } else { 2.0 }).await;
    }
    scene.simulator.set_fault("api.sim.test", Fault::TcpTimeout);
    let told_now = |now: &Samples| verdict(now, "new").filter(|[verdict, ..]| verdict != "ok");
    assert_eq!(canary.wait("the trouble", told_now).await[0], "tcp_timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_many_targets_holds_up_no_run_and_makes_no_storm() {
    const TARGETS: usize = 300;
    let _machine = whole_machine().await;
    let scene = Scene::new().await;
    let hosts: Vec<String> = (0..TARGETS).map(|number| format!("t{number}")).collect();
    let targets: Vec<String> =
        hosts.iter().map(|host| scene.target(host, host, ", expected_networks: []")).collect();
    let options = "interval: 10s, timeout: 2s, diagnosis: { recover_after: 1 }";
    let canary = Canary::start(&scene.config(options, &targets)).await;
    canary.wait_all_runs(TARGETS, 1.0).await;
    let count = |now: &Samples, well: bool| {
        let told = now.all("target_diagnosis_info", &[]);
        assert_eq!(told.len(), TARGETS, "each has one diagnosis");
        told.iter().filter(|(labels, _)| (labels["verdict"] == "ok") == well).count()
    };
    canary.wait("health", |now| (count(now, true) == TARGETS).then_some(())).await;
    let before = canary.samples().await;
    let begun = Instant::now();
    hosts.iter().for_each(|host| scene.simulator.set_fault(&format!("{host}.sim.test"), Fault::TlsTimeout));
    canary.wait("the outage", |now| (count(now, false) == TARGETS).then_some(())).await;
    let made = |now: &Samples| follow_ups(now, "neutral_name");
    canary.wait("more rounds than at once", |now| (made(now) >= 8.0).then_some(())).await;
    hosts.iter().for_each(|host| scene.simulator.clear_fault(&format!("{host}.sim.test")));
    let after = canary.wait("recovery", |now| (count(now, true) == TARGETS).then(|| now.clone())).await;
    let most = 31.0 + begun.elapsed().as_secs_f64() / 2.0;
    let rounds = made(&after) - made(&before);
    assert!(rounds <= most, "{rounds} rounds, {most} allowed");
    let all: f64 = after.all("api_canary_follow_ups_total", &[]).iter().map(|(_, made)| made).sum();
    assert!(all <= most * 6.0, "{all} experiments");
    assert!(skipped(&after) < 0.5, "no run was left out");
    let runs = after.all("probe_runs_total", &[]);
    let counts = || runs.iter().map(|(_, runs)| *runs);
    let (least, greatest) = (counts().fold(f64::MAX, f64::min), counts().fold(0.0, f64::max));
    assert!(greatest - least <= 1.0, "all kept their rhythm: {least} to {greatest}");
    let up = after.all("target_up", &[]);
    assert!(up.len() == TARGETS && up.iter().all(|(_, up)| *up > 0.5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_up_now_and_down_then_is_told_down_once() {
    let scene = Scene::new().await;
    let targets = [scene.target("flaps", "api", "")];
    let options = "interval: 1s, diagnosis: { recover_after: 20 }";
    let canary = Canary::start(&scene.config(options, &targets)).await;
    canary.wait_runs("flaps", 1.0).await;
    let up = |wanted: f64| {
        move |now: &Samples| {
            (now.one("target_up", &[("target", "flaps")]) == Some(wanted)).then(|| now.clone())
        }
    };
    for _ in 0..4 {
        scene.simulator.set_fault("api.sim.test", Fault::TlsReset);
        canary.wait("a failure", up(0.0)).await;
        scene.simulator.clear_fault("api.sim.test");
        canary.wait("a good run", up(1.0)).await;
    }
    let told: Vec<_> = told(&canary, "flaps").into_iter().map(|[_, verdict, ..]| verdict).collect();
    let refined = ["tls_reset", "tls_sni_filtered"];
    assert!(told == refined[..1] || told == refined, "{told:?}");
    let samples = canary.samples().await;
    let changes = samples.one("target_diagnosis_changes_total", &[("target", "flaps")]).unwrap();
    assert!(changes <= 2.0, "{changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_reload_nor_the_end_waits_for_a_round() {
    let scene = Scene::new().await;
    // Two of its experiments last as long as the timeout, and so does the round.
    let target = |timeout: &str| scene.target("cut", "tls-timeout", &format!(", timeout: {timeout}"));
    let mut canary = Canary::start(&scene.config("interval: 60s", &[target("6s")])).await;
    canary.wait_log(&["message=diagnosis", "verdict=tls_timeout"]).await;
    scene.config("interval: 60s", &[target("5s")]);
    canary.signal("HUP");
    canary.wait_log(&["reloaded", "changed=1"]).await;
    let twice = |_: &Samples| (told(&canary, "cut").len() >= 2).then_some(());
    canary.wait("the first run of the target as it is now", twice).await;
    let samples = canary.samples().await;
    assert!(follow_ups(&samples, "neutral_name") < 0.5, "the round of before was broken off");
    let verdicts: Vec<_> =
        told(&canary, "cut").into_iter().map(|[_, verdict, before, _]| [verdict, before]).collect();
    assert_eq!(verdicts, [["tls_timeout", ""], ["tls_timeout", ""]]);
    let start = Instant::now();
    canary.signal("TERM");
    assert!(canary.ended().await.success());
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    let log = canary.whole_log();
    assert!(log.iter().all(|line| !line.contains("cut off")), "{log:#?}");
}
