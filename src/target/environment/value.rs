//! The value of a proxy variable, taken apart.
//!
//! Promises: what is given out as [`Value::place`] holds no credentials, whatever the value was.

use crate::target::Host;
use crate::target::endpoint::host_and_port;

/// The parts of a value, as most clients split them: `[scheme://][userinfo@]authority[tail]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    /// The scheme as written.
    pub(super) scheme: Option<&'a str>,
    /// What stands before the last `@`.
    pub(super) userinfo: Option<&'a str>,
    /// Host and port.
    pub(super) authority: &'a str,
    /// The first `/`, `?` or `#` and what follows.
    pub(super) tail: &'a str,
}

impl<'a> Value<'a> {
    /// Takes a value apart.
    pub(super) fn split(value: &'a str) -> Self {
        let (scheme, rest) = match value.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, value),
        };
        let (rest, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (userinfo, authority) = match rest.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(userinfo), authority),
            None => (None, rest),
        };
        Self { scheme, userinfo, authority, tail }
    }

    /// The scheme in lower case, `http` if there is none.
    pub(super) fn scheme(&self) -> String {
        self.scheme.map_or_else(|| "http".to_owned(), str::to_ascii_lowercase)
    }

    /// `scheme://host:port`, without credentials; nothing if host or port cannot be.
    pub(super) fn place(&self, scheme: &str, default_port: u16) -> Option<String> {
        let authority = self.authority.strip_suffix(':').unwrap_or(self.authority);
        let (host, port) = host_and_port(authority).ok()?;
        Some(place(scheme, &host, port.unwrap_or(default_port)))
    }

    /// As it was written, without credentials; nothing if it cannot be the URL of a proxy, or if what follows the host may
    /// be the rest of a password.
    pub(super) fn shown(&self) -> Option<String> {
        host_and_port(self.authority.strip_suffix(':').unwrap_or(self.authority)).ok()?;
        let scheme = self.scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
        (!self.tail.contains('@')).then(|| format!("{scheme}{}", self.authority))
    }
}

/// A proxy without its credentials.
pub(super) fn place(scheme: &str, host: &Host, port: u16) -> String {
    match host {
        Host::Address(address) if address.is_ipv6() => format!("{scheme}://[{address}]:{port}"),
        other => format!("{scheme}://{other}:{port}"),
    }
}

/// The port of a proxy where none is named, as all clients but curl have it.
pub(super) fn default_port(scheme: &str) -> u16 {
    match scheme {
        "https" => 443,
        scheme if scheme.starts_with("socks") => 1080,
        _ => 80,
    }
}

/// Whether a text can be a scheme.
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= 40
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Whether each `%` has its two hex digits.
pub(super) fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}
