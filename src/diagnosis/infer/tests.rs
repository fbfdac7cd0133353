//! Stories, each with the rule that decides it.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use super::story::{
    ISSUER, OTHER, PROXY, Story, by_issuer, by_proxy, classical, clocks, control, control_fails,
    control_works, failing, fails, failure, lookup, neutral, other_answers, other_fails, other_resolver,
    public_target, refused_by_name, shown, small, then, told, working,
};
use super::{NOTICED, RULES};
use crate::diagnosis::{Diagnosis, State, Verdict};
use crate::outcome::{
    AnswerSource, Attempt, Blame, DnsEvidence, Family, Finding, Layer, Outcome, PlainAnswer, Reason,
    Severity, Stage, Trial, TrustedBy,
};
use crate::target::DIRECT;

mod facts;
mod properties;

use Blame::{Account, Canary, Config, Network, Provider, Proxy, Resolver};
use Family::{Any, Ipv4, Ipv6};
use Verdict::{Degraded, Down};

/// A story, the rule that decides it, what it comes to, and words that its evidence and what is ruled out must hold.
struct Told {
    what: &'static str,
    story: Story,
    rule: &'static str,
    verdict: Verdict,
    blame: Blame,
    evidence: &'static [&'static str],
    ruled_out: &'static [&'static str],
}

fn check(stories: Vec<Told>) -> BTreeSet<&'static str> {
    let mut rules = BTreeSet::new();
    for Told { what, story, rule, verdict, blame, evidence, ruled_out } in stories {
        let diagnosis = story.diagnosis();
        let (said, not) = (told(&diagnosis.evidence), told(&diagnosis.ruled_out));
        let got = (story.rule(), diagnosis.verdict, diagnosis.blame, diagnosis.layer);
        let layer = verdict.reason().map(Reason::layer);
        assert_eq!(got, (Some(rule), verdict, Some(blame), layer), "{what}\n{said}\nruled out:\n{not}");
        for words in evidence {
            assert!(said.contains(words), "{what}: {words:?} is not in\n{said}");
        }
        for words in ruled_out {
            assert!(not.contains(words), "{what}: {words:?} is not ruled out in\n{not}");
        }
        let first = diagnosis.findings.first().map(|found| found.0.reason);
        assert_eq!(first, verdict.reason(), "{what}");
        rules.insert(rule);
    }
    rules
}

macro_rules! told {
    ($($what:literal: $story:expr => $rule:literal, $verdict:expr, $blame:expr, [$($said:literal),*], [$($not:literal),*];)*) => {
        vec![$(Told {
            what: $what,
            story: $story,
            rule: $rule,
            verdict: $verdict,
            blame: $blame,
            evidence: &[$($said),*],
            ruled_out: &[$($not),*],
        },)*]
    };
}

mod doubts;

fn with(mut story: Story, change: impl FnOnce(&mut Story)) -> Story {
    change(&mut story);
    story
}

/// The first outcome, changed.
fn on_path(story: Story, change: impl FnOnce(&mut Outcome)) -> Story {
    with(story, |story| change(&mut story.outcomes[0]))
}

fn late(reason: Reason, lag: u64) -> Story {
    with(Story::failing(reason), |story| story.lag = Duration::from_millis(lag))
}

fn ourselves() -> Vec<Told> {
    let exhausted = |outcome: &mut Outcome| {
        if let Stage::Failed { evidence, .. } = &mut outcome.stages.tcp {
            evidence.attempts[0].failure = Some(failure(Reason::CanaryExhausted));
        }
    };
    let unwalked = |outcome: &mut Outcome| outcome.stages.tls = Stage::NotReached;
    told! {
        "no descriptors": Story::failing(Reason::CanaryExhausted)
            => "own_resources", Down(Reason::CanaryExhausted), Canary, ["ran out of its own"], [];
        "no port for one of the addresses": on_path(Story::failing(Reason::TcpTimeout), exhausted)
            => "own_resources", Down(Reason::CanaryExhausted), Canary, ["ran out of its own"], [];
        "no descriptor for the other family":
            Story::of(vec![failing(DIRECT, Ipv4, Reason::HttpTimeout), failing(DIRECT, Ipv6, Reason::CanaryExhausted)])
            => "own_resources", Down(Reason::CanaryExhausted), Canary, [], [];
        "ended without a word": on_path(Story::of(vec![failing(DIRECT, Ipv4, Reason::TlsReset)]), unwalked)
            => "own_resources", Down(Reason::CanaryExhausted), Canary, ["ended before tls without a result"], [];
        "slow by a second": late(Reason::TlsTimeout, 1000)
            => "own_slowness", Down(Reason::CanaryExhausted), Canary, ["woke up 1.0 s late"], [];
        "slow, and refused at once": late(Reason::TcpRefused, 5000)
            => "own_reason", Down(Reason::TcpRefused), Network, [], [];
        "in time": late(Reason::HttpTimeout, 900)
            => "own_reason", Down(Reason::HttpTimeout), Provider, [], ["never later than 900 ms"];
        "slow answers, seen slowly": with(Story::of(vec![working(DIRECT, Ipv4)]), |story| {
                story.outcomes[0].findings.push(Finding(failure(Reason::HttpSlow)));
                story.lag = Duration::from_secs(2);
            }) => "own_slowness", Degraded(Reason::CanaryExhausted), Canary, ["woke up 2.0 s late"], [];
    }
}

