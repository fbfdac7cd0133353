//! What becomes of results, runs and rounds when what is watched changes.

use std::time::Duration;

use tokio::sync::oneshot;

use super::*;
use crate::app::follow_up::Errand;
use crate::app::probe_now::{Ask, Reply};
use crate::board::Board;
use crate::config::{Config, Env, Source};
use crate::diagnosis::MOST_ROUNDS;
use crate::metrics::Format;
use crate::outcome::{ApiEvidence, Experiment, Family, FollowUp, Layer, PooledCall, Stage, Trial, Wanted};
use crate::target::Endpoint;

fn prober(timeout: &str) -> Arc<Prober> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.yml");
    let target = "{ name: a, url: \"http://127.0.0.1:1\", provider: http, interval: 1h";
    std::fs::write(
        &path,
        format!("targets:\n  - {target}, timeout: {timeout}, diagnosis: {{ follow_ups: false }} }}\n"),
    )
    .unwrap();
    let config = Config::load(&Source::File(path), &Env::process()).unwrap();
    Arc::new(Prober::try_new(Arc::clone(&config.targets[0]), &Arc::default()).unwrap())
}

fn engine(probers: Vec<Arc<Prober>>) -> Engine {
    let metrics = Arc::new(Metrics::new().unwrap());
    let sinks = Sinks::new(Arc::new(Board::default()), Arc::default(), Arc::clone(&metrics));
    let tools = Tools {
        sinks,
        metrics,
        purse: Arc::new(Purse::new(None)),
        status: Arc::default(),
        lags: Arc::default(),
        descriptors: Some(1024),
    };
    let follow_ups = FollowUps::new(Vec::new(), Vec::new(), Vec::new(), Arc::default());
    Engine::new(tools, mpsc::channel(1).1, probers, follow_ups)
}

fn over(prober: &Arc<Prober>, run: &Run) -> Finished {
    let decision = Decision { order: Order::Configured, pause: None };
    Finished { prober: Arc::clone(prober), decision, started: Instant::now(), run: run.clone() }
}

fn text(engine: &Engine) -> String {
    String::from_utf8(engine.tools.metrics.render(Format::Text004).unwrap()).unwrap()
}

#[tokio::test]
async fn a_replaced_target_keeps_its_series_until_the_first_result_of_the_new_one() {
    let (old, new) = (prober("1s"), prober("2s"));
    let mut engine = engine(vec![Arc::clone(&old)]);
    let run = old.run(Order::Configured).await;
    engine.finished(over(&old, &run));
    assert!(text(&engine).contains("target_up{target=\"a\"} 0"));
    engine.change(vec![Prepared::Watch(Arc::clone(&new))], Instant::now() + Duration::from_secs(60));
    engine.finished(over(&old, &run));
    assert!(text(&engine).contains("probe_runs_total{target=\"a\",route=\"direct\",family=\"ipv4\"} 1"));
    engine.finished(over(&new, &Run::of("a".into())));
    let now = text(&engine);
    assert!(now.contains("target_up{target=\"a\"} 0") && !now.contains("probe_runs_total{"), "{now}");
}

#[tokio::test]
async fn what_a_run_from_before_a_change_was_asked_for_is_kept() {
    let (old, new) = (prober("1s"), prober("2s"));
    let mut engine = engine(vec![Arc::clone(&old)]);
    engine.change(vec![Prepared::Watch(Arc::clone(&new))], Instant::now());
    let mut evidence = ApiEvidence::of_call("get", http::Method::GET);
    evidence.retry_after = Some(Duration::from_secs(60));
    let stage = Stage::Passed { took: Duration::ZERO, evidence };
    let call = PooledCall { endpoint: "e".into(), route: "direct".into(), stage };
    engine.finished(over(&old, &Run { pooled: vec![call], ..Run::of("a".into()) }));
    let watched = &engine.watched[&JobKey::from("a")];
    assert!(watched.gate.waits_until(Instant::now()).is_some());
}

