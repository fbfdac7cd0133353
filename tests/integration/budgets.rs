//! What paid calls cost: a day's budget is never exceeded, whatever happens to the process and its state directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use api_canary::simulate::Fault;

use crate::calls::{KEY, KEYED, asked_for, fault_for, lines, number, runs, same, sum};
use crate::canary::{Canary, Said, binary, run};
use crate::exposition::Samples;
use crate::scene::Scene;
use crate::workspace::wait_for;

const MESSAGES: &str = "/v1/messages";
const PAID: &str = "paid";

/// What a call of these prices costs, in dollars: the simulator counts eight tokens of the prompt and one of the answer.
const COST: f64 = 0.009;

/// The most it may cost: 32 tokens of a prompt and one of the answer.
const MOST: f64 = 0.033;

/// A target whose calls cost a tenth of a cent a token, with this much to spend on a day.
fn paid(scene: &Scene, host: &str, daily: &str) -> String {
    let price = "price: { input: 1000, output: 1000 }";
    let call = format!("call: {{ kind: message, max_daily_cost_usd: {daily}, {price} }}");
    // Each family may be called, so what may be spent in a run depends on how many there are.
    scene.target(PAID, host, &format!("{KEYED}, families: [ipv4], {call}"))
}

fn state(scene: &Scene) -> PathBuf {
    scene.workspace.path().join("state")
}

async fn start(config: &Path, state: &Path) -> Canary {
    let directory = format!("--state.directory={}", state.display());
    Canary::start_with(config, &[&directory], &[KEY]).await
}

async fn stop(mut canary: Canary) {
    canary.signal("TERM");
    assert_eq!(canary.ended().await.code(), Some(0));
}

/// Waits until the budget stands in the way of the call, and two runs more.
async fn spent(canary: &Canary) -> Samples {
    let of = [("target", PAID), ("reason", "budget")];
    let look = |now: &Samples| now.one("api_call_paused_info", &of).map(|_| runs(now, PAID));
    let since = canary.wait("an empty purse", look).await;
    canary.wait_runs(PAID, since + 2.0).await
}

