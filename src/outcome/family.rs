//! Address families.

use std::fmt;
use std::net::IpAddr;

/// The address family a path uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4, asked for with A.
    Ipv4,
    /// IPv6, asked for with AAAA.
    Ipv6,
    /// The canary does not choose it: a proxy resolves the name.
    Any,
}

impl Family {
    /// The label value: `ipv4`, `ipv6`, `any`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Any => "any",
        }
    }

    /// The family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Ipv4,
            IpAddr::V6(_) => Self::Ipv6,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
