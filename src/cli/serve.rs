//! `serve`: the program itself.

use std::process::ExitCode;
use std::time::Duration;

use super::{Flags, logging, runtime, usage};
use crate::app::{self, ListenAddress, ServeOptions};
use crate::config::Env;
use crate::outcome::error_chain;

/// The port of the contract, on all addresses.
const DEFAULT_LISTEN: &str = ":10429";

/// How long threads that read files or render an exposition may take to end.
const LAST_THREADS: Duration = Duration::from_secs(1);

pub(super) fn run(flags: Flags, env: Env) -> ExitCode {
    logging::start(flags.log_level, flags.log_format);
    let source = flags.source();
    let listen: Vec<ListenAddress> =
        if flags.listen.is_empty() { DEFAULT_LISTEN.parse().into_iter().collect() } else { flags.listen };
    let served = runtime().and_then(|runtime| {
        let result = runtime.block_on(app::serve(ServeOptions { source, env, listen }));
        // A thread that reads a file on a disk that does not answer would keep the program here for ever.
        runtime.shutdown_timeout(LAST_THREADS);
        result.map_err(|error| error_chain(&error))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => usage(&error),
    }
}
