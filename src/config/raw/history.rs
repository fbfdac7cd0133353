//! What is kept of what was, as it is written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::{Time, shown};
use crate::config::Retention;
use crate::config::decode::Field;
use crate::units::Size;

/// More journeys of a path than anybody reads.
pub(in crate::config) const MOST_JOURNEYS: usize = 1000;

/// How much of what was is kept, for the status page and the JSON API.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHistory {
    /// Journeys of each path that worked, from 0 to 1000: the last ones, in full.
    #[schemars(extend("minimum" = 0, "maximum" = MOST_JOURNEYS, "default" = Retention::default().journeys))]
    pub(in crate::config) journeys: Field<u32>,
    /// Journeys of each path that failed, beside those, from 0 to 1000.
    #[schemars(extend("minimum" = 0, "maximum" = MOST_JOURNEYS, "default" = Retention::default().failures))]
    pub(in crate::config) failures: Field<u32>,
    /// How long journeys that worked are kept, from 1m to 30d.
    #[schemars(extend("default" = shown(Retention::default().age)))]
    pub(in crate::config) age: Field<Time>,
    /// How long journeys that failed are kept, and what was told of a target, from 1m to 90d.
    #[schemars(extend("default" = shown(Retention::default().failure_age)))]
    pub(in crate::config) failure_age: Field<Time>,
    /// How far back the timeline of a path goes, from 1h to 30d; it has at most 360 slots.
    #[schemars(extend("default" = shown(Retention::default().timeline)))]
    pub(in crate::config) timeline: Field<Time>,
    /// What the history of all targets may take, from 1MiB to 16GiB: where that is too little, the oldest journeys go first,
    /// those that worked before those that failed, then the oldest slots.
    #[schemars(extend("default" = Retention::default().memory.to_string()))]
    pub(in crate::config) memory: Field<Memory>,
    /// Whether timelines, journeys that failed and what was told outlast a restart, in a file in the state directory.
    #[schemars(extend("default" = Retention::default().persist))]
    pub(in crate::config) persist: Field<bool>,
}

/// An amount of memory in the config.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Memory(pub(in crate::config) Size);

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MemoryVisitor)
    }
}

struct MemoryVisitor;

impl Visitor<'_> for MemoryVisitor {
    type Value = Memory;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an amount of memory: write it as a whole number with its unit, such as 64MiB, 512KiB or 1GiB",
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Memory, E> {
        Size::parse(text).map(Memory).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Memory {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "memory".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "title": "memory",
            "pattern": r"^([0-9]+(B|KiB|MiB|GiB)|.*\$\{.*)$",
        })
    }
}
