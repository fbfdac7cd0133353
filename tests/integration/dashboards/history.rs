//! Long windows: thirty days of runs whose failures are known, written into a Prometheus, and what the boards say of them.

use std::fmt::Write as _;

use serde_json::Value;

use super::board::Board;
use super::variables::Variables;
use crate::peers::process::program;
use crate::prometheus::server::Prometheus;
use crate::workspace::Workspace;

/// Seconds between two runs, and how many there are in thirty days.
const STEP: i64 = 300;
const RUNS: i64 = 30 * 86_400 / STEP;

/// A target with its past: its objective, if it has one, and which of its runs failed, counted from 1.
struct Past {
    target: &'static str,
    objective: Option<f64>,
    failed: fn(i64) -> bool,
}

const PASTS: &[Past] = &[
    Past { target: "steady", objective: Some(0.995), failed: |_| false },
    Past { target: "half", objective: Some(0.995), failed: |run| run % 400 == 0 },
    Past { target: "overspent", objective: Some(0.995), failed: |run| run % 100 == 0 },
    // The viewer's choice of an objective holds for it.
    Past { target: "without", objective: None, failed: |run| run % 400 == 0 },
    // Down for the last hour.
    Past { target: "burning", objective: Some(0.995), failed: |run| run > RUNS - 12 },
];

/// What a query says of each target: the board's uid, its place there, and the values in the order of the pasts.
const OF_ALL: &[((&str, &str), [f64; 5])] = &[
    ((OVERVIEW, "Error budget of every target, least left first/A"), [0.995, 0.995, 0.995, 0.99, 0.995]),
    (
        (OVERVIEW, "Error budget of every target, least left first/B"),
        [1.0, 1.0 - 21.0 / BUDGET, 1.0 - 86.0 / BUDGET, 1.0 - 21.0 / WIDE, 1.0 - 12.0 / BUDGET],
    ),
    // How fast the budget burns in an hour, which has 12 runs, and in six.
    ((OVERVIEW, "Error budget of every target, least left first/C"), [0.0, 0.0, 0.0, 0.0, 200.0]),
    (
        (OVERVIEW, "Error budget of every target, least left first/D"),
        [0.0, 0.0, 200.0 / 72.0, 0.0, 200.0 / 6.0],
    ),
];

/// What a query says of one target, the range being thirty days.
const OF_ONE: &[((&str, &str), &str, f64)] = &[
    ((OVERVIEW, "What is wrong now/H"), "half", 1.0 - 21.0 / BUDGET),
    ((OVERVIEW, "Success/A"), "overspent", 1.0 - 86.0 / ALL),
    ((TARGET, "Error budget left/A"), "overspent", 1.0 - 86.0 / BUDGET),
    ((TARGET, "Good runs/A"), "without", 1.0 - 21.0 / ALL),
];

const OVERVIEW: &str = "api-canary-overview";
const TARGET: &str = "api-canary-target";

/// How many runs there are, and how many of them may fail at 99.5 % and at 99 %.
const ALL: f64 = 8640.0;
const BUDGET: f64 = 43.2;
const WIDE: f64 = 86.4;

/// The series in OpenMetrics, the last run at `end`.
fn series(end: i64) -> String {
    let start = end - RUNS * STEP;
    let mut out = String::new();
    let mut family =
        |name: &str, kind: &str, suffix: &str, value: &dyn Fn(&Past, i64, u32) -> Option<String>| {
            writeln!(out, "# TYPE {name} {kind}").unwrap();
            for past in PASTS {
                let mut failures = 0;
                for run in 0..=RUNS {
                    failures += u32::from(run > 0 && (past.failed)(run));
                    if let Some(value) = value(past, run, failures) {
                        let labels = format!("job=\"canary\",instance=\"a:1\",target=\"{}\"", past.target);
                        writeln!(out, "{name}{suffix}{{{labels}}} {value} {}", start + run * STEP).unwrap();
                    }
                }
            }
        };
    family("target_runs", "counter", "_total", &|_, run, _| Some(run.to_string()));
    family("target_runs_failed", "counter", "_total", &|_, _, failures| Some(failures.to_string()));
    family("target_up", "gauge", "", &|past, run, _| Some(u8::from(!(past.failed)(run)).to_string()));
    family("target_slo_objective_ratio", "gauge", "", &|past, _, _| past.objective.map(|o| o.to_string()));
    out.push_str("# EOF\n");
    out
}

