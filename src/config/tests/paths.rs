//! Keys of many paths: resolvers, routes, endpoints, certificates of one's own.

use super::*;
use crate::outcome::{Layer, ProxyProtocol, Transport};
use crate::target::{
    Addresses, DiagnosisOptions, Failover, Proxy, Route, RouteKind, Server, TlsOptions, Validation,
};

/// Lines of a target after [`GOOD`], and what is told about them.
const MISTAKES: &[(&str, &str)] = &[
    (
        "    url: https://a.example\n    endpoints: [https://b.example]",
        "5:16: targets[0].endpoints: `url` and `endpoints` are both given: keep one",
    ),
    (
        "    url: ftp://a.example\n    endpoints: [b.example]",
        "4:10: targets[0].url: the scheme \"ftp\" is not supported: use https or http\nconfig.yml:5:17: targets[0].endpoints[0]: \"b.example\" is not a URL: write it like https://api.example.com",
    ),
    (
        "    endpoints: []",
        "4:16: targets[0].endpoints: an empty list: give one URL or more, or leave the key out for the provider's own",
    ),
    (
        "    endpoints: [https://a.example, \"https://A.example:443/\"]",
        "4:36: targets[0].endpoints[1]: \"https://A.example:443/\" stands here more than once",
    ),
    (
        "    endpoints: [\"https://a.example/${FIVE}\", \"https://a.example/${KEY}\"]",
        "4:46: targets[0].endpoints[1]: [from ${KEY}] stands here more than once\n    help: a query, and the path of a URL from the environment, is not shown: such endpoints must differ before it",
    ),
    (
        "    endpoints: [https://a.example, http://b.example]\n    api_key: {env: KEY}",
        "5:14: targets[0].api_key: a key is never sent over plain HTTP, and a URL of this target is http://\n    help: use https://, or leave api_key out",
    ),
    (
        "    endpoints: [https://a.example, \"https://[::1]\"]\n    families: [ipv4]",
        "5:15: targets[0].families: a URL of this target holds an address of ipv6, which is not listed",
    ),
    (
        "    url: https://gateway.example.com/claude?team=a",
        "4:10: targets[0].url: a query cannot be kept: the provider `anthropic` has paths of its own for its calls",
    ),
    (
        "    url: https://-a.example",
        "4:10: targets[0].url: the host \"-a.example\" is not a DNS name: labels of 1 to 63 letters, digits, - and _, no - at either end (write IDNs in punycode)",
    ),
    ("    routes: []", "4:13: targets[0].routes: an empty list: leave the key out for `[direct]`"),
    ("    routes: [env, direct, env]", "4:27: targets[0].routes[2]: \"env\" stands here more than once"),
    (
        "    routes: [dirct, proxy1]",
        "4:14: targets[0].routes[0]: no route is named \"dirct\"\n    help: did you mean `direct`?\nconfig.yml:4:21: targets[0].routes[1]: no route is named \"proxy1\"\n    help: declare it under the top-level `routes`, or use `direct` or `env`",
    ),
    (
        "    routes: [\"${KEY}\"]",
        "4:14: targets[0].routes[0]: no route is named [from ${KEY}]\n    help: declare it under the top-level `routes`, or use `direct` or `env`",
    ),
    ("    resolvers: []", "4:16: targets[0].resolvers: an empty list: leave the key out for `[system]`"),
    (
        "    resolvers: [system, system]",
        "4:25: targets[0].resolvers[1]: \"system\" stands here more than once",
    ),
    ("    addresses: any", "4:16: targets[0].addresses: \"any\" is none of `first`, `all`"),
    (
        "    failover: {rise: 0, fall: 101}",
        "4:22: targets[0].failover.rise: \"0\" is not from 1 to 100\nconfig.yml:4:31: targets[0].failover.fall: \"101\" is not from 1 to 100",
    ),
    (
        "    failover: {fall: '${KEY}'}",
        "4:22: targets[0].failover.fall: [from ${KEY}] is not a whole number from 0 to 4294967295",
    ),
    ("    tls: {refuse_older: 1}", "4:25: targets[0].tls.refuse_older: \"1\" is not true or false"),
    (
        "    tls: {client_cert: x.pem}",
        "4:24: targets[0].tls.client_cert: a single value, but a mapping with the keys `cert_file`, `key_file` is wanted",
    ),
    (
        "    tls: {client_cert: {cert_file: nope.pem}}",
        "4:24: targets[0].tls.client_cert.key_file: missing: a certificate needs both `cert_file` and `key_file`\nconfig.yml:4:36: targets[0].tls.client_cert.cert_file: cannot read \"nope.pem\": No such file or directory (os error 2)",
    ),
    (
        "    tls: {client_cert: {key_file: nope.pem}}",
        "4:24: targets[0].tls.client_cert.cert_file: missing: a certificate needs both `cert_file` and `key_file`\nconfig.yml:4:35: targets[0].tls.client_cert.key_file: the key file cannot be read: No such file or directory (os error 2)",
    ),
    (
        "    url: http://a.example\n    http: {redirect_https: true}",
        "5:28: targets[0].http.redirect_https: only for https:// URLs, and a URL of this target is http://",
    ),
    (
        "    url: http://a.example\n    top_layer: tls",
        "5:16: targets[0].top_layer: a URL of this target is http://, without TLS",
    ),
    (
        "    url: https://192.0.2.1\n    top_layer: dns",
        "5:16: targets[0].top_layer: a URL of this target holds an address: there is no name to look up",
    ),
    (
        "    top_layer: dns\n    routes: [direct, env]",
        "4:16: targets[0].top_layer: names are looked up for the route `direct` alone, and this target has another one",
    ),
    (
        "    top_layer: tls\n    api_key: {env: KEY}\n    call: {kind: models}\n    slo: {objective: 99, latency: 2s}",
        "5:14: targets[0].api_key: without effect: with `top_layer: tls` no call is made\n    help: leave one of the two out\nconfig.yml:6:11: targets[0].call: without effect: with `top_layer: tls` no call is made\n    help: leave one of the two out\nconfig.yml:7:35: targets[0].slo.latency: without effect: with `top_layer: tls` no call is made\n    help: leave one of the two out",
    ),
    (
        "    top_layer: tls\n    http: {version: h1, headers: {a: b}, expect: {status: [200]}}",
        "5:34: targets[0].http.headers: without effect: with `top_layer: tls` no call is made\n    help: leave one of the two out\nconfig.yml:5:50: targets[0].http.expect: without effect: with `top_layer: tls` no call is made\n    help: leave one of the two out",
    ),
    (
        "    top_layer: tcp\n    tls: {min_version: 1.3}",
        "5:10: targets[0].tls: without effect: with `top_layer: tcp` TLS is not spoken\n    help: leave one of the two out",
    ),
    (
        "    top_layer: dns\n    addresses: all\n    retry: {max_attempts: 2}",
        "5:16: targets[0].addresses: without effect: with `top_layer: dns` nothing is connected to\n    help: leave one of the two out\nconfig.yml:6:12: targets[0].retry: without effect: with `top_layer: dns` nothing is connected to\n    help: leave one of the two out",
    ),
    (
        "    top_layer: http",
        "4:16: targets[0].top_layer: \"http\" is none of `dns`, `tcp`, `tls`, `api`\n    help: did you mean `tcp`?",
    ),
];