fn nothing_reachable() -> Vec<Told> {
    use Reason::{DnsServfail, DnsTimeout, Offline, ProxyTimeout, TcpRefused, TcpTimeout, TcpUnreachable};
    let two = |state: fn() -> State| {
        Story::failing(TcpTimeout).neighbour("one.example", "system", state()).neighbour(
            "two.example",
            "system",
            state(),
        )
    };
    told! {
        "the control is silent too": Story::failing(TcpTimeout).tried(control_fails(TcpUnreachable))
            => "offline", Down(Offline), Network, ["control.example/ fails on the same route direct as well"], [];
        "no resolver, no control": Story::failing(DnsTimeout).tried(control_fails(DnsTimeout))
            => "offline", Down(Offline), Network, [], [];
        "two other targets": two(|| fails(TcpTimeout, None))
            => "offline", Down(Offline), Network, ["of other targets with other hosts, 2 of 2 fail"], [];
        "one other target is not enough": Story::failing(TcpTimeout).neighbour("one.example", "system", fails(TcpTimeout, None))
            => "own_reason", Down(TcpTimeout), Network, [], [];
        "other targets of the same host tell nothing":
            Story::failing(TcpTimeout)
                .neighbour("api.example.com", "system", fails(TcpTimeout, None))
                .neighbour("api.example.com", "system", fails(TcpTimeout, None))
            => "own_reason", Down(TcpTimeout), Network, [], [];
        "another target works": two(|| fails(TcpTimeout, None)).neighbour("three.example", "system", State::Works)
            => "own_reason", Down(TcpTimeout), Network, [], ["of the other targets, 1 of 3 work"];
        "another target is only looked up, which the resolver may answer by itself":
            with(two(|| fails(TcpTimeout, None)).neighbour("three.example", "system", State::Works), |story| {
                story.neighbours[2].top = Layer::Dns;
            }) => "offline", Down(Offline), Network, ["of other targets with other hosts, 2 of 2 fail"], [];
        "another target is walked as far as a connection":
            with(two(|| fails(TcpTimeout, None)).neighbour("three.example", "system", State::Works), |story| {
                story.neighbours[2].top = Layer::Proxy;
            }) => "own_reason", Down(TcpTimeout), Network, [], ["of the other targets, 1 of 3 work"];
        "another target is refused, so there is a network": two(|| fails(TcpRefused, None))
            => "own_reason", Down(TcpTimeout), Network, [], [];
        "a control answers": Story::failing(TcpTimeout).tried(control_fails(TcpTimeout)).tried(control_works())
            => "only_this_destination", Down(TcpTimeout), Network, ["the network here is up"], [];
        "another resolver answers": Story::failing(DnsTimeout).tried(control_fails(DnsTimeout)).tried(other_resolver(other_answers()))
            => "resolver_fails_for_all", Down(DnsTimeout), Resolver, ["resolver system fails for control.example", "public has 198.51.100.7"], [];
        "the resolver speaks": Story::failing(DnsServfail).tried(control_fails(DnsServfail))
            => "resolver_fails_for_all", Down(DnsServfail), Resolver, ["fails for control.example as well (dns_servfail)"], [];
        "through a proxy that is silent": Story::of(vec![failing(PROXY, Any, ProxyTimeout)]).tried(control(failing(PROXY, Any, ProxyTimeout)))
            => "proxy_fails_for_all", Down(ProxyTimeout), Proxy, ["the route corp fails for control.example"], [];
        "what could not be tried tells nothing": Story::failing(TcpTimeout).tried(Trial::Unknown("no control".to_owned()))
            => "own_reason", Down(TcpTimeout), Network, [], [];
    }
}

