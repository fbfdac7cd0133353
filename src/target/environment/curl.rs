//! The variables as curl reads them (7.88 and later): `detect_proxy`, `parse_proxy` and `create_conn_helper_init_proxy`
//! in its lib/url.c, `Curl_check_noproxy` in lib/noproxy.c, from 8.18 on in lib/proxy.c.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::reading::{Reading, Way};
use super::value::{is_scheme, place};
use super::{EnvWay, NO_PROXY_VARIABLES, ProxyEnvironment, list, variables};
use crate::outcome::ProxyProtocol;
use crate::target::endpoint::host_and_port;
use crate::target::{Credentials, Endpoint, Host, Proxy, Roots, Scheme, Secret};

/// What versions of curl differ in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edition {
    /// Spaces separate entries of `NO_PROXY`; 8.9 and later read it only up to the first one without a comma.
    spaces: bool,
    /// IPv6 addresses in `NO_PROXY` are addresses and networks; before 8.18 they are text.
    ipv6: bool,
}

impl Default for Edition {
    /// The most generous one: an entry that somebody wrote is meant.
    fn default() -> Self {
        Self { spaces: true, ipv6: true }
    }
}

/// The readings of those versions that may differ from the default.
pub(super) fn editions(variables: &ProxyEnvironment, endpoint: &Endpoint) -> [(&'static str, Reading); 2] {
    let newer = Edition { spaces: false, ..Edition::default() };
    let older = Edition { ipv6: false, ..Edition::default() };
    let newer = read(variables, endpoint, newer).1;
    let older = read(variables, endpoint, older).1;
    [
        ("curl 8.9 and later", newer.because("it reads NO_PROXY only up to the first space without a comma")),
        (
            "curl before 8.18",
            older.because("to it IPv6 addresses in NO_PROXY are text, and it knows no networks of them"),
        ),
    ]
}

/// The way that curl goes.
pub(super) fn read(
    environment: &ProxyEnvironment,
    endpoint: &Endpoint,
    edition: Edition,
) -> (EnvWay, Reading) {
    if let Some((variable, entry)) = exemption(environment, endpoint, edition) {
        return (EnvWay::Direct, Reading::exempted(variable, &entry));
    }
    let no_proxy = environment.first(&NO_PROXY_VARIABLES).map(|(name, _)| name);
    let (way, reading) = match proxy_variable(environment, endpoint) {
        None => (EnvWay::Direct, Reading::direct()),
        Some((variable, value)) => follow(variable, value),
    };
    (way, reading.with_no_proxy(no_proxy))
}

/// The variable that names the proxy, and its value. An empty one counts as not set.
fn proxy_variable<'a>(
    environment: &'a ProxyEnvironment,
    endpoint: &Endpoint,
) -> Option<(&'static str, &'a str)> {
    let [lower, upper] = variables(endpoint);
    // HTTP_PROXY in upper case may come from the header `Proxy` of a request to a web server.
    let own = match endpoint.scheme {
        Scheme::Http => environment.first(&[lower]),
        Scheme::Https => environment.first(&[lower, upper]),
    };
    own.or_else(|| environment.first(&["all_proxy", "ALL_PROXY"]))
}

/// The way that a value leads.
fn follow(variable: &'static str, value: &str) -> (EnvWay, Reading) {
    let parsed = match parse(value) {
        Ok(parsed) => parsed,
        Err(why) => {
            let words = format!("{variable} is not the URL of a proxy: {why}");
            return (EnvWay::Unsupported(words), Reading::of(variable, Way::Refuse));
        }
    };
    let scheme = parsed.scheme.as_str();
    let protocol = match scheme {
        "http" => ProxyProtocol::Http,
        "https" => ProxyProtocol::Https,
        "socks5" => ProxyProtocol::Socks5,
        "socks5h" => ProxyProtocol::Socks5h,
        _ => return unsupported(variable, &parsed),
    };
    let reading = Reading::of(variable, Way::Proxy(place(scheme, &parsed.host, parsed.port)));
    let way = match credentials(parsed.userinfo.unwrap_or_default(), protocol) {
        Ok(credentials) => {
            let Parsed { host, port, .. } = parsed;
            EnvWay::Proxy(Arc::new(Proxy { protocol, host, port, credentials, roots: Roots::Public }))
        }
        Err(why) => EnvWay::Unsupported(format!("{variable} cannot be used: {why}")),
    };
    (way, reading)
}

