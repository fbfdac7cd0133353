//! Which pages are read, and what targets are told of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use super::*;

const PAGE: &str = r#"{"status":{"indicator":"major"},
    "components":[{"id":"api","status":"degraded_performance"}],"incidents":[{"name":"Slow"}]}"#;

/// A page, its URL, and how often it was read.
async fn page() -> (String, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&count);
    let router = Router::new().route(
        "/",
        get(move || {
            counts.fetch_add(1, Ordering::SeqCst);
            async { PAGE }
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, count)
}

fn options(url: &str, component: Option<&str>) -> StatusPageOptions {
    StatusPageOptions {
        confidential: false,
        urls: vec![url.to_owned()],
        component: component.map(str::to_owned),
        interval: Duration::from_secs(300),
    }
}

fn pages() -> StatusPages {
    let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
    StatusPages::with(OnceCell::new_with(Some(client)))
}

#[tokio::test]
async fn one_reader_serves_all_targets_and_lives_through_a_reload() {
    let (url, count) = page().await;
    let pages = pages();
    let mut changes = pages.changes();
    let [api, web, whole] = [Some("api"), Some("web"), None].map(|component| options(&url, component));
    assert_eq!(pages.latest(&api), PageStatus::default());
    pages.follow([&api, &web, &whole]);
    changes.changed().await.unwrap();
    let status = pages.latest(&api);
    assert_eq!((status.component, status.level()), (Some(ComponentStatus::DegradedPerformance), Some(2)));
    assert_eq!((status.incidents, status.unknown), (vec!["Slow".to_owned()], None));
    let status = pages.latest(&whole);
    assert_eq!((status.indicator, status.level()), (Some(Indicator::Major), Some(3)));
    let status = pages.latest(&web);
    assert_eq!((status.component, status.level()), (None, None));
    assert!(status.unknown.unwrap().contains("\"web\""));
    pages.follow([&api]);
    assert_eq!(pages.latest(&api).level(), Some(2));
    assert_eq!(count.load(Ordering::SeqCst), 1, "it is not read again for being followed again");
}

#[tokio::test]
async fn another_interval_begins_anew_with_what_is_known() {
    let (url, count) = page().await;
    let pages = pages();
    let mut changes = pages.changes();
    let slow = options(&url, None);
    let fast = StatusPageOptions { interval: Duration::from_secs(60), ..slow.clone() };
    pages.follow([&slow]);
    changes.changed().await.unwrap();
    pages.follow([&slow, &fast]);
    assert_eq!(pages.latest(&slow).level(), Some(3));
    changes.changed().await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_page_that_no_target_names_is_not_read_any_more() {
    let (url, _) = page().await;
    let pages = pages();
    let mut changes = pages.changes();
    let named = options(&url, None);
    pages.follow([&named]);
    changes.changed().await.unwrap();
    pages.follow([]);
    assert_eq!(pages.latest(&named), PageStatus::default());
    assert!(pages.readers.lock().unwrap().is_empty());
}
