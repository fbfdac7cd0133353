//! Who asks a shard for a target that another one watches.

use serde_json::{Value, json};

use super::*;
use crate::schedule::Shard;

/// A canary that is this shard of four, of a config with the targets `claude` (of shard 0) and `openai` (of shard 1).
fn state(index: &str) -> Arc<WebState> {
    let shards = Shards::new(Some(Shard::try_new(index.parse().unwrap(), 4).unwrap()));
    shards.set(&["claude".into(), "openai".into()]);
    let parts = Parts { shards: Arc::new(shards), ..parts() };
    Arc::new(WebState::new(parts, watch::channel(false).1))
}

#[tokio::test]
async fn whoever_asks_for_a_target_of_another_shard_is_told_which_one_has_it() {
    let state = state("0");
    let words =
        "by shard 1 of 4, and this is shard 0, counted from 0: ask the canary that runs with --shard.index=1";
    for (path, elsewhere) in [
        ("/probe?target=openai", words),
        ("/api/v1/targets/openai", words),
        ("/api/v1/targets/openai/journeys", words),
        ("/badge/openai.svg", words),
        (
            "/targets/openai?lang=en",
            "It belongs to shard 1 of 4, and this is shard 0, counted from 0: ask the",
        ),
        ("/targets/openai?lang=zh", "它属于第 1 分片（共 4 个，从 0 计数），而此处是第 0 分片"),
        ("/targets/openai/report.md", "Another canary watches this target."),
    ] {
        let (status, body) = text(&state, path).await;
        assert_eq!(status, 404, "{path}: {body}");
        assert!(body.contains(elsewhere), "{path}: {body}");
    }
    let looked = ask(&state, Request::post("/api/v1/diagnose/openai").body(Body::empty()).unwrap()).await;
    assert_eq!(looked.status(), 404);
    let body = looked.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains(words), "{body:?}");
    // One that no shard has is as unknown as ever.
    for (path, status) in [("/probe?target=x", 400), ("/api/v1/targets/x", 404), ("/targets/x", 404)] {
        let (found, body) = text(&state, path).await;
        assert_eq!(found, status, "{path}");
        assert!(!body.to_lowercase().contains("shard"), "{path}: {body}");
    }
}

#[tokio::test]
async fn a_shard_says_which_one_it_is() {
    let state = state("api-canary-1");
    assert!(text(&state, "/?lang=en").await.1.contains("Shard 1 of 4</span>"));
    assert!(text(&state, "/?lang=zh").await.1.contains("第 1 分片，共 4 个</span>"));
    let all: Value = serde_json::from_str(&text(&state, "/api/v1/targets").await.1).unwrap();
    assert_eq!(all["shard"], json!({ "index": 1, "count": 4 }));

    let alone = Arc::new(WebState::new(parts(), watch::channel(false).1));
    assert!(!text(&alone, "/?lang=en").await.1.contains("hard"));
    let all: Value = serde_json::from_str(&text(&alone, "/api/v1/targets").await.1).unwrap();
    assert_eq!(all["shard"], Value::Null);
}
