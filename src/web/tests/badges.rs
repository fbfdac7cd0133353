//! Badges: what they show, of whom, and to which clients.

use super::api::watched;
use super::*;

async fn title(state: &Arc<WebState>, path: &str) -> String {
    let (status, headers, body) = get(state, path, &[]).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "image/svg+xml"), "{path}");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert_eq!(headers["cache-control"], "no-cache");
    let text = String::from_utf8(body).unwrap();
    let read = roxmltree::Document::parse(&text).unwrap();
    read.root_element().attribute("aria-label").unwrap().to_owned()
}

#[tokio::test]
async fn a_badge_says_how_its_target_does() {
    let state = watched(Arc::new(Nobody));
    for (path, words) in [
        ("/badge/api.anthropic.com.svg", "api.anthropic.com: works"),
        ("/badge/gateway.example.com.svg", "gateway.example.com: degraded"),
        ("/badge/api.openai.com.svg?show=health", "api.openai.com: down"),
        ("/badge/api.openai.com.svg?lang=zh", "api.openai.com: 不可用"),
        ("/badge/fresh.svg", "fresh: unknown"),
        ("/badge/fresh.svg?show=uptime", "fresh uptime: unknown"),
        ("/badge/fresh.svg?show=latency&window=6h", "fresh latency: unknown"),
        ("/badge/fresh.svg?show=certificate", "fresh certificate: unknown"),
    ] {
        assert_eq!(title(&state, path).await, words);
    }
}

#[tokio::test]
async fn there_is_no_badge_of_what_is_not_watched_nor_of_what_is_not_known() {
    let state = watched(Arc::new(Nobody));
    for (path, status, words) in [
        ("/badge/nobody.svg", 404, "no target \\\"nobody\\\""),
        ("/badge/fresh", 404, "/badge/fresh.svg"),
        ("/badge/fresh.svg?show=everything", 400, "health, uptime, latency, certificate"),
        ("/badge/fresh.svg?window=7d", 400, "1h, 6h, 24h"),
    ] {
        let (found, headers, body) = get(&state, path, &[]).await;
        let kind = headers["content-type"].to_str().unwrap();
        assert_eq!((found, kind), (status, "application/problem+json"), "{path}");
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(words), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_client_that_has_the_picture_is_not_sent_it_again() {
    let state = watched(Arc::new(Nobody));
    let (_, headers, _) = get(&state, "/badge/fresh.svg", &[]).await;
    let tag = headers["etag"].to_str().unwrap().to_owned();
    for (known, status) in [
        (tag.clone(), 304),
        (format!("\"other\", {tag}"), 304),
        (tag.trim_start_matches("W/").to_owned(), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
    ] {
        let (found, headers, body) = get(&state, "/badge/fresh.svg", &[("if-none-match", &known)]).await;
        assert_eq!((found, body.is_empty()), (status, status == 304), "{known}");
        assert_eq!(headers["etag"], *tag);
    }
    let (found, _, _) = get(&state, "/badge/api.openai.com.svg", &[("if-none-match", &tag)]).await;
    assert_eq!(found, 200, "another picture has another tag");
}