#[test]
fn a_target_is_walked_up_to_a_layer_and_shown_so_that_it_loads_again() {
    for (lines, top) in [
        ("", Layer::Api),
        ("    top_layer: api\n    retry: {max_attempts: 2}", Layer::Api),
        ("    top_layer: tls\n    http: {version: h2}\n    tls: {min_version: 1.3}", Layer::Tls),
        ("    top_layer: tcp\n    addresses: all\n    retry: {max_attempts: 2}", Layer::Proxy),
        ("    top_layer: tcp\n    url: http://a.example:5432\n    routes: [env]", Layer::Proxy),
        ("    top_layer: dns\n    routes: [direct]\n    slo: {objective: 99}", Layer::Dns),
    ] {
        let config = load_text(&format!("{GOOD}{lines}"), &environment()).unwrap();
        assert_eq!(config.targets[0].top, top, "{lines}");
        let shown = effective(&config);
        assert_eq!(load_text(&shown, &environment()).unwrap(), config, "{shown}");
    }
}

/// What stands before a target that is right, and what is told about it.
const DECLARED: &[(&str, &str)] = &[
    (
        "resolvers: {system: {address: udp://1.1.1.1}, b: , \"c d\": {address: udp://1.1.1.1}}",
        "1:13: resolvers.system: `system` is the machine's own resolver: choose another name\nconfig.yml:1:47: resolvers.b.address: missing: write it like udp://8.8.8.8:53 or https://1.1.1.1/dns-query\nconfig.yml:1:52: resolvers[\"c d\"]: not a name: 1 to 100 letters, digits, `_`, `-` and `.`, the first a letter or digit",
    ),
    (
        "resolvers: {a: {address: dns.google}}",
        "1:26: resolvers.a.address: \"dns.google\" is not the address of a resolver: write it like udp://8.8.8.8:53 or https://1.1.1.1/dns-query",
    ),
    (
        "resolvers: {a: {address: udp://dns.google}}",
        "1:26: resolvers.a.address: \"udp://dns.google\" does not name an IP address and a port: write it like udp://8.8.8.8:53 or tcp://[2001:4860:4860::8888]:53",
    ),
    (
        "resolvers: {a: {address: \"https://u:pw@dns.google\"}}",
        "1:26: resolvers.a.address: the address of a resolver has no credentials: write it like udp://8.8.8.8:53 or https://1.1.1.1/dns-query",
    ),
    (
        "resolvers: {a: {address: \"${KEY}\"}}",
        "1:26: resolvers.a.address: [from ${KEY}] is not the address of a resolver",
    ),
    (
        "resolvers: {a: {address: tls://1.1.1.1, bootstrap: [1.1.1.1]}}",
        "1:52: resolvers.a.bootstrap: only for a resolver that is named: this one's address is known already",
    ),
    (
        "resolvers: {a: {address: tls://dns.google, bootstrap: []}}",
        "1:55: resolvers.a.bootstrap: an empty list: leave the key out to ask the resolver `system`",
    ),
    (
        "resolvers: {a: {address: tls://dns.google, bootstrap: [8.8.8.8, x, 8.8.8.8]}}",
        "1:65: resolvers.a.bootstrap[1]: \"x\" is not an IP address, such as 9.9.9.9 or 2620:fe::fe\nconfig.yml:1:68: resolvers.a.bootstrap[2]: \"8.8.8.8\" stands here more than once",
    ),
    (
        "resolvers: {a: {address: tcp://8.8.8.8, server_name: a.example, ca_file: /nope}}",
        "1:54: resolvers.a.server_name: only for resolvers over tls:// and https://\nconfig.yml:1:74: resolvers.a.ca_file: only for resolvers over tls:// and https://",
    ),
    (
        "resolvers: {a: {address: tls://8.8.8.8, ca_file: /nope}}",
        "1:50: resolvers.a.ca_file: cannot read \"/nope\": No such file or directory (os error 2)",
    ),
    (
        "resolvers: {a: {address: tls://8.8.8.8, server_name: a b}}",
        "1:54: resolvers.a.server_name: \"a b\" is not a DNS name or an IP address",
    ),
    (
        "resolvers: {a: {address: \"https://8.8.8.8\", dnssec: true}}",
        "1:53: resolvers.a.dnssec: only for resolvers over udp:// and tcp://",
    ),
    (
        "resolvers: {a: {address: udp://8.8.8.8, trust_anchor_file: /nope}}",
        "1:60: resolvers.a.trust_anchor_file: without effect where nothing is validated\n    help: add `dnssec: true`",
    ),
    (
        "resolvers: {a: {address: udp://8.8.8.8, dnssec: true, trust_anchor_file: /nope}}",
        "1:74: resolvers.a.trust_anchor_file: cannot read \"/nope\": No such file or directory (os error 2)",
    ),
    (
        "routes: {direct: {proxy: \"http://p:1\"}, env: {proxy: \"http://p:1\"}, a: {}}",
        "1:10: routes.direct: `direct` is the route without a proxy: choose another name\nconfig.yml:1:41: routes.env: `env` is the route that the process's proxy variables name: choose another name\nconfig.yml:1:69: routes.a.proxy: missing: write it like http://proxy.example.com:3128",
    ),
    (
        "routes: {a: \"http://u:pw@p:1\"}",
        "1:13: routes.a: a single value, but a mapping with the keys `proxy`, `ca_file` is wanted",
    ),
    (
        "routes: {a: {proxy: \"http://u:plain-secret\"}}",
        "1:21: routes.a.proxy: the port of this proxy is not 1 to 65535\n    help: a user and password stand before the host: http://USER:PASSWORD@proxy.example.com:3128",
    ),
    (
        "routes: {a: {proxy: \"https://p..example\"}}",
        "1:21: routes.a.proxy: the host of the proxy is not a DNS name or an IP address\n    help: in user and password write / as %2F, @ as %40, : as %3A, % as %25 and so on",
    ),
    (
        "routes: {a: {proxy: http://p.example}}",
        "1:21: routes.a.proxy: an http:// proxy has no port of its own: curl takes 1080, others 80\n    help: write the port: http://proxy.example.com:3128",
    ),
    (
        "routes: {a: {proxy: socks4://p.example}}",
        "1:21: routes.a.proxy: the scheme \"socks4\" is not supported: use http, https, socks5 or socks5h",
    ),
    (
        "routes: {a: {proxy: \"http://u:p%ss@p.example:1\"}}",
        "1:21: routes.a.proxy: the user or password of the proxy has a % that is not followed by two hex digits: write %25",
    ),
    (
        "routes: {a: {proxy: \"http://u:${KEY}@p.example/\"}}",
        "1:21: routes.a.proxy: an http:// proxy has no port of its own: curl takes 1080, others 80\n    help: write the port: http://proxy.example.com:3128",
    ),
    (
        "routes: {a: {proxy: \"http://u:${BAD}@p.example:1\"}}",
        "1:21: routes.a.proxy: the user or password of the proxy holds a control character",
    ),
    (
        "routes: {a: {proxy: socks5://p.example, ca_file: /nope}}",
        "1:50: routes.a.ca_file: only for an https:// proxy",
    ),
    (
        "routes: {a: {proxy: https://p.example, ca_file: /nope}}",
        "1:49: routes.a.ca_file: cannot read \"/nope\": No such file or directory (os error 2)",
    ),
    (
        "defaults: {diagnosis: {recover_after: 0, follow_ups: 1}}",
        "1:39: defaults.diagnosis.recover_after: \"0\" is not from 1 to 100\nconfig.yml:1:54: defaults.diagnosis.follow_ups: \"1\" is not true or false",
    ),
    (
        "control: [https://a.example, ftp://b.example, 'https://a.example/']",
        "1:30: control[1]: the scheme \"ftp\" is not supported: use https or http\nconfig.yml:1:47: control[2]: \"https://a.example/\" stands here more than once",
    ),
    ("control: https://a.example", "1:10: control: a single value, but a list is wanted"),
    ("defaults: {failover: {rise: 0}}", "1:29: defaults.failover.rise: \"0\" is not from 1 to 100"),
];

