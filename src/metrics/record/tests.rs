//! What a journey says in the exposition.

mod budget;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use crate::metrics::catalogue::{SERIES_PER_NAME_SERVER, SERIES_PER_RESOLVER, SERIES_PER_TARGET};
use crate::metrics::strict::{Parsed, parse};
use crate::metrics::{CallState, Configured, Format, Metrics, TargetSummary, ToldDiagnosis};
use crate::outcome::sample;
use crate::outcome::{
    AddressResult, AnsweredBy, ApiEvidence, Asked, Attempt, Dnssec, Failure, Family, Finding, Lookup,
    Outcome, OutsideChecks, PathId, ProxyEvidence, ProxyPhases, Reason, Stage, Stages, StreamEvidence,
    TrustedBy, Usage,
};
use crate::schedule::Pause;
use crate::units::Usd;

fn read(metrics: &Metrics, format: Format) -> Parsed {
    let text = String::from_utf8(metrics.render(format).unwrap()).unwrap();
    parse(&text, format).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

fn text(metrics: &Metrics) -> Parsed {
    read(metrics, Format::Text004)
}

fn recorded(outcomes: &[Outcome]) -> Metrics {
    let metrics = Metrics::new().unwrap();
    record_all(&metrics, outcomes);
    metrics
}

fn record_all(metrics: &Metrics, outcomes: &[Outcome]) {
    for outcome in outcomes {
        metrics.record_lookups(&outcome.path.target, std::iter::once(&sample::lookup(outcome)));
        metrics.record(outcome);
        metrics.count_calls(outcome, true, "models");
    }
}

fn v4() -> PathId {
    sample::path("claude", "direct", Family::Ipv4)
}

const V4: [(&str, &str); 3] = [("target", "claude"), ("route", "direct"), ("family", "ipv4")];

fn of_v4<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    V4.iter().chain(more).copied().collect()
}

/// A journey whose TLS failed, so that the call was not reached.
fn failed_tls() -> Outcome {
    let failure = Failure::new(Reason::TlsCertExpired, "");
    let mut evidence = sample::tls();
    evidence.verified_until = None;
    let mut outcome = sample::good(&v4());
    outcome.stages.tls = Stage::Failed { took: Duration::from_millis(20), failure, evidence };
    outcome.stages.api = Stage::NotReached;
    outcome
}

