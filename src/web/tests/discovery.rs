//! What Prometheus is told of the targets.

use serde_json::json;

use super::*;
use crate::config::{Config, Env, Source};

/// A state that knows the targets of a config.
fn knowing(text: &str) -> Arc<WebState> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yml");
    std::fs::write(&file, text).unwrap();
    let env = Env::of([("PATH_KEY", "very-secret"), ("KEY", "sk-ant-very-secret")]);
    let config = Config::load(&Source::File(file), &env).unwrap();
    let parts = parts();
    parts.knowledge.watch(&config.targets);
    Arc::new(WebState::new(parts, watch::channel(false).1))
}

#[tokio::test]
async fn targets_are_told_by_name_with_what_can_be_relabelled() {
    let state = knowing(
        "targets:\n- { name: zeta, provider: anthropic, api_key: { env: KEY } }\n\
         - { name: alpha, provider: http, url: \"https://a.example/x?key=very-secret\", interval: 90s, timeout: 2s }\n\
         - { name: beta, provider: http, url: \"https://b.example/${PATH_KEY}\" }\n",
    );
    let (status, headers, body) = get(&state, "/sd", &[]).await;
    assert_eq!((status, &headers["content-type"]), (200, &"application/json".parse().unwrap()));
    let group = |name: &str, provider: &str, url: &str, interval: &str, timeout: &str| {
        json!({ "targets": [name], "labels": {
            "__meta_api_canary_provider": provider, "__meta_api_canary_url": url,
            "__meta_api_canary_interval": interval, "__meta_api_canary_timeout": timeout,
        } })
    };
    let [alpha, beta, zeta] = [
        group("alpha", "http", "https://a.example/x", "1m30s", "2s"),
        group("beta", "http", "https://b.example/[redacted]", "30s", "10s"),
        group("zeta", "anthropic", "https://api.anthropic.com/", "30s", "10s"),
    ];
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap(), json!([alpha, beta, zeta]));
    assert!(!String::from_utf8(body).unwrap().contains("very-secret"));
    for (query, list) in [("provider=anthropic", json!([zeta])), ("provider=nobody", json!([]))] {
        let (status, text) = text(&state, &format!("/sd?{query}")).await;
        assert_eq!((status, serde_json::from_str(&text).unwrap()), (200, list), "{query}");
    }
}

#[tokio::test]
async fn no_targets_are_an_empty_list() {
    let state = knowing("target_files: [\"none/*.yml\"]");
    assert_eq!(text(&state, "/sd").await, (200, "[]".to_owned()));
}
