//! How each client reads the variables, and how curl does.

use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;

/// An environment of these variables.
fn environment(variables: &[(&str, &str)]) -> ProxyEnvironment {
    ProxyEnvironment::read(|name| {
        variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
    })
}

fn route(variables: &[(&str, &str)], url: &str) -> EnvRoute {
    environment(variables).route(&Endpoint::parse(url).unwrap())
}

/// The way as one text: the URL of the proxy with its credentials, `direct`, or the words.
fn way(variables: &[(&str, &str)], url: &str) -> String {
    match route(variables, url).way {
        EnvWay::Direct => "direct".to_owned(),
        EnvWay::Proxy(proxy) => proxy.export().expose().to_owned(),
        EnvWay::Unsupported(words) => words,
    }
}

const API: &str = "https://api.example/";

#[test]
fn the_variables_lead_where_curl_goes() {
    for (variables, url, expected) in [
        (&[][..], API, "direct"),
        (&[("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:1")], API, "http://a:1"),
        (&[("https_proxy", ""), ("HTTPS_PROXY", "http://b:1")], API, "http://b:1"),
        (&[("ALL_PROXY", "http://a:1"), ("all_proxy", "http://b:1")], API, "http://b:1"),
        (&[("http_proxy", "http://a:1")], API, "direct"),
        (&[("HTTP_PROXY", "http://a:1")], "http://api.example/", "direct"),
        (&[("HTTP_PROXY", "http://a:1"), ("ALL_PROXY", "http://b:1")], "http://api.example/", "http://b:1"),
        (&[("https_proxy", "a")], API, "http://a:1080"),
        (&[("https_proxy", "https://a:/x?y")], API, "https://a:443"),
        (&[("https_proxy", "SOCKS5h:/u:p%zz%41@[::1]:9")], API, "socks5h://u:p%25zzA@[::1]:9"),
        (&[("https_proxy", "http://u%3a:p@a:1")], API, "http://u:%3Ap@a:1"),
        (&[("https_proxy", "http://:@a:1")], API, "http://:@a:1"),
        (&[("https_proxy", "http://@a:1")], API, "http://a:1"),
    ] {
        assert_eq!(way(variables, url), expected, "{variables:?} {url}");
    }
}

#[test]
fn the_variables_are_shown_without_credentials() {
    for (name, value, shown) in [
        ("https_proxy", "http://u:hunter2@p.example:3128/", Some("http://p.example:3128")),
        ("ALL_PROXY", "p.example", Some("p.example")),
        ("HTTP_PROXY", "socks5://[::1]", Some("socks5://[::1]")),
        ("https_proxy", "http://u:12/hunter2@p.example", None),
        ("https_proxy", "http://u:hunter2", None),
        ("no_proxy", ".example,10.0.0.0/8", Some(".example,10.0.0.0/8")),
        ("NO_PROXY", "u:hunter2@p.example", None),
    ] {
        let expected = (name, shown.map(str::to_owned));
        assert_eq!(environment(&[(name, value)]).shown(), [expected], "{value}");
    }
    assert_eq!(environment(&[("https_proxy", "")]).shown(), []);
}

#[test]
fn exemptions_are_those_of_curl() {
    for (list, exempted, proxied) in [
        ("*", &["api.example", "10.0.0.1", "[::1]"][..], &[][..]),
        ("*,other", &[], &["api.example"]),
        ("Api.Example", &["api.example", "a.api.example"], &["bapi.example", "example"]),
        (".api.example.", &["api.example", "a.api.example"], &["bapi.example"]),
        ("api.example:443,api.example:8443", &[], &["api.example", "api.example:8443"]),
        ("x, api.example\tother", &["api.example", "other"], &["y"]),
        ("10.0.0.0/8 192.168.1.1", &["10.255.0.1", "192.168.1.1"], &["11.0.0.1", "192.168.1.2", "a"]),
        ("10.0.0.0/0,10.0.0.7/33,10.0.0.8/x,.0.0.9", &["10.0.0.0"], &["10.0.0.7", "10.0.0.8", "10.0.0.9"]),
        ("fd00::/9,[::1]", &["[fd7f::1]"], &["[fd80::1]", "[::1]"]),
        ("0:0::1", &["[::1]"], &["[::2]"]),
        (", . .. ,", &[], &["api.example", "10.0.0.1"]),
    ] {
        let variables = [("https_proxy", "http://p:1"), ("NO_PROXY", list)];
        for host in exempted {
            assert_eq!(way(&variables, &format!("https://{host}/")), "direct", "{list} {host}");
        }
        for host in proxied {
            assert_eq!(way(&variables, &format!("https://{host}/")), "http://p:1", "{list} {host}");
        }
    }
}

