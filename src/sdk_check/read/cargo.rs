//! `Cargo.toml` and `Cargo.lock`.

use toml::{Table, Value};

use crate::sdk_check::Ecosystem;
use crate::sdk_check::dependency::Dependencies;
use crate::sdk_check::requirement::Requirement;

const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn manifest(root: &Table, found: &mut Dependencies<'_>) {
    sections(root, found);
    if let Some(workspace) = root.get("workspace").and_then(Value::as_table) {
        sections(workspace, found);
    }
    for (_, target) in root.get("target").and_then(Value::as_table).into_iter().flatten() {
        if let Some(target) = target.as_table() {
            sections(target, found);
        }
    }
}

fn sections(parent: &Table, found: &mut Dependencies<'_>) {
    let sections = SECTIONS.iter().filter_map(|section| parent.get(*section)?.as_table());
    for (name, value) in sections.flatten() {
        // The workspace says the version of such a one.
        if value.get("workspace").is_some() {
            continue;
        }
        let name = value.get("package").and_then(Value::as_str).unwrap_or(name);
        let version = value.as_str().or_else(|| value.get("version")?.as_str()).unwrap_or_default();
        found.add(name, None, || Requirement::comparators(Ecosystem::Crates, version).into());
    }
}

pub(super) fn lock(root: &Table, found: &mut Dependencies<'_>) -> Result<(), String> {
    let packages = root.get("package").and_then(Value::as_array);
    if packages.is_none() && !root.contains_key("version") {
        return Err("not a lock file: there are no packages in it".to_owned());
    }
    for package in packages.into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        if let Some(name) = text("name") {
            found.lock(name, None, text("version").unwrap_or_default());
        }
    }
    Ok(())
}
