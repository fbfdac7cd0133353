//! `pyproject.toml` (standard, Poetry, uv, PDM) and `Pipfile`.

use toml::{Table, Value};

use super::requirements;
use crate::sdk_check::dependency::{Dependencies, Said};

pub(super) fn pyproject(root: &Table, found: &mut Dependencies<'_>) {
    let project = table(root, "project");
    list(project.and_then(|project| project.get("dependencies")), found);
    lists(project.and_then(|project| table(project, "optional-dependencies")), found);
    lists(table(root, "dependency-groups"), found);
    let Some(tool) = table(root, "tool") else { return };
    list(table(tool, "uv").and_then(|uv| uv.get("dev-dependencies")), found);
    lists(table(tool, "pdm").and_then(|pdm| table(pdm, "dev-dependencies")), found);
    let Some(poetry) = table(tool, "poetry") else { return };
    named(table(poetry, "dependencies"), found);
    named(table(poetry, "dev-dependencies"), found);
    for (_, group) in table(poetry, "group").into_iter().flatten() {
        named(group.as_table().and_then(|group| table(group, "dependencies")), found);
    }
}

pub(super) fn pipfile(root: &Table, found: &mut Dependencies<'_>) {
    // Besides `packages` and `dev-packages` there may be groups of any name.
    for (name, section) in root {
        if !matches!(name.as_str(), "source" | "requires" | "scripts" | "pipenv" | "pipfile") {
            named(section.as_table(), found);
        }
    }
}

fn table<'a>(parent: &'a Table, name: &str) -> Option<&'a Table> {
    parent.get(name)?.as_table()
}

/// Requirements in a list; what else stands there includes other lists, which are read by themselves.
fn list(value: Option<&Value>, found: &mut Dependencies<'_>) {
    for item in value.and_then(Value::as_array).into_iter().flatten() {
        if let Some(text) = item.as_str() {
            requirements::one(text, None, found);
        }
    }
}

fn lists(groups: Option<&Table>, found: &mut Dependencies<'_>) {
    for (_, value) in groups.into_iter().flatten() {
        list(Some(value), found);
    }
}

/// `name = "version"`, `name = { version = "…" }`, or a list of such for several platforms.
fn named(packages: Option<&Table>, found: &mut Dependencies<'_>) {
    for (name, value) in packages.into_iter().flatten() {
        match value {
            Value::Array(several) => several.iter().for_each(|value| found.add(name, None, || said(value))),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Table(_) => found.add(name, None, || said(value)),
        }
    }
}

fn said(value: &Value) -> Said {
    let version = value.as_str().or_else(|| value.get("version")?.as_str());
    version.map_or(Said::Nothing, requirements::version)
}
