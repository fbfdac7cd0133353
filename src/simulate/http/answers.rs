//! Building blocks of answers: who speaks (origin, edge, something else) shows in the headers.

use super::super::world::Ids;
use super::body::Body;
use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_TYPE, HeaderName, SERVER, STRICT_TRANSPORT_SECURITY, VIA, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;
use std::borrow::Cow;

pub(super) type Answer = Response<Body>;

const ORGANIZATION: HeaderValue = HeaderValue::from_static("5f3c1a52-0000-4000-8000-51a7e0a1d0c5");
const WORKSPACE: HeaderValue = HeaderValue::from_static("wrkspc_01SimulatedWorkspace");

pub(super) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Body::from(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    typed(status, "application/json", body)
}

pub(super) fn html(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    typed(status, "text/html; charset=UTF-8", body)
}

/// Why the API refuses a request.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) message: Cow<'static, str>,
}

impl Refusal {
    pub(super) fn new(status: u16, kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, kind, message: message.into() }
    }

    pub(super) fn answer(&self, ids: &Ids) -> Answer {
        error(ids, self.status, self.kind, &self.message)
    }
}

/// As the provider's own error: status, `error.type`, `error.message`.
pub(super) fn error(ids: &Ids, status: u16, kind: &str, message: &str) -> Answer {
    error_with(ids, status, &json!({"type": kind, "message": message}))
}

pub(super) fn error_with(ids: &Ids, code: u16, error: &serde_json::Value) -> Answer {
    let body = json!({"type": "error", "error": error, "request_id": ids.request_id});
    json(status(code), body.to_string())
}

pub(super) fn method_not_allowed(ids: &Ids, allowed: &'static str) -> Answer {
    let mut answer = error(ids, 405, "invalid_request_error", "Method Not Allowed");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub(super) fn set(answer: &mut Answer, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// Marks an answer as one the edge made or passed on.
pub(super) fn from_edge(mut answer: Answer, ids: &Ids) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("cloudflare"));
    headers.insert("cf-cache-status", HeaderValue::from_static("DYNAMIC"));
    set(&mut answer, "cf-ray", &ids.ray);
    answer
}

/// Marks an answer as one the API itself made.
pub(super) fn from_origin(answer: Answer, ids: &Ids) -> Answer {
    let mut answer = from_edge(answer, ids);
    let authenticated = answer.status() != StatusCode::UNAUTHORIZED;
    let headers = answer.headers_mut();
    headers.insert("anthropic-organization-id", ORGANIZATION);
    if authenticated {
        headers.insert("anthropic-workspace-id", WORKSPACE);
    }
    headers.insert(VIA, HeaderValue::from_static("1.1 google"));
    headers.insert("x-robots-tag", HeaderValue::from_static("none"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains; preload"),
    );
    set(&mut answer, "request-id", &ids.request_id);
    answer
}