fn leads_nowhere() -> Stage<DnsEvidence> {
    let mut stage = other_answers();
    if let Stage::Passed { evidence, .. } = &mut stage {
        evidence.addresses = vec![[0, 0, 0, 0].into()];
        evidence.unexpected = None;
    }
    stage
}

fn names() -> Vec<Told> {
    use Reason::{
        DnsNodata, DnsNxdomain, DnsServfail, DnsSinkholed, DnsUnexpectedAddress, ProxyRequired, TcpRefused,
    };
    let hosts = |reason| {
        on_path(Story::failing(reason), |outcome| {
            if let Stage::Passed { evidence, .. } = &mut outcome.stages.dns {
                evidence.source = AnswerSource::HostsFile;
            }
        })
    };
    let beside =
        |stage| with(Story::failing(DnsUnexpectedAddress), |story| story.lookups.push(lookup(stage)));
    told! {
        "blocked in the hosts file": hosts(DnsSinkholed)
            => "hosts_file", Down(DnsSinkholed), Canary, ["this machine's hosts file"], [];
        "refused at an address of the hosts file": hosts(TcpRefused)
            => "own_reason", Down(TcpRefused), Network, ["this machine's hosts file"], [];
        "sinkholed by the resolver": Story::failing(DnsSinkholed).tried(other_resolver(other_answers()))
            => "other_resolver_knows", Down(DnsSinkholed), Resolver, ["resolver public has 198.51.100.7, inside"], [];
        "rewritten, by the lookups of the run": beside(other_answers())
            => "other_resolver_knows", Down(DnsUnexpectedAddress), Resolver, ["resolver public has 198.51.100.7"], [];
        "sinkholed everywhere": Story::failing(DnsSinkholed).tried(other_resolver(leads_nowhere()))
            => "own_reason", Down(DnsSinkholed), Resolver, [], [];
        "unknown here, known elsewhere": Story::failing(DnsNxdomain).tried(other_resolver(other_answers()))
            => "other_resolver_knows", Down(DnsNxdomain), Resolver, ["resolver public has"], [];
        "unknown everywhere": Story::failing(DnsNxdomain).tried(other_resolver(other_fails(DnsNxdomain)))
            => "name_nowhere", Down(DnsNxdomain), Config, ["1 other resolver has no A for api.example.com"], [];
        "the provider's name is gone": with(
                Story::failing(DnsNodata).tried(other_resolver(other_fails(DnsNodata))),
                |story| {
                    story.target = public_target();
                    story.outcomes[0].endpoint = "https://api.anthropic.com/".into();
                    story.follow_ups[0].wanted.endpoint = "https://api.anthropic.com/".into();
                },
            ) => "name_nowhere", Down(DnsNodata), Provider, ["api.anthropic.com"], [];
        "the other resolver is no help": Story::failing(DnsServfail).tried(other_resolver(other_fails(Reason::DnsTimeout)))
            => "own_reason", Down(DnsServfail), Resolver, ["resolver public could not be asked either (dns_timeout)"], [];
        "other names resolve": Story::failing(DnsServfail).tried(control_works())
            => "only_this_name", Down(DnsServfail), Resolver, ["system answers for control.example"], ["control.example/ answers"];
        "other targets ask the same resolver in vain":
            Story::failing(DnsServfail).neighbour("one.example", "system", fails(DnsServfail, None))
            => "resolver_fails_for_all", Down(DnsServfail), Resolver, ["fails for one.example"], [];
        "other targets ask another resolver":
            Story::failing(DnsServfail).neighbour("one.example", "public", fails(DnsServfail, None))
            => "own_reason", Down(DnsServfail), Resolver, [], [];
        "names are the proxy's business": Story::failing(DnsNxdomain).tried(by_proxy())
            => "proxy_required", Down(ProxyRequired), Network, ["the route corp works"], [];
    }
}

