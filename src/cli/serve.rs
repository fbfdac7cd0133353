//! `serve`: the program itself.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::{Flags, logging, runtime, usage};
use crate::app::{self, ListenAddress, ServeOptions};
use crate::config::Env;
use crate::outcome::error_chain;

/// The port of the contract, on all addresses.
pub(super) const DEFAULT_LISTEN: &str = ":10429";

/// How long threads that read files or render an exposition may take to end.
const LAST_THREADS: Duration = Duration::from_secs(1);

pub(super) fn run(flags: Flags, env: Env) -> ExitCode {
    logging::start(flags.log_level(), flags.log_format);
    let source = flags.source();
    let state = state_directory(flags.state_directory, &env);
    let listen: Vec<ListenAddress> =
        if flags.listen.is_empty() { DEFAULT_LISTEN.parse().into_iter().collect() } else { flags.listen };
    let served = runtime().and_then(|runtime| {
        let result = runtime.block_on(app::serve(ServeOptions { source, env, listen, state }));
        // A thread that reads a file on a disk that does not answer would keep the program here for ever.
        runtime.shutdown_timeout(LAST_THREADS);
        result.map_err(|error| error_chain(&error))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => usage(&error),
    }
}

/// Where state is kept: as the flag says, else as systemd says, else where the user's state is kept.
fn state_directory(flag: Option<PathBuf>, env: &Env) -> Option<PathBuf> {
    let given = |name: &str| env.get(name).ok().filter(|path| !path.is_empty()).map(PathBuf::from);
    // Of several directories systemd has made, the first.
    let systemd = || env.get("STATE_DIRECTORY").ok().and_then(|all| all.split(':').next().map(PathBuf::from));
    flag.or_else(|| systemd().filter(|path| !path.as_os_str().is_empty()))
        .or_else(|| given("XDG_STATE_HOME").map(|state| state.join("api-canary")))
        .or_else(|| given("HOME").map(|home| home.join(".local/state/api-canary")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_kept_where_the_flag_systemd_or_the_user_says() {
        let at = |flag: Option<&str>, env: &[(&str, &str)]| {
            let env = Env::of(env.iter().copied());
            state_directory(flag.map(PathBuf::from), &env).map(|path| path.display().to_string())
        };
        let all = [("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h/u")];
        assert_eq!(at(Some("/f"), &all).as_deref(), Some("/f"));
        assert_eq!(at(None, &all).as_deref(), Some("/var/lib/a"));
        assert_eq!(at(None, &all[1..]).as_deref(), Some("/x/api-canary"));
        assert_eq!(at(None, &all[2..]).as_deref(), Some("/h/u/.local/state/api-canary"));
        assert_eq!(at(None, &[("STATE_DIRECTORY", "")]), None);
    }
}
