//! The store: a database of SQLite, in one file.
//!
//! SQLite, since what it does with a file that is not what it wrote, with a full disk and with errors of reading and writing
//! is known better than of any other store: it answers with an error. (A store that asserts would end the whole program, which
//! is built so that a panic does.) Bits that fall over inside a value it does not see: so every row has a checksum.
//!
//! Promises: no mapping into memory, so that a file that shrinks is an error and no signal; one process at a time; what was
//! written is read back as it was, or the store is corrupt; the file has a bound.

mod rows;
mod seal;
mod write;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::batch::{Batch, Rows};
use super::{Limits, Way};
use crate::units::Size;

/// Says whose file it is: `acan`.
const APPLICATION: i32 = 0x6163_616e;

/// The layout of the tables. Another one is no store of ours.
const VERSION: i32 = 1;

/// What a page of the file has.
const PAGE: u64 = 4096;

/// What is kept in memory of the file, in KiB.
const CACHE: i32 = 1024;

/// What the file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

const TABLES: &str = "
    CREATE TABLE ways (
        id INTEGER PRIMARY KEY, target TEXT NOT NULL, endpoint TEXT NOT NULL, route TEXT NOT NULL, family TEXT NOT NULL,
        seal INTEGER NOT NULL, UNIQUE (target, endpoint, route, family)
    ) STRICT;
    CREATE TABLE slots (
        at INTEGER NOT NULL, way INTEGER NOT NULL, runs INTEGER NOT NULL, failed INTEGER NOT NULL, layer TEXT, reason TEXT,
        degraded TEXT, took REAL NOT NULL, slowest REAL NOT NULL, seal INTEGER NOT NULL, PRIMARY KEY (at, way)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE journeys (
        way INTEGER NOT NULL, started INTEGER NOT NULL, ok INTEGER NOT NULL, json TEXT NOT NULL, seal INTEGER NOT NULL,
        PRIMARY KEY (way, started)
    ) STRICT;
    CREATE TABLE turns (
        target TEXT NOT NULL, at INTEGER NOT NULL, degraded INTEGER NOT NULL, reason TEXT, layer TEXT, blame TEXT,
        seal INTEGER NOT NULL, PRIMARY KEY (target, at)
    ) STRICT, WITHOUT ROWID;
";

/// Why the store cannot be used.
#[derive(Debug)]
pub(super) enum StoreError {
    /// No directory is known.
    NoDirectory,
    /// The directory cannot be made.
    Directory(io::Error),
    /// Another process has it.
    InUse,
    /// It is not what was written.
    Corrupt(String),
    /// Anything else: the disk, permissions.
    Unusable(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            // The first stands for statements that do not fit the tables.
            Some(ErrorCode::Unknown | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            Some(_) => Self::Unusable(error.to_string()),
            // What was read has another type or form than what was written.
            None => Self::Corrupt(error.to_string()),
        }
    }
}

/// An open store.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    /// The numbers of paths.
    ways: HashMap<Way, i64>,
}

impl Store {
    /// Opens it, makes it where there is none, and looks through all of it; its file will have no more than twice these bytes.
    pub(super) fn open(path: &Path, most: Size) -> Result<Self, StoreError> {
        make(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        // The first, so that no memory is shared with other processes.
        set(&connection, "locking_mode", "EXCLUSIVE")?;
        set(&connection, "trusted_schema", "OFF")?;
        set(&connection, "cell_size_check", "ON")?;
        set(&connection, "mmap_size", "0")?;
        set(&connection, "cache_size", &format!("-{CACHE}"))?;
        // A batch is one append, brought to the disk once in a while: what is lost with the power is minutes of history.
        set(&connection, "journal_mode", "WAL")?;
        set(&connection, "synchronous", "NORMAL")?;
        set(&connection, "journal_size_limit", "4194304")?;
        set(&connection, "max_page_count", &(most.0.saturating_mul(2) / PAGE).to_string())?;
        let mut store = Self { connection, ways: HashMap::new() };
        store.check()?;
        Ok(store)
    }

    /// What was written, as far as it is worth keeping.
    pub(super) fn read(&mut self, limits: Limits) -> Result<Rows, StoreError> {
        let (rows, ways) = rows::read(&self.connection, limits)?;
        self.ways = ways;
        Ok(rows)
    }

    /// Writes all of it, or nothing.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let written = write::write(&mut self.connection, &mut self.ways, batch);
        if written.is_err() {
            // Numbers that were given may have been taken back.
            self.ways.clear();
        }
        written
    }

    fn check(&mut self) -> Result<(), StoreError> {
        let number = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let (application, version) = (number("application_id")?, number("user_version")?);
        let tables: i64 =
            self.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        match (application, version, tables) {
            (0, 0, 0) => {
                let transaction = self.connection.transaction()?;
                transaction.execute_batch(TABLES)?;
                set(&transaction, "application_id", &APPLICATION.to_string())?;
                set(&transaction, "user_version", &VERSION.to_string())?;
                transaction.commit()?;
                return Ok(());
            }
            (APPLICATION, VERSION, _) => {}
            (APPLICATION, other, _) => {
                return Err(StoreError::Corrupt(format!(
                    "its layout has version {other} instead of {VERSION}"
                )));
            }
            _ => return Err(StoreError::Corrupt("it is a database of another program".to_owned())),
        }
        let sound: String = self.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if sound == "ok" { Ok(()) } else { Err(StoreError::Corrupt(sound)) }
    }
}

/// Looks at the file; makes an empty one that only its owner can read, where there is none.
fn make(path: &Path) -> Result<(), StoreError> {
    let unusable = |error: io::Error| StoreError::Unusable(error.to_string());
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() == 0 => Ok(()),
        // SQLite would take some for empty that are not.
        Ok(found) if found.is_file() => {
            let mut begin = Vec::new();
            File::open(path).and_then(|file| file.take(20).read_to_end(&mut begin)).map_err(unusable)?;
            // Behind the magic stand the size of a page and who may write and read: a version of writing that is not known
            // would make the store one that can be read for ever, and never written.
            let known = |at: usize| begin.get(at).is_some_and(|version| matches!(version, 1 | 2));
            if begin.starts_with(MAGIC) && known(18) && known(19) && found.len() >= PAGE {
                return Ok(());
            }
            Err(StoreError::Corrupt("it does not begin as a store does".to_owned()))
        }
        // A pipe or a device would be waited for.
        Ok(_) => Err(StoreError::Corrupt("it is not a regular file".to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let made = File::options().write(true).create_new(true).mode(0o600).open(path);
            made.map(drop).map_err(unusable)
        }
        Err(error) => Err(unusable(error)),
    }
}

/// Sets what SQLite calls a pragma; some of them answer.
fn set(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    Ok(connection.pragma_update_and_check(None, name, value, |_| Ok(())).or_else(|error| match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        error => Err(error),
    })?)
}

/// A time in the store: microseconds since 1970.
fn micros(time: SystemTime) -> i64 {
    let (distance, sign) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => (since, 1),
        Err(before) => (before.duration(), -1),
    };
    sign * i64::try_from(distance.as_micros()).unwrap_or(i64::MAX)
}

/// A time out of the store.
fn time(micros: i64) -> Option<SystemTime> {
    let distance = Duration::from_micros(micros.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if micros >= 0 { epoch.checked_add(distance) } else { epoch.checked_sub(distance) }
}

#[cfg(test)]
mod tests;
