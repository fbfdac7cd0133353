//! Vertex AI: `GET /v1beta1/publishers/google/models` with an OAuth token. It tells no limits.

use super::super::super::rate_limits::{Account, Used};
use super::super::answers::{Answer, set, typed};
use super::google_rpc::{self, JSON, error, reason};
use super::{Ask, Failure, Provider, Served};
use http::{HeaderMap, StatusCode};
use serde_json::json;

const MODELS: [&str; 2] = ["gemini-2.5-flash-lite", "gemini-2.5-flash"];
const SERVICE: &str = "aiplatform.googleapis.com";

pub(super) struct Vertex;

impl Provider for Vertex {
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure> {
        if ask.call.path() != "/v1beta1/publishers/google/models" || !ask.is_get() {
            return Err(Failure::NoSuchPath);
        }
        ask.check_bearer()?;
        let model = |id: &&str| json!({"name": format!("publishers/google/models/{id}"), "versionId": "default", "launchStage": "GA"});
        let list = json!({"publisherModels": MODELS.iter().map(model).collect::<Vec<_>>()});
        Ok(Served { answer: typed(StatusCode::OK, JSON, list.to_string()), used: Some(Used::default()) })
    }

    fn refuse(&self, _: &Ask<'_>, failure: &Failure) -> Answer {
        match failure {
            Failure::KeyMissing => error(
                401,
                "UNAUTHENTICATED",
                "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or \
                 other valid authentication credential.",
                &[reason("CREDENTIALS_MISSING", SERVICE)],
            ),
            other => google_rpc::refuse(other),
        }
    }

    fn dress(&self, _: &Ask<'_>, mut answer: Answer) -> Answer {
        set(&mut answer, "server", "ESF");
        set(&mut answer, "x-content-type-options", "nosniff");
        answer
    }

    fn tell_limits(&self, _: &Account, _: &mut HeaderMap) {}
}
