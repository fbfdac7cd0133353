//! Two vantages, each of two shards: a real Prometheus agent at each place writes what it scrapes there to one Prometheus,
//! which has the alerts as they are shipped, with their times divided by [`FASTER`].

use std::collections::BTreeMap;
use std::net::SocketAddr;

use api_canary::rules;
use api_canary::simulate::Fault;
use serde_json::Value;

use crate::canary::Canary;
use crate::peers::process::put;
use crate::prometheus::server::Prometheus;
use crate::scene::Scene;
use crate::workspace::wait_for;

/// By how much the times of the rules are divided.
const FASTER: f64 = 30.0;

/// What stands at one place.
struct Vantage {
    canaries: Vec<Canary>,
    _agent: Prometheus,
}

impl Vantage {
    /// Two shards that see `claude` and `openai` under hosts of their own, and their agent.
    async fn start(scene: &Scene, place: &'static str, central: SocketAddr) -> Self {
        let directory = scene.workspace.path().join(place);
        std::fs::create_dir(&directory).unwrap();
        let target = |name: &str| scene.target(name, &format!("{name}-{place}"), "");
        let text = scene.text(
            "interval: 2s, timeout: 1s, diagnosis: { follow_ups: false }",
            &["claude", "openai"].map(target),
        );
        let config = put(&directory, "config.yml", &text);
        let mut canaries = Vec::new();
        for index in 0..2 {
            let state = directory.join(format!("state-{index}")).display().to_string();
            let shard = [format!("--shard.index={index}"), "--shard.count=2".to_owned()];
            let shard: Vec<_> = shard.iter().map(String::as_str).collect();
            canaries
                .push(Canary::start_with(&config, &shard, &[("API_CANARY_STATE_DIRECTORY", &state)]).await);
        }
        let scraped: Vec<_> = canaries.iter().map(|canary| format!("\"{}\"", canary.address())).collect();
        let agent = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s, external_labels: {{ vantage: {place} }} }}\n\
             remote_write: [ {{ url: \"http://{central}/api/v1/write\" }} ]\n\
             scrape_configs:\n  - {{ job_name: api-canary, static_configs: [ {{ targets: [{}] }} ] }}\n",
            scraped.join(", ")
        );
        let agent = Prometheus::agent(&directory.join("agent"), &agent).await;
        Self { canaries, _agent: agent }
    }
}

/// The firing alerts about targets, each with its name, its target and its description.
async fn firing(central: &Prometheus) -> BTreeMap<(String, String), String> {
    let answer = central.answer("alerts", &[]).await;
    let alerts = answer["data"]["alerts"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
    let firing = firing.map(|alert| {
        let labels = &alert["labels"];
        ((text(&labels["alertname"]), text(&labels["target"])), text(&alert["annotations"]["description"]))
    });
    firing.filter(|((_, target), _)| !target.is_empty()).collect()
}

async fn wait_firing(central: &Prometheus, wanted: &[(&str, &str)]) -> BTreeMap<(String, String), String> {
    let wanted: Vec<_> =
        wanted.iter().map(|(name, target)| ((*name).to_owned(), (*target).to_owned())).collect();
    wait_for(&format!("{wanted:?}"), || async {
        let found = firing(central).await;
        if found.keys().eq(wanted.iter()) { Ok(found) } else { Err(format!("{found:?}")) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_down_at_one_of_two_vantages_is_a_ticket_and_at_both_a_page() {
    let scene = Scene::new().await;
    let directory = scene.workspace.path().join("central");
    std::fs::create_dir(&directory).unwrap();
    for file in ["canary", "targets"] {
        let file = format!("{file}.rules.yml");
        let text = std::fs::read_to_string(format!("alerts/{file}")).unwrap();
        put(&directory, &file, &rules::compressed(&text, FASTER));
    }
    let config = format!(
        "global: {{ evaluation_interval: 1s }}\nrule_files: [\"{}/*.rules.yml\"]\n",
        directory.display()
    );
    let central = Prometheus::of(&directory, &config, &["--web.enable-remote-write-receiver"]).await;
    let mut vantages = Vec::new();
    for place in ["fra", "sin"] {
        vantages.push(Vantage::start(&scene, place, central.address()).await);
    }
    for (query, wanted) in [
        ("count(target_up == 1)", 4.0),
        ("count(count by (vantage, target) (target_up))", 4.0),
        ("count(count by (vantage, index) (api_canary_shard_info))", 4.0),
        ("count(up{job=\"api-canary\"} == 1)", 4.0),
        ("avg(job_target:api_canary_down:ratio)", 0.0),
    ] {
        wait_for(query, || async {
            let value = central.value(query).await;
            if value == Some(wanted) { Ok(()) } else { Err(format!("{value:?}")) }
        })
        .await;
    }
    assert_eq!(firing(&central).await, BTreeMap::new());

    scene.simulator.set_fault("claude-fra.sim.test", Fault::TlsExpired);
    let found = wait_firing(&central, &[("ApiCanaryDownFromSomeVantages", "claude")]).await;
    let words = found.values().next().unwrap();
    assert!(
        words.starts_with("claude is down for 50% of the canaries (fra), and works for the others"),
        "{words}"
    );

    scene.simulator.set_fault("claude-sin.sim.test", Fault::TlsExpired);
    let found = wait_firing(&central, &[("ApiCanaryTlsFails", "claude")]).await;
    let words = found.values().next().unwrap();
    // In the order of their instances, which have any ports.
    let places = ["(fra, sin)", "(sin, fra)"].map(|places| format!("100% of the canaries {places}"));
    assert!(places.iter().any(|places| words.contains(places)), "{words}");
    assert_eq!(
        central.value("min(target_up{target=\"openai\"})").await,
        Some(1.0),
        "the other shards' target"
    );

    for host in ["claude-fra.sim.test", "claude-sin.sim.test"] {
        scene.simulator.clear_fault(host);
    }
    wait_firing(&central, &[]).await;

    // A shard that is gone takes its targets with it, and no other canary of its place has them.
    let gone = vantages[1].canaries.pop().unwrap();
    drop(gone);
    wait_for("the missing shard to be told", || async {
        let query = "ALERTS{alertname=\"ApiCanaryShardMissing\", alertstate=\"firing\"}";
        let found = central.query(query).await;
        let places: Vec<_> =
            found.iter().map(|(labels, _)| labels["vantage"].as_str().unwrap_or_default()).collect();
        if places == ["sin"] { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}
