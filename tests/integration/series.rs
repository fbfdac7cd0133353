//! The series of one target after another: what is there, with which values, and what is not.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::canary::Canary;
use crate::exposition::{Labels, Samples};
use crate::scene::{Scene, has_ipv6};

const KEY: (&str, &str) = ("TEST_KEY", "sk-ant-sim-valid");
const KEYED: &str = ", api_key: { env: TEST_KEY }";

/// The metrics of every path that reached the API over TLS, by a name that DNS answered.
const WALKED: [&str; 37] = [
    "api_latency_seconds_bucket",
    "api_latency_seconds_count",
    "api_latency_seconds_sum",
    "api_requests_total",
    "dns_answer_addresses",
    "dns_answer_ttl_seconds",
    "dns_lookup_duration_seconds_bucket",
    "dns_lookup_duration_seconds_count",
    "dns_lookup_duration_seconds_sum",
    "dns_lookup_success",
    "dns_response_code_info",
    "probe_dns_lookup_time_seconds",
    "probe_duration_seconds",
    "probe_http_answered_by_info",
    "probe_http_duration_seconds",
    "probe_http_status_code",
    "probe_http_version",
    "probe_ip_protocol",
    "probe_last_run_timestamp_seconds",
    "probe_layer_duration_seconds_bucket",
    "probe_layer_duration_seconds_count",
    "probe_layer_duration_seconds_sum",
    "probe_layer_failures_total",
    "probe_layer_success",
    "probe_runs_total",
    "probe_success",
    "probe_tcp_rtt_seconds",
    "probe_tls_cipher_info",
    "probe_tls_handshake_info",
    "probe_tls_version_info",
    "target_diagnosis_changes_total",
    "target_diagnosis_info",
    "target_interval_seconds",
    "target_preferred_route_info",
    "target_runs_failed_total",
    "target_runs_total",
    "target_up",
];

const CERTIFICATE: [&str; 2] = ["probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_info"];
const VERIFIED: &str = "probe_ssl_last_chain_expiry_timestamp_seconds";
const LIMITS: [&str; 3] = ["rate_limit_limit", "rate_limit_remaining", "rate_limit_reset_timestamp_seconds"];

