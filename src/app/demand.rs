//! How many runs may be under way, and how many would have to be if nothing answered.

use super::follow_up;
use crate::outcome::Connection;
use crate::probe::Prober;
use crate::schedule::Bound;
use crate::target::Target;
use crate::web;

/// Runs in flight at the most: each takes some 60 KiB while it lasts.
const MOST_RUNS: usize = 4096;

/// Descriptors left for listeners, scrapes and files.
const RESERVED: u64 = 128;

/// Of those, what looks at targets beside the runs may hold.
const LOOKS: u64 = 32;

/// What they may hold beyond that where so many descriptors are spare.
const MORE_LOOKS: u64 = 256;
const PLENTY: u64 = 3000;

/// Those, and what follow-ups and looks may hold where so many may be open.
fn reserved(descriptors: Option<u64>) -> u64 {
    let follow_ups = follow_up::sockets(spare(descriptors));
    RESERVED.saturating_add(follow_ups).saturating_add(more_looks(descriptors))
}

/// What looks at targets beside the runs may hold.
pub(super) fn looks(descriptors: Option<u64>) -> u64 {
    LOOKS + more_looks(descriptors)
}

fn more_looks(descriptors: Option<u64>) -> u64 {
    if spare(descriptors).is_none_or(|spare| spare >= PLENTY) { MORE_LOOKS } else { 0 }
}

/// What is left of the descriptors beside those reserved.
pub(super) fn spare(descriptors: Option<u64>) -> Option<u64> {
    descriptors.map(|limit| limit.saturating_sub(RESERVED))
}

const _: () = assert!(
    web::CONNECTIONS as u64 + LOOKS < RESERVED,
    "connections to the web port fit into what is reserved"
);

/// What runs may use together, so that probes never use up the descriptors; `None` is no limit of them. `kept` are those
/// that stay open between runs.
pub(super) fn bound(descriptors: Option<u64>, kept: u64) -> Bound {
    let taken = reserved(descriptors).saturating_add(kept);
    let descriptors = descriptors.map_or(u64::MAX, |limit| limit.saturating_sub(taken).max(1));
    Bound { runs: MOST_RUNS, descriptors }
}

/// What would be under way at once, on average, if every run took its whole timeout.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Demand {
    runs: f64,
    descriptors: f64,
    /// What the greediest run may hold by itself.
    largest: u64,
    /// Connections that ordinary clients keep open between runs.
    kept: u64,
}

impl Demand {
    /// The demand of some targets.
    pub(super) fn of<'a>(probers: impl Iterator<Item = &'a Prober>) -> Self {
        probers.fold(Self::default(), |sum, prober| {
            let target = prober.target();
            let share = (target.timeout.as_secs_f64() / target.interval.as_secs_f64()).min(1.0);
            Self {
                runs: sum.runs + share,
                descriptors: sum.descriptors + share * number(prober.descriptors()),
                largest: sum.largest.max(prober.descriptors()),
                kept: sum.kept.saturating_add(kept(target)),
            }
        })
    }

    /// The descriptors that stay open between runs.
    pub(super) fn kept(self) -> u64 {
        self.kept
    }

    /// Whether the bound is too low for it, which is told when it becomes so: while nothing answers runs would be left out.
    pub(super) fn tell(self, bound: Bound, told: bool) -> bool {
        let runs = number(u64::try_from(bound.runs).unwrap_or(u64::MAX));
        let descriptors = self.descriptors.ceil().max(number(self.largest));
        let short = self.runs > runs || descriptors > number(bound.descriptors);
        if short && !told {
            let needed = descriptors + number(reserved(None).saturating_add(self.kept));
            tracing::warn!(
                runs_wanted = self.runs.ceil(),
                runs_allowed = bound.runs,
                descriptors_wanted = needed,
                "if nothing answers, not all runs can be under way at once, and some will be skipped: raise the limit of \
                 open files (ulimit -n, LimitNOFILE=), the intervals, or shorten the timeouts"
            );
        }
        short
    }
}

/// The connections that a target's ordinary clients keep: one each.
fn kept(target: &Target) -> u64 {
    match target.call.connection {
        Connection::Fresh => 0,
        Connection::Reused => u64::try_from(target.sites.len() * target.routes.len()).unwrap_or(u64::MAX),
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody opens 2^53 files")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_leaves_room_for_listeners_and_files() {
        let reserved = reserved(Some(1024));
        assert_eq!(bound(Some(1024), 0), Bound { runs: MOST_RUNS, descriptors: 1024 - reserved });
        assert_eq!(
            bound(Some(1024), 96).descriptors,
            1024 - 96 - reserved,
            "connections that are kept are not there for runs"
        );
        assert_eq!(bound(Some(10), 0).descriptors, 1);
        assert_eq!(bound(None, 7).descriptors, u64::MAX);
    }

    #[test]
    fn follow_ups_leave_most_of_few_descriptors_to_the_runs() {
        for limit in [64, 128, 200, 256, 512, 1024, 4096] {
            let left = limit - RESERVED.min(limit);
            let runs = bound(Some(limit), 0).descriptors;
            assert!(runs >= left * 2 / 3, "{runs} of {left}, of {limit}");
        }
    }

    #[test]
    fn a_bound_that_is_too_low_is_told_once() {
        let demand = Demand { runs: 10.0, descriptors: 40.0, largest: 30, kept: 0 };
        let bound = |runs, descriptors| Bound { runs, descriptors };
        assert!(!demand.tell(bound(10, 40), false));
        assert!(demand.tell(bound(9, 40), false));
        assert!(demand.tell(bound(10, 39), true));
        let greedy = Demand { largest: 41, ..demand };
        assert!(greedy.tell(bound(10, 40), false), "a run that does not fit in keeps out all others");
    }
}
