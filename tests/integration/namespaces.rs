//! The real binary behind a real router that can lose, refuse and cut what it forwards.
//!
//! Each test has a network of its own in namespaces that it makes, which takes root; nothing leaves them.

pub(crate) mod network;
pub(crate) mod place;

use crate::canary::Canary;
use crate::exposition::Samples;
use network::on_the_client;
use place::{Place, TIMEOUT, To};

const FAMILIES: [&str; 2] = ["ipv4", "ipv6"];

/// What a journey over one family has come to: layer and reason of every failure so far, and whether the last one
/// worked.
fn story(samples: &Samples, target: &str, family: &str) -> (Vec<(String, String)>, Option<f64>) {
    let of = [("target", target), ("family", family)];
    let failures = samples.all("probe_failures_total", &of);
    let mut failures: Vec<_> =
        failures.iter().map(|(labels, _)| (labels["layer"].clone(), labels["reason"].clone())).collect();
    failures.sort();
    (failures, samples.one("probe_success", &of))
}

/// The same as it should be: nothing but this reason.
fn only(layer: &str, reason: &str) -> (Vec<(String, String)>, Option<f64>) {
    (vec![(layer.to_owned(), reason.to_owned())], Some(0.0))
}

fn findings(samples: &Samples, target: &str) -> Vec<String> {
    samples.label("target_finding_info", &[("target", target)], "reason")
}

/// Waits until a journey took less than half of the time it had: none may take longer than its own affair does, but a
/// busy machine can make any single one slow.
async fn wait_swift(canary: &Canary, target: &str, family: &str) {
    let of = [("target", target), ("family", family)];
    canary
        .wait(&format!("a swift journey to {target} over {family}"), |samples| {
            let took = samples.one("probe_duration_seconds", &of)?;
            (took < f64::from(TIMEOUT) / 2.0).then_some(())
        })
        .await;
}

/// The last journey used all the time it had.
fn took_all_its_time(samples: &Samples, target: &str, family: &str) {
    let took = samples.one("probe_duration_seconds", &[("target", target), ("family", family)]).unwrap();
    assert!(took >= 0.95 * f64::from(TIMEOUT), "{target} over {family}: {took}");
}

/// A target whose packets of one family vanish at the router while those of the other pass.
async fn one_family_is_swallowed(place: Place, swallowed: &str, other: &str) {
    let number = swallowed.trim_start_matches("ipv");
    place.network.forward(&[&format!("meta nfproto {swallowed} drop")]);
    let canary = place.canary(&[("api", 2, 443)]).await;
    let samples = canary.wait_runs("api", 2.0).await;
    assert_eq!(story(&samples, "api", swallowed), only("tcp", "tcp_timeout"));
    assert_eq!(story(&samples, "api", other), (vec![], Some(1.0)));
    assert_eq!(findings(&samples, "api"), [format!("ipv{number}_broken")]);
    assert_eq!(samples.one("target_up", &[("target", "api")]), Some(1.0));
    took_all_its_time(&samples, "api", swallowed);
    // What fails does not hold up what works.
    wait_swift(&canary, "api", other).await;

    place.network.forward(&[]);
    let samples = canary
        .wait("the family to work again", |samples| {
            let works = samples.one("probe_success", &[("target", "api"), ("family", swallowed)]);
            (works == Some(1.0)).then(|| samples.clone())
        })
        .await;
    assert_eq!(findings(&samples, "api"), [""; 0]);
    assert_eq!(story(&samples, "api", swallowed).0, only("tcp", "tcp_timeout").0);
    assert_eq!(story(&samples, "api", other), (vec![], Some(1.0)));
}

#[test]
fn ipv6_that_is_swallowed_on_the_way_is_broken_until_it_is_mended_and_ipv4_is_as_swift_as_ever() {
    on_the_client(async |network| {
        one_family_is_swallowed(Place::new(network, &[443]).await, "ipv6", "ipv4").await;
    });
}

#[test]
fn ipv4_that_is_swallowed_on_the_way_is_broken_until_it_is_mended_and_ipv6_is_as_swift_as_ever() {
    on_the_client(async |network| {
        one_family_is_swallowed(Place::new(network, &[443]).await, "ipv4", "ipv6").await;
    });
}

/// How long a journey takes.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    /// The answer is an answer, and the journey is over.
    NoTime,
    /// There is no answer, and it waits for one.
    AllItsTime,
}

