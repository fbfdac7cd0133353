//! The gate under limits, rhythms and budgets.

use crate::outcome::{Attempt, PathId, PooledCall, sample};
use crate::provider::{CallKind, Price};
use crate::target::Budget;
use crate::units::Usd;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn free_gate(kind: CallKind, interval: u32) -> Gate {
    Gate::new(CallOptions::free(kind, interval * SECOND))
}

fn path() -> PathId {
    sample::path("t", "direct", Family::Ipv4)
}

/// A run whose call was answered so.
fn run(failed: Option<Reason>, status: u16, retry_after: Option<u32>) -> Run {
    let mut outcome = sample::good(&path());
    let evidence = ApiEvidence {
        status: Some(status),
        retry_after: retry_after.map(|wait| wait * SECOND),
        ..ApiEvidence::of_call("models", http::Method::GET)
    };
    outcome.stages.api = match failed {
        None => Stage::Passed { took: SECOND, evidence },
        Some(reason) => Stage::Failed { took: SECOND, failure: Failure::new(reason, "words"), evidence },
    };
    Run { outcomes: vec![outcome.into()], ..Run::of("t".into()) }
}

fn limited(retry_after: Option<u32>) -> Run {
    run(Some(Reason::RateLimited), 429, retry_after)
}

fn works() -> Run {
    run(None, 200, None)
}

/// Decides at this second and takes in what the run found.
fn turn(gate: &mut Gate, at: Instant, found: impl FnOnce(Order) -> Run) -> (Option<Pause>, Run) {
    let decision = gate.decide(at, Duration::ZERO, || true);
    let mut run = found(decision.order);
    for outcome in run.outcomes.iter_mut().map(Arc::make_mut) {
        if let Stage::Passed { evidence, .. } | Stage::Failed { evidence, .. } = &mut outcome.stages.api {
            evidence.endpoint = gate.call.kind.label();
        }
    }
    gate.note(&mut run, decision, at);
    (decision.pause, run)
}

#[test]
fn a_retry_after_is_kept_to_the_moment() {
    let start = Instant::now();
    let mut gate = free_gate(CallKind::Models, 10);
    assert_eq!(turn(&mut gate, start, |_| limited(Some(25))).0, None);
    assert_eq!(gate.waits_until(start), Some(start + 25 * SECOND));
    for (at, pause) in [(10, Some(Pause::RetryAfter)), (20, Some(Pause::RetryAfter)), (30, None)] {
        assert_eq!(turn(&mut gate, start + at * SECOND, |_| works()).0, pause, "{at}");
    }
    assert_eq!(gate.waits_until(start + 30 * SECOND), None);
}

#[test]
fn no_wait_is_longer_than_a_day_and_of_something_in_between_than_minutes() {
    let start = Instant::now();
    for (by, longest) in
        [(AnsweredBy::Origin, 86_400), (AnsweredBy::Edge, 86_400), (AnsweredBy::Between, 300)]
    {
        for (asked, kept) in [(30, 30), (30 * 86_400, longest)] {
            let mut gate = free_gate(CallKind::Models, 10);
            let mut run = limited(Some(asked));
            let Stage::Failed { evidence, .. } = &mut Arc::make_mut(&mut run.outcomes[0]).stages.api else {
                panic!()
            };
            evidence.answered_by = Some(by);
            turn(&mut gate, start, |_| run);
            assert_eq!(gate.waits_until(start), Some(start + kept * SECOND), "{by:?} {asked}");
        }
    }
}

#[test]
fn the_longest_wait_asked_for_anywhere_in_a_run_counts() {
    let start = Instant::now();
    let mut gate = free_gate(CallKind::Models, 10);
    let mut run = limited(Some(5));
    let pooled = limited(Some(60)).outcomes.remove(0).stages.api.clone();
    run.pooled.push(PooledCall { endpoint: "e".into(), route: "direct".into(), stage: pooled });
    turn(&mut gate, start, |_| run);
    assert_eq!(gate.waits_until(start), Some(start + 60 * SECOND));
}

#[test]
fn a_call_that_is_made_less_often_keeps_its_rhythm_in_spite_of_jitter() {
    let start = Instant::now();
    let mut gate = free_gate(CallKind::Models, 60);
    let mut made = Vec::new();
    for (index, jitter) in [0, 7, 3, 0, 9, 1, 0, 2].into_iter().enumerate() {
        let at = start + 30 * SECOND * u32::try_from(index).unwrap() + Duration::from_millis(10 - jitter);
        made.push(gate.decide(at, Duration::ZERO, || true).order == Order::Configured);
    }
    assert_eq!(made, [true, false, true, false, true, false, true, false]);
}

