//! Links: from board to board, and from what is shown to the board that says more of it.

use serde_json::json;

use super::Findings;
use crate::dashboards::board::{Board, each_object, list, text};

pub(super) fn check(board: &Board, boards: &[Board], findings: &mut Findings<'_>) {
    let to_others = list(&board.json["links"]).any(|link| {
        text(link, "type") == "dashboards"
            && link["tags"] == json!(["api-canary"])
            && link["keepTime"] == json!(true)
            && link["includeVars"] == json!(true)
    });
    findings.want(to_others, "board-links", "board", || {
        "no link by the tag api-canary keeps time and variables".into()
    });
    let mut urls = Vec::new();
    each_object(&board.json["panels"], "panels", &mut |path, object| {
        if let Some(url) = object.get("url").and_then(serde_json::Value::as_str) {
            urls.push((path.to_owned(), url.to_owned()));
        }
    });
    if board.uid() == "api-canary-overview" {
        let leads = urls.iter().any(|(_, url)| url.starts_with("/d/api-canary-target?"));
        findings.want(leads, "data-links", "board", || "no row leads to the board of its target".into());
    }
    for (path, url) in urls {
        let Some(inside) = url.strip_prefix("/d/") else {
            // A canary serves its own documentation; its address is the label of its series.
            let documentation =
                url.starts_with("https://") || url.starts_with("http://${__data.fields.instance}/docs/");
            findings.want(documentation, "data-links", &path, || format!("{url} leads nowhere"));
            continue;
        };
        let (uid, parameters) = inside.split_once('?').unwrap_or((inside, ""));
        let uid = uid.split('/').next().unwrap_or_default();
        let Some(other) = boards.iter().find(|other| other.uid() == uid) else {
            findings.add("data-links", &path, format!("there is no board {uid}"));
            continue;
        };
        findings.want(
            parameters.split('&').any(|one| one == "${__url_time_range}"),
            "data-links",
            &path,
            || format!("{url} loses the time range"),
        );
        for parameter in parameters.split('&').filter_map(|one| one.strip_prefix("var-")) {
            let name = parameter.split('=').next().unwrap_or_default();
            let known = other.variables().any(|variable| text(variable, "name") == name);
            findings.want(known, "data-links", &path, || format!("{uid} has no variable {name}"));
        }
    }
}