#[tokio::test]
async fn a_removed_target_takes_its_series_with_it_at_once() {
    let old = prober("1s");
    let mut engine = engine(vec![Arc::clone(&old)]);
    let run = old.run(Order::Configured).await;
    engine.finished(over(&old, &run));
    let replaced = vec![Prepared::Watch(prober("2s")), Prepared::Remove("a".into())];
    engine.change(replaced, Instant::now());
    assert!(!text(&engine).contains("{target=\"a\""));
}

fn result(prober: &Prober) -> FollowUp {
    let wanted = Wanted {
        experiment: Experiment::Control,
        endpoint: prober.target().sites[0].endpoint.shown().into(),
        route: "direct".into(),
        family: Family::Ipv4,
        address: None,
    };
    let url = "https://control.example/".into();
    FollowUp { wanted, took: Duration::ZERO, trial: Trial::Control { url, outcomes: Vec::new() } }
}

/// A round about what the last run of a target found, sent for and over.
async fn round(engine: &mut Engine, prober: &Arc<Prober>) -> Errand {
    let now = Instant::now();
    let round = engine.desk.rounds.begin(now).unwrap();
    engine.watched.get_mut(&prober.target().name).unwrap().patient.inquiry.began(round, now);
    engine.desk.send(prober, round, Vec::new());
    engine.desk.back().await.0
}

fn followed_up(engine: &Engine) -> bool {
    text(engine).contains("api_canary_follow_ups_total{experiment=\"control\"} 1")
}

#[tokio::test]
async fn what_a_round_finds_counts_until_the_target_works_again() {
    let prober = prober("1s");
    let mut engine = engine(vec![Arc::clone(&prober)]);
    let run = prober.run(Order::Configured).await;
    engine.finished(over(&prober, &run));
    let info = "target_diagnosis_info{target=\"a\",verdict=\"tcp_refused\",layer=\"tcp\",blame=\"";
    assert!(text(&engine).contains(info), "{}", text(&engine));
    let errand = round(&mut engine, &prober).await;
    let now = Instant::now();
    engine.followed_up(errand, &[result(&prober)], now);
    assert!(followed_up(&engine));
    let found = |engine: &Engine| engine.watched[&JobKey::from("a")].patient.inquiry.found(now).len();
    assert_eq!(found(&engine), 1);
    engine.finished(over(&prober, &run));
    assert_eq!(found(&engine), 1, "it is the same trouble");
    let retired = run.outcomes.iter().map(|of| (Arc::clone(&of.endpoint), of.path.clone())).collect();
    engine.finished(over(&prober, &Run { retired, ..Run::of("a".into()) }));
    assert_eq!(found(&engine), 0, "nothing is wrong any more");
}

#[tokio::test]
async fn what_a_round_finds_about_a_target_that_has_changed_is_dropped() {
    let (old, new) = (prober("1s"), prober("2s"));
    let mut engine = engine(vec![Arc::clone(&old)]);
    engine.finished(over(&old, &old.run(Order::Configured).await));
    let mut errands = Vec::new();
    for _ in 0..MOST_ROUNDS {
        errands.push(round(&mut engine, &old).await);
    }
    let now = Instant::now();
    assert!(!engine.desk.rounds.has_room(now), "each is still in flight");
    engine.change(vec![Prepared::Watch(Arc::clone(&new))], now);
    let before = text(&engine);
    assert!(before.contains("target_diagnosis_info{target=\"a\""), "what is told stays");
    for errand in errands {
        engine.followed_up(errand, &[result(&old)], now);
    }
    assert!(engine.desk.rounds.has_room(now));
    let patient = &engine.watched[&JobKey::from("a")].patient;
    assert!(patient.inquiry.found(now).is_empty() && patient.inquiry.in_flight().is_none());
    engine.change(vec![Prepared::Remove("a".into())], now);
    assert!(!text(&engine).contains("target_diagnosis_info{"));
}

