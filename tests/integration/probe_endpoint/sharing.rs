//! What many questions at once cost, and what is none of the run's business.

use std::io::Write as _;
use std::process::Stdio;

use futures_util::future::join_all;

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::peers::process::program;
use crate::scene::Scene;
use crate::workspace::wait_for;

/// Asks so often at once, when no result is young enough to be answered again.
async fn at_once(canary: &Canary, module: &str, times: usize) -> Vec<Samples> {
    wait_for("the last results to age", || async {
        let last =
            canary.samples().await.one("probe_last_run_timestamp_seconds", &[("target", "good")]).unwrap();
        let age = jiff::Timestamp::now().duration_since(jiff::Timestamp::UNIX_EPOCH).as_secs_f64() - last;
        if age > 3.2 { Ok(()) } else { Err(format!("{age} s old")) }
    })
    .await;
    let path = format!("/probe?target=good&module={module}");
    let answers = join_all((0..times).map(|_| canary.get(&path))).await;
    let read = |(status, text): (u16, String)| {
        assert_eq!(status, 200, "{text}");
        Samples::read(&text)
    };
    answers.into_iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_at_once_cost_one_walk_and_lower_layers_no_call() {
    let scene = Scene::new().await;
    let targets = [scene.target("good", "api", ", interval: 1h")];
    let config = format!("probe: {{ min_interval: 3s }}\n{}", scene.text("timeout: 5s", &targets));
    let canary = Canary::start(&scene.workspace.write("config.yml", &config)).await;
    canary.wait_runs("good", 1.0).await;

    let (calls, questions) = (scene.requests("api"), scene.simulator.dns_queries().len());
    for samples in at_once(&canary, "all", 20).await {
        assert_eq!(samples.one("probe_success", &[]), Some(1.0));
    }
    assert_eq!(scene.requests("api") - calls, 1);
    assert_eq!(scene.simulator.dns_queries().len() - questions, 2, "A and AAAA");

    for (module, layers) in [("dns", 1), ("tcp", 2), ("tls", 3)] {
        let questions = scene.simulator.dns_queries().len();
        for samples in at_once(&canary, module, 20).await {
            assert_eq!(samples.one("probe_success", &[]), Some(1.0), "{module}");
            assert_eq!(samples.all("probe_layer_success", &[]).len(), layers, "{module}");
        }
        // All of it in one look, unless some seconds passed meanwhile.
        let asked = scene.simulator.dns_queries().len() - questions;
        assert!((2..=4).contains(&asked), "{module}: {asked}");
    }
    assert_eq!(scene.requests("api") - calls, 1, "a look makes no call");
    let runs = canary.samples().await.one("probe_runs_total", &[("target", "good")]);
    assert_eq!(runs, Some(2.0), "and is no run");
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_has_nothing_to_say_about_an_answer() {
    let scene = Scene::new().await;
    let targets = [
        scene.target("good", "api", ", interval: 1h"),
        scene.target("expired", "tls-expired", ", interval: 1h"),
    ];
    let canary = Canary::start(&scene.config("timeout: 5s", &targets)).await;
    for query in ["good", "expired", "good&module=dns", "good&module=tls", "expired&module=tcp"] {
        let (status, text) = canary.get(&format!("/probe?target={query}")).await;
        assert_eq!(status, 200, "{text}");
        let mut promtool = program("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let said = promtool.wait_with_output().unwrap();
        assert!(
            said.status.success() && said.stdout.is_empty() && said.stderr.is_empty(),
            "{query}: {said:?}"
        );
    }
}