#[test]
fn a_good_journey_is_told_layer_by_layer() {
    let parsed = text(&recorded(&[sample::good(&v4())]));
    for (name, labels, value) in [
        ("probe_success", &[][..], 1.0),
        ("probe_duration_seconds", &[], 0.125),
        ("probe_last_run_timestamp_seconds", &[], 1_790_000_000.125),
        ("probe_ip_protocol", &[], 4.0),
        ("probe_dns_lookup_time_seconds", &[], 0.003),
        ("probe_tcp_rtt_seconds", &[], 0.011),
        ("probe_http_status_code", &[], 200.0),
        ("probe_http_version", &[], 2.0),
        ("probe_http_duration_seconds", &[("phase", "resolve")], 0.003),
        ("probe_http_duration_seconds", &[("phase", "connect")], 0.012),
        ("probe_http_duration_seconds", &[("phase", "tls")], 0.02),
        ("probe_http_duration_seconds", &[("phase", "processing")], 0.08),
        ("probe_http_duration_seconds", &[("phase", "transfer")], 0.01),
        ("probe_layer_success", &[("layer", "api")], 1.0),
        ("probe_layer_failures_total", &[("layer", "tls")], 0.0),
        ("probe_layer_duration_seconds_count", &[("layer", "tcp")], 1.0),
        ("probe_runs_total", &[], 1.0),
        ("probe_ssl_earliest_cert_expiry", &[], 1_800_000_000.0),
        ("probe_ssl_last_chain_expiry_timestamp_seconds", &[], 1_800_000_000.0),
        ("probe_tls_version_info", &[("version", "TLS 1.3")], 1.0),
        ("probe_tls_cipher_info", &[("cipher", "TLS_AES_256_GCM_SHA384")], 1.0),
        (
            "probe_ssl_last_chain_info",
            &[
                ("fingerprint_sha256", &*"ab".repeat(32)),
                ("issuer", "CN=\"Test\\CA\""),
                ("subject", "CN=api.example.com"),
                ("subjectalternative", "api.example.com,example.com"),
                ("serialnumber", "0a0b"),
            ],
            1.0,
        ),
    ] {
        assert_eq!(parsed.value(name, &of_v4(labels)), Some(value), "{name}{labels:?}");
    }
    let route = [("target", "claude"), ("route", "direct"), ("endpoint", "models")];
    let fresh = [&route[..], &[("connection", "fresh")]].concat();
    assert_eq!(parsed.value("api_latency_seconds_count", &fresh), Some(1.0));
    let call = [&route[..], &[("method", "GET"), ("status_code", "200")]].concat();
    assert_eq!(parsed.value("api_requests_total", &call), Some(1.0));
    for (name, labels, value) in [
        ("rate_limit_remaining", &[("dimension", "tokens")][..], 999.0),
        ("rate_limit_reset_timestamp_seconds", &[("dimension", "requests")], 1_790_000_060.0),
        ("dns_lookup_success", &[("resolver", "system"), ("record_type", "A")], 1.0),
        (
            "dns_response_code_info",
            &[("resolver", "system"), ("record_type", "A"), ("rcode", "NOERROR")],
            1.0,
        ),
        ("dns_answer_addresses", &[("resolver", "system"), ("record_type", "A")], 1.0),
        ("dns_answer_ttl_seconds", &[("resolver", "system"), ("record_type", "A")], 60.0),
        ("dns_lookup_duration_seconds_count", &[("resolver", "system")], 1.0),
    ] {
        let labels = [&[("target", "claude")], labels].concat();
        assert_eq!(parsed.value(name, &labels), Some(value), "{name}{labels:?}");
    }
}

#[test]
fn what_was_not_reached_is_absent_and_what_was_seen_stays() {
    let parsed = text(&recorded(&[sample::good(&v4()), failed_tls()]));
    let layer = |layer| parsed.value("probe_layer_success", &of_v4(&[("layer", layer)]));
    assert_eq!(
        [layer("tcp"), layer("tls"), layer("api"), layer("proxy")],
        [Some(1.0), Some(0.0), None, None]
    );
    for gone in
        ["probe_http_status_code", "probe_http_version", "probe_ssl_last_chain_expiry_timestamp_seconds"]
    {
        assert_eq!(parsed.value(gone, &V4), None, "{gone}");
    }
    assert_eq!(parsed.value("probe_http_duration_seconds", &of_v4(&[("phase", "transfer")])), None);
    assert_eq!(parsed.value("probe_ssl_earliest_cert_expiry", &V4), Some(1_800_000_000.0));
    assert_eq!(parsed.labels_of("probe_ssl_last_chain_info").len(), 1);
    let reason = of_v4(&[("layer", "tls"), ("reason", "tls_cert_expired")]);
    assert_eq!(parsed.value("probe_failures_total", &reason), Some(1.0));
    assert_eq!(parsed.value("probe_layer_failures_total", &of_v4(&[("layer", "tls")])), Some(1.0));
    assert_eq!(parsed.value("probe_layer_failures_total", &of_v4(&[("layer", "api")])), Some(0.0));
    assert_eq!(parsed.value("probe_runs_total", &V4), Some(2.0));
}

