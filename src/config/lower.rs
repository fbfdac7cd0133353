//! From what is written to what is used: validation, defaults, files and keys.
//!
//! Promises: every value is looked at even when another is wrong, so that all problems are told at once; a check
//! between two values is only made where both are right.

mod call;
mod client_cert;
mod control;
mod discovery;
mod history;
mod http;
mod key;
mod list;
mod metrics;
mod named;
mod provider;
mod resolver;
mod route;
mod site;
mod slo;
mod target;
mod timing;
mod tls;
mod top_layer;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::decode::Field;
use super::env::Env;
use super::files::FilePattern;
use super::list::Listed;
use super::problem::{Checked, Place, Position, Report, Reported};
use super::raw::{RawConfig, RawTarget};
use super::source::TargetSource;
use super::{ProbeOptions, Profile, Retention};
use crate::target::{Endpoint, ProxyEnvironment, Resolver, Roots, Route};
pub(super) use discovery::is_here;
pub(super) use list::list;
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
    /// Who wrote what is lowered.
    pub(super) trust: Trust,
    /// The files of certificates that were read: thousands of targets may name the same one.
    pub(super) roots: RefCell<HashMap<PathBuf, Roots>>,
}

impl<'a> Context<'a> {
    /// One with nothing read yet.
    pub(super) fn new(env: &'a Env, directory: PathBuf, report: &'a Report, trust: Trust) -> Self {
        Self { env, directory, report, trust, roots: RefCell::default() }
    }
}

/// Who wrote a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Somebody who may have keys and files of this machine used.
    Ours,
    /// Anybody.
    Foreign,
}

impl Context<'_> {
    /// Refuses what names something of this machine where anybody may have written it: a key would be sent to a host of
    /// theirs, and what is told of a file would tell them what is in it.
    fn ours_to_name(&self, place: &Place) -> Checked<()> {
        match self.trust {
            Trust::Ours => Ok(()),
            Trust::Foreign => {
                let message = "a list from a source must not name keys, files or variables of this machine";
                let help =
                    "leave it out, or set `trusted: true` at the source if who writes its list may use them";
                Err(self.report.add_with_help(place, message, help))
            }
        }
    }

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
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) defaults: Defaults,
    resolvers: Named<Resolver>,
    routes: Named<Route>,
    /// The process's proxy variables, as they were when the config was loaded.
    environment: Arc<ProxyEnvironment>,
    /// Which series there are: a latency that is promised must be seen in them.
    profile: Checked<Profile>,
}

/// A config, as far as it can be used.
pub(super) struct Lowered {
    /// What targets share, usable or not, so that lists beside the config can be looked at in any case.
    pub(super) shared: Shared,
    pub(super) files: Checked<Vec<FilePattern>>,
    pub(super) rest: Checked<Rest>,
}

/// The rest of a config.
pub(super) struct Rest {
    pub(super) own: Vec<Listed>,
    pub(super) resolvers: Vec<Resolver>,
    pub(super) routes: Vec<Route>,
    pub(super) controls: Vec<Endpoint>,
    pub(super) vantage: Option<Arc<str>>,
    pub(super) sources: Vec<TargetSource>,
    pub(super) history: Retention,
    pub(super) probe: ProbeOptions,
    pub(super) profile: Profile,
}

/// Validates a whole config.
pub(super) fn lower(raw: RawConfig, context: &Context<'_>) -> Lowered {
    let shared = Shared {
        resolvers: resolver::declared(raw.resolvers, context),
        routes: route::declared(raw.routes, context),
        defaults: timing::defaults(raw.defaults, context),
        environment: Arc::new(ProxyEnvironment::read(|name| context.env.get(name).ok())),
        profile: metrics::profile(raw.metrics),
    };
    let vantage = vantage(raw.vantage, context);
    let controls = control::controls(raw.control, context);
    let history = history::history(raw.history, context);
    let probe = timing::probe(raw.probe, context);
    let files = discovery::files(raw.target_files, context);
    let sources = discovery::sources(raw.target_sources, context);
    let elsewhere = !matches!((&files, &sources), (Ok(None), Ok(None)));
    let own = targets(raw.targets, elsewhere, &shared, context);
    let rest = || {
        Ok(Rest {
            own: own?,
            resolvers: shared.resolvers.clone().usable()?,
            routes: shared.routes.clone().usable()?,
            controls: controls?,
            vantage: vantage?,
            sources: sources?.unwrap_or_default(),
            history: history?,
            probe: probe?,
            profile: shared.profile?,
        })
    };
    let rest = rest();
    Lowered { shared, files: files.map(Option::unwrap_or_default), rest }
}

/// The targets that the config itself names; some, unless they may also stand elsewhere.
fn targets(
    field: Field<Vec<Field<RawTarget>>>,
    elsewhere: bool,
    shared: &Shared,
    context: &Context<'_>,
) -> Checked<Vec<Listed>> {
    let targets = match field.checked()? {
        Some((list, place)) if list.is_empty() && !elsewhere => return Err(no_targets(&place, context)),
        Some((list, _)) => list,
        None if elsewhere => Vec::new(),
        None => {
            let top =
                Place { position: Position { line: 1, column: 1 }, path: String::new(), from_env: None };
            return Err(no_targets(&top.key("targets"), context));
        }
    };
    let mut names = HashMap::new();
    let mut lowered = Vec::with_capacity(targets.len());
    for field in targets {
        let target = field.checked().and_then(|given| {
            let (raw, place) = given.ok_or(Reported)?;
            target::lower(raw, &place, &mut names, shared, context)
        });
        lowered.push(target);
    }
    list::listed(lowered.into_iter().collect::<Checked<Vec<_>>>()?, &names)
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