fn proxies() -> Vec<Told> {
    use Reason::{ProxyDenied, ProxyRequired, ProxyUnreachable, TcpTimeout, TlsReset};
    let through = |reason| Story::of(vec![failing(PROXY, Any, reason)]);
    let direct = || Trial::OtherRoute { route: DIRECT.into(), outcomes: vec![working(DIRECT, Ipv4)] };
    let both = |reason| Story::of(vec![failing(DIRECT, Ipv4, reason), working(PROXY, Any)]);
    let reached = |reason| {
        let mut outcome = working(DIRECT, Ipv4);
        outcome.findings.push(Finding(failure(reason)));
        outcome
    };
    let by_other_direct = Trial::OtherRoute { route: "env".into(), outcomes: vec![working(DIRECT, Ipv4)] };
    told! {
        "the direct way is blocked": Story::failing(TcpTimeout).tried(by_proxy())
            => "proxy_required", Down(ProxyRequired), Network, ["the route corp works, in 125 ms", "the words of tcp_timeout"], [];
        "up through the proxy": both(TlsReset)
            => "proxy_required", Degraded(ProxyRequired), Network, ["1 of 2 paths fail"], [];
        "the key is refused on one way": both(Reason::AuthInvalid)
            => "own_reason", Degraded(Reason::AuthInvalid), Account, ["the route corp works"], [];
        "the API answers behind a wrong answer of DNS":
            Story::of(vec![reached(Reason::DnsSinkholed)]).tried(by_proxy())
            => "own_reason", Down(Reason::DnsSinkholed), Resolver, ["the route corp works"], [];
        "the API refuses behind a wrong answer of DNS": on_path(Story::failing(Reason::AuthInvalid), |outcome| {
                outcome.findings.push(Finding(failure(Reason::DnsUnexpectedAddress)));
            }).tried(by_proxy())
            => "own_reason", Down(Reason::DnsUnexpectedAddress), Resolver, [], [];
        "nothing answers behind a wrong answer of DNS": Story::failing(Reason::DnsSinkholed).tried(by_proxy())
            => "proxy_required", Down(ProxyRequired), Network, ["the route corp works"], [];
        "another direct way is no proxy": Story::failing(TcpTimeout).tried(by_other_direct)
            => "own_reason", Down(TcpTimeout), Network, ["the route env works"], [];
        "broken for other targets": with(
                through(ProxyUnreachable).neighbour("one.example", "system", fails(ProxyUnreachable, None)), |_| ()
            ) => "proxy_fails_for_all", Down(ProxyUnreachable), Proxy, ["fails for one.example"], [];
        "broken, and direct works": through(ProxyUnreachable).tried(direct())
            => "proxy_not_needed", Down(ProxyUnreachable), Proxy, ["the route direct works"], [];
        "denied for this host": through(ProxyDenied).tried(control(working(PROXY, Any)))
            => "proxy_refuses_this", Down(ProxyDenied), Proxy, ["the route corp reaches control.example"], [];
        "denied, and other targets get through":
            through(ProxyDenied).neighbour("one.example", "system", State::Works)
            => "own_reason", Down(ProxyDenied), Proxy, [], ["of the other targets, 1 of 1 work"];
    }
}

fn families() -> Vec<Told> {
    use Reason::{AuthInvalid, DnsServfail, Ipv4Broken, Ipv6Broken, TcpTimeout, TcpUnreachable, TlsTimeout};
    let pair = |ipv4: Reason, ipv6: Reason| {
        Story::of(vec![failing(DIRECT, Ipv4, ipv4), failing(DIRECT, Ipv6, ipv6)])
    };
    let one = |bad: Family, good: Family, reason| {
        Story::of(vec![failing(DIRECT, bad, reason), working(DIRECT, good)])
    };
    told! {
        "IPv6 does not connect": one(Ipv6, Ipv4, TcpTimeout)
            => "family_broken", Degraded(Ipv6Broken), Network, ["IPv4 works on the same route"], [];
        "IPv4 does not shake hands": one(Ipv4, Ipv6, TlsTimeout)
            => "family_broken", Degraded(Ipv4Broken), Network, ["IPv6 works on the same route"], [];
        "the name has no IPv6 answer": one(Ipv6, Ipv4, DnsServfail)
            => "own_reason", Degraded(DnsServfail), Resolver, [], [];
        "only one family is walked": Story::of(vec![failing(DIRECT, Ipv6, TcpTimeout)])
                .tried(Trial::OtherFamily(vec![working(DIRECT, Ipv4)]))
            => "other_family_would_work", Down(Ipv6Broken), Network, ["IPv4 works"], [];
        "this machine has no IPv6": pair(AuthInvalid, TcpUnreachable)
            => "own_reason", Down(AuthInvalid), Account, ["2 of 2 paths fail"], ["the certificate verified"];
        "the family that gets further": pair(TcpTimeout, TlsTimeout)
            => "own_reason", Down(TlsTimeout), Network, [], [];
        "equally far": pair(TcpTimeout, Reason::TcpRefused)
            => "own_reason", Down(Reason::TcpRefused), Network, [], [];
        "no address over one, no way over the other": pair(DnsServfail, TcpUnreachable)
            => "own_reason", Down(DnsServfail), Resolver, [], [];
        "rewritten over one, no way over the other": pair(Reason::DnsSinkholed, TcpUnreachable)
            => "own_reason", Down(Reason::DnsSinkholed), Resolver, [], [];
    }
}

