//! A target as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{RawCall, RawDiagnosis, RawFailover, RawHttp, RawRetry, RawSlo, RawStatusPage, RawTls, Time};
use crate::config::decode::Field;
use crate::provider;

/// One API endpoint under watch.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["name", "provider"], "not" = {"required": ["url", "endpoints"]}))]
pub(in crate::config) struct RawTarget {
    /// The label `target` of its metrics, unique in the config: 1 to 100 letters, digits, `_`, `-` and `.`, the
    /// first a letter or digit.
    #[schemars(extend("pattern" = super::NAME))]
    pub(in crate::config) name: Field<String>,
    /// The dialect it speaks: `anthropic` for the Claude API, `http` for any HTTP endpoint; docs/providers.md tells of
    /// each.
    #[schemars(extend("enum" = provider_names()))]
    pub(in crate::config) provider: Field<String>,
    /// Where it is, `https` or `http`. The provider's own URL by default; where the provider has none, it or `endpoints`
    /// must be given.
    pub(in crate::config) url: Field<String>,
    /// Where it is, instead of `url`, if it is in several places: URLs, the most preferred first. Each is walked.
    #[schemars(extend("minItems" = 1, "examples" = [["https://gateway-a.example.com", "https://gateway-b.example.com"]]))]
    pub(in crate::config) endpoints: Field<Vec<Field<String>>>,
    /// The highest layer that is walked, up to and with the layers below it: `api` is all of them. Those above are not planned:
    /// `dns` looks the name up, `tcp` connects too (through a proxy: makes the tunnel), `tls` makes the handshake and
    /// verifies the certificate too, and none of them makes a call.
    #[schemars(extend("default" = "api"))]
    pub(in crate::config) top_layer: Field<RawTopLayer>,
    /// Where its key comes from; without it, only calls that need no key are made. A key is only ever sent over a
    /// verified TLS connection.
    pub(in crate::config) api_key: Field<RawApiKey>,
    /// Time between the starts of two runs, from 1s to 1d. `defaults.interval` by default.
    pub(in crate::config) interval: Field<Time>,
    /// The budget of one run through all layers, from 100ms to the interval. `defaults.timeout` by default, or the
    /// interval where that is shorter.
    pub(in crate::config) timeout: Field<Time>,
    /// How packets leave, the most preferred first, each walked on a path of its own: `direct`, `env` or names under
    /// the top-level `routes`.
    #[schemars(extend("default" = ["direct"], "minItems" = 1))]
    pub(in crate::config) routes: Field<Vec<Field<String>>>,
    /// The address families that are walked, each on a path of its own. By default those that DNS answers. Without
    /// effect on the route through a proxy that resolves names itself.
    #[schemars(extend("minItems" = 1))]
    pub(in crate::config) families: Field<Vec<Field<RawFamily>>>,
    /// Which addresses of a family are walked: `first` is the first one that connects, in the order of the answer,
    /// `all` is each of them.
    #[schemars(extend("default" = "first"))]
    pub(in crate::config) addresses: Field<RawAddresses>,
    /// Who is asked for addresses: `system` or names under the top-level `resolvers`. All are asked and compared; the
    /// answer of the first one is walked. By default `[system]`, or nobody where every route is a proxy that resolves
    /// names itself.
    #[schemars(extend("minItems" = 1))]
    pub(in crate::config) resolvers: Field<Vec<Field<String>>>,
    /// When another route or endpoint is preferred. Each key is as under `defaults.failover` by default.
    pub(in crate::config) failover: Field<RawFailover>,
    /// When its diagnosis is told, and whether experiments are made to find it. Each key is as under `defaults.diagnosis`
    /// by default.
    pub(in crate::config) diagnosis: Field<RawDiagnosis>,
    /// Networks the addresses must be in. By default those the provider has published, where the host is the
    /// provider's own; `[]` is not to check.
    #[schemars(extend("examples" = [["160.79.104.0/23", "2607:6bc0::/48"]]))]
    pub(in crate::config) expected_networks: Field<Vec<Field<String>>>,
    /// How TLS is spoken.
    pub(in crate::config) tls: Field<RawTls>,
    /// How HTTP is spoken.
    pub(in crate::config) http: Field<RawHttp>,
    /// What is called.
    pub(in crate::config) call: Field<RawCall>,
    /// Whether a journey that failed is tried again at once.
    pub(in crate::config) retry: Field<RawRetry>,
    /// The provider's public status page, read as context beside the probes: it never overrides one.
    pub(in crate::config) status_page: Field<RawStatusPage>,
    /// What it promises to those who depend on it.
    pub(in crate::config) slo: Field<RawSlo>,
}

/// Where a key comes from: exactly one of `env` and `file`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["env"]}, {"required": ["file"]}]))]
pub(in crate::config) struct RawApiKey {
    /// The name of the environment variable that holds the key.
    #[schemars(extend("examples" = ["ANTHROPIC_API_KEY"]))]
    pub(in crate::config) env: Field<String>,
    /// A file that holds the key; read again when it changes. A relative path starts at the config file's directory.
    pub(in crate::config) file: Field<String>,
    /// Whether a variable that is unset or empty, or a file that does not exist, means to go on without a key
    /// instead of being a problem.
    #[schemars(extend("default" = false))]
    pub(in crate::config) optional: Field<bool>,
}

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawFamily {
    Ipv4,
    Ipv6,
}

/// The highest layer that is walked.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawTopLayer {
    Dns,
    Tcp,
    Tls,
    Api,
}

/// Which addresses are walked.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawAddresses {
    First,
    All,
}

/// The names of all providers.
pub(in crate::config) fn provider_names() -> Vec<&'static str> {
    provider::ALL.iter().map(|provider| provider.name()).collect()
}
