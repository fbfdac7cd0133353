//! Words in place of labels: what a board says of a reason is what the catalogue says, and so for who must act.

use api_canary::diagnosis::{Language, blame};
use api_canary::outcome::{Blame, Reason, Severity};
use serde_json::{Map, Value, json};

use super::board::{Board, directory, each_object};

/// Everybody who can be to blame.
const ACTORS: [Blame; 7] = [
    Blame::Resolver,
    Blame::Network,
    Blame::Proxy,
    Blame::Provider,
    Blame::Account,
    Blame::Config,
    Blame::Canary,
];

/// A value mapping in the order of its values, each with its colour, if it has any, and its text.
fn mapping(values: impl IntoIterator<Item = (&'static str, Option<&'static str>, String)>) -> Value {
    let mut options = Map::new();
    for (index, (value, colour, text)) in values.into_iter().enumerate() {
        let mut shown = Map::new();
        shown.extend(colour.map(|colour| ("color".to_owned(), json!(colour))));
        shown.extend([("index".to_owned(), json!(index)), ("text".to_owned(), json!(text))]);
        options.insert(value.to_owned(), Value::Object(shown));
    }
    Value::Object(options)
}

/// What each verdict means.
fn verdicts() -> Value {
    let reasons = Reason::ALL.iter().map(|reason| {
        let colour = match reason.severity() {
            Severity::Degraded => "yellow",
            Severity::Down => "red",
        };
        (reason.label(), Some(colour), reason.summary().to_owned())
    });
    mapping([("ok", Some("green"), "all is well".to_owned())].into_iter().chain(reasons))
}

/// Who must act.
fn actors() -> Value {
    let actors = ACTORS.map(|who| (who.label(), None, blame(who, Language::English).to_owned()));
    mapping([("none", Some("green"), "nobody".to_owned())].into_iter().chain(actors))
}

/// Puts the words in place of those that a board has; how many mappings there are.
fn refresh(json: &mut Value) -> usize {
    let own = json.get("type").and_then(Value::as_str) == Some("value");
    if let Some(options) = json.get_mut("options").filter(|options| own && options.is_object()) {
        if options.get("dns_nxdomain").is_some() {
            *options = verdicts();
            return 1;
        }
        if options.get("provider").is_some() && options.get("network").is_some() {
            *options = actors();
            return 1;
        }
    }
    match json {
        Value::Object(inner) => inner.values_mut().map(refresh).sum(),
        Value::Array(inner) => inner.iter_mut().map(refresh).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test asks how it was started, not how the program is set up"
)]
fn update() -> bool {
    std::env::var("UPDATE_GENERATED").is_ok_and(|value| value == "1")
}

#[test]
fn the_generated_words_of_the_boards_are_up_to_date() {
    for board in Board::all() {
        let mut fresh = board.json.clone();
        let mappings = refresh(&mut fresh);
        if update() {
            std::fs::write(directory().join(&board.file), Board::written(&fresh)).unwrap();
        } else {
            assert!(
                fresh == board.json && same_order(&fresh, &board.json),
                "dashboards/{} says something else than the catalogue; refresh it with \
                 UPDATE_GENERATED=1 cargo test generated",
                board.file
            );
        }
        // These two say why something fails; one of them without words would say `tls_chain_incomplete`.
        if matches!(board.uid(), "api-canary-overview" | "api-canary-target") {
            assert!(mappings > 0, "{} has no words for verdicts", board.file);
        }
    }
}

/// Whether the values of mappings stand in the same order; objects are equal in any.
fn same_order(one: &Value, other: &Value) -> bool {
    Board::written(one) == Board::written(other)
}

#[test]
fn words_are_put_in_place_and_nothing_else_changes() {
    let board = |verdicts: Value, actors: Value| {
        json!({
            "zebra": 1,
            "fieldConfig": { "overrides": [ { "properties": [ { "id": "mappings", "value": [
                { "type": "value", "options": verdicts },
                { "type": "value", "options": actors },
                { "type": "value", "options": { "1": { "text": "up" } } },
                { "type": "special", "options": { "match": "null", "result": { "text": "-" } } }
            ] } ] } ] },
            "ant": 1.0
        })
    };
    let old = board(json!({ "dns_nxdomain": { "text": "old" } }), json!({ "network": {}, "provider": {} }));
    let mut fresh = old.clone();
    assert_eq!(refresh(&mut fresh), 2);
    assert_eq!(fresh, board(verdicts(), actors()));
    assert!(Board::written(&fresh).find("zebra") < Board::written(&fresh).find("ant"), "order is kept");
    let mut none = board(json!({}), json!({ "network": {} }));
    assert_eq!(refresh(&mut none), 0);
}

#[test]
fn every_reason_has_words_and_a_colour_of_its_severity() {
    let words = verdicts();
    assert_eq!(words.as_object().unwrap().len(), Reason::ALL.len() + 1);
    assert_eq!(words["dns_nxdomain"]["color"], "red");
    assert_eq!(words["slow_first_token"]["color"], "yellow");
    assert_eq!(words["ok"], json!({ "color": "green", "index": 0, "text": "all is well" }));
    let mut colours = 0;
    each_object(&words, "", &mut |_, object| colours += usize::from(object.get("color").is_some()));
    assert_eq!(colours, words.as_object().unwrap().len());
    assert_eq!(actors()["provider"]["text"], "the provider");
}
