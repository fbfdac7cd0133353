//! The keeper: keeps the history within its bounds, and writes it down beside the runs.
//!
//! Promises: nobody waits for the disk, neither the start nor the runs; what is wrong with the store is told once, and
//! that it is over as well; a disk that does not answer holds up one thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::clock;
use crate::history::{Archive, History, Saved};
use crate::metrics::Metrics;

/// How often it is written down: what is lost when the power goes.
const EVERY: Duration = Duration::from_secs(10);

/// How long a disk may take before it is said that it does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take at the end.
const LAST: Duration = Duration::from_secs(3);

/// What the keeper is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Go on, and write it down or not.
    Keep { persist: bool },
    /// Write down what is not written down yet, and end.
    Stop,
}

/// The keeper at work.
#[derive(Debug)]
pub(super) struct Keeper {
    orders: watch::Sender<Order>,
    task: JoinHandle<()>,
}

/// Its work.
struct Work {
    history: Arc<History>,
    metrics: Arc<Metrics>,
    directory: Option<PathBuf>,
    /// At rest; away while a thread writes.
    archive: Option<Archive>,
    writing: Option<JoinHandle<(Archive, Saved)>>,
    /// What was told to be wrong.
    told: Option<String>,
}

impl Keeper {
    /// Starts to keep a history, in this directory where it is to outlast the program.
    pub(super) fn start(
        history: &Arc<History>,
        metrics: &Arc<Metrics>,
        directory: Option<PathBuf>,
        persist: bool,
    ) -> Self {
        let (orders, received) = watch::channel(Order::Keep { persist });
        let work = Work {
            history: Arc::clone(history),
            metrics: Arc::clone(metrics),
            directory,
            archive: None,
            writing: None,
            told: None,
        };
        Self { orders, task: tokio::spawn(work.run(received)) }
    }

    /// From now on it is written down, or not.
    pub(super) fn persist(&self, persist: bool) {
        self.orders.send_replace(Order::Keep { persist });
    }

    /// Writes down what is not written down yet, and ends.
    pub(super) async fn stop(self) {
        self.orders.send_replace(Order::Stop);
        if timeout(LAST, self.task).await.is_err() {
            tracing::warn!(
                waited_seconds = LAST.as_secs_f64(),
                "the last seconds of the history could not be written down"
            );
        }
    }
}

impl Work {
    async fn run(mut self, mut orders: watch::Receiver<Order>) {
        let mut persist = false;
        let mut every = interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let order = *orders.borrow_and_update();
            if let Order::Keep { persist: now } = order {
                persist = now;
            }
            self.history.tidy(clock::wall());
            if persist {
                self.write().await;
            } else {
                self.rest();
            }
            let extent = self.history.extent();
            self.metrics.program().keeping().extent(extent.journeys, extent.bytes);
            if order == Order::Stop {
                return;
            }
            tokio::select! {
                _ = every.tick() => {}
                changed = orders.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Writes down what is not written down yet.
    async fn write(&mut self) {
        let mut writing = match self.writing.take() {
            Some(writing) => writing,
            None => {
                let mut archive = self.archive.take().unwrap_or_else(|| Archive::new(self.directory.clone()));
                let history = Arc::clone(&self.history);
                tokio::task::spawn_blocking(move || {
                    let saved = archive.save(&history);
                    (archive, saved)
                })
            }
        };
        match timeout(PATIENCE, &mut writing).await {
            Ok(Ok((archive, saved))) => {
                self.archive = Some(archive);
                self.tell(saved);
            }
            Ok(Err(error)) => self.failed(error.to_string()),
            Err(_) => {
                self.writing = Some(writing);
                self.failed("the disk does not answer".to_owned());
            }
        }
    }

    /// Writes nothing any more; what is written stays.
    fn rest(&mut self) {
        if let Some(archive) = self.archive.take() {
            tokio::task::spawn_blocking(move || drop(archive));
        }
        // A thread that waits for the disk lets go of it when that answers.
        self.writing = None;
        self.told = None;
        self.metrics.program().keeping().store_up(None);
    }

    fn tell(&mut self, Saved { set_aside, result }: Saved) {
        if let Some(aside) = set_aside {
            self.metrics.program().keeping().store_failed();
            tracing::error!(
                problem = %aside.problem, set_aside = %aside.path.display(),
                "the history that was written down is corrupt and was set aside, a new one is begun: look into the disk, and \
                 remove the file when you do not need it"
            );
        }
        match result {
            Ok(()) => {
                self.metrics.program().keeping().store_up(Some(true));
                if self.told.take().is_some() {
                    tracing::info!("the history can be written down again");
                }
            }
            Err(error) => self.failed(error.to_string()),
        }
    }

    fn failed(&mut self, error: String) {
        self.metrics.program().keeping().store_up(Some(false));
        self.metrics.program().keeping().store_failed();
        if self.told.as_ref() != Some(&error) {
            tracing::warn!(%error, "the history cannot be written down, it is kept in memory only and tried again");
            self.told = Some(error);
        }
    }
}
