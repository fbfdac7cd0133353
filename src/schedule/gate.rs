//! Which call a run of one target makes: the configured one, or the free one in its place while that one has to wait.
//!
//! Decisions only: `now` and runs in, orders out. Promises: what the API asked for by `Retry-After` is kept to the
//! moment; a paid call that meets limits again and again slows down by itself, and comes back step by step; what the
//! last configured call found stands until the next one, so that a free call that works in between hides nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::outcome::{
    AnsweredBy, ApiEvidence, Connection, Failure, Family, Finding, Outcome, Reason, Run, Stage,
};
use crate::target::{CallOptions, Order};

/// A run that starts early by this part of the interval still makes the call: starts vary by some milliseconds.
const GRACE: u32 = 10;

/// And no earlier than this.
const MOST_GRACE: Duration = Duration::from_secs(1);

/// After so many limits in a row the call is not slowed down further: its interval is 64 times as long then.
const SLOWEST: u32 = 7;

/// A call is not slowed down beyond this, unless its interval is longer already.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// No call waits longer than this, whatever was asked for: what an API wants by then it can say again.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// After a failure the call is made again within this time, however seldom it is made otherwise.
const RECHECK: Duration = Duration::from_secs(300);

/// What is not the API, such as a portal or a proxy, is not obeyed for longer than this: it knows nothing of the API's
/// limits, and may be gone in a minute.
const LONGEST_WAIT_BETWEEN: Duration = Duration::from_secs(300);

/// Why the configured call is not made in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pause {
    /// It was made not long ago, and is to be made less often than the target is walked.
    Interval,
    /// The API asked to wait (`Retry-After`).
    RetryAfter,
    /// It met limits again and again.
    SlowedDown,
    /// It might cost more than is left of the day's budget.
    Budget,
}

impl Pause {
    /// The label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::RetryAfter => "retry_after",
            Self::SlowedDown => "slowed_down",
            Self::Budget => "budget",
        }
    }
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The call it makes.
    pub order: Order,
    /// Why it is not the configured one, if it is not.
    pub pause: Option<Pause>,
}

/// Where a call was made: endpoint, route, and the family, which is `any` for an ordinary client's.
type Way = (Arc<str>, Arc<str>, Family);

/// What the last configured call of a way found.
#[derive(Debug, Clone)]
struct Standing {
    failure: Failure,
    at: Instant,
}

/// The state of one target's call.
#[derive(Debug)]
pub struct Gate {
    call: CallOptions,
    /// The next call is made from then on.
    due: Option<Instant>,
    /// Until then the API asked to wait.
    asked: Option<Instant>,
    /// Runs in a row that met limits, less those since that did not.
    level: u32,
    slowed: Option<Instant>,
    standing: HashMap<Way, Standing>,
}

impl Gate {
    /// The gate of a target's call, open.
    #[must_use]
    pub fn new(call: CallOptions) -> Self {
        Self { call, due: None, asked: None, level: 0, slowed: None, standing: HashMap::new() }
    }

    /// Goes on waiting where another gate waits: that of the same account, before the config changed. What the call found
    /// last stands as well, if it is still the same call.
    pub fn go_on_from(&mut self, before: &Self) {
        (self.asked, self.level, self.slowed) = (before.asked, before.level, before.slowed);
        let call = |gate: &Self| (gate.call.kind, gate.call.model.clone(), gate.call.connection);
        if call(self) == call(before) {
            self.standing = before.standing.clone();
        }
    }

