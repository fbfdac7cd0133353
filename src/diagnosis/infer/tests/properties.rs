//! What holds whatever the evidence.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::story::{ENDPOINT, OTHER, PROXY, Story, experiment_of, target};
use crate::diagnosis::{Diagnosis, Language, MOST, Neighbour, State, Verdict, wanted};
use crate::outcome::{
    Attempt, DnsEvidence, Experiment, Failure, Family, Finding, FollowUp, Handshake, Layer, Outcome,
    PlainAnswer, Reason, RecordType, Severity, Stage, Trial, Wanted, sample,
};
use crate::target::{DIRECT, Target};

static TARGET: LazyLock<Arc<Target>> = LazyLock::new(target);

fn endpoint() -> impl Strategy<Value = Arc<str>> {
    select(vec![ENDPOINT, OTHER]).prop_map(Arc::from)
}

fn route() -> impl Strategy<Value = Arc<str>> {
    select(vec![DIRECT, PROXY]).prop_map(Arc::from)
}

fn family() -> impl Strategy<Value = Family> {
    select(vec![Family::Ipv4, Family::Ipv6, Family::Any])
}

fn reason() -> impl Strategy<Value = Reason> {
    select(Reason::ALL.to_vec())
}

fn soft_reason() -> impl Strategy<Value = Reason> {
    let soft = Reason::ALL.iter().copied().filter(|reason| reason.severity() == Severity::Degraded);
    select(soft.collect::<Vec<_>>())
}

fn failed() -> impl Strategy<Value = Failure> {
    reason().prop_map(|reason| Failure::new(reason, "words"))
}

/// Any journey on one of a few paths, tried again or not.
fn outcome() -> impl Strategy<Value = Outcome> {
    let again = proptest::option::of(proptest::option::of(failed()));
    (sample::any_outcome(), endpoint(), route(), family(), again).prop_map(
        |(mut outcome, endpoint, route, family, again)| {
            outcome.endpoint = endpoint;
            outcome.path = sample::path("t", &route, family);
            outcome.retries.extend(again.map(|failure| Attempt {
                waited: Duration::ZERO,
                took: Duration::ZERO,
                failure: failure.map(|failure| (Layer::Api, failure)),
                call: None,
            }));
            outcome
        },
    )
}

fn outcomes(most: usize) -> impl Strategy<Value = Vec<Outcome>> {
    proptest::collection::vec(outcome(), 0..most)
}

fn dns() -> impl Strategy<Value = Stage<DnsEvidence>> {
    outcome().prop_map(|outcome| outcome.stages.dns)
}

fn handshake() -> impl Strategy<Value = Handshake> {
    prop_oneof![Just(Handshake::Answered(Box::new(sample::tls()))), failed().prop_map(Handshake::Failed)]
}

fn answer() -> impl Strategy<Value = PlainAnswer> {
    let page = (any::<u16>(), proptest::option::of("\\PC{0,6}"))
        .prop_map(|(status, location)| PlainAnswer::Http { status, location, title: None, server: None });
    prop_oneof![
        page,
        Just(PlainAnswer::Other("\u{1b}x".into())),
        Just(PlainAnswer::Nothing("silence".into()))
    ]
}

fn trial() -> impl Strategy<Value = Trial> {
    let name = "[a-c]{1,2}";
    let ago = || any::<u32>().prop_map(|seconds| std::time::UNIX_EPOCH + Duration::from_secs(seconds.into()));
    let secured = || (any::<u16>(), name, handshake());
    prop_oneof![
        (name, dns()).prop_map(|(resolver, stage)| Trial::OtherResolver {
            resolver: resolver.into(),
            record_type: RecordType::A,
            stage
        }),
        outcomes(3).prop_map(|outcomes| Trial::Control { url: OTHER.into(), outcomes }),
        outcomes(3).prop_map(Trial::Again),
        outcomes(3).prop_map(Trial::OtherFamily),
        (route(), outcomes(3)).prop_map(|(route, outcomes)| Trial::OtherRoute { route, outcomes }),
        secured().prop_map(|(_, name, handshake)| Trial::NeutralName { name, handshake }),
        secured().prop_map(|(mss, _, handshake)| Trial::SmallSegments { mss, handshake }),
        handshake().prop_map(Trial::ClassicalKeys),
        outcomes(3).prop_map(Trial::Http1),
        outcomes(3).prop_map(Trial::Keyless),
        answer().prop_map(Trial::PlainHttp),
        (ago(), ago()).prop_map(|(server, here)| Trial::ServerClock { server, here }),
        (any::<u32>(), proptest::option::of(failed()))
            .prop_map(|(ms, failure)| Trial::IdleHold { held: Duration::from_millis(ms.into()), failure }),
        Just(Trial::Unknown("no way".to_owned())),
    ]
}

fn follow_up() -> impl Strategy<Value = FollowUp> {
    (trial(), endpoint(), route(), family()).prop_map(|(trial, endpoint, route, family)| FollowUp {
        wanted: Wanted { experiment: experiment_of(&trial), endpoint, route, family, address: None },
        took: Duration::from_millis(3),
        trial,
    })
}

