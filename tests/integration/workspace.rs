//! A directory of its own for each test, and waiting for conditions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

/// How long a condition may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Held by tests that load the whole machine: beside each other they would only measure that.
static MACHINE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Waits until no other test loads the whole machine, for as long as what is returned is held.
pub(crate) async fn whole_machine() -> tokio::sync::MutexGuard<'static, ()> {
    MACHINE.lock().await
}

/// A directory that goes with the test.
pub(crate) struct Workspace(tempfile::TempDir);

impl Workspace {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("api-canary-test-").tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and returns where it is.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// Asks until there is an answer; fails with `what` was waited for and the last thing seen.
pub(crate) async fn wait_for<T, F, R>(what: &str, mut ask: F) -> T
where
    F: FnMut() -> R,
    R: Future<Output = Result<T, String>>,
{
    let start = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(seen) if start.elapsed() > PATIENCE => panic!("waited in vain for {what}; last seen: {seen}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
