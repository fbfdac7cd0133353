//! An objective as it is written.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::{Time, shown};
use crate::config::decode::Field;
use crate::target::Objective;

/// What budgets of errors are mostly kept over.
pub(in crate::config) const WINDOW: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a target promises to those who depend on it; `api-canary rules` makes recording and alerting rules of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["objective"]))]
pub(in crate::config) struct RawSlo {
    /// The share of runs in which at least one path works, in percent, from 50 to less than 100.
    #[schemars(extend("examples" = [99.5]))]
    pub(in crate::config) objective: Field<Percent>,
    /// Over how long, from 7d to 90d in whole days.
    #[schemars(extend("default" = shown(WINDOW)))]
    pub(in crate::config) window: Field<Time>,
    /// How fast a call must be for the same share of the calls; a bound of the buckets of `api_latency_seconds`
    /// (docs/metrics.md). Not looked at where nothing is said.
    #[schemars(extend("examples" = ["2s"]))]
    pub(in crate::config) latency: Field<Time>,
}

/// A share in percent.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Percent(pub(in crate::config) Objective);

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(PercentVisitor)
    }
}

struct PercentVisitor;

impl Visitor<'_> for PercentVisitor {
    type Value = Percent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an objective: write it in percent, from 50 to less than 100, such as 99.5")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Percent, E> {
        Objective::parse(text).map(Percent).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Percent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "percent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["number", "string"],
            "title": "percent",
            "minimum": 50,
            "exclusiveMaximum": 100,
            "pattern": r"^([5-9][0-9](\.[0-9]{1,4})?|.*\$\{.*)$",
        })
    }
}