fn sorted(names: &[&[&'static str]]) -> Vec<&'static str> {
    let mut names = names.concat();
    names.sort_unstable();
    names
}

/// The labels of the one sample of a name with these labels, those left out.
fn labels(samples: &Samples, name: &str, of: &[(&str, &str)]) -> Labels {
    let found = samples.all(name, of);
    let [(labels, value)] = found[..] else { panic!("one {name}{of:?}: {found:?}") };
    assert!((value - 1.0).abs() < f64::EPSILON, "an info series is 1: {name}{labels:?}");
    let mut labels = labels.clone();
    for (name, _) in of {
        labels.remove(*name);
    }
    labels.remove("route");
    labels
}

/// The chain a client of the simulator is shown.
async fn presented(scene: &Scene, host: &str) -> Vec<CertificateDer<'static>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(scene.ca()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(scene.simulator.api_address()).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect(ServerName::try_from(host.to_owned()).unwrap(), stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap().iter().map(|der| der.clone().into_owned()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::cast_precision_loss, reason = "seconds of our time are far below 2^53")]
fn not_after(der: &CertificateDer<'_>) -> f64 {
    X509Certificate::from_der(der).unwrap().1.validity().not_after.timestamp() as f64
}

fn unix_now() -> f64 {
    let now = api_canary::clock::wall().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_keyed_target_has_every_series_with_its_value() {
    let scene = Scene::new().await;
    let config = scene.config("interval: 2s", &[scene.target("dual", "dual", KEYED)]);
    let canary = Canary::start_with(&config, &[], &[KEY]).await;
    let samples = canary.wait_runs("dual", 2.0).await;
    let of = [("target", "dual")];
    assert_eq!(samples.names(&of), sorted(&[&WALKED, &CERTIFICATE, &[VERIFIED], &LIMITS]));
    assert_eq!(samples.one("target_up", &of), Some(1.0));
    assert_eq!(samples.one("api_canary_targets", &[]), Some(1.0));
    let families: &[(&str, f64)] =
        if has_ipv6() { &[("ipv4", 4.0), ("ipv6", 6.0)] } else { &[("ipv4", 4.0)] };
    assert_eq!(samples.label("probe_success", &of, "family").len(), families.len());
    let chain = presented(&scene, "dual.sim.test").await;
    for (family, protocol) in families {
        let path = [("target", "dual"), ("route", "direct"), ("family", *family)];
        let one = |name| samples.one(name, &path);
        assert_eq!(one("probe_success"), Some(1.0), "{family}");
        assert_eq!(one("probe_ip_protocol"), Some(*protocol));
        assert_eq!(one("probe_http_version"), Some(2.0));
        assert_eq!(one("probe_http_status_code"), Some(200.0));
        assert!(one("probe_tcp_rtt_seconds") > Some(0.0));
        assert!(one("probe_dns_lookup_time_seconds") > Some(0.0));
        assert!((one("probe_last_run_timestamp_seconds").unwrap() - unix_now()).abs() < 60.0);
        assert_eq!(samples.label("probe_layer_success", &path, "layer"), ["api", "dns", "tcp", "tls"]);
        assert_eq!(samples.label("probe_layer_failures_total", &path, "layer"), ["api", "dns", "tcp", "tls"]);
        assert!(samples.all("probe_layer_success", &path).iter().all(|(_, value)| *value > 0.5));
        assert!(samples.all("probe_layer_failures_total", &path).iter().all(|(_, value)| *value < 0.5));
        let runs = one("probe_runs_total");
        for layer in ["dns", "tcp", "tls", "api"] {
            let of = [path[0], path[2], ("layer", layer)];
            assert_eq!(samples.one("probe_layer_duration_seconds_count", &of), runs, "{layer}");
        }
        let phases = samples.all("probe_http_duration_seconds", &path);
        let whole: f64 = phases.iter().map(|(_, seconds)| seconds).sum();
        assert!(whole > 0.0 && whole <= one("probe_duration_seconds").unwrap() + 0.001, "{phases:?}");
        let names = samples.label("probe_http_duration_seconds", &path, "phase");
        assert_eq!(names, ["connect", "processing", "resolve", "tls", "transfer"]);
        tls_facts(&samples, &path, &chain);
    }
    api_facts(&samples);
    dns_facts(&samples);
}

/// What the handshake agreed on, and the certificates as another client sees them.
fn tls_facts(samples: &Samples, path: &[(&str, &str)], chain: &[CertificateDer<'_>]) {
    let version = labels(samples, "probe_tls_version_info", path);
    assert_eq!(version["version"], "TLS 1.3");
    let cipher = labels(samples, "probe_tls_cipher_info", path);
    assert!(cipher["cipher"].starts_with("TLS_"), "{cipher:?}");
    let handshake = labels(samples, "probe_tls_handshake_info", path);
    assert_eq!((&handshake["version"], &handshake["cipher"]), (&version["version"], &cipher["cipher"]));
    assert_eq!(handshake["alpn"], "h2");
    assert!(handshake["group"].contains("X25519"), "{handshake:?}");
    let earliest = chain.iter().map(not_after).reduce(f64::min);
    assert_eq!(samples.one("probe_ssl_earliest_cert_expiry", path), earliest);
    assert_eq!(samples.one(VERIFIED, path), earliest, "the leaf is the first of the verified chain to end");
    let info = labels(samples, "probe_ssl_last_chain_info", path);
    let (_, leaf) = X509Certificate::from_der(&chain[0]).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &chain[0]);
    assert_eq!(info["fingerprint_sha256"], hex(digest.as_ref()));
    // Whole bytes, as blackbox_exporter writes it; DER puts a zero byte before a first bit that is set.
    let serial = hex(leaf.raw_serial());
    assert_eq!(info["serialnumber"], serial.strip_prefix("00").unwrap_or(&serial));
    assert!(info["subject"].contains("CN=sim.test"), "{info:?}");
    assert!(info["issuer"].contains("CN=api-canary simulated intermediate"), "{info:?}");
    let alternative = leaf.subject_alternative_name().unwrap().unwrap();
    let names = alternative.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    });
    let names: Vec<_> = names.collect();
    assert!(names.starts_with(&["sim.test", "*.sim.test", "tls-1.2.sim.test"]), "{names:?}");
    assert_eq!(info["subjectalternative"], names.join(","));
}

fn api_facts(samples: &Samples) {
    let call = [("target", "dual"), ("route", "direct"), ("endpoint", "models")];
    let ok = [call[0], ("method", "GET"), ("status_code", "200")];
    let requests = samples.one("api_requests_total", &ok);
    let runs: f64 = samples.all("probe_runs_total", &call[..2]).iter().map(|(_, runs)| runs).sum();
    // A scrape may fall between the two: the path's series are written before the route's.
    assert!((requests.unwrap() - runs).abs() < 2.5, "one call a journey: {requests:?} of {runs}");
    assert_eq!(samples.all("api_requests_total", &call).len(), 1);
    assert_eq!(samples.one("api_latency_seconds_count", &call), requests);
    assert!(samples.one("api_latency_seconds_sum", &call) > Some(0.0));
    for bound in ["0.1", "0.5", "1.0", "2.0", "5.0", "120.0", "+Inf"] {
        assert!(samples.one("api_latency_seconds_bucket", &[call[0], ("le", bound)]).is_some(), "{bound}");
    }
    for name in LIMITS {
        let dimensions = samples.label(name, &call[..1], "dimension");
        assert_eq!(dimensions, ["input_tokens", "output_tokens", "requests", "tokens"], "{name}");
    }
    let limit = |name, dimension| samples.one(name, &[call[0], ("dimension", dimension)]).unwrap();
    assert!((limit("rate_limit_limit", "requests") - 1000.0).abs() < 0.5);
    assert!((1.0..1000.0).contains(&limit("rate_limit_remaining", "requests")));
    let reset = limit("rate_limit_reset_timestamp_seconds", "requests") - unix_now();
    assert!(reset.abs() < 90.0, "unix time, soon: {reset}");
}

fn dns_facts(samples: &Samples) {
    for (record_type, there) in [("A", true), ("AAAA", has_ipv6())] {
        let of = [("target", "dual"), ("resolver", "sim"), ("record_type", record_type)];
        assert_eq!(
            samples.one("dns_lookup_success", &of),
            Some(1.0),
            "{record_type}: also without an address"
        );
        assert_eq!(samples.label("dns_response_code_info", &of, "rcode"), ["NOERROR"]);
        assert_eq!(samples.one("dns_answer_addresses", &of), Some(if there { 1.0 } else { 0.0 }));
        assert_eq!(samples.one("dns_answer_unexpected_addresses", &of), None, "no network is expected");
        assert_eq!(samples.one("dns_answer_ttl_seconds", &of), there.then_some(60.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_do_not_verify_are_told_of_all_the_same() {
    let scene = Scene::new().await;
    let hosts = ["tls-expired", "tls-wrong-name", "tls-self-signed", "tls-untrusted", "tls-expiring"];
    let targets = hosts.map(|host| scene.target(host, host, ""));
    let canary = Canary::start(&scene.config("interval: 2s", &targets)).await;
    let days = 86_400.0;
    for (host, left, subject) in [
        ("tls-expired", -3.0, "CN=sim.test"),
        ("tls-wrong-name", 89.0, "CN=wrong.example"),
        ("tls-self-signed", 89.0, "CN=sim.test"),
        ("tls-untrusted", 89.0, "CN=sim.test"),
        ("tls-expiring", 5.0, "CN=sim.test"),
    ] {
        let samples = canary.wait_runs(host, 1.0).await;
        let of = [("target", host)];
        let expiry = samples.one("probe_ssl_earliest_cert_expiry", &of).unwrap_or_else(|| panic!("{host}"));
        assert!((expiry - unix_now() - left * days).abs() < 3600.0, "{host}: {expiry}");
        let info = labels(&samples, "probe_ssl_last_chain_info", &[of[0], ("family", "ipv4")]);
        assert!(info["subject"].contains(subject), "{host}: {info:?}");
        assert_eq!(info["fingerprint_sha256"].len(), 64);
        if host == "tls-expiring" {
            assert_eq!(samples.one(VERIFIED, &of), Some(expiry));
            assert_eq!(samples.label("probe_finding_info", &of, "reason"), ["tls_cert_expiring"]);
            assert_eq!(samples.one("probe_success", &of), Some(1.0), "degraded is not down");
            continue;
        }
        let above = ["api_", "rate_limit_", "probe_http_status", "probe_http_version", "probe_tls_"];
        let names = samples.names(&of);
        let wrong: Vec<_> =
            names.iter().filter(|name| above.iter().any(|part| name.starts_with(part))).collect();
        assert!(wrong.is_empty() && !names.contains(&VERIFIED), "{host}: {names:?}");
        assert_eq!(samples.label("probe_http_duration_seconds", &of, "phase"), ["connect", "resolve", "tls"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_has_no_tls_layer_and_expectations_are_held() {
    let scene = Scene::new().await;
    let port = scene.simulator.plain_address().port();
    let http = |name: &str, host: &str, path: &str, expect: &str| {
        let more = format!(", provider: http, http: {{ expect: {{ {expect} }} }}");
        scene.at(name, &format!("http://{host}.sim.test:{port}{path}"), &more)
    };
    let good = "status: [200], body_regex: 'plain text, all is w.ll', max_latency: 1s";
    let targets = [
        http("good", "api", "/text", good),
        http("slow", "http-slow", "/text", good),
        http("body", "api", "/ok", good),
        http("status", "api", "/text", "status: [204]"),
        http("listed", "api", "/nothing", "status: [404]"),
    ];
    let canary = Canary::start(&scene.config("interval: 3s", &targets)).await;
    let samples = canary.wait_runs("good", 2.0).await;
    let of = [("target", "good")];
    let tls = |name: &&&str| name.contains("tls") || name.contains("ssl");
    let expected: Vec<_> = WALKED.iter().filter(|name| !tls(name)).copied().collect();
    assert_eq!(samples.names(&of), expected);
    assert_eq!(samples.one("probe_success", &of), Some(1.0));
    assert_eq!(samples.one("probe_http_version", &of), Some(1.1));
    assert_eq!(samples.label("probe_layer_success", &of, "layer"), ["api", "dns", "tcp"]);
    assert_eq!(samples.label("probe_layer_failures_total", &of, "layer"), ["api", "dns", "tcp"]);
    assert_eq!(samples.label("api_requests_total", &of, "endpoint"), ["get"]);
    for (target, success, finding, failure) in [
        ("slow", 1.0, &["http_slow"][..], &[][..]),
        ("body", 0.0, &[], &["unexpected_body"]),
        ("status", 0.0, &[], &["unexpected_status"]),
        ("listed", 1.0, &[], &[]),
    ] {
        let samples = canary.wait_runs(target, 1.0).await;
        let of = [("target", target)];
        assert_eq!(samples.one("probe_success", &of), Some(success), "{target}");
        assert_eq!(samples.label("probe_finding_info", &of, "reason"), finding, "{target}");
        assert_eq!(samples.label("probe_failures_total", &of, "reason"), failure, "{target}");
        assert_eq!(samples.one("target_up", &of), Some(success), "{target}");
    }
    assert!(scene.simulator.requests().iter().all(|request| request.http_version == "HTTP/1.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_of_http_is_the_one_that_was_chosen() {
    let scene = Scene::new().await;
    let targets = [
        scene.target("h1", "one", ", http: { version: h1 }"),
        scene.target("h2", "two", ", http: { version: h2 }"),
        scene.target("auto", "auto", ""),
        scene.target("server-h1", "tls-h1-only", ""),
        scene.target("no-alpn", "tls-no-alpn", ""),
        scene.target("old", "tls-1.2", ""),
        scene.target("apart", "tls-h1-only", ", http: { version: h2 }"),
    ];
    let canary = Canary::start(&scene.config("interval: 2s", &targets)).await;
    for (target, host, version, alpn, tls) in [
        ("h1", "one", 1.1, "http/1.1", "TLS 1.3"),
        ("h2", "two", 2.0, "h2", "TLS 1.3"),
        ("auto", "auto", 2.0, "h2", "TLS 1.3"),
        ("server-h1", "tls-h1-only", 1.1, "http/1.1", "TLS 1.3"),
        ("no-alpn", "tls-no-alpn", 1.1, "", "TLS 1.3"),
        ("old", "tls-1.2", 2.0, "h2", "TLS 1.2"),
    ] {
        let samples = canary.wait_runs(target, 1.0).await;
        let of = [("target", target), ("family", "ipv4")];
        assert_eq!(samples.one("probe_success", &of), Some(1.0), "{target}");
        assert_eq!(samples.one("probe_http_version", &of), Some(version), "{target}");
        let handshake = labels(&samples, "probe_tls_handshake_info", &of);
        assert_eq!((&*handshake["alpn"], &*handshake["version"]), (alpn, tls), "{target}");
        let host = format!("{host}.sim.test");
        let requests = scene.simulator.requests();
        let mut of_host = requests.iter().filter(|request| request.host == host).peekable();
        assert!(of_host.peek().is_some(), "{target}");
        let spoken = if version > 1.5 { "HTTP/2.0" } else { "HTTP/1.1" };
        assert!(of_host.all(|request| request.http_version == spoken), "{target}");
    }
    let samples = canary.wait_runs("apart", 1.0).await;
    let of = [("target", "apart")];
    let [reason] = &samples.label("probe_failures_total", &of, "reason")[..] else { panic!("one reason") };
    assert!(["http_protocol", "tls_alert"].contains(&&**reason), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn resolver_address_and_families_are_as_configured() {
    let scene = Scene::new().await;
    let port = scene.simulator.api_address().port();
    let targets = [
        scene.target("tcp", "by-tcp", ", resolvers: [sim-tcp]"),
        scene.at("literal", &format!("https://127.0.0.1:{port}"), ""),
        scene.target("only-v4", "dual", ", families: [ipv4]"),
        scene.target("only-v6", "api", ", families: [ipv6]"),
    ];
    let canary = Canary::start(&scene.config("interval: 2s", &targets)).await;
    for target in ["tcp", "literal", "only-v4", "only-v6"] {
        canary.wait_runs(target, 2.0).await;
    }
    let samples = canary.samples().await;
    let success = |target, family| samples.one("probe_success", &[("target", target), ("family", family)]);

    assert_eq!(success("tcp", "ipv4"), Some(1.0));
    let queries = scene.simulator.dns_queries();
    let transports =
        |name| queries.iter().filter(move |query| query.name == name).map(|query| query.transport);
    assert!(transports("by-tcp.sim.test").count() >= 4);
    assert!(transports("by-tcp.sim.test").all(|transport| transport == "tcp"));
    assert!(transports("dual.sim.test").all(|transport| transport == "udp"));
    let lookups = [("target", "tcp"), ("resolver", "sim-tcp"), ("record_type", "A")];
    assert_eq!(samples.one("dns_lookup_success", &lookups), Some(1.0));

    assert_eq!((success("literal", "ipv4"), success("literal", "ipv6")), (Some(1.0), None));
    let of = [("target", "literal")];
    assert_eq!(samples.label("probe_layer_success", &of, "layer"), ["api", "tcp", "tls"]);
    assert_eq!(samples.label("probe_layer_failures_total", &of, "layer"), ["api", "tcp", "tls"]);
    assert!(samples.names(&of).iter().all(|name| !name.contains("dns")), "{:?}", samples.names(&of));
    assert_eq!(
        samples.label("probe_http_duration_seconds", &of, "phase"),
        ["connect", "processing", "tls", "transfer"]
    );

    assert_eq!((success("only-v4", "ipv4"), success("only-v4", "ipv6")), (Some(1.0), None));
    assert_eq!(samples.label("dns_lookup_success", &[("target", "only-v4")], "record_type"), ["A"]);
    assert!(queries.iter().all(|query| query.name != "dual.sim.test" || query.record_type == "A"));

    assert_eq!((success("only-v6", "ipv6"), success("only-v6", "ipv4")), (Some(0.0), None));
    let of = [("target", "only-v6")];
    assert_eq!(samples.label("probe_failures_total", &of, "reason"), ["dns_nodata"]);
    assert_eq!(samples.one("target_up", &of), Some(0.0));
}
