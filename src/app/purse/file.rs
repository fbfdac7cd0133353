//! The file that holds what was spent: one JSON object, replaced as a whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::schedule::Account;
use crate::target::read_regular;
use crate::units::Usd;

/// The file in the state directory.
const NAME: &str = "budget.json";

/// Held by the process that uses the directory.
const LOCK: &str = "budget.lock";

/// No account is larger, with tens of thousands of targets.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

const VERSION: u32 = 1;

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process uses it.
    #[error(
        "the state directory {0} is in use by another api-canary, whose budget would be mixed up with this one's: \
         give each its own --state.directory"
    )]
    InUse(PathBuf),
    /// It cannot be read or written.
    #[error("cannot {doing} {path}, where what paid calls cost is written down: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
}

/// What the file said.
#[derive(Debug)]
pub(super) enum Read {
    /// There is none yet.
    Nothing,
    /// What was spent.
    Account(Account),
    /// It cannot be made sense of.
    Unusable {
        /// Why.
        problem: String,
        /// Where it was set aside.
        kept: Option<PathBuf>,
    },
}

/// The file as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    /// The day in UTC.
    day: Date,
    /// Nothing more may be spent on that day.
    #[serde(default)]
    unknown: bool,
    /// The later day that the clock went back from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<Date>,
    /// Dollars by target, as text: exact.
    spent_usd: BTreeMap<String, String>,
}

/// The file, with its directory locked for as long as it is open.
#[derive(Debug)]
pub(super) struct AccountFile {
    directory: PathBuf,
    path: PathBuf,
    _lock: File,
}

