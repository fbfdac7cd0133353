//! HTTP CONNECT: the question, and what the answer means (RFC 9110 §9.3.6).
//!
//! Read leniently: a proxy whose headers are not as they should be is still a proxy, and its status is what is asked for.

use httparse::{EMPTY_HEADER, Header, ParserConfig, Response, Status};
use tokio::io::{AsyncRead, AsyncWrite};

use super::challenge::add_schemes;
use super::confided::Confided;
use super::inbox::Inbox;
use super::refusal::Refusal;
use super::setup::ProxySetup;
use crate::outcome::{ProxyEvidence, Reason};

/// More headers than this are no answer of a proxy.
const MOST_HEADERS: usize = 128;

/// Headers in which proxies say why, and who they are.
const TELLING: [&str; 6] =
    ["x-deny-reason", "x-proxy-error", "x-squid-error", "proxy-status", "via", "server"];

/// How many of them are told, and how much of each.
const TOLD: usize = 6;
const TOLD_LENGTH: usize = 80;

/// What one head says.
enum Answer {
    /// An informational one: the answer is still to come.
    Interim,
    /// From here on the bytes are the target's.
    Tunnel(u16),
    Refused {
        status: u16,
        schemes: Vec<String>,
        refusal: Refusal,
    },
}

/// Asks for a tunnel to `authority`.
pub(super) async fn ask<S>(
    inbox: &mut Inbox<'_, S>,
    setup: &ProxySetup,
    authority: &str,
    evidence: &mut ProxyEvidence,
) -> Result<(), Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let asked = format!("CONNECT {authority}");
    inbox.ask(asked.as_str(), request(setup, authority).as_bytes()).await?;
    loop {
        let head = head(inbox).await?;
        let answer = read(&head, &asked, setup).map_err(|error| {
            let start = setup.confided().quote(&head, TOLD_LENGTH);
            let words = format!("its answer to {asked} is not valid HTTP ({error}); it began with {start:?}");
            Refusal::new(Reason::ProxyProtocol, words)
        })?;
        match answer {
            Answer::Interim => {}
            Answer::Tunnel(status) => {
                evidence.status = Some(status);
                return Ok(());
            }
            Answer::Refused { status, schemes, refusal } => {
                evidence.status = Some(status);
                evidence.auth_schemes = schemes;
                return Err(refusal);
            }
        }
    }
}

fn request(setup: &ProxySetup, authority: &str) -> String {
    let agent = concat!("api-canary/", env!("CARGO_PKG_VERSION"));
    let authorization = setup.authorization().map_or_else(String::new, |authorization| {
        format!("Proxy-Authorization: {}\r\n", authorization.expose())
    });
    format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {agent}\r\n{authorization}\r\n")
}

/// Waits for a whole head, and takes it.
async fn head<S>(inbox: &mut Inbox<'_, S>) -> Result<bytes::BytesMut, Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut searched = 0;
    loop {
        // Empty lines before a head are nothing (RFC 9112 §2.2).
        let empty = inbox.came().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if searched == 0 && empty > 0 {
            let _ = inbox.take(empty);
        }
        let came = inbox.came();
        if !came.iter().zip(b"HTTP/").all(|(byte, expected)| byte == expected) {
            return Err(inbox.not("HTTP"));
        }
        if let Some(end) = end_of_head(came, searched) {
            return Ok(inbox.take(end));
        }
        searched = came.len().saturating_sub(2);
        inbox.more().await?;
    }
}

/// Where the empty line ends that ends a head; it is not before `from`.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').find_map(|(at, _)| match rest.get(at + 1..) {
        Some([b'\n', ..]) => Some(from + at + 2),
        Some([b'\r', b'\n', ..]) => Some(from + at + 3),
        _ => None,
    })
}

