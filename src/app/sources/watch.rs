//! Watching the files of targets.
//!
//! Promises: a change of any kind (an edit, a file put in place of another, a link that leads elsewhere, a file that comes
//! or goes) is told within a few seconds; a file is read only once it has not changed for a second, so that half of it is
//! not taken for all of it; a disk that does not answer holds up nothing else.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::News;
use crate::config::{FilePattern, FoundFile, ListText, find, text_of};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Looks that a file that keeps changing is waited for.
const PATIENT: u32 = 4;

/// So many looks after it was told, it is told again: what a list names beside itself may have come meanwhile.
const AGAIN: u32 = 10;

/// The files as they are: the list of each, or why it cannot be read.
pub(super) type Snapshot = BTreeMap<Arc<str>, Result<ListText, String>>;

/// Watches until nobody listens.
pub(super) async fn watch(patterns: Vec<FilePattern>, tell: mpsc::Sender<News>) {
    let mut watch = Watch { patterns, ..Watch::default() };
    loop {
        sleep(EVERY).await;
        let looking = tokio::task::spawn_blocking(move || {
            let snapshot = watch.look();
            (watch, snapshot)
        });
        // The look is over in any case: it fails only where the program ends.
        let Ok((next, snapshot)) = looking.await else { return };
        watch = next;
        if let Some(snapshot) = snapshot
            && tell.send(News::Files(snapshot)).await.is_err()
        {
            return;
        }
    }
}

/// What tells whether a file is another now.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Print {
    /// Device, inode, size, and when content and entry were changed.
    File(u64, u64, u64, (i64, i64), (i64, i64)),
    /// It cannot be looked at.
    Hidden(std::io::ErrorKind),
}

impl Print {
    fn of(path: &Path) -> Self {
        match path.metadata() {
            Ok(meta) => Self::File(
                meta.dev(),
                meta.ino(),
                meta.len(),
                (meta.mtime(), meta.mtime_nsec()),
                (meta.ctime(), meta.ctime_nsec()),
            ),
            Err(error) => Self::Hidden(error.kind()),
        }
    }
}

/// How the files looked.
type Look = Result<BTreeMap<PathBuf, (bool, Print)>, (String, String)>;

/// What is remembered of the files.
#[derive(Debug, Default)]
struct Watch {
    patterns: Vec<FilePattern>,
    last: Option<Look>,
    told: Option<Look>,
    /// Looks since it was told.
    since: u32,
    /// Looks in a row that differ.
    unsettled: u32,
    /// What was read of each, and how it looked then.
    texts: BTreeMap<PathBuf, (Print, Result<ListText, String>)>,
}

impl Watch {
    /// Looks once; what there is, if that is to be told now.
    fn look(&mut self) -> Option<Result<Snapshot, (String, String)>> {
        let now = find(&self.patterns).map(|found| {
            let print = |FoundFile { path, named }| {
                let print = Print::of(&path);
                (path, (named, print))
            };
            found.into_iter().map(print).collect()
        });
        let settled = self.last.as_ref() == Some(&now);
        self.last = Some(now.clone());
        self.since += 1;
        self.unsettled = if settled { 0 } else { self.unsettled + 1 };
        let changed = self.told.as_ref() != Some(&now);
        let due = (changed && (settled || self.unsettled > PATIENT)) || (!changed && self.since >= AGAIN);
        if !due {
            return None;
        }
        (self.since, self.unsettled) = (0, 0);
        self.told = Some(now.clone());
        Some(now.map(|files| self.read(files)))
    }

    fn read(&mut self, files: BTreeMap<PathBuf, (bool, Print)>) -> Snapshot {
        let mut before = std::mem::take(&mut self.texts);
        let mut snapshot = BTreeMap::new();
        for (path, (named, print)) in files {
            let text = match before.remove(&path) {
                Some((known, Ok(text))) if known == print => Ok(text),
                _ => match (FoundFile { path: path.clone(), named }).read() {
                    Ok(None) => continue,
                    Ok(Some(text)) => Ok(text_of(&path, text)),
                    Err(error) => Err(error),
                },
            };
            snapshot.insert(path.display().to_string().into(), text.clone());
            self.texts.insert(path, (print, text));
        }
        snapshot
    }
}
