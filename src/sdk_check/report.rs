//! What a check found, for people and for machines.

mod text;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::{Change, How, Package, Table};

/// The outcome of a check.
#[derive(Debug)]
pub struct Report<'a> {
    table: &'a Table,
    files: usize,
    /// SDKs that were found, each version in each file once.
    pub(super) found: usize,
    pub(super) findings: Vec<Finding<'a>>,
    pub(super) undecided: Vec<Undecided<'a>>,
    pub(super) warnings: Vec<Warning>,
}

/// An SDK that is too old.
#[derive(Debug)]
pub struct Finding<'a> {
    /// The file, relative to the directory that was checked.
    pub path: String,
    /// The line in it, from 1, where the format's parser tells it.
    pub line: Option<usize>,
    /// Which SDK it is.
    pub package: &'a Package,
    /// How the version is said.
    pub how: How,
    /// The version.
    pub version: String,
    /// What a manifest requires, as it is written.
    pub requirement: Option<String>,
    /// What changed since, the oldest first.
    pub changes: Vec<&'a Change>,
}

/// An SDK of which no version is said that could be compared.
#[derive(Debug)]
pub struct Undecided<'a> {
    /// The file, relative to the directory that was checked.
    pub path: String,
    /// The line in it, from 1, where the format's parser tells it.
    pub line: Option<usize>,
    /// Which SDK it is.
    pub package: &'a Package,
}

/// Something that could not be read, or not to its end.
#[derive(Debug, Serialize)]
pub struct Warning {
    /// Which file or directory, relative to the directory that was checked.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl<'a> Report<'a> {
    pub(super) fn new(table: &'a Table, files: usize) -> Self {
        let (findings, undecided, warnings) = (Vec::new(), Vec::new(), Vec::new());
        Self { table, files, found: 0, findings, undecided, warnings }
    }

    /// The SDKs that are too old.
    #[must_use]
    pub fn findings(&self) -> &[Finding<'a>] {
        &self.findings
    }

    /// The SDKs that could not be judged.
    #[must_use]
    pub fn undecided(&self) -> &[Undecided<'a>] {
        &self.undecided
    }

    /// What could not be read.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The report for people, 80 columns wide.
    #[must_use]
    pub fn text(&self) -> String {
        text::report(self)
    }

    /// The report for machines; `docs/sdk-check.md` tells its keys.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which its types rule out.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

impl Table {
    /// The table for people, 80 columns wide.
    #[must_use]
    pub fn text(&self) -> String {
        text::table(self)
    }

    /// The table for machines.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which its types rule out.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Report", 7)?;
        out.serialize_field("table_read", &self.table.read())?;
        out.serialize_field("files_read", &self.files)?;
        out.serialize_field("sdks_found", &self.found)?;
        out.serialize_field("sdks_outdated", &self.findings.len())?;
        out.serialize_field("findings", &self.findings)?;
        out.serialize_field("undecided", &self.undecided)?;
        out.serialize_field("warnings", &self.warnings)?;
        out.end()
    }
}

impl Serialize for Finding<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Finding", 10)?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("line", &self.line)?;
        out.serialize_field("ecosystem", &self.package.ecosystem)?;
        out.serialize_field("package", &self.package.name)?;
        out.serialize_field("how", &self.how)?;
        out.serialize_field("version", &self.version)?;
        out.serialize_field("requirement", &self.requirement)?;
        out.serialize_field("minimum", self.package.minimum.as_str())?;
        out.serialize_field("changes", &self.changes)?;
        out.serialize_field("source", &self.package.source)?;
        out.end()
    }
}

impl Serialize for Undecided<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Undecided", 5)?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("line", &self.line)?;
        out.serialize_field("ecosystem", &self.package.ecosystem)?;
        out.serialize_field("package", &self.package.name)?;
        out.serialize_field("minimum", self.package.minimum.as_str())?;
        out.end()
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Table", 2)?;
        out.serialize_field("table_read", &self.read())?;
        out.serialize_field("packages", self.packages())?;
        out.end()
    }
}

impl Serialize for Package {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Package", 5)?;
        out.serialize_field("ecosystem", &self.ecosystem)?;
        out.serialize_field("package", &self.name)?;
        out.serialize_field("minimum", self.minimum.as_str())?;
        out.serialize_field("changes", &self.changes)?;
        out.serialize_field("source", &self.source)?;
        out.end()
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Change", 3)?;
        out.serialize_field("version", self.version.as_str())?;
        out.serialize_field("date", &self.date)?;
        out.serialize_field("why", &self.why)?;
        out.end()
    }
}

/// A text that does nothing to a terminal: one line, without control characters.
pub(super) fn plain(text: &str) -> String {
    let invisible = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.trim().chars().map(|c| if invisible(c) { ' ' } else { c }).collect()
}
