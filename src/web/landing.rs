//! `/`: where to look, what every target suffers from, and how every path is.

use std::fmt::Write as _;
use std::sync::Arc;

use super::docs::{Page, html};
use super::{WebState, escape};
use crate::diagnosis::{Language, Verdict, blame};
use crate::metrics::{PathStatus, REVISION, VERSION};
use crate::sinks::Told;
use axum::extract::State;

/// More rows than this are only counted.
const ROWS: usize = 100;

const LINKS: [(&str, &str); 6] = [
    ("/metrics", "metrics, for Prometheus"),
    ("/docs/reasons.md", "every reason why a call fails: symptoms, who must act, what to do"),
    ("/docs/alerts.md", "every alert, and what to do about it"),
    ("/api/v1/events", "what each target suffers from, and every change of it, as it happens"),
    ("/-/healthy", "whether the program runs"),
    ("/-/ready", "whether it watches"),
];

pub(super) async fn page(State(state): State<Arc<WebState>>) -> Page {
    let mut targets = state.events.subscribe().state;
    targets.sort_by_key(|told| match told.diagnosis.verdict {
        Verdict::Down(_) => 0,
        Verdict::Degraded(_) => 1,
        Verdict::Ok => 2,
    });
    html(render(&targets, &state.metrics.paths()))
}

fn render(targets: &[Arc<Told>], paths: &[PathStatus]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>api-canary</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"stylesheet\" href=\"/docs/style.css\">\n\
         </head>\n<body>\n<h1>api-canary</h1>\n<p>Version {}, revision {}.</p>\n<ul>\n",
        escape(VERSION),
        escape(REVISION)
    );
    // Writing to a String cannot fail.
    for (href, text) in LINKS {
        let _ = writeln!(out, "<li><a href=\"{href}\">{href}</a>: {text}</li>");
    }
    out.push_str("</ul>\n");
    table(&mut out, ["target", "state", "why", "who must act"], targets, verdict);
    table(&mut out, ["target", "route", "family", "last journey"], paths, journey);
    out.push_str("</body>\n</html>\n");
    out
}

fn table<T>(out: &mut String, heads: [&str; 4], rows: &[T], cells: impl Fn(&T) -> [String; 4]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "<table>\n<tr><th>{}</th></tr>", heads.join("</th><th>"));
    for row in rows.iter().take(ROWS) {
        let _ = writeln!(out, "<tr><td>{}</td></tr>", cells(row).join("</td><td>"));
    }
    out.push_str("</table>\n");
    if let Some(more) = rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
        let _ = writeln!(out, "<p>and {more} more</p>");
    }
}

fn verdict(told: &Arc<Told>) -> [String; 4] {
    let now = &told.diagnosis;
    let (state, reason) = match now.verdict {
        Verdict::Ok => return [escape(&now.target), "works".to_owned(), String::new(), String::new()],
        Verdict::Degraded(reason) => ("degraded", reason),
        Verdict::Down(reason) => ("<strong>down</strong>", reason),
    };
    let why = format!("<a href=\"/docs/reasons.md#{reason}\">{reason}</a>: {}", escape(now.summary()));
    let who = now.blame.map_or("nobody", |who| blame(who, Language::English));
    [escape(&now.target), state.to_owned(), why, escape(who)]
}

fn journey(PathStatus { path, success }: &PathStatus) -> [String; 4] {
    let state = match success {
        None => "none yet",
        Some(true) => "ok",
        Some(false) => "failed",
    };
    [escape(&path.target), escape(&path.route), path.family.to_string(), state.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Family, PathId};

    fn status(target: &str, success: Option<bool>) -> PathStatus {
        PathStatus {
            path: PathId { target: target.into(), route: "direct".into(), family: Family::Ipv4 },
            success,
        }
    }

    #[test]
    fn names_are_escaped_and_paths_have_their_state() {
        let page = render(&[], &[status("<b>&\"", Some(true)), status("b", Some(false)), status("c", None)]);
        assert!(page.contains("<td>&lt;b&gt;&amp;&quot;</td><td>direct</td><td>ipv4</td><td>ok</td>"));
        assert!(page.contains("<td>failed</td>") && page.contains("<td>none yet</td>"));
        assert!(!page.contains("more</p>"));
    }

    #[test]
    fn very_many_paths_are_only_counted() {
        let page = render(&[], &vec![status("a", None); 103]);
        assert_eq!(page.matches("<td>a</td>").count(), 100);
        assert!(page.contains("<p>and 3 more</p>"));
    }
}
