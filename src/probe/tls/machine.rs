//! The machine's own store of roots: what its owner installed for every program that asks the system.
//!
//! Promises: read for the first time when a chain is about to be judged, and again after five minutes at the earliest,
//! beside the runtime's threads and once for all targets; a store that is unreadable, empty or too slow is no store.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustls::RootCertStore;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::trust::Trust;
use crate::units::Deadline;

/// How long what was read is taken as what is there: a CA may be installed while the canary runs.
const KEPT: Duration = Duration::from_secs(300);

/// How long a handshake waits for the store to be read.
const PATIENCE: Duration = Duration::from_secs(1);

/// The store of this machine, one for all targets.
pub(super) static MACHINE: LazyLock<Arc<MachineStore>> = LazyLock::new(|| MachineStore::new(read_store));

type Read = dyn Fn() -> Option<Trust> + Send + Sync;

/// A store that is read when needed.
pub(super) struct MachineStore {
    read: Box<Read>,
    held: watch::Sender<Held>,
}

#[derive(Debug, Default)]
struct Held {
    trust: Option<Arc<Trust>>,
    /// When it was last read, or began to be.
    asked: Option<Instant>,
    reading: bool,
}

impl MachineStore {
    /// A store that is read so.
    pub(super) fn new(read: impl Fn() -> Option<Trust> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { read: Box::new(read), held: watch::Sender::new(Held::default()) })
    }

    /// What was there when it was last read.
    pub(super) fn current(&self) -> Option<Arc<Trust>> {
        self.held.borrow().trust.clone()
    }

    /// Reads the store if that was never done or is long ago, and waits for it, but not for long.
    pub(super) async fn refresh(self: &Arc<Self>, deadline: Deadline) {
        let now = Instant::now();
        let mut starts = false;
        self.held.send_if_modified(|held| {
            let due = held.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= KEPT);
            if due && !held.reading {
                held.asked = Some(now);
                held.reading = true;
                starts = true;
            }
            false
        });
        if starts {
            let store = Arc::clone(self);
            tokio::spawn(async move {
                let reader = Arc::clone(&store);
                let read = tokio::task::spawn_blocking(move || (reader.read)()).await;
                let trust = read.ok().flatten().map(Arc::new);
                store.held.send_modify(|held| {
                    held.trust = trust;
                    held.reading = false;
                });
            });
        }
        let mut held = self.held.subscribe();
        let patience = match *held.borrow() {
            Held { reading: true, asked: Some(asked), .. } => (asked + PATIENCE).min(deadline.at()),
            _ => return,
        };
        // Not there in time: what was read before holds, or there is no store.
        let _ = timeout_at(patience, held.wait_for(|held| !held.reading)).await;
    }
}

impl fmt::Debug for MachineStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MachineStore").finish_non_exhaustive()
    }
}

/// The system's certificates; `SSL_CERT_FILE` and `SSL_CERT_DIR` come before them, as for OpenSSL.
fn read_store() -> Option<Trust> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "a certificate of the machine's store cannot be read");
    }
    let mut roots = RootCertStore::empty();
    // What cannot be a root for us is none for us; it is none of the canary's business to complain of it.
    roots.add_parsable_certificates(found.certs.iter().cloned());
    (!roots.is_empty()).then(|| Trust::new(roots, found.certs.into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Instant::now(), Duration::from_secs(60))
    }

    fn empty() -> Trust {
        Trust::new(RootCertStore::empty(), Arc::default())
    }

    /// A store that counts how often it is read.
    fn counted(found: fn() -> Option<Trust>) -> (Arc<MachineStore>, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&count);
        let store = MachineStore::new(move || {
            counts.fetch_add(1, Ordering::SeqCst);
            found()
        });
        (store, count)
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_read_once_for_many_and_again_after_its_time() {
        let (store, count) = counted(|| Some(empty()));
        assert!(store.current().is_none(), "nothing is read before it is needed");
        tokio::join!(store.refresh(soon()), store.refresh(soon()));
        store.refresh(soon()).await;
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(store.current().is_some());
        tokio::time::advance(KEPT).await;
        store.refresh(soon()).await;
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_not_there_is_none_and_is_not_asked_again_at_once() {
        let (store, count) = counted(|| None);
        store.refresh(soon()).await;
        store.refresh(soon()).await;
        assert!(store.current().is_none());
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn nobody_waits_beyond_the_deadline_and_what_comes_late_counts_then() {
        let (open, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let store = MachineStore::new(move || {
            let _ = gate.lock().unwrap().recv();
            Some(empty())
        });
        store.refresh(Deadline::after(Instant::now(), Duration::from_millis(10))).await;
        assert!(store.current().is_none());
        drop(open);
        store.refresh(soon()).await;
        assert!(store.current().is_some());
    }
}