#[test]
fn a_mistake_in_the_paths_of_a_target_is_told_with_place_path_and_help() {
    for (lines, told) in MISTAKES {
        assert_eq!(problems_of_target(lines), format!("config.yml:{told}"), "{lines}");
    }
}

#[test]
fn a_mistake_in_what_is_declared_is_told_once_even_if_a_target_chooses_it() {
    for (line, told) in DECLARED {
        let section = line.split(':').next().unwrap();
        for chosen in ["", "    resolvers: [a]", "    routes: [a]"] {
            if chosen.is_empty() || (chosen.contains(section) && line.contains("{a: {")) {
                let problems = problems(&format!("{line}\n{GOOD}{chosen}"));
                assert_eq!(problems, format!("config.yml:{told}"), "{line}");
            }
        }
    }
}

fn load(text: &str) -> Config {
    load_text(text, &environment()).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

#[test]
fn a_resolver_is_asked_as_it_is_declared() {
    let config = load(
        "resolvers:\n  a: {address: udp://9.9.9.9, dnssec: true}\n  b: {address: tls://dns.example, bootstrap: [9.9.9.9], server_name: d.example}\n  c: {address: \"https://1.1.1.1\"}\ntargets: [{name: t, provider: anthropic, resolvers: [c, system, a]}]",
    );
    let servers: Vec<&Server> = config
        .resolvers
        .iter()
        .filter_map(|resolver| match &resolver.kind {
            ResolverKind::Server(server) => Some(&**server),
            ResolverKind::System => None,
        })
        .collect();
    let shown: Vec<String> = servers.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["udp://9.9.9.9:53", "tls://dns.example:853", "https://1.1.1.1:443/dns-query"]);
    assert_eq!(config.resolvers[0].dnssec, Validation::RootAnchor);
    assert_eq!((servers[1].transport, servers[1].bootstrap.len()), (Transport::Tls, 1));
    assert_eq!(servers[1].server_name.as_deref(), Some("d.example"));
    let asked: Vec<&str> = config.targets[0].resolvers.iter().map(|resolver| &*resolver.name).collect();
    assert_eq!(asked, ["c", SYSTEM, "a"]);
}

