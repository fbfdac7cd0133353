//! Where a target is: the parts of its URL.

use std::fmt;
use std::net::IpAddr;

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP: no TLS layer, and no key is ever sent.
    Http,
    /// HTTP over TLS.
    Https,
}

/// The host of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name to resolve; lower case, no trailing dot.
    Name(String),
    /// An address; the DNS layer is not planned.
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

/// Why a text is not the URL of a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL at all.
    #[error("{0:?} is not a URL: write it like https://api.example.com")]
    NotAUrl(String),
    /// A scheme other than http and https.
    #[error("the scheme {0:?} is not supported: use https or http")]
    Scheme(String),
    /// No host.
    #[error("the URL has no host: write it like https://api.example.com")]
    NoHost,
    /// A host that cannot be a DNS name.
    #[error(
        "the host {0:?} is not a DNS name: labels of 1 to 63 letters, digits, - and _, no - at either end (write IDNs in punycode)"
    )]
    BadHost(String),
    /// A port outside 1 to 65535.
    #[error("{0:?} is not a port: use 1 to 65535")]
    BadPort(String),
    /// Credentials in the URL.
    #[error("the URL holds credentials: put a key under api_key instead")]
    Credentials,
}

/// Where a target is.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port, the scheme's own by default.
    pub port: u16,
    /// Path and query as given, starting with `/`.
    pub path: String,
    /// Whether path and query are secrets, because the URL holds a value from the environment.
    pub confidential: bool,
}

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// If it is not a usable `http` or `https` URL.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| EndpointError::NotAUrl(url.to_owned()))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(EndpointError::Scheme(other.to_owned())),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(EndpointError::Credentials);
        }
        let (host, port) = host_and_port(authority)?;
        let uri: http::Uri = url.parse().map_err(|_| EndpointError::NotAUrl(url.to_owned()))?;
        let port = port.unwrap_or(match scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
        });
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { scheme, host, port, path, confidential: false })
    }

    /// Host and port as a request names them: the port only where it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = match &self.host {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
            other => other.to_string(),
        };
        match (self.scheme, self.port) {
            (Scheme::Http, 80) | (Scheme::Https, 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

impl Endpoint {
    /// As labels, logs and pages name it: without the query, which often holds a key.
    #[must_use]
    pub fn shown(&self) -> String {
        let whole = self.to_string();
        whole.split_once('?').map_or(whole.as_str(), |(shown, _)| shown).to_owned()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let path = if self.confidential { "/[redacted]" } else { &self.path };
        write!(f, "{scheme}://{}{path}", self.authority())
    }
}

/// Reads `host[:port]`, an IPv6 address in brackets.
pub(super) fn host_and_port(authority: &str) -> Result<(Host, Option<u16>), EndpointError> {
    let bad = || EndpointError::BadHost(authority.to_owned());
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']').ok_or_else(bad)?;
            let (_, after) = rest.split_at(end + 1);
            (authority.get(..end + 2).unwrap_or_default(), after)
        }
        None => {
            let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            (host, port)
        }
    };
    if host.is_empty() {
        return Err(EndpointError::NoHost);
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return Err(bad()),
        Some(text) => Some(
            text.parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| EndpointError::BadPort(text.to_owned()))?,
        ),
    };
    Ok((parse_host(host)?, port))
}

fn parse_host(host: &str) -> Result<Host, EndpointError> {
    let bad = || EndpointError::BadHost(host.to_owned());
    if let Some(literal) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.parse().map(|address| Host::Address(IpAddr::V6(address))).map_err(|_| bad());
    }
    if let Ok(address) = host.parse() {
        return Ok(Host::Address(address));
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    // A name whose last label is a number is a mistyped address, not a name.
    let numeric_end = name.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()));
    if name.len() > 253 || numeric_end || !name.split('.').all(label_ok) {
        return Err(bad());
    }
    Ok(Host::Name(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::ServerName;

    use super::*;

    proptest! {
        #[test]
        fn a_host_that_is_accepted_can_be_verified(host in "[a-c0-9_.-]{1,12}|.{1,8}") {
            if let Ok((Host::Name(name), _)) = host_and_port(&host) {
                prop_assert!(ServerName::try_from(name.as_str()).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn urls_fall_apart_into_their_parts() {
        for (url, host, port, path, shown) in [
            ("https://api.anthropic.com", "api.anthropic.com", 443, "/", "https://api.anthropic.com/"),
            (
                "HTTPS://API.Example.com.:8443/v1?x=1",
                "api.example.com",
                8443,
                "/v1?x=1",
                "https://api.example.com:8443/v1?x=1",
            ),
            ("http://[::1]:80/", "::1", 80, "/", "http://[::1]/"),
            ("http://10.0.0.1?a=b", "10.0.0.1", 80, "/?a=b", "http://10.0.0.1/?a=b"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!(
                (endpoint.host.to_string().as_str(), endpoint.port, endpoint.path.as_str()),
                (host, port, path),
                "{url}"
            );
            assert_eq!(endpoint.to_string(), shown);
            assert_eq!(endpoint.shown(), shown.split('?').next().unwrap());
        }
    }

    #[test]
    fn what_is_no_target_is_refused_with_its_reason() {
        assert!(matches!(Endpoint::parse("api.example.com"), Err(EndpointError::NotAUrl(_))));
        assert!(matches!(Endpoint::parse("ftp://example.com"), Err(EndpointError::Scheme(_))));
        for url in ["https://", "https:///v1", "https://:443/"] {
            assert!(matches!(Endpoint::parse(url), Err(EndpointError::NoHost)), "{url}");
        }
        for url in [
            "https://a..b/",
            "https://exa mple/",
            "https://1.2.3.400/",
            "https://x:0/",
            "https://x:99999/",
            "https://[::g]/",
            "https://[10.0.0.1]/",
            "https://-a.example/",
            "https://a-.example/",
            "https://a.-/",
        ] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
        assert_eq!(Endpoint::parse("https://user:secret@example.com"), Err(EndpointError::Credentials));
    }
}
