//! The tree to the raw types: a serde deserializer that reports and goes on where others stop.
//!
//! Promises: a scalar has the type that is wanted of it, never one it looks like; every problem carries its place;
//! an unknown key, or a value of the wrong type in a [`Field`], does not hide what else is wrong.

mod access;
mod field;

use std::fmt;

use serde::de::value::{StrDeserializer, UnitDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer as _, Visitor};

use access::{Entries, FieldAccess, Items};
pub(super) use field::{Field, Pairs};

use super::near::did_you_mean;
use super::node::{Node, Path, Scalar, Value};
use super::problem::{Place, Report};

/// The name by which [`Field`] asks for its own treatment.
const FIELD: &str = "$field";

/// Why a value does not fit; its place and its text are the decoder's to add.
#[derive(Debug)]
pub(super) enum Misfit {
    /// The value is not what is wanted.
    Wanted(String),
    /// The value is none of the words that are wanted.
    Choice(&'static [&'static str]),
    /// A list or a mapping stands where something else is wanted, or the other way round.
    Shape(String),
    /// The report says it already.
    Reported,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wanted(wanted) => write!(f, "not {wanted}"),
            Self::Choice(words) => write!(f, "not one of {}", words.join(", ")),
            Self::Shape(message) => f.write_str(message),
            Self::Reported => f.write_str("reported"),
        }
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Shape(message.to_string())
    }

    fn invalid_type(_: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::Wanted(wanted.to_string())
    }

    fn invalid_value(_: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::Wanted(wanted.to_string())
    }

    fn unknown_variant(_: &str, words: &'static [&'static str]) -> Self {
        Self::Choice(words)
    }
}

/// One node, to be read as whatever is wanted of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoder<'a> {
    node: &'a Node,
    path: Path<'a>,
    /// Whether the value is an item of a list, where nothing at all is a mistake.
    item: bool,
    report: &'a Report,
}

impl<'a> Decoder<'a> {
    /// A decoder of a whole tree.
    pub(super) fn root(node: &'a Node, report: &'a Report) -> Self {
        Self { node, path: Path::Root, item: false, report }
    }

    /// A decoder of one item of a tree that is a list.
    pub(super) fn item(node: &'a Node, index: usize, report: &'a Report) -> Self {
        Self { node, path: Path::Item(&Path::Root, index), item: true, report }
    }

    fn place(&self) -> Place {
        let from_env = match &self.node.value {
            Value::Scalar(scalar) => scalar.from_env.clone(),
            _ => None,
        };
        Place { position: self.node.position, path: self.path.show(), from_env }
    }

    fn text(&self, wanted: &str) -> Result<&'a str, Misfit> {
        match &self.node.value {
            Value::Scalar(scalar) => Ok(&scalar.text),
            Value::Sequence(_) => Err(Misfit::Shape(format!("a list, but {wanted} is wanted"))),
            Value::Mapping(_) => Err(Misfit::Shape(format!("a mapping, but {wanted} is wanted"))),
            Value::Refused => Err(Misfit::Reported),
        }
    }

    /// What is wrong when a collection is wanted and something else stands here.
    fn no_collection(&self, wanted: &str) -> Misfit {
        match &self.node.value {
            Value::Refused => Misfit::Reported,
            Value::Scalar(_) if self.node.is_null() => {
                Misfit::Shape(format!("nothing, but {wanted} is wanted"))
            }
            // The text is not shown: it may be a key put where its source belongs.
            Value::Scalar(_) => Misfit::Shape(format!("a single value, but {wanted} is wanted")),
            Value::Sequence(_) => Misfit::Shape(format!("a list, but {wanted} is wanted")),
            Value::Mapping(_) => Misfit::Shape(format!("a mapping, but {wanted} is wanted")),
        }
    }

    fn parsed<T: std::str::FromStr>(&self, wanted: &str) -> Result<T, Misfit> {
        self.text(wanted)?.parse().map_err(|_| Misfit::Wanted(wanted.to_owned()))
    }

    /// Puts a misfit of this value into the report.
    fn tell(&self, misfit: Misfit) {
        let place = self.place();
        let shown = || match &self.node.value {
            Value::Scalar(Scalar { text, .. }) => place.show(text),
            _ => "this".to_owned(),
        };
        match misfit {
            Misfit::Reported => {}
            Misfit::Shape(message) => {
                self.report.add(&place, message);
            }
            Misfit::Wanted(wanted) => {
                self.report.add(&place, format!("{} is not {wanted}", shown()));
            }
            Misfit::Choice(words) => {
                let help = match &self.node.value {
                    Value::Scalar(Scalar { text, from_env: None, .. }) => did_you_mean(text, words),
                    _ => None,
                };
                let known: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                let message = match known.as_slice() {
                    [only] => format!("{} is not supported: use {only}", shown()),
                    many => format!("{} is none of {}", shown(), many.join(", ")),
                };
                self.report.put(&place, message, help);
            }
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $wanted:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            visitor.$visit(self.parsed::<$type>($wanted)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = Misfit;

    numbers! {
        deserialize_bool visit_bool bool, "true or false";
        deserialize_u16 visit_u16 u16, "a whole number from 0 to 65535";
        deserialize_u32 visit_u32 u32, "a whole number from 0 to 4294967295";
        deserialize_u64 visit_u64 u64, "a whole number, 0 or more";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Scalar(_) if self.node.is_null() => visitor.visit_unit(),
            Value::Scalar(scalar) => visitor.visit_str(&scalar.text),
            Value::Sequence(_) => self.deserialize_seq(visitor),
            Value::Mapping(_) => self.deserialize_map(visitor),
            Value::Refused => Err(Misfit::Reported),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        // The visitor's own words, such as "a duration: …", are for a text that does not fit.
        visitor.visit_str(self.text("a single value")?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if name != FIELD {
            return visitor.visit_newtype_struct(self);
        }
        if self.node.is_null() && !self.item {
            return visitor.visit_unit();
        }
        visitor.visit_seq(FieldAccess::new(self))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Sequence(items) => visitor.visit_seq(Items::new(self, items)),
            _ => Err(self.no_collection("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Mapping(entries) => visitor.visit_map(Entries::any(self, entries)),
            _ => Err(self.no_collection("a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match &self.node.value {
            Value::Mapping(entries) => visitor.visit_map(Entries::known(self, entries, fields)),
            _ => Err(self.no_collection(&mapping_of(fields))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let text = self.text(&format!("one of {}", variants.join(", ")))?;
        let word: StrDeserializer<'_, Misfit> = text.into_deserializer();
        visitor.visit_enum(word)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        UnitDeserializer::new().deserialize_ignored_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        u8 i8 i16 i32 i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

/// The kind of mapping that is wanted, by its keys.
fn mapping_of(fields: &[&str]) -> String {
    match fields {
        [] => "a mapping".to_owned(),
        [only] => format!("a mapping with the key `{only}`"),
        [first, ..] if fields.len() > 6 => format!("a mapping with keys such as `{first}`"),
        few => format!("a mapping with the keys {}", words(few)),
    }
}

/// Words in backticks with commas between.
fn words(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
