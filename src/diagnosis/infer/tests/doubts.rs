//! Stories in which the first thought is wrong.

use super::super::story::{
    ENDPOINT, PROXY, Story, address_target, by_issuer, by_proxy, classical, clocks, control, control_fails,
    control_works, failing, fails, failure, http2, idle_hold, neutral, other_answers, other_fails,
    other_resolver, public_target, refused_by_name, small, then, working,
};
use super::{Told, on_path, with};
use crate::diagnosis::{Facts, State, Verdict};
use crate::outcome::{
    AnswerSource, AnsweredBy, Blame, Experiment, Family, Finding, Outcome, Reason, Stage, Transport, Trial,
};
use crate::target::DIRECT;

use Blame::{Account, Canary, Network, Provider, Resolver};
use Family::{Ipv4, Ipv6};
use Verdict::{Degraded, Down};

/// A control that was called over both families.
fn over_both(ipv4: Outcome, ipv6: Outcome) -> Trial {
    let Trial::Control { url, outcomes } = control(ipv4) else { unreachable!() };
    let endpoint = outcomes[0].endpoint.clone();
    Trial::Control { url, outcomes: vec![outcomes[0].clone(), Outcome { endpoint, ..ipv6 }] }
}

pub(super) fn others() -> Vec<Told> {
    use Reason::{
        CanaryExhausted, DnsServfail, DnsTimeout, HttpTimeout, Ipv4Broken, Ipv6Broken, Offline, TcpTimeout,
        TcpUnreachable, TlsCertExpired, TlsTimeout,
    };
    let beside = |hosts: &[&str]| {
        hosts.iter().fold(Story::failing(TcpTimeout), |story, host| {
            story.neighbour(host, "system", fails(TcpTimeout, None))
        })
    };
    let late = |reason, runs| {
        with(Story::failing(reason), |story| {
            story.lag = std::time::Duration::from_secs(2);
            story.late_runs = runs;
        })
    };
    let only = |family| Story::of(vec![failing(DIRECT, family, TcpUnreachable)]);
    let dead = || failing(DIRECT, Ipv4, TcpUnreachable);
    let stub = |outcome: &mut Outcome| {
        if let Stage::Failed { evidence, .. } = &mut outcome.stages.dns {
            let address = ([127, 0, 0, 53], 53).into();
            evidence.source = AnswerSource::Server { address, transport: Transport::Udp };
        }
    };
    let stub_fails = || {
        let mut outcome = failing(DIRECT, Ipv4, DnsServfail);
        stub(&mut outcome);
        control(outcome)
    };
    told! {
        "an outage of one provider with many hosts":
            beside(&["eu.example.com", "us.example.com", "console.example.com"])
            => "own_reason", Down(TcpTimeout), Network, [], [];
        "an outage of two providers": beside(&["eu.example.com", "a.one.example", "b.one.example"])
            => "own_reason", Down(TcpTimeout), Network, [], [];
        "three places at once": beside(&["a.one.example", "b.two.example"])
            => "offline", Down(Offline), Network, [], [];
        "addresses of one network": beside(&["192.0.2.1", "192.0.2.2", "192.0.3.3"])
            => "own_reason", Down(TcpTimeout), Network, [], [];
        "an IPv6-only network, and an API with IPv4 only":
            only(Ipv4).tried(over_both(dead(), working(DIRECT, Ipv6)))
            => "family_dead", Down(Ipv4Broken), Network,
            ["control.example/ answers over IPv6 and not over IPv4 either (tcp_unreachable)"], [];
        "no IPv6 here, and a target that is called over it":
            only(Ipv6).tried(over_both(working(DIRECT, Ipv4), failing(DIRECT, Ipv6, TcpUnreachable)))
            => "family_dead", Down(Ipv6Broken), Network, [], [];
        "one family to nowhere, and a control without it": only(Ipv6).tried(control_works())
            => "only_this_destination", Down(TcpUnreachable), Network, [], [];
        "no family reaches a control": only(Ipv4).tried(over_both(dead(), failing(DIRECT, Ipv6, TcpTimeout)))
            => "offline", Down(Offline), Network, [], [];
        "a stub that has nobody to ask": on_path(Story::failing(DnsServfail), stub)
                .tried(stub_fails()).tried(other_resolver(other_fails(DnsTimeout)))
            => "offline", Down(Offline), Network, ["resolver public could not be asked either"], [];
        "a stub whose upstream is broken": on_path(Story::failing(DnsServfail), stub)
                .tried(stub_fails()).tried(other_resolver(other_answers()))
            => "resolver_fails_for_all", Down(DnsServfail), Resolver, [], [];
        "a stub, and nobody else to ask": on_path(Story::failing(DnsServfail), stub).tried(stub_fails())
            => "resolver_fails_for_all", Down(DnsServfail), Resolver, [], [];
        "late for some runs": late(HttpTimeout, 4).tried(control_works())
            => "own_slowness", Down(CanaryExhausted), Canary, [], [];
        "late for long, and nothing else known": late(HttpTimeout, 500)
            => "own_slowness", Down(CanaryExhausted), Canary, [], [];
        "late for long, and a control works": late(TlsTimeout, 5).tried(control_works())
            => "only_this_destination", Down(TlsTimeout), Network, ["woke up 2.0 s late, but this failed in 5 runs"], [];
        "late for long, and another target works": late(HttpTimeout, 5).neighbour("one.example", "system", State::Works)
            => "own_reason", Down(HttpTimeout), Provider, [], [];
        "over IPv6 another certificate": Story::of(vec![working(DIRECT, Ipv4), failing(DIRECT, Ipv6, TlsCertExpired)])
            => "own_reason", Degraded(TlsCertExpired), Provider, ["IPv4 works on the same route"], [];
        "the proxy that fails too has its own trouble":
            Story::of(vec![failing(DIRECT, Ipv4, TcpTimeout), failing(PROXY, Family::Any, Reason::ProxyAuthRequired)])
            => "own_reason", Down(TcpTimeout), Network, ["corp does not work either, for another reason (proxy_auth_required)"], [];
    }
}

