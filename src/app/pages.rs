//! The runtime that answers over HTTP, beside the one that walks journeys.
//!
//! Promises: compressing a page, or reading what a client sends, keeps no journey's timer and no journey's answer waiting
//! for a worker; only the kernel shares the cores out between the two.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// Few: what takes a core for long is made beside them.
const WORKERS: usize = 2;

/// The runtime; what still runs on it is cut off when this is dropped.
#[derive(Debug)]
pub(super) struct Pages(Option<Runtime>);

impl Pages {
    /// Starts its threads.
    pub(super) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(WORKERS)
            .thread_name("web")
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
    }

    /// Where to run what answers.
    pub(super) fn handle(&self) -> Handle {
        // It is there until it is dropped.
        self.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // The other way to end it waits, which nobody may do who is polled.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_answers_keeps_no_journey_waiting() {
        let pages = Pages::start().unwrap();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let answering = pages.handle().spawn(async move {
            begun.send(()).unwrap();
            // A worker that is busy; this test has a single one.
            ends.recv().unwrap();
            std::thread::current().name().map(str::to_owned)
        });
        begins.await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        end.send(()).unwrap();
        assert_eq!(answering.await.unwrap().as_deref(), Some("web"));
        drop(pages);
    }
}
