//! What answers on the port if it is spoken to in plain HTTP: a portal, another service, or a TLS server, which says nothing
//! to that.
//!
//! Promises: the request is the fixed one; what is told of the answer is short, on one line, and without queries.

use std::time::Duration;

use tokio::time::Instant;

use super::scene::{Scene, stream};
use crate::outcome::{PlainAnswer, Trial};
use crate::probe::http::{Came, Fixed, Page, ask_fixed};
use crate::probe::{tcp, tls};
use crate::units::Deadline;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many characters are told of where an answer leads to.
const LOCATION: usize = 200;

/// How many characters are told of a title, and of who says that it answers.
const SHORT: usize = 80;

pub(super) async fn ask(scene: &Scene<'_>) -> Result<Trial, String> {
    let address = scene.address()?;
    let now = Instant::now();
    let deadline = Deadline::after(now, scene.deadline.left(now).min(PATIENCE));
    let stream = stream(tcp::connect(&[address.ip()], address.port(), deadline).await)?;
    let came = ask_fixed(stream, Fixed::Get, &scene.site.endpoint, deadline).await;
    Ok(Trial::PlainHttp(answer(came)))
}

fn answer(came: Came) -> PlainAnswer {
    match came {
        Came::Http(page) => PlainAnswer::Http {
            status: page.status,
            location: page.header("location").map(|location| leads(&location)),
            title: title(&page),
            server: page.header("server").map(|server| short(&server, SHORT)).filter(|text| !text.is_empty()),
        },
        // An alert, for a hello that is none.
        Came::Other(bytes) if tls::looks_like_tls(&bytes) => {
            PlainAnswer::Nothing("a TLS record came, as from a server that speaks TLS only".to_owned())
        }
        Came::Other(bytes) => PlainAnswer::Other(tls::first_line(&bytes)),
        Came::Nothing(words) => PlainAnswer::Nothing(words),
    }
}

/// A `Location` without what often holds secrets.
fn leads(location: &str) -> String {
    let end = location.find(['?', '#']).unwrap_or(location.len());
    short(location.get(..end).unwrap_or_default(), LOCATION)
}

/// The title of a page of HTML.
fn title(page: &Page) -> Option<String> {
    let text = String::from_utf8_lossy(&page.body);
    // Lower case only where it does not move anything.
    let lower = text.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let begin = open + lower.get(open..)?.find('>')? + 1;
    let end = lower.get(begin..)?.find("</title").map_or(lower.len(), |length| begin + length);
    let title = short(text.get(begin..end)?, SHORT);
    (!title.is_empty()).then_some(title)
}

/// A text on one line, with single spaces and so many characters at the most.
fn short(text: &str, most: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let squashed = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if squashed.chars().count() <= most {
        return squashed;
    }
    let mut cut: String = squashed.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}
