//! The command line: flags as the Prometheus exporters have them, one file a subcommand.
//!
//! Exit codes: 0 fine, 1 failed while running, no route works (`env`), an SDK is too old (`sdk-check`) or the canary does
//! not watch (`healthcheck`), 2 bad usage, bad config or a place that cannot be used; `diagnose` has more of them.

mod check_config;
mod config;
#[cfg(feature = "simulate")]
mod demo;
mod diagnose;
mod env;
mod healthcheck;
mod logging;
mod rules;
mod sdk_check;
mod serve;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::ListenAddress;
use crate::config::{Env, Source};
use crate::schedule::Ordinal;
pub use logging::{LogFormat, LogLevel};

/// The exit code of bad usage, a bad config, or a place that cannot be used.
const EXIT_USAGE: u8 = 2;

/// Probes LLM APIs layer by layer (DNS, TCP or a proxy, TLS, the call), says why a call fails, and exposes it to Prometheus.
#[derive(Debug, Parser)]
#[command(name = "api-canary", version, about, args_conflicts_with_subcommands = false)]
pub struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that every subcommand takes, whether it needs them or not; their help stands apart from that of its own.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
struct Flags {
    /// The config file; without it the embedded default is used (see `api-canary config --default`).
    #[arg(long = "config.file", value_name = "FILE", env = "API_CANARY_CONFIG_FILE", global = true)]
    config_file: Option<PathBuf>,

    /// Where to serve /metrics; may be given more than once. [default: :10429]
    #[arg(
        long = "web.listen-address",
        value_name = "[HOST]:PORT",
        env = "API_CANARY_WEB_LISTEN_ADDRESS",
        value_delimiter = ',',
        global = true
    )]
    listen: Vec<ListenAddress>,

    /// Where to keep what must survive a restart, which is what paid calls cost. [default: STATE_DIRECTORY as systemd sets
    /// it, else api-canary in XDG_STATE_HOME or ~/.local/state]
    #[arg(long = "state.directory", value_name = "DIR", env = "API_CANARY_STATE_DIRECTORY", global = true)]
    state_directory: Option<PathBuf>,

    /// How much earlier than Prometheus gives up /probe answers, in seconds.
    #[arg(
        long = "timeout-offset",
        value_name = "SECONDS",
        env = "API_CANARY_TIMEOUT_OFFSET",
        default_value = "0.5",
        global = true
    )]
    timeout_offset: serve::TimeoutOffset,

    /// Which part of the targets to watch, counted from 0: a number, or a name that ends in one as the pods of a
    /// StatefulSet have it. Needs --shard.count.
    #[arg(long = "shard.index", value_name = "INDEX", env = "API_CANARY_SHARD_INDEX", global = true)]
    shard_index: Option<Ordinal>,

    /// How many canaries share the targets. Needs --shard.index.
    #[arg(long = "shard.count", value_name = "COUNT", env = "API_CANARY_SHARD_COUNT", global = true)]
    shard_count: Option<u32>,

    /// The least severe messages to log. [default: info; `demo` logs nothing]
    #[arg(long = "log.level", value_name = "LEVEL", env = "API_CANARY_LOG_LEVEL", global = true)]
    log_level: Option<LogLevel>,

    /// How to write the log, on standard error.
    #[arg(
        long = "log.format",
        value_name = "FORMAT",
        env = "API_CANARY_LOG_FORMAT",
        default_value = "logfmt",
        global = true
    )]
    log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Probe on a schedule and serve /metrics; this is also what happens without a subcommand.
    Serve,
    /// Load and validate a config, and print every problem with its place.
    CheckConfig {
        /// The file; without it --config.file, and without that the embedded default.
        file: Option<PathBuf>,
    },
    /// Walk every path of targets or of URLs once, try what tells more, and say what is wrong, who must act and what to do.
    Diagnose(Box<diagnose::DiagnoseArgs>),
    /// Print the effective config, secrets redacted.
    Config {
        /// Print the embedded, commented default config instead.
        #[arg(long)]
        default: bool,
    },
    /// Print rules for Prometheus: the bundled alerts, and records and alerts of the config's targets and objectives.
    Rules(rules::RulesArgs),
    /// Print the proxy variables of the best healthy route, for `eval "$(api-canary env)"`, or keep a file up to date.
    Env(env::EnvArgs),
    /// Ask the canary on this machine whether it watches: exit code 0 if so, else 1. For health checks of containers.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Report the LLM client SDKs of a project that are older than a table of minimum versions, and what changed since.
    SdkCheck(sdk_check::SdkCheckArgs),
    /// Run only the simulated provider: DNS, TLS, the API and a proxy on loopback, with faults to switch on.
    #[cfg(feature = "simulate")]
    Simulate(Box<crate::simulate::command::SimulateArgs>),
    /// Show it all on this machine alone: a simulated provider that breaks step by step, a canary that says why, and what
    /// people are paged by. No key, no internet.
    #[cfg(feature = "simulate")]
    Demo(demo::DemoArgs),
}

impl Flags {
    fn log_level(&self) -> LogLevel {
        self.log_level.unwrap_or(LogLevel::Info)
    }

    fn source(&self) -> Source {
        self.config_file.clone().map_or(Source::Default, Source::File)
    }
}

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let env = Env::process();
    match cli.command {
        None | Some(Command::Serve) => serve::run(cli.flags, env),
        Some(Command::CheckConfig { file }) => {
            check_config::run(&file.map_or_else(|| cli.flags.source(), Source::File), &env)
        }
        Some(Command::Diagnose(arguments)) => diagnose::run(&cli.flags, &arguments, &env),
        Some(Command::Rules(arguments)) => rules::run(&cli.flags, &arguments, &env),
        Some(Command::Env(arguments)) => env::run(&cli.flags, &arguments, &env),
        Some(Command::Healthcheck(arguments)) => healthcheck::run(&cli.flags, &arguments),
        Some(Command::SdkCheck(arguments)) => sdk_check::run(&arguments),
        Some(Command::Config { default: true }) => print(crate::config::DEFAULT),
        Some(Command::Config { default: false }) => config::run(&cli.flags.source(), &env),
        #[cfg(feature = "simulate")]
        Some(Command::Demo(arguments)) => demo::run(cli.flags, &arguments, &env),
        #[cfg(feature = "simulate")]
        Some(Command::Simulate(arguments)) => {
            logging::start(cli.flags.log_level(), cli.flags.log_format);
            match runtime().and_then(|runtime| {
                runtime
                    .block_on(crate::simulate::command::run(*arguments))
                    .map_err(|error| crate::outcome::error_chain(&error))
            }) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => usage(&error),
            }
        }
    }
}

/// Prints to standard output; a reader that went away is no failure of ours, anything else is.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => usage(&format!("cannot write to standard output: {error}")),
    }
}

/// Says what is wrong on standard error; the exit code says it too, where nobody reads that.
fn usage(problem: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{}", problem.trim_end());
    ExitCode::from(EXIT_USAGE)
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_stand_before_or_after_the_subcommand() {
        for line in [
            "api-canary --config.file=x serve",
            "api-canary serve --config.file=x",
            "api-canary --config.file=x",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.flags.source(), Source::File("x".into()), "{line}");
        }
        let cli =
            Cli::try_parse_from(["api-canary", "--web.listen-address=:1", "--web.listen-address=[::1]:2"])
                .unwrap();
        assert_eq!(cli.flags.listen.len(), 2);
        assert!(Cli::try_parse_from(["api-canary", "--web.listen-address=nonsense"]).is_err());
    }
}
