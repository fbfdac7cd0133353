//! The experiments after a failure, made beside the schedule.
//!
//! Promises: few are under way at once, whatever fails; each round ends after a bounded time, and so does its hold on
//! sockets, which are not the runs'; whoever waits for a round has its turn.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{Instant, timeout_at};

use crate::diagnosis::{MOST_ROUNDS, Round, Rounds, Waiting};
use crate::outcome::{Experiment, FollowUp, Wanted};
pub(super) use crate::probe::FollowUps;
use crate::probe::Prober;
use crate::target::Target;
use crate::units::Deadline;

/// Experiments of one wave of a round.
const MOST_EXPERIMENTS: usize = 12;

/// How many of a round are made at once: what they find is told together, and most of them have to wait for nothing.
const AT_ONCE: usize = 3;

/// Waves of a round: what the first one finds may make another experiment worth while.
const MOST_WAVES: usize = 3;

/// How long one experiment may take: as long as a run, but within these.
const EACH: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(15));

/// How long a wave may take.
const WAVE: Duration = Duration::from_secs(60);

/// The part of the descriptors that are left beside those reserved: one of so many.
const SHARE: u64 = 3;

/// How many experiments all rounds may make at once, where so many descriptors are left; without a limit of these, so many
/// as all rounds can make.
fn at_once(spare: Option<u64>) -> usize {
    let most = MOST_ROUNDS * AT_ONCE;
    let fit = spare.map_or(u64::MAX, |spare| spare / SHARE / FollowUps::SOCKETS);
    usize::try_from(fit).map_or(most, |fit| fit.min(most))
}

/// Sockets that they may hold then.
pub(super) fn sockets(spare: Option<u64>) -> u64 {
    FollowUps::SOCKETS.saturating_mul(u64::try_from(at_once(spare)).unwrap_or(u64::MAX))
}

/// One round under way.
#[derive(Debug)]
pub(super) struct Errand {
    /// Whose target it is about, as it is watched.
    pub(super) prober: Arc<Prober>,
    pub(super) round: Round,
    /// What it has found so far.
    pub(super) made: Vec<FollowUp>,
    /// When its wave began.
    pub(super) begun: Instant,
    waves: usize,
}

/// All rounds under way.
#[derive(Debug)]
pub(super) struct Desk {
    follow_ups: Arc<FollowUps>,
    pub(super) rounds: Rounds,
    pub(super) waiting: Waiting,
    /// For each experiment that is made.
    room: Arc<Semaphore>,
    tasks: JoinSet<Vec<FollowUp>>,
    errands: HashMap<Id, (Errand, AbortHandle)>,
}

impl Desk {
    /// One that makes experiments with these, where so many descriptors are left for runs and it.
    pub(super) fn new(follow_ups: FollowUps, spare: Option<u64>, now: Instant) -> Self {
        let at_once = at_once(spare);
        if at_once == 0 {
            tracing::warn!(
                "no experiments are made after a failure, so that runs have the few descriptors there are: raise the \
                 limit of open files (ulimit -n, LimitNOFILE=)"
            );
        }
        Self {
            follow_ups: Arc::new(follow_ups),
            rounds: Rounds::new(now, at_once),
            waiting: Waiting::default(),
            room: Arc::new(Semaphore::new(at_once)),
            tasks: JoinSet::new(),
            errands: HashMap::new(),
        }
    }

    /// Makes experiments differently from now on.
    pub(super) fn change(&mut self, follow_ups: FollowUps) {
        self.follow_ups = Arc::new(follow_ups);
    }

    /// When there is room for the next of those who wait; `None` where nobody does, or a round has to end first.
    pub(super) fn room_at(&self, now: Instant) -> Option<Instant> {
        if self.waiting.is_empty() { None } else { self.rounds.room_at(now) }
    }

