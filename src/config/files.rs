//! The files that a config's `target_files` name.
//!
//! Promises: found in the same order every time, each once; hidden files are found only by patterns that begin with a
//! dot; nothing waits for a pipe; what is read is bounded.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glob::{MatchOptions, Pattern};

use super::node;
use crate::target::read_regular;

/// The most files; more are a pattern that is too wide.
const MOST: usize = 1000;

/// `*` keeps within a directory and off hidden files: a mounted Kubernetes ConfigMap holds its files once more in hidden
/// directories.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A path, or a pattern of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePattern {
    text: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// One file, that has to be there.
    Path(PathBuf),
    /// As many as there are.
    Glob(String),
}

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Where.
    pub path: PathBuf,
    /// Whether it is named, and not merely fits a pattern, so that it is a problem if it is not there.
    pub named: bool,
}

impl FilePattern {
    /// A pattern as it is written; a relative one starts at `directory`.
    pub(super) fn new(text: &str, directory: &Path) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty path".to_owned());
        }
        let what = if text.contains(['*', '?', '[']) {
            Pattern::new(text).map_err(|error| format!("not a pattern of paths: {}", error.msg))?;
            if Path::new(text).is_absolute() {
                What::Glob(text.to_owned())
            } else {
                let directory = Pattern::escape(&directory.to_string_lossy());
                What::Glob(Path::new(&directory).join(text).to_string_lossy().into_owned())
            }
        } else {
            What::Path(directory.join(text))
        };
        Ok(Self { text: text.to_owned(), what })
    }

    /// The pattern, as it means the same from everywhere.
    pub(super) fn absolute(&self) -> String {
        match &self.what {
            What::Path(path) => path.to_string_lossy().into_owned(),
            What::Glob(pattern) => pattern.clone(),
        }
    }
}

/// All files there are now, by their paths.
///
/// # Errors
/// If a directory cannot be looked into, or there are too many: where, and what is wrong.
pub fn find(patterns: &[FilePattern]) -> Result<Vec<FoundFile>, (String, String)> {
    let mut found: BTreeMap<PathBuf, bool> = BTreeMap::new();
    for pattern in patterns {
        match &pattern.what {
            What::Path(path) => {
                found.insert(path.clone(), true);
            }
            What::Glob(glob) => {
                let paths = glob::glob_with(glob, OPTIONS)
                    .map_err(|error| (pattern.text.clone(), error.msg.to_owned()))?;
                for path in paths {
                    let path = path.map_err(|error| {
                        let what = format!("cannot be looked into: {}", error.error());
                        (error.path().display().to_string(), what)
                    })?;
                    if path.is_dir() {
                        continue;
                    }
                    found.entry(path).or_insert(false);
                    if found.len() > MOST {
                        return Err((pattern.text.clone(), format!("more than {MOST} files fit")));
                    }
                }
            }
        }
    }
    Ok(found.into_iter().map(|(path, named)| FoundFile { path, named }).collect())
}

impl FoundFile {
    /// Its text; `None` where it is there no more and need not be.
    ///
    /// # Errors
    /// If it cannot be read, in words.
    pub fn read(&self) -> Result<Option<Arc<str>>, String> {
        let most = u64::try_from(node::MAX_BYTES).unwrap_or(u64::MAX);
        match read_regular(&self.path, most) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some(text.into())),
                Err(_) => Err("not UTF-8".to_owned()),
            },
            // A link that leads nowhere is there; a file that fitted a moment ago need not be.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    && !self.named
                    && self.path.symlink_metadata().is_err() =>
            {
                Ok(None)
            }
            Err(error) => Err(format!("cannot be read: {error}")),
        }
    }
}
