//! Several endpoints of a target, and several addresses of an endpoint: which is preferred, and what is told of each.

use api_canary::simulate::Fault;

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::{Scene, has_ipv6};

fn url(scene: &Scene, host: &str) -> String {
    format!("https://{host}.sim.test:{}/", scene.simulator.api_address().port())
}

/// A target with these hosts as its endpoints, the first the most preferred.
fn target(scene: &Scene, hosts: &[&str], more: &str) -> String {
    let endpoints: Vec<String> = hosts.iter().map(|host| format!("\"{}\"", url(scene, host))).collect();
    let (endpoints, ca) = (endpoints.join(", "), scene.ca().display());
    format!(
        "{{ name: many, endpoints: [{endpoints}], provider: anthropic, resolvers: [sim], \
         tls: {{ ca_file: {ca} }}, interval: 1s, timeout: 1s{more} }}"
    )
}

fn preferred(samples: &Samples) -> Vec<String> {
    samples.label("target_preferred_endpoint_info", &[("target", "many")], "url")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_series_follow_a_failover_to_another_endpoint_and_back() {
    assert!(has_ipv6());
    let scene = Scene::new().await;
    let hosts = ["dual", "api"];
    let failover = ", failover: { rise: 2, fall: 2 }";
    let config = scene.config("interval: 1s, timeout: 1s", &[target(&scene, &hosts, failover)]);
    let canary = Canary::start(&config).await;
    let [dual, api] = hosts.map(|host| url(&scene, host));
    let of = [("target", "many")];
    let samples = canary.wait_runs("many", 1.0).await;
    assert_eq!(preferred(&samples), [dual.as_str()]);
    assert_eq!(samples.label("probe_success", &of, "family"), ["ipv4", "ipv6"]);

    scene.simulator.set_fault("dual.sim.test", Fault::Http529);
    let samples = canary
        .wait("the other endpoint", |samples| (preferred(samples) == [api.as_str()]).then(|| samples.clone()))
        .await;
    assert_eq!(samples.one("target_endpoint_up", &[("target", "many"), ("url", &dual)]), Some(0.0));
    assert_eq!(samples.one("target_endpoint_up", &[("target", "many"), ("url", &api)]), Some(1.0));
    assert_eq!(samples.one("target_up", &of), Some(1.0));
    // The other endpoint has no IPv6, and what is shown is what a client sees that went there.
    assert_eq!(samples.label("probe_success", &of, "family"), ["ipv4"]);
    assert_eq!(samples.one("probe_success", &of), Some(1.0));
    canary.wait_log(&["preferred", "what=endpoint", api.trim_end_matches('/')]).await;

    scene.simulator.clear_fault("dual.sim.test");
    canary
        .wait("the first endpoint again", |samples| (preferred(samples) == [dual.as_str()]).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_endpoint_works_none_is_preferred_and_the_target_is_down() {
    let scene = Scene::new().await;
    let hosts = ["http-529", "tcp-refused"];
    let config = scene.config("interval: 1s, timeout: 1s", &[target(&scene, &hosts, "")]);
    let canary = Canary::start(&config).await;
    let samples = canary.wait_runs("many", 1.0).await;
    assert_eq!(preferred(&samples), [""; 0]);
    assert!(!samples.names(&[("target", "many")]).contains(&"target_preferred_route_info"));
    assert_eq!(samples.one("target_up", &[("target", "many")]), Some(0.0));
    // The series of the paths show the one that is meant.
    let reasons = samples.label("probe_failures_total", &[("target", "many")], "reason");
    assert_eq!(reasons, ["provider_overloaded"]);
    canary.wait_log(&["fails", "tcp-refused.sim.test", "reason=tcp_refused"]).await;
    canary.wait_log(&["none is healthy", "what=endpoint"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_is_walked_where_all_are_asked_for_and_the_failing_one_is_told() {
    let scene = Scene::new().await;
    let more = ", addresses: all, families: [ipv4]";
    let targets = [
        scene.target("all", "tcp-second-address", more),
        scene.target("first", "tcp-second-address", ", families: [ipv4]"),
    ];
    let config = scene.config("interval: 1s, timeout: 1s", &targets);
    let canary = Canary::start_with(&config, &["--log.level=debug"], &[]).await;
    canary.wait_runs("first", 1.0).await;
    let samples = canary.wait_runs("all", 1.0).await;
    let all = [("target", "all")];
    assert_eq!(samples.one("probe_success", &all), Some(1.0));
    assert_eq!(samples.one("probe_addresses", &all), Some(2.0));
    assert_eq!(samples.one("probe_addresses_failing", &all), Some(1.0));
    assert_eq!(samples.label("probe_finding_info", &all, "reason"), ["address_failing"]);
    let line = canary.wait_log(&["reason=address_failing", "target=all"]).await;
    assert!(line.contains("1 of 2 addresses fail: 127.0.0."), "{line}");
    assert!(line.contains("tcp_refused"), "{line}");
    for result in [&["address=127.0.0.2", "reason=tcp_refused"][..], &["address=127.0.0.1"]] {
        canary.wait_log(&[&["address walked", "target=all"], result].concat()).await;
    }
    assert_eq!(samples.one("probe_addresses", &[("target", "first")]), None);
    assert_eq!(samples.label("probe_finding_info", &[("target", "first")], "reason"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_query_of_an_endpoint_shows_nowhere() {
    let scene = Scene::new().await;
    let port = scene.simulator.api_address().port();
    let ca = scene.ca().display();
    let url = |host: &str| format!("\"https://{host}.sim.test:{port}/ok?key=QUERY-SECRET\"");
    let target = format!(
        "{{ name: many, endpoints: [{}, {}], provider: http, resolvers: [sim], tls: {{ ca_file: {ca} }} }}",
        url("api"),
        url("tcp-refused")
    );
    let canary = Canary::start(&scene.config("interval: 1s, timeout: 1s", &[target])).await;
    let samples = canary.wait_runs("many", 1.0).await;
    assert_eq!(samples.one("probe_success", &[("target", "many")]), Some(1.0), "{:#?}", canary.log());
    let shown = format!("https://tcp-refused.sim.test:{port}/ok");
    assert_eq!(samples.one("target_endpoint_up", &[("target", "many"), ("url", &shown)]), Some(0.0));
    canary.wait_log(&["fails", &shown]).await;
    let (_, page) = canary.get("/metrics").await;
    let all = format!("{page}{}", canary.log().join("\n"));
    assert!(!all.contains("QUERY-SECRET"), "{all}");
    assert!(scene.simulator.requests().iter().any(|request| request.host == "api.sim.test"));
}
