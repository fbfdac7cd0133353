//! How a report is written to a file.
//!
//! Promises: whoever reads the file sees the whole of it or what was there before.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Whether a report can be written there, as far as that can be known before it is: nobody should wait for one in vain.
pub(super) fn check(file: &Path) -> Result<(), String> {
    let there = match std::fs::metadata(file) {
        Ok(there) if there.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(there) if !there.is_file() => Ok(()),
        _ => place(file).and_then(|place| new_beside(&place).map(drop)),
    };
    there.map_err(|error| told(file, &error))
}

/// Writes a report in one step: whoever reads the file sees the whole of it or what was there before.
pub(super) fn write(file: &Path, text: &str) -> Result<(), String> {
    written(file, text).map_err(|error| told(file, &error))
}

fn written(file: &Path, text: &str) -> io::Result<()> {
    // A pipe or a terminal cannot be replaced, only written to.
    if std::fs::metadata(file).is_ok_and(|there| !there.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes());
    }
    let place = place(file)?;
    let mut new = new_beside(&place)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(&place).map_err(|error| error.error)?;
    Ok(())
}

/// Where a file really is, which may not be there yet.
fn place(file: &Path) -> io::Result<PathBuf> {
    match file.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(file.to_owned()),
        found => found,
    }
}

/// A file to take the place of another. Made with mode 0600: what stands in it is for others only when it is given to them.
fn new_beside(file: &Path) -> io::Result<NamedTempFile> {
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".api-canary-report-")
        .tempfile_in(directory.unwrap_or_else(|| Path::new(".")))
}

/// The failure by its kind: its own words name a file that nobody knows.
fn told(file: &Path, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such directory".to_owned(),
        kind => kind.to_string(),
    };
    format!("cannot write the report to {}: {why}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_written_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("report.md");
        std::fs::write(&file, "a much longer text that was there before\n").unwrap();
        write(&file, "new\n").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new\n");
        let link = directory.path().join("link.md");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, "newer\n").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "newer\n", "a link is followed");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left behind");
        for (file, why) in [
            (directory.path().join("no/such/report.md"), "there is no such directory"),
            (directory.path().into(), "is a directory"),
        ] {
            let told = format!("cannot write the report to {}: {why}", file.display());
            assert_eq!(check(&file), Err(told.clone()));
            assert_eq!(write(&file, "x"), Err(told));
        }
        for file in [Path::new("/dev/null"), &file, &directory.path().join("new.md")] {
            assert_eq!(check(file), Ok(()));
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "to look leaves nothing behind");
        write(Path::new("/dev/null"), "x").unwrap();
    }
}
