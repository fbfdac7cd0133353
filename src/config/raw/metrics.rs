//! Which series there are, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Profile;
use crate::config::decode::Field;

/// Which series there are.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawMetrics {
    /// All series (`full`), or those that alerts and the diagnosis need (`lean`): at most 60 instead of 250 for a target
    /// with one route and both families. docs/metrics.md says which.
    #[schemars(extend("default" = Profile::Full.label()))]
    pub(in crate::config) profile: Field<RawProfile>,
}

/// How many series a target has.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawProfile {
    Full,
    Lean,
}
