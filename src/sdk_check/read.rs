//! The readers: one file a family of formats, each from text to what it says of the SDKs.

mod cargo;
mod go;
mod gradle;
mod npm;
mod pnpm;
mod pom;
mod python_lock;
mod python_manifest;
mod requirements;
mod yarn;

use super::Kind;
use super::dependency::Dependencies;

/// Reads a file into what it says.
///
/// What was found before a mistake stays found.
///
/// # Errors
/// If the text is not of the format, with what is wrong.
pub(super) fn read(kind: Kind, text: &str, found: &mut Dependencies<'_>) -> Result<(), String> {
    match kind {
        Kind::Requirements => requirements::read(text, found),
        Kind::Pyproject => python_manifest::pyproject(&toml(text)?, found),
        Kind::Pipfile => python_manifest::pipfile(&toml(text)?, found),
        Kind::PoetryLock => python_lock::poetry(&toml(text)?, found)?,
        Kind::UvLock => python_lock::uv(&toml(text)?, found)?,
        Kind::PipfileLock => python_lock::pipfile(&json(text)?, found)?,
        Kind::PackageJson => npm::manifest(&json(text)?, found),
        Kind::PackageLock => npm::lock(&json(text)?, found)?,
        Kind::PnpmLock => pnpm::read(text, found)?,
        Kind::YarnLock => yarn::read(text, found)?,
        Kind::Pom => pom::read(text, found)?,
        Kind::GradleBuild => gradle::build(text, found),
        Kind::GradleCatalog => gradle::catalog(&toml(text)?, found),
        Kind::GradleLock => gradle::lock(text, found)?,
        Kind::GoMod => go::read(text, found)?,
        Kind::CargoToml => cargo::manifest(&toml(text)?, found),
        Kind::CargoLock => cargo::lock(&toml(text)?, found)?,
    }
    Ok(())
}

fn toml(text: &str) -> Result<toml::Table, String> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().and_then(|span| text.get(..span.start)).map(line_of);
        let place = line.map_or_else(String::new, |line| format!(" at line {line}"));
        format!("not TOML{place}: {}", error.message())
    })
}

/// Reads JSON of which the outermost thing is an object.
fn json(text: &str) -> Result<serde_json::Map<String, serde_json::Value>, String> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(map)) => Ok(map),
        Ok(_) => Err("not an object".to_owned()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

/// The line that a text ends in, from 1.
fn line_of(before: &str) -> usize {
    before.bytes().filter(|byte| *byte == b'\n').count() + 1
}

/// Lines with their numbers, from 1.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Refuses a text with the marks of a merge that was not finished: both sides would be read.
fn no_conflict(text: &str) -> Result<(), String> {
    let conflict = numbered(text).find(|(_, line)| line.starts_with("<<<<<<< "));
    conflict.map_or(Ok(()), |(line, _)| Err(format!("the conflict of a merge at line {line}")))
}
