//! The JSON API: `/api/v1/…`, for programs that ask what is known of the targets, and for who wants one looked into now.
//!
//! Promises: every answer is a type of the document room, and stands in the OpenAPI document that is made of these types;
//! what is wrong with a request is told as a problem of RFC 9457, and what to ask instead; no credentials.

mod asked;
mod diagnose;
mod openapi;
mod targets;
mod told;

use std::sync::Arc;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use axum::{Json, Router};
use serde::Serialize;

use super::{WebState, events};
use crate::document::Problem;
use crate::sinks::Known;
pub(super) use asked::{Asked, name};
pub use diagnose::{Diagnosed, Diagnoser, Refused};
pub(super) use told::{certificate_end, days_until};

/// What is answered may be shown nowhere as a page.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Where the description of all of it is.
pub(super) const OPENAPI: &str = "/api/v1/openapi.json";

/// Everything below `/api/`; every one of these is in the OpenAPI document.
fn routes() -> [(&'static str, MethodRouter<Arc<WebState>>); 6] {
    [
        ("/api/v1/targets", get(targets::all)),
        ("/api/v1/targets/{name}", get(targets::one)),
        ("/api/v1/targets/{name}/journeys", get(targets::journeys)),
        ("/api/v1/diagnose/{name}", post(diagnose::diagnose)),
        ("/api/v1/events", get(events::events)),
        (OPENAPI, get(openapi::openapi)),
    ]
}

/// All of it, and a problem where there is nothing.
pub(super) fn router() -> Router<Arc<WebState>> {
    let routes = routes().into_iter().chain([("/api/", any(nothing)), ("/api/{*rest}", any(nothing))]);
    routes.fold(Router::new(), |router, (path, route)| router.route(path, route)).method_not_allowed_fallback(
        async |method: Method| {
            let detail = format!("{method} cannot be asked here; the header Allow says what can");
            problem(StatusCode::METHOD_NOT_ALLOWED, detail)
        },
    )
}

async fn nothing(uri: Uri) -> Response {
    let detail = format!("there is nothing at {}; {OPENAPI} describes what there is", uri.path());
    problem(StatusCode::NOT_FOUND, detail)
}

/// The headers of every answer.
fn headers(content_type: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept-language"),
    ]
}

/// A document as an answer.
fn json(document: &impl Serialize) -> Response {
    (headers("application/json"), Json(document)).into_response()
}

/// A problem as an answer.
pub(super) fn problem(status: StatusCode, detail: String) -> Response {
    let title = status.canonical_reason().unwrap_or("Problem");
    let problem = Problem::new(status.as_u16(), title, detail);
    (status, headers("application/problem+json"), Json(problem)).into_response()
}

/// What is known of a target, or that there is no such one.
pub(super) fn known(state: &WebState, name: &str) -> Result<Known, Box<Response>> {
    state.knowledge.of(name).ok_or_else(|| Box::new(no_target(state, name)))
}

/// That there is no such target.
fn no_target(state: &WebState, name: &str) -> Response {
    let detail = state.shards.elsewhere(name).map_or_else(
        || format!("there is no target {name:?}; /api/v1/targets lists those that are watched"),
        |elsewhere| elsewhere.told(name),
    );
    problem(StatusCode::NOT_FOUND, detail)
}
