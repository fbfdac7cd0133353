//! How many series there are at the most.

use super::*;

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

#[test]
fn a_target_stays_within_its_budget_of_series() {
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
    let metrics = recorded(&outcomes);
    let target: Arc<str> = "claude".into();
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
    let objectives = [(Arc::clone(&target), 0.995)].into();
    metrics.configure(Configured { objectives, ..Configured::default() });
    metrics.record_target(&target, &summary, SystemTime::UNIX_EPOCH);
    let count = samples_of(&text(&metrics), "claude");
    assert!(count <= SERIES_PER_TARGET, "{count} series");
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