#[test]
fn a_trust_anchor_file_must_hold_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("anchors");
    let text = format!(
        "resolvers: {{a: {{address: udp://9.9.9.9, dnssec: true, trust_anchor_file: {file:?}}}}}\n{GOOD}"
    );
    for good in [". 1 IN DNSKEY 257 3 8 AwEA", "; x\n. 172800 IN dnskey 257 3 8 AwEA"] {
        std::fs::write(&file, good).unwrap();
        let Validation::Anchors { records, .. } = &load(&text).resolvers[0].dnssec else { panic!("{good}") };
        assert_eq!(records, good);
    }
    for (bad, told) in [
        (&b""[..], "there is no DNSKEY record in it"),
        (b"; IN DNSKEY 1\nexample. IN A 192.0.2.1", "there is no DNSKEY record in it"),
        (b". IN DS 20326 8 2 E06D", "there is no DNSKEY record in it"),
        (b". IN DS \xff", "it is not UTF-8"),
        (&[b' '; 70_000], "it is larger than 64 KiB"),
    ] {
        std::fs::write(&file, bad).unwrap();
        let problems = problems(&text);
        assert!(problems.contains(told), "{problems}");
    }
}

fn proxy(route: &Route) -> &Proxy {
    let RouteKind::Proxy(proxy) = &route.kind else { panic!("{route:?}") };
    proxy
}

