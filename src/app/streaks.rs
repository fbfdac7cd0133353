//! When targets begin and cease to skip runs: pure, so that the log has one line for each and none between.

use std::collections::HashMap;

use crate::schedule::JobKey;

/// How a target that skips is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It skipped since its last run started.
    Skipped,
    /// It has started a run since, which may yet cost the next one.
    Started,
}

/// The targets that skip runs.
#[derive(Debug, Default)]
pub(super) struct Streaks(HashMap<JobKey, State>);

impl Streaks {
    /// Runs of a target were skipped; whether that begins a streak.
    pub(super) fn skipped(&mut self, target: &JobKey) -> bool {
        self.0.insert(target.clone(), State::Skipped).is_none()
    }

    /// A run of a target starts; whether that ends a streak, since nothing was skipped since the start before.
    pub(super) fn started(&mut self, target: &JobKey) -> bool {
        match self.0.get_mut(target) {
            None => false,
            Some(state @ State::Skipped) => {
                *state = State::Started;
                false
            }
            Some(State::Started) => {
                self.0.remove(target);
                true
            }
        }
    }

    /// A target is no longer watched.
    pub(super) fn forget(&mut self, target: &JobKey) {
        self.0.remove(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streak_is_told_when_it_begins_and_when_a_run_went_by_without_a_skip() {
        let mut streaks = Streaks::default();
        let (a, b): (JobKey, JobKey) = ("a".into(), "b".into());
        assert!(!streaks.started(&a), "nothing to end");
        assert!(streaks.skipped(&a));
        assert!(!streaks.started(&a));
        assert!(!streaks.skipped(&a), "still the same streak");
        assert!(streaks.skipped(&b), "each target has its own");
        assert!(!streaks.started(&a), "this run may last too long as well");
        assert!(streaks.started(&a));
        assert!(!streaks.started(&a), "told once");
        assert!(streaks.skipped(&a));
        streaks.forget(&a);
        assert!(streaks.skipped(&a));
    }
}
