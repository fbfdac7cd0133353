//! A page end to end: real canaries, a real Prometheus with the alerts as they are shipped, a real Alertmanager with the example
//! of a routing as it is shipped, and a webhook that writes down what arrives.
//!
//! Only times are other than people have them: those of the rules are divided by [`FASTER`], and Alertmanager gathers alerts
//! for a second or two. All scenes take place at the same time.

mod chain;
mod webhook;

use std::collections::BTreeMap;
use std::time::Duration;

use api_canary::simulate::{Fault, Lasting};
use tokio::time::{Instant, timeout_at};

use crate::canary::Canary;
use crate::scene::Scene;
use chain::Chain;
use webhook::{Alert, Webhook};

/// By how much the times of the rules are divided.
const FASTER: f64 = 30.0;

/// Interval and timeout of the targets.
const INTERVAL: Duration = Duration::from_secs(3);

/// How often Prometheus scrapes, and how often it evaluates rules.
const EVERY: Duration = Duration::from_secs(1);

/// For how long most canaries have to find a target down, 55 s, on that clock, on which no range is shorter than this.
const FOR: Duration = Duration::from_secs(5);

/// `for` of the alert that a target is down from some vantages, 5 min, on that clock.
const SOME_FOR: Duration = Duration::from_secs(10);

/// `group_wait` and `group_interval` of Alertmanager, as [`api_canary::demo::routing`] writes them.
const GROUP_WAIT: Duration = Duration::from_secs(1);
const GROUP_INTERVAL: Duration = Duration::from_secs(2);

/// What a machine may take longer that does much else: no promise of the program, only patience of this test.
const BUSY: Duration = Duration::from_secs(20);

/// One target a layer: its fault, and the page that is to come of it.
const LAYERS: [(&str, Fault, [&str; 3]); 5] = [
    ("t-dns", Fault::DnsNxdomain, ["ApiCanaryDnsFails", "dns", "resolver"]),
    ("t-tcp", Fault::TcpRefused, ["ApiCanaryTcpFails", "tcp", "network"]),
    ("t-proxy", Fault::ProxyDenied, ["ApiCanaryProxyFails", "proxy", "proxy"]),
    ("t-tls", Fault::TlsExpired, ["ApiCanaryTlsFails", "tls", "provider"]),
    ("t-api", Fault::Http529, ["ApiCanaryProviderOverloaded", "api", "provider"]),
];

/// From the moment when something breaks until somebody is paged.
fn paged_within(waits: Duration) -> Duration {
    let first_failed_run_ends = 2 * INTERVAL;
    let down_for_two_runs = INTERVAL;
    let scraped_and_evaluated = EVERY + EVERY;
    // What waits is evaluated again at the first evaluation behind its end.
    let waited = waits + EVERY;
    first_failed_run_ends + down_for_two_runs + scraped_and_evaluated + waited + GROUP_WAIT + BUSY
}

/// From the moment when it is healed until that is told.
fn resolved_within() -> Duration {
    let first_good_run_ends = 2 * INTERVAL;
    first_good_run_ends + EVERY + EVERY + GROUP_INTERVAL + BUSY
}

/// The canaries: one of the layers, and two vantages that watch the same target.
async fn canaries(scene: &Scene) -> [Canary; 3] {
    let (dns, proxy) = (scene.simulator.dns_address(), scene.simulator.proxy_address());
    // One resolver: where another one says the same, it is not this one that is to blame.
    let head = format!(
        "resolvers: {{ sim: {{ address: \"udp://{dns}\" }} }}\nroutes: {{ proxy: {{ proxy: \"http://{proxy}\" }} }}\n\
         defaults: {{ interval: 3s, timeout: 3s }}\n"
    );
    let mut targets: Vec<_> = LAYERS
        .iter()
        .map(|(name, ..)| scene.target(name, name, if *name == "t-proxy" { ", routes: [proxy]" } else { "" }))
        .collect();
    targets.push(scene.target("calm", "calm", ""));
    targets.push(scene.target("blip", "blip", ""));
    let shared = |host: &str| scene.target("shared", host, "");
    let mut canaries = Vec::new();
    let files = [
        ("layers.yml", "", targets),
        ("here.yml", "vantage: here\n", vec![shared("here")]),
        ("there.yml", "vantage: there\n", vec![shared("there")]),
    ];
    for (name, vantage, targets) in files {
        let text = format!("{vantage}{head}targets:\n  - {}\n", targets.join("\n  - "));
        canaries.push(Canary::start(&scene.workspace.write(name, &text)).await);
    }
    canaries.try_into().ok().unwrap()
}

