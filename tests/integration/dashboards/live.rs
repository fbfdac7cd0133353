//! Every query and every variable of the boards, asked of a real Prometheus that scrapes real canaries: there is
//! something to see where all is well, and in each fault what is promised there.

mod asking;
mod expected;
mod fields;
mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::board::{Board, Query, list, text};
use super::variables::Variables;
use crate::workspace::whole_machine;
use asking::{Shown, ask};
use expected::{EMPTY, PROMISED, VERDICTS};
use scene::{DISPUTED, FAULTS, HEALTHY, SPECIAL, WRITTEN, Watched};

/// The choice of everything, where a board has it.
const ALL: &str = "all";

/// How many questions are under way at once.
const AT_ONCE: usize = 8;

/// How long a query may be empty that should not be: a call that waits after a Retry-After does so most of the time.
const ANSWER: Duration = Duration::from_secs(15);

/// What a query shows for each choice of variables, by the choice's name.
type Answers = BTreeMap<&'static str, Result<Shown, String>>;

/// The choices a viewer can make on a board.
fn choices(watched: &Watched, board: &Board) -> Vec<(&'static str, Variables)> {
    let mut choices = vec![("one", watched.one())];
    let single = |variable: &Value| text(variable, "name") == "target" && variable["multi"] != json!(true);
    if !board.variables().any(single) {
        choices.push((ALL, Watched::all()));
    }
    let targets = FAULTS.iter().map(|(fault, _)| *fault).chain(SPECIAL.iter().copied());
    let targets = targets.chain([HEALTHY, DISPUTED, WRITTEN]);
    choices.extend(targets.map(|target| (target, Watched::all().with("target", target))));
    choices
}

/// The choices for which a query must show something.
fn required(place: &str, choices: &[(&'static str, Variables)]) -> BTreeSet<&'static str> {
    let mut required: BTreeSet<_> = match EMPTY.iter().find(|empty| empty.place == place) {
        Some(empty) => [empty.filled, ALL].into(),
        None => ["one", HEALTHY, ALL].into(),
    };
    for promised in PROMISED.iter().filter(|promised| promised.place == place) {
        required.extend(promised.targets);
    }
    required.retain(|choice| choices.iter().any(|(name, _)| name == choice));
    required
}

async fn answers<'a>(watched: &Watched, board: &Board, query: Query<'a>) -> (Query<'a>, Answers) {
    let choices = choices(watched, board);
    let required = required(&format!("{}: {}", board.uid(), query.place()), &choices);
    let start = Instant::now();
    let mut answers = BTreeMap::new();
    for (name, variables) in choices {
        loop {
            let answer = ask(&watched.prometheus, query, &variables).await;
            let done = !required.contains(name) || answer.as_ref().map_or(true, Shown::something);
            if done || start.elapsed() > ANSWER {
                answers.insert(name, answer);
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    (query, answers)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_and_variable_is_answered_with_something_to_see() {
    let _machine = whole_machine().await;
    let watched = Watched::start().await;
    watched.ready().await;
    let mut wrong = Vec::new();
    let mut places = BTreeSet::new();
    for board in &Board::all() {
        let asked = board.queries().into_iter().map(|query| answers(&watched, board, query));
        let all: Vec<_> = futures_util::stream::iter(asked).buffered(AT_ONCE).collect().await;
        for (query, answers) in &all {
            let place = format!("{}: {}", board.uid(), query.place());
            judge(&place, answers, &required(&place, &choices(&watched, board)), &mut wrong);
            told(&place, answers, &mut wrong);
            places.insert(place);
        }
        wrong.extend(fields::check(board, &all));
        wrong.extend(variables(&watched, board).await);
    }
    let known = EMPTY.iter().map(|empty| empty.place).chain(PROMISED.iter().map(|promised| promised.place));
    wrong.extend(
        known.filter(|place| !places.contains(*place)).map(|place| format!("{place}: there is no such")),
    );
    assert!(wrong.is_empty(), "{} complaints:\n{}", wrong.len(), wrong.join("\n"));
}

/// A query is answered whatever is chosen, and shows something where it should.
fn judge(place: &str, answers: &Answers, required: &BTreeSet<&str>, wrong: &mut Vec<String>) {
    let shows = |choice: &str| answers.get(choice).is_some_and(|a| a.as_ref().is_ok_and(Shown::something));
    let filled: Vec<_> = answers.keys().filter(|choice| shows(choice)).collect();
    for (choice, answer) in answers {
        if let Err(error) = answer {
            wrong.push(format!("{place}: for {choice}: {error}"));
        } else if required.contains(choice) && !shows(choice) {
            wrong.push(format!("{place}: empty for {choice}; something for {filled:?}"));
        }
    }
    if EMPTY.iter().any(|empty| empty.place == place && !empty.varies) && shows("one") && shows(HEALTHY) {
        wrong.push(format!("{place}: something where all is well: no exception"));
    }
}

/// What a query says of each fault is what is known of it.
fn told(place: &str, answers: &Answers, wrong: &mut Vec<String>) {
    for named in VERDICTS.iter().filter(|named| named.place == place) {
        for (fault, [verdict, layer, blame]) in FAULTS {
            let said = answers.get(fault).and_then(|answer| answer.as_ref().ok());
            let said = said.map(|shown| shown.series.as_slice()).unwrap_or_default();
            let expected = [("verdict", verdict), ("layer", layer), ("blame", blame)];
            let expected = expected.iter().filter(|(label, _)| named.labels.contains(label));
            for (label, value) in expected {
                let right =
                    said.iter().all(|series| series.get(*label).is_some_and(|found| found == **value));
                if said.is_empty() || !right {
                    wrong.push(format!("{place}: {label} of {fault} is not {value} in {said:?}"));
                }
            }
        }
    }
}

/// Every variable that asks Prometheus has values, whatever is chosen before it.
async fn variables(watched: &Watched, board: &Board) -> Vec<String> {
    let mut wrong = Vec::new();
    for variable in board.variables().filter(|variable| text(variable, "type") == "query") {
        let name = text(variable, "name");
        let asked = variable["query"].as_str().unwrap_or_else(|| text(&variable["query"], "query"));
        let inside = asked.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        let (series, label) = inside.rsplit_once(',').unwrap();
        let own = watched.canaries[0].address().to_string();
        let expected = match name {
            "job" => "canary",
            "instance" => &own,
            "target" => HEALTHY,
            // A variable of one board only.
            _ => "",
        };
        for (choice, values) in [("all", Watched::all()), ("one", watched.one())] {
            let series = values.fill(series).unwrap();
            let what = format!("label/{}/values", label.trim());
            let answer = watched.prometheus.answer(&what, &[("match[]", &series)]).await;
            let found: Vec<_> = list(&answer["data"]).filter_map(|value| value.as_str()).collect();
            if found.is_empty() || (!expected.is_empty() && !found.contains(&expected)) {
                wrong.push(format!("{}: ${name} for {choice}: {series} has {found:?}", board.uid()));
            }
        }
    }
    wrong
}
