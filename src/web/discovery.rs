//! `/sd`: the targets for Prometheus' HTTP service discovery.
//!
//! Promises: always the whole list, by name, and only what the config says, so that the answer changes only with it; no
//! label is a secret.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::api::Asked;
use super::{WebState, render};
use crate::sinks::Known;
use crate::units::PromDuration;

/// A group of one target, as Prometheus reads it.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    targets: [String; 1],
    labels: Labels,
}

/// What relabelling can make use of.
#[derive(Debug, Serialize)]
struct Labels {
    #[serde(rename = "__meta_api_canary_provider")]
    provider: &'static str,
    #[serde(rename = "__meta_api_canary_url")]
    url: String,
    #[serde(rename = "__meta_api_canary_interval")]
    interval: String,
    #[serde(rename = "__meta_api_canary_timeout")]
    timeout: String,
}

impl Group {
    fn of(known: &Known) -> Self {
        let target = &known.target;
        // The most preferred one; without its query, and without a path that came from the environment.
        let url = target.sites.first().map(|site| site.endpoint.shown()).unwrap_or_default();
        let labels = Labels {
            provider: target.provider.name(),
            url,
            interval: PromDuration(target.interval).to_string(),
            timeout: PromDuration(target.timeout).to_string(),
        };
        Self { targets: [target.name.to_string()], labels }
    }
}

pub(super) async fn targets(State(state): State<Arc<WebState>>, uri: Uri) -> Response {
    let provider = match Asked::read(&uri, &["provider"]) {
        Ok(asked) => asked.value("provider").map(str::to_owned),
        Err(problem) => return *problem,
    };
    let wanted =
        move |known: &&Known| provider.as_deref().is_none_or(|name| known.target.provider.name() == name);
    render::page(&state, move |state| {
        let groups: Vec<Group> = state.knowledge.all().iter().filter(wanted).map(Group::of).collect();
        Json(groups).into_response()
    })
    .await
}
