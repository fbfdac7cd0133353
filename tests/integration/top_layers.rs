//! Targets that are walked up to a layer: what is there of them, what is not, and what is told when a layer fails.

use serde_json::Value;

use crate::canary::{Canary, run};
use crate::peers::process::closed_port;
use crate::scene::Scene;

const TIMING: &str = "interval: 1s, timeout: 1s";

/// A target that is walked up to a layer; TLS options only where it is spoken.
fn target(scene: &Scene, name: &str, host: &str, port: u16, top: &str) -> String {
    let tls =
        if top == "tls" { format!(", tls: {{ ca_file: {} }}", scene.ca().display()) } else { String::new() };
    format!(
        "{{ name: {name}, provider: http, url: \"https://{host}.sim.test:{port}\", resolvers: [sim], families: [ipv4], \
         top_layer: {top}{tls} }}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_walked_up_to_its_top_layer_and_no_call_is_made() {
    let scene = Scene::new().await;
    let port = scene.simulator.api_address().port();
    let tops = ["dns", "tcp", "tls"];
    let targets = tops.map(|top| target(&scene, top, "healthy", port, top));
    let config = scene.config(TIMING, &targets);
    let canary = Canary::start(&config).await;
    let samples = canary.wait_all_runs(3, 2.0).await;
    for (at, top) in tops.into_iter().enumerate() {
        let of = [("target", top)];
        for (name, value) in [("probe_success", 1.0), ("target_up", 1.0)] {
            let found: Vec<f64> = samples.all(name, &of).into_iter().map(|(_, value)| value).collect();
            assert_eq!(found, [value], "{name} of {top}");
        }
        for layer in ["dns", "tcp", "proxy", "tls", "api"] {
            let walked = tops.iter().position(|known| *known == layer).is_some_and(|below| below <= at);
            let there = samples.all("probe_layer_success", &[("target", top), ("layer", layer)]).len();
            assert_eq!(there, usize::from(walked), "{layer} of {top}");
        }
        let told = samples.all("target_diagnosis_info", &[("target", top), ("verdict", "ok")]);
        assert_eq!(told.len(), 1, "{top}");
        let preferred = samples.all("target_preferred_route_info", &[("target", top), ("route", "direct")]);
        assert_eq!(preferred.len(), 1, "{top}");
        for name in
            ["api_requests_total", "api_errors_total", "api_latency_seconds_count", "probe_http_status_code"]
        {
            assert_eq!(samples.all(name, &of).len(), 0, "{name} of {top}");
        }
        let certificates = samples.all("probe_ssl_earliest_cert_expiry", &of).len();
        assert_eq!(certificates, usize::from(top == "tls"), "{top}");
    }
    assert_eq!(scene.requests("healthy"), 0);

    // As a whole it is as much as is walked; a layer above is not asked for in vain.
    let (status, text) = canary.get("/probe?target=tls").await;
    assert!(status == 200 && text.contains("\nprobe_success 1\n"), "{text}");
    assert!(text.contains("\nprobe_ssl_earliest_cert_expiry ") && !text.contains("probe_http"), "{text}");
    for (query, status) in [
        ("target=dns&module=dns", 200),
        ("target=dns&module=tcp", 400),
        ("target=tcp&module=dns", 200),
        ("target=tcp", 200),
    ] {
        assert_eq!(canary.get(&format!("/probe?{query}")).await.0, status, "{query}");
    }
    let (status, text) = canary.get("/probe?target=tls&module=api").await;
    assert!(status == 400 && text.contains("tls is walked up to tls only"), "{text}");

    let (_, text) = canary.get("/api/v1/targets/tcp").await;
    let said: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&said["top_layer"], &said["verdict"]), (&"tcp".into(), &"ok".into()), "{text}");
    assert_eq!(said["summary"], "Every path works up to TCP, which is as far as this target is walked.");
    for page in ["/", "/targets/dns"] {
        let (status, text) = canary.get(page).await;
        assert!(status == 200 && !text.contains("not due"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn diagnose_tells_of_a_target_that_is_walked_up_to_a_layer() {
    let scene = Scene::new().await;
    let (port, closed) = (scene.simulator.api_address().port(), closed_port());
    let config = scene.config(
        TIMING,
        &[
            target(&scene, "dns", "healthy", port, "dns"),
            target(&scene, "tcp", "healthy", port, "tcp"),
            target(&scene, "tls", "healthy", port, "tls"),
            // What is wrong above the top is none of its business.
            target(&scene, "up-to-tcp", "tls-expired", port, "tcp"),
            target(&scene, "up-to-dns", "healthy", closed, "dns"),
            target(&scene, "nowhere", "dns-nxdomain", port, "dns"),
            target(&scene, "refused", "healthy", closed, "tcp"),
            target(&scene, "expired", "tls-expired", port, "tls"),
        ],
    );
    let config = format!("--config.file={}", config.display());
    for (name, code, verdict) in [
        ("dns", 0, "ok"),
        ("tcp", 0, "ok"),
        ("tls", 0, "ok"),
        ("up-to-tcp", 0, "ok"),
        ("up-to-dns", 0, "ok"),
        ("nowhere", 10, "dns_nxdomain"),
        ("refused", 11, "tcp_refused"),
        ("expired", 13, "tls_cert_expired"),
    ] {
        let said = run(&[&config, "diagnose", "--json", name], &[("LC_ALL", "C")]);
        assert_eq!(said.code, Some(code), "{name}: {said:?}");
        let told: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(told["targets"][0]["verdict"], verdict, "{name}: {told:#}");
    }
    // But for a look at the server's clock, which is an experiment after a failure.
    assert!(scene.simulator.requests().iter().all(|request| request.method == "HEAD"));
}