fn neighbour() -> impl Strategy<Value = Neighbour> {
    let state = prop_oneof![
        Just(State::Works),
        (reason(), family(), proptest::option::of("[a-b]")).prop_map(|(reason, family, issuer)| {
            State::Fails { layer: reason.layer(), reason, family, issuer }
        }),
    ];
    let resolver = proptest::option::of(Just("system".into()));
    let top = prop_oneof![Just(Layer::Dns), Just(Layer::Proxy), Just(Layer::Tls), Just(Layer::Api)];
    ("[a-c]", "[a-c]", route(), resolver, top, state).prop_map(
        |(target, host, route, resolver, top, state)| Neighbour {
            target: target.into(),
            host: host.into(),
            route,
            resolver,
            top,
            state,
        },
    )
}

fn story() -> impl Strategy<Value = Story> {
    let findings = (endpoint(), failed()).prop_map(|(endpoint, failure)| (endpoint, Finding(failure)));
    (
        outcomes(6),
        outcomes(3),
        proptest::collection::vec(findings, 0..3),
        proptest::collection::vec(follow_up(), 0..6),
        proptest::collection::vec(neighbour(), 0..4),
        0_u64..4000,
        proptest::option::of(select(vec![DIRECT, PROXY])),
    )
        .prop_map(|(outcomes, looked_up, findings, follow_ups, neighbours, lag, route)| Story {
            target: Arc::clone(&TARGET),
            lookups: looked_up.iter().map(sample::lookup).collect(),
            lag: Duration::from_millis(lag / 4),
            findings,
            follow_ups,
            neighbours,
            route,
            ..Story::of_target(Arc::clone(&TARGET), outcomes)
        })
}

fn permute<T>(items: &mut [T], by: &[Index]) {
    for (at, index) in by.iter().enumerate().take(items.len()) {
        let other = index.index(items.len());
        items.swap(at, other);
    }
}

fn is_down(diagnosis: &Diagnosis) -> bool {
    matches!(diagnosis.verdict, Verdict::Down(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_order_of_the_evidence_changes_nothing(story in story(), by in proptest::collection::vec(any::<Index>(), 8)) {
        let mut other = story.clone();
        permute(&mut other.outcomes, &by);
        permute(&mut other.lookups, &by);
        permute(&mut other.findings, &by);
        permute(&mut other.follow_ups, &by);
        permute(&mut other.neighbours, &by);
        prop_assert_eq!(other.diagnosis(), story.diagnosis());
        prop_assert_eq!(other.wanted(), story.wanted());
    }

    #[test]
    fn a_target_is_down_while_no_path_works(story in story()) {
        let works = story.outcomes.iter().any(Outcome::success_in_the_end);
        prop_assert_eq!(is_down(&story.diagnosis()), !works);
    }

    #[test]
    fn what_is_wrong_is_said_whole(story in story()) {
        let diagnosis = story.diagnosis();
        let reason = diagnosis.verdict.reason();
        prop_assert_eq!(diagnosis.layer, reason.map(Reason::layer));
        prop_assert_eq!(diagnosis.blame.is_some(), reason.is_some());
        prop_assert_eq!(diagnosis.seen.is_some(), reason.is_some());
        prop_assert_eq!(diagnosis.findings.first().map(|found| found.0.reason), reason);
        let mut reasons: Vec<_> = diagnosis.findings.iter().map(|found| found.0.reason).collect();
        prop_assert!(reasons.get(1..).unwrap_or_default().is_sorted());
        reasons.sort();
        prop_assert!(reasons.windows(2).all(|two| two[0] != two[1]));
        for say in &diagnosis.evidence {
            prop_assert!(!diagnosis.ruled_out.contains(say), "{:?}", say);
        }
        for say in diagnosis.evidence.iter().chain(&diagnosis.ruled_out) {
            for language in Language::ALL {
                prop_assert!(!say.tell(language).contains(char::is_control));
            }
        }
    }

    #[test]
    fn a_degraded_finding_never_hides_what_is_down(
        story in story(), reason in soft_reason(), at in any::<Index>(), beside in any::<bool>()
    ) {
        prop_assume!(!story.outcomes.is_empty());
        let before = story.diagnosis();
        let mut more = story;
        let found = Finding::new(reason, "more");
        if beside {
            more.findings.push((ENDPOINT.into(), found));
        } else {
            let at = at.index(more.outcomes.len());
            more.outcomes[at].findings.push(found);
        }
        let after = more.diagnosis();
        prop_assert_eq!(is_down(&after), is_down(&before));
        if is_down(&before) {
            prop_assert_eq!((after.verdict, after.blame), (before.verdict, before.blame));
        } else {
            prop_assert!(after.verdict != Verdict::Ok);
        }
    }

    #[test]
    fn experiments_are_few_and_none_is_made_twice(story in story()) {
        let made = |wanted: &Wanted| story.follow_ups.iter().any(|made| {
            let made = &made.wanted;
            (made.experiment, &made.endpoint, &made.route) == (wanted.experiment, &wanted.endpoint, &wanted.route)
        });
        let wanted = story.with(|case| wanted(case, &super::super::infer(case)));
        prop_assert!(wanted.len() <= MOST);
        prop_assert!(!wanted.iter().any(made));
        let experiments: Vec<Experiment> = wanted.iter().map(|wanted| wanted.experiment).collect();
        let mut once = experiments.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), experiments.len());
    }
}
