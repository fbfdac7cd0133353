//! Each fault against the real binary: set the fault, see exact reason, layer, and absent upper layers on `/metrics`.
//!
//! One simulator and one canary serve all cases at once: the host `<fault>.sim.test` always has its fault, so each
//! fault is a target of its own.

use std::fmt::Write as _;

use api_canary::simulate::{Fault, Options, Simulator};

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::workspace::Workspace;

/// What a fault must look like: `Ok` for a healthy variant, else layer and reason.
type Expected = Result<(), (&'static str, &'static str)>;

/// Every fault of the simulator, from the lowest layer up.
const CASES: &[(&str, Expected)] = &[
    ("dns-nxdomain", Err(("dns", "dns_nxdomain"))),
    ("dns-nodata", Err(("dns", "dns_nodata"))),
    ("dns-servfail", Err(("dns", "dns_servfail"))),
    ("dns-refused", Err(("dns", "dns_refused"))),
    ("dns-timeout", Err(("dns", "dns_timeout"))),
    ("dns-malformed", Err(("dns", "dns_malformed"))),
    ("dns-wrong-id", Err(("dns", "dns_malformed"))),
    ("dns-wrong-question", Err(("dns", "dns_malformed"))),
    ("dns-cname-loop", Err(("dns", "dns_malformed"))),
    ("dns-truncated", Ok(())),
    ("dns-slow", Ok(())),
    ("tcp-refused", Err(("tcp", "tcp_refused"))),
    ("tcp-timeout", Err(("tcp", "tcp_timeout"))),
    ("tcp-unreachable", Err(("tcp", "tcp_unreachable"))),
    ("tcp-second-address", Ok(())),
    ("tls-expired", Err(("tls", "tls_cert_expired"))),
    ("tls-not-yet-valid", Err(("tls", "tls_cert_not_yet_valid"))),
    ("tls-clock-ahead", Err(("tls", "tls_cert_not_yet_valid"))),
    ("tls-clock-behind", Err(("tls", "tls_cert_expired"))),
    ("tls-wrong-name", Err(("tls", "tls_name_mismatch"))),
    ("tls-untrusted", Err(("tls", "tls_untrusted_issuer"))),
    ("tls-untrusted-root-sent", Err(("tls", "tls_untrusted_issuer"))),
    ("tls-self-signed", Err(("tls", "tls_self_signed"))),
    ("tls-incomplete-chain", Err(("tls", "tls_incomplete_chain"))),
    ("tls-not-tls", Err(("tls", "tls_not_tls"))),
    ("tls-banner", Err(("tls", "tls_not_tls"))),
    ("tls-reset", Err(("tls", "tls_reset"))),
    ("tls-eof", Err(("tls", "tls_reset"))),
    ("tls-timeout", Err(("tls", "tls_timeout"))),
    ("tls-address-reset", Err(("tls", "tls_reset"))),
    ("tls-address-silent", Err(("tls", "tls_timeout"))),
    ("tls-large-hello", Err(("tls", "tls_timeout"))),
    ("tls-alert", Err(("tls", "tls_alert"))),
    ("tls-version", Err(("tls", "tls_version"))),
    ("tls-client-cert", Err(("tls", "tls_client_cert_required"))),
    ("tls-1.2", Ok(())),
    ("tls-no-alpn", Ok(())),
    ("tls-h1-only", Ok(())),
    ("tls-expiring", Ok(())),
    ("http-302", Err(("api", "not_the_api"))),
    ("http-400-credit", Err(("api", "billing"))),
    ("http-400-spend", Err(("api", "spend_limit"))),
    ("http-401", Err(("api", "auth_invalid"))),
    // Of calls that carry no key.
    ("http-401-keyed", Ok(())),
    ("http-402", Err(("api", "billing"))),
    ("http-403", Err(("api", "auth_forbidden"))),
    ("http-403-region", Err(("api", "region_blocked"))),
    ("http-403-challenge", Err(("api", "edge_challenge"))),
    ("http-403-tenant", Err(("api", "tenant_restricted"))),
    ("http-404", Err(("api", "model_not_found"))),
    ("http-413", Err(("api", "request_rejected"))),
    ("http-429", Err(("api", "rate_limited"))),
    ("http-429-ms", Err(("api", "rate_limited"))),
    ("http-429-date", Err(("api", "rate_limited"))),
    ("http-429-no-retry", Err(("api", "rate_limited"))),
    ("http-429-spend", Err(("api", "spend_limit"))),
    ("http-500", Err(("api", "provider_error"))),
    ("http-503-text", Err(("api", "provider_error"))),
    ("http-504", Err(("api", "provider_error"))),
    ("http-520", Err(("api", "edge_origin_unreachable"))),
    ("http-522-json", Err(("api", "edge_origin_unreachable"))),
    ("http-529", Err(("api", "provider_overloaded"))),
    ("portal", Err(("api", "not_the_api"))),
    ("http-empty-200", Err(("api", "not_the_api"))),
    ("http-not-json", Err(("api", "unexpected_body"))),
    ("http-timeout", Err(("api", "http_timeout"))),
    ("http-h2-silent", Err(("api", "http_timeout"))),
    ("http-h2-reset", Err(("api", "http_reset"))),
    ("http-reset", Err(("api", "http_reset"))),
    ("http-eof", Err(("api", "http_reset"))),
    ("http-garbage", Err(("api", "http_protocol"))),
    ("http-cut-body", Err(("api", "http_reset"))),
    ("http-slow", Ok(())),
    ("http-slow-body", Ok(())),
    ("http-huge-body", Err(("api", "unexpected_body"))),
    ("http-huge-headers", Err(("api", "http_protocol"))),
    ("http-limits-absurd", Ok(())),
    // Of calls that ask for no stream.
    ("stream-error", Ok(())),
    ("stream-cut", Ok(())),
    ("stream-reset", Ok(())),
    ("stream-no-end", Ok(())),
    ("stream-stall", Ok(())),
    ("stream-stall-mid-event", Ok(())),
    ("stream-pings", Ok(())),
    ("stream-slow-start", Ok(())),
    ("stream-garbage", Ok(())),
    ("stream-json", Ok(())),
];

