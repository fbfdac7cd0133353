//! The runtime that answers over HTTP, beside the one that walks journeys.
//!
//! Promises: compressing a page, or reading what a client sends, keeps no journey's timer and no journey's answer waiting
//! for a worker; only the kernel shares the cores out between the two, and where there are too few it gives journeys more.

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
            .on_thread_start(step_back)
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

/// How much less of a core a thread gets that answers, where it competes with one that walks: a third of it. Whoever asks waits
/// a little longer then; what is measured is no longer for it.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Has this thread, and no other, get less of a core where there is too little.
#[cfg(target_os = "linux")]
fn step_back() {
    use rustix::process::{getpriority_process, setpriority_process};
    // Everybody may do that; where one may not, all is as it was.
    let _ = getpriority_process(None).and_then(|nice| setpriority_process(None, nice + NICE));
}

/// Elsewhere it would be the whole process.
#[cfg(not(target_os = "linux"))]
fn step_back() {}

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

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn who_answers_leaves_the_cores_to_who_walks() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let (pages, before) = (Pages::start().unwrap(), nice());
        let answering = pages.handle().spawn(async move { nice() }).await.unwrap();
        let beside = pages.handle().spawn_blocking(nice).await.unwrap();
        // The kernel knows nothing nicer than 19.
        let expected = (before + NICE).min(19);
        assert_eq!((answering, beside), (expected, expected));
        assert_eq!(nice(), before);
    }
}
