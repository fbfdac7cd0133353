//! The pages, asked without and with a socket.

use std::io::Read as _;

use axum::body::Body;
use axum::http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

use super::*;
use crate::metrics::TargetSummary;

mod api;
mod badges;
mod discovery;
mod events;
mod shards;
mod updates;

pub(super) fn state() -> Arc<WebState> {
    state_until(watch::channel(false).1)
}

/// Who probes nothing.
#[derive(Debug)]
struct Nobody;

impl OnDemand for Nobody {
    fn probe(&self, _: Question) -> futures_util::future::BoxFuture<'_, Option<Probed>> {
        Box::pin(async { None })
    }
}

impl Diagnoser for Nobody {
    fn diagnose(
        &self,
        _target: &str,
    ) -> futures_util::future::BoxFuture<'static, Result<Arc<Diagnosed>, Refused>> {
        Box::pin(async { Err(Refused::Unknown) })
    }
}

/// Parts of a program that has found nothing yet.
pub(in crate::web) fn parts() -> Parts {
    Parts {
        metrics: Arc::new(Metrics::new().unwrap()),
        readiness: Arc::default(),
        events: Arc::default(),
        knowledge: Arc::default(),
        history: Arc::default(),
        diagnoser: Arc::new(Nobody),
        config: Arc::default(),
        around: Arc::default(),
        probes: Probes { on_demand: Arc::new(Nobody), offset: Duration::from_millis(500) },
        shards: Arc::default(),
    }
}

fn state_until(stopped: watch::Receiver<bool>) -> Arc<WebState> {
    let metrics = Metrics::new().unwrap();
    metrics.record_target(
        &"claude".into(),
        &TargetSummary { up: true, ..TargetSummary::default() },
        std::time::UNIX_EPOCH,
    );
    let parts = Parts { metrics: Arc::new(metrics), ..parts() };
    Arc::new(WebState::new(parts, stopped))
}

async fn ask(state: &Arc<WebState>, request: Request<Body>) -> Response<Body> {
    router(Arc::clone(state)).oneshot(request).await.unwrap()
}

async fn get(state: &Arc<WebState>, path: &str, headers: &[(&str, &str)]) -> (u16, http::HeaderMap, Vec<u8>) {
    let request =
        headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    let response = ask(state, request.body(Body::empty()).unwrap()).await;
    let (parts, body) = response.into_parts();
    (parts.status.as_u16(), parts.headers, body.collect().await.unwrap().to_bytes().into())
}

async fn text(state: &Arc<WebState>, path: &str) -> (u16, String) {
    let (status, _, body) = get(state, path, &[]).await;
    (status, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn metrics_come_in_the_format_asked_for() {
    let state = state();
    let (status, headers, body) = get(&state, "/metrics", &[]).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains("\ntarget_up{target=\"claude\"} 1\n"));
    assert!(body.contains("api_canary_build_info{") && !body.contains("# EOF"));

    let accept = [("accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")];
    let (_, headers, body) = get(&state, "/metrics", &accept).await;
    assert_eq!(headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(body.ends_with(b"# EOF\n"));
}

#[tokio::test]
async fn browsers_take_every_answer_for_what_it_says_it_is() {
    let state = state();
    for path in
        ["/", "/metrics", "/docs/reasons.md", "/docs/<script>", "/assets/page.js", "/-/healthy", "/<b>"]
    {
        let path = path.replace('<', "%3C").replace('>', "%3E");
        let (_, headers, _) = get(&state, &path, &[]).await;
        assert_eq!(
            headers.get("x-content-type-options").map(HeaderValue::as_bytes),
            Some(&b"nosniff"[..]),
            "{path}"
        );
    }
}

#[tokio::test]
async fn metrics_are_compressed_for_who_asks() {
    let state = state();
    let (_, headers, body) = get(&state, "/metrics", &[("accept-encoding", "gzip")]).await;
    assert_eq!(headers["content-encoding"], "gzip");
    let mut text = String::new();
    flate2::read::GzDecoder::new(body.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.contains("target_up{target=\"claude\"} 1\n"));
    let (_, headers, _) = get(&state, "/metrics", &[("accept-encoding", "identity")]).await;
    assert!(!headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn the_program_says_how_far_it_is() {
    let state = state();
    assert_eq!(text(&state, "/-/healthy").await, (200, "api-canary is healthy.\n".into()));
    assert_eq!(text(&state, "/-/ready").await, (503, "api-canary is starting.\n".into()));
    state.readiness.set(Phase::Ready);
    assert_eq!(text(&state, "/-/ready").await, (200, "api-canary is ready.\n".into()));
    state.readiness.set(Phase::Draining);
    assert_eq!(text(&state, "/-/ready").await, (503, "api-canary is shutting down.\n".into()));
    assert_eq!(text(&state, "/-/healthy").await.0, 200);
}

#[tokio::test]
async fn other_pages_and_methods_are_refused() {
    let state = state();
    assert_eq!(text(&state, "/nothing").await, (404, "404: there is no such page.\n".into()));
    let post = Request::builder().method(Method::POST).uri("/metrics").body(Body::empty()).unwrap();
    assert_eq!(ask(&state, post).await.status(), 405);
    let head = Request::builder().method(Method::HEAD).uri("/metrics").body(Body::empty()).unwrap();
    let response = ask(&state, head).await;
    assert_eq!(response.status(), 200);
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn the_first_page_links_to_the_others() {
    let (status, page) = text(&state(), "/").await;
    assert_eq!(status, 200);
    for part in ["api-canary", crate::metrics::VERSION, "href=\"metrics\"", "href=\"docs/alerts.md\""] {
        assert!(page.contains(part), "{part}");
    }
}

#[tokio::test]
async fn serving_ends_when_told_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve(listener, state_until(stopped)));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /-/healthy HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("api-canary is healthy.\n"));
    // One that waits for its client does not keep it.
    let _idle = TcpStream::connect(address).await.unwrap();
    stop.send(true).unwrap();
    serving.await.unwrap();
}

/// A server, and what stops it when dropped.
async fn server() -> (std::net::SocketAddr, watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve(listener, state_until(stopped)));
    (address, stop)
}

async fn connect(address: std::net::SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// One answer of the health page, with the connection left open.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with("healthy.\n") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    text
}

const ASK: &str = "GET /-/healthy HTTP/1.1\r\nhost: x\r\n\r\n";

/// Lets the other side work without letting time pass.
async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[tokio::test]
async fn clients_that_send_half_a_request_are_let_go_of() {
    let (address, _stop) = server().await;
    let mut silent = connect(address, "").await;
    let mut half = connect(address, "GET /-/healthy HTTP/1.1\r\nhost").await;
    let mut second = connect(address, ASK).await;
    answer(&mut second).await;
    second.write_all(b"GET /").await.unwrap();
    settle().await;
    tokio::time::pause();
    tokio::time::advance(connection::REQUEST + Duration::from_secs(1)).await;
    tokio::time::resume();
    for stream in [&mut silent, &mut half, &mut second] {
        let ended = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 64])).await;
        assert!(!matches!(ended, Err(_) | Ok(Ok(1..))), "{ended:?}");
    }
}