#[test]
fn a_hard_finding_fails_its_layer_and_a_soft_one_does_not() {
    let mut outcome = sample::good(&v4());
    outcome.findings = vec![
        Finding::new(Reason::DnsUnexpectedAddress, ""),
        Finding::new(Reason::TlsCertExpiring, ""),
        Finding::new(Reason::TlsCertExpiring, "again"),
    ];
    let metrics = recorded(&[outcome]);
    let parsed = text(&metrics);
    assert_eq!(parsed.value("probe_success", &V4), Some(0.0));
    assert_eq!(parsed.value("probe_layer_success", &of_v4(&[("layer", "dns")])), Some(0.0));
    assert_eq!(parsed.value("probe_layer_success", &of_v4(&[("layer", "tls")])), Some(1.0));
    assert_eq!(parsed.value("probe_layer_failures_total", &of_v4(&[("layer", "dns")])), Some(1.0));
    let found = of_v4(&[("layer", "tls"), ("reason", "tls_cert_expiring")]);
    assert_eq!(parsed.value("probe_finding_info", &found), Some(1.0));
    assert_eq!(parsed.labels_of("probe_finding_info").len(), 2);
    let good = sample::good(&v4());
    metrics.record_lookups(&good.path.target, std::iter::once(&sample::lookup(&good)));
    metrics.record(&good);
    assert!(text(&metrics).labels_of("probe_finding_info").is_empty());
}

#[test]
fn a_call_without_a_response_is_counted_and_has_no_latency() {
    let mut outcome = sample::good(&v4());
    outcome.stages.api = Stage::Failed {
        took: Duration::from_secs(9),
        failure: Failure::new(Reason::HttpTimeout, ""),
        evidence: ApiEvidence::of_call("models", http::Method::GET),
    };
    let parsed = text(&recorded(&[outcome]));
    let route = [("target", "claude"), ("route", "direct"), ("endpoint", "models")];
    let call = [&route[..], &[("method", "GET"), ("status_code", "0")]].concat();
    assert_eq!(parsed.value("api_requests_total", &call), Some(1.0));
    assert_eq!(parsed.value("api_latency_seconds_count", &route), None);
    assert_eq!(parsed.value("rate_limit_remaining", &[("target", "claude"), ("dimension", "tokens")]), None);
}

#[test]
fn limits_that_were_not_stated_stay_as_last_seen() {
    let mut second = sample::good(&v4());
    if let Stage::Passed { evidence, .. } = &mut second.stages.api {
        evidence.rate_limits.truncate(1);
        evidence.rate_limits[0].remaining = None;
        evidence.rate_limits[0].limit = Some(7);
    }
    let parsed = text(&recorded(&[sample::good(&v4()), second]));
    let requests = [("target", "claude"), ("dimension", "requests")];
    assert_eq!(parsed.value("rate_limit_remaining", &requests), Some(999.0));
    assert_eq!(parsed.value("rate_limit_limit", &requests), Some(7.0));
}

#[test]
fn a_server_that_fails_does_not_say_how_many_addresses_there_are() {
    let mut outcome = sample::good(&v4());
    let mut evidence = sample::dns(Family::Ipv4);
    evidence.rcode = Some("SERVFAIL".into());
    evidence.addresses.clear();
    evidence.ttl = None;
    let failure = Failure::new(Reason::DnsServfail, "");
    let dns = Stage::Failed { took: Duration::from_millis(1), failure, evidence };
    outcome.stages = Stages { dns, ..Stages::default() };
    let parsed = text(&recorded(&[sample::good(&v4()), outcome]));
    let labels = [("target", "claude"), ("resolver", "system"), ("record_type", "A")];
    assert_eq!(parsed.value("dns_lookup_success", &labels), Some(0.0));
    for gone in ["dns_answer_addresses", "dns_answer_unexpected_addresses", "dns_answer_ttl_seconds"] {
        assert_eq!(parsed.value(gone, &labels), None, "{gone}");
    }
    let codes = parsed.labels_of("dns_response_code_info");
    assert_eq!(codes.len(), 1);
    assert!(codes[0].contains(&("rcode".into(), "SERVFAIL".into())));
}

#[test]
fn without_expected_networks_no_address_is_counted_as_unexpected() {
    let mut outcome = sample::good(&v4());
    let evidence = crate::outcome::DnsEvidence { unexpected: None, ..sample::dns(Family::Ipv4) };
    outcome.stages.dns = Stage::Passed { took: Duration::from_millis(1), evidence };
    let parsed = text(&recorded(&[sample::good(&v4()), outcome]));
    let labels = [("target", "claude"), ("resolver", "system"), ("record_type", "A")];
    assert_eq!(parsed.value("dns_answer_unexpected_addresses", &labels), None);
    assert_eq!(parsed.value("dns_answer_addresses", &labels), Some(1.0));
}

