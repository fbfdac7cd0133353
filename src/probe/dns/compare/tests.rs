//! Answers of several resolvers, side by side.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::*;
use crate::outcome::{RecordType, Transport};

const OURS: &str = "160.79.104.10";
const SINK: &str = "10.10.34.35";

/// What a resolver says, in short: addresses, or the reason why there are none.
#[derive(Debug, Clone)]
enum Short {
    Answers(&'static [&'static str]),
    Fails(Reason),
}

use Short::{Answers, Fails};

/// A lookup; where networks are expected, they are those of 160.79.104.0/23 and 2607:6bc0::/48.
fn lookup(resolver: &str, says: &Short, expected: bool) -> Stage<DnsEvidence> {
    let addresses: Vec<IpAddr> = match says {
        Answers(list) => list.iter().map(|text| text.parse().unwrap()).collect(),
        Fails(_) => Vec::new(),
    };
    let networks: [ipnet::IpNet; 2] = ["160.79.104.0/23".parse().unwrap(), "2607:6bc0::/48".parse().unwrap()];
    let inside = |address: &&IpAddr| !networks.iter().any(|network| network.contains(*address));
    let unexpected = expected.then(|| addresses.iter().filter(inside).copied().collect());
    let address = "192.0.2.53:53".parse().unwrap();
    let evidence = DnsEvidence {
        resolver: resolver.into(),
        record_type: RecordType::A,
        source: AnswerSource::Server { address, transport: Transport::Udp },
        rcode: None,
        addresses,
        unexpected,
        ttl: None,
        cnames: Vec::new(),
        queries: 1,
        truncated: false,
        dnssec: None,
    };
    let took = Duration::ZERO;
    match says {
        Answers(_) => Stage::Passed { took, evidence },
        Fails(reason) => {
            let failure = Failure::new(*reason, format!("{resolver} {reason}"));
            Stage::Failed { took, failure, evidence }
        }
    }
}

fn findings(said: &[(&str, Short)], expected: bool) -> Vec<(Reason, String)> {
    let lookups: Vec<_> = said.iter().map(|(name, says)| lookup(name, says, expected)).collect();
    compare(&lookups).into_iter().map(|Finding(failure)| (failure.reason, failure.detail)).collect()
}

fn reasons(said: &[(&str, Short)], expected: bool) -> Vec<Reason> {
    findings(said, expected).into_iter().map(|(reason, _)| reason).collect()
}

#[test]
fn with_expected_networks_only_an_answer_outside_beside_one_inside_is_a_disagreement() {
    let inside = Answers(&["160.79.104.11"]);
    for (other, found) in [
        (Answers(&[OURS]), vec![]),
        (inside, vec![]),
        (Answers(&[SINK]), vec![Reason::DnsDisagreement]),
        (Answers(&["93.184.216.34"]), vec![Reason::DnsDisagreement]),
        (Answers(&[OURS, "93.184.216.34"]), vec![Reason::DnsDisagreement]),
        (Fails(Reason::DnsNxdomain), vec![Reason::DnsDisagreement]),
        (Fails(Reason::DnsNodata), vec![Reason::DnsDisagreement]),
        (Fails(Reason::DnsTimeout), vec![Reason::DnsResolverDown]),
        (Fails(Reason::CanaryExhausted), vec![]),
    ] {
        let said = [("system", other.clone()), ("google", Answers(&[OURS]))];
        assert_eq!(reasons(&said, true), found, "{other:?}");
    }
    let both = [("system", Answers(&[SINK])), ("google", Answers(&["93.184.216.34"]))];
    assert_eq!(reasons(&both, true), [], "both are outside, which each says by itself");
}

#[test]
fn without_expected_networks_a_sinkhole_beside_a_public_address_is_a_disagreement() {
    for (one, other, disagree) in [
        (Answers(&[SINK]), Answers(&[OURS]), true),
        (Answers(&["0.0.0.0"]), Answers(&[OURS]), true),
        (Answers(&[OURS, SINK]), Answers(&[OURS]), true),
        (Answers(&[OURS]), Answers(&["93.184.216.34"]), true),
        (Answers(&[OURS]), Answers(&[OURS, "93.184.216.34"]), false),
        (Answers(&[SINK]), Answers(&["10.10.34.36"]), true),
        (Answers(&[SINK]), Answers(&[SINK, "10.10.34.36"]), false),
        (Fails(Reason::DnsNxdomain), Fails(Reason::DnsNodata), false),
        (Fails(Reason::DnsNxdomain), Answers(&[SINK]), true),
    ] {
        let said = [("system", one.clone()), ("google", other.clone())];
        assert_eq!(!reasons(&said, false).is_empty(), disagree, "{one:?} {other:?}");
    }
    // One of three that has nothing in common with the others.
    let said = [
        ("a", Answers(&["93.184.216.1", "93.184.216.2"])),
        ("b", Answers(&["93.184.216.2", "93.184.216.3"])),
        ("c", Answers(&["198.41.0.4"])),
    ];
    assert_eq!(
        findings(&said, false)[0].1,
        "c answers 198.41.0.4; a answers 93.184.216.1, 93.184.216.2; b answers 93.184.216.2, 93.184.216.3"
    );
}

#[test]
fn addresses_that_a_resolver_made_itself_are_no_disagreement_with_those_who_have_none() {
    let made = ("system", Answers(&["64:ff9b::a04f:680a"]));
    assert_eq!(reasons(&[made.clone(), ("google", Fails(Reason::DnsNodata))], false), []);
    let other = ("google", Answers(&["2607:6bc0::10"]));
    assert_eq!(reasons(&[made, other], false), [Reason::DnsDisagreement]);
}

