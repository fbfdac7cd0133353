//! When the configured call of a target begins and ceases to wait: one line for each.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock;
use crate::metrics::CallState;
use crate::schedule::Pause;
use crate::target::Target;

/// The targets whose call waits, and why.
#[derive(Debug, Default)]
pub(super) struct Pauses(HashMap<Arc<str>, Told>);

/// What was told of a target last.
#[derive(Debug, Clone, Copy)]
struct Told {
    pause: Pause,
    until: Option<SystemTime>,
}

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Waits(Pause),
    GoesOn,
}

impl Pauses {
    /// Notes how a target's call stands, and whether the target works, and logs what changed.
    pub(super) fn note(&mut self, target: &Target, call: CallState, works: bool) {
        let name = &*target.name;
        match self.turn(&target.name, call, works) {
            Some(Turn::Waits(pause)) => {
                let until = match pause {
                    Pause::Budget => clock::next_utc_day(clock::wall()),
                    Pause::Interval | Pause::RetryAfter | Pause::SlowedDown => call.retry_at,
                };
                let until = until.map(|until| clock::rfc3339(clock::whole_second_from(until)));
                let meanwhile = match target.substitute() {
                    Some(_) => "the layers are walked up to the provider's free call",
                    None => "the layers below the call are walked",
                };
                tracing::warn!(
                    target = name,
                    reason = pause.label(),
                    until,
                    meanwhile,
                    "the configured call waits"
                );
            }
            Some(Turn::GoesOn) => tracing::info!(target = name, "the configured call is made again"),
            None => {}
        }
    }

    pub(super) fn forget(&mut self, target: &str) {
        self.0.remove(target);
    }

    fn turn(&mut self, target: &Arc<str>, call: CallState, works: bool) -> Option<Turn> {
        match call.pause {
            // Made less often than the target is walked: nothing to tell, and no sign that it goes on.
            Some(Pause::Interval) => None,
            Some(pause) => {
                let before = self.0.get(target).copied();
                // Each pause of a call that is slowed down is longer than the one before, which is worth a line.
                let longer = |told: Told| pause == Pause::SlowedDown && call.retry_at > told.until;
                if before.is_some_and(|told| told.pause == pause && !longer(told)) {
                    return None;
                }
                self.0.insert(Arc::clone(target), Told { pause, until: call.retry_at });
                Some(Turn::Waits(pause))
            }
            // Made once more, and likely to wait again: no news before it works.
            None if !works => None,
            None => self.0.remove(target).map(|_| Turn::GoesOn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(pause: Option<Pause>, until: i64) -> CallState {
        CallState { pause, retry_at: clock::from_unix(until), ..CallState::default() }
    }

    #[test]
    fn each_turn_is_told_once() {
        let mut pauses = Pauses::default();
        let target = Arc::from("t");
        let mut turn = |pause| pauses.turn(&target, state(pause, 0), true);
        assert_eq!(turn(None), None);
        assert_eq!(turn(Some(Pause::Interval)), None);
        assert_eq!(turn(Some(Pause::RetryAfter)), Some(Turn::Waits(Pause::RetryAfter)));
        assert_eq!(turn(Some(Pause::RetryAfter)), None);
        assert_eq!(turn(Some(Pause::Interval)), None);
        assert_eq!(turn(Some(Pause::Budget)), Some(Turn::Waits(Pause::Budget)));
        assert_eq!(turn(None), Some(Turn::GoesOn));
        assert_eq!(turn(None), None);
    }

    #[test]
    fn a_call_that_is_made_once_more_and_waits_again_is_no_news() {
        let mut pauses = Pauses::default();
        let target = Arc::from("t");
        let mut turn = |pause, until, works| pauses.turn(&target, state(pause, until), works);
        let waits = Some(Pause::RetryAfter);
        assert_eq!(turn(waits, 7, false), Some(Turn::Waits(Pause::RetryAfter)));
        assert_eq!(turn(None, 0, false), None);
        assert_eq!(turn(waits, 14, false), None);
        assert_eq!(turn(None, 0, true), Some(Turn::GoesOn));
    }

    #[test]
    fn each_longer_pause_of_a_call_that_is_slowed_down_is_told() {
        let mut pauses = Pauses::default();
        let target = Arc::from("t");
        let slowed = Some(Pause::SlowedDown);
        let told = [(slowed, 4), (slowed, 4), (None, 0), (slowed, 12), (slowed, 12)]
            .map(|(pause, until)| pauses.turn(&target, state(pause, until), false).is_some());
        assert_eq!(told, [true, false, false, true, false]);
    }
}
