//! `config`: what the program makes of its config.

use std::process::ExitCode;

use super::{print, usage};
use crate::config::{Config, Env, Source, effective};

pub(super) fn run(source: &Source, env: &Env) -> ExitCode {
    match Config::load(source, env) {
        Ok(config) => print(&effective(&config)),
        Err(problems) => usage(&problems.to_string()),
    }
}