/// What a canary says that does not start.
async fn refused(config: &Path, state: &Path) -> Said {
    let mut child = binary()
        .arg(format!("--config.file={}", config.display()))
        .arg("--web.listen-address=127.0.0.1:0")
        .arg(format!("--state.directory={}", state.display()))
        .envs([KEY])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id().to_string();
    let mut ended = false;
    for _ in 0..1200 {
        ended = child.try_wait().unwrap().is_some();
        if ended {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    if !ended {
        drop(Command::new("kill").arg("-KILL").arg(&id).status());
    }
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_for_three_calls_is_three_calls_a_day() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[paid(&scene, "api", "0.055")]);
    let state = state(&scene);
    let calls = || asked_for(&scene, "api", MESSAGES);

    let canary = start(&config, &state).await;
    let samples = spent(&canary).await;
    assert_eq!(calls(), 3);
    let of = [("target", PAID)];
    let one = |name| samples.one(name, &of).unwrap();
    assert!(same(one("probe_success"), 1.0) && same(one("target_up"), 1.0), "the free call works");
    assert!(same(one("api_budget_remaining_usd"), 0.055 - 3.0 * COST), "{samples:#?}");
    assert!(same(one("api_cost_usd_total"), 3.0 * COST), "{samples:#?}");
    assert!(same(sum(&samples, "api_tokens_total", &of), 27.0), "{samples:#?}");
    let messages = [of[0], ("endpoint", "message")];
    assert!(same(sum(&samples, "api_requests_total", &messages), 3.0), "{samples:#?}");
    assert_eq!(lines(&canary.log(), &["the configured call waits", "reason=budget"]), 1);
    stop(canary).await;

    let canary = start(&config, &state).await;
    let samples = spent(&canary).await;
    assert_eq!(calls(), 3, "it is the same day");
    assert!(same(samples.one("api_budget_remaining_usd", &of).unwrap(), 0.055 - 3.0 * COST), "{samples:#?}");
    stop(canary).await;

    let file = state.join("budget.json");
    std::fs::write(&file, "{\"version\":1,\"da").unwrap();
    let canary = start(&config, &state).await;
    let samples = spent(&canary).await;
    assert_eq!(calls(), 3, "what is not known is not nothing");
    assert_eq!(samples.one("api_budget_remaining_usd", &of), Some(0.0));
    let log = canary.log();
    assert_eq!(lines(&log, &["level=error"]), 1, "{log:#?}");
    let path = file.display().to_string();
    assert_eq!(lines(&log, &["level=error", "what was spent today is not known", &path]), 1, "{log:#?}");
    let aside = std::fs::read_to_string(state.join("budget.json.unusable")).unwrap();
    assert_eq!(aside, "{\"version\":1,\"da");
    stop(canary).await;

    let canary = start(&config, &state).await;
    spent(&canary).await;
    assert_eq!(calls(), 3, "it stays unknown when it is started again");
    stop(canary).await;

    std::fs::remove_file(&file).unwrap();
    let canary = start(&config, &state).await;
    spent(&canary).await;
    assert_eq!(calls(), 6, "whoever removes the file starts anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_when_the_process_was_killed_counts_as_spent() {
    let scene = Scene::new().await;
    // Each call is answered late, so that it is under way when the process is killed.
    let config = scene.config("interval: 4s, timeout: 4s", &[paid(&scene, "http-slow", "0.1")]);
    let state = state(&scene);
    let calls = || asked_for(&scene, "http-slow", MESSAGES);
    for killed in 1..=3 {
        let mut canary = start(&config, &state).await;
        wait_for("a paid call", || async {
            if calls() >= killed { Ok(()) } else { Err(format!("{:#?}", canary.log())) }
        })
        .await;
        canary.signal("KILL");
        canary.ended().await;
        assert_eq!(calls(), killed);
    }
    let canary = start(&config, &state).await;
    let samples = spent(&canary).await;
    assert_eq!(calls(), 3);
    assert!(number(calls()) * MOST <= 0.1);
    let left = samples.one("api_budget_remaining_usd", &[("target", PAID)]).unwrap();
    assert!(same(left, 0.1 - 3.0 * MOST), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_kills_at_any_moment_never_exceed_the_budget() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[paid(&scene, "api", "0.08")]);
    let state = state(&scene);
    let calls = || asked_for(&scene, "api", MESSAGES);
    for wanted in [1, 3] {
        let mut canary = start(&config, &state).await;
        wait_for("paid calls", || async {
            if calls() >= wanted { Ok(()) } else { Err(format!("{:#?}", canary.log())) }
        })
        .await;
        canary.signal("KILL");
        canary.ended().await;
    }
    let canary = start(&config, &state).await;
    let samples = spent(&canary).await;
    let cost = number(calls()) * COST;
    let left = samples.one("api_budget_remaining_usd", &[("target", PAID)]).unwrap();
    assert!(calls() >= 3 && cost <= 0.08, "{} calls", calls());
    assert!(cost + left <= 0.08 + 1e-9 && left < MOST, "{cost} spent, {left} left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_directory_belongs_to_one_canary() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[paid(&scene, "api", "0.055")]);
    let state = state(&scene);
    let canary = start(&config, &state).await;
    let second = refused(&config, &state).await;
    assert_eq!(second.code, Some(2), "{second:?}");
    let path = state.display().to_string();
    for words in ["in use by another api-canary", "--state.directory", &path] {
        assert!(second.err.contains(words), "{words}: {second:?}");
    }
    assert!(!second.err.contains("panicked"), "{second:?}");
    stop(canary).await;
    stop(start(&config, &state).await).await;

    // Free calls need no directory, and where nothing else is to be kept none is made.
    let text = scene.text("interval: 1s", &[scene.target("free", "api", KEYED)]);
    let text = format!("history: {{ persist: false }}\n{text}");
    let config = scene.workspace.write("config.yml", &text);
    let nowhere = scene.workspace.path().join("nowhere");
    let canary = start(&config, &nowhere).await;
    canary.wait_runs("free", 1.0).await;
    assert!(!nowhere.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_usable_state_directory_it_does_not_start() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[paid(&scene, "api", "0.055")]);
    let file = scene.workspace.write("file", "not a directory");
    for place in [file.clone(), file.join("below")] {
        let said = refused(&config, &place).await;
        assert_eq!(said.code, Some(2), "{said:?}");
        let path = place.display().to_string();
        for words in [&*path, "what paid calls cost"] {
            assert!(said.err.contains(words), "{words}: {said:?}");
        }
    }
    assert_eq!(asked_for(&scene, "api", MESSAGES), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_any_more_is_not_spent() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[paid(&scene, "api", "5")]);
    let state = state(&scene);
    let calls = || asked_for(&scene, "api", MESSAGES);
    let canary = start(&config, &state).await;
    let of = [("target", PAID)];
    let paid_for = [of[0], ("endpoint", "message")];
    canary.wait("paid calls", |now| (sum(now, "api_requests_total", &paid_for) > 1.5).then_some(())).await;

    let aside = scene.workspace.path().join("aside");
    std::fs::rename(&state, &aside).unwrap();
    std::fs::write(&state, "in its place").unwrap();
    canary.wait_log(&["level=error", "cannot be written down", &state.display().to_string()]).await;
    spent(&canary).await;
    let before = calls();
    let samples = spent(&canary).await;
    assert_eq!(calls(), before, "no call more");
    assert!(same(samples.one("target_up", &of).unwrap(), 1.0), "the free call works");
    let log = canary.log();
    assert_eq!(lines(&log, &["level=error"]), 1, "told once: {log:#?}");

    std::fs::remove_file(&state).unwrap();
    std::fs::rename(&aside, &state).unwrap();
    wait_for("a paid call", || async {
        if calls() > before { Ok(()) } else { Err(format!("{:#?}", canary.log())) }
    })
    .await;
    let free = |now: &Samples| now.all("api_call_paused_info", &of).is_empty().then_some(());
    canary.wait("an open purse", free).await;
    canary.wait_log(&["the configured call is made again", "target=paid"]).await;
    canary.wait_log(&["level=info", "can be written down again"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_and_refusals_are_paid_for_as_they_are_charged() {
    // Overloaded twice, then answered: only the answer is charged, but all three had to fit.
    let scene = Scene::new().await;
    fault_for(&scene, "api", Fault::Http529, 2);
    let target = paid(&scene, "api", "0.1").replacen(
        "families:",
        "retry: { max_attempts: 3, base_delay: 10ms, jitter: none }, families:",
        1,
    );
    let config = scene.config("interval: 60s", &[target]);
    let canary = start(&config, &state(&scene)).await;
    let of = [("target", PAID)];
    let samples = canary.wait_runs(PAID, 1.0).await;
    assert_eq!(asked_for(&scene, "api", MESSAGES), 3);
    let paid = |now: &Samples| {
        let cost = sum(now, "api_cost_usd_total", &of);
        (cost > 0.0).then_some(cost)
    };
    assert!(same(canary.wait("the cost", paid).await, COST), "{samples:#?}");
    let left = canary.samples().await.one("api_budget_remaining_usd", &of).unwrap();
    assert!(same(left, 0.1 - COST), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_what_may_be_spent_and_not_what_was() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[paid(&scene, "api", "0.055")]);
    let state = state(&scene);
    let calls = || asked_for(&scene, "api", MESSAGES);
    let canary = start(&config, &state).await;
    spent(&canary).await;
    assert_eq!(calls(), 3);
    // Room for one call more: 0.027 are spent, and one may cost 0.033.
    scene.config("interval: 1s", &[paid(&scene, "api", "0.064")]);
    canary.signal("HUP");
    let of = [("target", PAID)];
    let left = |now: &Samples| {
        let left = now.one("api_budget_remaining_usd", &of);
        left.filter(|left| same(*left, 0.064 - 4.0 * COST))
    };
    canary.wait("one call more", left).await;
    spent(&canary).await;
    assert_eq!(calls(), 4);
    // Less than was spent.
    scene.config("interval: 1s", &[paid(&scene, "api", "0.034")]);
    canary.signal("HUP");
    canary
        .wait("nothing left", |now| (now.one("api_budget_remaining_usd", &of) == Some(0.0)).then_some(()))
        .await;
    spent(&canary).await;
    assert_eq!(calls(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_needs_a_state_directory_fails_without_one() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 1s", &[scene.target("free", "api", KEYED)]);
    let file = scene.workspace.write("file", "not a directory");
    let canary = start(&config, &file).await;
    canary.wait_runs("free", 1.0).await;
    scene.config("interval: 1s", &[paid(&scene, "api", "1")]);
    canary.signal("HUP");
    canary
        .wait_log(&["level=error", "reload failed", "what paid calls cost", &file.display().to_string()])
        .await;
    let runs = runs(&canary.samples().await, "free");
    canary.wait_runs("free", runs + 2.0).await;
    assert_eq!(asked_for(&scene, "api", MESSAGES), 0);
}

#[test]
fn a_paid_call_without_a_limit_is_refused_with_place_and_help() {
    let workspace = crate::workspace::Workspace::new();
    let config = workspace.write(
        "config.yml",
        "targets:\n  - name: paid\n    provider: anthropic\n    api_key: { env: TEST_KEY }\n    call: { kind: message }\n",
    );
    let path = config.display().to_string();
    for arguments in [vec!["check-config", &path], vec!["--config.file", &path]] {
        let said = run(&arguments, &[KEY]);
        assert_eq!(said.code, Some(2), "{said:?}");
        for words in [
            &*format!(
                "{path}:5:11: targets[0].call.max_daily_cost_usd: missing: the call `message` costs money"
            ),
            "help: say how much the target's calls may cost on one day",
        ] {
            assert!(said.err.contains(words), "{words}: {said:?}");
        }
        assert!(!said.err.contains(KEY.1) && !said.out.contains(KEY.1), "{said:?}");
    }
}
