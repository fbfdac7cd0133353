//! Amounts of money as they are written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::units::Usd;

/// An amount of US dollars in the config.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Money(pub(in crate::config) Usd);

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MoneyVisitor)
    }
}

struct MoneyVisitor;

impl Visitor<'_> for MoneyVisitor {
    type Value = Money;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount of US dollars: write it as a plain number such as 0.10 or 5")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Money, E> {
        Usd::parse(text).map(Money).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Money {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["number", "string"],
            "title": "US dollars",
            "minimum": 0,
            "maximum": 1_000_000,
            "pattern": r"^([0-9]+(\.[0-9]{0,12})?|.*\$\{.*)$",
        })
    }
}
