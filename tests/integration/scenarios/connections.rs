//! Scenarios of connections, families and proxies.

use super::scenario::{OK, Scenario, at, degraded, down, host, scenario};

const PX: &str = "px: { proxy: \"http://{proxy}\" }";
const ONLY_PX: &str = "expected_networks: [], routes: [px]";
const GONE: &str = "px: { proxy: \"http://{gone}\" }";

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario("T1 refused", host!("tcp-refused"), down("tcp_refused", "tcp", "network")),
    scenario("T2 SYNs are dropped", host!("tcp-timeout"), down("tcp_timeout", "tcp", "network")),
    scenario("T2 no route", host!("tcp-unreachable"), down("tcp_unreachable", "tcp", "network")),
    scenario(
        "one of the addresses refuses, and each is walked",
        host!("tcp-second-address").keys("expected_networks: [], addresses: all"),
        degraded("address_failing", "tcp", "network"),
    ),
    // N6
    scenario(
        "N6 nothing listens at the IPv6 address",
        at("https://dual.sim.test:{only4}").resolvers("zone").ipv6(),
        degraded("ipv6_broken", "tcp", "network"),
    ),
    scenario(
        "N6 nothing listens at the IPv4 address",
        at("https://dual.sim.test:{only6}").resolvers("zone").ipv6(),
        degraded("ipv4_broken", "tcp", "network"),
    ),
    // P1
    scenario(
        "P1 direct is dropped, a proxy that is not used works",
        host!("dropped").resolvers("zone").routes(PX),
        down("proxy_required", "proxy", "network"),
    ),
    scenario(
        "P1 direct is refused, the proxy of the environment is not used",
        host!("refused").resolvers("zone").environment(&[("https_proxy", "http://{proxy}")]),
        down("proxy_required", "proxy", "network"),
    ),
    scenario(
        "P1 direct is dropped, the proxy is used too",
        host!("dropped").resolvers("zone").routes(PX).keys("expected_networks: [], routes: [direct, px]"),
        degraded("proxy_required", "proxy", "network"),
    ),
    scenario(
        "P1 neither direct nor the proxy works",
        host!("dropped").resolvers("zone").routes(GONE),
        down("tcp_timeout", "tcp", "network"),
    ),
    scenario(
        "healthy through the proxy of the environment",
        host!("api")
            .keys("expected_networks: [], routes: [env]")
            .environment(&[("https_proxy", "http://{proxy}")]),
        OK,
    ),
    scenario(
        "healthy through tinyproxy, which is named in the config",
        at("https://127.0.0.1:{api}").routes("px: { proxy: \"http://{open}\" }").keys(ONLY_PX),
        OK,
    ),
    // P2
    scenario(
        "P2 the proxy wants credentials",
        host!("proxy-auth-required").routes(PX).keys(ONLY_PX),
        down("proxy_auth_required", "proxy", "proxy"),
    ),
    scenario(
        "P2 tinyproxy wants credentials",
        host!("api").routes("px: { proxy: \"http://{guarded}\" }").keys(ONLY_PX),
        down("proxy_auth_required", "proxy", "proxy"),
    ),
    scenario(
        "P2 tinyproxy wants other credentials",
        host!("api").routes("px: { proxy: \"http://canary:wrong@{guarded}\" }").keys(ONLY_PX),
        down("proxy_auth_required", "proxy", "proxy"),
    ),
    // P3
    scenario(
        "P3 the proxy denies the destination",
        host!("proxy-denied").routes(PX).keys(ONLY_PX),
        down("proxy_denied", "proxy", "proxy"),
    ),
    scenario(
        "P3 tinyproxy denies the port",
        host!("api").routes("px: { proxy: \"http://{narrow}\" }").keys(ONLY_PX),
        down("proxy_denied", "proxy", "proxy"),
    ),
    scenario(
        "P3 a SOCKS proxy denies the destination",
        host!("proxy-denied").routes("px: { proxy: \"socks5h://{proxy}\" }").keys(ONLY_PX),
        down("proxy_denied", "proxy", "proxy"),
    ),
    scenario(
        "the proxy cannot reach the destination",
        host!("proxy-failed").routes(PX).keys(ONLY_PX),
        down("proxy_failed", "proxy", "proxy"),
    ),
    scenario(
        "the proxy never answers",
        host!("proxy-timeout").routes(PX).keys(ONLY_PX),
        down("proxy_timeout", "proxy", "proxy"),
    ),
    scenario(
        "what answers is no proxy",
        host!("proxy-garbage").routes(PX).keys(ONLY_PX),
        down("proxy_protocol", "proxy", "proxy"),
    ),
    // P4
    scenario(
        "P4 socks:// in the environment",
        host!("api")
            .keys("expected_networks: [], routes: [env]")
            .environment(&[("all_proxy", "socks://{proxy}")]),
        down("proxy_scheme_unsupported", "proxy", "config"),
    ),
    scenario(
        "P4 socks:// in the environment, direct works",
        host!("api")
            .keys("expected_networks: [], routes: [direct, env]")
            .environment(&[("all_proxy", "socks://{proxy}")]),
        degraded("proxy_scheme_unsupported", "proxy", "config"),
    ),
    scenario(
        "P1 clients read the environment differently",
        host!("api")
            .keys("expected_networks: [], routes: [env]")
            .environment(&[("https_proxy", "http://{proxy}"), ("HTTPS_PROXY", "http://{open}")]),
        degraded("proxy_env_disagreement", "proxy", "config"),
    ),
    // P6
    scenario(
        "P6 the proxy is down",
        host!("api").routes(GONE).keys(ONLY_PX),
        down("proxy_unreachable", "proxy", "proxy"),
    ),
    scenario(
        "P6 the proxy of the environment is down",
        host!("api")
            .keys("expected_networks: [], routes: [env]")
            .environment(&[("https_proxy", "http://{gone}")]),
        down("proxy_unreachable", "proxy", "proxy"),
    ),
    scenario(
        "P6 the proxy is down, direct is used too and works",
        host!("api").routes(GONE).keys("expected_networks: [], routes: [px, direct]"),
        degraded("proxy_unreachable", "proxy", "proxy"),
    ),
    scenario(
        "P6 the proxy has no address",
        host!("api").routes("px: { proxy: \"http://proxy.invalid.:3128\" }").keys(ONLY_PX),
        down("proxy_unreachable", "proxy", "proxy"),
    ),
    scenario(
        "P6 three targets whose proxy is down",
        host!("api")
            .others(&["https://cname.sim.test:{api}", "https://edge.sim.test:{api}"])
            .routes(GONE)
            .keys(ONLY_PX),
        down("proxy_unreachable", "proxy", "proxy"),
    ),
];
