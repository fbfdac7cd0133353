//! The environment, and `${NAME}` in the values of a config.
//!
//! Promises: variables are put in after the YAML was read, so a value can never add keys; a value made of variables
//! carries their names and is shown by them only.

use std::collections::BTreeMap;
use std::fmt;

use super::node::{Node, Path, Scalar, Value};
use super::problem::{Checked, Place, Report, Reported};

/// Where variables are looked up: the process's environment, or a map that stands in for it.
#[derive(Clone)]
pub struct Env {
    source: Source,
    elsewhere: bool,
}

#[derive(Clone)]
enum Source {
    Process,
    Map(BTreeMap<String, String>),
}

/// Why a variable cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// It does not exist.
    #[error("not set")]
    Unset,
    /// Its value is not text.
    #[error("not UTF-8")]
    NotText,
}

impl Env {
    /// The environment of the process.
    #[must_use]
    pub fn process() -> Self {
        Self { source: Source::Process, elsewhere: false }
    }

    /// An environment of these variables only.
    pub fn of<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { source: Source::Map(pairs.collect()), elsewhere: false }
    }

    /// The same, but of another machine than the canary's: keys and certificates that are missing here are there. A config
    /// that was loaded like this can be read, but nothing can be probed with it.
    #[must_use]
    pub fn elsewhere(self) -> Self {
        Self { elsewhere: true, ..self }
    }

    /// Whether this is another machine than the canary's.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.elsewhere
    }

    /// The value of a variable.
    ///
    /// # Errors
    /// If it is not set or is not UTF-8.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn get(&self, name: &str) -> Result<String, EnvError> {
        match &self.source {
            Source::Process => std::env::var(name).map_err(|error| match error {
                std::env::VarError::NotPresent => EnvError::Unset,
                std::env::VarError::NotUnicode(_) => EnvError::NotText,
            }),
            Source::Map(map) => map.get(name).cloned().ok_or(EnvError::Unset),
        }
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.source {
            Source::Process => "Env(process)",
            Source::Map(_) => "Env(map)",
        })
    }
}

/// Whether a text can be the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Puts variables into every value of a tree; a value that names a missing one is refused.
pub(super) fn expand(node: &mut Node, path: Path<'_>, env: &Env, report: &Report) {
    match &mut node.value {
        Value::Scalar(scalar) if scalar.text.contains('$') => {
            let place = || Place { position: node.position, path: path.show(), from_env: None };
            match substitute(&scalar.text, env, report, place) {
                Ok((text, from_env)) => {
                    *scalar = Scalar { text, plain: scalar.plain && from_env.is_none(), from_env };
                }
                Err(Reported) => node.value = Value::Refused,
            }
        }
        Value::Scalar(_) | Value::Refused => {}
        Value::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                expand(item, Path::Item(&path, index), env, report);
            }
        }
        Value::Mapping(entries) => {
            for (key, value) in entries {
                expand(value, Path::Key(&path, &key.text), env, report);
            }
        }
    }
}

/// A text with its variables put in, and which they were.
fn substitute(
    text: &str,
    env: &Env,
    report: &Report,
    place: impl Fn() -> Place,
) -> Checked<(String, Option<String>)> {
    const HELP: &str = "write ${NAME} for a variable and $$ for a dollar";
    let mut out = String::with_capacity(text.len());
    let mut used: Vec<String> = Vec::new();
    let mut missing = None;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some(inside) = after.strip_prefix('{') else {
            return Err(report.add_with_help(&place(), "a lone $", HELP));
        };
        let Some((name, after)) = inside.split_once('}') else {
            return Err(report.add_with_help(&place(), "${ is not closed", HELP));
        };
        if !is_name(name) {
            let message = "what stands in ${} is not the name of a variable: letters, digits and _";
            return Err(report.add_with_help(&place(), message, HELP));
        }
        match env.get(name) {
            Ok(value) => out.push_str(&value),
            Err(error) => {
                missing = Some(report.add(&place(), format!("the environment variable {name} is {error}")));
            }
        }
        let shown = format!("${{{name}}}");
        if !used.contains(&shown) {
            used.push(shown);
        }
        rest = after;
    }
    out.push_str(rest);
    match missing {
        Some(reported) => Err(reported),
        None => Ok((out, (!used.is_empty()).then(|| used.join(" ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::problem::Position;

    fn put_in(text: &str) -> (Checked<(String, Option<String>)>, Vec<String>) {
        let env = Env::of([("A", "1"), ("B_2", "two: $A"), ("EMPTY", "")]);
        let report = Report::default();
        let place =
            || Place { position: Position { line: 1, column: 1 }, path: String::new(), from_env: None };
        let result = substitute(text, &env, &report, place);
        (result, report.finish().into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn variables_are_put_in_once_and_remembered() {
        for (text, out, from) in [
            ("x${A}y", "x1y", Some("${A}")),
            ("${A}${B_2}${A}", "1two: $A1", Some("${A} ${B_2}")),
            ("${EMPTY}", "", Some("${EMPTY}")),
            ("5 $$ and $${A}", "5 $ and ${A}", None),
        ] {
            assert_eq!(put_in(text), (Ok((out.to_owned(), from.map(str::to_owned))), vec![]), "{text}");
        }
    }

    #[test]
    fn what_is_no_variable_is_a_problem() {
        for (text, message) in [
            ("$", "a lone $"),
            ("$A", "a lone $"),
            ("a$$$", "a lone $"),
            ("${A", "${ is not closed"),
            ("${}", "what stands in ${} is not the name of a variable: letters, digits and _"),
            ("${1A}", "what stands in ${} is not the name of a variable: letters, digits and _"),
            ("${A:-x}", "what stands in ${} is not the name of a variable: letters, digits and _"),
            ("${C}", "the environment variable C is not set"),
        ] {
            assert_eq!(put_in(text), (Err(Reported), vec![message.to_owned()]), "{text}");
        }
    }
}
