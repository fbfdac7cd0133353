//! What the words of a remedy are filled with.

use std::time::Duration;

use super::super::story::{
    ENDPOINT, ISSUER, PROXY, Story, by_proxy, clocks, failure, lookup, other_fails, shown, then, working,
};
use super::on_path;
use crate::diagnosis::Verdict::Degraded;
use crate::outcome::Family::Ipv4;
use crate::outcome::{Finding, Reason, Stage};
use crate::target::DIRECT;

#[test]
fn of_several_resolvers_the_one_that_is_down_is_to_be_repaired() {
    let mut story = Story::of(vec![working(DIRECT, Ipv4)]);
    story.lookups.push(lookup(other_fails(Reason::DnsTimeout)));
    story.findings.push((ENDPOINT.into(), Finding(failure(Reason::DnsResolverDown))));
    let diagnosis = story.diagnosis();
    assert_eq!(diagnosis.verdict, Degraded(Reason::DnsResolverDown));
    assert_eq!(diagnosis.facts.resolver.as_deref(), Some("public (192.0.2.53:53)"));
}

#[test]
fn remedies_get_their_facts() {
    let mut outcome = shown(Reason::TlsCertExpired);
    if let Stage::Passed { evidence, .. } = &mut outcome.stages.dns {
        evidence.resolver = "system".into();
    }
    let story = Story::of(vec![outcome]).tried(clocks(then(), 3 * 86_400 + 400)).tried(by_proxy());
    let facts = story.diagnosis().facts;
    assert_eq!(facts.address.as_deref(), Some("198.51.100.7:443"));
    assert_eq!(facts.resolver.as_deref(), Some("system (192.0.2.53:53)"));
    assert_eq!(facts.issuer.as_deref(), Some(ISSUER));
    assert_eq!(facts.clock.as_deref(), Some("3d ahead"));
    assert_eq!(facts.working_route.as_deref(), Some(PROXY));
    assert_eq!(facts.proxy.as_deref(), Some("http://192.0.2.3:3128"));
    assert_eq!((facts.wait, facts.request_id), (None, None));

    let limited = on_path(Story::failing(Reason::RateLimited), |outcome| {
        if let Stage::Failed { evidence, .. } = &mut outcome.stages.api {
            evidence.retry_after = Some(Duration::from_millis(6_500));
            evidence.model = Some("model-1".into());
        }
    });
    let facts = limited.diagnosis().facts;
    assert_eq!((facts.wait.as_deref(), facts.model.as_deref()), (Some("7s"), Some("model-1")));
    assert!(facts.request_id.is_some());
}
