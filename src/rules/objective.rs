//! One objective of one target: its three groups of rules in the shape that Sloth gives them, and how far it can be measured.
//!
//! Promises: Sloth's names of groups, records and labels, so that its dashboards work; nothing pages that cannot be measured.

use std::time::Duration;

use super::alert::{self, Urgency};
use super::bundled::Substitution;
use super::burn::{Pair, WINDOWS};
use super::group::{Group, Pairs, Record, Rule};
use super::sli::{Calls, Counters, LEAST_FAILED, Sli};
use crate::config::Config;
use crate::target::{Slo, Target};
use crate::units::PromDuration;

/// The longest time between two scrapes that is common.
const SCRAPE: Duration = Duration::from_secs(60);

/// How often an objective is evaluated: often enough for its shortest window.
const OFTEN: &str = "1m";

/// How often its windows of days are, for which many samples are read: less than the five minutes that Prometheus looks back,
/// by as much as such an evaluation may take.
const SELDOM: &str = "4m";

/// Windows from this length on are those of days.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// What is promised of one kind.
#[derive(Debug)]
pub(super) struct Objective<'a> {
    pub(super) slo: &'a Slo,
    pub(super) target: &'a Target,
    pub(super) sli: Sli,
}

/// All objectives of a config, in its order.
pub(super) fn objectives(config: &Config) -> Vec<Objective<'_>> {
    let known = |slo: &Slo| config.targets.iter().find(|target| target.name == slo.target);
    let with_targets = config.slos.iter().filter_map(|slo| Some((slo, &**known(slo)?)));
    with_targets
        .flat_map(|(slo, target)| {
            let latency = slo.latency.map(|bound| Sli::Latency(Calls::of(target, bound)));
            [Some(Sli::Availability), latency].into_iter().flatten().map(move |sli| Objective {
                slo,
                target,
                sli,
            })
        })
        .collect()
}

