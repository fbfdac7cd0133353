//! What a broken exchange means.

use std::error::Error as StdError;
use std::io;

use rustls::AlertDescription;

use super::exchange::Progress;
use crate::net::{IoTrouble, rustls_error};
use crate::outcome::{Failure, Reason};

/// A broken exchange, in the catalogue's words.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) failure: Failure,
    pub(super) client_certificate_required: bool,
}

/// Reads hyper's error, given how far the exchange came.
pub(super) fn of(error: &hyper::Error, progress: &Progress) -> Broken {
    let reason = if error.is_parse() || error.is_parse_too_large() {
        Reason::HttpProtocol
    } else if error.is_incomplete_message() {
        Reason::HttpReset
    } else {
        match cause(error) {
            Some(Cause::Socket(IoTrouble::Exhausted)) => Reason::CanaryExhausted,
            Some(Cause::Socket(IoTrouble::TimedOut)) => Reason::HttpTimeout,
            Some(Cause::Socket(_)) => Reason::HttpReset,
            Some(Cause::Frames) | None => Reason::HttpProtocol,
        }
    };
    let stage = match &progress.head {
        None => "waiting for the response".to_owned(),
        Some(head) => {
            format!("HTTP {}, reading the body, {} bytes read", head.status.as_u16(), progress.body.len())
        }
    };
    Broken {
        failure: Failure::new(reason, format!("{stage}: {}", chain(error))),
        client_certificate_required: matches!(
            rustls_error(error),
            Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired))
        ),
    }
}

enum Cause {
    /// The connection broke.
    Socket(IoTrouble),
    /// The peer broke the rules of HTTP/2, or ended the stream by them.
    Frames,
}

fn cause(error: &(dyn StdError + 'static)) -> Option<Cause> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(frames) = error.downcast_ref::<h2::Error>() {
            return Some(frames.get_io().map_or(Cause::Frames, |error| Cause::Socket(IoTrouble::of(error))));
        }
        if let Some(socket) = error.downcast_ref::<io::Error>() {
            // What rustls refuses on an established connection arrives as invalid data: not the socket's doing.
            let invalid =
                socket.kind() == io::ErrorKind::InvalidData || socket.kind() == io::ErrorKind::InvalidInput;
            return Some(if invalid { Cause::Frames } else { Cause::Socket(IoTrouble::of(socket)) });
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