#[test]
fn routes_are_taken_in_the_order_of_the_target() {
    let config = load(
        "routes: {a: {proxy: \"http://u:${FIVE}@p.example:3128\"}, b: {proxy: \"socks5://10.0.0.1\"}}\ntargets: [{name: t, provider: anthropic, routes: [b, direct, env, a]}]",
    );
    let target = &config.targets[0];
    let names: Vec<&str> = target.routes.iter().map(|route| &*route.name).collect();
    assert_eq!(names, ["b", "direct", "env", "a"]);
    assert_eq!(target.routes[1], Route::direct());
    assert!(matches!(target.routes[2].kind, RouteKind::Environment(_)));
    let (socks, http) = (proxy(&target.routes[0]), proxy(&target.routes[3]));
    assert_eq!((socks.protocol, socks.port), (ProxyProtocol::Socks5, 1080));
    assert_eq!(http.credentials.as_ref().unwrap().password.expose(), "5s");
    assert_eq!(load(GOOD).targets[0].routes, [Route::direct()]);
}

#[test]
fn nobody_is_asked_for_addresses_by_default_where_every_proxy_resolves() {
    let asked = |routes: &str, more: &str| {
        let text = format!(
            "routes: {{h: {{proxy: \"http://p:1\"}}, s: {{proxy: socks5h://p}}, four: {{proxy: socks5://p}}}}\n{GOOD}    routes: {routes}\n{more}"
        );
        load(&text).targets[0].resolvers.iter().map(|resolver| resolver.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(asked("[h, s]", ""), [""; 0]);
    assert_eq!(asked("[h, s]", "    resolvers: [system]"), [SYSTEM]);
    for routes in ["[h, direct]", "[env]", "[four]"] {
        assert_eq!(asked(routes, ""), [SYSTEM], "{routes}");
    }
}

#[test]
fn every_endpoint_has_expectations_of_its_own_unless_they_are_given() {
    let sites = |lines: &str| {
        let target =
            target(&format!("    endpoints: [https://gw.example, https://api.anthropic.com]\n{lines}"));
        target.sites.iter().map(|site| (site.public, site.expected_networks.len())).collect::<Vec<_>>()
    };
    assert_eq!(sites(""), [(false, 0), (true, 2)]);
    assert_eq!(sites("    expected_networks: [10.0.0.0/8]"), [(false, 1), (true, 1)]);
}

#[test]
fn a_query_is_kept_where_the_url_is_called_itself() {
    let text = "targets: [{name: a, provider: http, endpoints: [\"https://x.example/h?a=1\", \"https://x.example/g?a=2\"]}]";
    let paths: Vec<String> =
        load(text).targets[0].sites.iter().map(|site| site.endpoint.path.clone()).collect();
    assert_eq!(paths, ["/h?a=1", "/g?a=2"]);
}

#[test]
fn what_a_target_does_not_say_of_its_paths_is_as_the_defaults() {
    let plain = target("");
    assert_eq!((plain.addresses, plain.failover), (Addresses::First, Failover { rise: 2, fall: 3 }));
    assert_eq!(target("    addresses: all").addresses, Addresses::All);
    let text = format!("defaults: {{failover: {{rise: 7}}}}\n{GOOD}    failover: {{fall: 1}}");
    assert_eq!(load(&text).targets[0].failover, Failover { rise: 7, fall: 1 });
    let options = DiagnosisOptions { recover_after: 2, change_after: 9, follow_ups: false };
    let text =
        format!("defaults: {{diagnosis: {{change_after: 9}}}}\n{GOOD}    diagnosis: {{follow_ups: false}}");
    assert_eq!((plain.diagnosis, load(&text).targets[0].diagnosis), (DiagnosisOptions::default(), options));
    assert!(load(GOOD).controls.is_empty());
    let controls = load(&format!("control: [https://a.example, http://192.0.2.1/up]\n{GOOD}")).controls;
    let urls: Vec<_> = controls.iter().map(ToString::to_string).collect();
    assert_eq!(urls, ["https://a.example/", "http://192.0.2.1/up"]);
    assert!(target("    http: {redirect_https: true}").http.redirect_https);
}

#[test]
fn who_names_a_version_of_tls_means_that_older_ones_are_refused() {
    let refuses = |tls: &str| target(&format!("    tls: {tls}")).tls.refuses_older;
    for (tls, refused) in [
        ("", false),
        ("{min_version: \"1.2\"}", true),
        ("{min_version: }", false),
        ("{min_version: \"1.3\", refuse_older: false}", false),
        ("{refuse_older: true}", true),
    ] {
        assert_eq!(refuses(tls), refused, "{tls}");
    }
}

#[test]
fn what_came_from_the_environment_is_never_shown_of_proxies_and_resolvers() {
    let text = format!(
        "routes:\n  a: {{proxy: \"http://u:${{KEY}}@p.example:3128\"}}\n  b: {{proxy: \"https://${{KEY}}@p.example\"}}\n  c: {{proxy: \"socks5h://u:plain-secret@p.example\"}}\nresolvers: {{d: {{address: \"https://dns.example/${{KEY}}\"}}}}\n{GOOD}    routes: [a, b, c, env]\n    resolvers: [d, system]\n"
    );
    let config = load(&text);
    let shown = effective(&config);
    for line in [
        "  a: { proxy: \"http://[redacted]@p.example:3128\" }",
        "  b: { proxy: \"https://[redacted]@p.example:443\" }",
        "  d: { address: \"https://dns.example:443/[redacted]\" }",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{shown}");
    }
    let all = format!("{config:?}{shown}");
    assert!(!all.contains("very-secret") && !all.contains("plain-secret"), "{all}");
    let problems_of_shown = problems(&shown);
    for route in ["a", "b", "c"] {
        let told = format!("routes.{route}.proxy: user and password are redacted: put them in again");
        assert!(problems_of_shown.contains(&told), "{problems_of_shown}");
    }
    assert_eq!(problems_of_shown.lines().count(), 3, "nothing else: {problems_of_shown}");
    for section in ["routes", "resolvers"] {
        for value in
            ["\"${KEY}\"", "[\"${KEY}\"]", "{a: \"${KEY}\"}", "{a: {proxy: \"${KEY}\", address: \"${BAD}\"}}"]
        {
            let problems = problems(&format!("{section}: {value}\n{GOOD}"));
            assert!(!problems.contains("very-secret"), "{problems}");
        }
    }
    for key in ["proxy", "ca_file", "address", "bootstrap", "server_name", "dnssec", "trust_anchor_file"] {
        for scheme in ["", "https://", "https://x/", "socks5://u:", "tls://", "http://u:"] {
            let value = format!("\"{scheme}${{BAD}}\"");
            for line in [
                format!("routes: {{a: {{proxy: \"https://p\", {key}: {value}}}}}"),
                format!("routes: {{a: {{{key}: {value}}}}}"),
                format!("resolvers: {{a: {{address: \"tls://p\", {key}: [{value}]}}}}"),
                format!("resolvers: {{a: {{{key}: {value}}}}}"),
            ] {
                let problems = problems(&format!("{line}\n{GOOD}"));
                assert!(!problems.contains("very-secret"), "{problems}");
            }
        }
    }
}

#[cfg(feature = "simulate")]
#[test]
fn a_certificate_and_its_key_must_fit_together() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["canary".to_owned()]).unwrap();
    let other = rcgen::KeyPair::generate().unwrap();
    write("cert.pem", &made.cert.pem());
    write("key.pem", &made.signing_key.serialize_pem());
    write("other.pem", &other.serialize_pem());
    write(
        "encrypted.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    write("damaged.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    write("no.pem", "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n");
    write("text", "sk-ant-very-secret");
    let file = dir.path().join("config.yml");
    let load = |cert: &str, key: &str| {
        let line = format!("    tls: {{client_cert: {{cert_file: {cert}, key_file: {key}}}}}");
        std::fs::write(&file, format!("{GOOD}{line}")).unwrap();
        Config::load(&Source::File(file.clone()), &environment())
    };
    let config = load("cert.pem", "key.pem").unwrap();
    let TlsOptions { client_cert: Some(cert), .. } = &config.targets[0].tls else { panic!("{config:?}") };
    assert_eq!(Path::new(&cert.key_path), dir.path().join("key.pem"));
    assert_eq!(cert.chain, [made.cert.der().clone()]);
    let shown = effective(&config);
    assert_eq!(load_text(&shown, &environment()).unwrap(), config, "{shown}");
    let pem = made.signing_key.serialize_pem();
    let body = pem.lines().nth(1).unwrap();
    assert!(!format!("{config:?}{shown}").contains(body));
    for (cert, key, told) in [
        (
            "cert.pem",
            "other.pem",
            "client_cert: the key in `key_file` is not the key of the first certificate in `cert_file`",
        ),
        (
            "cert.pem",
            "encrypted.pem",
            "client_cert.key_file: the key in it is encrypted\n    help: decrypt it: openssl pkey -in encrypted.pem -out key.pem",
        ),
        (
            "cert.pem",
            "damaged.pem",
            "client_cert: the key in `key_file` is damaged or of a kind that cannot be used with TLS",
        ),
        ("cert.pem", "cert.pem", "client_cert.key_file: there is no key in it (PEM, BEGIN PRIVATE KEY)"),
        ("cert.pem", "text", "client_cert.key_file: there is no key in it (PEM, BEGIN PRIVATE KEY)"),
        (
            "key.pem",
            "key.pem",
            "client_cert.cert_file: \"key.pem\" cannot be used: there is no certificate in it (PEM, BEGIN CERTIFICATE)",
        ),
        ("no.pem", "key.pem", "client_cert: the first certificate in `cert_file` cannot be used: "),
        (
            "/dev/zero",
            "/dev/zero",
            "client_cert.cert_file: cannot read \"/dev/zero\": it is not a regular file",
        ),
    ] {
        let problems = load(cert, key).unwrap_err().to_string();
        assert!(problems.contains(&format!("targets[0].tls.{told}")), "{problems}");
        assert!(!problems.contains("secret") && !problems.contains(body), "{problems}");
    }
}

#[cfg(feature = "simulate")]
#[test]
fn roots_of_proxies_and_resolvers_are_read_from_their_files() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, made.cert.pem()).unwrap();
    let text = format!(
        "routes: {{a: {{proxy: \"https://p.example\", ca_file: {ca:?}}}}}\nresolvers: {{b: {{address: tls://9.9.9.9, ca_file: {ca:?}}}}}\n{GOOD}"
    );
    let config = load(&text);
    assert!(
        matches!(&proxy(&config.routes[0]).roots, Roots::File { certificates, .. } if certificates.len() == 1)
    );
    let ResolverKind::Server(server) = &config.resolvers[0].kind else { panic!("{config:?}") };
    assert!(matches!(server.roots, Roots::File { .. }));
    assert_eq!(load(&effective(&config)), config);
}
