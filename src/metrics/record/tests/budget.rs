//! How many series there are at the most.

use super::*;
use crate::config::Profile;
use crate::metrics::catalogue::{Family as Catalogued, SERIES_PER_LEAN_TARGET};

/// Everything that can be said about a path on the direct route.
pub(super) fn everything(family: Family) -> Outcome {
    let mut outcome = sample::good(&sample::path("claude", "direct", family));
    outcome.findings = vec![
        Finding::new(Reason::TlsCertExpiring, ""),
        Finding::new(Reason::TlsOldVersionAccepted, ""),
        Finding::new(Reason::HttpNotRedirected, ""),
        Finding::new(Reason::AddressFailing, ""),
    ];
    outcome.outside = OutsideChecks { older_tls_refused: Some(false), redirects_https: Some(false) };
    let address =
        AddressResult { address: [192, 0, 2, 1].into(), took: Duration::ZERO, failure: None, call: None };
    outcome.addresses = vec![address; 2];
    let again = Attempt { waited: Duration::ZERO, took: Duration::ZERO, failure: None, call: None };
    outcome.retries = vec![again];
    if let Stage::Passed { evidence, .. } = &mut outcome.stages.api {
        let second = Duration::from_secs(1);
        *evidence = ApiEvidence {
            endpoint: "stream",
            model: Some("claude-haiku-4-5".into()),
            answered_by: Some(AnsweredBy::Origin),
            error_type: Some("other"),
            limited_by: Some("requests"),
            rate_limits_rejected: 1,
            usage: Some(Usage { input_tokens: Some(10), output_tokens: Some(16) }),
            cost: Some(Usd::per_token(1000)),
            stream: Some(StreamEvidence {
                first_token: Some(second),
                last_token: Some(2 * second),
                longest_gap: Some(second),
                ..StreamEvidence::default()
            }),
            ..sample::api()
        };
    }
    if let Stage::Passed { evidence, .. } = &mut outcome.stages.tls {
        evidence.trusted_by = Some(TrustedBy { mozilla: true, machine: Some(true) });
    }
    outcome
}

/// A lookup at one of the name servers of resolv.conf.
fn at_name_server(number: u8, outcome: &Outcome) -> Lookup {
    let mut lookup = sample::lookup(outcome);
    lookup.asked = Asked::NameServer;
    if let Stage::Passed { evidence, .. } = &mut lookup.stage {
        evidence.resolver = format!("system/192.0.2.{number}").into();
    }
    lookup
}

fn samples_of(parsed: &Parsed, value: &str) -> usize {
    let has = |labels: &[(String, String)]| labels.iter().any(|(_, known)| known == value);
    parsed.samples.keys().filter(|(_, labels)| has(labels)).count()
}

/// The metrics of a target of which everything is known.
fn complete(profile: Profile, failed: &[Outcome]) -> Parsed {
    let hello = |family| {
        let mut outcome = everything(family);
        if let Stage::Passed { evidence, .. } = &mut outcome.stages.api {
            *evidence = ApiEvidence { endpoint: "hello", ..sample::api() };
        }
        outcome
    };
    let families = [Family::Ipv4, Family::Ipv6];
    // The call that is configured, and the one that is made while that one waits.
    let outcomes: Vec<Outcome> = families.map(hello).into_iter().chain(families.map(everything)).collect();
    let target: Arc<str> = "claude".into();
    let metrics = Metrics::new().unwrap();
    let objectives = [(Arc::clone(&target), 0.995)].into();
    metrics.configure(Configured { objectives, profile, ..Configured::default() });
    record_all(&metrics, &outcomes);
    record_all(&metrics, failed);
    let findings = vec![Reason::DnsResolverDown, Reason::DnsDisagreement];
    let call = CallState {
        retry_at: Some(SystemTime::UNIX_EPOCH),
        pause: Some(Pause::RetryAfter),
        budget_left: Some(0.1),
        status: Some(0),
    };
    let told = ToldDiagnosis { labels: ["provider_overloaded", "api", "provider"], changed: true };
    let summary = TargetSummary {
        up: false,
        route: Some("direct"),
        findings,
        call,
        diagnosis: Some(told),
        ..TargetSummary::default()
    };
    metrics.record_target(&target, &summary, SystemTime::UNIX_EPOCH);
    text(&metrics)
}

#[test]
fn a_target_stays_within_its_budget_of_series() {
    let count = samples_of(&complete(Profile::Full, &[]), "claude");
    assert!(count <= SERIES_PER_TARGET, "{count} series");
}

