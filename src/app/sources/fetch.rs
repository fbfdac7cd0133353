//! Reading a source of targets again and again.
//!
//! Promises: one answer at a time, bounded in time and size; nothing but a whole 200 is a list, and a 304 is the one
//! before; the token goes to the configured scheme, host and port and nowhere else; where nothing answers, a source is
//! asked sooner again than its refresh, and ever more seldom.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::RootCertStore;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::News;
use crate::config::TargetSource;
use crate::net;
use crate::outcome::error_chain;
use crate::status_page::{conditions, retry_after};
use crate::target::{Endpoint, Roots, Scheme};

/// The largest list that is read.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The wait after a first failure; it doubles with each up to the refresh.
const SOON: Duration = Duration::from_secs(1);

/// Redirects followed, all of them to the same scheme, host and port.
const REDIRECTS: usize = 3;

/// How it names itself.
const AGENT: &str = concat!("api-canary/", env!("CARGO_PKG_VERSION"));

/// What a source said.
#[derive(Debug)]
pub(in crate::app) enum Answer {
    /// A list.
    List(Arc<str>),
    /// That the last list is still right.
    Same,
    /// Nothing of use, and why.
    Failed(String),
}

/// Reads a source until nobody listens.
pub(super) async fn fetch(source: TargetSource, origin: Arc<str>, tell: mpsc::Sender<News>) {
    let mut reader =
        Reader { source, client: None, conditions: HeaderMap::new(), not_before: Duration::ZERO };
    let mut wait = SOON;
    loop {
        let refresh = reader.source.refresh;
        let answer = reader.read().await;
        let pause = match &answer {
            Answer::List(_) | Answer::Same => {
                wait = SOON;
                refresh
            }
            Answer::Failed(_) => {
                // The next answer is to be a whole one: what the last list said may be forgotten by now.
                reader.conditions.clear();
                let now = wait.min(refresh);
                wait = wait.saturating_mul(2).min(refresh);
                now
            }
        };
        if tell.send(News::Answer(Arc::clone(&origin), answer)).await.is_err() {
            return;
        }
        // Many canaries of one inventory are not to ask it all at once.
        let varied = pause.mul_f64(rand::random_range(0.9..1.1));
        sleep(varied.max(std::mem::take(&mut reader.not_before))).await;
    }
}

struct Reader {
    source: TargetSource,
    client: Option<Client>,
    /// What asks whether the list is another than the last one.
    conditions: HeaderMap,
    /// How long it asked to be left alone.
    not_before: Duration,
}

impl Reader {
    async fn read(&mut self) -> Answer {
        let patience = self.source.timeout;
        match timeout(patience, self.ask()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(words)) => Answer::Failed(words),
            Err(_) => Answer::Failed(format!("no complete answer in {} s", patience.as_secs_f64())),
        }
    }

    async fn ask(&mut self) -> Result<Answer, String> {
        // The URL is told by who reports this, as far as it may be shown.
        let words = |error: reqwest::Error| error_chain(&error.without_url());
        let client = match &self.client {
            Some(client) => client.clone(),
            None => {
                let source = self.source.clone();
                let made = tokio::task::spawn_blocking(move || client(&source));
                self.client.insert(made.await.map_err(|error| error.to_string())??).clone()
            }
        };
        let mut request = client.get(url(&self.source.endpoint)).headers(self.conditions.clone());
        if let Some(token) = &self.source.token {
            let text = format!("Bearer {}", token.current().expose());
            let mut value =
                HeaderValue::from_str(&text).map_err(|_| "the token cannot be sent".to_owned())?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let mut response = request.send().await.map_err(words)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if !self.conditions.is_empty() => return Ok(Answer::Same),
            status if status.is_redirection() => {
                return Err(format!("HTTP {}: it leads elsewhere, which is not followed", status.as_u16()));
            }
            status => {
                if response.headers().contains_key(RETRY_AFTER) {
                    self.not_before = retry_after(response.headers(), crate::clock::wall());
                }
                return Err(format!("HTTP {}", status.as_u16()));
            }
        }
        let too_large = || format!("HTTP 200, larger than {} MiB", MAX_BYTES / 1024 / 1024);
        let length =
            response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > MAX_BYTES) {
            return Err(too_large());
        }
        let conditions = conditions(response.headers());
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(words)? {
            if body.len() + part.len() > MAX_BYTES {
                return Err(too_large());
            }
            body.extend_from_slice(&part);
        }
        let text = String::from_utf8(body).map_err(|_| "HTTP 200, not UTF-8".to_owned())?;
        self.conditions = conditions;
        Ok(Answer::List(text.into()))
    }
}

/// The whole URL, secrets included.
fn url(endpoint: &Endpoint) -> String {
    let scheme = match endpoint.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    format!("{scheme}://{}{}", endpoint.authority(), endpoint.path)
}

fn client(source: &TargetSource) -> Result<Client, String> {
    let tls = match &source.roots {
        Roots::Public => net::public_tls(),
        Roots::File { certificates, .. } => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates.iter().cloned());
            net::tls(roots)
        }
    };
    let redirects = Policy::custom(|attempt| {
        let same = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
        if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
    });
    let builder = net::client(tls.map_err(|error| error.to_string())?)
        .user_agent(AGENT)
        .redirect(redirects)
        .pool_max_idle_per_host(0);
    // What is sent to this machine in the clear must not go through another one.
    let builder = if source.is_here() { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| error_chain(&error))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::header::{ETAG, IF_NONE_MATCH};
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn after_a_failure_the_whole_list_is_asked_for() {
        let asked = Arc::new(AtomicUsize::new(0));
        let answer = move |headers: HeaderMap| {
            let status = match (asked.fetch_add(1, Ordering::Relaxed), headers.contains_key(IF_NONE_MATCH)) {
                (2, _) => StatusCode::INTERNAL_SERVER_ERROR,
                (_, true) => StatusCode::NOT_MODIFIED,
                (_, false) => StatusCode::OK,
            };
            async move { (status, [(ETAG, "\"1\"")], "[]") }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let router = axum::Router::new().route("/", get(answer));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        let source = TargetSource {
            endpoint,
            refresh: Duration::from_millis(1),
            timeout: Duration::from_secs(30),
            token: None,
            roots: Roots::Public,
            max_targets: 1,
            trusted: false,
        };
        let (tell, mut news) = mpsc::channel(1);
        let fetching = tokio::spawn(fetch(source, "x".into(), tell));
        let mut told = Vec::new();
        while told.len() < 5 {
            let Some(News::Answer(_, answer)) = news.recv().await else { panic!() };
            told.push(match answer {
                Answer::List(_) => "list",
                Answer::Same => "same",
                Answer::Failed(_) => "failed",
            });
        }
        assert_eq!(told, ["list", "same", "failed", "list", "same"]);
        fetching.abort();
        server.abort();
    }
}
