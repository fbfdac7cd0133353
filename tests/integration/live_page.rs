//! What somebody sees who looks at the first page while an API breaks.

use api_canary::net;
use api_canary::simulate::Fault;

use crate::canary::Canary;
use crate::scene::Scene;
use crate::workspace::{PATIENCE, wait_for};

/// The part of the stream that came, up to an event about a target.
async fn updated(stream: &mut reqwest::Response, target: &str) -> String {
    let mut text = String::new();
    let told = format!("\"targets\":[\"{target}\"]");
    while !text.contains(&told) {
        let chunk = tokio::time::timeout(PATIENCE, stream.chunk()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_told_on_the_stream_and_explained_on_the_card() {
    let scene = Scene::new().await;
    let options = "interval: 1s, diagnosis: { recover_after: 2, follow_ups: false }";
    let canary = Canary::start(&scene.config(options, &[scene.target("watched", "api", "")])).await;
    canary.wait_runs("watched", 1.0).await;
    let (_, page) = canary.get("/").await;
    assert!(page.contains("<li data-target=\"watched\" data-state=\"ok\">"), "{page}");

    let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
    let url = format!("http://{}/api/v1/events?updates=1", canary.address());
    let mut stream = client.get(url).send().await.unwrap();
    let told = updated(&mut stream, "watched").await;
    assert!(told.starts_with("event: updated\nid: ") && told.contains("\"all\":[\"watched\"]"), "{told}");

    scene.simulator.set_fault("api.sim.test", Fault::Http529);
    let card = wait_for("the failure on the card", || async {
        let (_, card) = canary.get("/cards?names=watched&lang=en").await;
        if card.contains("data-state=\"down\"") { Ok(card) } else { Err(card) }
    })
    .await;
    for part in [
        "the provider is at capacity",
        "docs/reasons.md#provider_overloaded",
        "<b>Who must act</b> the provider",
        "<li data-layer=\"tls\" data-state=\"passed\">",
        "<li data-layer=\"api\" data-state=\"failed\">",
        "mostly API: provider_overloaded",
    ] {
        assert!(card.contains(part), "{part} in {card}");
    }
    let told = updated(&mut stream, "watched").await;
    assert!(!told.contains("\"all\""), "only once: {told}");
    let (_, page) = canary.get("/").await;
    assert!(page.contains("<title>1 down · api-canary</title>"), "{page}");
}
