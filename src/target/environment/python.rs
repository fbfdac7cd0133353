//! The variables as Python reads them: `getproxies_environment` and `proxy_bypass_environment` of urllib.request, on
//! which the others build; `get_environment_proxies`, `Proxy` and `URLPattern` of httpx 0.28, which the SDKs of OpenAI
//! and Anthropic use; `should_bypass_proxies` and `get_connection_with_tls_context` of requests 2.32.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;

use super::reading::{Reading, Way};
use super::value::{Value, default_port};
use super::{CGI, ProxyEnvironment, list, variables};
use crate::target::{Endpoint, Host, Scheme};

/// As `getproxies_environment`: the lower case wins, and where it is there but empty, nothing is set.
fn lookup<'a>(
    environment: &'a ProxyEnvironment,
    [lower, upper]: [&'static str; 2],
) -> Option<(&'static str, &'a str)> {
    let forgotten = lower == "http_proxy" && environment.cgi;
    match environment.raw(lower) {
        Some("") => None,
        Some(value) => Some((lower, value)),
        None if forgotten => None,
        None => environment.first(&[upper]),
    }
}

/// The proxy for an endpoint: of its scheme, else of all.
fn proxy<'a>(environment: &'a ProxyEnvironment, endpoint: &Endpoint) -> Option<(&'static str, &'a str)> {
    lookup(environment, variables(endpoint)).or_else(|| lookup(environment, ["all_proxy", "ALL_PROXY"]))
}

/// No proxy; and why, if the reason is in a variable that is there.
fn none(environment: &ProxyEnvironment, endpoint: &Endpoint) -> Reading {
    for [lower, upper] in [variables(endpoint), ["all_proxy", "ALL_PROXY"]] {
        if environment.raw(lower) == Some("") && environment.first(&[upper]).is_some() {
            return Reading::direct().because(format!("to it an empty {lower} switches {upper} off"));
        }
    }
    if endpoint.scheme == Scheme::Http && environment.cgi && environment.raw("HTTP_PROXY").is_some() {
        return Reading::direct().because(format!("it passes over HTTP_PROXY where {CGI} is set"));
    }
    Reading::direct()
}

/// Where httpx goes.
pub(super) fn httpx(environment: &ProxyEnvironment, endpoint: &Endpoint) -> Reading {
    let exemptions = lookup(environment, ["no_proxy", "NO_PROXY"]);
    let no_proxy = exemptions.map(|(name, _)| name);
    let entries = || exemptions.into_iter().flat_map(|(_, text)| text.split(',').map(str::trim));
    if entries().any(|entry| entry == "*") {
        return Reading::exempted(no_proxy.unwrap_or_default(), "*");
    }
    // A client is made with all proxies and exemptions at once: one bad value is enough, even for another scheme.
    for names in [["http_proxy", "HTTP_PROXY"], ["https_proxy", "HTTPS_PROXY"], ["all_proxy", "ALL_PROXY"]] {
        let Some((variable, value)) = lookup(environment, names) else { continue };
        let scheme = Value::split(value).scheme();
        if !matches!(scheme.as_str(), "http" | "https" | "socks5" | "socks5h") {
            return Reading::refuses(format!("it knows no scheme {scheme}, which {variable} has"));
        }
        if value.contains(|c: char| c.is_ascii_control()) || place(value).is_none() {
            return Reading::refuses(format!("it cannot read {variable}"));
        }
    }
    let mut exempted = None;
    for entry in entries().filter(|entry| !entry.is_empty()) {
        match httpx_exempts(entry, endpoint) {
            None => {
                let variable = no_proxy.unwrap_or_default();
                return Reading::refuses(format!("it cannot read {entry:?} in {variable}"));
            }
            Some(true) => exempted = exempted.or(Some(entry)),
            Some(false) => {}
        }
    }
    let Some((variable, value)) = proxy(environment, endpoint) else {
        return none(environment, endpoint).with_no_proxy(no_proxy);
    };
    match (exempted, place(value)) {
        (Some(entry), _) => Reading::exempted(no_proxy.unwrap_or_default(), entry),
        (None, Some(place)) => Reading::of(variable, Way::Proxy(place)).with_no_proxy(no_proxy),
        (None, None) => Reading::refuses(format!("it cannot read {variable}")),
    }
}