pub(super) fn names() -> Vec<Told> {
    use Reason::{DnsNxdomain, DnsServfail, DnsSinkholed};
    let inner = |story| {
        with(story, |story: &mut Story| {
            let inner = "https://llm.corp.internal/";
            story.outcomes[0].endpoint = inner.into();
            story.follow_ups.iter_mut().for_each(|made| made.wanted.endpoint = inner.into());
        })
    };
    let public = |story| {
        with(story, |story: &mut Story| {
            story.target = public_target();
            story.outcomes[0].endpoint = "https://api.anthropic.com/".into();
            story
                .follow_ups
                .iter_mut()
                .for_each(|made| made.wanted.endpoint = "https://api.anthropic.com/".into());
        })
    };
    let hosts = |outcome: &mut Outcome| {
        if let Stage::Passed { evidence, .. } = &mut outcome.stages.dns {
            evidence.source = AnswerSource::HostsFile;
        }
    };
    let by_its_proxy = |story: Story| with(story, |story| story.neighbours[0].route = PROXY.into());
    told! {
        "an inner name that nobody else can know": inner(Story::failing(DnsNxdomain).tried(other_resolver(other_fails(DnsNxdomain))))
            => "own_reason", Down(DnsNxdomain), Resolver, ["public has no A either"], [];
        "a zone that is broken for all": public(Story::failing(DnsServfail).tried(control_works()).tried(other_resolver(other_fails(DnsServfail))))
            => "broken_zone", Down(DnsServfail), Provider,
            ["resolver public fails at api.anthropic.com as well", "system answers for control.example", "does not answer for A either (dns_servfail)"], [];
        "SERVFAIL of all resolvers, and for all we know for all names": public(Story::failing(DnsServfail).tried(other_resolver(other_fails(DnsServfail))))
            => "own_reason", Down(DnsServfail), Resolver, [], [];
        "blocked in the hosts file, and a proxy works": on_path(Story::failing(DnsSinkholed), hosts).tried(by_proxy())
            => "hosts_file", Down(DnsSinkholed), Canary, [], [];
        "a neighbour whose proxy asks": by_its_proxy(Story::failing(DnsServfail)
                .neighbour("one.example", "system", State::Works)
                .neighbour("two.example", "system", fails(DnsServfail, None)))
            => "resolver_fails_for_all", Down(DnsServfail), Resolver, [], [];
    }
}

