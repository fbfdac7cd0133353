//! Tests of the generated rules for `promtool test rules`: what they are made for, shown on made-up series.
//!
//! Promises: for each objective an outage that pages and makes a ticket, one that is over and leaves the ticket only, one
//! failed run that does neither, and nothing at all while all is well; annotations are compared word for word.

mod series;

use std::time::Duration;

use super::absent;
use super::alert::{self, Urgency};
use super::bundled::Substitution;
use super::group::Pairs;
use super::objective::{Objective, objectives};
use super::{RulesError, config_head};
use crate::config::Config;
use crate::units::PromDuration;
use series::{Course, Input, Labels, inputs};

/// Time between two evaluations and two samples: a scrape comes at least once a minute.
const STEP: Duration = Duration::from_secs(60);

/// How long the outage lasts that is over.
const OUTAGE: u32 = 180;

#[derive(Debug, serde::Serialize)]
struct File {
    rule_files: [String; 1],
    evaluation_interval: String,
    tests: Vec<Test>,
}

#[derive(Debug, serde::Serialize)]
struct Test {
    name: String,
    interval: String,
    input_series: Vec<Input>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alert_rule_test: Vec<AlertTest>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    promql_expr_test: Vec<QueryTest>,
}

#[derive(Debug, serde::Serialize)]
struct AlertTest {
    eval_time: String,
    alertname: &'static str,
    exp_alerts: Vec<Expected>,
}

#[derive(Debug, serde::Serialize)]
struct Expected {
    exp_labels: Pairs,
    exp_annotations: Pairs,
}

#[derive(Debug, serde::Serialize)]
struct QueryTest {
    eval_time: String,
    expr: String,
    exp_samples: Vec<Sample>,
}

#[derive(Debug, serde::Serialize)]
struct Sample {
    labels: &'static str,
    value: u32,
}

/// The tests of what a config adds to the bundled rules, which stand in `file`.
pub(super) fn tests(config: &Config, substitution: &Substitution, file: &str) -> Result<String, RulesError> {
    let labels = Labels::of(&substitution.selector)?;
    let mut tests = absent_tests(config, substitution, &labels);
    for objective in objectives(config) {
        let proof = Proof { objective: &objective, substitution, labels: &labels };
        tests.extend([proof.outage(), proof.over(), proof.single(), proof.healthy()].into_iter().flatten());
    }
    let file = File { rule_files: [file.to_owned()], evaluation_interval: minutes(1), tests };
    Ok(format!(
        "{}{}",
        config_head("Tests for `promtool test rules` of the rules"),
        serde_saphyr::to_string(&file)?
    ))
}

/// Targets without series while a canary runs, and with them.
fn absent_tests(config: &Config, substitution: &Substitution, labels: &Labels) -> Vec<Test> {
    let patience = config.targets.iter().map(|target| absent::patience(target)).max().unwrap_or(STEP);
    let end = whole_minutes(patience) + 2;
    let alerts = config.targets.iter().map(|target| Expected {
        exp_labels: labels.equal().merged(&absent::labels(&target.name)),
        exp_annotations: absent::annotations(&target.name, substitution),
    });
    let canary = || labels.input("api_canary_build_info", &Pairs::default(), format!("1x{end}"));
    let test = |name: &str, input_series, exp_alerts| Test {
        name: name.to_owned(),
        interval: minutes(1),
        input_series,
        alert_rule_test: vec![AlertTest { eval_time: minutes(end), alertname: absent::ALERT, exp_alerts }],
        promql_expr_test: Vec::new(),
    };
    let up = config
        .targets
        .iter()
        .map(|target| labels.input("target_up", &Pairs::of([("target", &target.name)]), format!("0x{end}")));
    vec![
        test("targets that nobody watches are told", vec![canary()], alerts.collect()),
        test("targets that are watched are not", [canary()].into_iter().chain(up).collect(), Vec::new()),
        test("without any canary another alert tells it", Vec::new(), Vec::new()),
    ]
}

/// The tests of one objective.
struct Proof<'a> {
    objective: &'a Objective<'a>,
    substitution: &'a Substitution,
    labels: &'a Labels,
}