fn passing() -> Vec<Told> {
    use Reason::{DnsTimeout, HttpReset, TcpTimeout, TlsReset};
    let one = |reason| Story::of(vec![failing(DIRECT, Ipv4, reason)]);
    let again = |outcomes| Trial::Again(outcomes);
    let passed = || again(vec![failing(DIRECT, Ipv4, TlsReset), working(DIRECT, Ipv4)]);
    let lasts = |reason| again(vec![failing(DIRECT, Ipv4, reason), failing(DIRECT, Ipv4, reason)]);
    told! {
        "cut once, and other handshakes are answered": one(TlsReset).tried(neutral(true)).tried(passed())
            => "comes_and_goes", Down(TlsReset), Network, ["it worked 1 of 2 times"], [];
        "the name is there again, and a proxy gets through":
            one(Reason::DnsNxdomain).tried(by_proxy()).tried(again(vec![working(DIRECT, Ipv4), working(DIRECT, Ipv4)]))
            => "comes_and_goes", Down(Reason::DnsNxdomain), Resolver, ["comes and goes"], [];
        "silent once, and a proxy gets through": one(TcpTimeout).tried(by_proxy()).tried(passed())
            => "comes_and_goes", Down(TcpTimeout), Network, ["comes and goes"], [];
        "the name was not answered once": one(DnsTimeout).tried(control_fails(DnsTimeout)).tried(passed())
            => "comes_and_goes", Down(DnsTimeout), Resolver, ["comes and goes"], [];
        "it lasts, and is the name": one(TlsReset).tried(neutral(true)).tried(lasts(TlsReset))
            => "name_filtered", Down(Reason::TlsSniFiltered), Network, [], ["it fails the same"];
        "it fails in a higher layer now": one(TcpTimeout).tried(again(vec![failing(DIRECT, Ipv4, TlsReset)]))
            => "comes_and_goes", Down(TcpTimeout), Network, ["it worked 1 of 1 times"], [];
        "the free call works, and it was another one": one(HttpReset).tried(passed())
            => "own_reason", Down(HttpReset), Network, [], [];
    }
}

fn certificates() -> Vec<Told> {
    use Reason::{TlsCertExpired, TlsCertNotYetValid, TlsClockSkew, TlsIntercepted, TlsUntrustedIssuer};
    let one = |reason| Story::of(vec![shown(reason)]);
    let year = Duration::from_secs(365 * 86_400);
    let machine_only = |outcome: &mut Outcome| {
        if let Stage::Failed { evidence, .. } = &mut outcome.stages.tls {
            evidence.trusted_by = Some(TrustedBy { mozilla: false, machine: Some(true) });
        }
    };
    let trusted_control = |mozilla| {
        let mut outcome = working(DIRECT, Ipv4);
        let trusted_by = Some(TrustedBy { mozilla, machine: Some(true) });
        if let Stage::Passed { evidence, .. } = &mut outcome.stages.tls {
            *evidence = crate::outcome::TlsEvidence { trusted_by, ..by_issuer() };
        }
        control(outcome)
    };
    told! {
        "our clock is ahead": one(TlsCertExpired).tried(clocks(then() + Duration::from_secs(10), 400 * 86_400))
            => "clock_skew", Down(TlsClockSkew), Canary, ["clock is 400d ahead"], [];
        "our clock is right": one(TlsCertExpired).tried(clocks(then() + year * 2, 1))
            => "own_reason", Down(TlsCertExpired), Provider, ["issued by CN=Gateway"], ["differ by 1.0 s only"];
        "our clock is wrong, and it has expired all the same": one(TlsCertExpired).tried(clocks(then() + year * 2, 120))
            => "own_reason", Down(TlsCertExpired), Provider, ["2m ahead"], [];
        "the interceptor's expired": on_path(one(TlsCertExpired), machine_only)
            => "interceptor_expired", Down(TlsCertExpired), Network, ["only this machine trusts the issuer CN=Gateway"], [];
        "the interceptor's expired, for all": one(TlsCertExpired).neighbour("one.example", "system", fails(TlsCertExpired, Some(ISSUER)))
            => "interceptor_expired", Down(TlsCertExpired), Network, ["one.example shows a certificate of the same issuer"], [];
        "several at once": one(TlsCertNotYetValid).neighbour("one.example", "system", fails(TlsCertNotYetValid, Some("CN=Public")))
            => "several_out_of_date", Down(TlsClockSkew), Canary, ["one.example seems out of date as well"], [];
        "several at once, by the control": one(TlsCertExpired).tried(control_fails(TlsCertExpired))
            => "several_out_of_date", Down(TlsClockSkew), Canary, ["control.example seems out of date"], [];
        "several at once by a right clock":
            one(TlsCertExpired).tried(control_fails(TlsCertExpired)).tried(clocks(then() + year * 2, 2))
            => "own_reason", Down(TlsCertExpired), Provider, [], ["differ by 2.0 s"];
        "the same issuer everywhere": one(TlsUntrustedIssuer).tried(control(shown(TlsUntrustedIssuer)))
            => "intercepted_for_all", Down(TlsIntercepted), Network, ["control.example shows a certificate of the same issuer, CN=Gateway"], [];
        "the same issuer, which this machine trusts elsewhere": one(TlsUntrustedIssuer).tried(trusted_control(false))
            => "intercepted_for_all", Down(TlsIntercepted), Network, [], [];
        "the same issuer at another target": one(TlsIntercepted).neighbour("one.example", "system", fails(TlsUntrustedIssuer, Some(ISSUER)))
            => "intercepted_for_all", Down(TlsIntercepted), Network, ["one.example shows"], [];
        "another issuer at another target": one(TlsUntrustedIssuer).neighbour("one.example", "system", fails(TlsUntrustedIssuer, Some("CN=Own")))
            => "own_reason", Down(TlsUntrustedIssuer), Network, [], [];
        "only here": one(TlsUntrustedIssuer).tried(control_works())
            => "only_this_destination", Down(TlsUntrustedIssuer), Network, ["control.example/ answers"], ["TCP connected to 198.51.100.7:443 in 12 ms (round trip 11 ms)"];
    }
}

