//! `/`: where to look, and how every path is.

use std::fmt::Write as _;
use std::sync::Arc;

use super::docs::{Page, html};
use super::{WebState, escape};
use crate::metrics::{PathStatus, REVISION, VERSION};
use axum::extract::State;

/// More paths than this are only counted.
const PATHS: usize = 100;

const LINKS: [(&str, &str); 6] = [
    ("/metrics", "metrics, for Prometheus"),
    ("/docs/reasons.md", "every reason why a call fails: symptoms, who must act, what to do"),
    ("/docs/alerts.md", "every alert, and what to do about it"),
    ("/api/v1/events", "what each target suffers from, and every change of it, as it happens"),
    ("/-/healthy", "whether the program runs"),
    ("/-/ready", "whether it watches"),
];

pub(super) async fn page(State(state): State<Arc<WebState>>) -> Page {
    html(render(&state.metrics.paths()))
}

fn render(paths: &[PathStatus]) -> String {
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
    if !paths.is_empty() {
        out.push_str("<table>\n<tr><th>target</th><th>route</th><th>family</th><th>last journey</th></tr>\n");
        for PathStatus { path, success } in paths.iter().take(PATHS) {
            let state = match success {
                None => "none yet",
                Some(true) => "ok",
                Some(false) => "failed",
            };
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{state}</td></tr>",
                escape(&path.target),
                escape(&path.route),
                path.family
            );
        }
        out.push_str("</table>\n");
        if let Some(more) = paths.len().checked_sub(PATHS).filter(|more| *more > 0) {
            let _ = writeln!(out, "<p>and {more} more</p>");
        }
    }
    out.push_str("</body>\n</html>\n");
    out
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
        let page = render(&[status("<b>&\"", Some(true)), status("b", Some(false)), status("c", None)]);
        assert!(page.contains("<td>&lt;b&gt;&amp;&quot;</td><td>direct</td><td>ipv4</td><td>ok</td>"));
        assert!(page.contains("<td>failed</td>") && page.contains("<td>none yet</td>"));
        assert!(!page.contains("more</p>"));
    }

    #[test]
    fn very_many_paths_are_only_counted() {
        let page = render(&vec![status("a", None); 103]);
        assert_eq!(page.matches("<td>a</td>").count(), 100);
        assert!(page.contains("<p>and 3 more</p>"));
    }
}