fn read(head: &[u8], asked: &str, setup: &ProxySetup) -> Result<Answer, httparse::Error> {
    let mut parser = ParserConfig::default();
    parser
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true);
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut response = Response::new(&mut headers);
    let status = match parser.parse_response(&mut response, head)? {
        Status::Complete(_) => response.code.ok_or(httparse::Error::Status)?,
        Status::Partial => return Err(httparse::Error::Status),
    };
    let confided = setup.confided();
    Ok(match status {
        // After 101 no other head comes.
        100 | 102..=199 => Answer::Interim,
        200..=299 => Answer::Tunnel(status),
        _ => {
            let phrase = confided.quote(response.reason.unwrap_or_default().as_bytes(), TOLD_LENGTH);
            let said = format!("{status} {phrase}");
            let said = said.trim_end();
            let told = told(response.headers, confided);
            let schemes = schemes(response.headers, confided);
            // Some answer 401, as tinyproxy does to credentials that are wrong.
            let refusal = if matches!(status, 401 | 407) {
                unauthorized(said, &schemes, setup.authorization().is_some(), &told)
            } else {
                refused(status, &format!("{asked} was answered with {said}{told}"))
            };
            Answer::Refused { status, schemes, refusal }
        }
    })
}

fn unauthorized(said: &str, schemes: &[String], sent: bool, told: &str) -> Refusal {
    let how = if sent { "rejected the credentials" } else { "wants credentials, and none are configured" };
    let offers = if schemes.is_empty() {
        "it offers no authentication scheme".to_owned()
    } else {
        let unusable = !schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic"));
        let only = if unusable { ", and only Basic is supported" } else { "" };
        format!("it offers {}{only}", schemes.join(", "))
    };
    Refusal::new(Reason::ProxyAuthRequired, format!("it {how}: {said}; {offers}{told}"))
}

fn refused(status: u16, words: &str) -> Refusal {
    match status {
        403 | 451 => Refusal::new(Reason::ProxyDenied, words),
        // What an ordinary web server says to a method it does not know, or to plain HTTP on its TLS port.
        400 | 405 | 501 => Refusal::new(Reason::ProxyProtocol, format!("{words}: it is no such proxy")),
        _ => Refusal::new(Reason::ProxyFailed, words),
    }
}

fn schemes(headers: &[Header<'_>], confided: &Confided) -> Vec<String> {
    let mut schemes = Vec::new();
    for header in headers.iter().filter(|header| header.name.eq_ignore_ascii_case("proxy-authenticate")) {
        add_schemes(&confided.quote(header.value, usize::MAX), &mut schemes);
    }
    schemes
}

/// What the headers say on it, in brackets.
fn told(headers: &[Header<'_>], confided: &Confided) -> String {
    let named =
        |name: &'static str| headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    let all = TELLING.iter().flat_map(|name| named(name).map(move |header| (*name, header.value)));
    let words = all.map(|(name, value)| (name, confided.quote(value, TOLD_LENGTH)));
    let told: Vec<_> = words
        .filter(|(_, value)| !value.is_empty())
        .take(TOLD)
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn heads_end_with_an_empty_line_of_either_kind() {
        for (bytes, end) in [
            (&b"HTTP/1.1 200 OK\r\n\r\nrest"[..], Some(19)),
            (b"HTTP/1.0 200\n\nrest", Some(14)),
            (b"HTTP/1.1 200\r\na: b\r\n\nrest", Some(21)),
            (b"HTTP/1.1 200 OK\r\n\r", None),
            (b"HTTP/1.1 200 OK\r\n", None),
            (b"", None),
        ] {
            assert_eq!(end_of_head(bytes, 0), end);
            // Whatever came before the last two bytes was searched before.
            for from in end.map_or(0..0, |end| 0..end.saturating_sub(3)) {
                assert_eq!(end_of_head(bytes, from), end);
            }
        }
    }

    proptest! {
        #[test]
        fn an_end_is_found_however_the_bytes_come(head in "[a\r\n]{0,40}", cut in 0_usize..40) {
            let bytes = head.as_bytes();
            let whole = end_of_head(bytes, 0);
            let first = bytes.get(..cut.min(bytes.len())).unwrap();
            let found = end_of_head(first, 0).or_else(|| end_of_head(bytes, first.len().saturating_sub(2)));
            prop_assert_eq!(found, whole);
        }
    }
}
