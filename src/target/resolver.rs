//! Who is asked for addresses.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::{EndpointError, Host, Roots, SYSTEM, endpoint};
use crate::outcome::Transport;

/// Who is asked for addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    /// Its name in the config.
    pub name: Arc<str>,
    /// How it is asked.
    pub kind: ResolverKind,
    /// Whether its answers are validated.
    pub dnssec: Validation,
}

impl Resolver {
    /// The machine's own.
    #[must_use]
    pub fn system() -> Self {
        Self { name: SYSTEM.into(), kind: ResolverKind::System, dnssec: Validation::Off }
    }
}

/// How a resolver is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolverKind {
    /// As the machine does: the hosts file, then the servers of resolv.conf in their order.
    System,
    /// One named server.
    Server(Arc<Server>),
}

/// Why a text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// No scheme.
    #[error(
        "{0:?} is not the address of a resolver: write it like udp://8.8.8.8:53 or https://1.1.1.1/dns-query"
    )]
    NotAnAddress(String),
    /// A scheme that is not supported.
    #[error("the scheme {0:?} is not supported: use udp, tcp, tls or https")]
    Scheme(String),
    /// Credentials, a query or a fragment.
    #[error(
        "the address of a resolver has no {0}: write it like udp://8.8.8.8:53 or https://1.1.1.1/dns-query"
    )]
    Surplus(&'static str),
    /// No address where there must be one.
    #[error(
        "{0:?} does not name an IP address and a port: write it like udp://8.8.8.8:53 or tcp://[2001:4860:4860::8888]:53"
    )]
    NoAddress(String),
    /// No host.
    #[error("{0:?} has no host: write it like tls://dns.example.com or https://1.1.1.1/dns-query")]
    NoHost(String),
    /// A host or port that cannot be.
    #[error(transparent)]
    Host(#[from] EndpointError),
    /// A path that cannot be asked for.
    #[error("the path {0:?} cannot stand in a URL")]
    BadPath(String),
}

/// A named server.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// The transport of the first question.
    pub transport: Transport,
    /// Where it is; a name only over TLS and HTTPS.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// Path of the URL, for HTTPS; else empty.
    pub path: String,
    /// Whether the path is a secret, because the address holds a value from the environment.
    pub confidential: bool,
    /// Its addresses where `host` is a name; empty: the resolver `system` is asked for them.
    pub bootstrap: Vec<IpAddr>,
    /// The name to send and to verify instead of the host, for TLS and HTTPS.
    pub server_name: Option<String>,
    /// What its certificate must lead to, for TLS and HTTPS.
    pub roots: Roots,
}

