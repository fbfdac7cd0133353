//! `package.json`, and `package-lock.json` of all versions.

use serde_json::{Map, Value};

use crate::sdk_check::Ecosystem;
use crate::sdk_check::dependency::Dependencies;
use crate::sdk_check::requirement::Requirement;

/// What is installed; `peerDependencies` are wide on purpose, and another package decides.
const SECTIONS: &[&str] = &["dependencies", "devDependencies", "optionalDependencies"];

/// How deep packages may lie in each other in a lock file of version 1.
const DEEPEST: usize = 64;

pub(super) fn manifest(root: &Map<String, Value>, found: &mut Dependencies<'_>) {
    for section in SECTIONS {
        for (name, value) in root.get(*section).and_then(Value::as_object).into_iter().flatten() {
            let range = value.as_str().unwrap_or_default();
            let (name, range) = aliased(name, range);
            found.add(name, None, || Requirement::comparators(Ecosystem::Npm, range).into());
        }
    }
}

/// What a range names: `npm:other@range` is another package under this name.
pub(super) fn aliased<'a>(name: &'a str, range: &'a str) -> (&'a str, &'a str) {
    match range.strip_prefix("npm:") {
        // Yarn writes `npm:range` too.
        Some(other) => {
            split(other).unwrap_or(if other.starts_with(|c: char| c == '@' || c.is_alphabetic()) {
                (other, "")
            } else {
                (name, other)
            })
        }
        None => (name, range),
    }
}

/// Splits `name@rest`, where the name may begin with an `@` of its own.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

pub(super) fn lock(root: &Map<String, Value>, found: &mut Dependencies<'_>) -> Result<(), String> {
    if let Some(packages) = root.get("packages").and_then(Value::as_object) {
        for (path, package) in packages {
            match path.rsplit_once("node_modules/") {
                Some((_, name)) => {
                    let name = package.get("name").and_then(Value::as_str).unwrap_or(name);
                    // A link leads to a package of the workspace, which stands in the list by itself.
                    if package.get("link").is_none() {
                        found.lock(name, None, version(package));
                    }
                }
                // The project itself and the members of its workspace.
                None => found.add_member(path),
            }
        }
        Ok(())
    } else if let Some(packages) = root.get("dependencies").and_then(Value::as_object) {
        nested(packages, 0, found)
    } else if root.contains_key("lockfileVersion") {
        Ok(())
    } else {
        Err("not a lock file: there are no packages in it".to_owned())
    }
}

fn version(package: &Value) -> &str {
    package.get("version").and_then(Value::as_str).unwrap_or_default()
}

/// Version 1: packages lie in each other as in `node_modules`.
fn nested(packages: &Map<String, Value>, depth: usize, found: &mut Dependencies<'_>) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("packages lie in each other more than {DEEPEST} deep"));
    }
    for (name, package) in packages {
        let (name, version) = aliased(name, version(package));
        found.lock(name, None, version);
        if let Some(inside) = package.get("dependencies").and_then(Value::as_object) {
            nested(inside, depth + 1, found)?;
        }
    }
    Ok(())
}
