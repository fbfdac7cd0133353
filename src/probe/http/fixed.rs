//! Fixed requests, for peers of which nothing is known: the root by `HEAD` or `GET`, and what comes back, be it HTTP or not.
//!
//! Promises: what is sent is the same for every target but for the host, so no key, no configured header and no configured
//! path; at most 4 KiB are read; what answers in another protocol is handed on as it came.

use std::io;

use httparse::{EMPTY_HEADER, Status};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::plan::AGENT;
use crate::target::Endpoint;
use crate::units::Deadline;

/// How much of an answer is read.
const LIMIT: u64 = 4 * 1024;

/// Headers of an answer beyond this many are not HTTP that we read.
const HEADERS: usize = 100;

/// How every answer starts.
const START: &[u8] = b"HTTP/";

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::probe) enum Fixed {
    /// `HEAD /`: the head is all of the answer.
    Head,
    /// `GET /`: the start of the page too.
    Get,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) enum Came {
    /// An HTTP response.
    Http(Page),
    /// Something else, as it came.
    Other(Vec<u8>),
    /// Nothing; why.
    Nothing(String),
}

/// The start of an HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) struct Page {
    pub(in crate::probe) status: u16,
    headers: Vec<(String, Vec<u8>)>,
    pub(in crate::probe) body: Vec<u8>,
}

impl Page {
    /// The first header of this name, as text.
    pub(in crate::probe) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }
}

/// Sends a fixed request over `stream`, naming the host of `endpoint`, and reads what comes.
pub(in crate::probe) async fn ask_fixed<S>(
    mut stream: S,
    fixed: Fixed,
    endpoint: &Endpoint,
    deadline: Deadline,
) -> Came
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let method = match fixed {
        Fixed::Head => "HEAD",
        Fixed::Get => "GET",
    };
    let host = endpoint.authority();
    let request = format!(
        "{method} / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    let begun = Instant::now();
    let mut came = Vec::new();
    let exchange = exchange(&mut stream, request.as_bytes(), fixed, &mut came);
    let ended = timeout_at(deadline.at(), exchange).await;
    if came.is_empty() {
        return Came::Nothing(match ended {
            Ok(Ok(())) => "the connection was ended without an answer".to_owned(),
            Ok(Err(error)) => format!("the connection broke without an answer: {error}"),
            Err(_) => format!("no answer in {:.1} s", begun.elapsed().as_secs_f64()),
        });
    }
    match page(&came) {
        Some(page) => Came::Http(page),
        None => Came::Other(came),
    }
}

async fn exchange<S>(stream: &mut S, request: &[u8], fixed: Fixed, came: &mut Vec<u8>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut answer = stream.take(LIMIT);
    while !enough(came, fixed) {
        if answer.read_buf(came).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Whether what came says all that is to be known.
fn enough(came: &[u8], fixed: Fixed) -> bool {
    if came.len() < START.len() {
        return false;
    }
    if !came.starts_with(START) {
        return true;
    }
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(came) {
        Ok(Status::Partial) => false,
        Err(_) => true,
        Ok(Status::Complete(head)) => {
            let body = came.get(head..).unwrap_or_default();
            let length = response
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case("content-length"))
                .and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok());
            fixed == Fixed::Head || length.is_some_and(|length: usize| body.len() >= length)
        }
    }
}

/// Reads an HTTP response; of one whose head did not come to its end, only the status.
fn page(came: &[u8]) -> Option<Page> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = came.starts_with(START).then(|| response.parse(came))?;
    let status = response.code?;
    let Ok(Status::Complete(head)) = parsed else {
        return Some(Page { status, headers: Vec::new(), body: Vec::new() });
    };
    let headers = response.headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec()));
    Some(Page { status, headers: headers.collect(), body: came.get(head..).unwrap_or_default().to_vec() })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn asked(fixed: Fixed, answer: &[u8]) -> (Came, String) {
        let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
        let answer = answer.to_vec();
        let peer = tokio::spawn(async move {
            let mut request = vec![0; 4096];
            let length = theirs.read(&mut request).await.unwrap();
            theirs.write_all(&answer).await.unwrap();
            request.truncate(length);
            String::from_utf8(request).unwrap()
        });
        let endpoint = Endpoint::parse("https://h.example:8443/secret/path?key=secret").unwrap();
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
        let came = ask_fixed(ours, fixed, &endpoint, deadline).await;
        (came, peer.await.unwrap())
    }

    #[tokio::test]
    async fn the_request_is_fixed_but_for_the_host() {
        for (fixed, method) in [(Fixed::Head, "HEAD"), (Fixed::Get, "GET")] {
            let (_, request) = asked(fixed, b"").await;
            let agent = concat!("api-canary/", env!("CARGO_PKG_VERSION"));
            let expected = format!(
                "{method} / HTTP/1.1\r\nHost: h.example:8443\r\nUser-Agent: {agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
            );
            assert_eq!(request, expected);
        }
    }

    #[tokio::test]
    async fn what_came_is_told_apart() {
        let page = |came: Came| match came {
            Came::Http(page) => page,
            other => panic!("{other:?}"),
        };
        let whole = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nok";
        let got = page(asked(Fixed::Get, whole).await.0);
        assert_eq!((got.status, got.header("location").as_deref()), (302, Some("/x")));
        assert_eq!((got.header("date"), got.body.as_slice()), (None, b"ok".as_slice()));
        assert_eq!(page(asked(Fixed::Get, b"HTTP/1.1 400 Bad\r\nServ").await.0).status, 400);
        for other in [b"SSH-2.0-x\r\n".as_slice(), b"no", b"HTTP/", b"HTTP/9 x\r\n\r\n"] {
            assert_eq!(asked(Fixed::Get, other).await.0, Came::Other(other.to_vec()));
        }
        assert!(matches!(asked(Fixed::Head, b"").await.0, Came::Nothing(words) if words.contains("without")));
    }

    #[tokio::test]
    async fn no_more_is_read_than_a_start() {
        let long = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b'x'; 20_000]].concat();
        let Came::Http(page) = asked(Fixed::Get, &long).await.0 else { panic!() };
        assert!(page.body.len() < 4096, "{}", page.body.len());
        let endless = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'x'; 20_000]].concat();
        let Came::Http(page) = asked(Fixed::Get, &endless).await.0 else { panic!() };
        assert_eq!((page.status, page.body.len()), (200, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_with_the_time() {
        let (ours, theirs) = tokio::io::duplex(4096);
        let endpoint = Endpoint::parse("http://h.example").unwrap();
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(3));
        let came = ask_fixed(ours, Fixed::Get, &endpoint, deadline).await;
        assert_eq!(came, Came::Nothing("no answer in 3.0 s".to_owned()));
        drop(theirs);
    }
}
