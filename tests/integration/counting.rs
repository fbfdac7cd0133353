//! What the canary counts is what the other end counts: each kind of fault beside what is healthy, through reloads.
//!
//! `cargo bench --bench soak` does the same for an hour, and says why the moment at which both are compared is exact.

#[path = "../../benches/soak/ledger.rs"]
mod ledger;

use std::collections::BTreeMap;
use std::time::Duration;

use api_canary::simulate::{Counts, Fault};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::canary::Canary;
use crate::scene::Scene;
use crate::workspace::{wait_for, whole_machine};
use ledger::{Entry, Ledger, Told};

const TIMEOUT: Duration = Duration::from_millis(1800);
const TIMING: &str = "interval: 2s, timeout: 1800ms, diagnosis: { follow_ups: false }";

fn entry(target: String, host: &str, fault: Option<Fault>, secure: bool) -> Entry {
    Entry { target, host: format!("{host}.sim.test"), fault, secure, alone: true }
}

/// Targets that no reload changes: one of each fault, and healthy ones of each kind.
fn steady() -> Vec<Entry> {
    let faults = Fault::ALL.iter().map(|fault| entry(fault.name().into(), fault.name(), Some(*fault), true));
    let healthy = (0..30).map(|number| format!("healthy-{number}"));
    faults.chain(healthy.enumerate().map(|(at, name)| entry(name.clone(), &name, None, at % 3 > 0))).collect()
}

/// Those that every reload changes.
fn changing(generation: u32) -> Vec<Entry> {
    let of = |at| entry(format!("changing-{at}"), &format!("changing-{at}-{generation}"), None, false);
    (0..3).map(of).collect()
}

fn line(scene: &Scene, entry: &Entry, more: &str) -> String {
    let Entry { target, host, fault, secure, .. } = entry;
    let more = match fault {
        Some(fault) if fault.layer() == "proxy" => format!("{more}, routes: [proxy]"),
        Some(fault) if fault.name().starts_with("stream-") => format!(
            "{more}, families: [ipv4], api_key: {{ env: COUNTED_KEY }}, \
             call: {{ kind: stream, max_daily_cost_usd: 1000 }}"
        ),
        Some(_) => format!("{more}, families: [ipv4]"),
        None => format!("{more}, families: [ipv4], provider: http"),
    };
    let more = format!("{more}, expected_networks: []");
    let url = if *secure {
        let path = if fault.is_none() { "/ok" } else { "" };
        format!("https://{host}:{}{path}", scene.simulator.api_address().port())
    } else {
        format!("http://{host}:{}/ok", scene.simulator.plain_address().port())
    };
    scene.at(target, &url, &more)
}

/// The config after so many reloads; `last` is an address that never answers, with a timeout longer than all others'.
fn config(quiet: &Scene, busy: &Scene, generation: u32, last: &str) -> String {
    let mut targets: Vec<_> = steady().iter().map(|entry| line(quiet, entry, "")).collect();
    targets.extend(changing(generation).iter().map(|entry| line(busy, entry, ", resolvers: [busy]")));
    targets.push(format!(
        "{{ name: last, provider: http, url: \"http://{last}/\", interval: 6s, timeout: 6s }}"
    ));
    let (text, dns) = (quiet.text(TIMING, &targets), busy.simulator.dns_address());
    let text = text.replace("resolvers:\n", &format!("resolvers:\n  busy: {{ address: \"udp://{dns}\" }}\n"));
    format!(
        "routes: {{ proxy: {{ proxy: \"http://{}\" }} }}\ncontrol: []\n{text}",
        quiet.simulator.proxy_address()
    )
}

async fn told(canary: &Canary) -> BTreeMap<String, Told> {
    let (status, text) = canary.get("/metrics").await;
    assert_eq!(status, 200);
    ledger::read(&text)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_canary_counts_is_what_the_other_end_counts() {
    let _alone = whole_machine().await;
    let (quiet, busy) = (Scene::new().await, Scene::new().await);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let last = silent.local_addr().unwrap().to_string();
    let (tell, mut connected) = watch::channel(0);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
            tell.send_modify(|connections| *connections += 1);
        }
    });
    let file = quiet.workspace.write("config.yml", &config(&quiet, &busy, 0, &last));
    let mut canary = Canary::start_with(&file, &[], &[("COUNTED_KEY", "sk-ant-sim-valid")]).await;
    let generations = 3;
    for generation in 0..=generations {
        if generation > 0 {
            quiet.workspace.write("config.yml", &config(&quiet, &busy, generation, &last));
            canary.signal("HUP");
        }
        wait_for("what has changed to be asked for", || async {
            let asked = changing(generation)
                .iter()
                .filter(|entry| {
                    busy.simulator.counts().hosts.get(&entry.host).is_some_and(|host| host.requests > 0)
                })
                .count();
            if asked == changing(generation).len() {
                Ok(())
            } else {
                Err(format!("{asked} of generation {generation}"))
            }
        })
        .await;
    }
    wait_for("two runs of each", || async {
        let told = told(&canary).await;
        let few: Vec<_> = steady()
            .into_iter()
            .map(|entry| entry.target)
            .filter(|target| told.get(target).is_none_or(|told| told.runs < 2))
            .collect();
        if few.is_empty() { Ok(()) } else { Err(format!("fewer: {few:?}")) }
    })
    .await;

    connected.mark_unchanged();
    connected.changed().await.unwrap();
    canary.signal("TERM");
    // By then all runs but one are over; that one keeps the canary answering.
    sleep(TIMEOUT).await;
    let seen = || async { (told(&canary).await, quiet.simulator.counts(), busy.simulator.counts()) };
    let mut known: Option<(_, Counts, Counts)> = None;
    let (told, at_quiet, at_busy) = loop {
        let now = seen().await;
        if known.as_ref() == Some(&now) {
            break now;
        }
        known = Some(now);
        sleep(Duration::from_millis(300)).await;
    };
    assert!(canary.ended().await.success());
    assert_eq!((quiet.simulator.counts(), busy.simulator.counts()), (at_quiet.clone(), at_busy.clone()));
    let mut ledger = Ledger::default();
    ledger.compare(&steady(), &told, &at_quiet);
    ledger.connections(&steady(), &told, &at_quiet);
    ledger.compare(&changing(generations), &told, &at_busy);
    assert!(ledger.mismatches.is_empty(), "{:#?}\n{:#?}", ledger.mismatches, canary.log());
    // Nothing would be equal to nothing.
    let least = u64::try_from(steady().len()).unwrap() * 2;
    assert!(ledger.compared["runs = journeys (one path each)"].canary >= least, "{:?}", ledger.compared);
    assert!(ledger.compared.values().all(|sums| sums.canary > 0), "{:?}", ledger.compared);
    // Where the machine is so busy that some time out, most do not.
    assert!(ledger.explained.len() < steady().len(), "{:#?}", ledger.explained);
    assert!(ledger.unusual < least / 2, "{} journeys ended as they must not", ledger.unusual);
}
