//! Resolvers, certificates, limits and what the call waits for.

use super::*;
use crate::clock;
use crate::metrics::CallState;
use crate::outcome::{
    Asked, CertFacts, CertificateChecks, Check, DnsEvidence, Family, Lookup, RateLimit, RecordType, TrustedBy,
};
use crate::schedule::Pause;

fn lookup(of: &Investigated, resolver: &str, addresses: &[&str], unexpected: &[&str]) -> Lookup {
    let mut evidence = sample::dns(Family::Ipv4);
    let parsed = |list: &[&str]| list.iter().map(|address| address.parse().unwrap()).collect();
    (evidence.resolver, evidence.addresses) = (resolver.into(), parsed(addresses));
    evidence.unexpected = Some(parsed(unexpected));
    let stage = Stage::Passed { took: Duration::from_millis(7), evidence };
    Lookup { endpoint: of.target.sites[0].endpoint.shown().into(), asked: Asked::Resolver, stage }
}

#[tokio::test]
async fn answers_that_differ_are_marked() {
    let mut found = sample(0);
    found.run.lookups = vec![
        lookup(&found, "one", &["192.0.2.1", "192.0.2.2"], &[]),
        lookup(&found, "two", &["192.0.2.1"], &[]),
        lookup(&found, "three", &["203.0.113.9"], &["203.0.113.9"]),
    ];
    let page = Program::of(&found).page("/targets/api.anthropic.com").await;
    let section = section(&page, "resolvers");
    let row = |name: &str| {
        let rest = section.split(&format!("<th scope=\"row\">{name}")).nth(1).unwrap();
        rest.split("</tr>").next().unwrap()
    };
    let only_here = "<code>192.0.2.2</code> <span class=\"only-here\">only here";
    assert!(row("one").contains(only_here) && !row("one").contains("nothing in common"), "{section}");
    assert!(!row("two").contains("only here") && row("two").contains("data-ok=\"true\""));
    for part in ["nothing in common with the others", "outside the expected networks", "data-ok=\"false\""] {
        assert!(row("three").contains(part), "{part}: {section}");
    }
}

#[tokio::test]
async fn a_name_without_an_address_of_one_family_is_no_trouble() {
    let mut found = sample(0);
    let with = lookup(&found, "one", &["192.0.2.1"], &[]);
    let mut without = lookup(&found, "one", &[], &[]);
    if let Stage::Passed { evidence, took } = without.stage {
        let evidence = DnsEvidence { record_type: RecordType::Aaaa, ..evidence };
        let failure = Failure::new(Reason::DnsNodata, "it has no AAAA record");
        without.stage = Stage::Failed { took, failure, evidence };
    }
    found.run.lookups = vec![with, without.clone()];
    let page = Program::of(&found).page("/targets/api.anthropic.com").await;
    let told = section(&page, "resolvers");
    assert!(!told.contains("dns_nodata") && told.contains("it has no AAAA record"), "{told}");
    found.run.lookups = vec![without];
    let page = Program::of(&found).page("/targets/api.anthropic.com").await;
    assert!(section(&page, "resolvers").contains("dns_nodata"));
}

#[tokio::test]
async fn a_chain_is_told_with_its_days_and_its_checks() {
    let now = clock::wall();
    let mut found = sample(0);
    let Stage::Passed { evidence, .. } = &mut Arc::make_mut(&mut found.run.outcomes[0]).stages.tls else {
        panic!()
    };
    let chain = Arc::make_mut(evidence.chain.as_mut().unwrap());
    let leaf = chain.certificates[0].clone();
    let hours = |count: u64| Duration::from_secs(count * 3600);
    let ends = |not_after| CertFacts { not_before: now - hours(400 * 24), not_after, ..leaf.clone() };
    chain.certificates =
        vec![ends(now - hours(3 * 24 + 1)), ends(now + hours(5 * 24 + 1)), ends(now + hours(90 * 24 + 1))];
    chain.unreadable = 2;
    let failed = Check::Failed(Failure::new(Reason::TlsCertExpired, "it ended three days ago"));
    evidence.checks = Some(Arc::new(CertificateChecks {
        path: Check::Passed,
        revocation: Check::Passed,
        dates: failed,
        name: Check::Passed,
    }));
    evidence.trusted_by = Some(TrustedBy { mozilla: true, machine: None });
    let page = Program::of(&found).page("/targets/api.anthropic.com").await;
    let section = section(&page, "certificates");
    for part in [
        "expired 3d1h ago",
        "5 days left",
        "90 days left",
        "Certificates that cannot be read: 2",
        "In its dates: tls_cert_expired",
        "it ended three days ago",
        "Is for this name: passed",
        "it has no store that can be read",
    ] {
        assert!(section.contains(part), "{part}: {section}");
    }
    assert_eq!(section.matches("<li data-state=\"down\">").count(), 1);
    assert_eq!(section.matches("<li data-state=\"degraded\">").count(), 1);
}

#[tokio::test]
async fn limits_and_what_the_call_waits_for_are_told() {
    let now = clock::wall();
    let mut found = sample(0);
    let limit = |remaining, limit, reset| RateLimit {
        dimension: "requests",
        limit,
        remaining: Some(remaining),
        reset,
    };
    let later = now + Duration::from_secs(600);
    let mut call = sample::api();
    call.rate_limits = vec![
        limit(0, Some(1000), Some(later)),
        limit(50, Some(1000), Some(now)),
        limit(9, None, None),
        limit(5, Some(0), Some(later)),
    ];
    call.retry_after = Some(Duration::from_secs(7));
    Arc::make_mut(&mut found.run.outcomes[0]).stages.api =
        Stage::Passed { took: Duration::from_millis(90), evidence: call };
    let program = Program::new();
    program.watch(&found.target);
    for (pause, words) in [
        (Pause::Interval, "it was made not long ago"),
        (Pause::RetryAfter, "because the API asked to wait"),
        (Pause::SlowedDown, "it met limits again and again"),
        (Pause::Budget, "it might cost more than is left"),
    ] {
        let call =
            CallState { retry_at: Some(later), pause: Some(pause), budget_left: Some(0.0375), status: None };
        program.found(&found, Beside { call, ..Beside::default() });
        let page = program.page("/targets/api.anthropic.com").await;
        let section = section(&page, "limits");
        for part in [
            words,
            "The API asked to wait for 7s.",
            "$0.0375",
            "0 / 1\u{202f}000",
            "9 / ?",
            "5 / 0",
            "by now",
            "data-state=\"down\" width=\"0.0\"",
            "data-state=\"degraded\" width=\"5.0\"",
        ] {
            assert!(section.contains(part), "{part}: {section}");
        }
        assert_eq!(section.matches("<svg").count(), 2, "no bar without a limit");
    }
}

#[tokio::test]
async fn a_journey_in_which_the_canary_was_slow_says_so() {
    let mut found = sample(0);
    let words = "The canary itself was late by 35 ms in this journey";
    let page = Program::of(&found).page("/targets/api.anthropic.com").await;
    assert!(!page.contains(words));
    Arc::make_mut(&mut found.run.outcomes[0]).late = Duration::from_millis(35);
    let page = Program::of(&found).page("/targets/api.anthropic.com").await;
    assert_eq!(section(&page, "journeys").matches(words).count(), 1);
}
