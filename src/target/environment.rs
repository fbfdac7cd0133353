//! The process's proxy variables, and what they mean for an endpoint.
//!
//! Promises: the way is the one curl goes, since every other client claims to follow it; where another client would go
//! a different way, a line says which and why. No text that leaves this room holds credentials.

mod curl;
mod go;
mod list;
mod node;
mod python;
mod reading;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Endpoint, Proxy, Scheme, Secret};

/// The variables that name proxies, the lower case first.
pub(super) const PROXY_VARIABLES: [&str; 6] =
    ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/// The variables that exempt hosts, the lower case first.
const NO_PROXY_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Set where a web server runs the process for a request: then `HTTP_PROXY` may come from a header of the request.
const CGI: &str = "REQUEST_METHOD";

/// The proxy variables of the process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProxyEnvironment {
    values: BTreeMap<&'static str, Secret>,
    cgi: bool,
}

/// What the variables mean for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvRoute {
    /// The way curl would go.
    pub way: EnvWay,
    /// How other clients would read the variables differently; each names the client and what it would do.
    pub disagreements: Vec<String>,
}

/// The way the variables lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvWay {
    /// Straight to the endpoint.
    Direct,
    /// Through a proxy.
    Proxy(Arc<Proxy>),
    /// Nowhere: a variable names something that is not supported; its words, without credentials.
    Unsupported(String),
}

impl ProxyEnvironment {
    /// Takes the proxy variables out of an environment.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let names = PROXY_VARIABLES.into_iter().chain(NO_PROXY_VARIABLES);
        let values = names.filter_map(|name| Some((name, Secret::new(lookup(name)?)))).collect();
        Self { values, cgi: lookup(CGI).is_some() }
    }

    /// What the variables mean for an endpoint.
    ///
    /// Clients are read as they are with proxy support switched on: Python with its SOCKS packages, Node with the
    /// `EnvHttpProxyAgent` of undici. That many clients resolve names at the proxy for `socks5` too, where curl does so
    /// for `socks5h` only, is no other way.
    #[must_use]
    pub fn route(&self, endpoint: &Endpoint) -> EnvRoute {
        let (way, curl) = curl::read(self, endpoint, curl::Edition::default());
        let mut disagreements = Vec::new();
        let clients = curl::editions(self, endpoint).into_iter().chain([
            ("Go", go::read(self, endpoint)),
            ("Python (httpx)", python::httpx(self, endpoint)),
            ("Python (requests)", python::requests(self, endpoint)),
            ("Node (EnvHttpProxyAgent)", node::read(self, endpoint)),
        ]);
        for (client, reading) in clients {
            disagreements.extend(reading.differs(client, &curl));
        }
        EnvRoute { way, disagreements }
    }

    /// The variables that are set and not empty, each with its value as it may be shown: a proxy without its credentials,
    /// and nothing at all of a value that is not the URL of one.
    #[must_use]
    pub fn shown(&self) -> Vec<(&'static str, Option<String>)> {
        let set = |name: &'static str| Some((name, self.raw(name).filter(|value| !value.is_empty())?));
        let proxies = PROXY_VARIABLES
            .into_iter()
            .filter_map(set)
            .map(|(name, value)| (name, value::Value::split(value).shown()));
        let exempted = NO_PROXY_VARIABLES.into_iter().filter_map(set);
        // An entry with an @ can only be something that was meant for another variable.
        let exempted = exempted.map(|(name, value)| (name, (!value.contains('@')).then(|| value.to_owned())));
        proxies.chain(exempted).collect()
    }

    /// The entry of the variables that exempts an endpoint from any proxy, and the name of its variable.
    pub(super) fn exemption(&self, endpoint: &Endpoint) -> Option<(&'static str, String)> {
        curl::exemption(self, endpoint, curl::Edition::default())
    }

    /// The same with another value for these variables.
    pub(super) fn with(&self, names: &[&'static str], value: &Secret) -> Self {
        let mut other = self.clone();
        other.values.extend(names.iter().map(|name| (*name, value.clone())));
        other
    }

    /// The value of a variable as it is, which may be empty.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(Secret::expose)
    }

    /// The first of these variables that is set and not empty: its name and value.
    fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| Some((*name, self.raw(name).filter(|value| !value.is_empty())?)))
    }
}

/// The proxy variables for the scheme of an endpoint, the lower case first.
fn variables(endpoint: &Endpoint) -> [&'static str; 2] {
    match endpoint.scheme {
        Scheme::Https => ["https_proxy", "HTTPS_PROXY"],
        Scheme::Http => ["http_proxy", "HTTP_PROXY"],
    }
}

#[cfg(test)]
mod tests;
