//! Which experiments would tell more.
//!
//! Promises: only such as can tell something of this trouble now, and none twice; a trouble that says itself what it is,
//! that is the canary's own or keeps nothing from working asks for none.

use std::collections::HashSet;
use std::sync::Arc;

use super::infer::{Lead, View, is_about_time, is_http2, lasts};
use super::{Case, Diagnosis, Verdict};
use crate::outcome::{Experiment, Family, Reason, Stage, Wanted};

/// Experiments of one call at the most.
pub const MOST: usize = 7;

/// The experiments that are worth making, the most telling first; none that was made already.
#[must_use]
pub fn wanted(case: &Case<'_>, diagnosis: &Diagnosis) -> Vec<Wanted> {
    let (Verdict::Down(reason) | Verdict::Degraded(reason)) = diagnosis.verdict else { return Vec::new() };
    let Some(seen) = &diagnosis.seen else { return Vec::new() };
    let view = View::of(case, case.outcomes.to_vec());
    // A verdict that is more than what the path itself says is known already.
    let lead = view.failing().into_iter().find(|lead| {
        let path = &lead.outcome.path;
        let there =
            lead.outcome.endpoint == seen.endpoint && path.route == seen.route && path.family == seen.family;
        there && (lead.reason == reason || is_slow_for_long(&view, lead, reason))
    });
    let Some(lead) = lead else { return Vec::new() };
    let telling = if lead.reason == reason { telling(reason) } else { &[Experiment::Control] };
    let made: HashSet<_> = case
        .follow_ups
        .iter()
        .map(|made| (made.wanted.experiment, &*made.wanted.endpoint, &*made.wanted.route))
        .collect();
    let (endpoint, path) = (&lead.outcome.endpoint, &lead.outcome.path);
    telling
        .iter()
        .filter(|experiment| !made.contains(&(**experiment, &**endpoint, &*path.route)))
        .filter(|experiment| can_tell(**experiment, &view, &lead))
        .take(MOST)
        .map(|experiment| Wanted {
            experiment: *experiment,
            endpoint: Arc::clone(endpoint),
            route: Arc::clone(&path.route),
            family: path.family,
            address: lead.outcome.stages.tcp.evidence().and_then(|tcp| tcp.connected()),
        })
        .collect()
}

/// Whether a trouble that our own slowness explains has lasted, so that it is worth a look whether others work.
fn is_slow_for_long(view: &View<'_>, lead: &Lead<'_>, reason: Reason) -> bool {
    reason == Reason::CanaryExhausted && is_about_time(lead.reason) && lasts(view.late_runs)
}

