//! `/probe` beside the real blackbox_exporter on the same servers, and under scrapers that come in pairs.

mod blackbox;
mod differences;
mod pairs;
mod sharing;

use std::collections::BTreeSet;

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::peers::process::closed_port;
use crate::scene::Scene;
use blackbox::Blackbox;

/// What both are asked.
struct Case {
    /// Our target's name, and what is before `.sim.test` in its host.
    name: &'static str,
    module: &'static str,
    /// The module of blackbox_exporter that asks the same.
    theirs: &'static str,
    /// What both must say with the same value.
    same: &'static [(&'static str, f64)],
    /// What must take as long with both, at least, in seconds.
    slow: &'static [(&'static str, &'static str, f64)],
}

const fn case(name: &'static str, module: &'static str, same: &'static [(&'static str, f64)]) -> Case {
    Case { name, module, theirs: module, same, slow: &[] }
}

const CASES: &[Case] = &[
    Case {
        theirs: "http",
        ..case(
            "api",
            "all",
            &[
                ("probe_success", 1.0),
                ("probe_http_status_code", 200.0),
                ("probe_http_version", 2.0),
                ("probe_http_ssl", 1.0),
                ("probe_ip_protocol", 4.0),
                ("probe_ip_addr_hash", 3_668_918_509.0),
                ("probe_http_redirects", 0.0),
                ("probe_http_content_length", 19.0),
                ("probe_http_uncompressed_body_length", 19.0),
            ],
        )
    },
    Case {
        theirs: "http",
        ..case(
            "plain",
            "api",
            &[("probe_success", 1.0), ("probe_http_ssl", 0.0), ("probe_http_version", 1.1)],
        )
    },
    Case {
        theirs: "http",
        ..case("http-404", "api", &[("probe_success", 0.0), ("probe_http_status_code", 404.0)])
    },
    Case {
        theirs: "http",
        ..case("http-500", "api", &[("probe_success", 0.0), ("probe_http_status_code", 500.0)])
    },
    Case { theirs: "http", ..case("tls-1-2", "api", &[("probe_success", 1.0)]) },
    Case {
        theirs: "http",
        ..case(
            "refused",
            "api",
            &[("probe_success", 0.0), ("probe_http_status_code", 0.0), ("probe_ip_protocol", 4.0)],
        )
    },
    Case { theirs: "http", ..case("tls-expired", "api", &[("probe_success", 0.0), ("probe_http_ssl", 0.0)]) },
    Case {
        theirs: "http",
        ..case("tls-wrong-name", "api", &[("probe_success", 0.0), ("probe_http_ssl", 0.0)])
    },
    Case {
        theirs: "http",
        slow: &[("probe_http_duration_seconds", "processing", 1.4), ("probe_duration_seconds", "", 1.4)],
        ..case("http-slow", "api", &[("probe_success", 1.0)])
    },
    Case {
        theirs: "http",
        ..case("http-timeout", "api", &[("probe_success", 0.0), ("probe_http_status_code", 0.0)])
    },
    Case {
        theirs: "http",
        ..case(
            "dns-nxdomain",
            "api",
            &[
                ("probe_success", 0.0),
                ("probe_ip_protocol", 0.0),
                ("probe_ip_addr_hash", 0.0),
                ("probe_http_status_code", 0.0),
            ],
        )
    },
    Case { theirs: "http", ..case("literal", "api", &[("probe_success", 1.0)]) },
    case(
        "api",
        "tcp",
        &[("probe_success", 1.0), ("probe_ip_protocol", 4.0), ("probe_failed_due_to_regex", 0.0)],
    ),
    case("refused", "tcp", &[("probe_success", 0.0), ("probe_ip_protocol", 4.0)]),
    case("dns-nxdomain", "tcp", &[("probe_success", 0.0), ("probe_ip_protocol", 0.0)]),
    case("api", "tls", &[("probe_success", 1.0)]),
    case("tls-1-2", "tls", &[("probe_success", 1.0)]),
    case("tls-expired", "tls", &[("probe_success", 0.0)]),
    case("tls-wrong-name", "tls", &[("probe_success", 0.0)]),
    case(
        "api",
        "dns",
        &[
            ("probe_success", 1.0),
            ("probe_dns_answer_rrs", 1.0),
            ("probe_dns_query_succeeded", 1.0),
            ("probe_ip_addr_hash", 3_668_918_509.0),
        ],
    ),
    case("dns-nxdomain", "dns", &[("probe_success", 0.0), ("probe_dns_answer_rrs", 0.0)]),
    case("dns-servfail", "dns", &[("probe_success", 0.0), ("probe_dns_query_succeeded", 1.0)]),
    case("dns-timeout", "dns", &[("probe_success", 0.0), ("probe_dns_query_succeeded", 0.0)]),
];

