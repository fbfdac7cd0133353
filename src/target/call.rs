//! What is called, how often, at what price, and what is done when it fails.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Families, Target};
use crate::outcome::Connection;
use crate::provider::{CallKind, Price};
use crate::units::Usd;

/// What a paid call may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The most that the target's calls may cost on one day, in UTC.
    pub daily: Usd,
    /// What the model costs.
    pub price: Price,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallOptions {
    /// The kind of call.
    pub kind: CallKind,
    /// The least time between the starts of two of these calls; at least the target's interval. In the runs between,
    /// [`Order::Substitute`] is made.
    pub interval: Duration,
    /// The model; absent for kinds that need none.
    pub model: Option<Arc<str>>,
    /// What it may cost; there for every paid kind.
    pub budget: Option<Budget>,
    /// On what connection.
    pub connection: Connection,
    /// What is called in the runs between.
    pub between: Between,
}

impl CallOptions {
    /// A call of this kind in every run, each on a connection of its own, of a target with this interval.
    #[must_use]
    pub fn free(kind: CallKind, interval: Duration) -> Self {
        Self {
            kind,
            interval,
            model: None,
            budget: None,
            connection: Connection::Fresh,
            between: Between::Free,
        }
    }

    /// What to make of it where no account is kept of what it costs.
    #[must_use]
    pub fn unpaid(&self) -> Order {
        if self.kind.is_paid() { Order::Substitute } else { Order::Configured }
    }
}

/// What is called in the runs that do not make the configured call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Between {
    /// The provider's free call without a key, if that is another one.
    Free,
    /// Nothing: the layers below are walked.
    Nothing,
}

/// Which call a run makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The one that is configured.
    Configured,
    /// What [`CallOptions::between`] says.
    Substitute,
}

/// How long to wait before trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// Anything from nothing to the whole delay, so that many clients do not come back at once.
    Full,
    /// Exactly the delay.
    None,
}

/// Whether and how a journey that failed is tried again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryOptions {
    /// Attempts in all; 1 is not to try again.
    pub max_attempts: u32,
    /// The delay before the second attempt; it doubles with each.
    pub base_delay: Duration,
    /// The longest delay.
    pub max_delay: Duration,
    /// How it varies.
    pub jitter: Jitter,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            max_attempts: 1,
            base_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(30),
            jitter: Jitter::Full,
        }
    }
}

/// The provider's status page that is read beside the probes.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusPageOptions {
    /// Where its `summary.json` is; the first that can be read counts.
    pub urls: Vec<String>,
    /// Whether their paths are secrets, because the URL holds a value from the environment.
    pub confidential: bool,
    /// The id of the component that is the API, where there is one.
    pub component: Option<String>,
    /// Time between two readings.
    pub interval: Duration,
}

impl fmt::Debug for StatusPageOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { urls, confidential, component, interval } = self;
        let mut shown = f.debug_struct("StatusPageOptions");
        if !confidential {
            shown.field("urls", urls);
        }
        shown.field("component", component).field("interval", interval).finish_non_exhaustive()
    }
}

impl Target {
    /// The call that is made in the runs that do not make the configured one, if there is another one.
    #[must_use]
    pub fn substitute(&self) -> Option<CallKind> {
        let free = self.provider.default_call(false);
        (free != self.call.kind && self.call.between == Between::Free).then_some(free)
    }

    /// The most calls of the configured kind that one run makes.
    #[must_use]
    pub fn most_calls(&self) -> u64 {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let ways = count(self.sites.len()) * count(self.routes.len());
        let families = match &self.families {
            Families::Answered => 2,
            Families::Only(only) => count(only.len()).max(1),
        };
        let journeys = ways * families * u64::from(self.retry.max_attempts);
        match self.call.connection {
            // What costs money is not made by the journeys beside ordinary clients.
            Connection::Reused if self.call.kind.is_paid() => ways,
            Connection::Reused => ways + journeys,
            Connection::Fresh => journeys,
        }
    }

    /// The most that one call may cost; nothing where it is free.
    #[must_use]
    pub fn most_of_call(&self) -> Usd {
        let Some(budget) = &self.call.budget else { return Usd::ZERO };
        let call = self.provider.call(self.call.kind, self.call.model.as_deref().unwrap_or_default());
        call.and_then(|call| budget.price.cost(call.most)).unwrap_or(Usd::ZERO)
    }

    /// The most that one run may cost.
    #[must_use]
    pub fn most_of_run(&self) -> Usd {
        self.most_of_call().times(self.most_calls())
    }
}
