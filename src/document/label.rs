//! Words of closed catalogues in the document: a label as a string, and in the schema the list of all.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diagnosis::Verdict;
use crate::outcome::{Blame, Experiment, Family, Layer, Reason};

/// One word of a catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<T>(pub T);

/// A closed catalogue.
pub trait Labelled: Copy {
    /// Its name in the schema.
    const NAME: &'static str;

    /// All words.
    fn all() -> Vec<&'static str>;

    /// The word.
    fn label(self) -> &'static str;
}

/// A catalogue whose words are read too.
pub trait Readable: Labelled {
    /// All that there are.
    fn every() -> Vec<Self>;

    /// The one with this word.
    fn of_label(label: &str) -> Option<Self> {
        Self::every().into_iter().find(|known| known.label() == label)
    }
}

impl<'de, T: Readable> Deserialize<'de> for Label<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let label = Cow::<str>::deserialize(deserializer)?;
        T::of_label(&label)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{label:?} is not a {}", T::NAME)))
    }
}

impl Readable for Layer {
    fn every() -> Vec<Self> {
        Self::ALL.to_vec()
    }
}

impl Readable for Reason {
    fn every() -> Vec<Self> {
        Self::ALL.to_vec()
    }
}

impl Readable for Family {
    fn every() -> Vec<Self> {
        vec![Self::Ipv4, Self::Ipv6, Self::Any]
    }
}

impl Readable for Blame {
    fn every() -> Vec<Self> {
        Reason::ALL.iter().map(|reason| reason.blame()).collect()
    }
}

impl<T: Labelled> Serialize for Label<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.label())
    }
}

impl<T: Labelled> JsonSchema for Label<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": T::all() })
    }
}

impl Labelled for Layer {
    const NAME: &'static str = "Layer";

    fn all() -> Vec<&'static str> {
        Self::ALL.iter().map(|layer| layer.label()).collect()
    }

    fn label(self) -> &'static str {
        Self::label(self)
    }
}

impl Labelled for Reason {
    const NAME: &'static str = "Reason";

    fn all() -> Vec<&'static str> {
        Self::ALL.iter().map(|reason| reason.label()).collect()
    }

    fn label(self) -> &'static str {
        Self::label(self)
    }
}

impl Labelled for Verdict {
    const NAME: &'static str = "Verdict";

    fn all() -> Vec<&'static str> {
        std::iter::once(Self::Ok.label()).chain(Reason::all()).collect()
    }

    fn label(self) -> &'static str {
        Self::label(self)
    }
}

impl Labelled for Experiment {
    const NAME: &'static str = "Experiment";

    fn all() -> Vec<&'static str> {
        Self::ALL.iter().map(|experiment| experiment.label()).collect()
    }

    fn label(self) -> &'static str {
        Self::label(self)
    }
}

impl Labelled for Family {
    const NAME: &'static str = "Family";

    fn all() -> Vec<&'static str> {
        [Self::Ipv4, Self::Ipv6, Self::Any].map(Self::label).to_vec()
    }

    fn label(self) -> &'static str {
        Self::label(self)
    }
}

impl Labelled for Blame {
    const NAME: &'static str = "Blame";

    fn all() -> Vec<&'static str> {
        let mut all: Vec<&str> = Vec::new();
        for blame in Reason::ALL.iter().map(|reason| reason.blame().label()) {
            if !all.contains(&blame) {
                all.push(blame);
            }
        }
        all
    }

    fn label(self) -> &'static str {
        Self::label(self)
    }
}