/// A scheme that we do not speak; curl speaks SOCKS 4.
fn unsupported(variable: &'static str, parsed: &Parsed<'_>) -> (EnvWay, Reading) {
    let scheme = parsed.scheme.as_str();
    let (way, hint) = match scheme {
        "socks" | "socks4" => (Way::Proxy(place("socks4", &parsed.host, parsed.port)), "socks4"),
        "socks4a" => (Way::Proxy(place(scheme, &parsed.host, parsed.port)), ""),
        _ => (Way::Refuse, ""),
    };
    let hint = if scheme == hint || hint.is_empty() {
        String::new()
    } else {
        format!(", which curl takes for {hint}")
    };
    let words = format!(
        "{variable} has the scheme {scheme:?}{hint}: only http, https, socks5 and socks5h are supported"
    );
    (EnvWay::Unsupported(words), Reading::of(variable, way))
}

/// A value taken apart as `curl_url_set` does with `CURLU_GUESS_SCHEME`.
#[derive(Debug)]
struct Parsed<'a> {
    scheme: String,
    host: Host,
    port: u16,
    userinfo: Option<&'a str>,
}

/// Takes a value apart; what it says of a bad one repeats nothing of it.
fn parse(value: &str) -> Result<Parsed<'_>, &'static str> {
    const HOST: &str = "its host is not a DNS name or an address";
    const PORT: &str = "its port is not one from 1 to 65535";
    if value.contains(|c: char| c == ' ' || c.is_ascii_control()) {
        return Err("it holds a space or a control character");
    }
    let (scheme, rest) = match value.split_once(':') {
        Some((scheme, rest)) if rest.starts_with('/') && is_scheme(scheme) => {
            let authority = rest.trim_start_matches('/');
            if rest.len() - authority.len() > 3 {
                return Err("it has more than three slashes");
            }
            (Some(scheme.to_ascii_lowercase()), authority)
        }
        _ => (None, value),
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if tail.contains('@') {
        return Err("its credentials hold a /, ? or #: percent-encode them");
    }
    // The first one: a second makes the host a bad one.
    let (userinfo, authority) = match authority.split_once('@') {
        Some((userinfo, authority)) => (Some(userinfo), authority),
        None => (None, authority),
    };
    if authority.contains('@') {
        return Err("its credentials hold an @: write %40");
    }
    let from = if authority.starts_with('[') { authority.find(']').unwrap_or_default() } else { 0 };
    let colon = authority.get(from..).and_then(|rest| rest.find(':')).map(|at| from + at);
    let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
    let (host, _) = host_and_port(host).map_err(|_| HOST)?;
    let port = match (port.strip_prefix(':'), &scheme) {
        (None, _) | (Some(""), Some(_)) => None,
        (Some(digits), _) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0).ok_or(PORT)?)
        }
        (Some(_), _) => return Err(PORT),
    };
    let scheme = scheme.unwrap_or_else(|| "http".to_owned());
    if scheme.starts_with("socks") && host == Host::Name("localhost".to_owned()) && tail.len() > 1 {
        return Err("it names a Unix socket, which is not supported");
    }
    let port = port.unwrap_or(if scheme == "https" { 443 } else { 1080 });
    Ok(Parsed { scheme, host, port, userinfo })
}