pub(super) fn handshakes() -> Vec<Told> {
    use Reason::{TlsCertExpired, TlsMtuBlackhole, TlsReset, TlsSniFiltered, TlsTimeout};
    let year = std::time::Duration::from_secs(365 * 86_400);
    let expired = || {
        on_path(Story::failing(TlsCertExpired), |outcome| {
            if let Stage::Failed { evidence, .. } = &mut outcome.stages.tls {
                *evidence = by_issuer();
            }
        })
    };
    let newer = || {
        let mut outcome = working(DIRECT, Ipv4);
        let mut shown = by_issuer();
        let mut chain = shown.chain.as_deref().cloned().unwrap();
        chain.certificates[0].not_before = then() + year * 2;
        chain.certificates[0].not_after = then() + year * 3;
        shown.chain = Some(chain.into());
        if let Stage::Passed { evidence, .. } = &mut outcome.stages.tls {
            *evidence = shown;
        }
        control(outcome)
    };
    let ahead = 365 * 86_400 * 2;
    told! {
        "a cut that was over when it was looked at":
            Story::failing(TlsTimeout).tried(neutral(true)).tried(small(true)).tried(classical(true))
            => "own_reason", Down(TlsTimeout), Network, ["it comes and goes"], [];
        "a filter that reads whole packets only":
            Story::failing(TlsReset).tried(neutral(true)).tried(small(true)).tried(classical(false))
            => "name_filtered", Down(TlsSniFiltered), Network, [], ["not its size"];
        "a large hello that is dropped for this name only":
            Story::failing(TlsTimeout).tried(neutral(true)).tried(small(false)).tried(classical(true))
            => "large_hello", Down(Reason::TlsLargeHelloDropped), Network, [], ["not the size of packets"];
        "an alert is too small to tell": Story::failing(TlsTimeout).tried(refused_by_name()).tried(small(true)).tried(classical(true))
            => "mtu_black_hole", Down(TlsMtuBlackhole), Network, [], [];
        "a server whose clock stands still": expired().tried(clocks(then(), ahead)).tried(newer())
            => "only_this_destination", Down(TlsCertExpired), Provider, [], [];
        "our clock, though a control works": expired().tried(clocks(then(), 200)).tried(control(shown_now()))
            => "clock_skew", Down(Reason::TlsClockSkew), Canary, [], [];
    }
}

/// A control with the same dates.
fn shown_now() -> Outcome {
    let mut outcome = working(DIRECT, Ipv4);
    if let Stage::Passed { evidence, .. } = &mut outcome.stages.tls {
        *evidence = by_issuer();
    }
    outcome
}

pub(super) fn calls() -> Vec<Told> {
    use Reason::{AuthForbidden, AuthInvalid, Http2Broken, HttpTimeout, NotTheApi};
    let slow = || on_path(Story::failing(HttpTimeout), http2);
    let http1 = || Trial::Http1(vec![failing(DIRECT, Ipv4, AuthInvalid)]);
    let keyless = |reason| Trial::Keyless(vec![failing(DIRECT, Ipv4, reason)]);
    let over_http2 = |reason| {
        let mut outcome = failing(DIRECT, Ipv4, reason);
        http2(&mut outcome);
        Trial::Keyless(vec![outcome])
    };
    let by_the_api = |outcome: &mut Outcome| {
        if let Stage::Failed { evidence, .. } = &mut outcome.stages.api {
            evidence.answered_by = Some(AnsweredBy::Origin);
        }
    };
    let paid = || {
        on_path(Story::of(vec![working(DIRECT, Ipv4)]), |outcome| {
            http2(outcome);
            outcome.findings.push(Finding(failure(HttpTimeout)));
        })
    };
    told! {
        "a slow call over an HTTP/2 that works": slow().tried(http1()).tried(over_http2(AuthInvalid))
            => "own_reason", Down(HttpTimeout), Provider,
            ["answered with a refusal, as it should be (auth_invalid)"], [];
        "silent over HTTP/2 without a key too": slow().tried(http1()).tried(over_http2(HttpTimeout))
            => "http2_broken", Down(Http2Broken), Network, [], [];
        "a paid call timed out, and the free one works over HTTP/2": paid().tried(http1())
            => "own_reason", Down(HttpTimeout), Provider, [], ["on this path"];
        "refused with a key, and without": Story::failing(AuthInvalid).tried(keyless(AuthInvalid))
            => "own_reason", Down(AuthInvalid), Account, ["as it should be (auth_invalid): the way to the API works"], [];
        "strangers are sent to a page": on_path(Story::failing(AuthForbidden), by_the_api).tried(keyless(NotTheApi))
            => "own_reason", Down(AuthForbidden), Account, [], [];
    }
}

