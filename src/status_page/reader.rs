//! The reader of one page: its URLs in order, one answer a round.
//!
//! Promises: anything but a 200 or a 304 with a summary is a reason in words, and the next URL is tried; no round is
//! longer than ten seconds a URL, and no body longer than a MiB is read; a URL that asked to be left alone is.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};
use reqwest::Client;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::caching;
use super::summary::Summary;
use crate::clock;
use crate::outcome::error_chain;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of a body is read.
const BODY_LIMIT: usize = 1024 * 1024;

/// What was last read of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reading {
    /// What it says; absent while it is not known.
    pub(super) summary: Option<Arc<Summary>>,
    /// When it was last read.
    pub(super) read_at: Option<SystemTime>,
    /// Why it is not known, once that was tried.
    pub(super) unknown: Option<String>,
}

/// The reader of one page.
#[derive(Debug)]
pub(super) struct Reader {
    client: Client,
    urls: Vec<Source>,
    interval: Duration,
    latest: watch::Sender<Reading>,
}

/// One of the URLs of a page.
#[derive(Debug)]
struct Source {
    url: String,
    /// Asked to be left alone until then.
    not_before: Option<Instant>,
    held: Option<Held>,
}

/// What a URL answered last, to be used again if it says that nothing changed.
#[derive(Debug)]
struct Held {
    summary: Arc<Summary>,
    conditions: HeaderMap,
}

/// An answer with a summary in it.
#[derive(Debug)]
struct Answer {
    summary: Arc<Summary>,
    fresh_for: Duration,
}

impl Reader {
    /// A reader that tells `latest` what it reads.
    pub(super) fn new(
        client: Client,
        urls: &[String],
        interval: Duration,
        latest: watch::Sender<Reading>,
    ) -> Self {
        let source = |url: &String| Source { url: url.clone(), not_before: None, held: None };
        Self { client, urls: urls.iter().map(source).collect(), interval, latest }
    }

    /// Reads until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            let pause = self.round().await;
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads the page once; returns how long to wait before the next time.
    pub(super) async fn round(&mut self) -> Duration {
        let mut problems = Vec::new();
        for source in &mut self.urls {
            match source.read(&self.client).await {
                Ok(answer) => {
                    let reading = Reading {
                        summary: Some(answer.summary),
                        read_at: Some(clock::wall()),
                        unknown: None,
                    };
                    self.latest.send_replace(reading);
                    return self.interval.max(answer.fresh_for);
                }
                Err(problem) => problems.push(format!("{}: {problem}", shown(&source.url))),
            }
        }
        self.tell_unknown(problems.join("; "));
        self.interval
    }

    fn tell_unknown(&self, words: String) {
        self.latest.send_if_modified(|reading| {
            let changed = reading.unknown.as_ref() != Some(&words);
            if changed {
                tracing::debug!(reason = %words, "a status page cannot be read");
                *reading = Reading { summary: None, read_at: reading.read_at, unknown: Some(words) };
            }
            changed
        });
    }
}

impl Source {
    async fn read(&mut self, client: &Client) -> Result<Answer, String> {
        if self.not_before.is_some_and(|until| Instant::now() < until) {
            return Err("asked not to be read for now".to_owned());
        }
        match timeout(PATIENCE, self.ask(client)).await {
            Ok(result) => result,
            Err(_) => Err(format!("no complete answer in {} s", PATIENCE.as_secs_f64())),
        }
    }

    async fn ask(&mut self, client: &Client) -> Result<Answer, String> {
        // The URL is told by who asks, and without its path.
        let words = |error: reqwest::Error| error_chain(&error.without_url());
        let mut request = client.get(&self.url);
        if let Some(held) = &self.held {
            request = request.headers(held.conditions.clone());
        }
        let mut response = request.send().await.map_err(words)?;
        let status = response.status();
        let fresh_for = caching::fresh_for(response.headers());
        if status == StatusCode::NOT_MODIFIED
            && let Some(held) = &self.held
        {
            return Ok(Answer { summary: Arc::clone(&held.summary), fresh_for });
        }
        if status != StatusCode::OK {
            let pause = caching::retry_after(response.headers(), clock::wall());
            self.not_before = (!pause.is_zero()).then(|| Instant::now() + pause);
            return Err(format!("HTTP {}", status.as_u16()));
        }
        let conditions = caching::conditions(response.headers());
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(words)? {
            if body.len() + part.len() > BODY_LIMIT {
                return Err(format!("more than {BODY_LIMIT} bytes"));
            }
            body.extend_from_slice(&part);
        }
        let summary = Arc::new(Summary::read(&body).map_err(|problem| format!("HTTP 200, {problem}"))?);
        self.held = Some(Held { summary: Arc::clone(&summary), conditions });
        Ok(Answer { summary, fresh_for })
    }
}

/// A URL without its path and query, either of which may be a secret.
fn shown(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + "://".len());
    let end = url.get(host..).and_then(|rest| rest.find(['/', '?', '#']));
    end.and_then(|end| url.get(..host + end)).unwrap_or(url)
}

#[cfg(test)]
mod tests;