#[test]
fn request_ids_are_exemplars_in_openmetrics_only() {
    let metrics = recorded(&[sample::good(&v4())]);
    let parsed = read(&metrics, Format::OpenMetrics100);
    let shown: Vec<_> = parsed.exemplars.iter().collect();
    assert_eq!(shown.len(), 1);
    assert!(shown[0].0.1.contains(&("le".into(), "0.1".into())));
    assert_eq!(shown[0].1, "{request_id=\"req_011CSHoEeqs5C35K2UUqR7Fy\"} 0.09 1790000000.125");
    assert!(text(&metrics).exemplars.is_empty());
}

#[test]
fn what_retires_takes_its_series_and_no_others() {
    let paths = [
        v4(),
        sample::path("claude", "direct", Family::Ipv6),
        sample::path("claude", "corp", Family::Ipv4),
        sample::path("other", "direct", Family::Ipv4),
    ];
    let metrics = recorded(&paths.clone().map(|path| sample::good(&path)));
    for target in ["claude", "other"] {
        metrics.record_target(
            &target.into(),
            &TargetSummary { up: true, ..TargetSummary::default() },
            SystemTime::UNIX_EPOCH,
        );
    }
    metrics.retire_path(&paths[1]);
    metrics.retire_path(&paths[2]);
    let parsed = text(&metrics);
    let has = |label: &str, value: &str| {
        let label = (label.to_owned(), value.to_owned());
        parsed.samples.keys().filter(|(_, labels)| labels.contains(&label)).count()
    };
    assert_eq!([has("family", "ipv6"), has("route", "corp")], [0; 2]);
    assert!(has("record_type", "AAAA") > 0, "the lookup is still made, path or not");
    assert_eq!(parsed.value("target_up", &[("target", "claude")]), Some(1.0));
    let others = has("target", "other");
    metrics.retire_target("claude");
    let parsed = text(&metrics);
    let left = parsed.samples.keys().filter(|(_, labels)| labels.iter().any(|(name, _)| name == "target"));
    assert_eq!(left.count(), others);
    assert_eq!(metrics.paths().len(), 1);
    metrics.retire_target("other");
    assert!(!String::from_utf8(metrics.render(Format::Text004).unwrap()).unwrap().contains("target="));
}

#[test]
fn a_tunnelled_journey_says_how_the_proxy_did() {
    let path = sample::path("claude", "corp", Family::Any);
    let mut outcome = sample::good(&path);
    let mut evidence = ProxyEvidence::of("http://proxy.example:3128".to_owned());
    evidence.phases = ProxyPhases {
        connect: Some(Duration::from_millis(3)),
        tunnel: Some(Duration::from_millis(5)),
        ..ProxyPhases::default()
    };
    evidence.rtt = Some(Duration::from_millis(2));
    evidence.status = Some(200);
    let took = Duration::from_millis(8);
    outcome.stages.dns = Stage::NotPlanned;
    outcome.stages.tcp = Stage::NotPlanned;
    outcome.stages.proxy = Stage::Passed { took, evidence };
    let parsed = text(&recorded(&[outcome]));
    let value = |name: &str, label: Option<(&str, &str)>| {
        let labels = [("target", "claude"), ("route", "corp"), ("family", "any")];
        parsed.value(name, &labels.into_iter().chain(label).collect::<Vec<_>>())
    };
    assert_eq!(value("probe_layer_success", Some(("layer", "proxy"))), Some(1.0));
    assert_eq!(value("probe_layer_success", Some(("layer", "tcp"))), None);
    assert_eq!(value("probe_layer_failures_total", Some(("layer", "tcp"))), None);
    assert_eq!(value("probe_proxy_duration_seconds", Some(("phase", "tunnel"))), Some(0.005));
    assert_eq!(value("probe_proxy_duration_seconds", Some(("phase", "tls"))), None);
    assert_eq!(value("probe_http_duration_seconds", Some(("phase", "proxy"))), Some(0.008));
    assert_eq!(value("probe_proxy_status_code", None), Some(200.0));
    assert_eq!(value("probe_tcp_rtt_seconds", None), Some(0.002));
    assert_eq!(value("probe_ip_protocol", None), None);
}