impl Server {
    /// Reads `udp://IP[:PORT]`, `tcp://IP[:PORT]`, `tls://HOST[:PORT]` or `https://HOST[:PORT][/PATH]`.
    ///
    /// # Errors
    /// If it is not the address of a server we can ask.
    pub fn parse(address: &str) -> Result<Self, ServerError> {
        let not_an_address = || ServerError::NotAnAddress(address.to_owned());
        let (scheme, rest) = address.split_once("://").ok_or_else(not_an_address)?;
        let (transport, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "udp" => (Transport::Udp, 53),
            "tcp" => (Transport::Tcp, 53),
            "tls" => (Transport::Tls, 853),
            "https" => (Transport::Https, 443),
            other => return Err(ServerError::Scheme(other.to_owned())),
        };
        for (sign, what) in [('@', "credentials"), ('?', "query"), ('#', "fragment")] {
            if rest.contains(sign) {
                return Err(ServerError::Surplus(what));
            }
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = match (transport, path) {
            (Transport::Https, "") => "/dns-query",
            (Transport::Https, path) => path,
            (_, "" | "/") => "",
            (_, _) => return Err(ServerError::Surplus("path")),
        };
        if !path.is_empty() && path.parse::<http::uri::PathAndQuery>().is_err() {
            return Err(ServerError::BadPath(path.to_owned()));
        }
        let (host, port) = match (transport, endpoint::host_and_port(authority)) {
            (_, Ok((host @ Host::Address(_), port)))
            | (Transport::Tls | Transport::Https, Ok((host, port))) => (host, port),
            (Transport::Udp | Transport::Tcp, _) => return Err(ServerError::NoAddress(address.to_owned())),
            (_, Err(EndpointError::NoHost)) => return Err(ServerError::NoHost(address.to_owned())),
            (_, Err(error)) => return Err(error.into()),
        };
        let port = port.unwrap_or(default_port);
        let path = path.to_owned();
        let (bootstrap, server_name, roots) = (Vec::new(), None, Roots::Public);
        Ok(Self { transport, host, port, path, confidential: false, bootstrap, server_name, roots })
    }

    /// A server at an address, with nothing special about it.
    #[must_use]
    pub fn at(transport: Transport, address: SocketAddr) -> Self {
        Self {
            transport,
            host: Host::Address(address.ip()),
            port: address.port(),
            path: String::new(),
            confidential: false,
            bootstrap: Vec::new(),
            server_name: None,
            roots: Roots::Public,
        }
    }
}

impl fmt::Display for Server {
    /// Its address as the config has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.confidential && !self.path.is_empty() { "/[redacted]" } else { &self.path };
        match &self.host {
            Host::Address(IpAddr::V6(host)) => write!(f, "{}://[{host}]:{}{path}", self.transport, self.port),
            host => write!(f, "{}://{host}:{}{path}", self.transport, self.port),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

/// Whether the answers of a resolver are validated by DNSSEC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// They are believed.
    Off,
    /// They must lead to the root zone's keys that are built in.
    RootAnchor,
    /// They must lead to these keys.
    Anchors {
        /// Where they were read.
        path: String,
        /// DNSKEY records in zone file format.
        records: String,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_servers_fall_apart_into_their_parts() {
        for (text, shown) in [
            ("udp://8.8.8.8:53", "udp://8.8.8.8:53"),
            ("UDP://8.8.8.8", "udp://8.8.8.8:53"),
            ("tcp://127.0.0.1:5353/", "tcp://127.0.0.1:5353"),
            ("tcp://[::1]", "tcp://[::1]:53"),
            ("udp://[2001:db8::1]:54", "udp://[2001:db8::1]:54"),
            ("tls://1.1.1.1", "tls://1.1.1.1:853"),
            ("tls://DNS.Google.:8853/", "tls://dns.google:8853"),
            ("https://1.1.1.1", "https://1.1.1.1:443/dns-query"),
            ("https://[2606:4700::1111]:8443/q", "https://[2606:4700::1111]:8443/q"),
            ("https://dns.example/", "https://dns.example:443/"),
        ] {
            assert_eq!(Server::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused_with_its_reason() {
        for (text, told) in [
            ("8.8.8.8", "is not the address of a resolver"),
            ("quic://8.8.8.8", "the scheme \"quic\" is not supported"),
            ("udp://", "does not name an IP address"),
            ("udp://dns.google", "does not name an IP address"),
            ("udp://::1", "does not name an IP address"),
            ("udp://8.8.8.8:0", "does not name an IP address"),
            ("udp://[8.8.8.8]", "does not name an IP address"),
            ("udp://8.8.8.8/dns-query", "has no path"),
            ("tls://1.1.1.1/dns-query", "has no path"),
            ("https://u:p@dns.example/", "has no credentials"),
            ("https://dns.example/dns-query{?dns}", "has no query"),
            ("https://dns.example/#x", "has no fragment"),
            ("https:///dns-query", "has no host"),
            ("tls://a..b", "is not a DNS name"),
            ("https://dns.example:x/", "is not a port"),
            ("https://dns.example/a b", "cannot stand in a URL"),
        ] {
            let error = Server::parse(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_confidential_path_is_not_shown() {
        let server = Server { confidential: true, ..Server::parse("https://dns.example/secret").unwrap() };
        assert_eq!(format!("{server:?}"), "Server(https://dns.example:443/[redacted])");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_the_same(text in "(udp|tcp|tls|https)://([a-c0-9.:/%?@#-]|\\[|\\]){0,24}") {
            if let Ok(server) = Server::parse(&text) {
                prop_assert_eq!(Server::parse(&server.to_string()), Ok(server));
            }
        }
    }
}