#[test]
fn a_lean_target_stays_within_its_budget_of_series_also_when_it_fails() {
    // What fails in the last layer has passed all others: none has more series.
    let failing = |family| {
        let mut outcome = everything(family);
        if let Stage::Passed { took, evidence } = outcome.stages.api {
            let failure = Failure::new(Reason::ProviderOverloaded, "");
            outcome.stages.api = Stage::Failed { took, failure, evidence };
        }
        outcome
    };
    let parsed = complete(Profile::Lean, &[Family::Ipv4, Family::Ipv6].map(failing));
    let count = samples_of(&parsed, "claude");
    assert!(count <= SERIES_PER_LEAN_TARGET, "{count} series");
    let known = |(name, _): &(String, Vec<(String, String)>)| {
        let of = |family: &&Catalogued| {
            name.strip_prefix(family.name())
                .is_some_and(|end| ["", "_bucket", "_sum", "_count"].contains(&end))
        };
        Catalogued::ALL.iter().find(of).is_none_or(|family| family.is_in(Profile::Lean))
    };
    assert_eq!(parsed.samples.keys().find(|series| !known(series)), None);
}

#[test]
fn with_the_lean_profile_the_latency_has_fewer_buckets_and_the_same_counts() {
    let metrics = Metrics::new().unwrap();
    record_all(&metrics, &[sample::good(&v4())]);
    let buckets = |parsed: &Parsed| {
        let of = |label: &str| {
            let labels = [
                ("target", "claude"),
                ("route", "direct"),
                ("endpoint", "models"),
                ("connection", "fresh"),
                ("le", label),
            ];
            parsed.value("api_latency_seconds_bucket", &labels)
        };
        ["0.005", "0.025", "0.1", "0.25", "0.5", "1.0", "2.0", "5.0", "10.0", "120.0", "+Inf"].map(of)
    };
    let full = read(&metrics, Format::OpenMetrics100);
    let lean = Configured { profile: Profile::Lean, ..Configured::default() };
    metrics.configure(lean);
    let lean = read(&metrics, Format::OpenMetrics100);
    for (full, lean) in buckets(&full).into_iter().zip(buckets(&lean)) {
        assert!(full.is_some() && lean.is_none_or(|lean| Some(lean) == full), "{full:?} {lean:?}");
    }
    assert_eq!(buckets(&lean).iter().flatten().count(), 6);
    assert_eq!(full.exemplars.values().collect::<Vec<_>>(), lean.exemplars.values().collect::<Vec<_>>());
    // What goes comes again with the next run, and what stayed was counted meanwhile.
    let runs = |parsed: &Parsed| parsed.value("probe_runs_total", &V4);
    let rtt = |parsed: &Parsed| parsed.value("probe_tcp_rtt_seconds", &V4);
    assert_eq!((runs(&lean), rtt(&lean)), (Some(1.0), None));
    metrics.record(&sample::good(&v4()));
    metrics.configure(Configured::default());
    metrics.record(&sample::good(&v4()));
    let parsed = text(&metrics);
    assert_eq!((runs(&parsed), rtt(&parsed)), (Some(3.0), Some(0.011)));
    assert!(buckets(&parsed).iter().all(Option::is_some));
}

#[test]
fn name_servers_have_few_series_which_go_with_them() {
    let outcomes = [Family::Ipv4, Family::Ipv6].map(everything);
    let metrics = recorded(&outcomes);
    let alone = text(&metrics).samples.len();
    let own = || outcomes.iter().map(sample::lookup);
    let at = |number| outcomes.iter().map(move |outcome| at_name_server(number, outcome));
    let lookups: Vec<Lookup> = own().chain(at(1)).chain(at(2)).collect();
    metrics.record_lookups(&"claude".into(), lookups.iter());
    let parsed = text(&metrics);
    assert_eq!(samples_of(&parsed, "system/192.0.2.1"), SERIES_PER_NAME_SERVER);
    assert_eq!(parsed.samples.len(), alone + 2 * SERIES_PER_NAME_SERVER);
    let lookups: Vec<Lookup> = own().chain(at(2)).collect();
    metrics.record_lookups(&"claude".into(), lookups.iter());
    let parsed = text(&metrics);
    assert_eq!(
        (samples_of(&parsed, "system/192.0.2.1"), samples_of(&parsed, "system/192.0.2.2") > 0),
        (0, true)
    );
}

#[test]
fn a_further_resolver_has_as_many_series_as_the_reference_says() {
    let outcomes = [Family::Ipv4, Family::Ipv6].map(everything);
    let metrics = recorded(&outcomes);
    let alone = text(&metrics).samples.len();
    let other = outcomes.iter().map(|outcome| {
        let mut lookup = sample::lookup(outcome);
        if let Stage::Passed { evidence, .. } = &mut lookup.stage {
            evidence.resolver = "other".into();
            evidence.dnssec = Some(Dnssec::Secure);
        }
        lookup
    });
    let lookups: Vec<Lookup> = outcomes.iter().map(sample::lookup).chain(other).collect();
    metrics.record_lookups(&"claude".into(), lookups.iter());
    assert_eq!(text(&metrics).samples.len(), alone + SERIES_PER_RESOLVER);
}