/// What arrived until now that concerns a target.
fn of<'a>(arrived: &'a [Alert], target: &str) -> Vec<&'a Alert> {
    arrived.iter().filter(|alert| alert.label("target") == Some(target)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_each_layer_is_exactly_one_page_and_a_blip_is_none_and_one_vantage_is_a_ticket() {
    let scene = Scene::new().await;
    let canaries = canaries(&scene).await;
    let mut webhook = Webhook::listen().await;
    let addresses = canaries.each_ref().map(Canary::address);
    let chain = Chain::start(scene.workspace.path(), &addresses, webhook.address, FASTER).await;
    // Everything works once before anything breaks.
    chain.wait_for_value("count(target_up == 1)", 9.0).await;
    chain.wait_for_value("count(ALERTS{alertname=\"ApiCanaryWatchdog\"})", 1.0).await;

    let broken = Instant::now();
    for (host, fault, _) in LAYERS {
        scene.simulator.set_fault(&format!("{host}.sim.test"), fault);
    }
    scene.simulator.set_fault("there.sim.test", Fault::TcpRefused);
    // One failed run: the next one, an interval later, works, which is before it counts as down.
    let once = Lasting { time: None, requests: Some(1) };
    scene.simulator.set_fault_lasting("blip.sim.test", Fault::Http500, once);

    for (target, _, [name, layer, blame]) in LAYERS {
        let (page, at) = webhook.wait(broken + paged_within(FOR), target, false).await;
        println!("{name} of {target} after {:?}, at most {:?}", at - broken, paged_within(FOR));
        let labels = ["alertname", "layer", "blame", "severity", "job"].map(|label| page.label(label));
        assert_eq!(labels, [name, layer, blame, "critical", "api-canary"].map(Some), "{page:#?}");
        for annotation in ["summary", "description", "runbook_url", "dashboard_url"] {
            assert!(page.annotations.get(annotation).is_some_and(|text| !text.is_empty()), "{page:#?}");
        }
        assert!(page.annotations["description"].contains(target), "{page:#?}");
    }
    // By when the ticket has come, a second page of any layer would have too.
    let (ticket, at) = webhook.wait(broken + paged_within(SOME_FOR), "shared", false).await;
    println!("the ticket after {:?}, at most {:?}", at - broken, paged_within(SOME_FOR));
    let labels = ["alertname", "severity"].map(|label| ticket.label(label));
    assert_eq!(labels, ["ApiCanaryDownFromSomeVantages", "warning"].map(Some), "{ticket:#?}");
    assert!(scene.requests("blip") > 2, "it was called again and works");
    let failed = canaries[0].samples().await.one("target_runs_failed_total", &[("target", "blip")]);
    assert_eq!(failed, Some(1.0), "a blip is one failed run");

    let healed = Instant::now();
    for host in LAYERS.map(|(host, ..)| host).into_iter().chain(["there"]) {
        scene.simulator.clear_fault(&format!("{host}.sim.test"));
    }
    for target in LAYERS.map(|(target, ..)| target).into_iter().chain(["shared"]) {
        let (_, at) = webhook.wait(healed + resolved_within(), target, true).await;
        println!("{target} resolved after {:?}, at most {:?}", at - healed, resolved_within());
    }

    // All that ever arrived, each once.
    let arrived = webhook.all();
    for (target, _, [name, ..]) in LAYERS {
        let pages = urgent(&of(&arrived, target));
        assert_eq!(
            pages,
            BTreeMap::from([((name.to_owned(), false), 1), ((name.to_owned(), true), 1)]),
            "{target}"
        );
    }
    assert_eq!(of(&arrived, "calm"), Vec::<&Alert>::new());
    assert_eq!(of(&arrived, "blip"), Vec::<&Alert>::new());
    assert_eq!(urgent(&of(&arrived, "shared")), BTreeMap::new(), "one of two vantages wakes nobody");
    assert_eq!(urgent(&arrived.iter().collect::<Vec<_>>()).len(), 2 * LAYERS.len(), "nor does anything else");
    assert_eq!(chain.complaints(), [""; 0]);
}

/// How often each alert that wakes somebody began and ended.
fn urgent(arrived: &[&Alert]) -> BTreeMap<(String, bool), usize> {
    let mut counts = BTreeMap::new();
    for alert in arrived.iter().filter(|alert| alert.label("severity") == Some("critical")) {
        let name = alert.label("alertname").unwrap().to_owned();
        *counts.entry((name, alert.is_resolved())).or_insert(0) += 1;
    }
    counts
}