/// A target, what the router does to it, layer and reason, and how long that takes.
type Case = (To<'static>, Does, (&'static str, &'static str), Takes);

enum Does {
    /// It forwards everything.
    Nothing,
    /// A rule for what it forwards.
    Filter(&'static str),
    /// A route of this type in place of the way to the address.
    Route(&'static str),
}

use Does::{Filter, Nothing, Route};
use Takes::{AllItsTime, NoTime};

const CASES: &[Case] = &[
    (("refused-by-server", 2, 8000), Nothing, ("tcp", "tcp_refused"), NoTime),
    (
        ("no-syn", 2, 8001),
        Filter("tcp dport 8001 tcp flags & (syn | ack) == syn drop"),
        ("tcp", "tcp_timeout"),
        AllItsTime,
    ),
    // The SYN arrives, its answer does not.
    (
        ("no-syn-ack", 2, 8002),
        Filter("tcp sport 8002 tcp flags & (syn | ack) == (syn | ack) drop"),
        ("tcp", "tcp_timeout"),
        AllItsTime,
    ),
    (
        ("reset-by-router", 2, 8003),
        Filter("tcp dport 8003 reject with tcp reset"),
        ("tcp", "tcp_refused"),
        NoTime,
    ),
    (
        ("port-unreachable", 2, 8004),
        Filter("tcp dport 8004 reject with icmpx type port-unreachable"),
        ("tcp", "tcp_refused"),
        NoTime,
    ),
    (
        ("host-unreachable", 2, 8005),
        Filter("tcp dport 8005 reject with icmpx type host-unreachable"),
        ("tcp", "tcp_unreachable"),
        NoTime,
    ),
    (
        ("no-route", 2, 8006),
        Filter("tcp dport 8006 reject with icmpx type no-route"),
        ("tcp", "tcp_unreachable"),
        NoTime,
    ),
    (
        ("forbidden", 2, 8007),
        Filter("tcp dport 8007 reject with icmpx type admin-prohibited"),
        ("tcp", "tcp_unreachable"),
        NoTime,
    ),
    (("route-unreachable", 3, 443), Route("unreachable"), ("tcp", "tcp_unreachable"), NoTime),
    (("route-prohibited", 4, 443), Route("prohibit"), ("tcp", "tcp_unreachable"), NoTime),
    (("route-black-hole", 5, 443), Route("blackhole"), ("tcp", "tcp_timeout"), AllItsTime),
    // Something on the way lets no large packets through and says nothing of it.
    (
        ("no-large-packets-to-server", 2, 8008),
        Filter("tcp dport 8008 meta length > 900 drop"),
        ("tls", "tls_timeout"),
        AllItsTime,
    ),
    (
        ("no-large-packets-from-server", 2, 8009),
        Filter("tcp sport 8009 meta length > 900 drop"),
        ("tls", "tls_timeout"),
        AllItsTime,
    ),
    (
        ("reset-at-first-word", 2, 8010),
        Filter("tcp dport 8010 tcp flags & psh == psh reject with tcp reset"),
        ("tls", "tls_reset"),
        NoTime,
    ),
];

#[test]
fn what_a_router_does_to_packets_has_its_reason_over_both_families_and_disturbs_nobody_else() {
    on_the_client(async |network| {
        // Nothing listens on the first.
        let ports: Vec<u16> = [443].into_iter().chain(8001..=8010).collect();
        let place = Place::new(network, &ports).await;
        let mut rules = Vec::new();
        for ((_, number, _), does, ..) in CASES {
            match does {
                Nothing => {}
                Filter(rule) => rules.push(*rule),
                Route(kind) => {
                    let [ipv4, ipv6] = network::server(*number);
                    place.network.route(&format!("route add {kind} {ipv4}\nroute add {kind} {ipv6}\n"));
                }
            }
        }
        place.network.forward(&rules);
        let mut targets: Vec<To<'_>> = CASES.iter().map(|(to, ..)| *to).collect();
        targets.push(("healthy", 2, 443));
        let canary = place.canary(&targets).await;
        let samples = canary
            .wait("two runs of every path", |samples| {
                let runs = samples.all("probe_runs_total", &[]);
                let done = runs.len() == 2 * targets.len() && runs.iter().all(|(_, count)| *count >= 2.0);
                done.then(|| samples.clone())
            })
            .await;
        for family in FAMILIES {
            assert_eq!(story(&samples, "healthy", family), (vec![], Some(1.0)), "over {family}");
            wait_swift(&canary, "healthy", family).await;
        }
        for ((name, ..), _, (layer, reason), takes) in CASES {
            assert_eq!(samples.one("target_up", &[("target", name)]), Some(0.0), "{name}");
            assert_eq!(findings(&samples, name), [""; 0], "{name}: no family works better than the other");
            for family in FAMILIES {
                assert_eq!(story(&samples, name, family), only(layer, reason), "{name} over {family}");
                match takes {
                    NoTime => wait_swift(&canary, name, family).await,
                    AllItsTime => took_all_its_time(&samples, name, family),
                }
            }
        }
    });
}

#[test]
fn without_a_default_route_nothing_is_reachable_and_nothing_is_waited_for() {
    on_the_client(async |network| {
        let place = Place::new(network, &[443]).await;
        place
            .network
            .route_on_the_client("route del default via 192.0.2.1\nroute del default via 2001:db8:1::1\n");
        let canary = place.canary(&[("api", 2, 443)]).await;
        let samples = canary.wait_runs("api", 2.0).await;
        for family in FAMILIES {
            assert_eq!(story(&samples, "api", family), only("tcp", "tcp_unreachable"), "over {family}");
            wait_swift(&canary, "api", family).await;
        }
        assert_eq!(samples.one("target_up", &[("target", "api")]), Some(0.0));
        assert_eq!(findings(&samples, "api"), [""; 0]);
    });
}

#[test]
fn on_a_machine_without_ipv6_beyond_its_link_that_family_is_unreachable_and_broken_and_the_target_is_up() {
    on_the_client(async |network| {
        let place = Place::new(network, &[443]).await;
        place.network.route_on_the_client(
            "route del default via 2001:db8:1::1\naddress del 2001:db8:1::2/64 dev uplink\n",
        );
        let canary = place.canary(&[("api", 2, 443)]).await;
        let samples = canary.wait_runs("api", 2.0).await;
        assert_eq!(story(&samples, "api", "ipv4"), (vec![], Some(1.0)));
        assert_eq!(story(&samples, "api", "ipv6"), only("tcp", "tcp_unreachable"));
        assert_eq!(findings(&samples, "api"), ["ipv6_broken"]);
        assert_eq!(samples.one("target_up", &[("target", "api")]), Some(1.0));
        wait_swift(&canary, "api", "ipv6").await;
    });
}