impl Objective<'_> {
    /// Its name among all: `sloth_id`.
    pub(super) fn id(&self) -> String {
        format!("{}-{}", self.slo.target, self.sli.name())
    }

    /// What it promises, in words.
    pub(super) fn headline(&self) -> String {
        let Slo { target, objective, window, latency: _ } = self.slo;
        let window = PromDuration(*window);
        match &self.sli {
            Sli::Availability => format!("{target}: {objective}% of the runs get through, over {window}."),
            Sli::Latency(calls) => {
                let bound = PromDuration(calls.bound);
                format!("{target}: {objective}% of the calls take at most {bound}, over {window}.")
            }
        }
    }

    /// The labels of everything that is recorded for it.
    pub(super) fn labels(&self) -> Pairs {
        let (id, target) = (self.id(), &self.slo.target);
        Pairs::of([
            ("sloth_id", &id),
            ("sloth_service", target),
            ("sloth_slo", self.sli.name()),
            ("target", target),
        ])
    }

    /// What selects it among all records.
    pub(super) fn selected(&self) -> String {
        let (id, service, slo) = (self.id(), &self.slo.target, self.sli.name());
        format!("sloth_id=\"{id}\", sloth_service=\"{service}\", sloth_slo=\"{slo}\"")
    }

    /// The pairs of windows that can tell something.
    pub(super) fn pairs(&self, urgency: Urgency) -> Vec<Pair> {
        let fit = |pair: &&Pair| self.often_enough(**pair) && self.possible(**pair);
        urgency.pairs().iter().filter(fit).copied().collect()
    }

    /// The share of what is bad from which a pair tells, more than all of it where that cannot be.
    pub(super) fn threshold(&self, pair: Pair) -> f64 {
        pair.factor(self.slo.window) * self.slo.objective.budget()
    }

    /// Whether a short window always holds a run, whenever it is scraped: one without any would end the alert, and the next
    /// run would page again.
    fn often_enough(&self, pair: Pair) -> bool {
        self.sli.interval(self.target) + SCRAPE <= pair.short
    }

    fn possible(&self, pair: Pair) -> bool {
        self.threshold(pair) < 1.0
    }

    /// How many runs there are within a time.
    fn runs(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.sli.interval(self.target).as_secs_f64()
    }

    /// What is hard to measure of it.
    pub(super) fn warnings(&self) -> Vec<String> {
        let Slo { target: _, objective, window, latency: _ } = self.slo;
        let (one, many, bad) = match self.sli {
            Sli::Availability => ("run", "runs", "failed"),
            Sli::Latency(_) => ("call", "calls", "slow"),
        };
        let every = PromDuration(self.sli.interval(self.target));
        let mut warnings = Vec::new();
        let budget = objective.budget() * self.runs(*window);
        if budget < 1.0 {
            warnings.push(format!(
                "it cannot be measured: {every} between two {many} leaves a budget of {budget:.2} {many} in {}, so that one \
                 {bad} {one} spends more than all of it",
                PromDuration(*window)
            ));
        }
        let blip = |pair: &Pair| self.threshold(*pair) * self.runs(pair.long) < 1.0;
        if let Some(pair) = self.pairs(Urgency::Page).into_iter().find(blip) {
            warnings.push(format!(
                "by itself one {bad} {one} would page, being more than {} times {}% of the {:.0} {many} in {}; that it does \
                 not is due to the guard of {LEAST_FAILED} {bad} {many}",
                pair.factor(*window),
                percent(objective.budget()),
                self.runs(pair.long),
                PromDuration(pair.long)
            ));
        }
        for urgency in [Urgency::Page, Urgency::Ticket] {
            for pair in urgency.pairs() {
                let (short, long) = (PromDuration(pair.short), PromDuration(pair.long));
                if !self.often_enough(*pair) {
                    warnings.push(format!(
                        "{every} between two {many} is too long for the burn rate over {short} and {long}, which is left out"
                    ));
                } else if !self.possible(*pair) {
                    warnings.push(format!(
                        "a total outage does not burn the budget {} times as fast as allowed, so the burn rate over {short} \
                         and {long} is left out",
                        pair.factor(*window)
                    ));
                }
            }
            if self.pairs(urgency).is_empty() {
                warnings.push(format!("no {} is left for it", urgency.noun()));
            }
        }
        warnings
    }

    /// Its rules, in the order in which they need each other.
    pub(super) fn groups(&self, substitution: &Substitution) -> Vec<Group> {
        let id = self.id();
        let alerts: Vec<_> = [Urgency::Page, Urgency::Ticket]
            .into_iter()
            .filter_map(|urgency| alert::of(self, urgency, substitution))
            .map(Rule::Alert)
            .collect();
        let (often, seldom) = self.ratios(substitution);
        let group = |name: &str, interval, rules| Group {
            name: format!("sloth-slo-{name}-{id}"),
            interval: Some(interval),
            rules,
        };
        let mut groups = vec![
            group("sli-recordings", OFTEN, often),
            group("sli-recordings-long", SELDOM, seldom),
            group("meta-recordings", OFTEN, self.meta()),
        ];
        if !alerts.is_empty() {
            groups.push(group("alerts", OFTEN, alerts));
        }
        groups
    }

    /// The share of what is bad, over every window: those of hours, and those of days.
    fn ratios(&self, substitution: &Substitution) -> (Vec<Rule>, Vec<Rule>) {
        let counters =
            Counters { sli: &self.sli, selector: &substitution.selector, target: &self.slo.target };
        let labels = |window: Duration| self.labels().and("sloth_window", &spelt(window));
        let record = |window: Duration| {
            let (record, expr, labels) = (ratio(window), counters.ratio(window), labels(window));
            Rule::Record(Record { record, expr, labels })
        };
        let (long, short): (Vec<_>, Vec<_>) = WINDOWS.into_iter().partition(|window| *window >= LONG);
        let mut seldom: Vec<_> = long.into_iter().map(record).collect();
        // From the shortest record rather than from the counters: a month of samples is not read at every evaluation.
        let (selected, window) = (self.selected(), self.slo.window);
        let [base, range] = [WINDOWS[0], window].map(spelt);
        let of = format!("slo:sli_error:ratio_rate{base}{{{selected}}}[{range}]");
        let expr = format!("sum_over_time({of})\n/ ignoring (sloth_window)\ncount_over_time({of})\n");
        seldom.push(Rule::Record(Record { record: ratio(window), expr, labels: labels(window) }));
        (short.into_iter().map(record).collect(), seldom)
    }

    /// What the objective is, and how much of its budget is spent.
    fn meta(&self) -> Vec<Rule> {
        let Slo { target: _, objective, window, latency: _ } = self.slo;
        let selected = self.selected();
        let days = window.as_secs_f64() / 86_400.0;
        let burn = |window: Duration| {
            format!(
                "{}{{{selected}}}\n/ on (sloth_id, sloth_slo, sloth_service) group_left ()\n\
                 slo:error_budget:ratio{{{selected}}}\n",
                ratio(window)
            )
        };
        let info = self.labels().and("sloth_mode", "api-canary").and("sloth_spec", "api-canary/slo");
        [
            ("slo:objective:ratio", format!("vector({})", objective.ratio()), self.labels()),
            ("slo:error_budget:ratio", format!("vector({})", objective.budget()), self.labels()),
            ("slo:time_period:days", format!("vector({days})"), self.labels()),
            ("slo:current_burn_rate:ratio", burn(WINDOWS[0]), self.labels()),
            ("slo:period_burn_rate:ratio", burn(*window), self.labels()),
            (
                "slo:period_error_budget_remaining:ratio",
                format!("1 - slo:period_burn_rate:ratio{{{selected}}}\n"),
                self.labels(),
            ),
            ("sloth_slo_info", "vector(1)".to_owned(), info.and("sloth_objective", &objective.to_string())),
        ]
        .map(|(record, expr, labels)| Rule::Record(Record { record: record.to_owned(), expr, labels }))
        .into()
    }
}

/// The name of the record of a window.
pub(super) fn ratio(window: Duration) -> String {
    format!("slo:sli_error:ratio_rate{}", spelt(window))
}

/// A window as Prometheus and so Sloth spell it: whole weeks as such.
fn spelt(window: Duration) -> String {
    let (seconds, week) = (window.as_secs_f64(), 7.0 * 86_400.0);
    if seconds >= week && seconds % week == 0.0 {
        return format!("{}w", seconds / week);
    }
    PromDuration(window).to_string()
}

/// A share in percent, as it was configured: exact to a ten-thousandth.
pub(super) fn percent(share: f64) -> f64 {
    (share * 1_000_000.0).round() / 10_000.0
}
