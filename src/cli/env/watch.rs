//! `env --watch`: a file that follows the preferred route.
//!
//! Promises: the file is replaced in one step, is its owner's only, and stays as it is while no route works; what cannot
//! be written is told and tried again with the next run; nothing but a regular file is ever replaced.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Writer, failures};
use crate::app::{Follower, Signal, Signals};
use crate::target::Secret;

/// Keeps the file up to date until told to stop; `load` makes a follower of the config as it is now.
pub(super) async fn run(
    follower: Follower,
    file: &Path,
    writer: &Writer,
    load: impl Fn() -> Result<Follower, String>,
) -> Result<(), String> {
    let file = place(file).map_err(|error| format!("cannot keep {}: {error}", file.display()))?;
    let mut signals = Signals::new().map_err(|error| format!("cannot receive signals: {error}"))?;
    let mut keeper = Keeper { file, told: false };
    let mut follower = follower;
    loop {
        let signal = tokio::select! {
            look = follower.look() => {
                match follower.preferred(&look.standing) {
                    Some(preferred) => keeper.keep(&follower, &writer.text(&preferred), &preferred.route),
                    None => keeper.none_works(&follower, || failures(&follower, &look)),
                }
                continue;
            }
            signal = signals.next() => signal,
        };
        match signal {
            Signal::Stop => return Ok(()),
            Signal::Reload => match load() {
                Ok(new) => {
                    tracing::info!(target = %new.target().name, "reloaded");
                    follower = new;
                }
                Err(problems) => tracing::error!(problems, "reload failed, the old config stays"),
            },
        }
    }
}

/// The file and what has been told of it.
struct Keeper {
    file: PathBuf,
    /// That no route works has been told.
    told: bool,
}

impl Keeper {
    fn keep(&mut self, follower: &Follower, text: &Secret, route: &Arc<str>) {
        let (target, file) = (&*follower.target().name, self.file.display());
        if std::mem::take(&mut self.told) {
            tracing::info!(target, route = &**route, "a route works again");
        }
        // Somebody may have removed or changed it.
        if std::fs::read_to_string(&self.file).is_ok_and(|there| there == text.expose()) {
            return;
        }
        match replace(&self.file, text.expose()) {
            Ok(()) => tracing::info!(target, route = &**route, %file, "written"),
            Err(error) => tracing::error!(target, route = &**route, %file, %error, "cannot be written"),
        }
    }

    fn none_works(&mut self, follower: &Follower, why: impl FnOnce() -> String) {
        if !std::mem::replace(&mut self.told, true) {
            let (target, file, problem) = (&*follower.target().name, self.file.display(), why());
            tracing::error!(target, %file, problem, "no route works, the file stays as it is");
        }
    }
}

/// Where the file is, through links: what they lead to is to be replaced, not they; nothing but a regular file, in a
/// directory that can be written to.
fn place(file: &Path) -> io::Result<PathBuf> {
    let file = match file.canonicalize() {
        Ok(there) if there.is_file() => there,
        Ok(_) => return Err(io::Error::other("it is there and no regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => file.to_owned(),
        Err(error) => return Err(error),
    };
    tempfile::Builder::new().prefix(".api-canary-env-").tempfile_in(directory(&file))?;
    Ok(file)
}

fn directory(file: &Path) -> &Path {
    match file.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

/// Replaces a file in one step: whoever reads it sees the old text or the new one, and no other user either.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    // Made with mode 0600.
    let mut new = tempfile::Builder::new().prefix(".api-canary-env-").tempfile_in(directory(file))?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_is_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("proxy.env");
        std::fs::write(&file, "a much longer text that was there before\n").unwrap();
        replace(&file, "HTTPS_PROXY=\n").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "HTTPS_PROXY=\n");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn a_link_is_followed_and_what_is_no_file_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        std::fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(place(&link).unwrap(), real.canonicalize().unwrap());
        assert!(place(directory.path()).is_err());
        assert!(place(Path::new("/dev/null")).is_err());
        assert!(place(&directory.path().join("no/such/directory/file")).is_err());
        let new = directory.path().join("new");
        assert_eq!(place(&new).unwrap(), new);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "trying leaves nothing behind");
    }
}
