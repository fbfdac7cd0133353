//! Who asks how a target is now, and what they are told.
//!
//! Promises: what is young enough is told again; otherwise there is one run of the target, whoever asks for it and however
//! many do, started by the wheel as any other; nobody is told what was found of a target that is watched differently by now.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::Engine;
use crate::app::probe_now::{Ask, Reply};
use crate::outcome::{Layer, Run};
use crate::probe::Prober;
use crate::schedule::JobKey;
use crate::web::Probed;

/// What the last run of a target found.
#[derive(Debug)]
struct Last {
    prober: Arc<Prober>,
    probed: Probed,
}

/// Who waits, and what the last runs found.
#[derive(Debug, Default)]
pub(super) struct Asked {
    waiting: HashMap<JobKey, Vec<Ask>>,
    last: HashMap<JobKey, Last>,
}

impl Asked {
    /// A run is over: told to all who wait for it.
    pub(super) fn answer(&mut self, prober: &Arc<Prober>, run: &Arc<Run>, now: Instant) {
        let probed = Probed { run: Arc::clone(run), over: now };
        for ask in self.waiting.remove(&run.target).unwrap_or_default() {
            // Without a receiver nobody waits any more.
            let _ = ask.reply.send(Reply::Known(probed.clone()));
        }
        self.last.insert(JobKey::clone(&run.target), Last { prober: Arc::clone(prober), probed });
    }

    /// Somebody waits for the next run to be over. Who went away is forgotten: a run may last for long, and who gives up at
    /// once can ask very often meanwhile.
    fn wait(&mut self, ask: Ask) {
        let waiting = self.waiting.entry(JobKey::clone(&ask.target)).or_default();
        waiting.retain(|earlier| !earlier.reply.is_closed());
        waiting.push(ask);
    }

    /// Whether somebody waits for a run.
    pub(super) fn is_awaited(&self, name: &JobKey) -> bool {
        self.waiting.contains_key(name)
    }

    /// A target is no longer watched; who waits for it learns that by the end of its channel.
    pub(super) fn forget(&mut self, name: &JobKey) {
        self.waiting.remove(name);
        self.last.remove(name);
    }
}

impl Engine {
    /// Tells what is known, if it is young enough; else begins what has to be found out. A target that is not watched is
    /// told by the end of the channel.
    pub(super) fn ask(&mut self, ask: Ask, now: Instant) {
        let Some(watched) = self.watched.get(&ask.target) else { return };
        let young = |last: &&Last| {
            let age = now.saturating_duration_since(last.probed.over);
            age < ask.within && Arc::ptr_eq(&last.prober, &watched.prober)
        };
        let last = self.asked.last.get(&ask.target).filter(young);
        let reply = match (last, ask.top) {
            (Some(last), _) => Reply::Known(last.probed.clone()),
            (None, Layer::Dns | Layer::Tcp | Layer::Proxy | Layer::Tls) => {
                Reply::Look(Arc::clone(&watched.prober))
            }
            (None, Layer::Api) => {
                self.wheel.now(&ask.target, now);
                self.asked.wait(ask);
                return;
            }
        };
        // Without a receiver nobody waits any more.
        let _ = ask.reply.send(reply);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn who_went_away_takes_no_room() {
        let mut asked = Asked::default();
        let mut stays = Vec::new();
        for round in 0..1000 {
            let (reply, answer) = oneshot::channel();
            let ask = Ask { target: "a".into(), top: Layer::Api, within: Duration::ZERO, reply };
            asked.wait(ask);
            if round == 0 {
                stays.push(answer);
            }
        }
        assert!(asked.waiting["a"].len() <= 2, "{}", asked.waiting["a"].len());
        assert!(
            stays
                .iter_mut()
                .all(|answer| matches!(answer.try_recv(), Err(oneshot::error::TryRecvError::Empty)))
        );
    }
}
