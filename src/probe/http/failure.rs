//! What a broken exchange means.

use std::error::Error as StdError;

use super::exchange::Progress;
use super::watch::Seen;
use crate::net::IoTrouble;
use crate::outcome::{Failure, Reason};

/// Reads hyper's error, given how far the exchange came and the error of the stream below, if it had one.
pub(super) fn of(error: &hyper::Error, progress: &Progress, seen: Option<&Seen>) -> Failure {
    let frames = frames(error);
    let rules_broken =
        error.is_parse() || error.is_parse_too_large() || frames.is_some_and(h2::Error::is_library);
    let stream_cut = frames.is_some_and(|frames| frames.is_reset() && frames.is_remote());
    let reason = match seen {
        _ if rules_broken => Reason::HttpProtocol,
        _ if stream_cut => Reason::HttpReset,
        Some(seen) => of_stream(seen),
        None if error.is_incomplete_message() => Reason::HttpReset,
        None => Reason::HttpProtocol,
    };
    let stage = match &progress.head {
        None => "waiting for the response".to_owned(),
        Some(head) => {
            format!("HTTP {}, reading the body, {} bytes read", head.status.as_u16(), progress.body.len())
        }
    };
    Failure::new(reason, format!("{stage}: {}", chain(error)))
}

fn of_stream(seen: &Seen) -> Reason {
    match (&seen.tls, seen.trouble) {
        (Some(_), _) => Reason::HttpProtocol,
        (None, IoTrouble::Exhausted) => Reason::CanaryExhausted,
        (None, IoTrouble::TimedOut) => Reason::HttpTimeout,
        (
            None,
            IoTrouble::Refused
            | IoTrouble::Reset
            | IoTrouble::Eof
            | IoTrouble::Unreachable
            | IoTrouble::Other,
        ) => Reason::HttpReset,
    }
}

/// What HTTP/2 has to say, if it is its error.
fn frames(error: &hyper::Error) -> Option<&h2::Error> {
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = next {
        if let Some(frames) = error.downcast_ref::<h2::Error>() {
            return Some(frames);
        }
        next = error.source();
    }
    None
}

/// An error and its causes in one line; a cause that only repeats what was said is left out.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        next = error.source();
    }
    text
}