/// A target that fails and is looked into, by its name.
fn named(name: &str) -> Arc<Prober> {
    let model = prober("1s");
    let mut target = Target::clone(model.target());
    target.name = name.into();
    target.diagnosis.follow_ups = true;
    Arc::new(Prober::try_new(Arc::new(target), &Arc::default()).unwrap())
}

#[tokio::test]
async fn who_found_no_room_for_a_round_has_one_when_there_is_some() {
    let probers = [named("a"), named("b")];
    let mut engine = engine(probers.to_vec());
    engine.desk.change(FollowUps::new(
        vec![Endpoint::parse("http://127.0.0.2:1").unwrap()],
        Vec::new(),
        Vec::new(),
        Arc::default(),
    ));
    let now = Instant::now();
    let held: Vec<_> = (0..MOST_ROUNDS).map(|_| engine.desk.rounds.begin(now).unwrap()).collect();
    for prober in &probers {
        engine.finished(over(prober, &prober.run(Order::Configured).await));
    }
    let rounds = |engine: &Engine| {
        ["a", "b"].map(|name| engine.watched[&JobKey::from(name)].patient.inquiry.in_flight().is_some())
    };
    let now = Instant::now();
    assert_eq!(rounds(&engine), [false, false]);
    assert_eq!(engine.desk.room_at(now), None, "one of those in flight has to end");
    engine.desk.rounds.over(held[0]);
    engine.begin_rounds(now);
    assert_eq!(rounds(&engine), [true, false], "no run had to end for that");
    engine.change(vec![Prepared::Remove("b".into())], now);
    engine.desk.rounds.over(held[1]);
    engine.begin_rounds(now);
    assert!(engine.desk.waiting.is_empty());
}

#[tokio::test]
async fn what_a_round_finds_while_the_program_itself_was_late_tells_nothing() {
    let prober = prober("1s");
    let mut engine = engine(vec![Arc::clone(&prober)]);
    engine.finished(over(&prober, &prober.run(Order::Configured).await));
    let errand = round(&mut engine, &prober).await;
    let late = errand.begun + Duration::from_secs(3);
    engine.tools.lags.fired(errand.begun, late);
    engine.followed_up(errand, &[result(&prober)], late);
    let patient = &engine.watched[&JobKey::from("a")].patient;
    assert!(patient.inquiry.found(late).is_empty() && patient.inquiry.in_flight().is_none());
}

/// Asks for a target's layers; where the answer comes.
fn ask(engine: &mut Engine, top: Layer, within: u64) -> oneshot::Receiver<Reply> {
    let (reply, answer) = oneshot::channel();
    let within = Duration::from_secs(within);
    engine.ask(Ask { target: "a".into(), top, within, reply }, Instant::now());
    answer
}

#[tokio::test]
async fn all_who_ask_meanwhile_get_one_run_and_later_ones_the_same_while_it_is_young() {
    let prober = prober("1s");
    let mut engine = engine(vec![Arc::clone(&prober)]);
    let run = prober.run(Order::Configured).await;
    let (mut first, gone, mut second) = (
        ask(&mut engine, Layer::Api, 10),
        ask(&mut engine, Layer::Api, 10),
        ask(&mut engine, Layer::Api, 10),
    );
    drop(gone);
    assert!(first.try_recv().is_err(), "nothing is known yet");
    engine.finished(over(&prober, &run));
    for answer in [&mut first, &mut second] {
        assert!(matches!(answer.try_recv(), Ok(Reply::Known(_))));
    }
    for top in [Layer::Dns, Layer::Proxy, Layer::Tls, Layer::Api] {
        assert!(matches!(ask(&mut engine, top, 10).try_recv(), Ok(Reply::Known(_))), "{top}");
    }
    assert!(matches!(ask(&mut engine, Layer::Tls, 0).try_recv(), Ok(Reply::Look(_))), "too old");
    assert!(ask(&mut engine, Layer::Api, 0).try_recv().is_err(), "too old, and on its way");
}