#[tokio::test]
async fn a_client_that_comes_back_keeps_its_connection_for_a_while() {
    let (address, _stop) = server().await;
    let mut stream = connect(address, ASK).await;
    answer(&mut stream).await;
    for _ in 0..3 {
        settle().await;
        tokio::time::pause();
        tokio::time::advance(connection::IDLE - Duration::from_secs(10)).await;
        tokio::time::resume();
        stream.write_all(ASK.as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    }
    settle().await;
    tokio::time::pause();
    tokio::time::advance(connection::IDLE + Duration::from_secs(1)).await;
    tokio::time::resume();
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 64])).await;
    assert!(matches!(ended, Ok(Ok(0))), "{ended:?}");
}

#[tokio::test]
async fn connections_are_bounded_and_more_wait_for_room() {
    let (address, _stop) = server().await;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = connect(address, ASK).await;
        answer(&mut stream).await;
        open.push(stream);
    }
    let mut waiting = connect(address, ASK).await;
    let soon = tokio::time::timeout(Duration::from_millis(300), waiting.readable()).await;
    assert!(soon.is_err(), "it is not accepted");
    drop(open.pop());
    assert!(answer(&mut waiting).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_browser_lets_go_of_its_connection_where_they_are_scarce_and_sooner_than_a_scrape() {
    let browse = ASK.replace("host: x", "host: x\r\nuser-agent: Mozilla/5.0");
    let (address, _stop) = server().await;
    let mut browser = connect(address, &browse).await;
    assert!(!answer(&mut browser).await.contains("connection: close"), "there is room");
    let mut scraper = connect(address, ASK).await;
    answer(&mut scraper).await;
    settle().await;
    tokio::time::pause();
    tokio::time::advance(connection::BROWSER_IDLE + Duration::from_secs(1)).await;
    tokio::time::resume();
    let ended = tokio::time::timeout(Duration::from_secs(5), browser.read(&mut [0; 64])).await;
    assert!(matches!(ended, Ok(Ok(0))), "{ended:?}");
    scraper.write_all(ASK.as_bytes()).await.unwrap();
    answer(&mut scraper).await;
    let mut open = vec![scraper];
    while open.len() <= CONNECTIONS - connection::SCARCE {
        let mut stream = connect(address, ASK).await;
        assert!(!answer(&mut stream).await.contains("connection: close"));
        open.push(stream);
    }
    let mut browser = connect(address, &browse).await;
    assert!(answer(&mut browser).await.contains("connection: close"));
    assert_eq!(browser.read(&mut [0; 64]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_scrape_does_not_wait_for_pages() {
    let state = state();
    let places = u32::try_from(render::PAGES).unwrap();
    let held = Arc::clone(&state.pages).acquire_many_owned(places).await.unwrap();
    assert_eq!(text(&state, "/metrics").await.0, 200);
    drop(held);
    for page in ["/", "/sd", "/api/v1/targets", "/targets/nobody", "/cards?names=nobody"] {
        assert!([200, 404].contains(&text(&state, page).await.0), "{page}");
    }
    assert_eq!(state.pages.available_permits(), render::PAGES);
}

#[tokio::test]
async fn the_documentation_is_served_and_may_load_nothing_from_elsewhere() {
    let state = state();
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/docs/reasons.md", "text/html; charset=utf-8"),
        ("/docs/alerts.md", "text/html; charset=utf-8"),
        ("/docs/style.css", "text/css; charset=utf-8"),
        ("/favicon.ico", "image/svg+xml"),
    ] {
        let (status, headers, body) = get(&state, path, &[]).await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, kind), "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert!(!body.is_empty(), "{path}");
    }
    assert_eq!(text(&state, "/docs/config.md").await.0, 404);
    assert_eq!(text(&state, "/docs/").await.0, 404);
}
