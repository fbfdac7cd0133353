//! `demo`: the simulated provider, the canary and, if wanted, Prometheus and Alertmanager, as one command.

use std::io::{ErrorKind, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::{Flags, logging, runtime, usage};
use crate::app::ListenAddress;
use crate::config::Env;
use crate::demo::{self, DemoError, DemoOptions, Ending};
use crate::outcome::error_chain;
use crate::simulate::Fault;

/// The port of the contract, on this machine only.
const DEFAULT_LISTEN: &str = "127.0.0.1:10429";

/// The exit code where something else was said than was expected.
const EXIT_UNEXPECTED: u8 = 1;

/// How long threads may take to end.
const LAST_THREADS: Duration = Duration::from_secs(1);

/// What the global flags are to it.
const GLOBAL: &str = "It listens on 127.0.0.1:10429, or where --web.listen-address says, and has a config and a state directory of \
                      its own: --config.file and --state.directory change nothing.";

/// Flags of `api-canary demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = GLOBAL)]
pub(super) struct DemoArgs {
    /// Start Prometheus and Alertmanager too, with the bundled alerts 30 times as fast, and tell every page; both programs
    /// must be on the PATH.
    #[arg(long)]
    with_prometheus: bool,

    /// How long each fault lasts, at least 3; it always lasts until the canary has said what it is.
    #[arg(long, value_name = "N", default_value = "10", value_parser = seconds)]
    seconds_per_fault: Duration,

    /// Show only this fault of those that are shown; may be given more than once.
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    faults: Vec<Fault>,

    /// End after one round; the exit code is 1 where the canary did not say what was expected of it.
    #[arg(long)]
    once: bool,
}

/// Of all that the simulator knows, only those are named that are shown.
fn fault(text: &str) -> Result<Fault, String> {
    text.parse().map_err(|_| format!("there is no such fault; the demo shows {}", demo::shown_faults()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds such as 10".to_owned())?;
    // Experiments after a failure that still go on when the fault is over would find that something else works.
    if !(3.0..=3600.0).contains(&seconds) {
        return Err("write a number of seconds from 3 to 3600".to_owned());
    }
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

pub(super) fn run(flags: Flags, arguments: &DemoArgs, env: &Env) -> ExitCode {
    if let Some(level) = flags.log_level {
        logging::start(level, flags.log_format);
    }
    let colour =
        std::io::stdout().is_terminal() && env.get("NO_COLOR").map_or(true, |value| value.is_empty());
    let options = DemoOptions {
        listen: listen(flags.listen),
        pages: arguments.with_prometheus.then(|| search_path(env)),
        each: arguments.seconds_per_fault,
        faults: arguments.faults.clone(),
        once: arguments.once,
        colour,
    };
    let shown = runtime().and_then(|runtime| {
        let shown = runtime.block_on(demo::run(options));
        runtime.shutdown_timeout(LAST_THREADS);
        match shown {
            // Who read along has seen enough, as with `| head`.
            Err(DemoError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Ending::Stopped),
            shown => shown.map_err(|error| error_chain(&error)),
        }
    });
    match shown {
        Ok(Ending::Stopped | Ending::Over { unexpected: 0 }) => ExitCode::SUCCESS,
        Ok(Ending::Over { .. }) => ExitCode::from(EXIT_UNEXPECTED),
        Err(error) => usage(&error),
    }
}

fn listen(given: Vec<ListenAddress>) -> Vec<ListenAddress> {
    if given.is_empty() { DEFAULT_LISTEN.parse().into_iter().collect() } else { given }
}

fn search_path(env: &Env) -> Vec<PathBuf> {
    std::env::split_paths(&env.get("PATH").unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_is_not_there_is_told_with_those_that_are_shown() {
        assert_eq!(fault("http-529"), Ok(Fault::Http529));
        let error = fault("http-530").unwrap_err();
        assert!(error.contains("dns-nxdomain, ") && !error.contains("tls-1.2"), "{error}");
    }

    #[test]
    fn seconds_are_a_number_that_can_be_waited_for() {
        assert_eq!(seconds("3.5"), Ok(Duration::from_millis(3500)));
        for text in ["", "ten", "-5", "2", "NaN", "inf", "1e9"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
