//! Readers of pages on loopback.

use std::collections::VecDeque;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use tokio::net::TcpListener;

use super::*;
use crate::net;
use crate::status_page::Indicator;

const INTERVAL: Duration = Duration::from_secs(300);
const FINE: &str = r#"{"status":{"indicator":"none"},"components":[{"id":"api","status":"operational"}]}"#;
const MINOR: &str = r#"{"status":{"indicator":"minor"}}"#;

/// A page that gives these answers one after the other, and the headers it was asked with.
struct Page {
    url: String,
    asked: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Page {
    async fn with(answers: impl IntoIterator<Item = Response>) -> Self {
        let answers = Arc::new(Mutex::new(answers.into_iter().collect::<VecDeque<_>>()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let saw = Arc::clone(&asked);
        let router = Router::new().fallback(move |request: Request| {
            saw.lock().unwrap().push(request.headers().clone());
            let answer = answers.lock().unwrap().pop_front().expect("no more was to be asked");
            async move { answer }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url =
            format!("http://{}/secret/api/v2/summary.json?token=secret", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn header(&self, name: &str) -> Vec<Option<String>> {
        let text = |headers: &HeaderMap| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        self.asked.lock().unwrap().iter().map(text).collect()
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
    let builder = Response::builder().status(status);
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(body.into()).unwrap()
}

fn reader(pages: &[&Page]) -> (Reader, watch::Receiver<Reading>) {
    let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
    let urls: Vec<_> = pages.iter().map(|page| page.url.clone()).collect();
    let (tell, latest) = watch::channel(Reading::default());
    (Reader::new(client, &urls, INTERVAL, tell), latest)
}

fn indicator(latest: &watch::Receiver<Reading>) -> Option<Indicator> {
    latest.borrow().summary.as_ref().and_then(|summary| summary.indicator)
}

fn unknown(latest: &watch::Receiver<Reading>) -> String {
    let reading = latest.borrow();
    assert_eq!(reading.summary, None);
    let words = reading.unknown.clone().unwrap();
    assert!(!words.contains("secret"), "{words}");
    words
}

#[tokio::test]
async fn a_page_that_did_not_change_keeps_what_it_said() {
    let page = Page::with([
        answer(200, &[("etag", "\"a\""), ("last-modified", "Mon, 23 Nov 2026 12:00:00 GMT")], FINE),
        answer(304, &[], ""),
        answer(200, &[("etag", "\"b\"")], MINOR),
        answer(304, &[], ""),
    ])
    .await;
    let (mut reader, latest) = reader(&[&page]);
    for expected in [Indicator::None, Indicator::None, Indicator::Minor, Indicator::Minor] {
        assert_eq!(reader.round().await, INTERVAL);
        assert_eq!(indicator(&latest), Some(expected));
        assert!(latest.borrow().read_at.is_some());
    }
    let quoted = |text: &str| Some(format!("\"{text}\""));
    assert_eq!(page.header("if-none-match"), [None, quoted("a"), quoted("a"), quoted("b")]);
    assert_eq!(page.header("if-modified-since").iter().filter(|value| value.is_some()).count(), 2);
    assert_eq!(page.header("authorization").iter().flatten().count(), 0);
}

#[tokio::test]
async fn a_page_is_not_read_again_while_it_is_fresh() {
    let page = Page::with([
        answer(200, &[("cache-control", "max-age=900")], FINE),
        answer(200, &[("cache-control", "max-age=5")], FINE),
        answer(200, &[("cache-control", "max-age=999999")], FINE),
    ])
    .await;
    let (mut reader, _latest) = reader(&[&page]);
    assert_eq!(reader.round().await, Duration::from_secs(900));
    assert_eq!(reader.round().await, INTERVAL);
    assert_eq!(reader.round().await, Duration::from_secs(3600));
}

#[tokio::test]
async fn a_challenge_is_unknown_and_the_next_url_is_read() {
    let challenged = Page::with((0..2).map(|_| answer(405, &[], "<html>challenge</html>"))).await;
    let origin = Page::with([answer(200, &[], MINOR), answer(503, &[], "")]).await;
    let (mut reader, latest) = reader(&[&challenged, &origin]);
    reader.round().await;
    assert_eq!((indicator(&latest), latest.borrow().unknown.clone()), (Some(Indicator::Minor), None));
    let read_at = latest.borrow().read_at;
    reader.round().await;
    let words = unknown(&latest);
    assert!(words.contains("HTTP 405; ") && words.contains("HTTP 503"), "{words}");
    assert_eq!(latest.borrow().read_at, read_at, "when it was last read stays known");
}

#[tokio::test]
async fn whatever_is_no_summary_is_unknown() {
    let huge = format!("{{\"status\":{{\"indicator\":\"none\"}},\"x\":\"{}\"}}", "x".repeat(2 * BODY_LIMIT));
    let page = Page::with([
        answer(200, &[], "<!DOCTYPE html><h1>Sign in to the guest network</h1>"),
        answer(200, &[], "{}"),
        answer(200, &[], huge),
        answer(304, &[], ""),
        answer(302, &[("location", "/elsewhere")], ""),
    ])
    .await;
    let (mut reader, latest) = reader(&[&page]);
    for words in ["HTML", "not the summary", "more than 1048576 bytes", "HTTP 304", "HTTP 302"] {
        reader.round().await;
        assert!(unknown(&latest).contains(words), "{:?}", latest.borrow());
    }
    drop(page);
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gone = Page { url: format!("http://{gone}/?secret"), asked: Arc::default() };
    let (mut reader, latest) = self::reader(&[&gone]);
    reader.round().await;
    assert!(unknown(&latest).contains("refused"));
}

#[tokio::test]
async fn a_url_that_asks_for_time_is_left_alone_and_the_same_trouble_is_told_once() {
    let page = Page::with([answer(429, &[("retry-after", "600")], "")]).await;
    let (mut reader, mut latest) = reader(&[&page]);
    reader.round().await;
    assert!(unknown(&latest).contains("HTTP 429"));
    reader.round().await;
    assert!(unknown(&latest).contains("asked not to be read"));
    latest.mark_unchanged();
    reader.round().await;
    assert!(!latest.has_changed().unwrap());
    assert_eq!(page.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_never_answers_is_unknown() {
    // Whatever the clock skips, no answer comes from a listener that accepts nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let page =
        Page { url: format!("http://{}/?secret", silent.local_addr().unwrap()), asked: Arc::default() };
    let (mut reader, latest) = reader(&[&page]);
    reader.round().await;
    assert!(unknown(&latest).contains("no complete answer in 10 s"));
}
