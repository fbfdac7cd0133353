//! The purse: what paid calls cost, kept in memory and in a small file, so that a day's budget survives a restart.
//!
//! Promises: what a call may cost is written down before the call is made; the file is replaced as a whole, so that it is
//! never half written; a file that cannot be read counts as everything spent for the day, not as nothing.

mod file;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use crate::clock;
use crate::outcome::Run;
use crate::schedule::{Ledger, cost_of};
use crate::target::Target;
use crate::units::Usd;
pub use file::StateError;
use file::{AccountFile, Read};

/// How long a disk may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why paid calls cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PurseError {
    /// There is no place for what was spent.
    #[error(
        "calls that cost money need a place to write down what was spent: give --state.directory (neither \
         STATE_DIRECTORY nor XDG_STATE_HOME nor HOME is set)"
    )]
    NoDirectory,
    /// The place cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The purse of all targets.
#[derive(Debug)]
pub(super) struct Purse {
    directory: Option<PathBuf>,
    ledger: Mutex<Ledger>,
    /// There once a target has paid calls.
    file: Mutex<Option<AccountFile>>,
    /// Whether it was told that the file cannot be written.
    stuck: AtomicBool,
    /// Held while the file is written, so that only one thread waits for the disk.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Purse {
    /// An empty purse that would be kept in this directory.
    pub(super) fn new(directory: Option<PathBuf>) -> Self {
        let ledger = Mutex::new(Ledger::new(today()));
        Self { directory, ledger, file: Mutex::default(), stuck: AtomicBool::default(), turn: Arc::default() }
    }

    /// Opens it where one of the targets needs it, and it is not open yet. Reads and writes files.
    pub(super) fn open(&self, targets: &[Arc<Target>]) -> Result<(), PurseError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_some() || targets.iter().all(|target| target.call.budget.is_none()) {
            return Ok(());
        }
        let directory = self.directory.as_deref().ok_or(PurseError::NoDirectory)?;
        let (opened, ledger) = open(directory)?;
        *self.ledger() = ledger;
        *file = Some(opened);
        Ok(())
    }

    /// Keeps what a run of a target may cost; whether that still fits into its budget.
    pub(super) fn reserve(&self, target: &Target) -> bool {
        let daily = target.call.budget.map(|budget| budget.daily).unwrap_or_default();
        self.ledger().reserve(&target.name, daily, target.most_of_run(), today())
    }

    /// Books what a run cost; `None` is one that was not made after all.
    pub(super) fn settle(&self, target: &Target, run: Option<&Run>) {
        let cost = run.map_or(Usd::ZERO, |run| cost_of(target, run));
        self.ledger().settle(&target.name, target.most_of_run(), cost, today());
    }

    /// What is left of a target's budget; absent where its calls are free.
    pub(super) fn left(&self, target: &Target) -> Option<Usd> {
        let budget = target.call.budget?;
        Some(self.ledger().left(&target.name, budget.daily, today()))
    }

    /// Writes down what was spent or is kept; whether that worked, of which is told when it changes. A disk that does not
    /// answer holds up one thread, and nobody for longer than [`PATIENCE`].
    pub(super) async fn save(self: &Arc<Self>) -> bool {
        let Ok(turn) = timeout(PATIENCE, Arc::clone(&self.turn).lock_owned()).await else {
            return self.saved(&Err("the disk does not answer".to_owned()));
        };
        let purse = Arc::clone(self);
        let saving = tokio::task::spawn_blocking(move || {
            // Held until the disk has answered, however late.
            let _turn = turn;
            purse.write().map_err(|error| error.to_string())
        });
        match timeout(PATIENCE, saving).await {
            Ok(Ok(written)) => self.saved(&written),
            Ok(Err(error)) => self.saved(&Err(error.to_string())),
            Err(_) => self.saved(&Err("the disk does not answer".to_owned())),
        }
    }

    fn saved(&self, saved: &Result<(), String>) -> bool {
        let was_stuck = self.stuck.swap(saved.is_err(), Ordering::Relaxed);
        match saved {
            Ok(()) if was_stuck => tracing::info!("what paid calls cost can be written down again"),
            Err(error) if !was_stuck => {
                tracing::error!(%error, "no paid call is made that cannot be written down");
            }
            Ok(()) | Err(_) => {}
        }
        saved.is_ok()
    }

    fn write(&self) -> Result<(), StateError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else { return Ok(()) };
        // Taken while the file is held, so that an older account never replaces a newer one.
        let account = self.ledger().account();
        file.write(&account)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(directory: &Path) -> Result<(AccountFile, Ledger), StateError> {
    let mut file = AccountFile::open(directory)?;
    let ledger = match file.read() {
        Read::Nothing => Ledger::new(today()),
        Read::Account(account) => {
            if account.unknown {
                tracing::error!(
                    file = %file.path().display(),
                    "what was spent is not known since the account could not be read: no paid calls are made until the \
                     next day (UTC)"
                );
            }
            Ledger::restored(account)
        }
        Read::Unusable { problem, kept } => {
            tracing::error!(
                file = %file.path().display(), %problem, set_aside = kept.map(|path| path.display().to_string()),
                "what was spent today is not known: no paid calls are made until the next day (UTC)"
            );
            Ledger::unknown(today())
        }
    };
    // Whether it can be written shows now rather than before the first call.
    file.write(&ledger.account())?;
    Ok((file, ledger))
}

fn today() -> i64 {
    clock::utc_day(clock::wall())
}
