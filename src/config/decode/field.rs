//! The two building blocks of the raw types: a value that may be missing or unusable, and a mapping with free keys.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::FIELD;
use crate::config::problem::{Checked, Place, Position, Reported};

/// The value of a key.
#[derive(Debug, Default)]
pub(in crate::config) enum Field<T> {
    /// The key is not there, or nothing follows it.
    #[default]
    Absent,
    /// The value does not fit, and the report says why.
    Bad,
    /// A value and its place.
    Given(T, Place),
}

impl<T> Field<T> {
    /// The value and its place, `None` where absent.
    pub(in crate::config) fn checked(self) -> Checked<Option<(T, Place)>> {
        match self {
            Self::Absent => Ok(None),
            Self::Bad => Err(Reported),
            Self::Given(value, place) => Ok(Some((value, place))),
        }
    }

    /// The value and its place, where it is there and fits.
    pub(in crate::config) fn given(&self) -> Option<(&T, &Place)> {
        match self {
            Self::Absent | Self::Bad => None,
            Self::Given(value, place) => Some((value, place)),
        }
    }

    /// The value, or a default where absent.
    pub(in crate::config) fn or(self, default: T) -> Checked<T> {
        Ok(self.checked()?.map_or(default, |(value, _)| value))
    }
}

impl<T: Default> Field<T> {
    /// A part of the config that may be left out, and whether all that was given of it could be read.
    pub(in crate::config) fn section(self) -> (T, Checked<()>) {
        match self {
            Self::Absent => (T::default(), Ok(())),
            Self::Bad => (T::default(), Err(Reported)),
            Self::Given(value, _) => (value, Ok(())),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(FIELD, FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let Some(value) = parts.next_element()? else { return Ok(Field::Bad) };
        let line = parts.next_element()?.unwrap_or_default();
        let column = parts.next_element()?.unwrap_or_default();
        let path = parts.next_element()?.unwrap_or_default();
        let variables: String = parts.next_element()?.unwrap_or_default();
        let from_env = (!variables.is_empty()).then_some(variables);
        Ok(Field::Given(value, Place { position: Position { line, column }, path, from_env }))
    }
}

impl<T: JsonSchema> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A mapping with keys of the user's choice, in the order of the text.
#[derive(Debug)]
pub(in crate::config) struct Pairs<T>(pub(in crate::config) Vec<(Field<String>, Field<T>)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PairsVisitor<T> {
    type Value = Pairs<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = entries.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

impl<T: JsonSchema> JsonSchema for Pairs<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Pairs_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "object", "additionalProperties": value })
    }
}
