//! Python packages that tests pin: installed once below the target directory, which is all that needs the package index.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use crate::peers::process::program;

/// Two tests that want the same packages install them once.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Python, without anything of its own that could matter here.
pub(crate) fn python() -> Command {
    let mut command = program("python3");
    command.env_remove("PYTHONPATH").env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
    command
}

/// How a program ended and all that it said.
pub(crate) fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{}\n{out}\n{err}", output.status)
}

/// Where the packages of a file of requirements below `tests/integration` are installed, for `PYTHONPATH`: once for a
/// version of Python and of them, whole or not at all.
pub(crate) fn packages(requirements: &str) -> PathBuf {
    let _one = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration").join(requirements);
    let version = python().arg("--version").output().unwrap();
    let mut of = DefaultHasher::new();
    (fs::read_to_string(&file).unwrap(), &version.stdout).hash(&mut of);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let packages = place.join(format!("python-{:016x}", of.finish()));
    if !packages.is_dir() {
        let fresh = tempfile::tempdir_in(place).unwrap();
        let installed = python()
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary", ":all:", "--target"])
            .arg(fresh.path())
            .arg("--requirement")
            .arg(&file)
            .output()
            .unwrap();
        assert!(
            installed.status.success(),
            "pip cannot install what {requirements} pins (it needs python3-pip, which `scripts/test` installs, and a \
             package index): {}",
            said(&installed)
        );
        // Another run may have been faster, with the same content.
        if fs::rename(fresh.path(), &packages).is_ok() {
            let _moved = fresh.keep();
        }
        assert!(packages.is_dir(), "the packages cannot be moved to {}", packages.display());
    }
    packages
}