/// Every name, once.
fn hosts() -> BTreeSet<&'static str> {
    CASES.iter().map(|case| case.name).collect()
}

/// Where a host of the scene is, with its port.
fn url(scene: &Scene, name: &str, closed: u16) -> String {
    let (api, plain) = (scene.simulator.api_address().port(), scene.simulator.plain_address());
    match name {
        "plain" => format!("http://api.sim.test:{}/api/hello", plain.port()),
        "literal" => format!("http://{plain}/api/hello"),
        "refused" => format!("https://api.sim.test:{closed}/api/hello"),
        "tls-1-2" => format!("https://tls-1.2.sim.test:{api}/api/hello"),
        host => format!("https://{host}.sim.test:{api}/api/hello"),
    }
}

fn modules(scene: &Scene) -> String {
    let ca = scene.ca().display();
    let tls = format!("tls_config: {{ ca_file: {ca} }}");
    let mut text = format!(
        "modules:\n  http: {{ prober: http, timeout: 3s, http: {{ preferred_ip_protocol: ip4, {tls} }} }}\n  \
         tcp: {{ prober: tcp, timeout: 3s, tcp: {{ preferred_ip_protocol: ip4 }} }}\n  \
         tls: {{ prober: tcp, timeout: 3s, tcp: {{ preferred_ip_protocol: ip4, tls: true, {tls} }} }}\n"
    );
    for name in hosts() {
        text.push_str(&format!(
            "  dns-of-{name}: {{ prober: dns, timeout: 3s, dns: {{ preferred_ip_protocol: ip4, query_name: \
             {name}.sim.test, query_type: A }} }}\n"
        ));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_blackbox_exporter_says_but_for_the_differences_that_are_documented() {
    let scene = Scene::new().await;
    let closed = closed_port();
    let targets: Vec<String> = hosts()
        .into_iter()
        .map(|name| scene.at(name, &url(&scene, name, closed), ", provider: http, interval: 1h"))
        .collect();
    let canary = Canary::start(&scene.config("timeout: 3s", &targets)).await;
    let names: Vec<String> = hosts()
        .into_iter()
        .filter(|name| !name.starts_with("dns-"))
        .map(|name| if name == "tls-1-2" { "tls-1.2".to_owned() } else { name.to_owned() })
        .map(|name| format!("{name}.sim.test"))
        .collect();
    let blackbox = Blackbox::start(scene.workspace.path(), &modules(&scene), &names).await;

    let (mut observed, mut unknown) = (BTreeSet::new(), Vec::new());
    for case in CASES {
        let what = format!("{} {}", case.name, case.module);
        let url = url(&scene, case.name, closed);
        let host_and_port = url.split("://").nth(1).unwrap().split('/').next().unwrap();
        let theirs = match case.theirs {
            "http" => blackbox.probe("http", &url).await,
            "dns" => {
                let server = scene.simulator.dns_address().to_string();
                blackbox.probe(&format!("dns-of-{}", case.name), &server).await
            }
            module => blackbox.probe(module, host_and_port).await,
        };
        let (status, text) = canary.get(&format!("/probe?target={}&module={}", case.name, case.module)).await;
        assert_eq!(status, 200, "{what}: {text}");
        let ours = Samples::read(&text);
        for (name, value) in case.same {
            assert_eq!(ours.one(name, &[]), Some(*value), "{what}: {name}\n{text}");
            assert_eq!(theirs.one(name, &[]), Some(*value), "{what}: {name}, theirs: {theirs:#?}");
        }
        for (name, phase, least) in case.slow {
            let labels: &[_] = if phase.is_empty() { &[] } else { &[("phase", *phase)] };
            for samples in [&ours, &theirs] {
                assert!(samples.one(name, labels).is_some_and(|took| took >= *least), "{what}: {samples:#?}");
            }
        }
        let differences = differences::between(&ours, &theirs);
        for (name, how) in differences.difference(&differences::documented()) {
            let (ours, theirs) = (ours.all(name, &[]), theirs.all(name, &[]));
            unknown.push(format!("{what}: {name} {how}: {ours:?}, theirs: {theirs:?}"));
        }
        observed.extend(differences);
    }
    assert!(unknown.is_empty(), "not documented: {unknown:#?}");
    let never: Vec<_> = differences::documented().difference(&observed).cloned().collect();
    assert!(never.is_empty(), "documented, and never seen: {never:?}");
}
