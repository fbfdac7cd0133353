//! What paths are made of as it is written: resolvers, routes, when another one is preferred, and when a change of what is
//! wrong with them is told.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::decode::Field;

/// More results in a row than this take too long to be of use.
pub(in crate::config) const MOST_IN_A_ROW: u32 = 100;

/// A resolver to choose by its name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["address"]))]
pub(in crate::config) struct RawResolver {
    /// The server and how it is asked: `udp://IP[:53]`, `tcp://IP[:53]`, `tls://HOST[:853]` (DNS over TLS) or
    /// `https://HOST[:443][/dns-query]` (DNS over HTTPS), where HOST is an IP address or a name. An IPv6 address stands
    /// in brackets.
    #[schemars(extend("examples" = ["udp://8.8.8.8", "tcp://[2001:4860:4860::8888]:53", "tls://dns.example.com", "https://1.1.1.1/dns-query"]))]
    pub(in crate::config) address: Field<String>,
    /// IP addresses of the host, where `address` has a name. By default the resolver `system` is asked for them.
    #[schemars(extend("minItems" = 1))]
    pub(in crate::config) bootstrap: Field<Vec<Field<String>>>,
    /// The name to send and to verify instead of the host; for `tls` and `https`.
    pub(in crate::config) server_name: Field<String>,
    /// A PEM file of the only certificates to trust, instead of the bundled Mozilla roots; for `tls` and `https`. A
    /// relative path starts at the config file's directory.
    pub(in crate::config) ca_file: Field<String>,
    /// Whether answers must prove by DNSSEC that they are genuine; for `udp` and `tcp`.
    #[schemars(extend("default" = false))]
    pub(in crate::config) dnssec: Field<bool>,
    /// A zone file with the DNSKEY records that proofs must lead to, instead of the built-in keys of the root
    /// zone; needs `dnssec: true`. A relative path starts at the config file's directory.
    pub(in crate::config) trust_anchor_file: Field<String>,
}

/// A proxy to choose by its name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["proxy"]))]
pub(in crate::config) struct RawRoute {
    /// The URL of the proxy: `http://`, `https://`, `socks5://` (the canary resolves names) or `socks5h://` (the proxy
    /// does); `http` and `https` proxies resolve names too, and are asked for a tunnel (CONNECT) also to an `http`
    /// target. `http` needs a port, the others have 443 and 1080 by default. A user and password before the host are
    /// percent-encoded, and never shown.
    #[schemars(extend("examples" = ["http://user:${PROXY_PASSWORD}@proxy.example.com:3128", "socks5h://127.0.0.1"]))]
    pub(in crate::config) proxy: Field<String>,
    /// A PEM file of the only certificates to trust of the proxy itself, instead of the bundled Mozilla roots; for an
    /// `https` proxy. A relative path starts at the config file's directory.
    pub(in crate::config) ca_file: Field<String>,
}

/// When another route or endpoint is preferred.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawFailover {
    /// So many successes in a row make one healthy, from 1 to 100; 2 where nothing is said.
    #[schemars(extend("minimum" = 1, "maximum" = MOST_IN_A_ROW))]
    pub(in crate::config) rise: Field<u32>,
    /// So many failures in a row make one unhealthy, from 1 to 100; 3 where nothing is said.
    #[schemars(extend("minimum" = 1, "maximum" = MOST_IN_A_ROW))]
    pub(in crate::config) fall: Field<u32>,
}

/// When a diagnosis is told, and whether experiments are made to find it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawDiagnosis {
    /// So many good runs in a row before a target that failed is said to be ok, from 1 to 100; 2 where nothing is said. A
    /// first failure is always told at once.
    #[schemars(extend("minimum" = 1, "maximum" = MOST_IN_A_ROW))]
    pub(in crate::config) recover_after: Field<u32>,
    /// So many runs in a row before one failing verdict replaces another, from 1 to 100; 2 where nothing is said. That a
    /// target goes down altogether is told at once.
    #[schemars(extend("minimum" = 1, "maximum" = MOST_IN_A_ROW))]
    pub(in crate::config) change_after: Field<u32>,
    /// Whether experiments are made after a failure that tell one cause from another; true where nothing is said. They
    /// cost no money, and are made beside the schedule.
    pub(in crate::config) follow_ups: Field<bool>,
}