impl AccountFile {
    /// Makes the directory where it is missing, and locks it.
    pub(super) fn open(directory: &Path) -> Result<Self, StateError> {
        let failed = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Io { doing, path, source }
        };
        fs::create_dir_all(directory).map_err(failed("create", directory))?;
        let lock_path = directory.join(LOCK);
        let options = File::options().create(true).truncate(false).write(true).clone();
        let lock = options.open(&lock_path).map_err(failed("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(StateError::InUse(directory.to_owned())),
            Err(fs::TryLockError::Error(source)) => return Err(failed("lock", &lock_path)(source)),
        }
        Ok(Self { directory: directory.to_owned(), path: directory.join(NAME), _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What was written last; what cannot be used is set aside.
    pub(super) fn read(&mut self) -> Read {
        let bytes = match read_regular(&self.path, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Read::Nothing,
            Err(error) => return self.set_aside(error.to_string()),
        };
        match parse(&bytes) {
            Ok(account) => Read::Account(account),
            Err(problem) => self.set_aside(problem),
        }
    }

    fn set_aside(&self, problem: String) -> Read {
        let aside = self.path.with_extension("json.unusable");
        let _ = fs::remove_file(&aside);
        // It stays in its place until it is replaced: without it, a start after one that could not write would take
        // everything for unspent. What has no second name, such as a directory, is moved out of the way.
        let kept = fs::hard_link(&self.path, &aside).or_else(|_| fs::rename(&self.path, &aside));
        let kept = kept.is_ok().then_some(aside);
        Read::Unusable { problem, kept }
    }

    /// Replaces the file: written beside it, brought to the disk, and renamed.
    pub(super) fn write(&mut self, account: &Account) -> Result<(), StateError> {
        let replaced = (|| {
            let mut beside = tempfile::Builder::new().prefix(".budget-").tempfile_in(&self.directory)?;
            beside.write_all(show(account).as_bytes())?;
            beside.as_file().sync_all()?;
            beside.persist(&self.path)?;
            File::open(&self.directory)?.sync_all()
        })();
        replaced.map_err(|source: io::Error| StateError::Io {
            doing: "write",
            path: self.path.clone(),
            source,
        })
    }
}

const FIRST_DAY: Date = Date::constant(1970, 1, 1);

fn show(account: &Account) -> String {
    let date = |day: i64| {
        let days = jiff::Span::new().try_days(day).unwrap_or_default();
        FIRST_DAY.checked_add(days).unwrap_or(Date::MAX)
    };
    let written = Written {
        version: VERSION,
        day: date(account.day),
        unknown: account.unknown,
        left: account.left.map(date),
        spent_usd: account.spent.iter().map(|(name, spent)| (name.to_string(), spent.to_string())).collect(),
    };
    // A struct of these types always becomes JSON.
    serde_json::to_string(&written).unwrap_or_default()
}

fn parse(bytes: &[u8]) -> Result<Account, String> {
    let written: Written = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if written.version != VERSION {
        return Err(format!("version {} instead of {VERSION}", written.version));
    }
    let spent = written.spent_usd.into_iter().map(|(name, spent)| {
        let spent = Usd::parse(&spent).map_err(|error| format!("{name}: {error}"))?;
        Ok((Arc::from(name), spent))
    });
    let day = |date: Date| FIRST_DAY.duration_until(date).as_hours() / 24;
    Ok(Account {
        day: day(written.day),
        spent: spent.collect::<Result<_, String>>()?,
        unknown: written.unknown,
        left: written.left.map(day),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn account() -> Account {
        let spent = [("claude".into(), Usd::parse("0.000015").unwrap())].into();
        Account { day: 20_780, spent, unknown: false, left: None }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/b");
        let mut file = AccountFile::open(&state).unwrap();
        assert!(matches!(file.read(), Read::Nothing));
        for unknown in [false, true] {
            let account = Account { unknown, ..account() };
            file.write(&account).unwrap();
            let Read::Account(read) = file.read() else { panic!() };
            assert_eq!(read, account);
        }
        let text = fs::read_to_string(state.join(NAME)).unwrap();
        assert_eq!(
            text,
            r#"{"version":1,"day":"2026-11-23","unknown":true,"spent_usd":{"claude":"0.000015"}}"#
        );
        assert_eq!(fs::read_dir(&state).unwrap().count(), 2, "nothing but the file and the lock is left");
    }

    #[test]
    fn one_process_at_a_time_uses_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let held = AccountFile::open(dir.path()).unwrap();
        let error = AccountFile::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("in use by another api-canary"), "{error}");
        drop(held);
        AccountFile::open(dir.path()).unwrap();
    }

    #[test]
    fn what_cannot_be_used_is_set_aside_and_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = AccountFile::open(dir.path()).unwrap();
        for (text, why) in [
            ("", "EOF"),
            ("{\"version\":1,\"day\":\"2026-11-23\",\"spent_usd\":{\"a\":\"-1\"}}", "not an amount"),
            ("{\"version\":2,\"day\":\"2026-11-23\",\"spent_usd\":{}}", "version 2"),
            ("{\"version\":1,\"day\":\"2026-13-23\",\"spent_usd\":{}}", "month"),
        ] {
            fs::write(file.path(), text).unwrap();
            let Read::Unusable { problem, kept } = file.read() else { panic!("{text}") };
            assert!(problem.contains(why), "{text}: {problem}");
            assert_eq!(fs::read_to_string(kept.unwrap()).unwrap(), text);
            assert!(matches!(file.read(), Read::Unusable { .. }), "not missing, until it is replaced");
        }
        fs::remove_file(file.path()).unwrap();
        fs::create_dir(file.path()).unwrap();
        assert!(matches!(file.read(), Read::Unusable { .. }));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_text_of_json_signs_does_either(text in r#"[{}\[\]":,0-9a-z.\-]{0,80}"#) {
            let _ = parse(text.as_bytes());
        }

        #[test]
        fn every_account_is_read_back(
            day in -1000_i64..100_000, mills in any::<u32>(), name in "[a-zA-Z0-9._-]{1,20}", unknown: bool,
            left in proptest::option::of(0_i64..100_000),
        ) {
            let spent = [(name.into(), Usd::per_token(mills))].into();
            let account = Account { day, spent, unknown, left };
            prop_assert_eq!(parse(show(&account).as_bytes()), Ok(account));
        }
    }
}