fn handshakes() -> Vec<Told> {
    use Reason::{TlsLargeHelloDropped, TlsMtuBlackhole, TlsNotTls, TlsReset, TlsSniFiltered, TlsTimeout};
    let page = |status, location: Option<&str>| {
        let location = location.map(str::to_owned);
        Trial::PlainHttp(PlainAnswer::Http { status, location, title: None, server: None })
    };
    told! {
        "the name is filtered": Story::failing(TlsReset).tried(neutral(true)).tried(small(false)).tried(classical(false))
            => "name_filtered", Down(TlsSniFiltered), Network,
            ["answers in TLS when asked for neutral.example instead of api.example.com"], ["not the size of packets", "not its size"];
        "large packets are lost": Story::failing(TlsTimeout).tried(neutral(false)).tried(small(true)).tried(classical(true))
            => "mtu_black_hole", Down(TlsMtuBlackhole), Network, ["at most 1200 bytes"], ["not a filter on the name"];
        "the hello is too large": Story::failing(TlsTimeout).tried(neutral(false)).tried(small(false)).tried(classical(true))
            => "large_hello", Down(TlsLargeHelloDropped), Network, ["small client hello"], ["not the size of packets"];
        "not the name, if a small hello helps": Story::failing(TlsReset).tried(refused_by_name()).tried(classical(true))
            => "large_hello", Down(TlsLargeHelloDropped), Network, [], [];
        "nothing helps": Story::failing(TlsTimeout).tried(neutral(false)).tried(small(false)).tried(classical(false))
            => "own_reason", Down(TlsTimeout), Network, [], ["not a filter", "DNS (system) answered with 1 address inside the provider's networks in 3 ms"];
        "a handshake that fails otherwise": Story::failing(Reason::TlsAlert).tried(neutral(true)).tried(small(true))
            => "own_reason", Down(Reason::TlsAlert), Provider, [], [];
        "a portal": Story::failing(TlsNotTls).tried(control_works()).tried(page(302, Some("http://portal.example/")))
            => "plain_http_on_port", Down(TlsNotTls), Network, ["answered with 302, to http://portal.example/"], [];
        "a service without TLS": Story::failing(TlsNotTls).tried(control_works()).tried(page(200, None))
            => "plain_http_on_port", Down(TlsNotTls), Config, ["answered with 200"], [];
        "plain HTTP and nothing to compare": Story::failing(TlsNotTls).tried(page(200, None))
            => "plain_http_on_port", Down(TlsNotTls), Network, [], [];
    }
}

