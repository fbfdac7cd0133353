//! TLS options as they are written.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Time, shown};
use crate::config::decode::Field;

/// Three weeks: certificates that renew themselves have done so by then, and one that did not leaves time to act.
pub(in crate::config) const EXPIRY_WARNING: Duration = Duration::from_secs(21 * 24 * 3600);

/// How TLS is spoken.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTls {
    /// A PEM file of the only certificates to trust, instead of the bundled Mozilla roots. A relative path starts at
    /// the config file's directory.
    pub(in crate::config) ca_file: Field<String>,
    /// The name to send and to verify instead of the URL's host.
    pub(in crate::config) server_name: Field<String>,
    /// The lowest version of TLS to accept.
    #[schemars(extend("default" = "1.2"))]
    pub(in crate::config) min_version: Field<RawMinVersion>,
    /// Whether older versions than `min_version` are tried too, and must be refused. `true` by default where
    /// `min_version` is given, else `false`. Tried on the direct way only.
    pub(in crate::config) refuse_older: Field<bool>,
    /// The canary's own certificate, for servers that demand one.
    pub(in crate::config) client_cert: Field<RawClientCert>,
    /// How long before its end a certificate is reported as expiring.
    #[schemars(extend("default" = shown(EXPIRY_WARNING)))]
    pub(in crate::config) expiry_warning: Field<Time>,
}

/// A certificate and its key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["cert_file", "key_file"]))]
pub(in crate::config) struct RawClientCert {
    /// A PEM file of the certificate, and then of those that lead to its issuer. A relative path starts at the config
    /// file's directory.
    pub(in crate::config) cert_file: Field<String>,
    /// A PEM file of its key (PKCS#8, PKCS#1 or SEC1), not encrypted. A relative path starts at the config file's
    /// directory.
    pub(in crate::config) key_file: Field<String>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(in crate::config) enum RawMinVersion {
    #[serde(rename = "1.2")]
    V12,
    #[serde(rename = "1.3")]
    V13,
}
