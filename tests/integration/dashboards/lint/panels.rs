//! Panels: where they stand, what they are, what they say of themselves.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Findings;
use crate::dashboards::board::{Board, Panel, list, text};
use crate::dashboards::known::{PANELS, UNITS};

/// How many columns a board has.
const COLUMNS: u64 = 24;

pub(super) fn check(board: &Board, findings: &mut Findings<'_>) {
    let panels = board.panels();
    let mut ids = BTreeSet::new();
    for panel in &panels {
        let id = panel.json["id"].as_u64();
        findings.want(id.is_some_and(|id| id > 0 && ids.insert(id)), "panel-ids", panel.title(), || {
            format!("the id {id:?} is missing or another panel's")
        });
        one(*panel, findings);
    }
    let mut titles = BTreeSet::new();
    for panel in panels.iter().filter(|panel| panel.kind() != "row") {
        findings
            .want(titles.insert(panel.title()), "title", panel.title(), || "another panel has it too".into());
    }
    grid(&panels, findings);
}

fn one(panel: Panel<'_>, findings: &mut Findings<'_>) {
    let title = panel.title();
    findings.want(PANELS.contains(&panel.kind()), "panel-kind", title, || {
        format!("{:?} is not part of Grafana itself, or not drawn by the tests", panel.kind())
    });
    findings.want(!title.trim().is_empty(), "title", title, || "there is none".into());
    if panel.kind() == "row" {
        return;
    }
    let description = text(panel.json, "description").trim();
    findings.want(description.ends_with('.') || description.ends_with(')'), "description", title, || {
        format!("there is no sentence: {description:?}")
    });
    if !panel.asks() {
        return;
    }
    findings.want(
        panel.json["datasource"]["uid"].as_str() == Some("${datasource}"),
        "datasource",
        title,
        || "the panel does not say where its data comes from".into(),
    );
    units(panel, findings);
    let mut references = BTreeSet::new();
    let targets: Vec<_> = list(&panel.json["targets"]).collect();
    findings.want(!targets.is_empty(), "targets", title, || "it asks for nothing".into());
    for target in targets {
        let reference = text(target, "refId");
        findings.want(!reference.is_empty() && references.insert(reference), "targets", title, || {
            format!("the refId {reference:?} is missing or another query's")
        });
        findings.want(!text(target, "expr").trim().is_empty(), "targets", title, || {
            format!("{reference} asks for nothing")
        });
        let source = target["datasource"]["uid"].as_str();
        findings.want(source == Some("${datasource}"), "datasource", title, || {
            format!("{reference} does not say where its data comes from")
        });
    }
}

/// Every number has a unit, of the panel or of its field, unless words stand in its place.
fn units(panel: Panel<'_>, findings: &mut Findings<'_>) {
    let defaults = &panel.json["fieldConfig"]["defaults"];
    let mut units: Vec<&Value> = Vec::new();
    let mut worded = list(&defaults["mappings"]).count() > 0;
    units.extend(defaults.get("unit"));
    for over in list(&panel.json["fieldConfig"]["overrides"]) {
        for property in list(&over["properties"]) {
            match text(property, "id") {
                "unit" => units.push(&property["value"]),
                // A table's default is for no column in particular.
                "mappings" if panel.kind() == "table" => worded = true,
                _ => {}
            }
        }
    }
    let by_default =
        defaults.get("unit").is_some() || worded || (panel.kind() == "table" && !units.is_empty());
    findings.want(by_default, "unit", panel.title(), || "there is neither a unit nor a word".into());
    for unit in units {
        let known = unit.as_str().is_some_and(|unit| UNITS.contains(&unit));
        findings.want(known, "unit", panel.title(), || format!("Grafana or this test does not know {unit}"));
    }
}

/// Nothing stands outside of the board, nothing on something else.
fn grid(panels: &[Panel<'_>], findings: &mut Findings<'_>) {
    let mut placed: Vec<(Panel<'_>, [u64; 4])> = Vec::new();
    for panel in panels {
        let position = &panel.json["gridPos"];
        let place = ["x", "y", "w", "h"].map(|key| position[key].as_u64());
        let [Some(x), Some(y), Some(w), Some(h)] = place else {
            findings.add("grid", panel.title(), format!("there is no place: {position}"));
            continue;
        };
        let whole_row = panel.kind() != "row" || (w, h) == (COLUMNS, 1);
        findings.want(w > 0 && h > 0 && x + w <= COLUMNS && whole_row, "grid", panel.title(), || {
            format!("{position} is not within the columns")
        });
        for (other, [ox, oy, ow, oh]) in &placed {
            // What is folded into a row stands where later rows stand.
            let beside = match (panel.row, other.row) {
                (None, None) => true,
                (Some(one), Some(other)) => std::ptr::eq(one, other),
                _ => false,
            };
            let overlap = x < ox + ow && *ox < x + w && y < oy + oh && *oy < y + h;
            findings.want(!(beside && overlap), "grid", panel.title(), || {
                format!("it stands on {:?}", other.title())
            });
        }
        placed.push((*panel, [x, y, w, h]));
    }
}
