//! The alerts of an objective: both windows of a pair burn too fast, and it is more than an accident.

use super::bundled::Substitution;
use super::burn::{PAGE, Pair, TICKET};
use super::group::{Alert, Pairs};
use super::objective::{Objective, percent, ratio};
use super::sli::{Counters, Sli};
use crate::units::PromDuration;

/// How soon somebody has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Now.
    Page,
    /// Within a day or two.
    Ticket,
}

impl Urgency {
    pub(super) fn pairs(self) -> &'static [Pair; 2] {
        match self {
            Self::Page => &PAGE,
            Self::Ticket => &TICKET,
        }
    }

    /// As Sloth says it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }

    /// The alert's name.
    pub(super) fn alert(self) -> &'static str {
        match self {
            Self::Page => "ApiCanaryErrorBudgetBurnsFast",
            Self::Ticket => "ApiCanaryErrorBudgetBurnsSlowly",
        }
    }

    /// How long it must hold: a page that the target is down has to be there first, since it keeps this one away.
    fn wait(self) -> Option<&'static str> {
        match self {
            Self::Page => Some("2m"),
            Self::Ticket => None,
        }
    }

    fn severity(self) -> &'static str {
        match self {
            Self::Page => "critical",
            Self::Ticket => "warning",
        }
    }
}

/// The alert of an objective; `None` where no pair of windows can tell anything.
pub(super) fn of(objective: &Objective<'_>, urgency: Urgency, substitution: &Substitution) -> Option<Alert> {
    let pairs = objective.pairs(urgency);
    let conditions: Vec<_> =
        pairs.iter().map(|pair| condition(objective, urgency, *pair, substitution)).collect();
    (!pairs.is_empty()).then(|| Alert {
        alert: urgency.alert(),
        expr: match urgency {
            Urgency::Page => {
                format!("(\n{})\n{}", indented(&conditions.join("or\n")), unpaged(objective, substitution))
            }
            Urgency::Ticket => conditions.join("or\n"),
        },
        wait: urgency.wait().map(str::to_owned),
        labels: labels(objective, urgency),
        annotations: annotations(objective, urgency, substitution, "{{ $value | humanizePercentage }}"),
    })
}

/// The labels of the alert. Those of the records are said once more, as two rules may not differ in their queries only.
pub(super) fn labels(objective: &Objective<'_>, urgency: Urgency) -> Pairs {
    objective.labels().and("severity", urgency.severity()).and("sloth_severity", urgency.noun())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// What keeps a target that has paged already from paging once more, for as long as the short windows look back.
fn unpaged(objective: &Objective<'_>, substitution: &Substitution) -> String {
    let (selector, target) = (substitution.selector.of_jobs(), &objective.slo.target);
    format!(
        "unless on (target)\nmax_over_time(ALERTS{{{selector}, target=\"{target}\", alertstate=\"firing\", severity=\"critical\", \
         layer=~\".+\"}}[30m]) > 0\n"
    )
}

fn condition(objective: &Objective<'_>, urgency: Urgency, pair: Pair, substitution: &Substitution) -> String {
    let (selected, slo) = (objective.selected(), objective.slo);
    let threshold = format!("({} * {})", pair.factor(slo.window), slo.objective.budget());
    let [short, long] = [pair.short, pair.long]
        .map(|window| format!("max without (sloth_window) ({}{{{selected}}} > {threshold})", ratio(window)));
    let counters = Counters { sli: &objective.sli, selector: &substitution.selector, target: &slo.target };
    let guard = match urgency {
        Urgency::Page => counters.guard_of_most(pair.long),
        Urgency::Ticket => counters.guard(pair.long),
    };
    format!("(\n  {short}\n  and\n  {long}\n  and on ()\n  ({})\n)\n", guard)
}

/// What is said of it; `value` is the share of what was bad lately.
pub(super) fn annotations(
    objective: &Objective<'_>,
    urgency: Urgency,
    substitution: &Substitution,
    value: &str,
) -> Pairs {
    let (target, slo) = (&objective.slo.target, objective.slo);
    let pace = match urgency {
        Urgency::Page => "fast",
        Urgency::Ticket => "slowly but too fast to last",
    };
    let spent: Vec<_> = objective
        .pairs(urgency)
        .into_iter()
        .map(|pair| format!("{}% in {}", pair.spent(slo.window), PromDuration(pair.long)))
        .collect();
    let share = percent(slo.objective.budget());
    let (budget, bad) = match &objective.sli {
        Sli::Availability => ("error budget", format!("In {value} of the latest runs no path got through")),
        Sli::Latency(calls) => {
            let bound = PromDuration(calls.bound);
            ("latency budget", format!("Of the latest calls {value} took longer than {bound}"))
        }
    };
    let description = format!(
        "{bad}; over {} it may be {share}%. This spends more than {} of that budget.",
        PromDuration(slo.window),
        spent.join(" or ")
    );
    let Substitution { selector: _, docs_url, grafana_url } = substitution;
    let anchor = urgency.alert().to_lowercase();
    Pairs::of([
        ("summary", &format!("Target {target} burns its {budget} {pace}.")),
        ("description", &description),
        ("runbook_url", &format!("{docs_url}/docs/alerts.md#{anchor}")),
        ("dashboard_url", &format!("{grafana_url}/d/api-canary-target?var-target={target}")),
    ])
}
