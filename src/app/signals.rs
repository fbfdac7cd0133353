//! The signals the program obeys.

use std::future::pending;
use std::io;

use tokio::signal::unix::{self, SignalKind};
use tokio::sync::oneshot;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: load the config again.
    Reload,
    /// SIGTERM or SIGINT: finish and end.
    Stop,
}

/// The signals as they come.
#[derive(Debug)]
pub struct Signals {
    hangup: unix::Signal,
    terminate: unix::Signal,
    interrupt: unix::Signal,
    /// Who may ask for an end beside them.
    asked: Option<oneshot::Receiver<()>>,
}

impl Signals {
    /// Listens to them from now on.
    ///
    /// # Errors
    /// If they cannot be received.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            hangup: unix::signal(SignalKind::hangup())?,
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            asked: None,
        })
    }

    /// The same where an end can also be asked for from within.
    pub(super) fn or_asked(self, asked: oneshot::Receiver<()>) -> Self {
        Self { asked: Some(asked), ..self }
    }

    /// The next signal to stop; one to reload is kept for [`Self::next`].
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = asked(&mut self.asked) => {}
        }
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::Reload,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            () = asked(&mut self.asked) => Signal::Stop,
        }
    }
}

/// Ends once when it is asked for; never where nobody can ask any more.
async fn asked(by: &mut Option<oneshot::Receiver<()>>) {
    if let Some(receiver) = by {
        let result = receiver.await;
        *by = None;
        if result.is_ok() {
            return;
        }
    }
    pending().await
}
