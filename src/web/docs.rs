//! `/docs/`: the pages of the documentation that alerts point to, as HTML.
//!
//! Promises: the anchors are those of a forge, so that `docs/reasons.md#NAME` is the same place here and there; nothing is
//! loaded from elsewhere, and nothing is run in the browser.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use super::{escape, not_found};

/// The pages by their names, as they stand in `docs/`.
const PAGES: [(&str, &str); 2] = [
    ("reasons.md", include_str!("../../docs/reasons.md")),
    ("alerts.md", include_str!("../../docs/alerts.md")),
];

/// How all pages look.
const STYLE: &str = include_str!("assets/style.css");

/// Nothing may be loaded but our own style sheet, and no other page may frame ours.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Rendered once, when the first page is asked for.
static RENDERED: LazyLock<Vec<(&str, String)>> =
    LazyLock::new(|| PAGES.iter().map(|(name, markdown)| (*name, render(name, markdown))).collect());

fn headers(content_type: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ]
}

pub(super) async fn page(Path(wanted): Path<String>) -> Response {
    if wanted == "style.css" {
        return (headers("text/css; charset=utf-8"), STYLE).into_response();
    }
    match RENDERED.iter().find(|(name, _)| *name == wanted) {
        Some((_, page)) => (headers("text/html; charset=utf-8"), page.as_str()).into_response(),
        None => not_found().into_response(),
    }
}

fn render(name: &str, markdown: &str) -> String {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let title = anchor_headings(&mut events).unwrap_or_else(|| name.to_owned());
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{} · api-canary</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"stylesheet\" href=\"style.css\">\n\
         </head>\n<body>\n<p><a href=\"../\">api-canary</a>",
        escape(&title)
    );
    for (page, _) in PAGES {
        // Writing to a String cannot fail.
        let _ = write!(out, " · <a href=\"{page}\">{page}</a>");
    }
    out.push_str("</p>\n");
    pulldown_cmark::html::push_html(&mut out, with_links_that_work(events).into_iter());
    out.push_str("</body>\n</html>\n");
    out
}

/// Gives every heading its anchor; the text of the first.
fn anchor_headings(events: &mut [Event<'_>]) -> Option<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut first = None;
    for start in 0..events.len() {
        if !matches!(events[start], Event::Start(Tag::Heading { .. })) {
            continue;
        }
        let mut text = String::new();
        for event in &events[start..] {
            match event {
                Event::End(TagEnd::Heading(_)) => break,
                Event::Text(part) | Event::Code(part) => text.push_str(part),
                _ => {}
            }
        }
        let anchor = anchor(&text);
        let earlier = seen.entry(anchor.clone()).and_modify(|count| *count += 1).or_insert(0);
        let unique = if *earlier == 0 { anchor } else { format!("{anchor}-{earlier}") };
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[start] {
            *id = Some(CowStr::from(unique));
        }
        first.get_or_insert(text);
    }
    first
}

/// The anchor of a heading as forges make it: in lowercase, with hyphens for spaces, without punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Leaves out links to files that are not served here, and images; their text stays.
fn with_links_that_work(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut open = Vec::new();
    let keeps = |event: &Event<'_>| match event {
        Event::Start(Tag::Link { dest_url, .. }) => {
            open.push(works(dest_url));
            open.last().copied().unwrap_or(true)
        }
        Event::End(TagEnd::Link) => open.pop().unwrap_or(true),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => false,
        _ => true,
    };
    let mut events = events;
    events.retain(keeps);
    events
}

fn works(link: &str) -> bool {
    let page = link.split('#').next().unwrap_or_default();
    page.is_empty()
        || ["https://", "http://"].iter().any(|scheme| link.starts_with(scheme))
        || PAGES.iter().any(|(name, _)| *name == page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Reason;

    /// What all values of an attribute are on a page.
    fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
        page.split(&format!(" {name}=\""))
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default())
            .collect()
    }

    fn rendered(name: &str) -> &'static str {
        &RENDERED.iter().find(|(page, _)| *page == name).unwrap().1
    }

    #[test]
    fn every_reason_is_a_place_on_its_page() {
        let page = rendered("reasons.md");
        let ids = attributes(page, "id");
        for reason in Reason::ALL {
            assert!(ids.contains(&reason.label()), "{reason}");
        }
        assert!(page.contains("<title>Reasons · api-canary</title>") && page.contains("<table>"));
    }

    #[test]
    fn every_link_leads_somewhere_and_every_anchor_is_there_once() {
        for (name, _) in PAGES {
            let page = rendered(name);
            let mut ids = attributes(page, "id");
            for link in attributes(page, "href") {
                if let Some((on, anchor)) = link.split_once('#')
                    && !link.contains("://")
                {
                    let on = if on.is_empty() { name } else { on };
                    assert!(attributes(rendered(on), "id").contains(&anchor), "{name}: {link}");
                }
            }
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count, "{name}");
            assert_eq!(attributes(page, "src"), [""; 0], "{name}");
            assert!(!page.contains("<script") && !page.contains("<style"), "{name}");
        }
    }

    #[test]
    fn anchors_are_those_of_a_forge() {
        for (heading, expected) in [
            ("dns_nxdomain", "dns_nxdomain"),
            ("ApiCanaryTlsFails", "apicanarytlsfails"),
            ("What to do, and who?", "what-to-do-and-who"),
            ("`for:` and group_wait", "for-and-group_wait"),
        ] {
            let page = render("x.md", &format!("# {heading}\n\n## {heading}\n"));
            assert_eq!(attributes(&page, "id"), [expected, &format!("{expected}-1")], "{heading}");
        }
    }

    #[test]
    fn links_to_what_is_not_served_are_text() {
        let page = render(
            "x.md",
            "[a](config.md#x) [b](reasons.md#dns_nodata) [c](#d) [e](https://e.test/) [f](../README.md) ![g](img/g.png)",
        );
        let body = page.split("</p>\n").nth(1).unwrap();
        assert_eq!(attributes(body, "href"), ["reasons.md#dns_nodata", "#d", "https://e.test/"]);
        assert!(body.contains("<p>a <a") && body.ends_with("f g"), "{body}");
    }
}
