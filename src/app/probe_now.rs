//! Probing on demand, for `/probe`: a run of a target by the engine, or a look at its lower layers beside it.
//!
//! Promises: one look a target and layer at a time, whoever asks for it, and none while the last one is young; few at once
//! over all targets, so that their sockets fit into what is reserved; whoever goes away ends nothing that others wait for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::engine::Command;
use crate::config::ProbeOptions;
use crate::outcome::Layer;
use crate::probe::Prober;
use crate::web::{OnDemand, Probed, Question};

/// A look is not cut short to less than this part of its target's timeout: who waits longer would be told of a timeout
/// that is not theirs.
const SHORTEST: u32 = 2;

/// The part of the time somebody waits that is for the look itself, in hundredths: the rest is for the answer.
const USED: f64 = 0.95;

/// A question to the engine.
#[derive(Debug)]
pub(super) struct Ask {
    /// Which target.
    pub(super) target: Arc<str>,
    /// Up to which layer.
    pub(super) top: Layer,
    /// How old the last run may be.
    pub(super) within: Duration,
    /// Where the answer goes; dropped where there is no such target.
    pub(super) reply: oneshot::Sender<Reply>,
}

/// The engine's answer.
#[derive(Debug)]
pub(super) enum Reply {
    /// What is known.
    Known(Probed),
    /// Nothing that is young enough: the layers asked for may be looked at with this.
    Look(Arc<Prober>),
}

/// A look under way, or over.
#[derive(Debug)]
struct Look {
    prober: Arc<Prober>,
    result: watch::Receiver<Option<Probed>>,
}

impl Look {
    /// Whether its result is still to come, or younger than this.
    fn counts(&self, now: Instant, within: Duration) -> bool {
        match &*self.result.borrow() {
            // A look that died has no result to wait for.
            None => self.result.has_changed().is_ok(),
            Some(probed) => now.saturating_duration_since(probed.over) < within,
        }
    }
}

/// Probes on demand.
#[derive(Debug)]
pub(super) struct ProbeNow {
    commands: mpsc::Sender<Command>,
    /// A result younger than this is answered again.
    min_interval: Mutex<Duration>,
    looks: Mutex<HashMap<(Arc<str>, Layer), Look>>,
    /// The descriptors that looks may hold at once; who finds too few left waits.
    room: Arc<Semaphore>,
    /// How many there are.
    descriptors: u32,
    /// Where looks run, whoever asks from wherever.
    journeys: Handle,
}

impl ProbeNow {
    /// Asks the engine that takes these commands; looks may hold so many descriptors at once.
    pub(super) fn new(commands: mpsc::Sender<Command>, descriptors: u64) -> Self {
        let descriptors = u32::try_from(descriptors).unwrap_or(u32::MAX).max(1);
        let permits = usize::try_from(descriptors).unwrap_or(Semaphore::MAX_PERMITS);
        let room = Arc::new(Semaphore::new(permits));
        Self {
            commands,
            min_interval: Mutex::default(),
            looks: Mutex::default(),
            room,
            descriptors,
            journeys: Handle::current(),
        }
    }

    /// How old a result may be from now on.
    pub(super) fn configure(&self, options: ProbeOptions) {
        *self.min_interval() = options.min_interval;
    }

    fn min_interval(&self) -> MutexGuard<'_, Duration> {
        self.min_interval.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, question: Question) -> Option<Probed> {
        let Question { target, top, budget } = question;
        let within = *self.min_interval();
        let (reply, answer) = oneshot::channel();
        let ask = Ask { target: Arc::clone(&target), top, within, reply };
        self.commands.send(Command::Ask(ask)).await.ok()?;
        match answer.await.ok()? {
            Reply::Known(probed) => Some(probed),
            Reply::Look(prober) => {
                let mut result = self.look(&prober, top, within, budget);
                result.wait_for(Option::is_some).await.ok()?.clone()
            }
        }
    }

    /// The result of a look: of one that is under way or young, or of a new one.
    fn look(
        &self,
        prober: &Arc<Prober>,
        top: Layer,
        within: Duration,
        budget: Duration,
    ) -> watch::Receiver<Option<Probed>> {
        let now = Instant::now();
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.retain(|_, look| look.counts(now, within));
        let key = (Arc::clone(&prober.target().name), top);
        if let Some(look) = looks.get(&key).filter(|look| Arc::ptr_eq(&look.prober, prober)) {
            return look.result.clone();
        }
        let (tell, result) = watch::channel(None);
        let (room, walker) = (Arc::clone(&self.room), Arc::clone(prober));
        let timeout = prober.target().timeout;
        let time = timeout.min(budget.mul_f64(USED).max(timeout / SHORTEST));
        // One that is too large by itself is alone.
        let weight = u32::try_from(prober.descriptors()).unwrap_or(u32::MAX).min(self.descriptors);
        // A task of its own: it goes on when who asked for it goes away.
        self.journeys.spawn(async move {
            // The semaphore is never closed.
            let _permit = room.acquire_many_owned(weight).await.ok();
            let run = walker.look(top, time).await;
            tell.send_replace(Some(Probed { run: Arc::new(run), over: Instant::now() }));
        });
        looks.insert(key, Look { prober: Arc::clone(prober), result: result.clone() });
        result
    }
}

impl OnDemand for ProbeNow {
    fn probe(&self, question: Question) -> BoxFuture<'_, Option<Probed>> {
        Box::pin(self.answer(question))
    }
}
