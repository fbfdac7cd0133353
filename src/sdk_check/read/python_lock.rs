//! `poetry.lock`, `uv.lock` and `Pipfile.lock`.

use serde_json::{Map, Value as Json};
use toml::{Table, Value};

use crate::sdk_check::dependency::{Dependencies, Said};

pub(super) fn poetry(root: &Table, found: &mut Dependencies<'_>) -> Result<(), String> {
    packages(root, found)
}

pub(super) fn uv(root: &Table, found: &mut Dependencies<'_>) -> Result<(), String> {
    for package in root.get("package").and_then(Value::as_array).into_iter().flatten() {
        // The members of a workspace stand where they lie.
        let source = package.get("source");
        let place = |kind: &str| source?.get(kind)?.as_str();
        if let Some(directory) = place("editable").or_else(|| place("virtual")) {
            found.add_member(directory);
        }
    }
    packages(root, found)
}

/// `[[package]]` with a name and a version. An empty lock file has no such list, but says of which version it is.
fn packages(root: &Table, found: &mut Dependencies<'_>) -> Result<(), String> {
    let packages = root.get("package").and_then(Value::as_array);
    if packages.is_none() && !root.contains_key("version") && !root.contains_key("metadata") {
        return Err("not a lock file: there are no packages in it".to_owned());
    }
    for package in packages.into_iter().flatten() {
        if let Some(name) = package.get("name").and_then(Value::as_str) {
            found.lock(name, None, package.get("version").and_then(Value::as_str).unwrap_or_default());
        }
    }
    Ok(())
}

pub(super) fn pipfile(root: &Map<String, Json>, found: &mut Dependencies<'_>) -> Result<(), String> {
    if !root.contains_key("_meta") && !root.contains_key("default") {
        return Err("not a lock file: there are no packages in it".to_owned());
    }
    let ecosystem = found.ecosystem();
    for (_, section) in root.iter().filter(|(name, _)| *name != "_meta") {
        for (name, package) in section.as_object().into_iter().flatten() {
            let version = package.get("version").and_then(Json::as_str).unwrap_or_default();
            found.add(name, None, || Said::locked(ecosystem, version.trim_start_matches('=')));
        }
    }
    Ok(())
}
