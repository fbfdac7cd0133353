//! From what is written to what is used: validation, defaults, files and keys.
//!
//! Promises: every value is looked at even when another is wrong, so that all problems are told at once; a check
//! between two values is only made where both are right.

mod call;
mod client_cert;
mod control;
mod http;
mod key;
mod named;
mod provider;
mod resolver;
mod route;
mod site;
mod slo;
mod target;
mod timing;
mod tls;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::decode::Field;
use super::env::Env;
use super::problem::{Checked, Place, Position, Report, Reported};
use super::raw::RawConfig;
use crate::target::{Endpoint, ProxyEnvironment, Resolver, Route, Slo, Target};
use named::Named;
use timing::Defaults;

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

/// What targets share.
struct Shared {
    defaults: Defaults,
    resolvers: Named<Resolver>,
    routes: Named<Route>,
    /// The process's proxy variables, as they were when the config was loaded.
    environment: Arc<ProxyEnvironment>,
}

/// Targets, and the resolvers and routes they choose from.
pub(super) struct Lowered {
    pub(super) targets: Vec<Arc<Target>>,
    pub(super) resolvers: Vec<Resolver>,
    pub(super) routes: Vec<Route>,
    pub(super) controls: Vec<Endpoint>,
    pub(super) vantage: Option<Arc<str>>,
    pub(super) slos: Vec<Slo>,
}

/// Validates a whole config.
pub(super) fn lower(raw: RawConfig, context: &Context<'_>) -> Checked<Lowered> {
    let shared = Shared {
        resolvers: resolver::declared(raw.resolvers, context),
        routes: route::declared(raw.routes, context),
        defaults: timing::defaults(raw.defaults, context),
        environment: Arc::new(ProxyEnvironment::read(|name| context.env.get(name).ok())),
    };
    let vantage = vantage(raw.vantage, context);
    let controls = control::controls(raw.control, context);
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
            target::lower(raw, &place, &mut names, &shared, context)
        });
        lowered.push(target);
    }
    let lowered = lowered.into_iter().collect::<Checked<Vec<_>>>()?;
    let (targets, slos): (Vec<_>, Vec<_>) =
        lowered.into_iter().map(|(target, slo)| (Arc::new(target), slo)).unzip();
    Ok(Lowered {
        targets,
        resolvers: shared.resolvers.usable()?,
        routes: shared.routes.usable()?,
        controls: controls?,
        vantage: vantage?,
        slos: slos.into_iter().flatten().collect(),
    })
}

fn vantage(field: Field<String>, context: &Context<'_>) -> Checked<Option<Arc<str>>> {
    let Some((name, place)) = field.checked()? else { return Ok(None) };
    if target::is_name(&name) {
        return Ok(Some(name.into()));
    }
    Err(context.report.add(&place, format!("{} is not a name: {}", place.show(&name), target::NAME_RULE)))
}

fn no_targets(place: &Place, context: &Context<'_>) -> Reported {
    let help = "`api-canary config --default` prints a commented config to start from";
    context.report.add_with_help(place, "missing: a config needs at least one target", help)
}
