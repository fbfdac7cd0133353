//! The configured call waits: as long as the API asks for, longer and longer where it is overloaded, and as rarely as
//! the config says. The layers below are walked all the time, and what the call found last stands.

use api_canary::simulate::Fault;

use crate::calls::{
    KEY, KEYED, asked, asked_for, fault_for, keyed_canary, lines, number, runs, same, sum, unix_now,
};
use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;

const RETRY_AT: &str = "rate_limit_retry_at_timestamp_seconds";
const PAUSED: &str = "api_call_paused_info";
const MODELS: &str = "/v1/models";
const HELLO: &str = "/api/hello";

/// Waits until the API has asked a target to wait; when the call is allowed again.
async fn refused(canary: &Canary, target: &str) -> f64 {
    canary.wait("a moment to wait for", |now| now.one(RETRY_AT, &[("target", target)])).await
}

/// Watches a target that was refused once until its call is made again: it keeps failing for the same reason, while
/// the layers below are walked.
async fn waits(scene: &Scene, canary: &Canary, target: &str, retry_at: f64) {
    let of = [("target", target)];
    canary
        .wait("the next call", |samples| {
            // The samples are older than this count: nothing in them can come from a second call.
            let again = asked_for(scene, target, MODELS) > 1;
            if again {
                let now = unix_now();
                assert!(now > retry_at - 0.1, "{target}: {now} is before {retry_at}");
                return Some(());
            }
            assert_eq!(samples.one("probe_success", &of), Some(0.0), "{target} flaps");
            assert_eq!(samples.one("target_up", &of), Some(0.0), "{target} flaps");
            assert_eq!(samples.label("probe_failures_total", &of, "reason"), ["rate_limited"], "{target}");
            let told = samples.one(RETRY_AT, &of);
            let over = told.is_none() && unix_now() > retry_at - 0.1;
            assert!(over || told.is_some_and(|at| (at - retry_at).abs() < 0.1), "{target}: {told:?}");
            for layer in ["dns", "tcp", "tls"] {
                let of = [of[0], ("layer", layer)];
                assert_eq!(samples.one("probe_layer_success", &of), Some(1.0), "{target}: {layer}");
            }
            if runs(samples, target) > 1.5 {
                let paused = [of[0], ("reason", "retry_after")];
                assert_eq!(samples.one(PAUSED, &paused), Some(1.0), "{target}");
            }
            None
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_asks_to_wait_is_waited_and_nothing_flaps_meanwhile() {
    let scene = Scene::new().await;
    let cases = [("seconds", Fault::Http429, 7.0), ("date", Fault::Http429Date, 5.9)];
    let targets = cases.map(|(name, fault, _)| {
        fault_for(&scene, name, fault, 1);
        scene.target(name, name, KEYED)
    });
    let before = unix_now();
    let canary = keyed_canary(&scene, "interval: 2s", &targets).await;
    for (name, _, least) in cases {
        let retry_at = refused(&canary, name).await;
        let now = unix_now();
        assert!(retry_at > before + least && retry_at < now + 7.1, "{name}: {before} {retry_at} {now}");
        waits(&scene, &canary, name, retry_at).await;
    }
    for (name, ..) in cases {
        let of = [("target", name)];
        let samples =
            canary.wait("health", |now| (now.one("target_up", &of) == Some(1.0)).then(|| now.clone())).await;
        assert_eq!(samples.one("probe_success", &of), Some(1.0), "{name}");
        assert_eq!(samples.one(RETRY_AT, &of), None, "{name}");
        assert!(samples.all(PAUSED, &of).is_empty(), "{name}");
        let requests = asked(&scene, name);
        let meanwhile: Vec<_> = requests.iter().skip(1).take_while(|next| next.path != MODELS).collect();
        assert!(meanwhile.len() >= 2, "{name}: {requests:#?}");
        assert!(meanwhile.iter().all(|next| next.path == HELLO && !next.keyed), "{name}: {requests:#?}");
        let target = format!("target={name}");
        canary.wait_log(&["the configured call is made again", &target]).await;
        let log = canary.log();
        for (words, count) in [
            (["the configured call waits", "reason=retry_after", "until=20"].as_slice(), 1),
            (&["the configured call waits"], 1),
            (&["the configured call is made again"], 1),
            (&["message=fails", "reason=rate_limited"], 1),
            (&["message=fails"], 1),
            (&["works again"], 1),
        ] {
            let words = [words, &[&*target]].concat();
            assert_eq!(lines(&log, &words), count, "{words:?}: {log:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn milliseconds_to_wait_come_before_whole_seconds() {
    let scene = Scene::new().await;
    scene.simulator.set_fault("ms.sim.test", Fault::Http429Ms);
    let before = unix_now();
    let canary = keyed_canary(&scene, "interval: 1s", &[scene.target("ms", "ms", KEYED)]).await;
    let retry_at = refused(&canary, "ms").await;
    // It asks for 2 s too, for clients that know nothing of milliseconds.
    let now = unix_now();
    assert!(retry_at > before + 1.5 && retry_at < now + 1.6, "{before} {retry_at} {now}");
    canary
        .wait("the next call", |_| {
            let again = asked_for(&scene, "ms", MODELS) > 1;
            assert!(!again || unix_now() > retry_at - 0.1);
            again.then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_does_not_cut_the_wait_short() {
    let scene = Scene::new().await;
    fault_for(&scene, "kept", Fault::Http429, 1);
    let canary = keyed_canary(&scene, "interval: 1s", &[scene.target("kept", "kept", KEYED)]).await;
    let retry_at = refused(&canary, "kept").await;
    scene.config("interval: 2s", &[scene.target("kept", "kept", KEYED)]);
    canary.signal("HUP");
    canary.wait_log(&["message=reloaded", "changed=1"]).await;
    let reloaded_after = asked(&scene, "kept").len();
    let of = [("target", "kept")];
    canary
        .wait("the next call", |samples| {
            let again = asked_for(&scene, "kept", MODELS) > 1;
            assert!(!again || unix_now() > retry_at - 0.1, "{:#?}", asked(&scene, "kept"));
            assert!(
                again || samples.one("target_up", &of) == Some(0.0),
                "what was found stands: {samples:#?}"
            );
            again.then_some(())
        })
        .await;
    let requests = asked(&scene, "kept");
    let since = requests.get(reloaded_after..).unwrap();
    assert_eq!(since.first().map(|first| &*first.path), Some(HELLO), "{requests:#?}");
    let up = |now: &Samples| (now.one("target_up", &of) == Some(1.0)).then_some(());
    canary.wait("health", up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_refusals_passes_by_itself_and_every_request_is_counted() {
    let scene = Scene::new().await;
    fault_for(&scene, "storm", Fault::Http429, 5);
    let canary = keyed_canary(&scene, "interval: 1s", &[scene.target("storm", "storm", KEYED)]).await;
    let of = [("target", "storm")];
    refused(&canary, "storm").await;
    canary.wait("health", |now| (now.one("target_up", &of) == Some(1.0)).then_some(())).await;
    let refusals = [of[0], ("status_code", "429")];
    let samples = canary
        .wait("a count of every request", |samples| {
            // What is counted was asked before: the sum cannot be greater, and is less only while a run is under way.
            let counted = sum(samples, "api_requests_total", &of);
            let asked = number(asked(&scene, "storm").len());
            assert!(counted <= asked, "{counted} {asked}");
            same(counted, asked).then(|| samples.clone())
        })
        .await;
    assert!(same(sum(&samples, "api_requests_total", &refusals), 5.0), "{samples:#?}");
    assert_eq!(asked_for(&scene, "storm", MODELS), asked(&scene, "storm").iter().filter(|r| r.keyed).count());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_free_call_nothing_is_called_meanwhile() {
    let scene = Scene::new().await;
    fault_for(&scene, "plain", Fault::Http429, 1);
    let url = format!("https://plain.sim.test:{}{HELLO}", scene.simulator.api_address().port());
    let target = scene.at("plain", &url, ", provider: http");
    let canary = Canary::start(&scene.config("interval: 2s", &[target])).await;
    let retry_at = refused(&canary, "plain").await;
    let of = [("target", "plain")];
    let walked = canary
        .wait("the next call", |samples| {
            if asked(&scene, "plain").len() > 1 {
                assert!(unix_now() > retry_at - 0.1);
                return Some(runs(samples, "plain"));
            }
            assert_eq!(samples.one("probe_success", &of), Some(0.0));
            assert_eq!(samples.one("target_up", &of), Some(0.0));
            if runs(samples, "plain") > 1.5 {
                assert_eq!(samples.one("probe_layer_success", &[of[0], ("layer", "tls")]), Some(1.0));
                assert_eq!(samples.one("probe_http_status_code", &of), None, "nothing answered");
            }
            None
        })
        .await;
    assert!(walked > 2.5, "it was walked meanwhile: {walked}");
    canary
        .wait_log(&["the configured call waits", "target=plain", "the layers below the call are walked"])
        .await;
    canary.wait("health", |now| (now.one("target_up", &of) == Some(1.0)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_an_interval_of_its_own_is_made_that_rarely_and_what_it_finds_stands() {
    let scene = Scene::new().await;
    let every = ", call: { kind: models, interval: 3s";
    let targets = [
        scene.target("rare", "rare", &format!("{KEYED}{every} }}")),
        scene.target("wrong", "wrong", &format!(", api_key: {{ env: WRONG_KEY }}{every} }}")),
        scene.target("nothing", "nothing", &format!("{KEYED}{every}, between: nothing }}")),
    ];
    let config = scene.config("interval: 1s", &targets);
    let canary = Canary::start_with(&config, &[], &[KEY, ("WRONG_KEY", "sk-ant-sim-wrong")]).await;
    for name in ["rare", "wrong", "nothing"] {
        canary.wait_runs(name, 10.0).await;
    }
    let samples = canary.samples().await;
    let calls_and_all = |name| (asked_for(&scene, name, MODELS), asked(&scene, name).len());

    let (calls, all) = calls_and_all("rare");
    assert!(calls * 2 <= all && calls * 6 >= all, "about a third: {calls} of {all}");
    assert_eq!(asked_for(&scene, "rare", HELLO), all - calls);
    let of = [("target", "rare")];
    assert_eq!(samples.label("api_latency_seconds_count", &of, "endpoint"), ["hello", "models"]);
    assert_eq!(samples.label("api_latency_seconds_count", &of, "connection"), ["fresh"]);
    assert_eq!(samples.one("target_up", &of), Some(1.0));
    assert!(samples.all(PAUSED, &of).is_empty(), "it is meant so: nothing to look at");
    assert_eq!(lines(&canary.log(), &["the configured call"]), 0, "{:#?}", canary.log());

    let (calls, all) = calls_and_all("wrong");
    assert!(calls * 2 <= all, "{calls} of {all}");
    let of = [("target", "wrong"), ("reason", "auth_invalid")];
    let refused = samples.one("probe_failures_total", &of);
    assert_eq!(refused, samples.one("probe_runs_total", &of[..1]), "each run, those between too");
    assert_eq!(samples.label("probe_failures_total", &of[..1], "reason"), ["auth_invalid"]);
    assert_eq!(lines(&canary.log(), &["target=wrong", "message=fails"]), 1, "{:#?}", canary.log());

    let (calls, all) = calls_and_all("nothing");
    assert_eq!(calls, all, "no other call");
    let walked = runs(&samples, "nothing");
    assert!(number(calls) * 2.0 <= walked + 2.0, "{calls} in {walked} runs");
    let of = [("target", "nothing")];
    assert_eq!(samples.one("target_up", &of), Some(1.0));
    assert_eq!(samples.label("probe_failures_total", &of, "reason"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_call_that_meets_overload_again_and_again_becomes_rare_and_comes_back() {
    let scene = Scene::new().await;
    scene.simulator.set_fault("hour.sim.test", Fault::Http529);
    let paid = format!("{KEYED}, call: {{ kind: message, max_daily_cost_usd: 1 }}");
    let state = scene.workspace.path().join("state");
    let config = scene.config("interval: 1s", &[scene.target("hour", "hour", &paid)]);
    let directory = format!("--state.directory={}", state.display());
    let canary = Canary::start_with(&config, &[&directory], &[KEY]).await;
    let of = [("target", "hour")];
    let calls = || asked_for(&scene, "hour", "/v1/messages");
    canary.wait_runs("hour", 9.0).await;
    let (some, all) = (calls(), asked(&scene, "hour").len());
    assert!(some >= 3 && some * 3 <= all * 2, "{some} of {all}");
    let slowed = [of[0], ("reason", "slowed_down")];
    // A run that began in time may end when the call is due again.
    let slow = |now: &Samples| {
        let told = now.one(PAUSED, &slowed).is_some() && now.one(RETRY_AT, &of).is_some();
        told.then(|| now.clone())
    };
    let samples = canary.wait("slowness", slow).await;
    assert_eq!(samples.one("target_up", &of), Some(0.0));
    assert_eq!(samples.label("probe_failures_total", &of, "reason"), ["provider_overloaded"]);

    scene.simulator.clear_fault("hour.sim.test");
    let up = |now: &Samples| {
        // The last run made the call, and the next one does not have to wait.
        let made = now.one(PAUSED, &slowed).is_none() && now.one(RETRY_AT, &of).is_none();
        let calm = now.one("target_up", &of) == Some(1.0) && made;
        calm.then(|| runs(now, "hour"))
    };
    let calm_at = canary.wait("calm", up).await;
    assert!(calls() > some);
    let before = asked(&scene, "hour").len();
    canary.wait_runs("hour", calm_at + 4.0).await;
    let since = asked(&scene, "hour").split_off(before);
    assert!(since.iter().all(|request| request.path == "/v1/messages"), "each run again: {since:#?}");
    assert_eq!(lines(&canary.log(), &["message=fails"]), 1, "{:#?}", canary.log());
    assert!(lines(&canary.log(), &["the configured call waits", "reason=slowed_down"]) >= 1);
}
