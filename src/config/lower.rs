//! From what is written to what is used: validation, defaults, files and keys.
//!
//! Promises: every value is looked at even when another is wrong, so that all problems are told at once; a check
//! between two values is only made where both are right.

mod endpoint;
mod http;
mod key;
mod resolver;
mod target;
mod timing;
mod tls;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::env::Env;
use super::problem::{Checked, Place, Position, Report, Reported};
use super::raw::RawConfig;
use crate::target::{Resolver, Target};

/// What lowering needs besides the raw config.
pub(super) struct Context<'a> {
    /// The environment, for keys.
    pub(super) env: &'a Env,
    /// Where relative paths start.
    pub(super) directory: PathBuf,
    /// Where problems go.
    pub(super) report: &'a Report,
}

impl Context<'_> {
    /// Reports that a value cannot be used; the error's words may repeat the value, so they are only used for one
    /// that did not come from the environment.
    fn refuse(&self, place: &Place, text: &str, what: &str, error: &dyn ToString) -> Reported {
        let message = match &place.from_env {
            Some(_) => format!("{} is not {what}", place.show(text)),
            None => error.to_string(),
        };
        self.report.add(place, message)
    }
}

/// Targets and the resolvers they choose from.
pub(super) type Lowered = (Vec<Arc<Target>>, Vec<Resolver>);

/// Validates a whole config.
pub(super) fn lower(raw: RawConfig, context: &Context<'_>) -> Checked<Lowered> {
    let resolvers = resolver::declared(raw.resolvers, context);
    let defaults = timing::defaults(raw.defaults, context);
    let targets = match raw.targets.checked()? {
        Some((list, place)) if list.is_empty() => return Err(no_targets(&place, context)),
        Some((list, _)) => list,
        None => {
            let top =
                Place { position: Position { line: 1, column: 1 }, path: String::new(), from_env: None };
            return Err(no_targets(&top.key("targets"), context));
        }
    };
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut lowered = Vec::with_capacity(targets.len());
    for field in targets {
        let target = field.checked().and_then(|given| {
            let (raw, place) = given.ok_or(Reported)?;
            target::lower(raw, &place, &mut names, &resolvers, &defaults, context)
        });
        lowered.push(target.map(Arc::new));
    }
    let targets = lowered.into_iter().collect::<Checked<Vec<_>>>()?;
    Ok((targets, resolvers.usable()?))
}

fn no_targets(place: &Place, context: &Context<'_>) -> Reported {
    let help = "`api-canary config --default` prints a commented config to start from";
    context.report.add_with_help(place, "missing: a config needs at least one target", help)
}
