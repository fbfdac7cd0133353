//! The layers of a journey, in the order they are walked.

use std::fmt;

/// One layer of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Name to addresses.
    Dns,
    /// Address to connection.
    Tcp,
    /// The tunnel through a proxy.
    Proxy,
    /// The TLS handshake and the certificate.
    Tls,
    /// The call and its answer.
    Api,
}

impl Layer {
    /// All layers, lowest first.
    pub const ALL: [Self; 5] = [Self::Dns, Self::Tcp, Self::Proxy, Self::Tls, Self::Api];

    /// The label value: `dns`, `tcp`, `proxy`, `tls`, `api`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Api => "api",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
