//! `env`: the proxy variables of the best healthy route, once or kept up to date in a file.
//!
//! This is the one place that writes a proxy's credentials out, since whoever asks for them is to use them: to standard
//! output, or to a file that only its owner can read.

mod watch;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::{Flags, logging, print, runtime, usage};
use crate::app::{Follower, Look, Preferred};
use crate::config::{Config, Env};
use crate::outcome::error_chain;
use crate::target::{Export, ProxyEnvironment, Secret};

/// The exit code where no route works.
const EXIT_NO_ROUTE: u8 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct EnvArgs {
    /// The target; without it the first of the config.
    target: Option<String>,

    /// Keep this file up to date until stopped, instead of printing once; it is replaced in one step.
    #[arg(long, value_name = "FILE")]
    watch: Option<PathBuf>,

    /// How to write the variables. [default: shell; dotenv with --watch]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

/// How the variables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// `export` and `unset` commands, for `eval "$(api-canary env)"`.
    Shell,
    /// `NAME=value` lines, for `EnvironmentFile=` of systemd and for `set -a; . FILE`.
    Dotenv,
}

/// What writing takes.
#[derive(Debug)]
struct Writer {
    format: Format,
    /// The variables there are, of which `NO_PROXY` stays as it is.
    environment: ProxyEnvironment,
}

impl Writer {
    fn text(&self, preferred: &Preferred) -> Secret {
        let way = match &preferred.proxy {
            _ if preferred.unchanged => Export::Unchanged,
            Some(proxy) => Export::Proxy(proxy),
            None => Export::Direct,
        };
        match self.format {
            Format::Shell => way.shell(&preferred.endpoint, &self.environment),
            Format::Dotenv => way.dotenv(&preferred.endpoint, &self.environment),
        }
    }
}

pub(super) fn run(flags: &Flags, arguments: &EnvArgs, env: &Env) -> ExitCode {
    let default = if arguments.watch.is_some() { Format::Dotenv } else { Format::Shell };
    let environment = ProxyEnvironment::read(|name| env.get(name).ok());
    let writer = Writer { format: arguments.format.unwrap_or(default), environment };
    let source = flags.source();
    let load = || -> Result<Follower, String> {
        let config = Config::load(&source, env).map_err(|problems| problems.to_string())?;
        Follower::new(&config, arguments.target.as_deref()).map_err(|error| error_chain(&error))
    };
    let ready = load().and_then(|follower| Ok((follower, runtime()?)));
    let (follower, runtime) = match ready {
        Ok(ready) => ready,
        Err(problem) => return failed(arguments, &writer, usage(&problem)),
    };
    match &arguments.watch {
        None => {
            let code = runtime.block_on(once(follower, &writer));
            if code == ExitCode::SUCCESS { code } else { failed(arguments, &writer, code) }
        }
        Some(file) => {
            logging::start(flags.log_level(), flags.log_format);
            match runtime.block_on(watch::run(follower, file, &writer, load)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(problem) => usage(&problem),
            }
        }
    }
}

/// A shell that evaluates what is printed sees no exit code of ours: it is given one to evaluate.
fn failed(arguments: &EnvArgs, writer: &Writer, code: ExitCode) -> ExitCode {
    if arguments.watch.is_none() && writer.format == Format::Shell {
        print("false\n");
    }
    code
}

async fn once(mut follower: Follower, writer: &Writer) -> ExitCode {
    let look = follower.look().await;
    let preferred = follower.preferred(&look.standing);
    match preferred {
        Some(preferred) => print(writer.text(&preferred).expose()),
        None => {
            let _ = writeln!(std::io::stderr(), "{}", failures(&follower, &look));
            ExitCode::from(EXIT_NO_ROUTE)
        }
    }
}

/// Why no route works, a line each path.
fn failures(follower: &Follower, look: &Look) -> String {
    let mut lines = vec![format!("no route to the target {} works:", follower.target().name)];
    for outcome in &look.run.outcomes {
        if let Some(trouble) = outcome.trouble() {
            let (path, failure) = (&outcome.path, trouble.failure);
            let layer = trouble.layer;
            lines.push(format!(
                "  route {} {} to {}: {layer}: {}: {}",
                path.route, path.family, outcome.endpoint, failure.reason, failure.detail
            ));
        }
    }
    lines.join("\n")
}
