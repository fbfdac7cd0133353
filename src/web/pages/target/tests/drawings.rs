//! Waterfalls and the last hours: where the bars are.

use proptest::prelude::*;

use super::*;
use crate::clock;
use crate::document::JourneyPart;
use crate::history::Wanted;
use crate::outcome::{ConnectAttempt, Family, Run, TcpEvidence};
use crate::sinks::Known;

/// A target of which nothing is known.
fn unknown() -> Known {
    let target = sample(0).target;
    Known { target, last: None, told: None, follow_ups: Arc::default(), limits: Arc::default(), revision: 0 }
}

fn telling(known: &Known) -> Telling<'_> {
    Telling { known, language: Language::English, now: clock::from_unix(1_790_000_100).unwrap() }
}

fn percent(text: &str) -> f64 {
    text.strip_suffix('%').unwrap().parse().unwrap()
}

#[test]
fn layers_follow_each_other_and_the_failed_one_is_marked() {
    let journey = JourneyPart::of(&sample(2).run.outcomes[0], Language::English);
    let (lanes, whole) = waterfall::lanes(&journey, &telling(&unknown()));
    let drawn = lanes.iter().map(|lane| (lane.layer, lane.state, &*lane.words, lane.bars[0].look));
    assert_eq!(
        drawn.collect::<Vec<_>>(),
        [
            ("dns", "passed", "2 ms", ""),
            ("tcp", "passed", "12 ms", ""),
            ("tls", "failed", "3.0 s", "failed"),
            ("api", "not_reached", "not reached", "not-reached"),
        ]
    );
    assert!((whole - 3.014).abs() < 1e-9, "{whole}");
    assert_eq!(lanes[2].marks.len(), 1);
    assert_eq!(lanes[2].marks[0].title, "tls_timeout");
    assert!((percent(&lanes[2].bars[0].x) - 100.0 * 0.014 / 3.014).abs() < 0.01);
    assert_eq!(waterfall::height(lanes.len()), "6.00em");
}

#[test]
fn addresses_that_did_not_connect_are_seen_before_the_one_that_did() {
    let mut outcome = sample::good(&sample::path("t", "direct", Family::Ipv4));
    let attempt = |last: u8, ms, failure| ConnectAttempt {
        address: ([192, 0, 2, last], 443).into(),
        took: Duration::from_millis(ms),
        failure,
    };
    let refused = Some(Failure::new(Reason::TcpRefused, "refused"));
    let attempts = vec![attempt(1, 4, refused), attempt(2, 8, None)];
    outcome.stages.tcp =
        Stage::Passed { took: Duration::from_millis(12), evidence: TcpEvidence { attempts, rtt: None } };
    let journey = JourneyPart::of(&outcome, Language::English);
    let (lanes, _) = waterfall::lanes(&journey, &telling(&unknown()));
    let looks: Vec<&str> = lanes[1].bars.iter().map(|bar| bar.look).collect();
    assert_eq!(looks, ["", "phase missed", "phase odd"]);
    assert_eq!(lanes[1].phases, ["connecting 192.0.2.1:443: 4 ms", "connecting 192.0.2.2:443: 8 ms"]);
}

#[test]
fn a_past_is_drawn_in_as_few_bands_as_do_alike() {
    let found = sample(2);
    let (target, failed) = (Arc::clone(&found.target), Arc::unwrap_or_clone(found.run.outcomes[0].clone()));
    let program = Program::new();
    program.watch(&target);
    // A slot of the timeline begins here.
    let begin = clock::from_unix(1_789_999_980).unwrap();
    for minute in 0..90_u32 {
        let mut outcome =
            if (30..60).contains(&minute) { failed.clone() } else { sample::good(&failed.path) };
        outcome.endpoint = Arc::clone(&failed.endpoint);
        outcome.started = begin + Duration::from_secs(u64::from(minute) * 60);
        let run = Run { outcomes: vec![outcome.into()], ..Run::of(Arc::clone(&target.name)) };
        let (target, diagnosis) = (Arc::clone(&target), found.diagnosis.clone());
        program.found(&Investigated { target, run, follow_ups: Vec::new(), diagnosis }, Beside::default());
    }
    let known = program.state.knowledge.of(&target.name).unwrap();
    let telling = Telling { now: begin + Duration::from_secs(90 * 60), ..telling(&known) };
    let past = past::Past::of(&program.state.history.timelines(&target.name), &telling);
    let [way] = &*past.ways else { panic!("{past:?}") };
    let bands: Vec<_> = way.bands.iter().map(|band| (band.state, &*band.x, &*band.width)).collect();
    assert_eq!(bands, [("ok", "0.0", "333.3"), ("down", "333.3", "333.3"), ("ok", "666.7", "333.3")]);
    assert_eq!(way.words, "90 journeys, 30 failed");
    let [trouble] = &*way.troubles else { panic!("{way:?}") };
    assert_eq!((trouble.reason, &*trouble.count), ("tls_timeout", "30 / 30"));
    assert_eq!((way.mean.len(), way.slowest.len()), (1, 1), "one line without a gap");
    assert!(way.mean[0].len() < 2000);
}

fn within(text: &str) -> bool {
    (-0.01..=100.01).contains(&percent(text))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_journey_can_be_drawn_within_its_axis(outcome in sample::any_outcome()) {
        let known = unknown();
        for language in Language::ALL {
            let telling = Telling { language, ..telling(&known) };
            let part = JourneyPart::of(&outcome, language);
            let (lanes, whole) = waterfall::lanes(&part, &telling);
            prop_assert!(whole.is_finite());
            for bar in lanes.iter().flat_map(|lane| &lane.bars) {
                prop_assert!(within(&bar.x) && within(&bar.width), "{:?}", bar);
                prop_assert!(percent(&bar.x) + percent(&bar.width) < 100.02, "{:?}", bar);
            }
            prop_assert!(lanes.iter().flat_map(|lane| &lane.marks).all(|mark| within(&mark.x)));
        }
    }

    #[test]
    fn every_target_can_be_shown(mut outcome in sample::any_outcome()) {
        let mut found = sample(2);
        let name = Arc::clone(&found.target.name);
        outcome.path.target = Arc::clone(&name);
        outcome.started = clock::wall();
        found.run.lookups = vec![sample::lookup(&outcome)];
        found.run.outcomes = vec![outcome.into()];
        let program = Program::of(&found);
        let known = program.state.knowledge.of(&name).unwrap();
        let frame = Frame::of(&[], &HeaderMap::new(), "../");
        let page = TargetPage::of(&program.state, &known, &Wish::default(), frame);
        prop_assert!(Template::render(&page).is_ok());
        let kept = program.state.history.journeys(&name, Wanted::default(), Language::English);
        prop_assert_eq!(page.journeys.shown.len(), kept.len());
    }
}
