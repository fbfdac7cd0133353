//! `/config`: the config that is in force, secrets redacted.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};

use super::WebState;
use super::render;
use crate::config::{Config, effective, without_queries};

/// The config that is in force; written as text for who asks, since of thousands of targets that is megabytes.
#[derive(Debug, Default)]
pub struct RunningConfig(ArcSwapOption<Config>);

impl RunningConfig {
    /// This is in force from now on.
    pub fn set(&self, config: Config) {
        self.0.store(Some(Arc::new(config)));
    }

    /// As YAML without secrets; who asks for it does not see the queries of URLs either.
    fn text(&self) -> String {
        self.0.load().as_ref().map(|config| without_queries(&effective(config))).unwrap_or_default()
    }
}

pub(super) async fn config(State(state): State<Arc<WebState>>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/yaml"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ];
    render::page(&state, move |state| (headers, state.config.text()).into_response()).await
}