/// Everything is read again for each block; by default they hold two hours.
const BLOCK: &str = "--max-block-duration=720h";

/// A Prometheus with that past, which scrapes nothing.
async fn prometheus(workspace: &Workspace, end: i64) -> Prometheus {
    let data = workspace.path().join("prometheus/data");
    std::fs::create_dir_all(&data).unwrap();
    let file = workspace.write("past.om", &series(end));
    let mut command = program("promtool");
    command.args(["tsdb", "create-blocks-from", "openmetrics", "--quiet", BLOCK]).arg(file).arg(&data);
    let filled = command.output().unwrap();
    assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
    Prometheus::start_with(workspace.path(), &[], &["--storage.tsdb.retention.time=90d"]).await
}

/// What a query of a board says at a time of some targets, by their names; a query without them says it of the one asked
/// for.
async fn said(
    prometheus: &Prometheus,
    (uid, place): (&str, &str),
    target: &str,
    time: i64,
) -> Vec<(String, f64)> {
    let boards = Board::all();
    let board = boards.iter().find(|board| board.uid() == uid).unwrap();
    let query = board.queries().into_iter().find(|query| query.place() == place);
    let query = query.unwrap_or_else(|| panic!("{uid} has no {place}"));
    let chosen = [("job", ".+"), ("instance", ".+"), ("target", target), ("objective", "99")];
    let chosen = chosen.iter().fold(Variables::default(), |chosen, (name, value)| chosen.with(name, value));
    let asked = chosen.with_time(30.0 * 86_400.0, 3600.0, None).fill(query.text()).unwrap();
    let answer = prometheus.answer("query", &[("query", &asked), ("time", &time.to_string())]).await;
    let read = |series: &Value| {
        let named = series["metric"]["target"].as_str().unwrap_or(target);
        (named.to_owned(), series["value"][1].as_str().unwrap().parse().unwrap())
    };
    let result = answer["data"]["result"].as_array();
    result.unwrap_or_else(|| panic!("{asked}: {answer}")).iter().map(read).collect()
}

fn close(one: f64, other: f64) -> bool {
    // Newer versions leave out the run at the window's start, and extrapolate.
    (one - other).abs() < 0.005 * other.abs().max(1.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_of_thirty_days_are_what_the_failures_left_of_them() {
    let workspace = Workspace::new();
    let end = jiff::Timestamp::now().as_second() / STEP * STEP;
    let prometheus = prometheus(&workspace, end).await;
    for (place, expected) in OF_ALL {
        let found = said(&prometheus, *place, ".+", end).await;
        for (past, expected) in PASTS.iter().zip(expected) {
            let value = found.iter().find(|(target, _)| target == past.target).map(|(_, value)| *value);
            let right = value.is_some_and(|value| close(value, *expected));
            assert!(right, "{place:?} says {value:?} of {}, not {expected}", past.target);
        }
        assert_eq!(found.len(), PASTS.len(), "{place:?}: {found:?}");
    }
    for (place, target, expected) in OF_ONE {
        let found = said(&prometheus, *place, target, end).await;
        let right = matches!(found.as_slice(), [(_, value)] if close(*value, *expected));
        assert!(right, "{place:?} says {found:?} of {target}, not {expected}");
    }
    // Without an objective there is no budget on a board that does not let its viewer choose one.
    assert_eq!(said(&prometheus, (TARGET, "Error budget left/A"), "without", end).await, []);
}
