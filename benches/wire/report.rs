//! From pairs of what was said and what was so to tables and bars.

use super::harness::Spread;
use super::network::{Walked, Who};
use super::record::Record;
use super::scenario::{BURST, PACED, Scenario};
use super::truth::Truth;

/// A column: what is said, and what is so in nanoseconds.
type Column = (&'static str, fn(&Record) -> Option<f64>, fn(&Truth) -> u64);

const COLUMNS: [Column; 7] = [
    ("dns", |said| said.dns, |so| so.dns),
    ("tcp", |said| said.tcp, |so| so.tcp),
    ("kernel's RTT", |said| said.rtt, |so| so.tcp),
    ("tls", |said| said.tls, |so| so.tls),
    ("processing", |said| said.processing, |so| so.processing),
    ("transfer", |said| said.transfer, |so| so.transfer),
    ("total", |said| said.total, |so| so.total),
];
const RTT: usize = 2;
const TOTAL: usize = 6;

/// The bars, in milliseconds, and as a multiple of the floor's.
const PACED_TOTAL: f64 = 0.25;
const BURST_TOTAL: f64 = 4.0;
const BURST_OVER_FLOOR: f64 = 1.3;
const KERNEL: f64 = 0.1;

/// What one prober's walk of one scenario comes to.
pub(crate) struct Figures {
    pub(crate) scenario: &'static str,
    pub(crate) who: Who,
    pub(crate) round: u32,
    matched: usize,
    unmatched: usize,
    cpu: f64,
    others: f64,
    /// Of each column, in milliseconds: the middle and nearly the greatest of what was so.
    wire: [(f64, f64); 7],
    /// The same of what was said too much; the latter without its sign.
    errors: [(f64, f64); 7],
    late: f64,
}

impl Figures {
    pub(crate) fn of(scenario: &Scenario, who: Who, round: u32, walked: &Walked) -> Self {
        let wire = COLUMNS.map(|(_, _, so)| {
            let so: Vec<f64> = walked.pairs.iter().map(|(_, truth)| millis(so(truth))).collect();
            (percentile(so.clone(), 50), percentile(so, 99))
        });
        let errors = COLUMNS.map(|(_, said, so)| {
            let error = |(record, truth): &(Record, Truth)| Some(said(record)? * 1e3 - millis(so(truth)));
            let errors: Vec<f64> = walked.pairs.iter().filter_map(error).collect();
            let sizes = errors.iter().map(|error| error.abs()).collect();
            (percentile(errors, 50), percentile(sizes, 99))
        });
        let late = walked.pairs.iter().filter_map(|(record, _)| Some(record.late? * 1e3)).collect();
        Self {
            scenario: scenario.name,
            who,
            round,
            matched: walked.pairs.len(),
            unmatched: walked.unmatched.len(),
            cpu: walked.cpu * 1e6,
            others: walked.others,
            wire,
            errors,
            late: percentile(late, 99),
        }
    }
}

fn millis(nanos: u64) -> f64 {
    std::time::Duration::from_nanos(nanos).as_secs_f64() * 1e3
}

fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len().saturating_sub(1) * percent + 50) / 100).copied().unwrap_or(f64::NAN)
}

/// The middle over rounds; a dash where there is nothing.
fn middle<'a>(
    all: impl Iterator<Item = &'a Figures>,
    read: impl Fn(&Figures) -> f64,
    digits: usize,
) -> String {
    let values: Vec<f64> = all.map(read).filter(|value| value.is_finite()).collect();
    if values.is_empty() { "–".to_owned() } else { format!("{:.digits$}", Spread::of(values).median) }
}

/// The table of a scenario.
pub(crate) fn table(scenario: &Scenario, all: &[Figures]) -> String {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, ..)| *name).collect();
    let mut text = format!(
        "\n### {}: {}\n\n| prober | matched (not) | CPU µs | {} | late p99 | others |\n|---|{}\n",
        scenario.name,
        scenario.words,
        names.join(" | "),
        "---:|".repeat(COLUMNS.len() + 4)
    );
    for who in Who::ALL {
        let rows = || all.iter().filter(move |row| row.scenario == scenario.name && row.who == who);
        let Some(first) = rows().next() else { continue };
        let pair = |read: fn(&Figures) -> &[(f64, f64); 7], plus: bool| {
            let cell = |at: usize| {
                let of = |row: &Figures| read(row).get(at).copied().unwrap_or((f64::NAN, f64::NAN));
                let (p50, p99) = (middle(rows(), |row| of(row).0, 2), middle(rows(), |row| of(row).1, 2));
                let plus = if plus && !p50.starts_with(['-', '–']) { "+" } else { "" };
                format!("{plus}{p50} / {p99}")
            };
            (0..COLUMNS.len()).map(cell).collect::<Vec<_>>().join(" | ")
        };
        if first.who == Who::Canary {
            text += &format!("| *the wire, of canary's* | | | {} | | |\n", pair(|row| &row.wire, false));
        }
        text += &format!(
            "| {} | {} ({}) | {} | {} | {} | {} |\n",
            who.words(),
            rows().map(|row| row.matched).sum::<usize>(),
            rows().map(|row| row.unmatched).sum::<usize>(),
            middle(rows(), |row| row.cpu, 0),
            pair(|row| &row.errors, true),
            middle(rows(), |row| row.late, 2),
            middle(rows(), |row| row.others, 2),
        );
    }
    text
}

/// Each bar, and whether it is met.
pub(crate) fn bars(all: &[Figures]) -> String {
    let of = |who: Who, scenario: &'static str| {
        all.iter().filter(move |row| row.who == who && row.scenario == scenario)
    };
    let mut text = "\n| what | bar | median [least–greatest] of rounds | |\n|---|---:|---:|---|\n".to_owned();
    let mut bar = |what: String, bar: f64, values: Vec<f64>| {
        if values.is_empty() {
            return;
        }
        let Spread { median, least, greatest } = Spread::of(values);
        let met = if median <= bar { "met" } else { "missed" };
        text += &format!("| {what} | {bar} | {median:.3} [{least:.3}–{greatest:.3}] | {met} |\n");
    };
    for who in [Who::Canary, Who::Whole] {
        let values = of(who, PACED).map(|row| row.errors[TOTAL].0.abs()).collect();
        bar(format!("{}, paced, total p50, ms", who.words()), PACED_TOTAL, values);
    }
    let values = of(Who::Canary, BURST).map(|row| row.errors[TOTAL].0.abs()).collect();
    bar("canary, burst, total p50, ms".to_owned(), BURST_TOTAL, values);
    let ratios = of(Who::Canary, BURST).filter_map(|row| {
        let floor = of(Who::Floor, BURST).find(|floor| floor.round == row.round)?;
        Some(row.errors[TOTAL].1 / floor.errors[TOTAL].1)
    });
    bar("canary, burst, total p99, × floor's".to_owned(), BURST_OVER_FLOOR, ratios.collect());
    let mut scenarios: Vec<&'static str> = all.iter().map(|row| row.scenario).collect();
    scenarios.dedup();
    for scenario in scenarios {
        for (name, read) in [
            ("p50", (|row| row.errors[RTT].0.abs()) as fn(&Figures) -> f64),
            ("p99", |row| row.errors[RTT].1),
        ] {
            for who in [Who::Canary, Who::Whole] {
                let values = of(who, scenario).map(read).collect();
                bar(format!("{}, {scenario}, kernel's RTT {name}, ms", who.words()), KERNEL, values);
            }
        }
    }
    text
}