#[test]
fn calls_beside_the_own_journey_are_counted_and_nothing_else_of_them() {
    let mut outcome = sample::good(&v4());
    outcome.addresses = budget::everything(Family::Ipv4).addresses;
    for (result, status) in outcome.addresses.iter_mut().zip([200, 529]) {
        let call = ApiEvidence { status: Some(status), ..sample::api() };
        result.call = Some(Box::new(call));
    }
    let metrics = Metrics::new().unwrap();
    metrics.record(&outcome);
    metrics.count_calls(&outcome, true, "models");
    metrics.count_calls(&outcome, false, "models");
    let parsed = text(&metrics);
    let labels = |status| {
        [
            ("target", "claude"),
            ("route", "direct"),
            ("endpoint", "models"),
            ("method", "GET"),
            ("status_code", status),
        ]
    };
    // The journey itself, twice the address that answered 200, and the journey to an endpoint that is not shown.
    assert_eq!(parsed.value("api_requests_total", &labels("200")), Some(4.0));
    assert_eq!(parsed.value("api_requests_total", &labels("529")), Some(2.0));
    let of = [("target", "claude"), ("route", "direct"), ("endpoint", "models"), ("connection", "fresh")];
    assert_eq!(parsed.value("api_latency_seconds_count", &of), Some(1.0));
}

#[test]
fn of_several_endpoints_it_is_said_which_work_and_which_is_preferred() {
    let metrics = Metrics::new().unwrap();
    let target: Arc<str> = "claude".into();
    let endpoints: Vec<(Arc<str>, bool)> = vec![("https://a/".into(), false), ("https://b/".into(), true)];
    let mut summary = TargetSummary {
        up: true,
        interval: Duration::from_secs(30),
        route: Some("direct"),
        endpoint: Some("https://b/"),
        endpoints: &endpoints,
        findings: vec![Reason::Ipv6Broken],
        call: CallState::default(),
        diagnosis: None,
    };
    metrics.record_target(&target, &summary, SystemTime::UNIX_EPOCH);
    let parsed = text(&metrics);
    let value = |parsed: &Parsed, name: &str, label| parsed.value(name, &[("target", "claude"), label]);
    assert_eq!(value(&parsed, "target_endpoint_up", ("url", "https://a/")), Some(0.0));
    assert_eq!(value(&parsed, "target_preferred_endpoint_info", ("url", "https://b/")), Some(1.0));
    assert_eq!(value(&parsed, "target_preferred_route_info", ("route", "direct")), Some(1.0));
    let labels = [("target", "claude"), ("layer", "tcp"), ("reason", "ipv6_broken")];
    assert_eq!(parsed.value("target_finding_info", &labels), Some(1.0));
    (summary.route, summary.endpoint) = (None, None);
    summary.findings.clear();
    metrics.record_target(&target, &summary, SystemTime::UNIX_EPOCH);
    let parsed = text(&metrics);
    for gone in ["target_preferred_route_info", "target_preferred_endpoint_info", "target_finding_info"] {
        assert!(parsed.samples.keys().all(|(name, _)| name != gone), "{gone}");
    }
}