pub(super) fn kept() -> Vec<Told> {
    use Reason::{HttpReset, HttpTimeout, IdleDropped, TlsCertExpiring};
    let works = || Story::of(vec![working(DIRECT, Ipv4)]);
    let expiring = |outcome: &mut Outcome| outcome.findings.push(Finding(failure(TlsCertExpiring)));
    told! {
        "a connection that was kept is cut": works().tried(idle_hold(Some(HttpReset)))
            => "idle_dropped", Degraded(IdleDropped), Network,
            ["a connection kept idle for 90 s does not work any more (http_reset)", "the words of http_reset"], [];
        "a connection that was kept gets no answer": on_path(works(), expiring).tried(idle_hold(Some(HttpTimeout)))
            => "idle_dropped", Degraded(IdleDropped), Network, [], [];
        "a connection that was kept works": on_path(works(), expiring).tried(idle_hold(None))
            => "noticed", Degraded(TlsCertExpiring), Provider, [], ["kept idle for 90 s still works"];
    }
}

#[test]
fn connections_that_were_kept_are_no_trouble_where_they_work_or_nothing_does() {
    let story = Story::of(vec![working(DIRECT, Ipv4)]).tried(idle_hold(None));
    assert_eq!(story.diagnosis().verdict, Verdict::Ok);
    let unknown =
        Story::of(vec![working(DIRECT, Ipv4)]).tried(Trial::Unknown("ended by the server".to_owned()));
    assert_eq!(unknown.diagnosis().verdict, Verdict::Ok);
    let down = Story::failing(Reason::TcpTimeout).tried(idle_hold(Some(Reason::HttpReset)));
    assert_eq!(down.diagnosis().verdict, Down(Reason::TcpTimeout));
}

#[test]
fn the_facts_of_a_remedy_are_those_of_the_endpoint() {
    let cut = Story::of(vec![working(DIRECT, Ipv4)]).tried(idle_hold(Some(Reason::HttpReset)));
    let Facts { held, url, port, .. } = cut.diagnosis().facts;
    assert_eq!((held.as_deref(), port.as_deref()), (Some("1m30s"), Some("443")));
    assert_eq!(format!("{}/", url.unwrap()), ENDPOINT);
    let plain = on_path(Story::failing(Reason::TcpRefused), |outcome| {
        outcome.endpoint = "http://[2001:db8::1]:8080/v1".into();
    });
    let Facts { url, port, .. } = plain.diagnosis().facts;
    assert_eq!((url.as_deref(), port.as_deref()), (Some("http://[2001:db8::1]:8080"), Some("8080")));
}

#[test]
fn no_detail_is_told_twice_in_the_findings() {
    let story =
        Story::failing(Reason::TlsTimeout).tried(neutral(true)).tried(small(false)).tried(classical(false));
    let findings = story.diagnosis().findings;
    let [filtered, cut] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((filtered.0.reason, cut.0.reason), (Reason::TlsSniFiltered, Reason::TlsTimeout));
    assert!(!filtered.0.detail.contains(&cut.0.detail), "{findings:?}");
}

#[test]
fn a_family_that_the_name_does_not_have_excludes_nothing() {
    let pair = |other| {
        let story = Story::of(vec![failing(DIRECT, Ipv4, Reason::TlsReset), failing(DIRECT, Ipv6, other)]);
        super::told(&story.diagnosis().ruled_out)
    };
    assert!(pair(Reason::TlsReset).contains("IPv6 fails as well (tls_reset)"));
    for lacks in [Reason::DnsNodata, Reason::TcpUnreachable] {
        assert!(!pair(lacks).contains("IPv6"), "{}", pair(lacks));
    }
}

#[test]
fn what_would_tell_nothing_is_not_tried() {
    let mut story = Story::of_target(address_target(), vec![failing(DIRECT, Ipv4, Reason::TlsReset)]);
    story.outcomes[0].endpoint = "https://198.51.100.7/".into();
    assert!(!story.wanted().contains(&Experiment::NeutralName), "no name is sent: {:?}", story.wanted());
    assert!(story.wanted().contains(&Experiment::SmallSegments));
    let late = |runs| {
        with(Story::failing(Reason::TlsReset), |story| {
            story.outcomes[0] = failing(DIRECT, Ipv4, Reason::TlsTimeout);
            story.lag = std::time::Duration::from_secs(2);
            story.late_runs = runs;
        })
    };
    assert_eq!(late(4).wanted(), []);
    assert_eq!(late(5).wanted(), [Experiment::Control], "whether it is only us");
    assert!(late(5).tried(control_works()).wanted().contains(&Experiment::NeutralName));
    assert_eq!(late(5).tried(control_fails(Reason::TcpTimeout)).wanted(), []);
}