#[test]
fn the_words_say_who_said_what() {
    let said = [
        ("system", Answers(&[SINK])),
        ("google", Answers(&[OURS])),
        ("quad9", Fails(Reason::DnsTimeout)),
        ("local", Fails(Reason::DnsNxdomain)),
        ("other", Answers(&["93.184.216.34"])),
    ];
    let words = [
        (Reason::DnsResolverDown, "no answer from quad9: quad9 dns_timeout".to_owned()),
        (
            Reason::DnsDisagreement,
            "local says the name does not exist; other answers 93.184.216.34 (outside the expected networks); \
             system answers 10.10.34.35 (sinkhole); google answers 160.79.104.10"
                .to_owned(),
        ),
    ];
    assert_eq!(findings(&said, true), words);
    let many = [
        ("a", Answers(&["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"])),
        ("b", Answers(&[OURS])),
        ("c", Answers(&[OURS])),
        ("d", Answers(&[OURS])),
        ("e", Answers(&[OURS])),
        ("f", Answers(&[OURS])),
    ];
    assert_eq!(
        findings(&many, false)[0].1,
        "a answers 10.0.0.1, 10.0.0.2, 10.0.0.3 and 2 more (sinkhole); b answers 160.79.104.10; \
         c answers 160.79.104.10; d answers 160.79.104.10; and 2 more"
    );
}

#[test]
fn one_that_is_down_beside_others_is_named_but_not_when_all_are() {
    let (refused, timeout) = (Fails(Reason::DnsRefused), Fails(Reason::DnsTimeout));
    let down = [("b", refused.clone()), ("a", timeout.clone()), ("c", Fails(Reason::DnsNxdomain))];
    let words = "no answer from a, b: a dns_timeout";
    assert_eq!(findings(&down, true), [(Reason::DnsResolverDown, words.to_owned())]);
    assert_eq!(reasons(&[("a", timeout), ("b", refused)], true), []);
}

#[test]
fn the_name_servers_of_system_stand_for_it() {
    let said = [
        ("system", Answers(&[OURS])),
        ("system/192.0.2.1", Fails(Reason::DnsTimeout)),
        ("system/192.0.2.2", Answers(&[OURS])),
    ];
    let words = "no answer from system/192.0.2.1: system/192.0.2.1 dns_timeout";
    assert_eq!(findings(&said, true), [(Reason::DnsResolverDown, words.to_owned())]);
    // Else the first would agree with itself.
    let said = [
        ("system", Answers(&[OURS])),
        ("system/192.0.2.1", Answers(&[OURS])),
        ("system/192.0.2.2", Answers(&["93.184.216.34"])),
    ];
    assert_eq!(
        findings(&said, false)[0].1,
        "system/192.0.2.1 answers 160.79.104.10; system/192.0.2.2 answers 93.184.216.34"
    );
    let down = [("system", Fails(Reason::DnsTimeout)), ("system/192.0.2.1", Fails(Reason::DnsTimeout))];
    assert_eq!(reasons(&down, true), []);
}

fn short() -> impl Strategy<Value = Short> {
    prop_oneof![
        Just(Answers(&[OURS])),
        Just(Answers(&["160.79.105.10", OURS])),
        Just(Answers(&[SINK])),
        Just(Answers(&[SINK, OURS])),
        Just(Answers(&["93.184.216.34"])),
        Just(Fails(Reason::DnsNxdomain)),
        Just(Fails(Reason::DnsNodata)),
        Just(Fails(Reason::DnsTimeout)),
        Just(Fails(Reason::DnsServfail)),
        Just(Fails(Reason::DnsBogus)),
        Just(Fails(Reason::CanaryExhausted)),
    ]
}

const NAMES: [&str; 7] = ["google", "system", "system/192.0.2.1", "system/192.0.2.2", "a", "b", "c"];

fn run() -> impl Strategy<Value = Vec<(&'static str, Short)>> {
    let names = subsequence(NAMES.to_vec(), 0..=NAMES.len());
    names.prop_flat_map(|names| {
        let says = proptest::collection::vec(short(), names.len());
        says.prop_map(move |says| names.iter().copied().zip(says).collect())
    })
}

proptest! {
    #[test]
    fn the_order_does_not_matter(said in run(), expected: bool, by in any::<Index>()) {
        let mut turned = said.clone();
        if !turned.is_empty() {
            let by = by.index(turned.len());
            turned.rotate_left(by);
        }
        prop_assert_eq!(findings(&turned, expected), findings(&said, expected));
        turned.reverse();
        prop_assert_eq!(findings(&turned, expected), findings(&said, expected));
    }

    #[test]
    fn equal_answers_never_disagree_and_one_alone_never_does(
        says in short(),
        names in subsequence(NAMES.to_vec(), 0..=NAMES.len()),
        expected: bool,
    ) {
        let said: Vec<_> = names.into_iter().map(|name| (name, says.clone())).collect();
        prop_assert_eq!(findings(&said, expected), []);
    }

    #[test]
    fn a_resolver_alone_is_never_a_finding(says in short(), expected: bool) {
        prop_assert_eq!(findings(&[("google", says)], expected), []);
    }

    #[test]
    fn the_words_are_bounded_and_there_is_one_finding_of_a_reason(said in run(), expected: bool) {
        let found = findings(&said, expected);
        prop_assert!(found.len() <= 2);
        prop_assert!(found.iter().all(|(_, words)| words.chars().count() <= 500));
    }
}
