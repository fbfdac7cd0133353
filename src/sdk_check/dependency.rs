//! What a file says of an SDK, and the collection that the readers fill.

use std::collections::BTreeSet;

use serde::Serialize;

use super::requirement::Requirement;
use super::{Ecosystem, Table, Version};

/// Versions of SDKs that are kept of a file; one that has more is no work of a package manager.
const MOST: usize = 1_000;

/// How a file says which version is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A lock file: this very version.
    Locked,
    /// A manifest that allows one version only.
    Pinned,
    /// A manifest that allows several; the version is the oldest of them, or the limit they are below.
    Allows,
}

/// What a file says of an SDK's version.
#[derive(Debug, Clone)]
pub(super) enum Said {
    Locked(Version),
    Required(Requirement),
    /// Any version, or something that is none: a URL, a branch, a variable from elsewhere.
    Nothing,
}

impl Said {
    /// What a lock file says.
    pub(super) fn locked(ecosystem: Ecosystem, text: &str) -> Self {
        Version::parse(ecosystem, text).map_or(Self::Nothing, Self::Locked)
    }

    fn version(&self) -> Option<&str> {
        match self {
            Self::Locked(version) => Some(version.as_str()),
            Self::Required(requirement) => Some(requirement.as_str()),
            Self::Nothing => None,
        }
    }
}

impl From<Option<Requirement>> for Said {
    fn from(requirement: Option<Requirement>) -> Self {
        requirement.map_or(Self::Nothing, Self::Required)
    }
}

/// An SDK in a file.
#[derive(Debug, Clone)]
pub(super) struct Dependency {
    /// Which package of the table it is.
    pub(super) package: usize,
    /// From 1; `None` where the format's parser does not tell.
    pub(super) line: Option<usize>,
    pub(super) said: Said,
}

/// The SDKs of one file. What is not in the table is dropped at once: a lock file has thousands of packages.
#[derive(Debug)]
pub(super) struct Dependencies<'a> {
    table: &'a Table,
    ecosystem: Ecosystem,
    kept: Vec<Dependency>,
    seen: BTreeSet<(usize, Option<String>)>,
    /// Directories below the file's own that a lock file speaks for too: the members of a workspace.
    members: Vec<String>,
}

impl<'a> Dependencies<'a> {
    pub(super) fn new(table: &'a Table, ecosystem: Ecosystem) -> Self {
        Self { table, ecosystem, kept: Vec::new(), seen: BTreeSet::new(), members: Vec::new() }
    }

    pub(super) fn ecosystem(&self) -> Ecosystem {
        self.ecosystem
    }

    /// Whether a package is in the table; asked first where it takes long to say more of it.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.table.find(self.ecosystem, name).is_some()
    }

    /// Keeps a package if it is in the table; the same version a second time is not kept.
    pub(super) fn add(&mut self, name: &str, line: Option<usize>, said: impl FnOnce() -> Said) {
        let Some(package) = self.table.find(self.ecosystem, name) else { return };
        if self.is_full() {
            return;
        }
        let said = said();
        if self.seen.insert((package, said.version().map(str::to_owned))) {
            self.kept.push(Dependency { package, line, said });
        }
    }

    /// Keeps a package of a lock file.
    pub(super) fn lock(&mut self, name: &str, line: Option<usize>, version: &str) {
        let ecosystem = self.ecosystem;
        self.add(name, line, || Said::locked(ecosystem, version));
    }

    fn is_full(&self) -> bool {
        self.kept.len() >= MOST
    }

    /// Whether all was kept.
    ///
    /// # Errors
    /// If there was too much of it.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.is_full() {
            Err(format!("names {MOST} versions of SDKs or more: the rest is not read"))
        } else {
            Ok(())
        }
    }

    pub(super) fn add_member(&mut self, directory: &str) {
        self.members.push(directory.to_owned());
    }

    /// What was found, in the order of the lines, or else of the table, and the members of the workspace.
    pub(super) fn into_parts(mut self) -> (Vec<Dependency>, Vec<String>) {
        let key = |dependency: &Dependency| {
            (dependency.line, dependency.package, dependency.said.version().map(str::to_owned))
        };
        self.kept.sort_by_cached_key(key);
        (self.kept, self.members)
    }
}
