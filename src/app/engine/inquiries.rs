//! When the engine looks into a trouble, and what becomes of what is found.

use std::sync::Arc;

use tokio::time::Instant;

use super::Engine;
use crate::app::follow_up::Errand;
use crate::app::watched::Watched;
use crate::diagnosis;
use crate::outcome::{FollowUp, Trial};
use crate::schedule::JobKey;

impl Engine {
    /// Looks into a target's trouble, if there is one, it is time, and it is its turn.
    pub(super) fn follow_up(&mut self, name: &JobKey, now: Instant) {
        let Some(Watched { prober, patient, .. }) = self.watched.get(name) else { return };
        match patient.inquiry.due(now) {
            Some((trouble, rounds)) if prober.target().diagnosis.follow_ups => {
                self.desk.waiting.wait(name, trouble, rounds);
            }
            Some(_) | None => self.desk.waiting.leave(name),
        }
        self.begin_rounds(now);
    }

    /// Begins rounds of those who wait, as long as there is room.
    pub(super) fn begin_rounds(&mut self, now: Instant) {
        while !self.stopping && self.desk.rounds.has_room(now) {
            let Some(name) = self.desk.waiting.call() else { return };
            let Some(Watched { prober, patient, .. }) = self.watched.get_mut(&name) else { continue };
            if patient.inquiry.due(now).is_none() {
                continue;
            }
            let target = prober.target();
            let wanted = self.desk.possible(target, patient.wanted(target, &[]));
            if wanted.is_empty() {
                patient.inquiry.put_off(now);
            } else if let Some(round) = self.desk.rounds.begin(now) {
                patient.inquiry.began(round, now);
                self.desk.send(prober, round, wanted);
            }
        }
    }

    /// Takes in what a round found: told, where it is still about what is wrong now.
    pub(super) fn followed_up(&mut self, mut errand: Errand, results: &[FollowUp], now: Instant) {
        for made in results.iter().filter(|result| !matches!(result.trial, Trial::Unknown(_))) {
            self.tools.metrics.program().follow_up(made.wanted.experiment);
        }
        let (prober, round) = (Arc::clone(&errand.prober), errand.round);
        let target = prober.target();
        let watched = self.watched.get_mut(&target.name);
        let Some(Watched { patient, .. }) = watched.filter(|watched| Arc::ptr_eq(&watched.prober, &prober))
        else {
            self.desk.rounds.over(round);
            self.begin_rounds(now);
            return;
        };
        // What took too long while the program itself was not woken up may well have been in time.
        let late = diagnosis::is_late(self.tools.lags.worst_since(errand.begun, now), target);
        if !results.is_empty() && !late && patient.inquiry.learned(round, results, now) {
            if let Some((diagnosis, change)) = patient.reconsider(target, &self.neighbours, now) {
                let follow_ups = patient.follow_ups(now);
                self.tools.sinks.diagnosed(&diagnosis, change.as_ref(), follow_ups);
            }
            errand.made.extend_from_slice(results);
            let wanted = self.desk.possible(target, patient.wanted(target, &errand.made));
            if !self.stopping && self.desk.send_again(errand, wanted) {
                return;
            }
        }
        patient.inquiry.ended(round);
        self.desk.rounds.over(round);
        // It may suffer from something else by now.
        self.follow_up(&target.name, now);
    }
}