/// Whether an entry exempts an endpoint; nothing if httpx fails on it.
fn httpx_exempts(entry: &str, endpoint: &Endpoint) -> Option<bool> {
    let host = endpoint.host.to_string();
    let address = entry.split('/').next().unwrap_or_default();
    if let Some((scheme, rest)) = entry.split_once("://") {
        let own = matches!(
            (scheme, endpoint.scheme),
            ("all", _) | ("https", Scheme::Https) | ("http", Scheme::Http)
        );
        let name = rest.split(['/', '?', '#']).next().unwrap_or_default();
        return Some(own && name.eq_ignore_ascii_case(&host));
    }
    if address.parse::<Ipv4Addr>().is_ok() {
        return Some(host == address);
    }
    if address.parse::<Ipv6Addr>().is_ok() {
        return if address == entry { Some(host == address) } else { None };
    }
    if entry.eq_ignore_ascii_case("localhost") {
        return Some(host == "localhost");
    }
    // The rest becomes the URL `all://*entry`.
    let authority = entry.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = match authority.split_once(':') {
        Some((name, "")) => (name, None),
        Some((name, port)) => (name, Some(port.parse::<u16>().ok()?)),
        None => (authority, None),
    };
    if !name.is_ascii() || name.contains(|c: char| c.is_ascii_control()) {
        return None;
    }
    if port.is_some() && port != written_port(endpoint) {
        return Some(false);
    }
    let name = name.to_ascii_lowercase();
    if name.is_empty() {
        return Some(port.is_some());
    }
    Some(match name.strip_prefix('.') {
        Some(domain) => list::is_below(domain, &host),
        None => list::covers(&name, &host),
    })
}

/// The port in the URL of a request: the one that its scheme has anyway is not there, so no entry with it ever exempts.
fn written_port(endpoint: &Endpoint) -> Option<u16> {
    match (endpoint.scheme, endpoint.port) {
        (Scheme::Https, 443) | (Scheme::Http, 80) => None,
        (_, port) => Some(port),
    }
}

/// Where requests goes.
pub(super) fn requests(environment: &ProxyEnvironment, endpoint: &Endpoint) -> Reading {
    // Its own look at the exemptions takes either case; urllib's, which comes behind, does as above.
    let own = environment.first(&["no_proxy", "NO_PROXY"]);
    let urllib = lookup(environment, ["no_proxy", "NO_PROXY"]);
    let no_proxy = own.map(|(name, _)| name);
    let exempted = own
        .and_then(|(name, text)| Some((name, requests_exempting(text, endpoint)?)))
        .or_else(|| urllib.and_then(|(name, text)| Some((name, urllib_exempting(text, endpoint)?))));
    if let Some((name, entry)) = exempted {
        return Reading::exempted(name, &entry);
    }
    let Some((variable, value)) = proxy(environment, endpoint) else {
        return none(environment, endpoint).with_no_proxy(no_proxy);
    };
    let scheme = Value::split(value).scheme();
    if !matches!(scheme.as_str(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
        return Reading::refuses(format!("it knows no scheme {scheme}, which {variable} has"));
    }
    match place(value) {
        Some(place) => Reading::of(variable, Way::Proxy(place)).with_no_proxy(no_proxy),
        None => Reading::refuses(format!("it cannot read {variable}")),
    }
}

fn requests_exempting(text: &str, endpoint: &Endpoint) -> Option<String> {
    let text = text.replace(' ', "");
    let mut entries = text.split(',').filter(|entry| !entry.is_empty());
    let found = match &endpoint.host {
        // Networks of IPv4 only, and ports not at all.
        Host::Address(IpAddr::V4(address)) => entries.find(|entry| match entry.parse::<Ipv4Net>() {
            Ok(network) => network.prefix_len() > 0 && network.contains(address),
            Err(_) => **entry == address.to_string(),
        }),
        host => entries.find(|entry| suffix_exempts(entry, &host.to_string(), written_port(endpoint))),
    };
    found.map(str::to_owned)
}

fn urllib_exempting(text: &str, endpoint: &Endpoint) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    let host = endpoint.host.to_string();
    let mut entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let found = entries.find(|entry| {
        let name = entry.trim_start_matches('.').to_ascii_lowercase();
        list::covers(&name, &host)
    });
    found.map(str::to_owned)
}

/// A host or a domain, with the endpoint's port or without; all dots before it are ignored.
fn suffix_exempts(entry: &str, host: &str, port: Option<u16>) -> bool {
    let name = entry.trim_start_matches('.');
    match list::host_port(name) {
        (name, own @ Some(_)) => own == port && list::covers(name, host),
        (name, None) => list::covers(name, host),
    }
}

fn place(value: &str) -> Option<String> {
    let parts = Value::split(value);
    let scheme = parts.scheme();
    parts.place(&scheme, default_port(&scheme))
}