#[test]
fn a_target_says_since_when_it_is_down_and_how_many_of_its_runs_failed() {
    let metrics = Metrics::new().unwrap();
    let target: Arc<str> = "claude".into();
    let objectives = [(Arc::clone(&target), 0.995)].into();
    metrics.configure(Configured { objectives, ..Configured::default() });
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let run = |up, ended| {
        let summary = TargetSummary { up, interval: Duration::from_secs(30), ..TargetSummary::default() };
        metrics.record_target(&target, &summary, at(ended));
        let parsed = text(&metrics);
        [
            "target_down_since_timestamp_seconds",
            "target_runs_total",
            "target_runs_failed_total",
            "target_interval_seconds",
            "target_slo_objective_ratio",
        ]
        .map(|name| parsed.value(name, &[("target", "claude")]))
    };
    let (interval, objective) = (Some(30.0), Some(0.995));
    assert_eq!(run(true, 30), [None, Some(1.0), Some(0.0), interval, objective]);
    assert_eq!(run(false, 60), [Some(60.0), Some(2.0), Some(1.0), interval, objective]);
    assert_eq!(run(false, 90), [Some(60.0), Some(3.0), Some(2.0), interval, objective]);
    assert_eq!(run(true, 120), [None, Some(4.0), Some(2.0), interval, objective]);
    assert_eq!(run(false, 150), [Some(150.0), Some(5.0), Some(3.0), interval, objective]);
    metrics.configure(Configured::default());
    assert_eq!(run(false, 180), [Some(150.0), Some(6.0), Some(4.0), interval, None]);
}

#[test]
fn every_series_says_where_the_canary_stands_if_the_config_does() {
    let metrics = recorded(&[sample::good(&v4())]);
    metrics.program().reloaded(true, SystemTime::UNIX_EPOCH);
    let before = text(&metrics);
    assert!(before.samples.keys().all(|(_, labels)| labels.iter().all(|(name, _)| name != "vantage")));
    metrics.configure(Configured { vantage: Some("fra-office".into()), ..Configured::default() });
    for format in [Format::Text004, Format::OpenMetrics100] {
        let parsed = read(&metrics, format);
        assert_eq!(parsed.samples.len(), before.samples.len());
        let own = ("vantage".to_owned(), "fra-office".to_owned());
        for (name, labels) in parsed.samples.keys() {
            assert_eq!(labels.iter().filter(|label| **label == own).count(), 1, "{name} {labels:?}");
        }
    }
}

#[test]
fn a_target_has_one_diagnosis_at_a_time() {
    let metrics = Metrics::new().unwrap();
    let target: Arc<str> = "claude".into();
    let down = ["tls_reset", "tls", "network"];
    let mut summary = TargetSummary {
        diagnosis: Some(ToldDiagnosis { labels: ["ok", "none", "none"], changed: false }),
        ..TargetSummary::default()
    };
    metrics.record_target(&target, &summary, SystemTime::UNIX_EPOCH);
    summary.diagnosis = Some(ToldDiagnosis { labels: down, changed: true });
    metrics.record_target(&target, &summary, SystemTime::UNIX_EPOCH);
    let refined = ToldDiagnosis { labels: ["tls_sni_filtered", "tls", "network"], changed: true };
    metrics.record_diagnosis(&target, refined);
    let parsed = text(&metrics);
    let of = parsed.samples.keys().filter(|(name, _)| name == "target_diagnosis_info");
    assert_eq!(of.count(), 1);
    let labels =
        [("target", "claude"), ("verdict", "tls_sni_filtered"), ("layer", "tls"), ("blame", "network")];
    assert_eq!(parsed.value("target_diagnosis_info", &labels), Some(1.0));
    assert_eq!(parsed.value("target_diagnosis_changes_total", &labels[..1]), Some(2.0));
}

#[test]
fn scrapes_stay_valid_while_paths_come_and_go() {
    let metrics = Metrics::new().unwrap();
    std::thread::scope(|scope| {
        for writer in ["a", "b"] {
            let metrics = &metrics;
            scope.spawn(move || {
                for round in 0..200 {
                    let path = sample::path(writer, &format!("route{}", round % 3), Family::Ipv4);
                    metrics.record(&sample::good(&path));
                    if round % 5 == 0 {
                        metrics.retire_path(&path);
                    }
                    if round % 17 == 0 {
                        metrics.retire_target(writer);
                    }
                }
            });
        }
        for format in [Format::Text004, Format::OpenMetrics100] {
            let metrics = &metrics;
            scope.spawn(move || (0..20).for_each(|_| drop(read(metrics, format))));
        }
    });
}

