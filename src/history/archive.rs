//! What outlasts the program: a store in the state directory, opened, read and written here, and replaced where it is corrupt.
//!
//! Promises: called beside the runs, never by them; every error leaves a history that works in memory, and an archive
//! that tries again; a corrupt store is set aside once, so that nobody's disk fills with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::History;
use super::store::{Store, StoreError};
use crate::clock;

/// The file in the state directory.
const NAME: &str = "history.db";

/// What the name of one that was set aside begins with.
const ASIDE: &str = "history.db.corrupt-";

/// What the library puts beside the file: of no use without it, and harmful beside another.
const BESIDE: [&str; 3] = ["history.db-wal", "history.db-shm", "history.db-journal"];

/// Why nothing can be written down.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is no place for it.
    #[error(
        "there is no state directory: give --state.directory (neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME is set), \
         or history: {{ persist: false }}"
    )]
    NoDirectory,
    /// The place cannot be used.
    #[error(
        "cannot create the state directory {path}: {source}; make it writable, or give another --state.directory"
    )]
    Directory {
        /// Which.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
    /// Another process uses it.
    #[error(
        "{path} is in use by another process: it is taken over when that one ends; two canaries that are to run side by side \
         need a --state.directory each"
    )]
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error(
        "cannot use {path}: {problem}; see to room on the disk and to the permissions of the file and its directory"
    )]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What came back.
        problem: String,
    },
    /// It is corrupt, and could not be set aside.
    #[error("{path} is corrupt ({problem}) and cannot be set aside: {source}; remove it")]
    Stuck {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What came back.
        source: io::Error,
    },
}

/// A store that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// What was wrong with it.
    pub problem: String,
    /// Where it is now.
    pub path: PathBuf,
}

/// What came of writing down.
#[derive(Debug)]
pub struct Saved {
    /// A store that was corrupt.
    pub set_aside: Option<SetAside>,
    /// Whether what there is to write is written; otherwise it is tried again with all of it.
    pub result: Result<(), ArchiveError>,
}

/// The store of a history.
#[derive(Debug)]
pub struct Archive {
    directory: Option<PathBuf>,
    store: Option<Store>,
}

impl Archive {
    /// An archive in this directory; nothing is opened yet.
    #[must_use]
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { directory, store: None }
    }

    /// Writes down what is not written down yet; the first time that works, what was before is read and taken in. Waits for the
    /// disk.
    pub fn save(&mut self, history: &History) -> Saved {
        let mut set_aside = None;
        let mut result = self.try_save(history);
        if let Err((path, StoreError::Corrupt(problem))) = &result {
            let (path, problem) = (path.clone(), problem.clone());
            // Closed before it is moved.
            self.store = None;
            result = match aside(&path) {
                Ok(kept) => {
                    set_aside = Some(SetAside { problem, path: kept });
                    history.begin_anew();
                    self.try_save(history)
                }
                Err(source) => {
                    return Saved { set_aside, result: Err(ArchiveError::Stuck { path, problem, source }) };
                }
            };
        }
        let result = result.map_err(|(path, error)| {
            self.store = None;
            history.unsave();
            match error {
                StoreError::NoDirectory => ArchiveError::NoDirectory,
                StoreError::Directory(source) => ArchiveError::Directory { path, source },
                StoreError::InUse => ArchiveError::InUse { path },
                StoreError::Corrupt(problem) | StoreError::Unusable(problem) => {
                    ArchiveError::Unusable { path, problem }
                }
            }
        });
        Saved { set_aside, result }
    }

    fn try_save(&mut self, history: &History) -> Result<(), (PathBuf, StoreError)> {
        let directory = self.directory.clone().ok_or((PathBuf::new(), StoreError::NoDirectory))?;
        let path = directory.join(NAME);
        let now = clock::wall();
        let limits = history.limits();
        let at = |error| (path.clone(), error);
        let store = match &mut self.store {
            Some(store) => store,
            None => {
                let made = fs::create_dir_all(&directory).map_err(StoreError::Directory);
                made.map_err(|error| (directory, error))?;
                let store = self.store.insert(Store::open(&path, limits.memory).map_err(at)?);
                if history.is_restored() {
                    // It may have been written by others, or be another one.
                    history.unsave();
                }
                store
            }
        };
        if !history.is_restored() {
            let rows = store.read(limits).map_err(at)?;
            history.restore(rows, now);
        }
        let batch = history.unsaved(now);
        if batch.is_empty() { Ok(()) } else { store.write(&batch).map_err(at) }
    }
}

/// Moves a corrupt store out of the way; of those that were set aside before none is kept.
fn aside(path: &Path) -> io::Result<PathBuf> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let others = fs::read_dir(directory)?.filter_map(Result::ok).filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with(ASIDE))
    });
    for other in others {
        // A directory only where it is empty: it was never ours.
        let _ = fs::remove_file(other.path()).or_else(|_| fs::remove_dir(other.path()));
    }
    let name = format!("{ASIDE}{}", stamp(clock::wall()));
    let other = directory.join(format!("{name}-2"));
    let kept = Some(directory.join(name)).filter(|kept| !kept.exists()).unwrap_or(other);
    fs::rename(path, &kept)?;
    for name in BESIDE {
        let _ = fs::remove_file(directory.join(name));
    }
    Ok(kept)
}

/// A time as part of a name.
fn stamp(time: SystemTime) -> String {
    clock::rfc3339(time).chars().filter(char::is_ascii_alphanumeric).collect()
}
