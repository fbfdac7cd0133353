//! Gradle: build scripts in Groovy and Kotlin, version catalogs, lock files.
//!
//! A build script is a program; what is read of it are coordinates in quotes, with the variables that the same file sets to a
//! plain text.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use toml::{Table, Value};

use super::{no_conflict, numbered};
use crate::sdk_check::dependency::{Dependencies, Said};
use crate::sdk_check::requirement::Requirement;

/// `"group:artifact:version"`.
static COORDINATES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"["']([\w.-]+):([\w.-]+)(?::([^"':@]+))?[^"']*["']"#).ok());

/// `group: 'g', name: 'a', version: 'v'`, or with `=` in Kotlin.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let part = |name: &str| format!(r#"{name}\s*[:=]\s*["']([\w.-]+)["']"#);
    let version = r#"(?:\s*,\s*version\s*[:=]\s*["']?([^"',)\s]+)["']?)?"#;
    Regex::new(&format!(r"{}\s*,\s*{}{version}", part("group"), part("name"))).ok()
});

/// `def sdk = '1.2'`, `val sdk = "1.2"`, `sdk = '1.2'`, `extra["sdk"] = "1.2"`, `set('sdk', '1.2')`.
static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:([\w.]+)|["']([\w.]+)["']\]?)(?:\s*:\s*String)?\s*[=,]\s*["']([^"'$]+)["']"#).ok()
});

pub(super) fn build(text: &str, found: &mut Dependencies<'_>) {
    let (Some(coordinates), Some(named), Some(variable)) =
        (COORDINATES.as_ref(), NAMED.as_ref(), VARIABLE.as_ref())
    else {
        return;
    };
    let lines: Vec<_> = uncommented(text).collect();
    let mut variables = HashMap::new();
    for capture in lines.iter().flat_map(|(_, line)| variable.captures_iter(line)) {
        if let (Some(name), Some(value)) = (capture.get(1).or(capture.get(2)), capture.get(3)) {
            let name = name.as_str().rsplit('.').next().unwrap_or_default();
            variables.insert(name.to_owned(), value.as_str().to_owned());
        }
    }
    for (number, line) in &lines {
        let both = coordinates.captures_iter(line).chain(named.captures_iter(line));
        for capture in both {
            let (Some(group), Some(artifact)) = (capture.get(1), capture.get(2)) else { continue };
            let name = format!("{}:{}", group.as_str(), artifact.as_str());
            // Without a version a platform or a catalog says it.
            let Some(version) = capture.get(3).map(|version| version.as_str()) else { continue };
            let variable = version.trim_start_matches('$').trim_start_matches('{').trim_end_matches('}');
            let variable = variable.rsplit('.').next().unwrap_or_default();
            let version = variables.get(variable).map_or(version, String::as_str);
            found.add(&name, Some(*number), || Requirement::maven(version).into());
        }
    }
}

/// Lines without their comments; `//` in a URL is none.
fn uncommented(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    numbered(text).filter_map(move |(number, line)| {
        let trimmed = line.trim_start();
        if inside {
            inside = !line.contains("*/");
            return None;
        }
        if trimmed.starts_with("/*") {
            inside = !line.contains("*/");
            return None;
        }
        if trimmed.starts_with("//") {
            return None;
        }
        Some((number, line.split(" //").next().unwrap_or_default()))
    })
}

pub(super) fn catalog(root: &Table, found: &mut Dependencies<'_>) {
    let versions = root.get("versions").and_then(Value::as_table);
    for (_, library) in root.get("libraries").and_then(Value::as_table).into_iter().flatten() {
        let text = |key: &str| library.get(key).and_then(Value::as_str);
        if let Some(coordinates) = library.as_str() {
            if let Some((name, version)) = coordinates.rsplit_once(':') {
                found.add(name, None, || Requirement::maven(version).into());
            }
            continue;
        }
        let name = match (text("module"), text("group"), text("name")) {
            (Some(module), _, _) => module.to_owned(),
            (None, Some(group), Some(name)) => format!("{group}:{name}"),
            (None, _, _) => continue,
        };
        let version = library.get("version").and_then(|version| match version.get("ref") {
            Some(name) => versions?.get(name.as_str()?),
            None => Some(version),
        });
        // Without a version a platform says it.
        if let Some(version) = version {
            found.add(&name, None, || rich(version));
        }
    }
}

/// A version, or a table of how strictly it is meant.
fn rich(version: &Value) -> Said {
    let keys = ["strictly", "require", "prefer"];
    let text = version.as_str().or_else(|| keys.iter().find_map(|key| version.get(key)?.as_str()));
    text.and_then(Requirement::maven).into()
}

pub(super) fn lock(text: &str, found: &mut Dependencies<'_>) -> Result<(), String> {
    no_conflict(text)?;
    for (number, line) in numbered(text) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
            continue;
        }
        let parts = line.split_once('=').and_then(|(module, _)| module.rsplit_once(':'));
        let Some((name, version)) = parts else {
            return Err(format!("line {number} is not `group:artifact:version=configurations`"));
        };
        found.lock(name, Some(number), version);
    }
    Ok(())
}
