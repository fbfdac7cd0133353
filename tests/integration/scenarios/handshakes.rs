//! Scenarios of TLS.

use super::scenario::{Scenario, at, degraded, down, host, scenario};

pub(super) const SCENARIOS: &[Scenario] = &[
    // T3
    scenario("T3 reset by server name", host!("tls-reset"), down("tls_sni_filtered", "tls", "network")),
    scenario("T3 closed by server name", host!("tls-eof"), down("tls_sni_filtered", "tls", "network")),
    scenario("T3 silence by server name", host!("tls-timeout"), down("tls_sni_filtered", "tls", "network")),
    scenario("T3 reset whatever the name", host!("tls-address-reset"), down("tls_reset", "tls", "network")),
    scenario(
        "T3 silence whatever the name",
        host!("tls-address-silent"),
        down("tls_timeout", "tls", "network"),
    ),
    scenario(
        "a large client hello is dropped",
        host!("tls-large-hello"),
        down("tls_large_hello_dropped", "tls", "network"),
    ),
    // C1
    scenario("C1 untrusted", host!("tls-untrusted"), down("tls_untrusted_issuer", "tls", "network")),
    scenario(
        "C1 untrusted, the root is sent",
        host!("tls-untrusted-root-sent"),
        down("tls_untrusted_issuer", "tls", "network"),
    ),
    scenario("C1 self-signed", host!("tls-self-signed"), down("tls_self_signed", "tls", "network")),
    scenario(
        "C1 the provider's own host is intercepted",
        at("https://api.anthropic.com:{home}").resolvers("home").tls(""),
        down("tls_intercepted", "tls", "network"),
    ),
    scenario(
        "C1 another host has a certificate of the same unknown issuer",
        host!("tls-untrusted").arguments(&["--control", "https://tls-untrusted-root-sent.sim.test:{api}"]),
        down("tls_intercepted", "tls", "network"),
    ),
    scenario(
        "C1 only this machine trusts the issuer",
        host!("api").tls("").environment(&[("SSL_CERT_FILE", "{ca}")]),
        degraded("tls_intercepted_trusted", "tls", "network"),
    ),
    scenario(
        "C1 the intermediate certificate is not sent",
        host!("tls-incomplete-chain"),
        down("tls_incomplete_chain", "tls", "provider"),
    ),
    // C2
    scenario("C2 expired", host!("tls-expired"), down("tls_cert_expired", "tls", "provider")),
    scenario(
        "C2 expired, not in the config",
        host!("tls-expired").unconfigured(),
        down("tls_cert_expired", "tls", "provider"),
    ),
    scenario(
        "C2 not valid yet",
        host!("tls-not-yet-valid"),
        down("tls_cert_not_yet_valid", "tls", "provider"),
    ),
    scenario("C2 our clock is behind", host!("tls-clock-ahead"), down("tls_clock_skew", "tls", "canary")),
    scenario("C2 our clock is ahead", host!("tls-clock-behind"), down("tls_clock_skew", "tls", "canary")),
    scenario("C2 expires soon", host!("tls-expiring"), degraded("tls_cert_expiring", "tls", "provider")),
    scenario(
        "the certificate is another's",
        host!("tls-wrong-name"),
        down("tls_name_mismatch", "tls", "provider"),
    ),
    // What answers is odd.
    scenario("plain HTTP on the port", host!("tls-not-tls"), down("tls_not_tls", "tls", "network")),
    scenario("SSH on the port", host!("tls-banner"), down("tls_not_tls", "tls", "network")),
    scenario("an alert", host!("tls-alert"), down("tls_alert", "tls", "provider")),
    scenario("no common version", host!("tls-version"), down("tls_version", "tls", "config")),
    scenario(
        "a client certificate is demanded",
        host!("tls-client-cert"),
        down("tls_client_cert_required", "tls", "config"),
    ),
];
