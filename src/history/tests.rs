//! What is kept, for how long, and what goes first.

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;
use crate::board::Preferred;
use crate::config::{Config, Env, Source};
use crate::diagnosis::Verdict;
use crate::outcome::{Failure, Reason, Stage, sample};
use crate::units::Size;

/// When the first journey begins.
pub(super) const BEGIN: u64 = 1_790_000_000;

pub(super) fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(BEGIN + second)
}

/// A journey that begins so many seconds after the first.
pub(super) fn journey(target: &str, family: Family, second: u64, ok: bool) -> Outcome {
    let mut outcome = sample::good(&sample::path(target, "direct", family));
    outcome.started = at(second);
    if !ok {
        let failure = Failure::new(Reason::ProviderOverloaded, "HTTP 529 from the \"edge\"");
        outcome.stages.api =
            Stage::Failed { took: Duration::from_millis(7), failure, evidence: sample::api() };
    }
    outcome
}

/// Notes a run of one path.
pub(super) fn note(history: &History, outcome: Outcome) {
    note_run(history, vec![outcome]);
}

fn note_run(history: &History, outcomes: Vec<Outcome>) {
    let outcomes: Vec<Arc<Outcome>> = outcomes.into_iter().map(Arc::new).collect();
    let target = Arc::clone(&outcomes[0].path.target);
    history.note(&standing(), &outcomes.clone(), &Run { outcomes, ..Run::of(target) });
}

fn standing() -> Standing {
    Standing {
        up: true,
        route: Preferred::default(),
        endpoint: Preferred::default(),
        endpoints: Vec::new(),
        shown: "".into(),
        gone: Vec::new(),
    }
}

pub(super) fn diagnosis(target: &str, verdict: Verdict) -> Diagnosis {
    let reason = verdict.reason();
    Diagnosis {
        target: target.into(),
        verdict,
        layer: reason.map(Reason::layer),
        blame: reason.map(Reason::blame),
        seen: None,
        evidence: Vec::new(),
        ruled_out: Vec::new(),
        findings: Vec::new(),
        facts: crate::diagnosis::Facts::default(),
    }
}

pub(super) fn told(history: &History, target: &str, verdict: Verdict, second: u64) {
    history.told(&diagnosis(target, verdict), at(second));
}

/// The seconds at which the journeys of a target began, the newest first.
pub(super) fn begins(history: &History, target: &str) -> Vec<String> {
    started(&history.journeys(target, Wanted::default(), Language::English))
}

fn started(parts: &[JourneyPart]) -> Vec<String> {
    parts.iter().map(|part| part.started.clone()).collect()
}

fn stamps(seconds: impl IntoIterator<Item = u64>) -> Vec<String> {
    seconds.into_iter().map(|second| crate::clock::rfc3339(at(second))).collect()
}

fn limits() -> Limits {
    Limits { journeys: 3, failures: 2, ..Limits::default() }
}