#[test]
fn two_calls_are_never_closer_than_their_interval_but_for_the_grace() {
    for (runs, calls) in [(30, 45), (30, 60), (7, 60), (25, 60), (30, 100)] {
        let (start, least) = (Instant::now(), calls * SECOND * 8 / 10);
        let mut gate = free_gate(CallKind::Models, calls);
        let mut last = None;
        for tick in 0..200 {
            let at = start + tick * runs * SECOND;
            if gate.decide(at, Duration::ZERO, || true).order == Order::Configured {
                assert!(last.is_none_or(|last| at - last >= least), "{runs} {calls} {tick}");
                last = Some(at);
            }
        }
    }
}

#[test]
fn a_call_of_every_run_is_made_in_every_run_however_late_some_are() {
    let start = Instant::now();
    let mut gate = free_gate(CallKind::Models, 30);
    for (due, lag) in [(0, 0), (30, 2), (60, 29), (90, 0), (120, 50), (180, 0), (210, 0)] {
        let decision = gate.decide(start + (due + lag) * SECOND, lag * SECOND, || true);
        assert_eq!(decision.order, Order::Configured, "{due} {lag}");
    }
}

#[test]
fn what_the_last_call_found_stands_until_the_next_one() {
    let start = Instant::now();
    let mut gate = free_gate(CallKind::Models, 60);
    turn(&mut gate, start, |_| run(Some(Reason::AuthInvalid), 401, None));
    let (pause, run) = turn(&mut gate, start + 30 * SECOND, |_| works());
    assert_eq!(pause, Some(Pause::Interval));
    assert!(!run.outcomes[0].success());
    let trouble = run.outcomes[0].trouble().unwrap().failure;
    assert_eq!(
        (trouble.reason, &*trouble.detail),
        (Reason::AuthInvalid, "the last `models` call, 30 s ago: words")
    );
    let (_, run) = turn(&mut gate, start + 60 * SECOND, |_| works());
    assert!(run.outcomes[0].success());
    let (_, run) = turn(&mut gate, start + 90 * SECOND, |_| works());
    assert!(run.outcomes[0].success());
}

#[test]
fn what_worked_when_it_was_tried_again_does_not_stand() {
    let start = Instant::now();
    let mut gate = free_gate(CallKind::Models, 60);
    let mut tried_again = run(Some(Reason::HttpTimeout), 200, None);
    let works_then = Attempt { waited: SECOND, took: SECOND, failure: None, call: None };
    Arc::make_mut(&mut tried_again.outcomes[0]).retries.push(works_then);
    let (_, run) = turn(&mut gate, start, |_| tried_again);
    assert!(run.outcomes[0].success_in_the_end());
    let (pause, run) = turn(&mut gate, start + 30 * SECOND, |_| works());
    assert_eq!(pause, Some(Pause::Interval));
    assert!(run.outcomes[0].success_in_the_end());
}

#[test]
fn a_call_that_is_made_seldom_is_made_again_soon_after_a_failure() {
    let start = Instant::now();
    let mut gate = free_gate(CallKind::Models, 3600);
    let minutes = |minutes: u32| start + minutes * 60 * SECOND;
    turn(&mut gate, start, |_| run(Some(Reason::HttpReset), 200, None));
    assert_eq!(turn(&mut gate, minutes(4), |_| works()).0, Some(Pause::Interval));
    assert_eq!(turn(&mut gate, minutes(5), |_| works()).0, None);
    assert_eq!(turn(&mut gate, minutes(10), |_| works()).0, Some(Pause::Interval));
}

#[test]
fn what_stands_does_not_cover_what_fails_now() {
    let start = Instant::now();
    let mut gate = free_gate(CallKind::Models, 60);
    turn(&mut gate, start, |_| limited(None));
    let (_, run) = turn(&mut gate, start + 30 * SECOND, |_| run(Some(Reason::HttpTimeout), 200, None));
    assert_eq!(run.outcomes[0].trouble().unwrap().failure.reason, Reason::HttpTimeout);
}

#[test]
fn an_ordinary_clients_failure_is_the_routes_at_once() {
    let start = Instant::now();
    let call =
        CallOptions { connection: Connection::Reused, ..CallOptions::free(CallKind::Models, 30 * SECOND) };
    let mut gate = Gate::new(call);
    let with = |failed: Option<Reason>| {
        let mut all = works();
        let stage = run(failed, 200, None).outcomes.remove(0).stages.api.clone();
        let endpoint = Arc::clone(&all.outcomes[0].endpoint);
        all.pooled.push(PooledCall { endpoint, route: "direct".into(), stage });
        all
    };
    let (_, broken) = turn(&mut gate, start, |_| with(Some(Reason::HttpReset)));
    assert_eq!(broken.outcomes[0].trouble().unwrap().failure.reason, Reason::HttpReset);
    let (_, mended) = turn(&mut gate, start + 30 * SECOND, |_| with(None));
    assert!(mended.outcomes[0].success());
}

fn paid(interval: u32) -> Gate {
    let price = Price { input: Usd::per_token(1000), output: Usd::per_token(5000) };
    Gate::new(CallOptions {
        budget: Some(Budget { daily: Usd::parse("1").unwrap(), price }),
        ..CallOptions::free(CallKind::Message, interval * SECOND)
    })
}