fn promtool(text: &[u8]) {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed by the project's test script");
    child.stdin.take().unwrap().write_all(text).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn promtool_has_nothing_to_say() {
    let mut failed = failed_tls();
    failed.findings = vec![Finding::new(Reason::DnsUnexpectedAddress, "")];
    let mut limited = sample::good(&v4());
    if let Stage::Passed { evidence, .. } = &mut limited.stages.api {
        evidence.error_type = Some("rate_limit_error");
    }
    let metrics = recorded(&[failed, limited, sample::good(&sample::path("a\"\\\n", "b", Family::Any))]);
    metrics.record_target(
        &"claude".into(),
        &TargetSummary { up: false, ..TargetSummary::default() },
        SystemTime::UNIX_EPOCH,
    );
    metrics.program().reloaded(true, std::time::UNIX_EPOCH);
    promtool(&metrics.render(Format::Text004).unwrap());
}

fn counters(parsed: &Parsed) -> impl Iterator<Item = (&crate::metrics::strict::Series, f64)> {
    let counts = parsed.samples.iter().filter(|((name, _), _)| {
        // The process's own counters move by themselves.
        !name.starts_with("process_")
            && ["_total", "_bucket", "_count", "_sum"].iter().any(|end| name.ends_with(end))
    });
    counts.map(|(series, value)| (series, value.parse().unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_outcomes_make_valid_text_and_counters_never_go_down(
        outcomes in proptest::collection::vec(sample::any_outcome(), 1..6),
    ) {
        let metrics = Metrics::new().unwrap();
        let mut before = text(&metrics);
        for outcome in &outcomes {
            metrics.record_lookups(&outcome.path.target, std::iter::once(&sample::lookup(outcome)));
            metrics.record(outcome);
            let after = text(&metrics);
            for (series, value) in counters(&before) {
                let now: Option<f64> = after.samples.get(series).map(|value| value.parse().unwrap());
                prop_assert!(now.is_some_and(|now| now >= value), "{series:?} went from {value} to {now:?}");
            }
            before = after;
        }
    }

    #[test]
    fn both_formats_hold_the_same_samples(
        outcomes in proptest::collection::vec(sample::any_outcome(), 1..6),
    ) {
        let metrics = recorded(&outcomes);
        let samples = |format| {
            let mut samples = read(&metrics, format).samples;
            samples.retain(|(name, _), _| !name.starts_with("process_"));
            samples
        };
        prop_assert_eq!(samples(Format::Text004), samples(Format::OpenMetrics100));
    }

    #[test]
    fn failures_by_layer_and_by_reason_add_up_to_the_same(
        outcomes in proptest::collection::vec(sample::any_outcome(), 1..6),
    ) {
        let parsed = text(&recorded(&outcomes));
        let sum = |name: &str| -> f64 {
            counters(&parsed).filter(|((other, _), _)| other == name).map(|(_, value)| value).sum()
        };
        prop_assert_eq!(sum("probe_layer_failures_total"), sum("probe_failures_total"));
    }

    #[test]
    fn a_retired_target_leaves_nothing(
        outcomes in proptest::collection::vec(sample::any_outcome(), 1..6),
    ) {
        let metrics = recorded(&outcomes);
        let gone = &outcomes[0].path.target;
        metrics.retire_target(gone);
        let label = ("target".to_owned(), gone.to_string());
        let parsed = text(&metrics);
        prop_assert!(!parsed.samples.keys().any(|(_, labels)| labels.contains(&label)));
        prop_assert!(metrics.paths().iter().all(|status| status.path.target != *gone));
        let others = outcomes.iter().filter(|outcome| outcome.path.target != *gone);
        let known = metrics.paths();
        for outcome in others {
            prop_assert!(known.iter().any(|status| status.path == outcome.path));
        }
    }
}
