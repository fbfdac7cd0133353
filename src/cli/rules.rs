//! `rules`: rules for Prometheus, made of the config.

use std::io::Write as _;
use std::process::ExitCode;

use super::{Flags, print, usage};
use crate::config::{Config, Env};
use crate::outcome::error_chain;
use crate::rules::{self, Options, Selector, Substitution};

#[derive(Debug, clap::Args)]
pub(super) struct RulesArgs {
    /// Label matchers of the series that the rules are about.
    #[arg(long, value_name = "MATCHERS", default_value = "job=\"api-canary\"")]
    selector: Selector,

    /// What comes before /docs/reasons.md and the like in `runbook_url`; a canary serves its documentation itself.
    #[arg(long, value_name = "URL", default_value = "http://localhost:10429", value_parser = rules::base_url)]
    docs_url: String,

    /// What comes before /d/ in `dashboard_url`.
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000", value_parser = rules::base_url)]
    grafana_url: String,

    /// Print only what the config adds to the bundled alerts.
    #[arg(long, conflicts_with = "tests")]
    no_bundled: bool,

    /// Print tests of the generated rules for `promtool test rules` instead.
    #[arg(long)]
    tests: bool,

    /// Where the rules are that the tests test, seen from the file of the tests.
    #[arg(long, value_name = "FILE", default_value = "api-canary.rules.yml", requires = "tests")]
    rules_file: String,
}

pub(super) fn run(flags: &Flags, arguments: &RulesArgs, env: &Env) -> ExitCode {
    // Rules are often made where Prometheus is set up, and no key is there.
    let config = match Config::load(&flags.source(), &env.clone().elsewhere()) {
        Ok(config) => config,
        Err(problems) => return usage(&problems.to_string()),
    };
    let RulesArgs { selector, docs_url, grafana_url, no_bundled, tests, rules_file } = arguments;
    let substitution = Substitution {
        selector: selector.clone(),
        docs_url: docs_url.clone(),
        grafana_url: grafana_url.clone(),
    };
    let options = Options { substitution, bundled: !no_bundled };
    if *tests {
        return match rules::tests(&config, &options, rules_file) {
            Ok(text) => print(&text),
            Err(error) => usage(&error_chain(&error)),
        };
    }
    match rules::rules(&config, &options) {
        Ok(rules) => {
            let mut err = std::io::stderr().lock();
            for warning in &rules.warnings {
                let _ = writeln!(err, "warning: {warning}");
            }
            print(&rules.text)
        }
        Err(error) => usage(&error_chain(&error)),
    }
}
