//! What the proxy layer saw: the way to the proxy, and what it said to the request for a tunnel.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::tls::TlsEvidence;

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyProtocol {
    /// HTTP CONNECT.
    Http,
    /// HTTP CONNECT over TLS.
    Https,
    /// SOCKS 5 with an address: the canary resolves the name.
    Socks5,
    /// SOCKS 5 with the name: the proxy resolves it.
    Socks5h,
}

impl ProxyProtocol {
    /// The scheme of its URL: `http`, `https`, `socks5`, `socks5h`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// Whether the proxy is given the name, and so chooses the address.
    #[must_use]
    pub const fn resolves(self) -> bool {
        match self {
            Self::Http | Self::Https | Self::Socks5h => true,
            Self::Socks5 => false,
        }
    }
}

impl fmt::Display for ProxyProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// The phases of getting a tunnel, as far as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProxyPhases {
    /// The proxy's name to its addresses; absent where the URL has an address.
    pub resolve: Option<Duration>,
    /// The connection to the proxy.
    pub connect: Option<Duration>,
    /// TLS with the proxy, for `https://` ones.
    pub tls: Option<Duration>,
    /// The CONNECT or SOCKS exchange.
    pub tunnel: Option<Duration>,
}

/// What the proxy layer saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyEvidence {
    /// The proxy's URL, without credentials.
    pub proxy: String,
    /// The address of the proxy that connected.
    pub address: Option<SocketAddr>,
    /// The phases, as far as it came.
    pub phases: ProxyPhases,
    /// The kernel's smoothed round-trip time to the proxy (`TCP_INFO`), where it says.
    pub rtt: Option<Duration>,
    /// TLS with the proxy, for `https://` ones.
    pub tls: Option<Box<TlsEvidence>>,
    /// The status of the reply to CONNECT.
    pub status: Option<u16>,
    /// The authentication schemes the proxy offers with status 407: `Basic`, `NTLM`, …
    pub auth_schemes: Vec<String>,
}

impl ProxyEvidence {
    /// Evidence of a tunnel that is about to be asked for.
    #[must_use]
    pub fn of(proxy: String) -> Self {
        Self {
            proxy,
            address: None,
            phases: ProxyPhases::default(),
            rtt: None,
            tls: None,
            status: None,
            auth_schemes: Vec::new(),
        }
    }
}
