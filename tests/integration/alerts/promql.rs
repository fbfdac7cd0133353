//! As much of PromQL as tells which series a query selects: the selectors with their matchers and ranges, the functions
//! around them, and the labels that it groups and matches by. Whether a query is one at all is promtool's to say.

use std::time::Duration;

/// What selects series.
#[derive(Debug)]
pub(crate) struct Selector {
    /// The name of the metric.
    pub(crate) metric: String,
    /// Label, operator and value.
    pub(crate) matchers: Vec<(String, String, String)>,
    /// How far back.
    pub(crate) range: Option<Duration>,
    /// The innermost function or aggregation around it.
    pub(crate) within: Option<String>,
}

/// What a query selects and by which labels it groups and matches.
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// What it selects.
    pub(crate) selectors: Vec<Selector>,
    /// Labels of `by`, `on` and their like.
    pub(crate) labels: Vec<String>,
    /// Whether two things are compared.
    pub(crate) compares: bool,
}

const LABEL_LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
const WORDS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

/// Reads a query that promtool has parsed.
pub(crate) fn read(query: &str) -> Query {
    let tokens: Vec<&str> = tokens(query);
    let mut read = Query::default();
    let mut calls: Vec<Option<&str>> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at).copied() {
        at += 1;
        let next = tokens.get(at).copied();
        match token {
            "(" => calls.push(None),
            ")" => drop(calls.pop()),
            "[" => {
                let selector = read.selectors.last_mut().expect("a range belongs to a selector");
                selector.range = Some(duration(tokens[at]));
                at += 2;
            }
            ">" | "<" | ">=" | "<=" | "==" | "!=" => read.compares = true,
            "offset" => at += 1,
            word if !is_word(word) || WORDS.contains(&word) => {}
            list if LABEL_LISTS.contains(&list) => {
                assert_eq!(next, Some("("), "{list} has its labels in parentheses: {query}");
                let end = at + tokens[at..].iter().position(|token| *token == ")").unwrap();
                let labels = tokens[at + 1..end].iter().filter(|token| **token != ",");
                read.labels.extend(labels.map(|label| (*label).to_owned()));
                at = end + 1;
            }
            // An aggregation may have its labels before what it is of.
            call if next == Some("(") || next.is_some_and(|next| ["by", "without"].contains(&next)) => {
                if next != Some("(") {
                    let end = at + tokens[at..].iter().position(|token| *token == ")").unwrap();
                    let labels = tokens[at + 2..end].iter().filter(|token| **token != ",");
                    read.labels.extend(labels.map(|label| (*label).to_owned()));
                    at = end + 1;
                }
                assert_eq!(tokens[at], "(", "{query}");
                calls.push(Some(call));
                at += 1;
            }
            metric => {
                let mut matchers = Vec::new();
                if next == Some("{") {
                    let end = at + tokens[at..].iter().position(|token| *token == "}").unwrap();
                    for matcher in tokens[at + 1..end].split(|token| *token == ",") {
                        let [label, operator, value] = matcher else { panic!("{matcher:?}: {query}") };
                        let value = value.trim_matches('"');
                        matchers.push(((*label).to_owned(), (*operator).to_owned(), value.to_owned()));
                    }
                    at = end + 1;
                }
                let within = calls.iter().rev().find_map(|call| *call).map(str::to_owned);
                read.selectors.push(Selector { metric: metric.to_owned(), matchers, range: None, within });
            }
        }
    }
    read
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || "_:".contains(first))
}

fn tokens(query: &str) -> Vec<&str> {
    let token = r#""[^"]*"|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9a-z.e-]*|[=!]~|[><=!]=|[^\s]"#;
    regex::Regex::new(token).unwrap().find_iter(query).map(|found| found.as_str()).collect()
}

/// A duration such as `5m`.
pub(crate) fn duration(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - 1);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        other => panic!("{other} is no unit: {text}"),
    };
    Duration::from_secs(number.parse::<u64>().unwrap() * seconds)
}

#[test]
fn selectors_ranges_and_labels_of_a_query_are_found() {
    let query = read(
        "sum by (job, le) (rate(lag_bucket{job=\"a\", le=~\"b|c\"}[5m] offset 1h)) > bool 1e-3 * time() \
         unless on (x) max(y) without (z)",
    );
    let selectors: Vec<_> = query
        .selectors
        .iter()
        .map(|selector| (selector.metric.as_str(), selector.matchers.len(), selector.within.as_deref()))
        .collect();
    assert_eq!(selectors, [("lag_bucket", 2, Some("rate")), ("y", 0, Some("max"))]);
    assert_eq!(query.selectors[0].range, Some(Duration::from_secs(300)));
    assert_eq!(query.selectors[0].matchers[1], ("le".to_owned(), "=~".to_owned(), "b|c".to_owned()));
    assert_eq!(query.labels, ["job", "le", "x", "z"]);
    assert!(query.compares);
    assert!(!read("vector(1)").compares);
}