#[test]
fn each_journey_of_a_run_is_noted_once_and_those_of_other_runs_are_not_again() {
    let history = History::default();
    let (v4, v6) = (journey("t", Family::Ipv4, 0, true), journey("t", Family::Ipv6, 0, true));
    note_run(&history, vec![v4, v6.clone()]);
    let again = journey("t", Family::Ipv4, 30, true);
    let latest = [Arc::new(again.clone()), Arc::new(v6)];
    history.note(&standing(), &latest, &Run { outcomes: vec![again.into()], ..Run::of("t".into()) });
    assert_eq!(begins(&history, "t"), stamps([30, 0, 0]));
    assert_eq!(Arc::strong_count(&latest[0]), 2, "it is the board's own");
    let runs = |timeline: &Timeline| timeline.slots().map(|slot| slot.runs).sum::<u32>();
    assert_eq!(history.timelines("t").iter().map(|(_, timeline)| runs(timeline)).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn failures_have_a_ring_and_an_age_of_their_own() {
    let history = History::new(limits());
    for second in 0..10 {
        note(&history, journey("t", Family::Ipv4, second, second > 4));
    }
    assert_eq!(begins(&history, "t"), stamps([9, 8, 7, 4, 3]));
    history.tidy(at(8) + limits().age);
    assert_eq!(begins(&history, "t"), stamps([9, 8, 4, 3]));
    history.tidy(at(4) + limits().failure_age);
    assert_eq!(begins(&history, "t"), stamps([4]));
    assert_eq!(history.extent().journeys, 1);
}

#[test]
fn a_path_that_is_not_walked_any_more_goes_with_time() {
    let history = History::new(limits());
    note(&history, journey("t", Family::Ipv4, 0, true));
    note(&history, journey("t", Family::Ipv6, 0, true));
    history.note(&standing(), &[], &Run { retired: vec![], ..Run::of("t".into()) });
    assert_eq!(history.timelines("t").len(), 2);
    let later = 25 * 3600;
    note(&history, journey("t", Family::Ipv4, later, true));
    history.tidy(at(later));
    assert_eq!(history.timelines("t").len(), 1);
    assert!(history.extent().bytes > 0);
    history.tidy(at(2 * later));
    assert_eq!(history.extent(), Extent::default(), "nothing is left of the target");
}

#[test]
fn the_wanted_journeys_are_given_the_newest_first() {
    let history = History::default();
    for (second, family, ok) in
        [(0, Family::Ipv4, true), (1, Family::Ipv6, false), (2, Family::Ipv4, false), (3, Family::Ipv4, true)]
    {
        note(&history, journey("t", family, second, ok));
    }
    let get = |wanted| started(&history.journeys("t", wanted, Language::Chinese));
    let path = sample::path("t", "direct", Family::Ipv4);
    assert_eq!(get(Wanted { limit: Some(2), ..Wanted::default() }), stamps([3, 2]));
    assert_eq!(get(Wanted { since: Some(at(2)), ..Wanted::default() }), stamps([3, 2]));
    assert_eq!(get(Wanted { failed: true, ..Wanted::default() }), stamps([2, 1]));
    assert_eq!(get(Wanted { path: Some(&path), ..Wanted::default() }), stamps([3, 2, 0]));
    assert_eq!(get(Wanted { endpoint: Some("https://other.example/"), ..Wanted::default() }), stamps([]));
    assert_eq!(history.journeys("other", Wanted::default(), Language::English), []);
}

#[test]
fn what_is_told_is_kept_once_and_bounded() {
    let history = History::default();
    let down = Verdict::Down(Reason::TcpRefused);
    for second in 0..1000 {
        told(&history, "t", if second % 4 < 2 { down } else { Verdict::Ok }, second);
    }
    let turns = history.turns("t");
    assert_eq!((turns.len(), turns[99].at), (100, at(998)), "told twice in a row it is one turn");
    assert!(turns.iter().zip(&turns[1..]).all(|(one, next)| one.verdict != next.verdict));
    history.tidy(at(2000) + Limits::default().failure_age);
    assert_eq!(history.turns("t").len(), 1, "what is told still stays");
}

#[test]
fn a_change_of_the_config_takes_what_is_not_walked_with_it_and_new_limits_hold() {
    let config = |targets: &str| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.yml");
        std::fs::write(&path, format!("targets:\n{targets}")).unwrap();
        Config::load(&Source::File(path), &Env::of::<&str, &str>([])).unwrap().targets
    };
    let history = History::default();
    for target in ["a", "b", "c"] {
        for family in [Family::Ipv4, Family::Ipv6] {
            (0..9).for_each(|second| note(&history, journey(target, family, second, false)));
        }
        told(&history, target, Verdict::Ok, 0);
    }
    let target = |name: &str, url: &str, more: &str| {
        format!("  - {{ name: {name}, provider: http, url: \"{url}\"{more} }}\n")
    };
    let same = target("a", "https://api.example.com", ", families: [ipv6]");
    let moved = target("b", "https://other.example.com", "");
    history.keep(&config(&(same + &moved)));
    let families =
        |name: &str| history.timelines(name).iter().map(|((_, path), _)| path.family).collect::<Vec<_>>();
    assert_eq!((families("a"), families("b"), families("c")), (vec![Family::Ipv6], vec![], vec![]));
    assert_eq!([history.turns("a").len(), history.turns("b").len(), history.turns("c").len()], [1, 1, 0]);
    history.limit(Limits { failures: 4, timeline: Duration::from_secs(7200), ..Limits::default() });
    assert_eq!(history.extent().journeys, 4);
    assert_eq!(history.timelines("a")[0].1.width(), Duration::from_secs(20));
}

#[test]
fn those_that_worked_go_before_those_that_failed_and_the_oldest_first() {
    let memory = Size(200 * 1024);
    let history = History::new(Limits { memory, journeys: 1000, failures: 1000, ..Limits::default() });
    (0..20).for_each(|second| note(&history, journey("old", Family::Ipv4, second, false)));
    (20..300).for_each(|second| {
        note(&history, journey(if second % 2 == 0 { "a" } else { "b" }, Family::Ipv4, second, true))
    });
    assert_eq!(begins(&history, "old").len(), 20);
    let (a, b) = (begins(&history, "a"), begins(&history, "b"));
    assert_eq!((&a[0], &b[0]), (&stamps([298])[0], &stamps([299])[0]));
    assert!(a.len().abs_diff(b.len()) <= 1 && (20..100).contains(&a.len()), "{} {}", a.len(), b.len());
    (300..500).for_each(|second| note(&history, journey("new", Family::Ipv4, second, false)));
    assert!(begins(&history, "a").is_empty() && begins(&history, "old").is_empty());
    assert_eq!(begins(&history, "new")[0], stamps([499])[0]);
    assert_eq!(history.timelines("old").len(), 1, "slots go last");
}

#[test]
fn timelines_alone_are_bounded_too() {
    let memory = Size(64 * 1024);
    let history = History::new(Limits { memory, ..Limits::default() });
    for minute in 0..360 {
        for target in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            note(&history, journey(target, Family::Ipv4, minute * 60, true));
            assert!(history.extent().bytes <= memory.bytes());
        }
    }
    let ((endpoint, path), timeline) = history.timelines("a").remove(0);
    assert_eq!(history.timeline(&endpoint, &path).as_ref(), Some(&timeline));
    assert_eq!(history.timeline(&"elsewhere".into(), &path), None);
    let slots = timeline.slots().count();
    assert!((100..300).contains(&slots), "{slots}");
}

