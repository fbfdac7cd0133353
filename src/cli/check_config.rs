//! `check-config`: is this config good?

use std::process::ExitCode;
use std::sync::Arc;

use super::{print, usage};
use crate::config::{Config, Env, Source};
use crate::outcome::error_chain;
use crate::probe::{Prober, SystemResolver};

pub(super) fn run(source: &Source, env: &Env) -> ExitCode {
    let config = match Config::load(source, env) {
        Ok(config) => config,
        Err(problems) => return usage(&problems.to_string()),
    };
    // What only shows when a target is set up for probing is a problem here too.
    let system = Arc::new(SystemResolver::default());
    let problems: Vec<String> = config
        .targets
        .iter()
        .filter_map(|target| {
            let error = Prober::try_new(Arc::clone(target), &system).err()?;
            Some(format!("{source}: target {}: {}", target.name, error_chain(&error)))
        })
        .collect();
    if !problems.is_empty() {
        return usage(&problems.join("\n"));
    }
    let count = config.targets.len();
    print(&format!("{source}: fine, {count} {}\n", if count == 1 { "target" } else { "targets" }))
}
