//! How the decoder walks into lists, mappings and fields.

use serde::de::value::{StringDeserializer, U64Deserializer};
use serde::de::{DeserializeSeed, IntoDeserializer as _, MapAccess, SeqAccess};

use super::{Decoder, Misfit, words};
use crate::config::near::did_you_mean;
use crate::config::node::{Key, Node, Path, Scalar, Value};
use crate::config::problem::{Place, quoted};

/// The items of a list.
pub(super) struct Items<'a> {
    list: Decoder<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'a> Items<'a> {
    pub(super) fn new(list: Decoder<'a>, items: &'a [Node]) -> Self {
        Self { list, items: items.iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        let path = Path::Item(&self.list.path, index);
        seed.deserialize(Decoder { node, path, item: true, report: self.list.report }).map(Some)
    }
}

/// The entries of a mapping.
pub(super) struct Entries<'a> {
    mapping: Decoder<'a>,
    entries: std::slice::Iter<'a, (Key, Node)>,
    /// The keys there are; any key where absent.
    known: Option<&'static [&'static str]>,
    value: Option<(&'a Key, &'a Node)>,
}

impl<'a> Entries<'a> {
    /// Entries with keys of the user's choice.
    pub(super) fn any(mapping: Decoder<'a>, entries: &'a [(Key, Node)]) -> Self {
        Self { mapping, entries: entries.iter(), known: None, value: None }
    }

    /// Entries of a struct; others are reported and left out.
    pub(super) fn known(
        mapping: Decoder<'a>,
        entries: &'a [(Key, Node)],
        known: &'static [&'static str],
    ) -> Self {
        Self { mapping, entries: entries.iter(), known: Some(known), value: None }
    }

    fn unknown(&self, key: &Key, known: &[&str]) {
        let place = Place {
            position: key.position,
            path: Path::Key(&self.mapping.path, &key.text).show(),
            from_env: None,
        };
        let list = format!("known here: {}", words(known));
        let help = match did_you_mean(&key.text, known) {
            Some(near) => format!("{near} ({list})"),
            None => list,
        };
        self.mapping.report.add_with_help(&place, format!("unknown key {}", quoted(&key.text)), help);
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        while let Some((key, node)) = self.entries.next() {
            match self.known {
                Some(known) if !known.contains(&key.text.as_str()) => {
                    self.unknown(key, known);
                    continue;
                }
                Some(_) | None => {}
            }
            self.value = Some((key, node));
            let scalar = Scalar { text: key.text.clone(), plain: false, from_env: None };
            let name = Node { position: key.position, value: Value::Scalar(scalar) };
            let path = Path::Key(&self.mapping.path, &key.text);
            let decoder = Decoder { node: &name, path, item: false, report: self.mapping.report };
            return seed.deserialize(decoder).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (key, node) = self.value.take().ok_or(Misfit::Reported)?;
        let path = Path::Key(&self.mapping.path, &key.text);
        seed.deserialize(Decoder { node, path, item: false, report: self.mapping.report })
    }
}

/// What a [`super::Field`] is made of, in this order: the value, its line, column, path and variables.
/// Ends at once where the value does not fit, after reporting it.
pub(super) struct FieldAccess<'a> {
    decoder: Decoder<'a>,
    place: Place,
    step: u8,
}

impl<'a> FieldAccess<'a> {
    pub(super) fn new(decoder: Decoder<'a>) -> Self {
        let place = decoder.place();
        Self { decoder, place, step: 0 }
    }
}

impl<'de> SeqAccess<'de> for FieldAccess<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        self.step += 1;
        let number = |number: usize| -> U64Deserializer<Misfit> {
            u64::try_from(number).unwrap_or(u64::MAX).into_deserializer()
        };
        let text = |text: String| -> StringDeserializer<Misfit> { text.into_deserializer() };
        match self.step {
            1 if self.decoder.node.is_null() => {
                self.decoder.tell(Misfit::Shape("an item with nothing in it".to_owned()));
                Ok(None)
            }
            1 => match seed.deserialize(self.decoder) {
                Ok(value) => Ok(Some(value)),
                Err(misfit) => {
                    self.decoder.tell(misfit);
                    Ok(None)
                }
            },
            2 => seed.deserialize(number(self.place.position.line)).map(Some),
            3 => seed.deserialize(number(self.place.position.column)).map(Some),
            4 => seed.deserialize(text(std::mem::take(&mut self.place.path))).map(Some),
            5 => seed.deserialize(text(self.place.from_env.take().unwrap_or_default())).map(Some),
            _ => Ok(None),
        }
    }
}