#[test]
fn what_is_not_supported_is_told_without_credentials() {
    for (value, expected) in [
        (
            "socks://u:hunter2@a:1",
            "https_proxy has the scheme \"socks\", which curl takes for socks4: only http, https, socks5 and socks5h are \
             supported",
        ),
        (
            "socks4a://u:hunter2@a:1",
            "https_proxy has the scheme \"socks4a\": only http, https, socks5 and socks5h are supported",
        ),
        (
            "http://u:hunter2@a:65536",
            "https_proxy is not the URL of a proxy: its port is not one from 1 to 65535",
        ),
        ("http://u:hunter2@a:", "http://u:hunter2@a:1080"),
        ("a:hunter2", "https_proxy is not the URL of a proxy: its port is not one from 1 to 65535"),
        ("u:hunter2@a:", "https_proxy is not the URL of a proxy: its port is not one from 1 to 65535"),
        (
            "http://hunter2!/",
            "https_proxy is not the URL of a proxy: its host is not a DNS name or an address",
        ),
        (
            "http://u:hunter2@",
            "https_proxy is not the URL of a proxy: its host is not a DNS name or an address",
        ),
        (
            "http://u:hunter2@x@a:1",
            "https_proxy is not the URL of a proxy: its credentials hold an @: write %40",
        ),
        (
            "http://u:hunter2 @a:1",
            "https_proxy is not the URL of a proxy: it holds a space or a control character",
        ),
        ("http:////hunter2", "https_proxy is not the URL of a proxy: it has more than three slashes"),
        (
            "socks5h://u:hunter2@localhost/x",
            "https_proxy is not the URL of a proxy: it names a Unix socket, which is not supported",
        ),
        (
            "http://u:hunter2%0a@a:1",
            "https_proxy cannot be used: its user or password holds a control character",
        ),
        ("http://u:hunter2%ff@a:1", "https_proxy cannot be used: its user or password is not UTF-8"),
        (
            "socks5://:hunter2@a:1",
            "https_proxy cannot be used: its user or password is empty or too long: SOCKS allows 1 to 255 bytes",
        ),
    ] {
        let variables = [("https_proxy", value)];
        assert_eq!(way(&variables, API), expected, "{value}");
        let route = route(&variables, API);
        let shown = format!("{:?} {route:?}", environment(&variables));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

/// Variables, a URL, and the lines about clients that go another way.
type Row = (&'static [(&'static str, &'static str)], &'static str, &'static [&'static str]);

const P: (&str, &str) = ("https_proxy", "http://p:1");

const DISAGREEMENTS: &[Row] = &[
    (&[P], API, &[]),
    (&[("HTTPS_PROXY", "http://p:1"), ("no_proxy", "other.example,10.0.0.1")], API, &[]),
    (
        &[("ALL_PROXY", "http://p:1")],
        API,
        &[
            "Go would go direct: it does not read ALL_PROXY",
            "{node} would go direct: it does not read ALL_PROXY",
        ],
    ),
    (
        &[("all_proxy", "socks://p:1")],
        API,
        &[
            "Go would go direct: it does not read all_proxy",
            "{httpx} would refuse: it knows no scheme socks, which all_proxy has",
            "{requests} would refuse: it knows no scheme socks, which all_proxy has",
            "{node} would go direct: it does not read all_proxy",
        ],
    ),
    (
        &[P, ("all_proxy", "socks://q:1")],
        API,
        &["{httpx} would refuse: it knows no scheme socks, which all_proxy has"],
    ),
    (
        &[P, ("HTTPS_PROXY", "http://q:1")],
        API,
        &["Go would go through http://q:1: it takes HTTPS_PROXY where curl takes https_proxy"],
    ),
    (
        &[("https_proxy", "http://p")],
        API,
        &[
            "Go would go through http://p:80: https_proxy names no port, for which it takes 80 and curl takes 1080",
            "{httpx} would go through http://p:80: https_proxy names no port, for which it takes 80 and curl takes 1080",
            "{requests} would go through http://p:80: https_proxy names no port, for which it takes 80 and curl takes 1080",
            "{node} would go through http://p:80: https_proxy names no port, for which it takes 80 and curl takes 1080",
        ],
    ),
    (&[("https_proxy", "p:1")], API, &["{node} would refuse: it wants a URL with a scheme: https_proxy"]),
    (
        &[("https_proxy", "socks5h://p:1")],
        API,
        &["{node} would refuse: it knows no scheme socks5h: https_proxy"],
    ),
    (
        &[("https_proxy", "http://u:p%zz@p:1")],
        API,
        &[
            "Go would go direct: it passes over https_proxy, which it cannot read",
            "{node} would refuse: it wants each % in credentials written as %25: https_proxy",
        ],
    ),
    (
        &[("http_proxy", "http://p:1")],
        API,
        &["{node} would go through http://p:1: it takes http_proxy for https too"],
    ),
    (
        &[("HTTP_PROXY", "http://p:1")],
        "http://api.example/",
        &[
            "Go would go through http://p:1: it reads HTTP_PROXY",
            "{httpx} would go through http://p:1: it reads HTTP_PROXY",
            "{requests} would go through http://p:1: it reads HTTP_PROXY",
            "{node} would go through http://p:1: it reads HTTP_PROXY",
        ],
    ),
    (
        &[("HTTP_PROXY", "http://p:1"), ("REQUEST_METHOD", "GET")],
        "http://api.example/",
        &[
            "Go would refuse: it refuses HTTP_PROXY where REQUEST_METHOD is set",
            "{node} would go through http://p:1: it reads HTTP_PROXY",
        ],
    ),
    (
        &[("https_proxy", ""), ("HTTPS_PROXY", "http://p:1")],
        API,
        &[
            "{httpx} would go direct: to it an empty https_proxy switches HTTPS_PROXY off",
            "{requests} would go direct: to it an empty https_proxy switches HTTPS_PROXY off",
            "{node} would go direct: to it an empty https_proxy switches HTTPS_PROXY off",
        ],
    ),
    (
        &[P],
        "https://localhost/",
        &["Go would go direct: it never uses a proxy for localhost and loopback addresses"],
    ),
    (
        &[P, ("no_proxy", ".api.example")],
        API,
        &[
            "Go would go through http://p:1: to it \".api.example\" in NO_PROXY does not exempt the host",
            "{httpx} would go through http://p:1: to it \".api.example\" in NO_PROXY does not exempt the host",
        ],
    ),
    (
        &[P, ("no_proxy", "10.0.0.0/8")],
        "https://10.1.2.3/",
        &[
            "{httpx} would go through http://p:1: to it the network \"10.0.0.0/8\" in NO_PROXY is a name",
            "{node} would go through http://p:1: to it the network \"10.0.0.0/8\" in NO_PROXY is a name",
        ],
    ),
    (
        &[P, ("no_proxy", "a api.example")],
        API,
        &[
            "curl 8.9 and later would go through http://p:1: it reads NO_PROXY only up to the first space without a comma",
            "Go would go through http://p:1: to it \"api.example\" in NO_PROXY does not exempt the host",
            "{httpx} would go through http://p:1: to it \"api.example\" in NO_PROXY does not exempt the host",
            "{requests} would go through http://p:1: to it \"api.example\" in NO_PROXY does not exempt the host",
        ],
    ),
    (
        &[P, ("no_proxy", "api.example:8443")],
        "https://api.example:8443/",
        &[
            "Go would go direct: to it \"api.example:8443\" in NO_PROXY exempts the host",
            "{httpx} would go direct: to it \"api.example:8443\" in NO_PROXY exempts the host",
            "{requests} would go direct: to it \"api.example:8443\" in NO_PROXY exempts the host",
            "{node} would go direct: to it \"api.example:8443\" in NO_PROXY exempts the host",
        ],
    ),
    (
        &[P, ("no_proxy", "*.example,::1/128")],
        API,
        &[
            "Go would go direct: to it \"*.example\" in NO_PROXY exempts the host",
            "{httpx} would refuse: it cannot read \"::1/128\" in no_proxy",
            "{node} would go direct: to it \"*.example\" in NO_PROXY exempts the host",
        ],
    ),
    (
        &[P, ("no_proxy", "a,*")],
        API,
        &[
            "Go would go direct: to it \"*\" in NO_PROXY exempts the host",
            "{httpx} would go direct: to it \"*\" in NO_PROXY exempts the host",
        ],
    ),
    (
        &[P, ("no_proxy", ""), ("NO_PROXY", "api.example")],
        API,
        &[
            "{httpx} would go through http://p:1: to it an empty no_proxy switches NO_PROXY off",
            "{node} would go through http://p:1: to it an empty no_proxy switches NO_PROXY off",
        ],
    ),
    (
        &[P, ("no_proxy", "a"), ("NO_PROXY", "api.example")],
        API,
        &["Go would go direct: it takes NO_PROXY where curl takes no_proxy"],
    ),
    (
        &[P, ("no_proxy", "fd00::/8")],
        "https://[fd00::1]/",
        &[
            "curl before 8.18 would go through http://p:1: to it IPv6 addresses in NO_PROXY are text, and it knows no networks of them",
            "{httpx} would refuse: it cannot read \"fd00::/8\" in no_proxy",
            "{requests} would go through http://p:1: to it the network \"fd00::/8\" in NO_PROXY is a name",
            "{node} would go through http://p:1: to it the network \"fd00::/8\" in NO_PROXY is a name",
        ],
    ),
];

#[test]
fn clients_that_go_another_way_are_named_with_their_reason() {
    for (variables, url, expected) in DISAGREEMENTS {
        let full = |line: &&str| {
            let line = line.replace("{httpx}", "Python (httpx)").replace("{requests}", "Python (requests)");
            line.replace("{node}", "Node (EnvHttpProxyAgent)")
        };
        let expected: Vec<String> = expected.iter().map(full).collect();
        assert_eq!(route(variables, url).disagreements, expected, "{variables:?} {url}");
    }
}

/// Whether a list exempts a host.
fn exempts(list: &str, host: &str) -> bool {
    way(&[("https_proxy", "http://p:1"), ("no_proxy", list)], &format!("https://{host}/")) == "direct"
}

fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,4}(\\.[a-z][a-z0-9]{0,4}){0,3}"
}

