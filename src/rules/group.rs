//! Groups of rules as Prometheus reads them, written as people write them.
//!
//! Promises: queries of several lines are block scalars; labels and annotations keep their order.

use serde::ser::{Serialize, Serializer};

use super::RulesError;

/// A group, whose rules are evaluated one after the other.
#[derive(Debug, serde::Serialize)]
pub(super) struct Group {
    pub(super) name: String,
    /// How often it is evaluated, where that is not as often as Prometheus does by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) interval: Option<&'static str>,
    pub(super) rules: Vec<Rule>,
}

/// A rule of either kind.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
pub(super) enum Rule {
    Record(Record),
    Alert(Alert),
}

/// A new series.
#[derive(Debug, serde::Serialize)]
pub(super) struct Record {
    pub(super) record: String,
    pub(super) expr: String,
    pub(super) labels: Pairs,
}

/// An alert.
#[derive(Debug, serde::Serialize)]
pub(super) struct Alert {
    pub(super) alert: &'static str,
    pub(super) expr: String,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub(super) wait: Option<String>,
    pub(super) labels: Pairs,
    pub(super) annotations: Pairs,
}

/// Names and values, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// These and one more.
    pub(super) fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// These and others behind them.
    pub(super) fn merged(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().cloned());
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Group {
    /// The group as one item of the list under `groups:`.
    pub(super) fn yaml(&self) -> Result<String, RulesError> {
        let style = serde_saphyr::ser_options! { compact_list_indent: false, folded_wrap_chars: 100 };
        let text = serde_saphyr::to_string_with_options(&[self], style)?;
        Ok(text.lines().fold(String::new(), |mut out, line| {
            if !line.is_empty() {
                out.push_str("  ");
                out.push_str(line);
            }
            out.push('\n');
            out
        }))
    }
}
