//! Figures of pasts that were made up.

use super::*;
use crate::board::Board;
use crate::document::samples;
use crate::history::{History, Limits};
use crate::outcome::{ApiEvidence, Failure, Family, Outcome, Reason, Run, Stage, sample};
use crate::target::Target;

/// The newest second of what happened, at the begin of a slot.
const NOW: u64 = 1_789_999_980;

const HOUR: Duration = Duration::from_secs(3600);

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

fn walked(family: Family, second: u64, took: u64, good: bool) -> Outcome {
    let mut outcome = sample::good(&sample::path("t", "direct", family));
    (outcome.started, outcome.took) = (at(second), Duration::from_millis(took));
    if !good {
        let evidence = ApiEvidence::of_call("get", http::Method::GET);
        let failure = Failure::new(Reason::HttpTimeout, "x");
        outcome.stages.api = Stage::Failed { took: outcome.took, failure, evidence };
    }
    outcome
}

fn target() -> Arc<Target> {
    Arc::clone(&samples::all()[0].target)
}

/// The timelines after runs of these journeys.
fn timelines(runs: impl IntoIterator<Item = Vec<Outcome>>) -> Vec<((Arc<str>, PathId), Timeline)> {
    let limits = Limits { timeline: 6 * HOUR, ..Limits::default() };
    let (history, board, target) = (History::new(limits), Board::default(), target());
    for outcomes in runs {
        let outcomes: Vec<Arc<Outcome>> = outcomes.into_iter().map(Arc::new).collect();
        let run = Run { outcomes: outcomes.clone(), ..Run::of("t".into()) };
        let standing = board.apply(&target, &run);
        history.note(&standing, &outcomes, &run);
    }
    history.timelines("t")
}

fn known() -> Known {
    let knowledge = crate::sinks::Knowledge::default();
    knowledge.watch(&[target()]);
    knowledge.all().remove(0)
}

#[test]
fn a_target_was_up_while_one_of_its_paths_worked() {
    // A run a minute for an hour: IPv6 never works, IPv4 fails in three of sixty.
    let runs = (0..60).map(|minute| {
        let second = NOW - 3600 + minute * 60;
        vec![walked(Family::Ipv4, second, 100, minute % 20 != 7), walked(Family::Ipv6, second, 100, false)]
    });
    let timelines = timelines(runs);
    let told = |window| uptime(&timelines, window, at(NOW));
    let whole = told(HOUR);
    assert_eq!((&*whole.text, whole.tone), ("95% in 1h", Tone::Poor));
    assert_eq!(told(HOUR * 24).text, "95% in 1h", "it says how far back it really goes");
    assert_eq!(told(HOUR / 6).text, "100% in 10m");
    assert_eq!(uptime(&timelines, HOUR, at(NOW + 7200)), unknown("uptime"), "all of it is too old");
    assert_eq!(uptime(&[], HOUR, at(NOW)), unknown("uptime"));
}

#[test]
fn a_share_is_never_told_better_than_it_was() {
    let runs = (0..5000).map(|index| vec![walked(Family::Ipv4, NOW - 3000 + index / 2, 100, index != 0)]);
    assert_eq!(uptime(&timelines(runs), HOUR, at(NOW)).text, "99.98% in 50m");
    let never = timelines([vec![walked(Family::Ipv4, NOW - 30, 100, false)]]);
    let told = uptime(&never, HOUR, at(NOW));
    assert!(told.text.starts_with("0% in ") && told.tone == Tone::Bad, "{told:?}");
}

#[test]
fn latency_is_that_of_times_in_which_nothing_failed() {
    let run = |minutes_ago: u64, took, good| vec![walked(Family::Ipv4, NOW - minutes_ago * 60, took, good)];
    let timelines = timelines([run(40, 200, true), run(30, 100, true), run(20, 10_000, false)]);
    let told = latency(&known(), &timelines, HOUR, at(NOW));
    assert_eq!((&*told.text, told.tone), ("150 ms in 40m", Tone::Good));
    let mut slow = known();
    let mut target = (*slow.target).clone();
    target.http.expect.max_latency = Some(Duration::from_millis(120));
    slow.target = Arc::new(target);
    assert_eq!(latency(&slow, &timelines, HOUR, at(NOW)).tone, Tone::Poor);
    let told = latency(&known(), &timelines, HOUR / 2, at(NOW));
    assert_eq!(told.text, "100 ms in 30m");
    assert_eq!(latency(&known(), &timelines, HOUR / 4, at(NOW)), unknown("latency"));
}

#[test]
fn a_certificate_lasts_so_many_whole_days() {
    let end = 1_800_000_000;
    let day = 24 * 3600;
    let mut known = known();
    let outcome = Arc::new(sample::good(&sample::path("t", "direct", Family::Ipv4)));
    let run = Run::of("t".into());
    let standing = Board::default().apply(&known.target, &run);
    known.last = Some(Arc::new(crate::sinks::LastRun {
        at: at(NOW),
        run: Arc::new(run),
        outcomes: vec![outcome],
        standing,
        call: crate::metrics::CallState::default(),
        page: None,
    }));
    for (now, text, tone) in [
        (end - 100 * day - 5, "100 days", Tone::Good),
        (end - 20 * day - 5, "20 days", Tone::Poor),
        (end - day - 5, "1 day", Tone::Poor),
        (end - 5000, "0 days", Tone::Poor),
        (end, "expired", Tone::Bad),
        (end + 10 * day, "expired", Tone::Bad),
    ] {
        let told = certificate(&known, at(now));
        assert_eq!((&*told.text, told.tone), (text, tone), "{now}");
    }
}
