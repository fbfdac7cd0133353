//! Scenarios with two things wrong at once. The lowest failing layer of the way that a client goes is told: of two
//! families, a client goes on over the one that connects.

use super::names::{KEYED, RIGHT_KEY, WRONG_KEY};
use super::scenario::{Scenario, at, degraded, down, host, scenario};

const NARROW: &str = "px: { proxy: \"http://{narrow}\" }";
const GONE: &str = "px: { proxy: \"http://{gone}\" }";

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(
        "a rewritten address and an expired certificate there",
        host!("rewritten").resolvers("zone").keys("expected_networks: [192.0.2.0/24]").tls(EXPIRED_NAME),
        down("dns_sinkholed", "dns", "resolver"),
    ),
    scenario(
        "one resolver is down and the key is wrong",
        host!("api").resolvers("sim, nobody").keys(KEYED).environment(WRONG_KEY),
        down("auth_invalid", "api", "account"),
    ),
    scenario(
        "resolvers disagree and the API is overloaded",
        host!("http-529").resolvers("sim, zone"),
        down("provider_overloaded", "api", "provider"),
    ),
    scenario(
        "one resolver is down and the certificate expires soon",
        host!("tls-expiring").resolvers("sim, nobody"),
        degraded("dns_resolver_down", "dns", "resolver"),
    ),
    scenario(
        "one resolver is down and HTTP/2 is broken",
        host!("http-h2-silent").resolvers("sim, nobody"),
        down("http2_broken", "api", "network"),
    ),
    scenario(
        "IPv6 is dead and the certificate expires soon",
        at("https://tls-expiring.sim.test:{only4}").resolvers("zone").ipv6(),
        degraded("ipv6_broken", "tcp", "network"),
    ),
    scenario(
        "IPv4 is refused and the certificate has expired, as IPv6 shows",
        at("https://tls-expired.sim.test:{only6}").resolvers("zone").ipv6(),
        down("tls_cert_expired", "tls", "provider"),
    ),
    scenario(
        "IPv6 is refused and the key is wrong, as IPv4 shows",
        at("https://dual.sim.test:{only4}").resolvers("zone").ipv6().keys(KEYED).environment(WRONG_KEY),
        down("auth_invalid", "api", "account"),
    ),
    scenario(
        "IPv6 is refused and the server name is filtered over IPv4",
        at("https://tls-reset.sim.test:{only4}").resolvers("zone").ipv6(),
        down("tls_sni_filtered", "tls", "network"),
    ),
    scenario(
        "the proxy denies it and the certificate behind it has expired",
        host!("tls-expired").routes(NARROW).keys("expected_networks: [], routes: [px]"),
        down("proxy_denied", "proxy", "proxy"),
    ),
    scenario(
        "direct meets an expired certificate, and the proxy denies it",
        host!("tls-expired").routes(NARROW).keys("expected_networks: [], routes: [direct, px]"),
        down("tls_cert_expired", "tls", "provider"),
    ),
    scenario(
        "the API is overloaded and the second way's proxy is down",
        host!("http-529").routes(GONE).keys("expected_networks: [], routes: [direct, px]"),
        down("provider_overloaded", "api", "provider"),
    ),
    scenario(
        "the API is overloaded and the environment says socks://",
        host!("http-529")
            .keys("expected_networks: [], routes: [direct, env]")
            .environment(&[("all_proxy", "socks://{proxy}")]),
        down("provider_overloaded", "api", "provider"),
    ),
    scenario(
        "clients read the environment differently and the certificate has expired",
        host!("tls-expired")
            .keys("expected_networks: [], routes: [env]")
            .environment(&[("https_proxy", "http://{proxy}"), ("HTTPS_PROXY", "http://{open}")]),
        down("tls_cert_expired", "tls", "provider"),
    ),
    scenario(
        "the certificate is expired and another's",
        at("https://stranger.sim.test:{stranger}").resolvers("zone").tls("ca_file: {theirs}"),
        down("tls_cert_expired", "tls", "provider"),
    ),
    scenario(
        "the issuer is unknown and the key is wrong",
        host!("tls-untrusted").keys(KEYED).environment(WRONG_KEY),
        down("tls_untrusted_issuer", "tls", "network"),
    ),
    scenario(
        "only this machine trusts the issuer and the key is wrong",
        host!("api")
            .tls("")
            .keys(KEYED)
            .environment(&[("SSL_CERT_FILE", "{ca}"), ("SCENARIO_KEY", "sk-ant-sim-wrong")]),
        down("auth_invalid", "api", "account"),
    ),
    scenario(
        "the certificate expires soon and there is no credit",
        host!("http-400-credit")
            .keys(KEYED)
            .tls("ca_file: {ca}, expiry_warning: 120d")
            .environment(RIGHT_KEY),
        down("billing", "api", "account"),
    ),
    scenario(
        "the answer is slow and the certificate expires soon",
        host!("http-slow")
            .keys("expected_networks: [], timeout: 4s, http: { expect: { max_latency: 1s } }")
            .tls("ca_file: {ca}, expiry_warning: 120d"),
        degraded("tls_cert_expiring", "tls", "provider"),
    ),
];

/// The server is asked for by the name that has an expired certificate.
const EXPIRED_NAME: &str = "ca_file: {ca}, server_name: tls-expired.sim.test";