/// Faults that are findings about the answer of DNS: the journey goes on behind them.
const FINDINGS: &[(&str, &str)] = &[
    ("dns-sinkholed", "dns_sinkholed"),
    ("dns-loopback", "dns_sinkholed"),
    ("dns-unexpected", "dns_sinkholed"),
];

/// Faults of a proxy, for the destination named so: the reason through CONNECT and through SOCKS 5, where credentials are
/// asked for before the destination is known.
const PROXIED: &[(&str, &str, &str)] = &[
    ("proxy-auth-required", "proxy_auth_required", "proxy_denied"),
    ("proxy-denied", "proxy_denied", "proxy_denied"),
    ("proxy-failed", "proxy_failed", "proxy_failed"),
    ("proxy-timeout", "proxy_timeout", "proxy_timeout"),
    ("proxy-garbage", "proxy_protocol", "proxy_protocol"),
    ("proxy-closed", "proxy_protocol", "proxy_protocol"),
];

const LAYERS: [&str; 4] = ["dns", "tcp", "tls", "api"];

/// A config with one target a host, all asking the simulator.
pub(crate) fn config(simulator: &Simulator, workspace: &Workspace, hosts: &[(&str, &str)]) -> String {
    let ca = workspace.write("ca.pem", simulator.ca_pem());
    let mut text = format!(
        "resolvers: {{ sim: {{ address: \"udp://{}\" }} }}\ndefaults: {{ interval: 4s, timeout: 3s }}\ntargets:\n",
        simulator.dns_address()
    );
    for (host, more) in hosts {
        let port = simulator.api_address().port();
        writeln!(
            text,
            "  - {{ name: {host}, provider: anthropic, url: \"https://{host}.sim.test:{port}\", resolvers: [sim], \
             tls: {{ ca_file: {} }}{more} }}",
            ca.display()
        )
        .unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_its_layer_and_reason_and_nothing_above_it() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let workspace = Workspace::new();
    let known: Vec<&str> =
        CASES.iter().map(|(name, _)| *name).chain(FINDINGS.iter().map(|(name, _)| *name)).collect();
    let known: Vec<&str> = known.into_iter().chain(PROXIED.iter().map(|(name, ..)| *name)).collect();
    let missing: Vec<_> =
        Fault::ALL.iter().map(|fault| fault.name()).filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty(), "faults of the simulator without a case here: {missing:?}");

    let mut hosts: Vec<(&str, &str)> =
        CASES.iter().map(|(name, _)| (*name, ", expected_networks: []")).collect();
    hosts.extend(FINDINGS.iter().map(|(name, _)| (*name, ", expected_networks: [127.0.0.1/32]")));
    let config = workspace.write("config.yml", &config(&simulator, &workspace, &hosts));
    let canary = Canary::start(&config).await;
    let samples = canary
        .wait("two runs of every path", |samples| {
            let runs = samples.all("probe_runs_total", &[("family", "ipv4")]);
            (runs.len() == hosts.len() && runs.iter().all(|(_, count)| *count >= 2.0))
                .then(|| samples.clone())
        })
        .await;
    for (name, expected) in CASES {
        check(&samples, name, *expected);
    }
    for (name, reason) in FINDINGS {
        let of = [("target", *name), ("layer", "dns"), ("family", "ipv4")];
        assert_eq!(samples.one("probe_layer_success", &of), Some(0.0), "{name}");
        assert_eq!(samples.label("probe_failures_total", &of, "reason"), [*reason], "{name}");
        assert_eq!(samples.label("probe_finding_info", &of, "reason"), [*reason], "{name}");
        let tcp = [("target", *name), ("layer", "tcp"), ("family", "ipv4")];
        assert!(samples.one("probe_layer_success", &tcp).is_some(), "{name}: the journey goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_proxy_has_its_reason_on_the_path_through_it_only() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let workspace = Workspace::new();
    let proxy = simulator.proxy_address();
    let routes = ["http", "https", "socks5", "socks5h"];
    let more = format!(", expected_networks: [], routes: [direct, {}]", routes.join(", "));
    let mut hosts: Vec<(&str, &str)> = PROXIED.iter().map(|(name, ..)| (*name, more.as_str())).collect();
    hosts.push(("api", &more));
    let mut text = config(&simulator, &workspace, &hosts);
    text.push_str("routes:\n");
    for route in routes {
        let ca = workspace.path().join("ca.pem");
        let ca = if route == "https" { format!(", ca_file: {}", ca.display()) } else { String::new() };
        writeln!(text, "  {route}: {{ proxy: \"{route}://{proxy}\"{ca} }}").unwrap();
    }
    let canary = Canary::start(&workspace.write("config.yml", &text)).await;
    let samples = canary
        .wait("two runs of every path", |samples| {
            let runs = samples.all("probe_runs_total", &[]);
            // direct and socks5 over IPv4, and the three that resolve the name.
            let all = hosts.len() * 5;
            (runs.len() == all && runs.iter().all(|(_, count)| *count >= 2.0)).then(|| samples.clone())
        })
        .await;
    for (name, connect, socks) in PROXIED {
        let direct = [("target", *name), ("route", "direct")];
        assert_eq!(samples.one("probe_success", &direct), Some(1.0), "{name}: the target itself is fine");
        for (route, reason) in [("http", connect), ("https", connect), ("socks5h", socks), ("socks5", socks)]
        {
            let of = [("target", *name), ("route", route)];
            // A proxy that is given an address does not know the name that has the fault.
            if route == "socks5" {
                assert_eq!(samples.one("probe_success", &of), Some(1.0), "{name}");
                continue;
            }
            assert_eq!(samples.label("probe_failures_total", &of, "reason"), [*reason], "{name} by {route}");
            let layer = |layer| samples.one("probe_layer_success", &[of[0], of[1], ("layer", layer)]);
            let layers = ["dns", "tcp", "proxy", "tls", "api"].map(layer);
            assert_eq!(layers, [None, None, Some(0.0), None, None], "{name} by {route}");
        }
    }
    for route in routes {
        let of = [("target", "api"), ("route", route)];
        let reasons = samples.label("probe_failures_total", &of, "reason");
        assert_eq!(samples.one("probe_success", &of), Some(1.0), "{route}: {reasons:?} {:#?}", canary.log());
        assert!(samples.one("probe_proxy_duration_seconds", &[of[0], of[1], ("phase", "tunnel")]).is_some());
    }
}

fn check(samples: &Samples, name: &str, expected: Expected) {
    let of = [("target", name), ("family", "ipv4")];
    let layer = |layer| samples.one("probe_layer_success", &[of[0], of[1], ("layer", layer)]);
    let reasons = samples.label("probe_failures_total", &of, "reason");
    let Err((broken, reason)) = expected else {
        assert_eq!(samples.one("probe_success", &of), Some(1.0), "{name} is a healthy variant: {reasons:?}");
        assert_eq!(samples.one("target_up", &of[..1]), Some(1.0), "{name}");
        assert!(LAYERS.iter().all(|each| layer(each) == Some(1.0)), "{name}");
        assert!(reasons.is_empty(), "{name}: {reasons:?}");
        return;
    };
    assert_eq!(reasons, [reason], "{name}");
    assert_eq!(samples.one("probe_success", &of), Some(0.0), "{name}");
    assert_eq!(samples.one("target_up", &of[..1]), Some(0.0), "{name}");
    let at = LAYERS.iter().position(|each| *each == broken).unwrap();
    for (index, each) in LAYERS.iter().enumerate() {
        let wanted = match index.cmp(&at) {
            std::cmp::Ordering::Less => Some(1.0),
            std::cmp::Ordering::Equal => Some(0.0),
            std::cmp::Ordering::Greater => None,
        };
        assert_eq!(layer(each), wanted, "{name}: layer {each}");
    }
    let failures = samples.one("probe_layer_failures_total", &[of[0], of[1], ("layer", broken)]);
    let by_reason =
        samples.one("probe_failures_total", &[of[0], of[1], ("layer", broken), ("reason", reason)]);
    assert_eq!(failures, by_reason, "{name}: the sums agree");
    assert!(failures >= Some(2.0), "{name}: {failures:?}");
}