#[test]
fn a_paid_call_slows_down_under_limits_and_comes_back_step_by_step() {
    let start = Instant::now();
    let mut gate = paid(10);
    let mut made = Vec::new();
    for tick in 0..40_u32 {
        let at = start + tick * 10 * SECOND;
        let overloaded = tick < 14;
        let found = |_| if overloaded { run(Some(Reason::ProviderOverloaded), 529, None) } else { works() };
        if turn(&mut gate, at, found).0.is_none() {
            made.push(tick);
        }
    }
    // Limits at 0, 1, 3 and 7 double the pause; from 15 on it works, and each success halves it.
    assert_eq!(made.get(..9), Some(&[0, 1, 3, 7, 15, 19, 21, 22, 23][..]), "{made:?}");
    let mut free = free_gate(CallKind::Models, 10);
    for tick in 0..5 {
        assert_eq!(
            turn(&mut free, start + tick * 10 * SECOND, |_| limited(None)).0,
            None,
            "what is free goes on"
        );
    }
}

#[test]
fn a_pause_has_an_end_however_long_limits_last() {
    let start = Instant::now();
    let mut gate = paid(600);
    let mut at = start;
    for _ in 0..50 {
        turn(&mut gate, at, |_| limited(None));
        at = gate.waits_until(at).unwrap_or(at + 600 * SECOND);
    }
    assert!(gate.waits_until(at - SECOND).is_some_and(|until| until <= at - SECOND + LONGEST_PAUSE));
}

#[test]
fn what_slows_down_no_further_comes_back_at_once() {
    let start = Instant::now();
    let mut gate = paid(1800);
    let mut at = start;
    for _ in 0..10 {
        turn(&mut gate, at, |_| limited(None));
        at = gate.waits_until(at).unwrap_or(at + 1800 * SECOND);
    }
    turn(&mut gate, at, |_| works());
    assert_eq!(gate.waits_until(at), None, "it was half as often at the worst");
}

#[test]
fn a_budget_that_is_spent_lets_the_free_call_through_and_is_no_outage() {
    let start = Instant::now();
    let mut gate = paid(10);
    turn(&mut gate, start, |_| limited(None));
    let decision = gate.decide(start + 20 * SECOND, Duration::ZERO, || false);
    assert_eq!(decision, Decision { order: Order::Substitute, pause: Some(Pause::Budget) });
    let mut run = works();
    gate.note(&mut run, decision, start + 20 * SECOND);
    assert!(run.outcomes[0].success());
    assert_eq!(
        gate.decide(start + 21 * SECOND, Duration::ZERO, || true).order,
        Order::Configured,
        "as soon as there is money again"
    );
}

#[test]
fn a_changed_config_of_the_same_account_goes_on_waiting() {
    let start = Instant::now();
    let mut old = free_gate(CallKind::Models, 10);
    turn(&mut old, start, |_| limited(Some(60)));
    let mut new = free_gate(CallKind::Models, 5);
    new.go_on_from(&old);
    assert_eq!(new.decide(start + 59 * SECOND, Duration::ZERO, || true).pause, Some(Pause::RetryAfter));
    assert_eq!(new.decide(start + 60 * SECOND, Duration::ZERO, || true).pause, None);
}

#[test]
fn what_was_found_stands_across_a_change_unless_it_is_of_another_call() {
    let start = Instant::now();
    let mut old = free_gate(CallKind::Models, 10);
    turn(&mut old, start, |_| limited(Some(60)));
    for (kind, stands) in [(CallKind::Models, true), (CallKind::Hello, false)] {
        let mut new = free_gate(kind, 5);
        new.go_on_from(&old);
        let (pause, run) = turn(&mut new, start + 10 * SECOND, |_| works());
        assert_eq!((pause, run.outcomes[0].success()), (Some(Pause::RetryAfter), !stands), "{kind}");
    }
}

#[test]
fn a_run_that_is_asked_for_makes_a_free_call_and_keeps_the_rhythm_and_the_waiting() {
    let start = Instant::now();
    let asked = |gate: &mut Gate, at| gate.decide_asked(start + at * SECOND, 10 * SECOND, || true).pause;
    let mut gate = free_gate(CallKind::Models, 10);
    assert_eq!(turn(&mut gate, start, |_| works()).0, None);
    assert_eq!(asked(&mut gate, 5), None, "it has no interval of its own");
    assert_eq!(
        turn(&mut gate, start + 6 * SECOND, |_| works()).0,
        Some(Pause::Interval),
        "the rhythm is the same"
    );
    assert_eq!(turn(&mut gate, start + 10 * SECOND, |_| limited(Some(25))).0, None);
    assert_eq!(asked(&mut gate, 12), Some(Pause::RetryAfter));
    let mut seldom = free_gate(CallKind::Models, 60);
    assert_eq!(turn(&mut seldom, start, |_| works()).0, None);
    assert_eq!(asked(&mut seldom, 5), Some(Pause::Interval), "an interval of its own holds");
}