proptest! {
    #[test]
    fn no_text_makes_a_panic_and_no_credentials_show(proxy in any::<String>(), list in any::<String>(), url in name()) {
        let variables = [("https_proxy", proxy.as_str()), ("all_proxy", &format!("x://u:hunter2@{proxy}")), ("no_proxy", &list)];
        let shown = format!("{:?}", route(&variables, &format!("https://{url}/")));
        prop_assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_host_in_the_list_is_exempted_whatever_stands_around_it(
        host in name(), before in "[a-z., :/0-9\\[\\]]{0,20}", after in "[a-z., :/0-9]{0,20}",
    ) {
        let list = format!("{before},{host},{after}");
        prop_assert!(exempts(&list, &host));
    }

    #[test]
    fn a_star_alone_exempts_everything(host in name()) {
        prop_assert!(exempts("*", &host));
    }

    #[test]
    fn a_suffix_exempts_at_the_border_of_a_label_only(host in name(), below in "[a-z]{1,5}", dot in "\\.?") {
        let entry = format!("{dot}{host}");
        let (inside, beside) = (format!("{below}.{host}"), format!("{below}{host}"));
        prop_assert!(exempts(&entry, &inside));
        prop_assert!(!exempts(&entry, &beside));
    }

    #[test]
    fn more_entries_never_take_an_exemption_away(
        host in "[ab](\\.[ab]){0,2}", list in "\\.?[ab](\\.[ab])?[, ][ab]", more in "[a-z., :/0-9]{0,20}",
    ) {
        let (behind, before) = (format!("{list},{more}"), format!("{more},{list}"));
        prop_assert!(!exempts(&list, &host) || exempts(&behind, &host) && exempts(&before, &host));
    }

    #[test]
    fn case_makes_no_difference(host in name(), list in "[a-c., ]{0,20}") {
        let lists = [format!("{list},{host}"), list];
        for list in lists {
            prop_assert_eq!(exempts(&list, &host), exempts(&list.to_uppercase(), &host.to_uppercase()));
        }
    }

    #[test]
    fn a_network_exempts_the_addresses_in_it(address in any::<IpAddr>(), network in any::<IpAddr>(), bits in 1_u8..=128, near in any::<bool>()) {
        let network = if near { address } else { network };
        let Ok(network) = IpNet::new(network, bits) else { return Ok(()) };
        let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        prop_assert_eq!(exempts(&network.to_string(), &host), network.contains(&address));
    }
}
