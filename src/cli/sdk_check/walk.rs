//! The walk over a project's directories, bounded in every way: a check of a strange directory ends, and says what it left out.
//!
//! Symbolic links are not followed, so nothing outside the directory is read.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use crate::sdk_check::{Kind, SdkCheck};

/// What others wrote, or what is made anew by every build.
const SKIPPED: &[&str] = &[
    "node_modules",
    ".git",
    ".hg",
    ".svn",
    "target",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    "site-packages",
    "dist",
    "build",
    "vendor",
];

/// How much is looked at.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Directories in each other.
    depth: usize,
    /// Files and directories of any name.
    entries: usize,
    /// Files that are read.
    files: usize,
    /// Bytes of a file.
    size: u64,
}

const BOUNDS: Bounds = Bounds { depth: 32, entries: 2_000_000, files: 10_000, size: 16 << 20 };

/// Adds all lock and manifest files below a directory to a check.
///
/// # Errors
/// If the directory itself cannot be read.
pub(super) fn walk(directory: &Path, check: &mut SdkCheck<'_>) -> Result<(), String> {
    bounded(directory, check, BOUNDS)
}

fn bounded(directory: &Path, check: &mut SdkCheck<'_>, bounds: Bounds) -> Result<(), String> {
    // Opens it too, so that a missing permission is told here.
    fs::read_dir(directory).map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    let walk = WalkDir::new(directory).max_depth(bounds.depth).sort_by_file_name();
    let (mut entries, mut files) = (0, 0);
    for entry in walk.into_iter().filter_entry(|entry| entry.depth() == 0 || !is_skipped(entry)) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = relative(error.path().unwrap_or(directory), directory);
                let problem = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                check.warn(path, &format!("cannot be read: {problem}"));
                continue;
            }
        };
        entries += 1;
        let path = relative(entry.path(), directory);
        if entries > bounds.entries {
            check.warn(path, &format!("more than {} files: what follows is not read", bounds.entries));
            break;
        }
        if entry.depth() == bounds.depth && entry.file_type().is_dir() {
            check.warn(path, &format!("lies {} directories deep and is not read", bounds.depth));
        }
        let Some(kind) = Kind::of(path).filter(|_| !entry.file_type().is_dir()) else { continue };
        files += 1;
        if files > bounds.files {
            check.warn(path, &format!("more than {} such files: what follows is not read", bounds.files));
            break;
        }
        match read(&entry, bounds.size) {
            Ok(text) => check.add(path, kind, &text),
            Err(problem) => check.warn(path, &problem),
        }
    }
    Ok(())
}

fn relative<'a>(path: &'a Path, directory: &Path) -> &'a Path {
    match path.strip_prefix(directory) {
        Ok(inside) if inside.as_os_str().is_empty() => Path::new("."),
        Ok(inside) => inside,
        Err(_) => path,
    }
}

fn is_skipped(entry: &DirEntry) -> bool {
    entry.file_type().is_dir() && entry.file_name().to_str().is_some_and(|name| SKIPPED.contains(&name))
}

