//! What the paid calls of a day cost: kept before they are made, so that no budget is exceeded.
//!
//! Decisions only: days and amounts in, verdicts out. Promises: a call is allowed only if the most it may cost still fits;
//! what is not known to have been free counts as spent; a clock that goes back opens no new day.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::gate::calls;
use crate::outcome::{ApiEvidence, Run};
use crate::target::Target;
use crate::units::Usd;

/// A day in UTC: days since 1970-01-01.
pub type Day = i64;

/// What was spent on one day, by target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    day: Day,
    spent: BTreeMap<Arc<str>, Usd>,
    /// Kept for runs under way.
    reserved: BTreeMap<Arc<str>, Usd>,
    /// What was spent on this day is not known, so that nothing more may be.
    unknown: bool,
    /// The later day that a clock went back from: when it comes again, it is no new one.
    left: Option<Day>,
}

/// What is written down of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The day.
    pub day: Day,
    /// What was spent or kept for runs under way, by target.
    pub spent: BTreeMap<Arc<str>, Usd>,
    /// Nothing more may be spent on this day.
    pub unknown: bool,
    /// The later day that the clock went back from, which is no new one when it comes again.
    pub left: Option<Day>,
}

impl Ledger {
    /// A ledger that goes on from an account.
    #[must_use]
    pub fn restored(account: Account) -> Self {
        let Account { day, spent, unknown, left } = account;
        Self { day, spent, reserved: BTreeMap::new(), unknown, left }
    }

    /// An empty one.
    #[must_use]
    pub fn new(day: Day) -> Self {
        Self::restored(Account { day, spent: BTreeMap::new(), unknown: false, left: None })
    }

    /// One of a day of which is not known what was spent.
    #[must_use]
    pub fn unknown(day: Day) -> Self {
        Self::restored(Account { day, spent: BTreeMap::new(), unknown: true, left: None })
    }

    /// Keeps an amount of a target's daily budget for a run; whether it still fits.
    pub fn reserve(&mut self, target: &Arc<str>, daily: Usd, amount: Usd, today: Day) -> bool {
        self.turn(today);
        let fits = !self.unknown && self.used(target).plus(amount) <= daily;
        if fits {
            let reserved = self.reserved.entry(Arc::clone(target)).or_default();
            *reserved = reserved.plus(amount);
        }
        fits
    }

    /// Books what a run cost for which this amount was kept.
    pub fn settle(&mut self, target: &Arc<str>, reserved: Usd, cost: Usd, today: Day) {
        self.turn(today);
        if let Some(kept) = self.reserved.get_mut(target) {
            *kept = kept.minus(reserved);
        }
        let spent = self.spent.entry(Arc::clone(target)).or_default();
        *spent = spent.plus(cost);
    }

    /// What is left of a target's daily budget.
    #[must_use]
    pub fn left(&mut self, target: &Arc<str>, daily: Usd, today: Day) -> Usd {
        self.turn(today);
        if self.unknown { Usd::ZERO } else { daily.minus(self.used(target)) }
    }

    /// What is to be written down: what is kept for runs under way is as good as spent, should the program end now.
    #[must_use]
    pub fn account(&self) -> Account {
        let mut spent = self.spent.clone();
        for (target, kept) in &self.reserved {
            let sum = spent.entry(Arc::clone(target)).or_default();
            *sum = sum.plus(*kept);
        }
        Account { day: self.day, spent, unknown: self.unknown, left: self.left }
    }

    fn used(&self, target: &Arc<str>) -> Usd {
        [&self.spent, &self.reserved].into_iter().filter_map(|of| of.get(target)).copied().sum()
    }

    fn turn(&mut self, today: Day) {
        if today > self.day {
            // A machine that starts without the time comes back to a day it has been on already.
            if self.left != Some(today) {
                self.spent.clear();
                self.unknown = false;
            }
            self.left = self.left.filter(|left| *left > today);
            self.day = today;
        } else if today + 1 < self.day {
            // The clock was far ahead and has been set right: what was spent was spent on some day, so let it be today.
            self.left = self.left.max(Some(self.day));
            self.day = today;
        }
    }
}

