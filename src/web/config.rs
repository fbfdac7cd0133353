//! `/config`: the config that is in force, secrets redacted.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};

use super::WebState;
use crate::config::without_queries;

/// The config that is in force, as text.
#[derive(Debug, Default)]
pub struct RunningConfig(ArcSwap<String>);

impl RunningConfig {
    /// This is in force from now on: YAML without secrets; who asks for it does not see the queries of URLs either.
    pub fn set(&self, text: &str) {
        self.0.store(Arc::new(without_queries(text)));
    }
}

pub(super) async fn config(State(state): State<Arc<WebState>>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/yaml"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, state.config.0.load().to_string()).into_response()
}
