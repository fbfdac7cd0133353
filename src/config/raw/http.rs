//! HTTP options as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Time;
use crate::config::decode::{Field, Pairs};

/// How HTTP is spoken.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHttp {
    /// The versions offered: `auto` lets the server choose, `h1` is HTTP/1.1 only, `h2` is HTTP/2 only.
    #[schemars(extend("default" = "auto"))]
    pub(in crate::config) version: Field<RawVersion>,
    /// Headers added to every call. Their values are treated as secrets.
    #[schemars(extend("default" = {}))]
    pub(in crate::config) headers: Field<Pairs<String>>,
    /// Whether plain HTTP on port 80 of the host must redirect to HTTPS; for `https` URLs, and tried on the direct
    /// way only.
    #[schemars(extend("default" = false))]
    pub(in crate::config) redirect_https: Field<bool>,
    /// What the answer must be.
    pub(in crate::config) expect: Field<RawExpect>,
}

/// Versions of HTTP to offer.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawVersion {
    Auto,
    H1,
    H2,
}

/// What an answer must be.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawExpect {
    /// Statuses that are right, from 200 to 599. `[]` leaves it to the provider's dialect.
    #[schemars(extend("default" = []))]
    pub(in crate::config) status: Field<Vec<Field<u16>>>,
    /// A regular expression the body must match somewhere; empty is not to check.
    #[schemars(extend("default" = ""))]
    pub(in crate::config) body_regex: Field<String>,
    /// Slower answers are reported as slow, up to the timeout. By default none are.
    pub(in crate::config) max_latency: Field<Time>,
    /// A first token of a stream that comes later is reported as slow. By default none is.
    pub(in crate::config) max_first_token: Field<Time>,
    /// A stream without an event, other than a ping, for longer than this has stalled and is given up. By default only
    /// the timeout ends it.
    pub(in crate::config) max_gap: Field<Time>,
}
