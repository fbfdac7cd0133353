//! A proxy: the parts of its URL.

use std::fmt;
use std::net::IpAddr;

use super::{EndpointError, Host, Roots, Secret, endpoint};
use crate::outcome::ProxyProtocol;

/// Why a text is not the URL of a proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not a URL at all. The text is not repeated: it may hold credentials.
    #[error("this is not the URL of a proxy: write it like http://proxy.example.com:3128")]
    NotAUrl,
    /// A scheme that is not supported.
    #[error("the scheme {0:?} is not supported: use http, https, socks5 or socks5h")]
    Scheme(String),
    /// No host.
    #[error("the URL of the proxy has no host: write it like http://proxy.example.com:3128")]
    NoHost,
    /// A host that cannot be; not repeated, since it may be a password.
    #[error("the host of the proxy is not a DNS name or an IP address")]
    BadHost,
    /// A port that cannot be; not repeated, since it is a password where the host was forgotten.
    #[error("the port of the proxy is not one from 1 to 65535")]
    Port,
    /// A path, query or fragment, which a proxy has none of.
    #[error("the URL of a proxy has no path: write it like http://proxy.example.com:3128")]
    Path,
    /// A user or password that cannot be used.
    #[error("the user or password of the proxy {0}")]
    Credentials(&'static str),
}

/// User and password of a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user; without a colon.
    pub user: Secret,
    /// The password; may be empty.
    pub password: Secret,
}

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// How it is spoken to.
    pub protocol: ProxyProtocol,
    /// Where it is.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// Who we are to it.
    pub credentials: Option<Credentials>,
    /// What its certificate must lead to, for `https`.
    pub roots: Roots,
}

impl Proxy {
    /// Reads `scheme://[user[:password]@]host[:port]`; user and password are percent-encoded.
    ///
    /// Ports by default: 1080 for SOCKS, 443 for `https`, `http_port` for `http`.
    ///
    /// # Errors
    /// If it is not the URL of a proxy we can use. No error repeats credentials.
    pub fn parse(url: &str, http_port: u16) -> Result<Self, ProxyError> {
        let (scheme, rest) = url.split_once("://").ok_or(ProxyError::NotAUrl)?;
        let (protocol, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (ProxyProtocol::Http, http_port),
            "https" => (ProxyProtocol::Https, 443),
            "socks5" => (ProxyProtocol::Socks5, 1080),
            "socks5h" => (ProxyProtocol::Socks5h, 1080),
            other if is_scheme(other) => return Err(ProxyError::Scheme(other.to_owned())),
            _ => return Err(ProxyError::NotAUrl),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(ProxyError::Path);
        }
        let (userinfo, authority) = match rest.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(userinfo), authority),
            None => (None, rest),
        };
        let credentials = userinfo
            .filter(|userinfo| !userinfo.is_empty())
            .map(|text| credentials(text, protocol))
            .transpose()?;
        let (host, port) = endpoint::host_and_port(authority).map_err(|error| match error {
            EndpointError::BadPort(_) => ProxyError::Port,
            EndpointError::NoHost => ProxyError::NoHost,
            _ => ProxyError::BadHost,
        })?;
        let port = port.unwrap_or(default_port);
        Ok(Self { protocol, host, port, credentials, roots: Roots::Public })
    }

    /// Host and port as they stand in a URL.
    #[must_use]
    pub fn authority(&self) -> String {
        match &self.host {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]:{}", self.port),
            other => format!("{other}:{}", self.port),
        }
    }

    /// The whole URL, credentials included: for those who are to use the proxy themselves.
    #[must_use]
    pub fn export(&self) -> Secret {
        let credentials = self.credentials.as_ref().map_or_else(String::new, |credentials| {
            let (user, password) = (encode(credentials.user.expose()), encode(credentials.password.expose()));
            format!("{user}:{password}@")
        });
        Secret::new(format!("{}://{credentials}{}", self.protocol, self.authority()))
    }
}

impl fmt::Display for Proxy {
    /// Its URL without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.protocol, self.authority())
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn credentials(text: &str, protocol: ProxyProtocol) -> Result<Credentials, ProxyError> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let (user, password) = (decode(user)?, decode(password)?);
    match protocol {
        // RFC 7617 §2: the first colon ends the user.
        ProxyProtocol::Http | ProxyProtocol::Https if user.contains(':') => {
            return Err(ProxyError::Credentials("is not right: a user cannot hold a colon"));
        }
        // RFC 1929 §2: one byte of length, and a user of at least one byte.
        ProxyProtocol::Socks5 | ProxyProtocol::Socks5h
            if user.is_empty() || user.len() > 255 || password.len() > 255 =>
        {
            return Err(ProxyError::Credentials("is too long or empty: SOCKS allows 1 to 255 bytes"));
        }
        _ => {}
    }
    Ok(Credentials { user: Secret::new(user), password: Secret::new(password) })
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, ProxyError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let mut byte = *first;
        if byte == b'%' {
            let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
            byte = digits
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or(ProxyError::Credentials(
                    "has a % that is not followed by two hex digits: write %25",
                ))?;
            rest = rest.get(2..).unwrap_or_default();
        }
        bytes.push(byte);
    }
    if bytes.iter().any(u8::is_ascii_control) {
        return Err(ProxyError::Credentials("holds a control character"));
    }
    String::from_utf8(bytes).map_err(|_| ProxyError::Credentials("is not UTF-8"))
}

/// Percent-encodes all but the unreserved characters of RFC 3986 §2.3.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_proxies_fall_apart_into_their_parts() {
        for (url, shown, exported) in [
            ("http://proxy.example", "http://proxy.example:3128", "http://proxy.example:3128"),
            ("HTTPS://p.example/", "https://p.example:443", "https://p.example:443"),
            ("socks5://[::1]", "socks5://[::1]:1080", "socks5://[::1]:1080"),
            ("socks5h://u:p%40ss@10.0.0.1:9", "socks5h://10.0.0.1:9", "socks5h://u:p%40ss@10.0.0.1:9"),
            ("http://u%3D:@p.example:80", "http://p.example:80", "http://u%3D:@p.example:80"),
            ("http://@p.example:80", "http://p.example:80", "http://p.example:80"),
        ] {
            let proxy = Proxy::parse(url, 3128).unwrap();
            assert_eq!((proxy.to_string().as_str(), proxy.export().expose()), (shown, exported), "{url}");
            assert!(!format!("{proxy:?}").contains("p@ss"), "{proxy:?}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_never_repeats_credentials() {
        for url in [
            "proxy:3128",
            "http://",
            "http://u:hunter2@",
            "http://u:hunter2",
            "http://[u:hunter2",
            "http://u;hunter2:1",
            "http://u:hunter2@p:x",
            "http://u:hunter2%@p:1",
            "http://u:hunter2%0a@p:1",
            "http://u%3a:hunter2@p:1",
            "http://u:hunter2@p:1/path",
            "socks5://:hunter2@p:1",
            "socks4://u:hunter2@p:1",
            "hunter2!://p",
        ] {
            let error = Proxy::parse(url, 3128).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{url}: {error}");
        }
        assert_eq!(Proxy::parse("socks://p:1", 80), Err(ProxyError::Scheme("socks".to_owned())));
    }
}
