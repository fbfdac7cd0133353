//! Whether plain HTTP leads to HTTPS: one request without anything of ours in it, and the head of its answer.
//!
//! Promises: no key and no configured header is sent; only an answer that leads to `https` on the same host counts as a
//! redirect; no answer is neither good nor bad.

use std::pin::pin;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, LOCATION, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, response};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout_at;

use super::plan::AGENT;
use crate::outcome::{Finding, Reason};
use crate::target::{Endpoint, Scheme};
use crate::units::Deadline;

/// Where plain HTTP leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::probe) enum Redirect {
    /// To HTTPS on the same host.
    Redirects,
    /// Elsewhere, or nowhere; what came instead.
    NotRedirected(String),
    /// It cannot be told: there was no answer.
    Unknown,
}

impl Redirect {
    /// What is to be told.
    pub(in crate::probe) fn finding(&self) -> Option<Finding> {
        let Self::NotRedirected(words) = self else { return None };
        Some(Finding::new(Reason::HttpNotRedirected, words.as_str()))
    }
}

/// Asks over `stream`, a connection to port 80 of the endpoint's host.
pub(in crate::probe) async fn redirects_https<S>(
    stream: S,
    endpoint: &Endpoint,
    deadline: Deadline,
) -> Redirect
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match timeout_at(deadline.at(), ask(stream, endpoint)).await {
        Ok(Some(head)) => judge(&head, endpoint),
        Ok(None) | Err(_) => Redirect::Unknown,
    }
}

/// The head of the answer, if there is one.
async fn ask<S>(stream: S, endpoint: &Endpoint) -> Option<response::Parts>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = http::Uri::from_static("/");
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::try_from(plain(endpoint).authority()).ok()?);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut response = pin!(sender.send_request(request));
    let response = tokio::select! {
        biased;
        response = &mut response => response,
        // What the connection delivered before it ended is still to be taken.
        _ = connection => response.await,
    };
    response.ok().map(|response| response.into_parts().0)
}

/// The same host over plain HTTP.
fn plain(endpoint: &Endpoint) -> Endpoint {
    Endpoint { scheme: Scheme::Http, port: 80, ..endpoint.clone() }
}

fn judge(head: &response::Parts, endpoint: &Endpoint) -> Redirect {
    let from = format!("http://{}/", plain(endpoint).authority());
    let status = head.status;
    let moved = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !moved.contains(&status) {
        return Redirect::NotRedirected(format!("{from} answers {status} instead of a redirect"));
    }
    let location = head.headers.get(LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
    let target = Endpoint::parse(location).ok();
    match target {
        Some(to) if to.scheme == Scheme::Https && to.host == endpoint.host => Redirect::Redirects,
        _ => Redirect::NotRedirected(format!("{from} answers {status} to {location:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;

    async fn asked(answer: &str) -> (Redirect, String) {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let answer = answer.to_owned();
        let server = tokio::spawn(async move {
            let mut request = vec![0; 4096];
            let length = theirs.read(&mut request).await.unwrap();
            theirs.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request[..length].to_vec()).unwrap()
        });
        let endpoint = Endpoint::parse("https://Gateway.example:8443/claude?key=secret").unwrap();
        let deadline = Deadline::after(Instant::now(), Duration::from_secs(5));
        let redirect = redirects_https(ours, &endpoint, deadline).await;
        (redirect, server.await.unwrap())
    }

    fn moved(status: &str, location: &str) -> String {
        format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
    }

    #[tokio::test]
    async fn a_redirect_to_https_on_the_same_host_is_what_should_be() {
        for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
            for location in ["https://gateway.example/", "https://GATEWAY.example:8443/claude"] {
                let (redirect, request) = asked(&moved(status, location)).await;
                assert_eq!(redirect, Redirect::Redirects, "{status} {location}");
                assert!(request.starts_with("GET / HTTP/1.1\r\nhost: gateway.example\r\n"), "{request}");
                assert!(!request.contains("secret"), "{request}");
            }
        }
    }

    #[tokio::test]
    async fn what_does_not_lead_to_https_there_is_told() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
            moved("300 Choices", "https://gateway.example/"),
            moved("301 Moved", "http://gateway.example/"),
            moved("301 Moved", "https://elsewhere.example/"),
            moved("301 Moved", "/claude"),
            "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ] {
            let (redirect, _) = asked(&answer).await;
            let finding = redirect.finding().unwrap_or_else(|| panic!("{answer}"));
            assert_eq!(finding.0.reason, Reason::HttpNotRedirected);
            assert!(finding.0.detail.starts_with("http://gateway.example/ answers "), "{}", finding.0.detail);
        }
    }

    #[tokio::test]
    async fn without_an_answer_nothing_is_known() {
        assert_eq!(asked("").await.0, Redirect::Unknown);
        assert_eq!(asked("garbage\r\n\r\n").await.0, Redirect::Unknown);
    }
}
