//! Where the key comes from.

use std::io::ErrorKind;

use super::Context;
use crate::config::decode::Field;
use crate::config::env::{EnvError, is_name};
use crate::config::problem::{Checked, Place};
use crate::config::raw::RawApiKey;
use crate::target::{ApiKey, Endpoint, KeyError, Scheme};

/// The key of a target; `None` is to call without one.
pub(super) fn api_key(
    field: Field<RawApiKey>,
    endpoints: Option<&[Endpoint]>,
    context: &Context<'_>,
) -> Checked<Option<ApiKey>> {
    let Some((raw, place)) = field.checked()? else { return Ok(None) };
    context.ours_to_name(&place)?;
    let plain = endpoints.unwrap_or_default().iter().any(|endpoint| endpoint.scheme == Scheme::Http);
    let safe = if plain {
        let message = "a key is never sent over plain HTTP, and a URL of this target is http://";
        Err(context.report.add_with_help(&place, message, "use https://, or leave api_key out"))
    } else {
        Ok(())
    };
    let optional = raw.optional.or(false);
    let key = either((raw.env, raw.file), optional?, &place, context);
    safe?;
    key
}

/// What stands in a variable or a file: one of the two is given.
pub(super) fn either(
    (env, file): (Field<String>, Field<String>),
    optional: bool,
    place: &Place,
    context: &Context<'_>,
) -> Checked<Option<ApiKey>> {
    match (env.checked()?, file.checked()?) {
        (Some((variable, at)), None) => from_env(&variable, &at, optional, context),
        (None, Some((file, at))) => from_file(&file, &at, optional, context),
        (None, None) => Err(context.report.add(place, "missing: give one of `env` and `file`")),
        (Some(_), Some(_)) => Err(context.report.add(place, "`env` and `file` are both given: keep one")),
    }
}

fn from_env(variable: &str, place: &Place, optional: bool, context: &Context<'_>) -> Checked<Option<ApiKey>> {
    if !is_name(variable) {
        // Not shown: it may be the key itself.
        let message = "this is not the name of an environment variable: letters, digits and _";
        let help = "name the variable that holds the key, such as ANTHROPIC_API_KEY";
        return Err(context.report.add_with_help(place, message, help));
    }
    let shown = match &place.from_env {
        Some(_) => place.show(variable),
        None => variable.to_owned(),
    };
    let missing = |what: &str| {
        if optional {
            return Ok(None);
        }
        if context.env.is_elsewhere() {
            return stand_in(place, context);
        }
        let help = "set it, or add `optional: true` to go on without a key";
        Err(context.report.add_with_help(place, format!("the environment variable {shown} is {what}"), help))
    };
    match context.env.get(variable) {
        Err(EnvError::Unset) => missing("not set"),
        Err(EnvError::NotText) => {
            Err(context.report.add(place, format!("the environment variable {shown} is not UTF-8")))
        }
        Ok(text) if text.trim().is_empty() => missing("empty"),
        Ok(text) => ApiKey::variable(variable, &text)
            .map(Some)
            .map_err(|error| context.report.add(place, format!("the environment variable {shown}: {error}"))),
    }
}

/// What stands for a key that is on another machine.
fn stand_in(place: &Place, context: &Context<'_>) -> Checked<Option<ApiKey>> {
    ApiKey::fixed("elsewhere").map(Some).map_err(|error| context.report.add(place, error.to_string()))
}

fn from_file(file: &str, place: &Place, optional: bool, context: &Context<'_>) -> Checked<Option<ApiKey>> {
    match ApiKey::file(&context.directory.join(file)) {
        Ok(key) => Ok(Some(key)),
        Err(KeyError::Unreadable { source, .. }) if optional && source.kind() == ErrorKind::NotFound => {
            Ok(None)
        }
        // As an empty variable: a mounted secret that nobody filled in.
        Err(KeyError::Empty) if optional => Ok(None),
        Err(KeyError::Unreadable { .. }) if context.env.is_elsewhere() => stand_in(place, context),
        // The path is not shown: it may be the key itself.
        Err(KeyError::Unreadable { source, .. }) => {
            Err(context.report.add(place, format!("the key file cannot be read: {source}")))
        }
        Err(error @ (KeyError::Empty | KeyError::Unsendable)) => {
            Err(context.report.add(place, error.to_string()))
        }
    }
}
