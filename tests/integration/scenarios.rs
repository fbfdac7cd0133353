//! The scenario suite of the diagnosis: faults that are made on this machine, each with the one right verdict, layer,
//! blame and exit code, told by the real binary. Each name begins with its class, where there is one.
//!
//! `cargo test --test integration scenarios -- --nocapture` prints the confusion table. With `API_CANARY_SCENARIO` only
//! the scenarios are made whose names contain its value.

mod answers;
mod confusion;
mod connections;
mod handshakes;
mod loopback;
mod middlebox;
mod names;
mod networks;
mod scenario;
mod told;
mod twofold;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use confusion::Confusion;
use loopback::World;
use scenario::{Expected, Made, Scenario};
use told::Told;

use crate::diagnose::unlike_the_schema;

/// How many are made at a time.
const AT_A_TIME: usize = 4;

/// Every table of scenarios.
const TABLES: &[&[Scenario]] = &[
    names::SCENARIOS,
    connections::SCENARIOS,
    handshakes::SCENARIOS,
    answers::SCENARIOS,
    twofold::SCENARIOS,
    networks::SCENARIOS,
];

fn all() -> impl Iterator<Item = &'static Scenario> {
    TABLES.iter().copied().flatten()
}

#[expect(clippy::disallowed_methods, reason = "who runs the tests says so, not the program's config")]
fn wanted() -> Vec<&'static Scenario> {
    let part = std::env::var("API_CANARY_SCENARIO").unwrap_or_default();
    let ipv6 = crate::scene::has_ipv6();
    let possible = |scenario: &&Scenario| match scenario.made {
        Made::OnLoopback(made) => ipv6 || !made.ipv6,
        Made::BehindARouter(_) => true,
    };
    all().filter(|scenario| scenario.name.contains(&part)).filter(possible).collect()
}

fn made(scenario: &Scenario, world: &World) -> Told {
    let told = catch_unwind(AssertUnwindSafe(|| match &scenario.made {
        Made::OnLoopback(made) => world.told(made),
        Made::BehindARouter(made) => networks::told(made),
    }));
    told.unwrap_or_else(|_| Told::nothing("the scenario could not be made; see above".to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_is_told_right() {
    let world = World::new().await;
    let scenarios = wanted();
    let next = Mutex::new(scenarios.iter());
    let results = Mutex::new(Vec::new());
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            for _ in 0..AT_A_TIME.min(scenarios.len()) {
                scope.spawn(|| {
                    loop {
                        let Some(scenario) = next.lock().unwrap().next() else { return };
                        let told = made(scenario, &world);
                        results.lock().unwrap().push((scenario, told));
                    }
                });
            }
        });
    });

    let mut confusion = Confusion::default();
    let mut wrong = Vec::new();
    for (scenario, told) in results.into_inner().unwrap() {
        let mut differences = told.wrong(&scenario.expected);
        differences.extend(told.json.as_ref().and_then(unlike_the_schema));
        let Expected { layer, verdict, .. } = scenario.expected;
        confusion.count(layer, verdict, &told.verdict(), differences.is_empty());
        if !differences.is_empty() {
            let json = told.json.as_ref().map(|json| format!("{json:#}")).unwrap_or_default();
            wrong.push(format!(
                "=== {}\nexpected: {:?}\ntold: {}\n{}\n{json}",
                scenario.name,
                scenario.expected,
                differences.join("\n"),
                told.words
            ));
        }
    }
    println!("{confusion}");
    assert!(wrong.is_empty(), "{confusion}\n\n{}", wrong.join("\n\n"));
}

#[test]
fn scenarios_have_names_of_their_own_and_exit_codes() {
    let names: BTreeSet<&str> = all().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), all().count(), "each name once");
    for scenario in all() {
        assert!(matches!(scenario.expected.exit(), 0 | 1 | 10..=14), "{}", scenario.name);
    }
}
