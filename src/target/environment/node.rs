//! The variables as Node reads them: `EnvHttpProxyAgent` and `ProxyAgent` of undici 7, which `NODE_USE_ENV_PROXY=1`
//! puts behind `fetch` from Node 24 on. Without it `fetch` knows no variables at all, which is no disagreement about them.

use super::reading::{Reading, Way};
use super::value::{Value, default_port, is_encoded};
use super::{ProxyEnvironment, list};
use crate::target::{Endpoint, Host, Scheme};

/// Where Node goes.
pub(super) fn read(environment: &ProxyEnvironment, endpoint: &Endpoint) -> Reading {
    let http = lookup(environment, ["http_proxy", "HTTP_PROXY"]);
    let https = lookup(environment, ["https_proxy", "HTTPS_PROXY"]);
    // The agents for both are made at once: one bad value is enough.
    for (variable, value) in [http, https].into_iter().flatten() {
        if let Err(why) = follow(value) {
            return Reading::refuses(format!("{why}: {variable}"));
        }
    }
    let exemptions = lookup(environment, ["no_proxy", "NO_PROXY"]);
    let no_proxy = exemptions.map(|(name, _)| name);
    if let Some((name, entry)) = exemptions.and_then(|(name, text)| Some((name, exempting(text, endpoint)?)))
    {
        return Reading::exempted(name, entry);
    }
    let proxy = match endpoint.scheme {
        Scheme::Http => http,
        Scheme::Https => https.or(http),
    };
    let Some((variable, value)) = proxy else {
        let off = [["https_proxy", "HTTPS_PROXY"], ["http_proxy", "HTTP_PROXY"]].into_iter().find(
            |[lower, upper]| environment.raw(lower) == Some("") && environment.first(&[*upper]).is_some(),
        );
        let reading = Reading::direct().with_no_proxy(no_proxy);
        return match off {
            Some([lower, upper]) => reading.because(format!("to it an empty {lower} switches {upper} off")),
            None => reading,
        };
    };
    let place = match follow(value) {
        Ok(place) => place,
        Err(why) => return Reading::refuses(format!("{why}: {variable}")),
    };
    let reading = Reading::of(variable, Way::Proxy(place)).with_no_proxy(no_proxy);
    if endpoint.scheme == Scheme::Https && https.is_none() {
        return reading.because(format!("it takes {variable} for https too"));
    }
    reading
}

/// The lower case wins, even where it is empty.
fn lookup<'a>(
    environment: &'a ProxyEnvironment,
    [lower, upper]: [&'static str; 2],
) -> Option<(&'static str, &'a str)> {
    let name = if environment.raw(lower).is_some() { lower } else { upper };
    environment.first(&[name])
}

/// The proxy of a value, or why `ProxyAgent` throws.
fn follow(value: &str) -> Result<String, String> {
    let parts = Value::split(value.trim());
    let scheme = match parts.scheme {
        None => return Err("it wants a URL with a scheme".to_owned()),
        Some(_) => parts.scheme(),
    };
    // To it `socks` is `socks5`.
    let spoken = match scheme.as_str() {
        "socks" => "socks5",
        "http" | "https" | "socks5" => scheme.as_str(),
        _ => return Err(format!("it knows no scheme {scheme}")),
    };
    if !is_encoded(parts.userinfo.unwrap_or_default()) {
        return Err("it wants each % in credentials written as %25".to_owned());
    }
    if !matches!(parts.tail, "" | "/") {
        return Err("it takes no path".to_owned());
    }
    parts.place(spoken, default_port(spoken)).ok_or_else(|| "it cannot read the URL".to_owned())
}

/// The first entry that exempts an endpoint, separated by commas and white space.
fn exempting<'a>(text: &'a str, endpoint: &Endpoint) -> Option<&'a str> {
    if text == "*" {
        return Some(text);
    }
    let host = match &endpoint.host {
        Host::Address(address) if address.is_ipv6() => format!("[{address}]"),
        host => host.to_string(),
    };
    let mut entries = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
    entries.find(|entry| {
        let (name, port) = match entry.rsplit_once(':').map(|(name, port)| (name, port.parse::<u16>())) {
            Some((name, Ok(port))) => (name, port),
            _ => (*entry, 0),
        };
        let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
        let name = name.strip_prefix('.').unwrap_or(name).to_ascii_lowercase();
        (port == 0 || port == endpoint.port) && list::covers(&name, &host)
    })
}