    /// What a run that starts now does, which was due `lag` ago. Whether a paid call can be afforded is asked only where
    /// nothing else speaks against it.
    pub fn decide(&mut self, now: Instant, lag: Duration, afford: impl FnOnce() -> bool) -> Decision {
        let before = |until: Option<Instant>| until.is_some_and(|until| now < until);
        // The rhythm is that of the times at which runs are due: one that is late shifts nothing.
        let at = now.checked_sub(lag).unwrap_or(now);
        let grace = (self.call.interval / GRACE).min(MOST_GRACE);
        let not_due = self.due.is_some_and(|due| at + grace < due);
        let pause = match () {
            () if before(self.asked) => Some(Pause::RetryAfter),
            () if before(self.slowed) => Some(Pause::SlowedDown),
            () if not_due => Some(Pause::Interval),
            () if self.call.kind.is_paid() && !afford() => Some(Pause::Budget),
            () => None,
        };
        if pause.is_none() {
            // Keeps to the rhythm, unless that was lost: a due time that lies between two runs must not bring the next
            // call closer to this one.
            let on_time = self.due.filter(|due| at <= *due + grace);
            self.due = Some(on_time.unwrap_or(at) + self.call.interval);
        }
        Decision { order: if pause.is_none() { Order::Configured } else { Order::Substitute }, pause }
    }

    /// The same for a run that was asked for beside the rhythm of a target that is walked at this interval. A free call with
    /// no interval of its own is made in it as well, and the rhythm stays as it is.
    pub fn decide_asked(
        &mut self,
        now: Instant,
        of_target: Duration,
        afford: impl FnOnce() -> bool,
    ) -> Decision {
        if self.call.kind.is_paid() || self.call.interval > of_target {
            return self.decide(now, Duration::ZERO, afford);
        }
        let due = self.due.take();
        let decision = self.decide(now, Duration::ZERO, afford);
        self.due = due;
        decision
    }

    /// When the call is allowed again where the API asked to wait, or limits have slowed it down.
    #[must_use]
    pub fn waits_until(&self, now: Instant) -> Option<Instant> {
        self.asked.max(self.slowed).filter(|until| *until > now)
    }

    /// Takes in what a run found, and puts into it what still stands of the configured call.
    pub fn note(&mut self, run: &mut Run, decision: Decision, now: Instant) {
        if decision.order == Order::Configured {
            self.wait(run, now);
            self.slow_down(run, now);
            self.stand(run, now);
            if !self.standing.is_empty() {
                // One mishap is not to stand for hours.
                self.due = self.due.map(|due| due.min(now + RECHECK));
            }
        }
        // A budget that is spent may last for hours: what was found before is no news any more.
        if decision.pause == Some(Pause::Budget) {
            self.standing.clear();
        }
        for (endpoint, path) in &run.retired {
            self.standing.remove(&(Arc::clone(endpoint), Arc::clone(&path.route), path.family));
        }
        if decision.order == Order::Substitute || self.call.connection == Connection::Reused {
            for outcome in run.outcomes.iter_mut().filter(|outcome| outcome.stages.reached_top()) {
                if let Some(standing) = self.standing_for(outcome) {
                    let finding = self.finding(standing, now);
                    Arc::make_mut(outcome).findings.push(finding);
                }
            }
        }
    }

    fn wait(&mut self, run: &Run, now: Instant) {
        self.asked = asked(run, now);
    }

    /// Takes in what a run of another gate of the same account was asked for.
    pub fn wait_longer(&mut self, run: &Run, now: Instant) {
        self.asked = self.asked.max(asked(run, now));
    }

    fn slow_down(&mut self, run: &Run, now: Instant) {
        if !self.call.kind.is_paid() {
            return;
        }
        let own = || calls(run).filter(|call| call.endpoint == self.call.kind.label());
        let limited = |call: &ApiEvidence| matches!(call.status, Some(429 | 529));
        let refused = |reason| matches!(reason, Reason::ProviderOverloaded | Reason::RateLimited);
        let overloaded = outcomes(run).any(refused);
        let longest = LONGEST_PAUSE.max(self.call.interval);
        let pause = |level: u32| self.call.interval.saturating_mul(1 << level.saturating_sub(1)).min(longest);
        if overloaded || own().any(limited) {
            // No further than the pause grows: there would be more to come back from than it went.
            if self.level < SLOWEST && (self.level == 0 || pause(self.level) < longest) {
                self.level += 1;
            }
        } else if own().any(|call| call.status.is_some()) {
            self.level = self.level.saturating_sub(1);
        }
        self.slowed = (self.level > 1).then(|| now + pause(self.level));
    }

