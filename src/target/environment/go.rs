//! The variables as Go reads them: `FromEnvironment`, `parseProxy` and `useProxy` of golang.org/x/net/http/httpproxy,
//! which `net/http.ProxyFromEnvironment` is, and `dialConn` of net/http for the schemes.

use std::net::IpAddr;

use ipnet::IpNet;

use super::reading::{Reading, Way};
use super::value::{Value, default_port, is_encoded};
use super::{ProxyEnvironment, list, variables};
use crate::target::{Endpoint, Host, Scheme};

/// Where Go goes.
pub(super) fn read(environment: &ProxyEnvironment, endpoint: &Endpoint) -> Reading {
    let [lower, upper] = variables(endpoint);
    let list = environment.first(&["NO_PROXY", "no_proxy"]);
    let no_proxy = list.map(|(name, _)| name);
    let Some((variable, value)) = environment.first(&[upper, lower]) else {
        return Reading::direct().with_no_proxy(no_proxy);
    };
    let Some((way, because)) = follow(value) else {
        return Reading::direct().because(format!("it passes over {variable}, which it cannot read"));
    };
    if endpoint.scheme == Scheme::Http && environment.cgi {
        return Reading::refuses(format!("it refuses {variable} where REQUEST_METHOD is set"));
    }
    let local = match &endpoint.host {
        Host::Name(name) => name == "localhost",
        Host::Address(address) => address.is_loopback(),
    };
    if local {
        return Reading::direct().because("it never uses a proxy for localhost and loopback addresses");
    }
    if let Some((name, entry)) = list.and_then(|(name, text)| Some((name, exempting(text, endpoint)?))) {
        return Reading::exempted(name, entry);
    }
    let reading = Reading::of(variable, way).with_no_proxy(no_proxy);
    match because {
        Some(because) => reading.because(because),
        None => reading,
    }
}

/// Where a value leads, and why there if not for its words; nothing if Go cannot read it.
fn follow(value: &str) -> Option<(Way, Option<String>)> {
    if value.contains(|c: char| c == ' ' || c.is_ascii_control()) {
        return None;
    }
    let parts = Value::split(value);
    if !parts.userinfo.unwrap_or_default().bytes().all(is_userinfo)
        || !is_encoded(parts.userinfo.unwrap_or_default())
    {
        return None;
    }
    let scheme = parts.scheme();
    if matches!(scheme.as_str(), "http" | "https" | "socks5" | "socks5h") {
        return Some((Way::Proxy(parts.place(&scheme, default_port(&scheme))?), None));
    }
    let because = format!("it knows no scheme {scheme} and speaks HTTP there");
    Some((Way::Proxy(parts.place("http", default_port(&scheme))?), Some(because)))
}

/// As `validUserinfo` of net/url.
fn is_userinfo(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte)
}

/// The first entry that exempts an endpoint: separated by commas, with a port or without.
fn exempting<'a>(text: &'a str, endpoint: &Endpoint) -> Option<&'a str> {
    let mut entries = text.split(',').map(str::trim);
    if let Some(star) = entries.clone().find(|entry| *entry == "*") {
        return Some(star);
    }
    entries.find(|entry| exempts(&entry.to_ascii_lowercase(), endpoint))
}

fn exempts(entry: &str, endpoint: &Endpoint) -> bool {
    if let Ok(network) = entry.parse::<IpNet>() {
        return matches!(&endpoint.host, Host::Address(address) if network.contains(address));
    }
    let (host, port) = list::host_port(entry);
    if port.is_some_and(|port| port != endpoint.port) {
        return false;
    }
    let bare = match port {
        Some(_) => host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host),
        None => host,
    };
    match (&endpoint.host, bare.parse::<IpAddr>()) {
        (Host::Address(address), Ok(entry)) => *address == entry,
        (Host::Name(name), Err(_)) => {
            let entry = bare.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(bare);
            match entry.strip_prefix('.') {
                // A leading dot means the names below only.
                Some(domain) => list::is_below(domain, name),
                None => list::covers(entry, name),
            }
        }
        _ => false,
    }
}
