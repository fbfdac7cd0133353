//! What the demo shows: who is watched, and the ways to break them, each with what the canary must say of it.

use crate::outcome::Reason;
use crate::simulate::Fault;

/// One of those who are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Actor {
    /// Its name, which is the target's.
    pub(super) name: &'static str,
    /// Its host below the simulated domain.
    pub(super) host: &'static str,
    /// What it is, for who reads along.
    pub(super) about: &'static str,
}

/// One way to break one of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    /// Who is broken.
    pub(super) actor: Actor,
    /// What is switched on.
    pub(super) fault: Fault,
    /// What the canary must say of it. Experiments may tell more later, but only where there is room for them.
    pub(super) expected: Reason,
    /// What it looks like in real life.
    pub(super) like: &'static str,
}

/// Suffers from most of what follows.
pub(super) const CLAUDE: Actor =
    Actor { name: "claude", host: "api", about: "the Claude API; most of what follows happens to it" };
/// Answers token by token.
pub(super) const STREAM: Actor = Actor {
    name: "claude-stream",
    host: "stream",
    about: "the same, with an answer streamed token by token",
};
/// Is behind a proxy.
pub(super) const PROXIED: Actor =
    Actor { name: "claude-via-proxy", host: "proxied", about: "the same, through a company's proxy" };
/// Is always healthy.
pub(super) const OPENAI: Actor =
    Actor { name: "openai", host: "openai", about: "another provider, which stays healthy" };
/// Is always about to expire.
pub(super) const OLD: Actor = Actor {
    name: "old-certificate",
    host: "tls-expiring",
    about: "an API whose certificate has five days left",
};

/// All of them.
pub(super) const ACTORS: [Actor; 5] = [CLAUDE, STREAM, PROXIED, OPENAI, OLD];

/// Every scene, from the lowest layer to the highest.
pub(super) const SCENES: &[Scene] = &[
    scene(CLAUDE, Fault::DnsNxdomain, Reason::DnsNxdomain, "a resolver that filters names"),
    scene(CLAUDE, Fault::DnsTimeout, Reason::DnsTimeout, "a resolver that is down, or UDP port 53 blocked"),
    scene(CLAUDE, Fault::TcpRefused, Reason::TcpRefused, "a firewall that rejects the connection"),
    scene(CLAUDE, Fault::TcpTimeout, Reason::TcpTimeout, "a firewall that drops packets"),
    scene(PROXIED, Fault::ProxyDenied, Reason::ProxyDenied, "a proxy whose rules forbid the host"),
    scene(CLAUDE, Fault::TlsExpired, Reason::TlsCertExpired, "a renewal that was forgotten"),
    scene(CLAUDE, Fault::TlsUntrusted, Reason::TlsUntrustedIssuer, "a gateway with a certificate of its own"),
    scene(CLAUDE, Fault::TlsTimeout, Reason::TlsTimeout, "a network that filters by server name"),
    scene(CLAUDE, Fault::Portal, Reason::NotTheApi, "the login page of a guest network"),
    scene(CLAUDE, Fault::Http401Keyed, Reason::AuthInvalid, "a key that was revoked"),
    scene(CLAUDE, Fault::Http400Credit, Reason::Billing, "a prepaid account that ran empty"),
    scene(CLAUDE, Fault::Http429Ms, Reason::RateLimited, "another job that uses up the quota"),
    scene(CLAUDE, Fault::Http529, Reason::ProviderOverloaded, "a busy afternoon at the provider"),
    scene(CLAUDE, Fault::Http500, Reason::ProviderError, "an incident at the provider"),
    scene(CLAUDE, Fault::HttpSlow, Reason::HttpSlow, "the hour before an incident"),
    scene(STREAM, Fault::StreamStall, Reason::StreamStalled, "an answer that stops in the middle of a word"),
];

const fn scene(actor: Actor, fault: Fault, expected: Reason, like: &'static str) -> Scene {
    Scene { actor, fault, expected, like }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::outcome::{Layer, Severity};

    #[test]
    fn every_layer_is_broken_once_and_so_is_all_that_concerns_the_account_and_the_load() {
        let shown: BTreeSet<_> = SCENES.iter().map(|scene| scene.expected.layer()).collect();
        assert_eq!(shown, Layer::ALL.iter().copied().collect());
        let reasons: BTreeSet<_> = SCENES.iter().map(|scene| scene.expected).collect();
        assert_eq!(reasons.len(), SCENES.len(), "each says something else");
        for reason in [Reason::AuthInvalid, Reason::Billing, Reason::RateLimited, Reason::ProviderOverloaded]
        {
            assert!(reasons.contains(&reason), "{reason}");
        }
        assert!(reasons.iter().any(|reason| reason.severity() == Severity::Degraded));
    }

    #[test]
    fn only_those_who_act_are_broken_and_the_healthy_one_never_is() {
        let names: BTreeSet<_> = ACTORS.iter().map(|actor| actor.name).collect();
        assert_eq!(names.len(), ACTORS.len());
        assert!(SCENES.iter().all(|scene| ACTORS.contains(&scene.actor)));
        assert!(SCENES.iter().all(|scene| scene.actor != OPENAI && scene.actor != OLD));
    }
}