#[test]
fn targets_that_alone_take_more_than_the_memory_are_not_looked_through_with_each_run() {
    let memory = Size(64 * 1024);
    let history = History::new(Limits { memory, ..Limits::default() });
    for target in 0..600 {
        note(&history, journey(&target.to_string(), Family::Ipv4, 0, true));
        told(&history, &target.to_string(), Verdict::Ok, 0);
    }
    history.tidy(at(0));
    let least = history.extent().bytes;
    assert!(least > memory.bytes(), "{least}");
    for second in 1..300 {
        note(&history, journey("0", Family::Ipv4, second, true));
        let extent = history.extent();
        assert!(extent.bytes <= least + memory.bytes() / 4, "{extent:?} of {least}");
    }
    let kept: Vec<usize> = (300..330)
        .map(|second| {
            note(&history, journey("0", Family::Ipv4, second, true));
            history.extent().journeys
        })
        .collect();
    assert!(kept.iter().filter(|journeys| **journeys > 0).count() > kept.len() / 3, "{kept:?}");
}

/// What happens to a history.
#[derive(Debug, Clone)]
enum Event {
    Walked { target: u8, family: bool, after: u64, ok: bool },
    Told { target: u8, ok: bool },
    Tidied,
    Unsaved,
    Limited { journeys: usize, failures: usize, kib: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => (0_u8..6, any::<bool>(), 0_u64..200, any::<bool>())
            .prop_map(|(target, family, after, ok)| Event::Walked { target, family, after, ok }),
        3 => (0_u8..6, any::<bool>()).prop_map(|(target, ok)| Event::Told { target, ok }),
        1 => Just(Event::Tidied),
        1 => Just(Event::Unsaved),
        1 => (0_usize..9, 0_usize..9, 40_u64..200)
            .prop_map(|(journeys, failures, kib)| Event::Limited { journeys, failures, kib }),
    ]
}

proptest! {
    #[test]
    fn the_bounds_hold_whatever_happens(events in proptest::collection::vec(event(), 1..400)) {
        let mut limits = Limits { memory: Size(40 * 1024), journeys: 5, failures: 5, ..Limits::default() };
        let history = History::new(limits);
        let mut second = 0;
        for event in events {
            match event {
                Event::Walked { target, family, after, ok } => {
                    second += after;
                    let family = if family { Family::Ipv4 } else { Family::Ipv6 };
                    note(&history, journey(&target.to_string(), family, second, ok));
                }
                Event::Told { target, ok } => {
                    let verdict = if ok { Verdict::Ok } else { Verdict::Down(Reason::TcpRefused) };
                    told(&history, &target.to_string(), verdict, second);
                }
                Event::Tidied => history.tidy(at(second)),
                Event::Unsaved => drop(history.unsaved(at(second))),
                Event::Limited { journeys, failures, kib } => {
                    limits = Limits { memory: Size(kib * 1024), journeys, failures, ..limits };
                    history.limit(limits);
                }
            }
            let state = history.lock();
            prop_assert_eq!(state.bytes, eviction::weigh(&state.pasts));
            prop_assert_eq!(&state.order, &Order::of(state.pasts.values().map(|past| &past.trails)));
            prop_assert!(state.bytes <= limits.memory.bytes(), "{} of {}", state.bytes, limits.memory);
            for trail in state.pasts.values().flat_map(|past| past.trails.values()) {
                prop_assert!(trail.worked.len() <= limits.journeys && trail.failed.len() <= limits.failures);
                prop_assert!(trail.timeline.slots().count() <= 360);
            }
        }
    }
}
