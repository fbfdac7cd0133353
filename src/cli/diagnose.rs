//! `diagnose`: what is wrong with a target or a URL, why, who must act, and what to do.
//!
//! Exit codes: 0 all works, 1 degraded, 2 bad usage, a bad config or a report that cannot be written; by the layer of the
//! first target that is down 10 DNS, 11 TCP, 12 proxy, 13 TLS, 14 API.

mod choose;
mod progress;
mod redact;
mod report;
mod story;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;

use super::{Flags, print, runtime, usage};
use crate::app::{Beside, Investigator};
use crate::config::{Config, Env, Source, UrlOptions, endpoint_of};
use crate::diagnosis::Language;
use crate::document::{self, Document};
use crate::net::raise_descriptor_limit;
use crate::outcome::error_chain;
use crate::probe::SystemResolver;
use crate::surroundings::Surroundings;
use crate::target::{
    ENV, Endpoint, ProxyEnvironment, Resolver, ResolverKind, Route, RouteKind, Server, Target, Validation,
};
use crate::units::parse_duration;
use progress::Spinners;
use redact::Redaction;
use story::Manner;

/// Who is asked in comparison where no config names anybody: two that most networks let through, on different ways.
const DEFAULT_RESOLVERS: [&str; 2] = ["https://1.1.1.1/dns-query", "udp://8.8.8.8:53"];

/// The width where nobody says one.
const DEFAULT_WIDTH: usize = 80;

#[derive(Debug, clap::Args)]
pub(super) struct DiagnoseArgs {
    /// Names of targets, or URLs, whose scheme may be left out; without any all targets of the config.
    #[arg(value_name = "TARGET or URL")]
    targets: Vec<String>,

    /// Print for machines, by schema/diagnose.schema.json.
    #[arg(long)]
    json: bool,

    /// Write a report in Markdown to this file as well.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Replace internal addresses, and the names of proxies and resolvers, in all that is written.
    #[arg(long)]
    redact: bool,

    /// The language to tell it in: en or zh. [default: as LC_ALL, LC_MESSAGES or LANG says]
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Language>,

    /// A resolver to ask in comparison, such as udp://8.8.8.8; may be given more than once.
    #[arg(long = "resolver", value_name = "ADDRESS", value_parser = resolver)]
    resolvers: Vec<Resolver>,

    /// A URL to call in comparison, never with a key; may be given more than once.
    #[arg(long = "control", value_name = "URL", value_parser = endpoint_of)]
    controls: Vec<Endpoint>,

    /// The provider whose API is at a URL. [default: whose own host it is, else http]
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,

    /// How long one walk to a URL may take. [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,

    /// A PEM file of the only certificates to trust of a URL.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Make no experiments after the walks.
    #[arg(long)]
    no_follow_ups: bool,

    /// Also keep a connection idle for so long, and see whether it still works.
    #[arg(long, value_name = "DURATION", value_parser = held, conflicts_with = "no_follow_ups")]
    idle_hold: Option<Duration>,

    /// When to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, where NO_COLOR is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

pub(super) fn run(flags: &Flags, arguments: &DiagnoseArgs, env: &Env) -> ExitCode {
    let prepared = prepare(flags, arguments, env);
    let Prepared { targets, beside } = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return usage(&problem),
    };
    if let Some(Err(problem)) = arguments.report.as_deref().map(report::check) {
        return usage(&problem);
    }
    let language = arguments.lang.unwrap_or_else(|| language(env));
    let system = Arc::new(SystemResolver::default());
    let surroundings = Surroundings::read(env, &system);
    let mut redaction =
        arguments.redact.then(|| Redaction::new(&targets, &beside.resolvers, &beside.routes, &surroundings));
    raise_descriptor_limit();
    let investigator = Investigator::new(beside, system);
    let shows = !arguments.json && std::io::stderr().is_terminal();
    let spinners = shows.then(|| Spinners::new(language));
    let look = async {
        let on = |progress| spinners.iter().for_each(|spinners| spinners.show(&progress));
        investigator.investigate(&targets, on).await.map_err(|error| error_chain(&error))
    };
    let found = runtime().and_then(|runtime| {
        let found = runtime.block_on(look);
        // A file that is read on a disk that does not answer must not keep the program here.
        runtime.shutdown_background();
        found
    });
    let found = match found {
        Ok(found) => found,
        Err(problem) => return usage(&problem),
    };
    let mut document = Document::of(&found, &surroundings, language);
    if let Some(redaction) = &mut redaction {
        redaction.apply(&mut document);
    }
    tell(&document, arguments, env, language)
}