    fn stand(&mut self, run: &Run, now: Instant) {
        let mut note = |way: Way, stage: &Stage<ApiEvidence>, works: bool| match stage {
            Stage::Failed { failure, .. } if !works => {
                self.standing.insert(way, Standing { failure: failure.clone(), at: now });
            }
            Stage::Failed { .. } | Stage::Passed { .. } => {
                self.standing.remove(&way);
            }
            // Nothing new is known of the call.
            Stage::NotPlanned | Stage::NotReached => {}
        };
        match self.call.connection {
            Connection::Fresh => {
                for outcome in &run.outcomes {
                    // Where trying again worked, that is the last thing known of the call.
                    let works = outcome.retries.last().is_some_and(|attempt| attempt.failure.is_none());
                    note(way_of(outcome), &outcome.stages.api, works);
                }
            }
            Connection::Reused => {
                for call in &run.pooled {
                    let way = (Arc::clone(&call.endpoint), Arc::clone(&call.route), Family::Any);
                    note(way, &call.stage, false);
                }
            }
        }
    }

    fn standing_for(&self, outcome: &Outcome) -> Option<&Standing> {
        let (endpoint, route, family) = way_of(outcome);
        let family = match self.call.connection {
            Connection::Fresh => family,
            Connection::Reused => Family::Any,
        };
        self.standing.get(&(endpoint, route, family))
    }

    fn finding(&self, standing: &Standing, now: Instant) -> Finding {
        let age = now.saturating_duration_since(standing.at).as_secs_f64();
        let kind = self.call.kind;
        let detail = match self.call.connection {
            Connection::Fresh => {
                format!("the last `{kind}` call, {age:.0} s ago: {}", standing.failure.detail)
            }
            Connection::Reused => format!("`{kind}` by an ordinary client: {}", standing.failure.detail),
        };
        Finding::new(standing.failure.reason, detail)
    }
}

/// Until when a run was asked to wait.
fn asked(run: &Run, now: Instant) -> Option<Instant> {
    let asked = calls(run).filter_map(|call| {
        let longest = match call.answered_by {
            Some(AnsweredBy::Between) => LONGEST_WAIT_BETWEEN,
            Some(AnsweredBy::Origin | AnsweredBy::Edge) | None => LONGEST_WAIT,
        };
        Some(call.retry_after?.min(longest))
    });
    asked.max().and_then(|wait| now.checked_add(wait)).filter(|until| *until > now)
}

fn way_of(outcome: &Outcome) -> Way {
    (Arc::clone(&outcome.endpoint), Arc::clone(&outcome.path.route), outcome.path.family)
}

/// Every call a run made, further attempts and addresses and an ordinary client's included.
pub(super) fn calls(run: &Run) -> impl Iterator<Item = &ApiEvidence> {
    let journeys = run.outcomes.iter().flat_map(|outcome| {
        let further = outcome.retries.iter().filter_map(|attempt| attempt.call.as_deref());
        let addresses = outcome.addresses.iter().filter_map(|result| result.call.as_deref());
        outcome.stages.api.evidence().into_iter().chain(further).chain(addresses)
    });
    journeys.chain(run.pooled.iter().filter_map(|call| call.stage.evidence()))
}

/// Why calls of a run failed.
fn outcomes(run: &Run) -> impl Iterator<Item = Reason> {
    let journeys = run.outcomes.iter().filter_map(|outcome| outcome.stages.api.failure());
    journeys.chain(run.pooled.iter().filter_map(|call| call.stage.failure())).map(|failure| failure.reason)
}

#[cfg(test)]
mod tests;
