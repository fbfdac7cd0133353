//! How late the program itself wakes up, for the question whether a timeout was ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How often it is measured.
const EVERY: Duration = Duration::from_millis(100);

/// Measures until it is dropped.
#[derive(Debug)]
pub(super) struct LagWatch {
    worst: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl LagWatch {
    /// Measures from now on.
    pub(super) fn start() -> Self {
        let worst = Arc::new(AtomicU64::new(0));
        let kept = Arc::clone(&worst);
        let task = tokio::spawn(async move {
            loop {
                let due = Instant::now() + EVERY;
                tokio::time::sleep_until(due).await;
                let late = u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX);
                kept.fetch_max(late, Ordering::Relaxed);
            }
        });
        Self { worst, task }
    }

    /// The worst so far.
    pub(super) fn worst(&self) -> Duration {
        Duration::from_nanos(self.worst.load(Ordering::Relaxed))
    }
}

impl Drop for LagWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thread_that_is_kept_busy_is_noticed() {
        let watch = LagWatch::start();
        tokio::task::yield_now().await;
        std::thread::sleep(EVERY * 4);
        tokio::time::sleep(EVERY).await;
        assert!(watch.worst() >= EVERY, "{:?}", watch.worst());
    }
}