/// Writes everything that is to be written; the exit code.
fn tell(document: &Document, arguments: &DiagnoseArgs, env: &Env, language: Language) -> ExitCode {
    let text = if arguments.json {
        document.json().map_err(|error| format!("cannot write JSON: {error}"))
    } else {
        let colour = colours(arguments.color, env, std::io::stdout().is_terminal());
        Ok(story::tell(document, Manner { language, width: width(env), colour }))
    };
    let printed = text.map_or_else(|problem| usage(&problem), |text| print(&text));
    if printed != ExitCode::SUCCESS {
        return printed;
    }
    if let Some(file) = &arguments.report {
        let text = document::markdown(document, language, arguments.redact);
        if let Err(problem) = report::write(file, &text) {
            return usage(&problem);
        }
    }
    ExitCode::from(document.exit_code)
}

/// What is looked into, and with what.
#[derive(Debug)]
struct Prepared {
    targets: Vec<Arc<Target>>,
    beside: Beside,
}

fn prepare(flags: &Flags, arguments: &DiagnoseArgs, env: &Env) -> Result<Prepared, String> {
    let source = flags.source();
    let config = Config::load(&source, env).map_err(|problems| problems.to_string())?;
    let options = UrlOptions {
        provider: arguments.provider.clone(),
        timeout: arguments.timeout,
        ca_file: arguments.ca_file.clone(),
        env_route: false,
    };
    let targets = choose::targets(&arguments.targets, &config, &options, env)?;
    let variables = ProxyEnvironment::read(|name| env.get(name).ok());
    let mut routes = config.routes;
    if !variables.shown().is_empty() {
        routes.push(Route { name: ENV.into(), kind: RouteKind::Environment(Arc::new(variables)) });
    }
    let Config { mut resolvers, mut controls, .. } = config;
    if source == Source::Default {
        // Nobody chose these; whoever names others wants those.
        if arguments.resolvers.is_empty() {
            resolvers.extend(DEFAULT_RESOLVERS.into_iter().filter_map(|address| resolver(address).ok()));
        }
        if !arguments.controls.is_empty() {
            controls.clear();
        }
    }
    resolvers.extend(arguments.resolvers.iter().cloned());
    controls.extend(arguments.controls.iter().cloned());
    let (follow_ups, idle_hold) = (!arguments.no_follow_ups, arguments.idle_hold);
    Ok(Prepared { targets, beside: Beside { controls, resolvers, routes, follow_ups, idle_hold } })
}

/// How long to keep a connection idle.
fn held(duration: &str) -> Result<Duration, String> {
    let held = parse_duration(duration).map_err(|error| error.to_string())?;
    if held.is_zero() { Err("no time at all: write it like 90s".to_owned()) } else { Ok(held) }
}

/// A resolver of the command line, named by its address.
fn resolver(address: &str) -> Result<Resolver, String> {
    let server = Server::parse(address).map_err(|error| error.to_string())?;
    let kind = ResolverKind::Server(Arc::new(server));
    Ok(Resolver { name: address.into(), kind, dnssec: Validation::Off })
}

/// The language of the environment.
fn language(env: &Env) -> Language {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let locale = names.into_iter().find_map(|name| env.get(name).ok().filter(|value| !value.is_empty()));
    Language::of_locale(&locale.unwrap_or_default())
}

/// Whether to use colours; <https://no-color.org> for the variable.
fn colours(when: Colour, env: &Env, terminal: bool) -> bool {
    let set = |name: &str| env.get(name).ok().filter(|value| !value.is_empty());
    match when {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|terminal| terminal != "dumb")
        }
    }
}

/// How wide to write: as the terminal is, else as `COLUMNS` says.
fn width(env: &Env) -> usize {
    let terminal = terminal_size::terminal_size_of(std::io::stdout());
    let terminal = terminal.map(|(terminal_size::Width(columns), _)| usize::from(columns));
    terminal.or_else(|| env.get("COLUMNS").ok()?.parse().ok()).unwrap_or(DEFAULT_WIDTH)
}

#[cfg(test)]
mod tests;