/// What tells more of a reason, the most telling first. The same again is the last to begin: where the trouble ends while
/// others are under way, what those find proves nothing, and this one tells.
fn telling(reason: Reason) -> &'static [Experiment] {
    use Experiment::{
        Again, ClassicalKeys, Control, Http1, Keyless, NeutralName, OtherFamily, OtherResolver, OtherRoute,
        PlainHttp, ServerClock, SmallSegments,
    };
    use Reason as R;
    match reason {
        R::DnsServfail
        | R::DnsTimeout
        | R::DnsNxdomain
        | R::DnsNodata
        | R::DnsRefused
        | R::DnsMalformed
        | R::DnsSinkholed
        | R::DnsUnexpectedAddress
        | R::DnsTlsFailed
        | R::DnsBogus => &[OtherResolver, Control, OtherRoute, Again],
        R::TcpRefused | R::TcpTimeout | R::TcpReset | R::TcpUnreachable => {
            &[Control, OtherRoute, OtherFamily, Again]
        }
        R::ProxyUnreachable | R::ProxyDenied | R::ProxyFailed | R::ProxyTimeout | R::ProxyProtocol => {
            &[Control, OtherRoute, Again]
        }
        // It wants credentials for whatever is behind it.
        R::ProxyAuthRequired | R::ProxySchemeUnsupported => &[OtherRoute],
        R::TlsReset | R::TlsTimeout => {
            &[NeutralName, SmallSegments, ClassicalKeys, Control, OtherRoute, OtherFamily, Again]
        }
        R::TlsNotTls => &[PlainHttp, Control, OtherRoute, OtherFamily, Again],
        R::TlsCertExpired | R::TlsCertNotYetValid => &[ServerClock, Control],
        R::TlsUntrustedIssuer | R::TlsIntercepted | R::TlsSelfSigned | R::TlsNameMismatch => {
            &[Control, OtherRoute, OtherFamily, Again]
        }
        R::HttpTimeout | R::HttpReset | R::HttpProtocol => {
            &[Http1, Keyless, Control, OtherRoute, OtherFamily, Again]
        }
        R::StreamStalled | R::StreamCut => &[Keyless, Control],
        R::NotTheApi => &[Control, Keyless, OtherRoute],
        R::EdgeChallenge | R::RegionBlocked => &[Keyless, OtherRoute],
        R::EdgeOriginUnreachable
        | R::AuthInvalid
        | R::AuthForbidden
        | R::TenantRestricted
        | R::UnexpectedStatus
        | R::UnexpectedBody
        | R::RequestRejected => &[Keyless],
        // What the answer or the handshake says plainly.
        R::TlsIncompleteChain | R::TlsRevoked | R::TlsVersion | R::TlsAlert | R::TlsClientCertRequired => &[],
        R::Billing
        | R::SpendLimit
        | R::RateLimited
        | R::ProviderOverloaded
        | R::ProviderError
        | R::ModelNotFound
        | R::StreamError => &[],
        // What only rules conclude.
        R::Offline
        | R::ProxyRequired
        | R::TlsSniFiltered
        | R::TlsMtuBlackhole
        | R::TlsLargeHelloDropped
        | R::TlsClockSkew
        | R::Http2Broken => &[],
        // Our own trouble, and what keeps nothing from working.
        R::CanaryExhausted
        | R::DnsDisagreement
        | R::DnsResolverDown
        | R::IdleDropped
        | R::AddressFailing
        | R::Ipv6Broken
        | R::Ipv4Broken
        | R::ProxyEnvDisagreement
        | R::TlsOldVersionAccepted
        | R::TlsCertExpiring
        | R::TlsInterceptedTrusted
        | R::HttpNotRedirected
        | R::HttpSlow
        | R::SlowFirstToken => &[],
    }
}

