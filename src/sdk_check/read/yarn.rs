//! `yarn.lock`: of Yarn 1, which is a format of its own, and of later ones, which is YAML of the same lines.

use super::{no_conflict, npm, numbered};
use crate::sdk_check::dependency::Dependencies;

pub(super) fn read(text: &str, found: &mut Dependencies<'_>) -> Result<(), String> {
    no_conflict(text)?;
    let mut is_lock = false;
    // The package whose lines are read, and where it begins.
    let mut package: Option<(usize, &str)> = None;
    for (number, line) in numbered(text) {
        if line.starts_with('#') {
            is_lock |= line.contains("yarn lockfile");
        } else if !line.starts_with(' ') {
            package = line.strip_suffix(':').and_then(|key| Some((number, name(key)?)));
            is_lock |= package.is_some() || line.starts_with("__metadata:");
        } else if let Some((start, name)) = package {
            let line = line.trim_start();
            if let Some(version) = line.strip_prefix("version") {
                let version = version.trim_start_matches([':', ' ']).trim_matches('"');
                // Packages of the workspace itself have this version.
                if version != "0.0.0-use.local" {
                    found.lock(name, Some(start), version);
                }
                package = None;
            }
        }
        if let Some((_, directory)) = line.split_once("@workspace:")
            && line.trim_start().starts_with("resolution:")
        {
            found.add_member(directory.trim_end_matches('"'));
        }
    }
    if is_lock || text.trim().is_empty() {
        Ok(())
    } else {
        Err("not a lock file: there are no packages in it".to_owned())
    }
}

/// The package of a key such as `"a@^1", "a@^1.2"`; the first of the ranges says enough.
fn name(key: &str) -> Option<&str> {
    let first = key.split(", ").next()?.trim_matches('"');
    let (name, range) = npm::split(first)?;
    Some(npm::aliased(name, range).0)
}
