//! Grafana's own model of a board, from its SDK for Python: a key that it does not know is one that Grafana ignores.

use std::path::{Path, PathBuf};

use super::board::{Board, directory};
use crate::python::{packages, python, said};
use crate::workspace::Workspace;

const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/dashboards/round_trip");

/// What the model loses or changes of boards, one line each.
fn lost(boards: &[PathBuf]) -> Vec<String> {
    let packages = packages("dashboards/round_trip/requirements.txt");
    let mut command = python();
    command.arg(Path::new(PLACE).join("lost_keys.py")).args(boards).env("PYTHONPATH", packages);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn grafanas_own_model_loses_no_key_of_a_board() {
    let boards: Vec<_> = Board::all().iter().map(|board| directory().join(&board.file)).collect();
    let lost = lost(&boards);
    assert!(lost.is_empty(), "{} keys:\n{}", lost.len(), lost.join("\n"));
}

#[test]
fn a_misspelt_key_is_lost_by_the_model() {
    let workspace = Workspace::new();
    let mut board = Board::all().remove(0);
    board.json["grafTooltip"] = serde_json::json!(1);
    board.json["panels"][0]["discription"] = serde_json::json!("no");
    let file = workspace.write("misspelt.json", &Board::written(&board.json));
    let lost = lost(&[file]);
    for key in ["misspelt.json.grafTooltip is lost", "misspelt.json.panels[0].discription is lost"] {
        assert!(lost.iter().any(|line| line == key), "{key}: {lost:?}");
    }
}
