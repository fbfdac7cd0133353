//! What surrounds the program, for the page and the report.
//!
//! Promises: read at most once a minute, however many look, and never on a thread that serves others.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::config::Env;
use crate::probe::SystemResolver;
use crate::surroundings::Surroundings;

/// For how long what was read holds: ways out and name servers change while a program runs, but not by the second.
const FRESH: Duration = Duration::from_secs(60);

/// The surroundings, as they were read last.
#[derive(Debug)]
pub struct Around {
    env: Env,
    system: Arc<SystemResolver>,
    read: Mutex<Option<(Instant, Surroundings)>>,
}

impl Around {
    /// Surroundings that nobody has looked at yet.
    #[must_use]
    pub fn new(env: Env, system: Arc<SystemResolver>) -> Self {
        Self { env, system, read: Mutex::default() }
    }

    /// The surroundings, with the clock of now. Reads files, so that it may take a moment.
    #[must_use]
    pub fn now(&self) -> Surroundings {
        let now = Instant::now();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = read.take().filter(|(at, _)| now.saturating_duration_since(*at) < FRESH);
        let (_, known) =
            read.insert(fresh.unwrap_or_else(|| (now, Surroundings::read(&self.env, &self.system))));
        let mut surroundings = known.clone();
        surroundings.clock = clock::wall();
        surroundings
    }
}

#[cfg(test)]
impl Default for Around {
    fn default() -> Self {
        Self::new(Env::of::<&str, &str>([]), Arc::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_holds_for_a_while_but_the_clock_goes_on() {
        let around = Around::default();
        let before = clock::wall();
        let first = around.now();
        let at = around.read.lock().unwrap().as_ref().map(|(at, _)| *at);
        let second = around.now();
        assert_eq!(around.read.lock().unwrap().as_ref().map(|(at, _)| *at), at);
        assert!(before <= first.clock && first.clock <= second.clock);
    }
}