fn read(entry: &DirEntry, most: u64) -> Result<String, String> {
    if entry.file_type().is_symlink() {
        return Err("a symbolic link, which is not followed".to_owned());
    }
    // A pipe would keep the walk waiting.
    if !entry.file_type().is_file() {
        return Err("not a regular file".to_owned());
    }
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let mut bytes = Vec::new();
    let file = File::open(entry.path()).map_err(cannot)?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(cannot)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(format!("larger than {most} bytes and not read"));
    }
    String::from_utf8(bytes).map_err(|error| {
        format!("not UTF-8: the first {} bytes are, the next is not", error.utf8_error().valid_up_to())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk_check::Table;

    const OLD: &str = "anthropic==0.1\n";

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, OLD).unwrap();
        }
        directory
    }

    /// The places of what was found, and the warnings.
    fn walked(directory: &Path, bounds: Bounds) -> (Vec<String>, Vec<String>) {
        let table = Table::embedded().unwrap();
        let mut check = SdkCheck::new(&table);
        bounded(directory, &mut check, bounds).unwrap();
        let report = check.report();
        let found = report.findings().iter().map(|finding| finding.path.clone()).collect();
        let warnings = report.warnings();
        (found, warnings.iter().map(|warning| format!("{}: {}", warning.path, warning.problem)).collect())
    }

    #[test]
    fn what_others_wrote_and_what_builds_make_is_skipped() {
        let mut files: Vec<_> = SKIPPED.iter().map(|name| format!("a/{name}/requirements.txt")).collect();
        files.extend(["requirements.txt".to_owned(), "a/b/.c/requirements.txt".to_owned()]);
        let directory = tree(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let (found, warnings) = walked(directory.path(), BOUNDS);
        assert_eq!(found, ["a/b/.c/requirements.txt", "requirements.txt"]);
        assert_eq!(warnings, [""; 0]);
        // But for the directory that was asked for.
        let (found, _) = walked(&directory.path().join("a/build"), BOUNDS);
        assert_eq!(found, ["requirements.txt"]);
    }

    #[test]
    fn what_is_beyond_a_bound_is_told() {
        let directory = tree(&["a/b/requirements.txt", "c/requirements.txt", "requirements.txt"]);
        let walked = |bounds| walked(directory.path(), bounds);
        let (found, warnings) = walked(Bounds { depth: 2, ..BOUNDS });
        assert_eq!(found, ["c/requirements.txt", "requirements.txt"]);
        assert_eq!(warnings, ["a/b: lies 2 directories deep and is not read"]);
        let (found, warnings) = walked(Bounds { files: 1, ..BOUNDS });
        assert_eq!(found, ["a/b/requirements.txt"]);
        assert_eq!(warnings, ["c/requirements.txt: more than 1 such files: what follows is not read"]);
        let (found, warnings) = walked(Bounds { entries: 4, ..BOUNDS });
        assert_eq!(found, ["a/b/requirements.txt"]);
        assert_eq!(warnings, ["c: more than 4 files: what follows is not read"]);
        let (found, warnings) = walked(Bounds { size: 3, ..BOUNDS });
        assert_eq!(found, [""; 0]);
        assert_eq!(warnings[0], "a/b/requirements.txt: larger than 3 bytes and not read");
        assert_eq!(warnings.len(), 3);
    }

    #[test]
    fn what_is_no_plain_text_file_is_told_and_the_rest_is_read() {
        let directory = tree(&["elsewhere/x.txt", "z/requirements.txt"]);
        let path = |name: &str| directory.path().join(name);
        fs::write(path("requirements.txt"), b"openai==0.1\n\xff").unwrap();
        std::os::unix::fs::symlink(path("elsewhere/x.txt"), path("requirements-linked.txt")).unwrap();
        std::os::unix::fs::symlink(path("z"), path("linked")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("go.mod")).unwrap();
        fs::create_dir(path("package.json")).unwrap();
        let (found, warnings) = walked(directory.path(), BOUNDS);
        assert_eq!(found, ["z/requirements.txt"]);
        assert_eq!(
            warnings,
            [
                "go.mod: not a regular file",
                "requirements-linked.txt: a symbolic link, which is not followed",
                "requirements.txt: not UTF-8: the first 12 bytes are, the next is not",
            ]
        );
    }

    #[test]
    fn a_directory_that_cannot_be_read_is_an_error() {
        let directory = tree(&["requirements.txt"]);
        let table = Table::embedded().unwrap();
        for (name, problem) in [("none", "No such file"), ("requirements.txt", "Not a directory")] {
            let path = directory.path().join(name);
            let error = walk(&path, &mut SdkCheck::new(&table)).unwrap_err();
            assert!(error.starts_with(&format!("cannot read {}: ", path.display())), "{error}");
            assert!(error.contains(problem), "{error}");
        }
    }
}
