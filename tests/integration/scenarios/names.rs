//! Scenarios of DNS, and healthy ones.

use super::scenario::{OK, Scenario, at, degraded, down, host, scenario};

pub(super) const SCENARIOS: &[Scenario] = &[
    // Nothing is wrong, however odd it looks.
    scenario("healthy", host!("api"), OK),
    scenario("healthy over both families", host!("dual").ipv6(), OK),
    scenario("healthy behind aliases", host!("cname"), OK),
    scenario("healthy with a key", host!("api").keys(KEYED).environment(RIGHT_KEY), OK),
    scenario(
        "healthy and not in the config",
        host!("single").unconfigured().arguments(&["--provider", "anthropic"]),
        OK,
    ),
    scenario("DNS over UDP is truncated, over TCP whole", host!("dns-truncated"), OK),
    scenario("the name server is slow", host!("dns-slow").keys("expected_networks: [], timeout: 4s"), OK),
    scenario("the first address refuses, the second answers", host!("tcp-second-address"), OK),
    scenario("TLS 1.2 only", host!("tls-1.2"), OK),
    scenario("no ALPN", host!("tls-no-alpn"), OK),
    scenario("HTTP/1.1 only", host!("tls-h1-only"), OK),
    scenario("rate limits that make no sense", host!("http-limits-absurd"), OK),
    // D1
    scenario(
        "D1 NXDOMAIN from every resolver: the name is wrong",
        host!("dns-nxdomain").arguments(&["--resolver", "udp://{zone}"]),
        down("dns_nxdomain", "dns", "config"),
    ),
    scenario(
        "D1 NXDOMAIN, another resolver knows the name",
        host!("api").resolvers("zone").arguments(&["--resolver", "udp://{sim}"]),
        down("dns_nxdomain", "dns", "resolver"),
    ),
    scenario(
        "D1 no addresses, another resolver has some",
        host!("api").resolvers("nodata").arguments(&["--resolver", "udp://{sim}"]),
        down("dns_nodata", "dns", "resolver"),
    ),
    // D2
    scenario("D2 SERVFAIL", host!("dns-servfail"), down("dns_servfail", "dns", "resolver")),
    scenario("D2 REFUSED", host!("dns-refused"), down("dns_refused", "dns", "resolver")),
    scenario("D2 no answer for this name", host!("dns-timeout"), down("dns_timeout", "dns", "resolver")),
    scenario(
        "D2 a silent resolver, another one answers",
        host!("api").resolvers("silent").arguments(&["--resolver", "udp://{sim}"]),
        down("dns_timeout", "dns", "resolver"),
    ),
    scenario(
        "D2 nothing listens where the resolver should be",
        host!("api").resolvers("nobody"),
        down("dns_refused", "dns", "resolver"),
    ),
    scenario(
        "D2 the only server of resolv.conf is not there",
        host!("single").resolvers("system").files(&[("/etc/resolv.conf", "nameserver 127.83.0.2\n")]),
        down("dns_refused", "dns", "resolver"),
    ),
    scenario(
        "D2 the second server of resolv.conf is not there",
        host!("single")
            .resolvers("system")
            .files(&[("/etc/resolv.conf", "nameserver 127.83.0.1\nnameserver 127.83.0.2\n")]),
        degraded("dns_resolver_down", "dns", "resolver"),
    ),
    scenario(
        "D2 the first server of resolv.conf is not there",
        host!("single")
            .resolvers("system")
            .files(&[("/etc/resolv.conf", "nameserver 127.83.0.2\nnameserver 127.83.0.1\n")]),
        degraded("dns_resolver_down", "dns", "resolver"),
    ),
    scenario(
        "D2 one of two resolvers is silent",
        host!("api").resolvers("sim, silent"),
        degraded("dns_resolver_down", "dns", "resolver"),
    ),
    scenario(
        "D2 the resolver that is used is silent, the other one answers",
        host!("api").resolvers("silent, sim"),
        down("dns_timeout", "dns", "resolver"),
    ),
    scenario(
        "D2 three targets whose resolver is not there",
        host!("api")
            .others(&["https://cname.sim.test:{api}", "https://edge.sim.test:{api}"])
            .resolvers("nobody"),
        down("dns_refused", "dns", "resolver"),
    ),
    scenario("garbage for an answer", host!("dns-malformed"), down("dns_malformed", "dns", "resolver")),
    scenario("an answer with a wrong id", host!("dns-wrong-id"), down("dns_malformed", "dns", "resolver")),
    // D3
    scenario("D3 0.0.0.0", host!("dns-sinkholed"), down("dns_sinkholed", "dns", "resolver")),
    scenario(
        "D3 a loopback address where nothing listens",
        host!("dns-loopback").keys("expected_networks: [127.0.0.1/32]"),
        down("dns_sinkholed", "dns", "resolver"),
    ),
    scenario(
        "D3 a blocklist, and a resolver without one",
        host!("blocked").resolvers("zone, sim"),
        down("dns_sinkholed", "dns", "resolver"),
    ),
    scenario(
        "D3 an entry of the hosts file",
        host!("api")
            .resolvers("system")
            .keys("expected_networks: [127.0.0.1/32]")
            .files(&[("/etc/hosts", "127.0.0.7 api.sim.test\n")]),
        down("dns_sinkholed", "dns", "canary"),
    ),
    scenario(
        "resolvers that disagree, the one that is used being right",
        host!("api").resolvers("sim, zone"),
        degraded("dns_disagreement", "dns", "resolver"),
    ),
    // D4
    scenario(
        "D4 only the proxy can resolve the name, and is not used",
        host!("api").resolvers("zone").routes("px: { proxy: \"http://{proxy}\" }"),
        down("proxy_required", "proxy", "network"),
    ),
    scenario(
        "D4 only the proxy can resolve the name, and is used too",
        host!("api")
            .resolvers("zone")
            .routes("px: { proxy: \"http://{proxy}\" }")
            .keys("expected_networks: [], routes: [direct, px]"),
        degraded("proxy_required", "proxy", "network"),
    ),
];

/// Keys of a target that is called with a key.
pub(super) const KEYED: &str = "expected_networks: [], api_key: { env: SCENARIO_KEY }";
pub(super) const RIGHT_KEY: &[(&str, &str)] = &[("SCENARIO_KEY", "sk-ant-sim-valid")];
pub(super) const WRONG_KEY: &[(&str, &str)] = &[("SCENARIO_KEY", "sk-ant-sim-wrong")];
