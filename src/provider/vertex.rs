//! Vertex AI's dialect, as far as it is cheap and plain: the list of Google's models, with an OAuth access token or refused
//! without one.
//!
//! The token comes from a file that something else keeps fresh; getting one is not done here. Messages are not made: their path
//! holds a project and a region, and each publisher's models have a dialect of their own. Facts from the public reference of 2026.
//! Unverified: that the list is there in every region, and that a service account needs no `x-goog-user-project` (a person's
//! token does: set it in `http.headers`).

use std::time::SystemTime;

use serde_json::Value;

use super::{Answer, Call, CallKind, Event, EventReading, Provider, Reading, StreamMark, google, sent};
use crate::outcome::Usage;

/// Vertex AI.
#[derive(Debug)]
pub(super) struct Vertex;

impl Provider for Vertex {
    fn name(&self) -> &'static str {
        "vertex"
    }

    fn default_url(&self) -> Option<&'static str> {
        Some("https://aiplatform.googleapis.com")
    }

    fn kinds(&self) -> &'static [CallKind] {
        &[CallKind::Hello, CallKind::Models]
    }

    fn call(&self, kind: CallKind, _model: &str) -> Option<Call> {
        const LIST: &str = "/v1beta1/publishers/google/models?pageSize=1";
        match kind {
            CallKind::Hello => Some(sent::get(kind, LIST, &[], false)),
            CallKind::Models => Some(sent::get(kind, LIST, &[], true)),
            CallKind::CountTokens | CallKind::Message | CallKind::Stream | CallKind::Get => None,
        }
    }

    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        google::read(kind, answer, now, has_shape, |_| None)
    }

    fn read_event(&self, _event: Event<'_>) -> EventReading {
        EventReading { mark: StreamMark::Other, usage: Usage::default(), ends: false }
    }
}

fn has_shape(_kind: CallKind, _answer: &Answer<'_>, json: Option<&Value>) -> bool {
    json.and_then(|json| json.get("publisherModels")).is_some_and(Value::is_array)
}

#[cfg(test)]
mod tests {
    use super::super::CallKind::{Hello, Models};
    use super::super::conformance::{Row, hold};
    use crate::outcome::AnsweredBy::{Between, Edge, Origin};
    use crate::outcome::Reason as R;

    const ROWS: &[Row] = &[
        (
            Hello,
            401,
            &[],
            r#"{"error":{"code":401,"message":"Request is missing required authentication credential.","status":"UNAUTHENTICATED","details":[{"reason":"CREDENTIALS_MISSING"}]}}"#,
            None,
            Origin,
            None,
        ),
        (
            Models,
            401,
            &[],
            r#"{"error":{"code":401,"message":"m","status":"UNAUTHENTICATED","details":[{"reason":"ACCESS_TOKEN_EXPIRED"}]}}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("ACCESS_TOKEN_EXPIRED"),
        ),
        (
            Models,
            403,
            &[],
            r#"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED","details":[{"reason":"SERVICE_DISABLED"}]}}"#,
            Some(R::AuthForbidden),
            Origin,
            Some("SERVICE_DISABLED"),
        ),
        (
            Models,
            404,
            &[("server", "sffe"), ("content-type", "text/html")],
            r#"<html>"#,
            Some(R::UnexpectedStatus),
            Edge,
            None,
        ),
        (Models, 404, &[], r#""#, Some(R::NotTheApi), Between, None),
    ];

    #[test]
    fn the_answer_table() {
        hold("vertex", ROWS);
    }
}
