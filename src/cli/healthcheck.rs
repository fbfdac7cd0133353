//! `healthcheck`: asks a canary on this machine whether it watches, for where there is no shell and no curl.
//!
//! Promises: one request, straight to the address, whatever the proxy variables say; an answer or none, it ends in time.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use reqwest::{StatusCode, Url};

use super::{Flags, print, runtime, serve};
use crate::app::{AddressError, ListenAddress};
use crate::net;
use crate::outcome::error_chain;

/// The exit code where the canary does not watch, or does not answer.
const EXIT_UNHEALTHY: u8 = 1;

/// Enough for a busy machine, and less than the time limit of whoever asks.
const DEFAULT_TIMEOUT: &str = "3s";

/// What is asked where the URL names no page. Unlike `/-/healthy` it says that the targets are watched; it is 503 only
/// while the canary starts and while it ends.
const PAGE: &str = "/-/ready";

/// As much of an answer as is read and shown; a canary's own is shorter.
const LINE: usize = 200;

#[derive(Debug, clap::Args)]
pub(super) struct HealthcheckArgs {
    /// What to ask instead of the first --web.listen-address on loopback: http://HOST:PORT, and /-/ready is added where
    /// there is no path.
    #[arg(value_name = "URL", value_parser = address)]
    url: Option<Url>,

    /// How long to wait for the answer.
    #[arg(long, value_name = "DURATION", default_value = DEFAULT_TIMEOUT, value_parser = timeout)]
    timeout: Duration,
}

fn timeout(text: &str) -> Result<Duration, String> {
    let duration = crate::units::parse_duration(text).map_err(|error| error.to_string())?;
    if duration.is_zero() { Err("must be more than 0".to_owned()) } else { Ok(duration) }
}

fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| {
        format!("write it as http://HOST:PORT, such as http://127.0.0.1{}", serve::DEFAULT_LISTEN)
    })
}

pub(super) fn run(flags: &Flags, arguments: &HealthcheckArgs) -> ExitCode {
    let answer = url(arguments.url.as_ref(), &flags.listen).and_then(|url| {
        let told = |what: String| format!("{}: {what}", shown(&url));
        runtime()?.block_on(ask(&url, arguments.timeout)).map(told).map_err(told)
    });
    match answer {
        Ok(line) => print(&format!("{line}\n")),
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "{problem}");
            ExitCode::from(EXIT_UNHEALTHY)
        }
    }
}

/// What to ask: as given, else the canary that listens as the flags or the environment say.
fn url(given: Option<&Url>, listen: &[ListenAddress]) -> Result<Url, String> {
    let mut url = match (given, listen.first()) {
        (Some(url), _) => url.clone(),
        (None, Some(address)) => of(address)?,
        (None, None) => {
            of(&serve::DEFAULT_LISTEN.parse().map_err(|error: AddressError| error.to_string())?)?
        }
    };
    if url.path() == "/" {
        url.set_path(PAGE);
    }
    Ok(url)
}

fn of(address: &ListenAddress) -> Result<Url, String> {
    let near = address.from_here().ok_or_else(|| {
        format!("which port {address} stands for is not known here: give the URL of the canary")
    })?;
    Url::parse(&format!("http://{near}/")).map_err(|error| format!("http://{near}/: {error}"))
}

/// What came back, in a line, if it is good.
async fn ask(url: &Url, timeout: Duration) -> Result<String, String> {
    let tls = net::public_tls().map_err(|error| error_chain(&error))?;
    let client = net::client(tls).no_proxy().timeout(timeout).build().map_err(|error| error_chain(&error))?;
    let words = |error: reqwest::Error| error_chain(&error.without_url());
    let mut response = client.get(url.clone()).send().await.map_err(words)?;
    let mut body = Vec::new();
    while body.len() < LINE
        && let Some(part) = response.chunk().await.map_err(words)?
    {
        body.extend_from_slice(&part);
    }
    let line = format!("{}: {}", response.status(), first_line(&body));
    if response.status() == StatusCode::OK { Ok(line) } else { Err(line) }
}

/// The first line, in characters that a terminal can be shown.
fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(LINE).collect()
}

/// The URL as it may be shown: without the credentials that one may hold.
fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    // Neither fails on a URL that has a host, and others have no credentials.
    let _ = bare.set_password(None);
    let _ = bare.set_username("");
    bare.to_string()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn it_asks_the_canary_that_listens_as_the_flags_say() {
        for (listen, expected) in [
            (vec![], "http://127.0.0.1:10429/-/ready"),
            (vec![":9100"], "http://127.0.0.1:9100/-/ready"),
            (vec!["0.0.0.0:9100", "[::1]:1"], "http://127.0.0.1:9100/-/ready"),
            (vec!["[::]:9100"], "http://[::1]:9100/-/ready"),
            (vec!["[fd00::1]:9100"], "http://[fd00::1]:9100/-/ready"),
            (vec!["canary.example.com:80"], "http://canary.example.com/-/ready"),
        ] {
            let listen: Vec<ListenAddress> = listen.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(url(None, &listen).unwrap().as_str(), expected);
        }
        let error = url(None, &["127.0.0.1:0".parse().unwrap()]).unwrap_err();
        assert!(error.contains("127.0.0.1:0") && error.contains("give the URL"), "{error}");
    }

    #[test]
    fn a_url_without_a_path_asks_for_readiness() {
        for (given, expected) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:1/-/ready"),
            ("http://127.0.0.1:1/", "http://127.0.0.1:1/-/ready"),
            ("http://127.0.0.1:1/-/healthy", "http://127.0.0.1:1/-/healthy"),
        ] {
            let given = given.parse().unwrap();
            assert_eq!(url(Some(&given), &[]).unwrap().as_str(), expected);
        }
        for text in ["127.0.0.1:1", "localhost:1", "http://", "ftp://127.0.0.1/"] {
            assert!(address(text).unwrap_err().contains("http://HOST:PORT"), "{text}");
        }
        assert_eq!(shown(&"http://u:secret@127.0.0.1:1/x".parse().unwrap()), "http://127.0.0.1:1/x");
    }

    /// A server that answers one request so, or never.
    async fn server(answer: Option<&'static str>) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/-/ready", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => std::future::pending().await,
            }
        });
        url.parse().unwrap()
    }

    #[tokio::test]
    async fn only_200_is_healthy_and_what_came_back_is_told() {
        let long = Duration::from_secs(20);
        let ready = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nit is ready\n")).await;
        assert_eq!(ask(&ready, long).await, Ok("200 OK: it is ready".to_owned()));
        let starting =
            server(Some("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 11\r\n\r\nstarting\x1b\nx"));
        assert_eq!(ask(&starting.await, long).await, Err("503 Service Unavailable: starting".to_owned()));
        let elsewhere =
            server(Some("HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n")).await;
        assert_eq!(ask(&elsewhere, long).await, Err("302 Found: ".to_owned()));
    }

    #[tokio::test]
    async fn no_answer_is_told_in_time() {
        let silent = server(None).await;
        let error = ask(&silent, Duration::from_millis(50)).await.unwrap_err();
        assert!(error.contains("timed out"), "{error}");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let error = ask(&closed.parse().unwrap(), Duration::from_secs(20)).await.unwrap_err();
        assert!(error.contains("refused"), "{error}");
    }
}
