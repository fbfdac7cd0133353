//! The table of minimum versions: one data file, checked as a whole when it is read.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::Deserialize;
use thiserror::Error;

use super::{Ecosystem, Version};

/// The table that ships.
const MINIMUMS: &str = include_str!("minimums.toml");

/// The known packages.
#[derive(Debug)]
pub struct Table {
    read: Date,
    packages: Vec<Package>,
    index: HashMap<(Ecosystem, String), usize>,
}

/// A package and its minimum version.
#[derive(Debug)]
pub struct Package {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// Its name there.
    pub name: String,
    /// The oldest version that is fine; the newest of the changes.
    pub minimum: Version,
    /// Where the changes can be read.
    pub source: String,
    /// What changed, the oldest first; at least one.
    pub changes: Vec<Change>,
}

/// What a version changed.
#[derive(Debug)]
pub struct Change {
    /// The first version that has it.
    pub version: Version,
    /// The day of its release.
    pub date: Date,
    /// What it is, and why it matters to a call.
    pub why: String,
}

/// What is wrong with a table.
#[derive(Debug, Error)]
pub enum TableError {
    /// It is no table at all.
    #[error("the table of minimum versions is not readable: {0}")]
    Format(String),
    /// An entry is not complete.
    #[error("the table of minimum versions: {ecosystem} {name}: {problem}")]
    Entry {
        /// Of the package.
        ecosystem: Ecosystem,
        /// Of the package.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    read: Date,
    #[serde(default)]
    package: Vec<RawPackage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPackage {
    ecosystem: Ecosystem,
    name: String,
    minimum: String,
    source: String,
    change: Vec<RawChange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChange {
    version: String,
    date: Date,
    why: String,
}

impl Table {
    /// The table that ships.
    ///
    /// # Errors
    /// Never with the file as it is; the tests read it.
    pub fn embedded() -> Result<Self, TableError> {
        Self::parse(MINIMUMS)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// If it is no TOML of the right form, or an entry is not complete.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let raw: RawTable = toml::from_str(text).map_err(|error| TableError::Format(error.to_string()))?;
        let mut packages = Vec::with_capacity(raw.package.len());
        let mut index = HashMap::new();
        for package in raw.package {
            let (ecosystem, name) = (package.ecosystem, package.name.clone());
            let fail = |problem: String| TableError::Entry { ecosystem, name: name.clone(), problem };
            let package = Package::check(package).map_err(fail)?;
            if index.insert((ecosystem, ecosystem.normalized(&name)), packages.len()).is_some() {
                return Err(fail("it is there twice".to_owned()));
            }
            packages.push(package);
        }
        Ok(Self { read: raw.read, packages, index })
    }

    /// The day on which the sources were last read.
    #[must_use]
    pub fn read(&self) -> Date {
        self.read
    }

    /// All packages.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    pub(super) fn find(&self, ecosystem: Ecosystem, name: &str) -> Option<usize> {
        self.index.get(&(ecosystem, ecosystem.normalized(name))).copied()
    }
}

impl Package {
    fn check(raw: RawPackage) -> Result<Self, String> {
        let version = |text: &str| {
            Version::parse(raw.ecosystem, text).ok_or_else(|| format!("{text:?} is not a version"))
        };
        let minimum = version(&raw.minimum)?;
        if raw.name.is_empty() || raw.ecosystem.normalized(&raw.name) != raw.name {
            return Err("the name is not spelt as its ecosystem compares it".to_owned());
        }
        if !raw.source.starts_with("https://") {
            return Err("the source is not an https:// URL".to_owned());
        }
        let mut changes: Vec<Change> = Vec::with_capacity(raw.change.len());
        for change in &raw.change {
            let version = version(&change.version)?;
            if changes.last().is_some_and(|before| !before.version.is_older_than(&version)) {
                return Err(format!("the change in {version} does not come after the one before it"));
            }
            if change.why.trim().is_empty() {
                return Err(format!("the change in {version} does not say why it matters"));
            }
            changes.push(Change { version, date: change.date, why: change.why.trim().to_owned() });
        }
        match changes.last() {
            Some(newest) if newest.version.as_str() == minimum.as_str() => {}
            Some(newest) => return Err(format!("the minimum is not the newest change, {}", newest.version)),
            None => return Err("it has no change".to_owned()),
        }
        Ok(Self { ecosystem: raw.ecosystem, name: raw.name, minimum, source: raw.source, changes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_table_that_ships_is_complete() {
        let table = Table::embedded().unwrap();
        assert!(table.packages().len() >= 10, "{}", table.packages().len());
        for package in table.packages() {
            for change in &package.changes {
                assert!(change.date <= table.read(), "{} {}: from the future", package.name, change.version);
                assert!(change.why.ends_with('.'), "{} {}: no sentence", package.name, change.version);
                assert!(change.why.is_ascii(), "{} {}: not plain", package.name, change.version);
            }
            let dates: Vec<_> = package.changes.iter().map(|change| change.date).collect();
            assert!(dates.is_sorted(), "{}: {dates:?}", package.name);
            assert!(package.source.contains("CHANGELOG"), "{}", package.source);
        }
    }

    #[test]
    fn an_entry_that_is_not_complete_is_refused() {
        let good = "read = \"2026-01-02\"\n[[package]]\necosystem = \"npm\"\nname = \"openai\"\nminimum = \"2.0.0\"\n\
                    source = \"https://example.com\"\n[[package.change]]\nversion = \"1.0.0\"\ndate = \"2025-01-01\"\n\
                    why = \"A.\"\n[[package.change]]\nversion = \"2.0.0\"\ndate = \"2026-01-01\"\nwhy = \"B.\"\n";
        assert_eq!(Table::parse(good).unwrap().packages().len(), 1);
        for (from, to, problem) in [
            ("minimum = \"2.0.0\"", "minimum = \"1.0.0\"", "the minimum is not the newest change, 2.0.0"),
            ("minimum = \"2.0.0\"", "minimum = \"two\"", "\"two\" is not a version"),
            ("version = \"1.0.0\"", "version = \"2.0.0\"", "does not come after"),
            ("why = \"A.\"", "why = \" \"", "does not say why"),
            ("https", "http", "not an https:// URL"),
            ("date = \"2025-01-01\"\n", "", "missing field `date`"),
            ("2025-01-01", "2025-13-01", "not readable"),
            ("read = \"2026-01-02\"\n", "", "missing field `read`"),
            ("ecosystem = \"npm\"", "ecosystem = \"cpan\"", "unknown variant"),
            ("why = \"A.\"", "wy = \"A.\"", "unknown field"),
        ] {
            let bad = good.replacen(from, to, 1);
            let error = Table::parse(&bad).unwrap_err().to_string();
            assert!(error.contains(problem), "{problem}: {error}");
        }
        let twice = format!("{good}{}", good.split_once('\n').unwrap().1);
        assert!(Table::parse(&twice).unwrap_err().to_string().contains("npm openai: it is there twice"));
    }
}
