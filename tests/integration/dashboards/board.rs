//! The boards of `dashboards/` as their files have them.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A board.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    /// The name of its file.
    pub(crate) file: String,
    pub(crate) text: String,
    pub(crate) json: Value,
}

/// A panel, a row or the like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel<'a> {
    pub(crate) json: &'a Value,
    /// The row it is folded into.
    pub(crate) row: Option<&'a Value>,
}

/// A query of a panel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    pub(crate) panel: Panel<'a>,
    pub(crate) json: &'a Value,
}

/// Where the boards are.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

/// A text of an object, empty where there is none.
pub(crate) fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json[key].as_str().unwrap_or_default()
}

/// The elements of a list, none where there is no list.
pub(crate) fn list(json: &Value) -> impl Iterator<Item = &Value> {
    json.as_array().into_iter().flatten()
}

impl Board {
    /// All of them, in the order of their files' names.
    pub(crate) fn all() -> Vec<Self> {
        let entries = std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
        files.sort();
        files.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let json = serde_json::from_str(&text).unwrap_or_else(|wrong| panic!("{file} is no JSON: {wrong}"));
        Self { file, text, json }
    }

    /// The text of a file with this content.
    pub(crate) fn written(json: &Value) -> String {
        format!("{json:#}\n")
    }

    pub(crate) fn uid(&self) -> &str {
        text(&self.json, "uid")
    }

    /// Panels and rows, those that are folded into a row behind it.
    pub(crate) fn panels(&self) -> Vec<Panel<'_>> {
        let mut panels = Vec::new();
        for panel in list(&self.json["panels"]) {
            panels.push(Panel { json: panel, row: None });
            panels.extend(list(&panel["panels"]).map(|inner| Panel { json: inner, row: Some(panel) }));
        }
        panels
    }

    pub(crate) fn queries(&self) -> Vec<Query<'_>> {
        let panels = self.panels().into_iter();
        panels.flat_map(|panel| list(&panel.json["targets"]).map(move |json| Query { panel, json })).collect()
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &Value> {
        list(&self.json["templating"]["list"])
    }
}

impl<'a> Panel<'a> {
    pub(crate) fn title(&self) -> &'a str {
        text(self.json, "title")
    }

    pub(crate) fn kind(&self) -> &'a str {
        text(self.json, "type")
    }

    /// Whether it shows data.
    pub(crate) fn asks(&self) -> bool {
        !matches!(self.kind(), "row" | "text")
    }
}

impl<'a> Query<'a> {
    pub(crate) fn text(&self) -> &'a str {
        text(self.json, "expr")
    }

    pub(crate) fn reference(&self) -> &'a str {
        text(self.json, "refId")
    }

    /// `Panel title/A`.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.panel.title(), self.reference())
    }
}

/// Calls for every object in a value, with its path.
pub(crate) fn each_object(json: &Value, path: &str, see: &mut impl FnMut(&str, &Value)) {
    match json {
        Value::Object(inner) => {
            see(path, json);
            for (key, value) in inner {
                each_object(value, &format!("{path}.{key}"), see);
            }
        }
        Value::Array(inner) => {
            for (at, value) in inner.iter().enumerate() {
                each_object(value, &format!("{path}[{at}]"), see);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