/// What a run cost by the provider's own count; a call that may have been charged, and does not say, costs the most it
/// may.
#[must_use]
pub fn cost_of(target: &Target, run: &Run) -> Usd {
    let most = target.most_of_call();
    let charged = |call: &ApiEvidence| match (call.cost, call.status) {
        // What a stream that was cut had counted so far may be the beginning only.
        (Some(cost), _) if call.stream.is_some_and(|stream| !stream.complete) => cost.max(most),
        (Some(cost), _) => cost,
        // Gateways that gave up on an answer: the API behind them may have given it all the same.
        (None, Some(408 | 499 | 502 | 504 | 520 | 524)) => most,
        // A refusal that is none: the model had begun to answer when its few tokens were used up.
        (None, Some(400)) if call.error_type.is_none() => most,
        // Refusals are not charged.
        (None, Some(300..)) => Usd::ZERO,
        (None, _) => most,
    };
    let paid = |call: &&ApiEvidence| call.endpoint == target.call.kind.label();
    calls(run).filter(paid).map(charged).sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::config::{Config, Env, Source};
    use crate::outcome::{PooledCall, Stage, StreamEvidence};

    fn usd(text: &str) -> Usd {
        Usd::parse(text).unwrap()
    }

    fn name() -> Arc<str> {
        "claude".into()
    }

    /// A target of Claude whose call is this, at a dollar a token.
    fn target(call: &str) -> Arc<Target> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.yml");
        let call = format!("{call}, max_daily_cost_usd: 1000, price: {{ input: 1000000, output: 1000000 }}");
        let target =
            format!("{{ name: claude, provider: anthropic, api_key: {{ env: KEY }}, call: {{ {call} }} }}");
        std::fs::write(&path, format!("targets:\n  - {target}\n")).unwrap();
        let env = Env::of([("KEY", "sk-ant-test")]);
        Arc::clone(&Config::load(&Source::File(path), &env).unwrap().targets[0])
    }

    /// What a run cost whose one call was such.
    fn cost(target: &Target, change: impl FnOnce(&mut ApiEvidence)) -> Usd {
        let mut evidence = ApiEvidence::of_call(target.call.kind.label(), http::Method::POST);
        change(&mut evidence);
        let stage = Stage::Passed { took: Duration::ZERO, evidence };
        let call = PooledCall { endpoint: "e".into(), route: "direct".into(), stage };
        cost_of(target, &Run { pooled: vec![call], ..Run::of("claude".into()) })
    }

    #[test]
    fn what_may_have_been_charged_and_is_not_known_costs_the_most() {
        let target = target("kind: stream");
        let most = target.most_of_call();
        assert_eq!(cost(&target, |call| call.status = Some(529)), Usd::ZERO);
        assert_eq!(cost(&target, |_| ()), most, "no answer");
        for gave_up in [408, 502, 504, 524] {
            assert_eq!(cost(&target, |call| call.status = Some(gave_up)), most, "{gave_up}");
        }
        for (complete, counted) in [(true, usd("1")), (false, most)] {
            let cost = cost(&target, |call| {
                call.status = Some(200);
                call.cost = Some(usd("1"));
                call.stream = Some(StreamEvidence { complete, ..StreamEvidence::default() });
            });
            assert_eq!(cost, counted, "the count of a stream that was cut is the one of its beginning");
        }
    }

    #[test]
    fn what_is_kept_for_a_run_is_for_every_call_it_makes() {
        let calls = |call: &str| target(call).most_calls();
        assert_eq!(calls("kind: message"), 2, "both families");
        assert_eq!(calls("kind: message, connection: reused"), 1, "the journeys make the free call");
        assert_eq!(calls("kind: message, connection: reused, between: nothing"), 1, "the journeys make none");
    }

    #[test]
    fn a_call_is_allowed_only_if_the_most_it_may_cost_still_fits() {
        let mut ledger = Ledger::new(1);
        let (name, daily) = (name(), usd("0.10"));
        assert!(ledger.reserve(&name, daily, usd("0.06"), 1));
        assert!(!ledger.reserve(&name, daily, usd("0.05"), 1), "while the other is under way");
        ledger.settle(&name, usd("0.06"), usd("0.01"), 1);
        assert_eq!(ledger.left(&name, daily, 1), usd("0.09"));
        assert!(ledger.reserve(&name, daily, usd("0.09"), 1));
        assert!(ledger.reserve(&"other".into(), daily, usd("0.10"), 1), "each target has its own budget");
    }

    #[test]
    fn a_new_day_has_a_new_budget_and_a_clock_that_goes_back_has_none() {
        let (name, daily) = (name(), usd("1"));
        let mut ledger = Ledger::new(10);
        ledger.settle(&name, Usd::ZERO, daily, 10);
        assert_eq!(ledger.left(&name, daily, 9), Usd::ZERO);
        assert_eq!(ledger.left(&name, daily, 10), Usd::ZERO);
        assert_eq!(ledger.left(&name, daily, 11), daily);
        ledger.settle(&name, Usd::ZERO, daily, 11);
        assert_eq!(ledger.left(&name, daily, 5), Usd::ZERO, "set right by days, it is another day");
        assert_eq!(ledger.left(&name, daily, 6), daily);
    }

    #[test]
    fn what_is_not_known_is_spent_until_the_next_day() {
        let (name, daily) = (name(), usd("1"));
        let mut ledger = Ledger::unknown(10);
        assert!(!ledger.reserve(&name, daily, Usd::ZERO, 10));
        assert_eq!(ledger.left(&name, daily, 10), Usd::ZERO);
        assert_eq!(Ledger::restored(ledger.account()), ledger);
        assert!(ledger.reserve(&name, daily, daily, 11));
    }

    #[test]
    fn a_start_without_the_time_gives_no_second_budget() {
        let (name, daily) = (name(), usd("1"));
        let mut ledger = Ledger::new(20_780);
        ledger.settle(&name, Usd::ZERO, daily, 20_780);
        let mut ledger = Ledger::restored(ledger.account());
        assert_eq!(ledger.left(&name, daily, 0), Usd::ZERO, "1970, until the time is known");
        let mut ledger = Ledger::restored(ledger.account());
        assert_eq!(ledger.left(&name, daily, 20_780), Usd::ZERO);
        assert_eq!(ledger.left(&name, daily, 20_781), daily);
    }

    proptest! {
        #[test]
        fn whatever_happens_a_budget_is_not_exceeded(
            turns in proptest::collection::vec((0_u64..40, 0_u64..=40, any::<bool>()), 1..60),
        ) {
            let (name, daily, cent) = (name(), usd("1"), usd("0.01"));
            let mut ledger = Ledger::new(1);
            let mut under_way = Vec::new();
            let mut spent = Usd::ZERO;
            for (most, part, restart) in turns {
                if ledger.reserve(&name, daily, cent.times(most), 1) {
                    under_way.push((cent.times(most), cent.times(most * part / 40)));
                }
                if restart {
                    // What was under way is lost, and counts as spent.
                    ledger = Ledger::restored(ledger.account());
                    spent = under_way.drain(..).map(|(kept, _)| kept).sum::<Usd>().plus(spent);
                } else if let Some((kept, cost)) = under_way.pop() {
                    ledger.settle(&name, kept, cost, 1);
                    spent = spent.plus(cost);
                }
                prop_assert!(spent <= daily);
                prop_assert!(daily.minus(spent) >= ledger.left(&name, daily, 1));
            }
        }
    }
}
