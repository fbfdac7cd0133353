//! API keys: where they come from, and what makes one unusable.
//!
//! Promises: a key is never shown; one from a file is read again when the file changes, so that a rotated key is used
//! without a reload; a file that cannot be read any more leaves the last good key in place and says so.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use http::HeaderValue;

use super::Secret;
use super::file::read_regular;

/// The largest key file that is read; a key has some hundred bytes.
const MAX_KEY_BYTES: u64 = 16 * 1024;

/// Why a key cannot be used; never holds the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("cannot read the key file {path}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing in it.
    #[error("the key is empty")]
    Empty,
    /// Characters that cannot travel in a header.
    #[error(
        "the key holds characters that cannot be sent in a header (a line break inside it, or non-ASCII)"
    )]
    Unsendable,
}

/// A key and where it comes from.
#[derive(Debug, Clone)]
pub struct ApiKey(Arc<Source>);

/// Where a key comes from, as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin<'a> {
    /// Given as text.
    Given,
    /// The environment variable of this name.
    Variable(&'a str),
    /// This file.
    File(&'a Path),
}

#[derive(Debug)]
enum Source {
    Fixed(Secret),
    Variable { name: String, key: Secret },
    File { path: PathBuf, state: Mutex<FileState> },
}

#[derive(Debug)]
struct FileState {
    modified: Option<SystemTime>,
    key: Secret,
}

impl ApiKey {
    /// A key given as text, such as from the environment; white space around it is dropped.
    ///
    /// # Errors
    /// If it is empty or cannot be sent in a header.
    pub fn fixed(text: &str) -> Result<Self, KeyError> {
        Ok(Self(Arc::new(Source::Fixed(checked(text)?))))
    }

    /// A key that stood in an environment variable.
    ///
    /// # Errors
    /// If it is empty or cannot be sent in a header.
    pub fn variable(name: &str, text: &str) -> Result<Self, KeyError> {
        Ok(Self(Arc::new(Source::Variable { name: name.to_owned(), key: checked(text)? })))
    }

    /// A key in a file, read now and again whenever the file's modification time changes.
    ///
    /// # Errors
    /// If the file cannot be read or holds no usable key.
    pub fn file(path: &Path) -> Result<Self, KeyError> {
        let modified = modified(path);
        let key = read(path)?;
        let state = Mutex::new(FileState { modified, key });
        Ok(Self(Arc::new(Source::File { path: path.to_owned(), state })))
    }

    /// Where the key comes from.
    #[must_use]
    pub fn origin(&self) -> KeyOrigin<'_> {
        match &*self.0 {
            Source::Fixed(_) => KeyOrigin::Given,
            Source::Variable { name, .. } => KeyOrigin::Variable(name),
            Source::File { path, .. } => KeyOrigin::File(path),
        }
    }

    /// The key as it is now.
    #[must_use]
    pub fn current(&self) -> Secret {
        match &*self.0 {
            Source::Fixed(key) | Source::Variable { key, .. } => key.clone(),
            Source::File { path, state } => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                let modified = modified(path);
                if modified != state.modified {
                    state.modified = modified;
                    match read(path) {
                        Ok(key) => state.key = key,
                        Err(error) => tracing::warn!(
                            file = %path.display(), %error, "key file changed but cannot be used, keeping the last key"
                        ),
                    }
                }
                state.key.clone()
            }
        }
    }
}

impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        match (&*self.0, &*other.0) {
            (Source::Fixed(a), Source::Fixed(b)) => a == b,
            (Source::Variable { name: a, key: x }, Source::Variable { name: b, key: y }) => a == b && x == y,
            (Source::File { path: a, .. }, Source::File { path: b, .. }) => a == b,
            (Source::Fixed(_) | Source::Variable { .. } | Source::File { .. }, _) => false,
        }
    }
}

impl Eq for ApiKey {}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn read(path: &Path) -> Result<Secret, KeyError> {
    let unreadable = |source| KeyError::Unreadable { path: path.to_owned(), source };
    let bytes = read_regular(path, MAX_KEY_BYTES).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| KeyError::Unsendable)?;
    checked(text)
}

fn checked(text: &str) -> Result<Secret, KeyError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    if !text.is_ascii() || HeaderValue::from_str(text).is_err() {
        return Err(KeyError::Unsendable);
    }
    Ok(Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_rotated_key_file_is_read_again_and_a_lost_one_keeps_the_last_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let write = |text: &str, age: u64| {
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(crate::clock::wall() - Duration::from_secs(age)).unwrap();
        };
        write("first\n", 20);
        let key = ApiKey::file(&path).unwrap();
        assert_eq!(key.current().expose(), "first");
        write("second\n", 10);
        assert_eq!(key.current().expose(), "second");
        write(" \n", 5);
        assert_eq!(key.current().expose(), "second");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(key.current().expose(), "second");
    }

    #[test]
    fn unusable_keys_are_refused_without_being_shown() {
        for text in ["", "  \n", "sk-secret\nmore", "sk-sécret"] {
            let error = ApiKey::fixed(text).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(ApiKey::file(Path::new("/nonexistent/key")).is_err());
    }

    #[test]
    fn what_cannot_be_a_key_file_is_not_read_for_ever() {
        let error = ApiKey::file(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "k".repeat(20_000)).unwrap();
        let error = ApiKey::file(&path).unwrap_err().to_string();
        assert!(error.contains("larger than 16 KiB"), "{error}");
    }
}
