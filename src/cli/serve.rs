//! `serve`: the program itself.

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use super::{Flags, logging, runtime, usage};
use crate::app::{self, ListenAddress, ServeOptions};
use crate::config::Env;
use crate::outcome::error_chain;
use crate::schedule::{Ordinal, Shard};
use crate::units::parse_duration;

/// The port of the contract, on all addresses.
pub(super) const DEFAULT_LISTEN: &str = ":10429";

/// How long threads that read files or render an exposition may take to end.
const LAST_THREADS: Duration = Duration::from_secs(1);

/// Seconds, as blackbox_exporter's flag takes them; a duration such as `500ms` is understood as well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TimeoutOffset(Duration);

impl FromStr for TimeoutOffset {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let given = seconds.or_else(|| parse_duration(text).ok());
        given.map(Self).ok_or("neither a number of seconds such as 0.5 nor a duration such as 500ms")
    }
}

pub(super) fn run(flags: Flags, env: Env) -> ExitCode {
    logging::start(flags.log_level(), flags.log_format);
    let shard = match shard(flags.shard_index, flags.shard_count) {
        Ok(shard) => shard,
        Err(problem) => return usage(&problem),
    };
    let source = flags.source();
    let state = state_directory(flags.state_directory, &env);
    let listen: Vec<ListenAddress> =
        if flags.listen.is_empty() { DEFAULT_LISTEN.parse().into_iter().collect() } else { flags.listen };
    let options = ServeOptions { source, env, listen, state, timeout_offset: flags.timeout_offset.0, shard };
    let served = runtime().and_then(|runtime| {
        let result = runtime.block_on(app::serve(options));
        // A thread that reads a file on a disk that does not answer would keep the program here for ever.
        runtime.shutdown_timeout(LAST_THREADS);
        result.map_err(|error| error_chain(&error))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => usage(&error),
    }
}

/// Which part of the targets is watched: both flags say it, or neither.
fn shard(index: Option<Ordinal>, count: Option<u32>) -> Result<Option<Shard>, String> {
    match (index, count) {
        (None, None) => Ok(None),
        (Some(index), Some(count)) => match Shard::try_new(index, count) {
            Ok(shard) => Ok(Some(shard)),
            Err(error) => Err(format!("--shard.index and --shard.count: {error}")),
        },
        (Some(_), None) => {
            Err("--shard.index needs --shard.count: how many canaries share the targets".to_owned())
        }
        (None, Some(_)) => {
            Err("--shard.count needs --shard.index: which part of the targets this canary watches".to_owned())
        }
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
    fn the_offset_is_seconds_or_a_duration() {
        for (text, expected) in [("0.5", 500), ("0", 0), ("2", 2000), ("500ms", 500), ("1s", 1000)] {
            assert_eq!(text.parse(), Ok(TimeoutOffset(Duration::from_millis(expected))), "{text}");
        }
        for text in ["", "-1", "NaN", "inf", "soon"] {
            assert!(text.parse::<TimeoutOffset>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_of_the_targets_is_said_by_both_flags_or_not_at_all() {
        let of = |index: Option<&str>, count| shard(index.map(|index| index.parse().unwrap()), count);
        assert_eq!(of(None, None), Ok(None));
        let found = of(Some("api-canary-3"), Some(4)).unwrap().unwrap();
        assert_eq!((found.index(), found.count()), (3, 4));
        for (index, count, words) in [
            (Some("1"), None, "--shard.index needs --shard.count: how many canaries share the targets"),
            (
                None,
                Some(4),
                "--shard.count needs --shard.index: which part of the targets this canary watches",
            ),
            (Some("0"), Some(0), "--shard.index and --shard.count: 0 shards would watch nothing"),
            (
                Some("4"),
                Some(4),
                "--shard.index and --shard.count: there is no shard 4 of 4: they are counted from 0",
            ),
        ] {
            let problem = of(index, count).unwrap_err();
            assert!(problem.starts_with(words), "{problem}");
        }
    }

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
