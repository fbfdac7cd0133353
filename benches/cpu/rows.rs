//! What is measured: which layers, and how each of the three is told to walk them.

use std::fmt::Write as _;
use std::path::Path;

use super::servers::{HTTP, HTTPS};

/// Targets, each with a name of its own.
pub(crate) const TARGETS: u32 = 1000;

/// One row: the layers that a probe walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// A question to the name server.
    Dns,
    /// A connection to an address.
    Tcp,
    /// The same to a name.
    TcpByName,
    /// A handshake with a name.
    Tls,
    /// A call with a name, over HTTP/1.1.
    Http1,
    /// The same over HTTP/2; the floor has none and makes it over HTTP/1.1.
    Http2,
}

impl Row {
    pub(crate) const ALL: [Self; 6] =
        [Self::Dns, Self::Tcp, Self::TcpByName, Self::Tls, Self::Http1, Self::Http2];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::TcpByName => "tcp-by-name",
            Self::Tls => "tls",
            Self::Http1 => "https-h1",
            Self::Http2 => "https-h2",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.name() == name)
    }

    /// Whether a call is made.
    pub(crate) fn calls(self) -> bool {
        matches!(self, Self::Http1 | Self::Http2)
    }

    /// Whether nginx sees a connection of each probe.
    pub(crate) fn connects(self) -> bool {
        self != Self::Dns
    }

    /// Probes a second at a pace that one core can do.
    pub(crate) fn high_rate(self) -> f64 {
        match self {
            Self::Dns | Self::Tcp | Self::TcpByName => 1000.0,
            Self::Tls | Self::Http1 | Self::Http2 => 500.0,
        }
    }

    /// The host of a target.
    pub(crate) fn host(number: u32) -> String {
        format!("t{number:05}.bench.test")
    }

    /// What blackbox_exporter is asked for.
    pub(crate) fn target_of_blackbox(self, number: u32) -> String {
        let host = Self::host(number);
        match self {
            Self::Dns => "127.0.0.1:53".to_owned(),
            Self::Tcp => format!("127.0.0.1:{HTTP}"),
            Self::TcpByName => format!("{host}:{HTTP}"),
            Self::Tls => format!("{host}:{HTTPS}"),
            Self::Http1 | Self::Http2 => format!("https://{host}:{HTTPS}/v1/models"),
        }
    }

    /// The config of the canary: so many targets, each walked once in so many seconds.
    pub(crate) fn config_of_canary(self, targets: u32, interval: f64, root: &Path) -> String {
        let (interval, root) = (interval.round(), root.display());
        let timeout = interval.min(10.0);
        let mut config = format!(
            "history: {{ persist: false }}\ndefaults: {{ interval: {interval}s, timeout: {timeout}s }}\ntargets:\n"
        );
        for number in 0..targets {
            let host = Self::host(number);
            let rest = match self {
                Self::Dns => format!("url: 'http://{host}:{HTTP}', top_layer: dns"),
                Self::Tcp => format!("url: 'http://127.0.0.1:{HTTP}', top_layer: tcp"),
                Self::TcpByName => format!("url: 'http://{host}:{HTTP}', top_layer: tcp"),
                Self::Tls => {
                    format!("url: 'https://{host}:{HTTPS}', top_layer: tls, tls: {{ ca_file: {root} }}")
                }
                Self::Http1 | Self::Http2 => {
                    let version = if self == Self::Http1 { "h1" } else { "h2" };
                    format!(
                        "url: 'https://{host}:{HTTPS}/v1/models', http: {{ version: {version} }}, \
                         tls: {{ ca_file: {root} }}"
                    )
                }
            };
            // Writing to a String cannot fail.
            let _ = writeln!(
                config,
                "  - {{ name: t{number:05}, provider: http, families: [ipv4], expected_networks: [], {rest} }}"
            );
        }
        config
    }
}

/// The config of blackbox_exporter: a module for each row, by its name.
pub(crate) fn config_of_blackbox(root: &Path) -> String {
    let root = root.display();
    let name = Row::host(0);
    format!(
        "modules:\n\
         \x20 dns: {{ prober: dns, timeout: 5s, dns: {{ preferred_ip_protocol: ip4, query_name: {name}, query_type: A }} }}\n\
         \x20 tcp: {{ prober: tcp, timeout: 5s, tcp: {{ preferred_ip_protocol: ip4 }} }}\n\
         \x20 tcp-by-name: {{ prober: tcp, timeout: 5s, tcp: {{ preferred_ip_protocol: ip4 }} }}\n\
         \x20 tls: {{ prober: tcp, timeout: 5s, tcp: {{ preferred_ip_protocol: ip4, tls: true, tls_config: {{ ca_file: {root} }} }} }}\n\
         \x20 https-h1: {{ prober: http, timeout: 5s, http: {{ preferred_ip_protocol: ip4, enable_http2: false, tls_config: {{ ca_file: {root} }} }} }}\n\
         \x20 https-h2: {{ prober: http, timeout: 5s, http: {{ preferred_ip_protocol: ip4, tls_config: {{ ca_file: {root} }} }} }}\n"
    )
}