#[tokio::test]
async fn who_asks_is_told_what_was_found_of_the_target_as_it_is_watched_now() {
    let (old, new) = (prober("1s"), prober("2s"));
    let mut engine = engine(vec![Arc::clone(&old)]);
    let run = old.run(Order::Configured).await;
    engine.finished(over(&old, &run));
    let mut waiting = ask(&mut engine, Layer::Api, 0);
    engine.change(vec![Prepared::Watch(Arc::clone(&new))], Instant::now());
    assert!(
        matches!(engine.wheel.next(Instant::now()), Next::Run(due) if due.asked),
        "it need not wait for its turn"
    );
    engine.finished(over(&old, &run));
    assert!(waiting.try_recv().is_err());
    assert!(ask(&mut engine, Layer::Api, 10).try_recv().is_err(), "what is known is of the old one");
    engine.finished(over(&new, &run));
    assert!(matches!(waiting.try_recv(), Ok(Reply::Known(_))));
}

#[tokio::test]
async fn who_asks_for_a_target_that_leaves_learns_that() {
    let mut engine = engine(vec![prober("1s")]);
    let waiting = ask(&mut engine, Layer::Api, 10);
    engine.change(vec![Prepared::Remove("a".into())], Instant::now());
    assert!(waiting.await.is_err());
    assert!(ask(&mut engine, Layer::Dns, 10).await.is_err());
}

/// So many targets, the first of which have another timeout.
fn fleet(targets: usize, changed: usize) -> Config {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.yml");
    let line = |number: usize| {
        let timeout = if number < changed { 2 } else { 1 };
        format!(
            "  - {{ name: t{number}, url: \"http://127.0.0.1:1\", provider: http, timeout: {timeout}s }}\n"
        )
    };
    let lines: String = (0..targets).map(line).collect();
    std::fs::write(&path, format!("targets:\n{lines}")).unwrap();
    Config::load(&Source::File(path), &Env::of::<&str, &str>([])).unwrap()
}

/// Which runs of targets that stay begin when, over some minutes in which every run ends at once.
fn starts(engine: &mut Engine, changed: &HashSet<JobKey>) -> Vec<(Instant, JobKey)> {
    let (mut starts, mut now) = (Vec::new(), Instant::now());
    let end = now + Duration::from_secs(120);
    loop {
        match engine.wheel.next(now) {
            Next::Run(due) => {
                engine.wheel.finished(&due.key, now);
                if !changed.contains(&due.key) {
                    starts.push((now, due.key));
                }
            }
            Next::Skipped { key, .. } => panic!("a run of {key} is skipped"),
            Next::Wait(until) if until < end => now = until,
            Next::Wait(_) | Next::Idle => return starts,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reload_makes_probers_of_the_targets_that_changed_and_no_other_one_notices() {
    let before = fleet(2000, 0);
    let after = fleet(2000, 20).after(&before);
    let make = |target: Arc<Target>| Prober::try_new(target, &Arc::default()).map(Arc::new);
    let probers: Vec<_> = before.targets.iter().map(|target| make(Arc::clone(target)).unwrap()).collect();
    let changes = prepare(crate::schedule::diff(&before.targets, &after.targets), make).unwrap();
    assert_eq!(changes.len(), 20);
    let changed: HashSet<JobKey> = before.targets.iter().take(20).map(|target| target.name.clone()).collect();
    let (mut reloaded, mut alone) = (engine(probers.clone()), engine(probers.clone()));
    reloaded.change(changes, Instant::now());
    for (prober, target) in probers.iter().zip(&after.targets) {
        let (name, stays) = (&target.name, !changed.contains(&target.name));
        assert_eq!(Arc::ptr_eq(prober, &reloaded.watched[name].prober), stays, "{name}");
        // No target is held twice.
        assert!(Arc::ptr_eq(target, reloaded.watched[name].prober.target()), "{name}");
    }
    assert_eq!(starts(&mut reloaded, &changed), starts(&mut alone, &changed));
}