impl Proof<'_> {
    fn test(&self, what: &str, course: Course, alert_rule_test: Vec<AlertTest>) -> Test {
        Test {
            name: format!("{}, {what}", self.objective.id()),
            interval: minutes(1),
            input_series: inputs(self.objective, self.labels, course),
            alert_rule_test,
            promql_expr_test: Vec::new(),
        }
    }

    /// Everything is bad for four runs: both alerts, as far as there are both.
    fn outage(&self) -> Option<Test> {
        let end = (4 * self.run()).max(10);
        let alerts: Vec<_> = [Urgency::Page, Urgency::Ticket]
            .into_iter()
            .filter(|urgency| !self.objective.pairs(*urgency).is_empty())
            .map(|urgency| AlertTest {
                eval_time: minutes(end),
                alertname: urgency.alert(),
                exp_alerts: vec![Expected {
                    exp_labels: alert::labels(self.objective, urgency),
                    exp_annotations: alert::annotations(self.objective, urgency, self.substitution, "100%"),
                }],
            })
            .collect();
        (!alerts.is_empty()).then(|| self.test("an outage", Course::Bad { minutes: end }, alerts))
    }

    /// A long outage that is over for longer than the short windows of a page: nobody is woken, and a ticket is left.
    fn over(&self) -> Option<Test> {
        let page = self.objective.pairs(Urgency::Page).into_iter().map(|pair| pair.short).max()?;
        let good = whole_minutes(page) + 2 + self.run();
        let end = OUTAGE + good;
        // What is left of the outage in both windows; the longer ones hold all of it.
        let left = |window: Duration| {
            let window = f64::from(whole_minutes(window).min(end));
            (window - f64::from(good)) / window
        };
        let clear = |pair: super::burn::Pair| {
            left(pair.short).min(left(pair.long)) > self.objective.threshold(pair) + 0.05
        };
        if !self.objective.pairs(Urgency::Ticket).into_iter().any(clear) {
            return None;
        }
        let course = Course::Over { bad: OUTAGE, good };
        let silent =
            AlertTest { eval_time: minutes(end), alertname: Urgency::Page.alert(), exp_alerts: Vec::new() };
        let mut test = self.test("an outage that is over", course, vec![silent]);
        test.promql_expr_test.push(QueryTest {
            eval_time: minutes(end),
            expr: format!(
                "count(ALERTS{{alertname=\"{}\", alertstate=\"firing\", {}}})",
                Urgency::Ticket.alert(),
                self.objective.selected()
            ),
            exp_samples: vec![Sample { labels: "{}", value: 1 }],
        });
        Some(test)
    }

    /// One bad run among good ones.
    fn single(&self) -> Option<Test> {
        let before = (2 * self.run()).max(30);
        let after = 10 + self.run();
        let times = [before + 1, before + 2, before + after / 2, before + after];
        let course = Course::Single { before, after };
        Some(self.test("one bad run", course, self.silent(&times)))
    }

    fn healthy(&self) -> Option<Test> {
        let end = (2 * self.run()).max(30);
        Some(self.test("all is well", Course::Good { minutes: end }, self.silent(&[10, end])))
    }

    fn silent(&self, times: &[u32]) -> Vec<AlertTest> {
        let both = |at: &u32| {
            let eval_time = minutes(*at);
            [Urgency::Page, Urgency::Ticket].map(|urgency| AlertTest {
                eval_time: eval_time.clone(),
                alertname: urgency.alert(),
                exp_alerts: Vec::new(),
            })
        };
        times.iter().flat_map(both).collect()
    }

    /// Minutes from one run to the next, at least one.
    fn run(&self) -> u32 {
        whole_minutes(self.objective.sli.interval(self.objective.target)).max(1)
    }
}

/// Rounded up.
fn whole_minutes(time: Duration) -> u32 {
    let minutes = time.as_nanos().div_ceil(STEP.as_nanos());
    u32::try_from(minutes).unwrap_or(u32::MAX)
}

fn minutes(count: u32) -> String {
    PromDuration(STEP * count).to_string()
}