fn calls() -> Vec<Told> {
    use Reason::{
        AuthForbidden, AuthInvalid, Http2Broken, HttpReset, HttpTimeout, NotTheApi, RateLimited,
        RegionBlocked,
    };
    let keyless = |reason| Trial::Keyless(vec![failing(DIRECT, Ipv4, reason)]);
    let answers = || Trial::Keyless(vec![working(DIRECT, Ipv4)]);
    let idle = |failed: bool| Trial::IdleHold {
        held: Duration::from_secs(60),
        failure: failed.then(|| failure(HttpReset)),
    };
    let http1 = |reason| Trial::Http1(vec![failing(DIRECT, Ipv4, reason)]);
    told! {
        "HTTP/2 is broken": Story::failing(HttpTimeout).tried(Trial::Http1(vec![working(DIRECT, Ipv4)]))
            => "http2_broken", Down(Http2Broken), Network, ["over HTTP/1.1 is answered"], [];
        "HTTP/2 is broken, and the key refused": Story::failing(HttpReset).tried(http1(AuthInvalid))
            => "http2_broken", Down(Http2Broken), Network, [], [];
        "HTTP/1.1 is silent too": Story::failing(HttpTimeout).tried(http1(HttpTimeout))
            => "own_reason", Down(HttpTimeout), Provider, [], ["not HTTP/2", "the certificate verified"];
        "idle connections are forgotten": Story::failing(Reason::StreamCut).tried(idle(true))
            => "idle_connections_cut", Down(Reason::StreamCut), Network, ["kept idle for 60 s does not work"], [];
        "idle connections are kept": Story::failing(HttpReset).tried(idle(false))
            => "own_reason", Down(HttpReset), Network, [], ["still works"];
        "a portal for all": Story::failing(NotTheApi).tried(control_fails(NotTheApi))
            => "portal_for_all", Down(NotTheApi), Network, ["control.example/ fails"], [];
        "the region, not the key": Story::failing(AuthForbidden).tried(keyless(RegionBlocked))
            => "refused_before_the_key", Down(RegionBlocked), Provider, ["a call without a key fails as well (region_blocked)"], [];
        "the key": Story::failing(AuthInvalid).tried(answers())
            => "key_refused", Down(AuthInvalid), Account, ["the API answers a call without a key in 125 ms", "HTTP 403"], [];
        "the region for everybody": Story::failing(RegionBlocked).tried(keyless(RegionBlocked))
            => "not_the_key", Down(RegionBlocked), Provider, [], ["it is not the key"];
        "the last paid call was refused, and a free one works": on_path(Story::of(vec![working(DIRECT, Ipv4)]), |outcome| {
                outcome.findings.push(Finding(failure(Reason::Billing)));
            }) => "own_reason", Down(Reason::Billing), Account, [], ["the call models works on this path"];
        "several APIs fail alike": Story::failing(HttpReset).neighbour("one.example", "system", fails(HttpReset, None))
            => "own_reason", Down(HttpReset), Network, ["1 of 1 fail in the same way"], [];
        "silent with a key": Story::failing(HttpTimeout).tried(answers())
            => "api_answers_without_key", Down(HttpTimeout), Provider, ["without a key"], [];
        "asked to wait": on_path(Story::failing(RateLimited), |outcome| {
                if let Stage::Failed { evidence, .. } = &mut outcome.stages.api {
                    evidence.retry_after = Some(Duration::from_millis(6_500));
                }
            }) => "own_reason", Down(RateLimited), Account, ["asks to wait 6.5 s"], [];
    }
}

fn noticed() -> Vec<Told> {
    use Reason::{DnsResolverDown, HttpTimeout, TlsCertExpiring};
    let found = |reason| {
        with(Story::of(vec![working(DIRECT, Ipv4)]), |story| {
            story.outcomes[0].findings.push(Finding(failure(reason)));
        })
    };
    let run = |story, reason| {
        with(story, |story: &mut Story| {
            story.findings.push((super::story::ENDPOINT.into(), Finding(failure(reason))))
        })
    };
    let retried = |story: Story| {
        on_path(story, |outcome| {
            outcome.retries.push(Attempt {
                waited: Duration::ZERO,
                took: Duration::ZERO,
                failure: None,
                call: None,
            });
        })
    };
    let endpoints = || {
        let mut broken = failing(DIRECT, Ipv4, Reason::AuthInvalid);
        broken.endpoint = OTHER.into();
        Story::of(vec![working(DIRECT, Ipv4), broken])
    };
    told! {
        "expiring": found(TlsCertExpiring)
            => "noticed", Degraded(TlsCertExpiring), Provider, ["the words of tls_cert_expiring"], [];
        "a resolver of several is down": run(Story::of(vec![working(DIRECT, Ipv4)]), DnsResolverDown)
            => "noticed", Degraded(DnsResolverDown), Resolver, ["the words of dns_resolver_down"], [];
        "the lowest of two": run(found(TlsCertExpiring), DnsResolverDown)
            => "noticed", Degraded(DnsResolverDown), Resolver, [], [];
        "worked when tried again": retried(Story::failing(HttpTimeout))
            => "worked_when_retried", Degraded(HttpTimeout), Provider, ["it worked after 1 more"], [];
        "what fails comes before what is noticed below it": run(endpoints(), DnsResolverDown)
            => "own_reason", Degraded(Reason::AuthInvalid), Account, ["the endpoint https://api.example.com/ works"], [];
    }
}

