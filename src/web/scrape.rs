//! `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::WebState;
use crate::metrics::Format;

pub(super) async fn metrics(State(state): State<Arc<WebState>>, headers: HeaderMap) -> Response {
    let accept: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let format = Format::negotiate(&accept.join(","));
    // The semaphore is never closed; if it were, rendering without a permit would be right.
    let permit = state.renders.acquire().await.ok();
    let metrics = Arc::clone(&state.metrics);
    let rendered = tokio::task::spawn_blocking(move || metrics.render(format)).await;
    drop(permit);
    match rendered {
        Ok(text) => ([(CONTENT_TYPE, format.content_type()), (VARY, ACCEPT.as_str())], text).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "failed to render the metrics\n").into_response(),
    }
}