/// Whether an experiment can tell anything of this trouble.
fn can_tell(experiment: Experiment, view: &View<'_>, lead: &Lead<'_>) -> bool {
    let connected = lead.outcome.stages.tcp.evidence().is_some_and(|tcp| tcp.connected().is_some());
    match experiment {
        // They are made at the address that was reached.
        Experiment::NeutralName => lead.is_direct() && connected && view.sends_a_name(lead),
        Experiment::SmallSegments
        | Experiment::ClassicalKeys
        | Experiment::PlainHttp
        | Experiment::ServerClock => lead.is_direct() && connected,
        Experiment::Again => view.can_be_repeated(lead),
        Experiment::Http1 => is_http2(lead),
        // Without a key the call is that one already.
        Experiment::Keyless => view.target.api_key.is_some(),
        // An address needs no resolver.
        Experiment::OtherResolver => !matches!(lead.outcome.stages.dns, Stage::NotPlanned),
        // Where both are walked, both are known.
        Experiment::OtherFamily => {
            lead.outcome.path.family != Family::Any && view.same_way(lead).count() == 1
        }
        Experiment::OtherRoute => !view.another_route_works(lead),
        Experiment::Control => true,
        // It takes minutes, and tells of paths that work: it is made where it is asked for.
        Experiment::IdleHold => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::infer::story::{
        Story, by_proxy, classical, control_fails, failing, keyless_target, neutral, small, working,
    };
    use crate::outcome::{Finding, HttpVersion, Trial};
    use crate::target::DIRECT;
    use Experiment::{
        Again, ClassicalKeys, Control, Http1, Keyless, NeutralName, OtherFamily, OtherResolver, OtherRoute,
        PlainHttp, ServerClock, SmallSegments,
    };

    const V4: Family = Family::Ipv4;

    fn without_a_key(reason: Reason) -> Story {
        let mut story = Story::failing(reason);
        story.target = keyless_target();
        story
    }

    fn over_http1(reason: Reason) -> Story {
        let mut story = Story::failing(reason);
        if let Stage::Failed { evidence, .. } = &mut story.outcomes[0].stages.api {
            evidence.version = Some(HttpVersion::Http11);
        }
        story
    }

    #[test]
    fn only_what_can_tell_something_now_is_tried() {
        use Reason as R;
        let both =
            |ipv4, ipv6| Story::of(vec![failing(DIRECT, V4, ipv4), failing(DIRECT, Family::Ipv6, ipv6)]);
        let up = |bad| Story::of(vec![failing(DIRECT, Family::Ipv6, bad), working(DIRECT, V4)]);
        let expiring = || {
            let mut outcome = working(DIRECT, V4);
            outcome.findings.push(Finding::new(R::TlsCertExpiring, "soon"));
            Story::of(vec![outcome])
        };
        let tried = || {
            Story::failing(R::TlsTimeout).tried(neutral(false)).tried(small(false)).tried(classical(false))
        };
        let proxied = |reason| Story::of(vec![failing("corp", Family::Any, reason)]);
        for (what, story, expected) in [
            ("a name", Story::failing(R::DnsNxdomain), &[OtherResolver, Control, OtherRoute, Again][..]),
            ("a connection", Story::failing(R::TcpTimeout), &[Control, OtherRoute, OtherFamily, Again]),
            ("a connection over both", both(R::TcpTimeout, R::TcpTimeout), &[Control, OtherRoute, Again]),
            (
                "a handshake",
                Story::failing(R::TlsReset),
                &[NeutralName, SmallSegments, ClassicalKeys, Control, OtherRoute, OtherFamily, Again],
            ),
            ("a handshake, tried", tried(), &[Control, OtherRoute, OtherFamily, Again]),
            ("a handshake that is explained", Story::failing(R::TlsReset).tried(neutral(true)), &[]),
            ("a handshake in a tunnel", proxied(R::TlsReset), &[Control, OtherRoute, Again]),
            ("a proxy", proxied(R::ProxyUnreachable), &[Control, OtherRoute, Again]),
            ("a proxy that wants credentials", proxied(R::ProxyAuthRequired), &[OtherRoute]),
            (
                "a proxy, while the direct way works",
                Story::of(vec![failing("corp", Family::Any, R::ProxyUnreachable), working(DIRECT, V4)]),
                &[Control, Again],
            ),
            ("no TLS", Story::failing(R::TlsNotTls), &[PlainHttp, Control, OtherRoute, OtherFamily, Again]),
            ("a date", Story::failing(R::TlsCertExpired), &[ServerClock, Control]),
            (
                "silence over HTTP/2",
                Story::failing(R::HttpTimeout),
                &[Http1, Keyless, Control, OtherRoute, OtherFamily],
            ),
            (
                "silence over HTTP/1.1",
                over_http1(R::HttpTimeout),
                &[Keyless, Control, OtherRoute, OtherFamily],
            ),
            (
                "silence of the free call",
                without_a_key(R::HttpTimeout),
                &[Http1, Control, OtherRoute, OtherFamily, Again],
            ),
            ("a refused key", Story::failing(R::AuthInvalid), &[Keyless]),
            ("a refusal without a key", without_a_key(R::AuthForbidden), &[]),
            ("a rate limit", Story::failing(R::RateLimited), &[]),
            ("capacity", Story::failing(R::ProviderOverloaded), &[]),
            ("payment", Story::failing(R::Billing), &[]),
            ("our own trouble", Story::failing(R::CanaryExhausted), &[]),
            ("offline", Story::failing(R::TcpTimeout).tried(control_fails(R::TcpTimeout)), &[]),
            ("a required proxy", Story::failing(R::TcpTimeout).tried(by_proxy()), &[]),
            ("one broken family", up(R::TcpTimeout), &[]),
            ("a certificate that expires soon", expiring(), &[]),
            ("nothing", Story::of(vec![working(DIRECT, V4)]), &[]),
            ("no journey", Story::of(Vec::new()), &[]),
        ] {
            assert_eq!(story.wanted(), expected, "{what}");
        }
    }

    #[test]
    fn what_could_not_be_made_is_not_wanted_again() {
        let story = Story::failing(Reason::AuthInvalid);
        let asked = story.with(|case| wanted(case, &crate::diagnosis::infer(case)));
        assert_eq!(asked.len(), 1);
        let mut story = story.tried(Trial::Unknown("no free call".to_owned()));
        story.follow_ups[0].wanted = asked[0].clone();
        assert_eq!(story.wanted(), []);
    }

    #[test]
    fn experiments_are_made_at_the_address_that_was_reached() {
        let story = Story::failing(Reason::TlsTimeout);
        let wanted = story.with(|case| wanted(case, &crate::diagnosis::infer(case)));
        let first = wanted.first().unwrap();
        assert_eq!(first.address, Some(([198, 51, 100, 7], 443).into()));
        assert_eq!((&*first.route, first.family), (DIRECT, V4));
    }
}
