//! What a broken exchange means.

use std::error::Error as StdError;

use super::exchange::Progress;
use crate::net::IoTrouble;
use crate::outcome::{Failure, Reason, error_chain};

/// Reads hyper's error, given how far the exchange came and what broke the stream below, if anything did.
pub(super) fn of(error: &hyper::Error, progress: &Progress, stream: Option<IoTrouble>) -> Failure {
    let frames = frames(error);
    let rules_broken =
        error.is_parse() || error.is_parse_too_large() || frames.is_some_and(h2::Error::is_library);
    // The peer ended the stream or the connection by the rules: RST_STREAM, GOAWAY.
    let cut = frames.is_some_and(|frames| frames.is_remote() && (frames.is_reset() || frames.is_go_away()));
    let reason = match stream {
        _ if rules_broken => Reason::HttpProtocol,
        _ if cut => Reason::HttpReset,
        Some(trouble) => of_stream(trouble),
        None if error.is_incomplete_message() => Reason::HttpReset,
        None => Reason::HttpProtocol,
    };
    let stage = match &progress.head {
        None => "waiting for the response".to_owned(),
        Some(head) => {
            format!("HTTP {}, reading the body, {} bytes read", head.status.as_u16(), progress.body.len())
        }
    };
    Failure::new(reason, format!("{stage}: {}", error_chain(error)))
}

fn of_stream(trouble: IoTrouble) -> Reason {
    match trouble {
        IoTrouble::Exhausted => Reason::CanaryExhausted,
        IoTrouble::TimedOut => Reason::HttpTimeout,
        // Other: an alert, or records that were damaged on the way.
        IoTrouble::Refused
        | IoTrouble::Reset
        | IoTrouble::Eof
        | IoTrouble::Unreachable
        | IoTrouble::Other => Reason::HttpReset,
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