    /// Those that can be made for a target, as many as one wave may have.
    pub(super) fn possible(&self, target: &Target, wanted: Vec<Wanted>) -> Vec<Wanted> {
        let possible = self.follow_ups.possible(target);
        let can = wanted.into_iter().filter(|wanted| {
            // To keep a connection silent for minutes is for who asks for it.
            wanted.experiment != Experiment::IdleHold && possible.contains(&wanted.experiment)
        });
        can.take(MOST_EXPERIMENTS).collect()
    }

    /// Sends for the first wave of a round.
    pub(super) fn send(&mut self, prober: &Arc<Prober>, round: Round, wanted: Vec<Wanted>) {
        let begun = Instant::now();
        let errand = Errand { prober: Arc::clone(prober), round, made: Vec::new(), begun, waves: 0 };
        self.set_out(errand, wanted);
    }

    /// Sends for another wave, if there may be one; whether there is.
    pub(super) fn send_again(&mut self, errand: Errand, wanted: Vec<Wanted>) -> bool {
        let goes = !wanted.is_empty() && errand.waves < MOST_WAVES;
        if goes {
            self.set_out(errand, wanted);
        }
        goes
    }

    fn set_out(&mut self, mut errand: Errand, wanted: Vec<Wanted>) {
        errand.waves += 1;
        errand.begun = Instant::now();
        let (follow_ups, target) = (Arc::clone(&self.follow_ups), Arc::clone(errand.prober.target()));
        let room = Arc::clone(&self.room);
        let handle = self.tasks.spawn(async move { wave(&follow_ups, &target, &wanted, &room).await });
        self.errands.insert(handle.id(), (errand, handle));
    }

    /// The next wave that is over, and what it found: nothing where it was broken off. Waits for ever where none is under
    /// way.
    pub(super) async fn back(&mut self) -> (Errand, Vec<FollowUp>) {
        loop {
            let (id, results) = match self.tasks.join_next_with_id().await {
                None => std::future::pending().await,
                Some(Ok((id, results))) => (id, results),
                Some(Err(error)) => (error.id(), Vec::new()),
            };
            if let Some((errand, _)) = self.errands.remove(&id) {
                return (errand, results);
            }
        }
    }

    /// Breaks off what is under way for a target that is watched differently now, or not at all.
    pub(super) fn break_off(&self, prober: &Arc<Prober>) {
        let of = self.errands.values().filter(|(errand, _)| Arc::ptr_eq(&errand.prober, prober));
        of.for_each(|(_, handle)| handle.abort());
    }

    /// Breaks off everything.
    pub(super) fn stop(&mut self) {
        self.tasks.abort_all();
    }
}

/// Makes experiments a few at a time, as far as time allows.
async fn wave(
    follow_ups: &FollowUps,
    target: &Arc<Target>,
    wanted: &[Wanted],
    room: &Semaphore,
) -> Vec<FollowUp> {
    let end = Instant::now() + WAVE;
    let each = target.timeout.clamp(EACH.0, EACH.1);
    let own = Semaphore::new(AT_ONCE);
    let making = wanted.iter().map(|wanted| async {
        let make = async {
            // The semaphores are never closed; if they were, going on without permits would be right.
            let _permits = (own.acquire().await, room.acquire().await);
            let deadline = Deadline::after(Instant::now(), each);
            follow_ups.make(target, wanted, deadline).await
        };
        timeout_at(end, Box::pin(make)).await.unwrap_or_default()
    });
    let made = join_all(making).await.concat();
    for FollowUp { wanted, took, .. } in &made {
        let (experiment, took_seconds) = (wanted.experiment.label(), took.as_secs_f64());
        tracing::debug!(target = %target.name, experiment, took_seconds, "followed up");
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_descriptors_are_enough_for_few_experiments() {
        let expected =
            [(Some(0), 0), (Some(71), 0), (Some(128), 1), (Some(384), 5), (Some(896), 12), (None, 12)];
        for (spare, most) in expected {
            assert_eq!(at_once(spare), most, "{spare:?}");
            assert_eq!(sockets(spare), FollowUps::SOCKETS * u64::try_from(most).unwrap());
        }
    }
}
