//! What goes first where the memory is not enough: of all targets the oldest journeys that worked, then the oldest that
//! failed, then the oldest slots, last what was told long ago.
//!
//! Journeys go one by one as others come. Slots and what was told are looked through, for a sixteenth of the bound at once: that
//! is for targets that take more than the memory without any journey.

use std::collections::HashMap;
use std::mem::size_of;
use std::sync::Arc;

use super::Past;
use super::timeline::Slot;
use super::trail::Trail;

/// Of what was told of a target so much stays in any case.
const LEAST_TURNS: usize = 4;

type Pasts = HashMap<Arc<str>, Past>;

/// What all of it takes.
pub(super) fn weigh(pasts: &Pasts) -> usize {
    pasts.values().map(Past::bytes).sum()
}

/// Frees slots, and what was told, until no more memory is taken than that; what is left then, and the last slot that went.
pub(super) fn evict(pasts: &mut Pasts, memory: usize) -> (usize, Option<u64>) {
    let last = last_to_go(pasts, memory - memory / 16);
    if let Some(last) = last {
        for trail in pasts.values_mut().flat_map(|past| past.trails.values_mut()) {
            trail.timeline.cut(last);
            trail.timeline.shrink();
        }
    }
    if weigh(pasts) > memory {
        pasts.values_mut().for_each(|past| {
            past.turns.cut(LEAST_TURNS);
            past.turns.shrink();
        });
    }
    (weigh(pasts), last)
}

/// The last slot that must go; `None` where none must or none is there.
fn last_to_go(pasts: &Pasts, goal: usize) -> Option<u64> {
    let mut over = weigh(pasts).checked_sub(goal).filter(|over| *over > 0)?;
    let slots = |trail: &Trail| trail.timeline.slots().map(|slot| slot.at).collect::<Vec<_>>();
    let mut all: Vec<u64> = pasts.values().flat_map(|past| past.trails.values()).flat_map(slots).collect();
    all.sort_unstable();
    let mut last = None;
    for at in all {
        last = Some(at);
        over = over.saturating_sub(size_of::<Slot>());
        if over == 0 {
            break;
        }
    }
    last
}