fn stories() -> Vec<Vec<Told>> {
    vec![
        ourselves(),
        nothing_reachable(),
        names(),
        proxies(),
        families(),
        passing(),
        certificates(),
        handshakes(),
        calls(),
        noticed(),
        doubts::others(),
        doubts::names(),
        doubts::handshakes(),
        doubts::calls(),
        doubts::kept(),
    ]
}

#[test]
fn every_story_has_its_verdict_and_no_rule_is_without_one() {
    let decided: BTreeSet<_> = stories().into_iter().flat_map(check).collect();
    let named: BTreeSet<_> = RULES.iter().chain(NOTICED).map(|rule| rule.name).collect();
    assert_eq!(decided, named);
}

#[test]
fn rules_have_names_of_their_own() {
    for table in [RULES, NOTICED] {
        let names: HashSet<_> = table.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), table.len());
    }
}

#[test]
fn every_reason_that_is_the_only_trouble_is_the_verdict() {
    for reason in Reason::ALL.iter().copied() {
        let route = if reason.layer() == Layer::Proxy { PROXY } else { DIRECT };
        let story = Story::of(vec![failing(route, Ipv4, reason)]);
        let diagnosis = story.diagnosis();
        assert_eq!(diagnosis.verdict, Down(reason));
        assert_eq!((diagnosis.layer, diagnosis.blame), (Some(reason.layer()), Some(reason.blame())));
        let own = diagnosis.findings.first().map(|found| found.0.clone());
        assert_eq!(own, Some(failure(reason)));
        assert_eq!(diagnosis.facts.host.as_deref(), Some("api.example.com"));
    }
}

#[test]
fn every_reason_that_is_only_noticed_is_degraded() {
    for reason in Reason::ALL.iter().copied().filter(|reason| reason.severity() == Severity::Degraded) {
        let mut outcome = working(DIRECT, Ipv4);
        outcome.findings.push(Finding(failure(reason)));
        assert_eq!(Story::of(vec![outcome]).diagnosis().verdict, Degraded(reason));
    }
}

#[test]
fn what_works_is_fine() {
    let diagnosis =
        Story::of(vec![working(DIRECT, Ipv4), working(DIRECT, Ipv6), working(PROXY, Any)]).diagnosis();
    let Diagnosis { verdict, layer, blame, seen, findings, .. } = &diagnosis;
    assert_eq!((*verdict, *layer, *blame), (Verdict::Ok, None, None));
    assert!(seen.is_none() && findings.is_empty());
    assert_eq!(told(&diagnosis.evidence), "3 of 3 paths work");
}

#[test]
fn the_path_really_used_decides_while_none_works() {
    let outcomes =
        || vec![failing(DIRECT, Ipv4, Reason::TcpTimeout), failing(PROXY, Any, Reason::ProxyDenied)];
    for (route, verdict) in
        [(None, Reason::TcpTimeout), (Some(PROXY), Reason::ProxyDenied), (Some("gone"), Reason::ProxyDenied)]
    {
        let story = with(Story::of(outcomes()), |story| story.route = route);
        let diagnosis = story.diagnosis();
        assert_eq!(diagnosis.verdict, Down(verdict), "{route:?}");
        let reasons: Vec<_> = diagnosis.findings.iter().map(|found| found.0.reason).collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
    }
}

#[test]
fn without_journeys_lookups_speak_and_without_these_nobody_does() {
    let mut story = Story::of(Vec::new());
    let diagnosis = story.diagnosis();
    assert_eq!((diagnosis.verdict, diagnosis.blame), (Down(Reason::CanaryExhausted), Some(Canary)));
    assert!(told(&diagnosis.evidence).contains("no path was walked"));
    story.lookups.push(lookup(other_fails(Reason::DnsServfail)));
    let diagnosis = story.diagnosis();
    assert_eq!((diagnosis.verdict, diagnosis.blame), (Down(Reason::DnsServfail), Some(Resolver)));
    assert_eq!(diagnosis.seen.map(|seen| seen.route.to_string()), Some(DIRECT.to_owned()));
}
