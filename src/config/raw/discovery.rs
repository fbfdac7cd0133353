//! Targets that stand elsewhere as they are written: sources of lists, and the groups such a list may hold.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Time, shown};
use crate::config::decode::Field;

/// An inventory changes a few times a day; a minute late is early enough.
pub(in crate::config) const REFRESH: Duration = Duration::from_secs(60);

/// Longer than any inventory needs for some hundred kilobytes.
pub(in crate::config) const SOURCE_TIMEOUT: Duration = Duration::from_secs(10);

/// As many as one canary watches at their ease; a list that is longer is a mistake, or worse, more often than not.
pub(in crate::config) const MAX_TARGETS: u32 = 1000;

/// A URL that answers with a list of targets in JSON.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["url"]))]
pub(in crate::config) struct RawTargetSource {
    /// Where the list is, `https` or `http`: JSON, in the format of target files.
    #[schemars(extend("examples" = ["https://inventory.example.com/targets"]))]
    pub(in crate::config) url: Field<String>,
    /// Time between two readings, from 1s to 1d, varied by a tenth.
    #[schemars(extend("default" = shown(REFRESH)))]
    pub(in crate::config) refresh: Field<Time>,
    /// How long one answer may take, from 100ms to 5m.
    #[schemars(extend("default" = shown(SOURCE_TIMEOUT)))]
    pub(in crate::config) timeout: Field<Time>,
    /// Where the token comes from that is sent to the source (`Authorization: Bearer`); without it none is sent. Never
    /// over plain HTTP to another machine, and never to another host.
    pub(in crate::config) bearer_token: Field<RawBearerToken>,
    /// A PEM file of the only certificates to trust, instead of the bundled Mozilla roots and the machine's own store. A
    /// relative path starts at the config file's directory.
    pub(in crate::config) ca_file: Field<String>,
    /// A list of more targets than this is refused, from 1 to 100000.
    #[schemars(extend("default" = MAX_TARGETS))]
    pub(in crate::config) max_targets: Field<u32>,
    /// Whether its targets may name keys, files and variables of this machine (`api_key`, `ca_file`, `client_cert`,
    /// `${NAME}`), as the config may. Whoever can write the list can then have the keys sent to a host of theirs.
    #[schemars(extend("default" = false))]
    pub(in crate::config) trusted: Field<bool>,
}

/// Where a token comes from: exactly one of `env` and `file`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["env"]}, {"required": ["file"]}]))]
pub(in crate::config) struct RawBearerToken {
    /// The name of the environment variable that holds the token.
    pub(in crate::config) env: Field<String>,
    /// A file that holds the token; read again when it changes. A relative path starts at the config file's directory.
    pub(in crate::config) file: Field<String>,
}

/// Several targets at once, as Prometheus' file_sd has them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawGroup {
    pub(in crate::config) targets: Field<Vec<Field<String>>>,
    pub(in crate::config) labels: Field<RawLabels>,
}

/// The labels of a group that have a meaning here.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawLabels {
    pub(in crate::config) name: Field<String>,
    pub(in crate::config) provider: Field<String>,
    pub(in crate::config) interval: Field<Time>,
    pub(in crate::config) timeout: Field<Time>,
}