/// User and password. Other than in a config, a `%` without two hex digits is a percent sign.
fn credentials(userinfo: &str, protocol: ProxyProtocol) -> Result<Option<Credentials>, &'static str> {
    if userinfo.is_empty() {
        return Ok(None);
    }
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let (mut user, mut password) = (decode(user)?, decode(password)?);
    match protocol {
        // They are sent as one text, of which the first colon ends the user (RFC 7617 §2).
        ProxyProtocol::Http | ProxyProtocol::Https => {
            let both = format!("{user}:{password}");
            if let Some((first, rest)) = both.split_once(':') {
                (user, password) = (first.to_owned(), rest.to_owned());
            }
        }
        ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => {
            if user.is_empty() || user.len() > 255 || password.len() > 255 {
                return Err("its user or password is empty or too long: SOCKS allows 1 to 255 bytes");
            }
        }
    }
    Ok(Some(Credentials { user: Secret::new(user), password: Secret::new(password) }))
}

fn decode(text: &str) -> Result<String, &'static str> {
    let hex = |digit: Option<&u8>| digit.and_then(|digit| char::from(*digit).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let decoded = match (first, hex(after.first()), hex(after.get(1))) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        if decoded.is_some() {
            rest = after.get(2..).unwrap_or_default();
        }
        bytes.push(decoded.unwrap_or(*first));
    }
    if bytes.iter().any(u8::is_ascii_control) {
        return Err("its user or password holds a control character");
    }
    String::from_utf8(bytes).map_err(|_| "its user or password is not UTF-8")
}

/// The variable and its entry that exempt an endpoint.
pub(super) fn exemption(
    environment: &ProxyEnvironment,
    endpoint: &Endpoint,
    edition: Edition,
) -> Option<(&'static str, String)> {
    let (variable, text) = environment.first(&NO_PROXY_VARIABLES)?;
    let entry = exempting(text, &endpoint.host, edition)?;
    Some((variable, entry.to_owned()))
}

/// The first entry of a list that exempts a host. Ports in entries are not known: `host:443` is no host.
fn exempting<'a>(text: &'a str, host: &Host, edition: Edition) -> Option<&'a str> {
    if text == "*" {
        return Some(text);
    }
    let all = text.split(',').flat_map(|item| item.split([' ', '\t'])).filter(|entry| !entry.is_empty());
    let mut limit = usize::MAX;
    if !edition.spaces {
        limit = 0;
        for item in text.split(',') {
            let words = item.split([' ', '\t']).filter(|entry| !entry.is_empty()).count();
            limit += words.min(1);
            if words > 1 {
                break;
            }
        }
    }
    all.take(limit).find(|entry| exempts(entry, host, edition))
}

fn exempts(entry: &str, host: &Host, edition: Edition) -> bool {
    match host {
        Host::Address(address @ IpAddr::V6(_)) if !edition.ipv6 => is_domain_of(entry, &address.to_string()),
        Host::Address(address) => is_network_of(entry, *address),
        Host::Name(name) => is_domain_of(entry, name),
    }
}

/// One dot before and one behind are ignored.
fn is_domain_of(entry: &str, name: &str) -> bool {
    let entry = entry.strip_suffix('.').unwrap_or(entry);
    let entry = entry.strip_prefix('.').unwrap_or(entry);
    list::covers(&entry.to_ascii_lowercase(), name)
}

/// An address, or a network in CIDR notation, of which `/0` is the address alone.
fn is_network_of(entry: &str, host: IpAddr) -> bool {
    let (address, bits) = match entry.split_once('/') {
        Some((address, bits)) if !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit()) => {
            (address, bits.parse().ok())
        }
        Some(_) => return false,
        None => (entry, Some(0)),
    };
    let (Ok(address), Some(bits)) = (address.parse::<IpAddr>(), bits) else { return false };
    match bits {
        0 => address == host,
        bits => IpNet::new(address, bits).is_ok_and(|network| network.contains(&host)),
    }
}
