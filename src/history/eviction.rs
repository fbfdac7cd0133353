//! What goes first where the memory is not enough: of all targets the oldest journeys that worked, then the oldest that
//! failed, then the oldest slots, last what was told long ago.
//!
//! A sixteenth of the bound is freed at once, so that the journeys are looked through once in a while and not at each one.

use std::collections::HashMap;
use std::mem::size_of;
use std::sync::Arc;

use super::Past;
use super::timeline::Slot;
use super::trail::Trail;

/// Of what was told of a target so much stays in any case.
const LEAST_TURNS: usize = 4;

/// How often the oldest of a kind are looked for: once, unless the clock was set back between them.
const ROUNDS: usize = 3;

type Pasts = HashMap<Arc<str>, Past>;

/// What all of it takes.
pub(super) fn weigh(pasts: &Pasts) -> usize {
    pasts.values().map(Past::bytes).sum()
}

/// Frees memory until no more than that is taken; what is left then, and the last slot that went.
pub(super) fn evict(pasts: &mut Pasts, memory: usize) -> (usize, Option<u64>) {
    let goal = memory - memory / 16;
    for _ in 0..ROUNDS {
        let ages = |trail: &Trail| trail.worked.ages().collect();
        let Some(last) = last_to_go(pasts, goal, &ages) else { break };
        each(pasts, |trail| {
            trail.worked.pop_while(|shelf| shelf.oldest() <= Some(last));
        });
    }
    if weigh(pasts) > memory {
        each(pasts, |trail| {
            trail.worked.pop_while(|_| true);
        });
    }
    for _ in 0..ROUNDS {
        let ages = |trail: &Trail| trail.failed.ages().collect();
        let Some(last) = last_to_go(pasts, goal, &ages) else { break };
        each(pasts, |trail| trail.forget_failures(|shelf| shelf.oldest() <= Some(last)));
    }
    if weigh(pasts) > memory {
        each(pasts, |trail| trail.forget_failures(|_| true));
    }
    let ages = |trail: &Trail| trail.timeline.slots().map(|slot| (slot.at, size_of::<Slot>())).collect();
    let slots = last_to_go(pasts, goal, &ages);
    if let Some(last) = slots {
        each(pasts, |trail| {
            trail.timeline.cut(last);
            trail.timeline.shrink();
        });
    }
    if weigh(pasts) > memory {
        pasts.values_mut().for_each(|past| {
            past.turns.cut(LEAST_TURNS);
            past.turns.shrink();
        });
    }
    (weigh(pasts), slots)
}

fn each(pasts: &mut Pasts, mut act: impl FnMut(&mut Trail)) {
    pasts.values_mut().flat_map(|past| past.trails.values_mut()).for_each(&mut act);
}

/// The age of the last thing that must go; `None` where nothing must or nothing is there.
fn last_to_go<T: Ord + Copy>(
    pasts: &Pasts,
    goal: usize,
    ages: &dyn Fn(&Trail) -> Vec<(T, usize)>,
) -> Option<T> {
    let mut over = weigh(pasts).checked_sub(goal).filter(|over| *over > 0)?;
    let mut all: Vec<(T, usize)> =
        pasts.values().flat_map(|past| past.trails.values()).flat_map(ages).collect();
    all.sort_unstable_by_key(|(age, _)| *age);
    let mut last = None;
    for (age, bytes) in all {
        last = Some(age);
        over = over.saturating_sub(bytes);
        if over == 0 {
            break;
        }
    }
    last
}
