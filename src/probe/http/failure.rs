//! What a broken exchange means.

use std::error::Error as StdError;

use tokio::time::Instant;

use super::exchange::Progress;
use crate::net::IoTrouble;
use crate::outcome::{Failure, Reason, error_chain};

/// Reads hyper's error, given how far the exchange came and what broke the stream below, if anything did.
pub(super) fn of(error: &hyper::Error, progress: &Progress<'_>, stream: Option<IoTrouble>) -> Failure {
    let frames = frames(error);
    // What broke the connection below is inside of HTTP/2's error where nobody watched the stream itself.
    let stream = stream.or_else(|| frames.and_then(h2::Error::get_io).map(IoTrouble::of));
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
    let chain = error_chain(error);
    match (&progress.head, &progress.stream) {
        (None, _) => Failure::new(reason, format!("waiting for the response: {chain}")),
        (Some(head), None) => {
            let (status, read) = (head.status.as_u16(), progress.body.len());
            Failure::new(reason, format!("HTTP {status}, reading the body, {read} bytes read: {chain}"))
        }
        (Some(head), Some(stream)) => {
            let reason = if reason == Reason::HttpReset { Reason::StreamCut } else { reason };
            let (status, so_far) = (head.status.as_u16(), stream.so_far(Instant::now()));
            Failure::new(reason, format!("HTTP {status}, reading the stream, {so_far}: {chain}"))
        }
    }
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

/// Whether the server said that it ends the connection.
pub(super) fn is_go_away(error: &hyper::Error) -> bool {
    frames(error).is_some_and(|frames| frames.is_remote() && frames.is_go_away())
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
