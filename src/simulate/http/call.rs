//! A request, read whole, and what its host wants done with it.

use super::super::accept::MAX_BODY;
use super::super::dialect::Dialect;
use super::super::fault::Fault;
use super::super::host_faults::normal;
use super::super::record::RecordedRequest;
use super::ending::End;
use http::header::{AUTHORIZATION, HOST, USER_AGENT};
use http::request::Parts;
use http::{Request, Version};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use std::sync::Arc;

/// The headers providers take a key from.
const KEY_HEADERS: [&str; 4] = ["x-api-key", "authorization", "api-key", "x-goog-api-key"];

/// How much of a model's name is remembered.
const LONGEST_MODEL: usize = 100;

/// A request that was read.
pub(super) struct Call {
    pub(super) head: Parts,
    pub(super) content: Content,
    pub(super) host: String,
    pub(super) dialect: Option<Dialect>,
    /// The fault of the API layer that its host has.
    pub(super) fault: Option<Fault>,
    /// The end of its connection, for answers that bring it.
    pub(super) end: Arc<End>,
}

/// What a request carries.
pub(super) enum Content {
    /// More than is read.
    TooLarge,
    /// Nothing, or something else than JSON.
    Other,
    Json(Value),
}

// === impl Call ===

impl Call {
    pub(super) async fn read(request: Request<Incoming>, server_name: Option<&str>, end: Arc<End>) -> Self {
        let host = host(&request).or_else(|| server_name.map(str::to_owned)).unwrap_or_default();
        let (head, body) = request.into_parts();
        let content = match Limited::new(body, MAX_BODY).collect().await {
            Ok(body) => serde_json::from_slice(&body.to_bytes()).map_or(Content::Other, Content::Json),
            Err(_) => Content::TooLarge,
        };
        Self { head, content, host, dialect: None, fault: None, end }
    }

    pub(super) fn path(&self) -> &str {
        self.head.uri.path()
    }

    pub(super) fn json(&self) -> Option<&Value> {
        match &self.content {
            Content::Json(value) => Some(value),
            Content::Other | Content::TooLarge => None,
        }
    }

    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The credential of `authorization: Bearer …`.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.header(AUTHORIZATION.as_str())?.strip_prefix("Bearer ").map(str::trim)
    }

    /// A parameter of the query, as it stands there.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.head.uri.query()?.split('&');
        pairs.filter_map(|pair| pair.split_once('=')).find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Whether it asks for a stream.
    pub(super) fn wants_stream(&self) -> bool {
        let in_body = self.json().and_then(|body| body.get("stream")).and_then(Value::as_bool);
        in_body.unwrap_or(false) || self.path().ends_with(":streamGenerateContent")
    }

    /// Whether it carries a key, right or wrong.
    pub(super) fn is_keyed(&self) -> bool {
        KEY_HEADERS.iter().any(|name| self.head.headers.contains_key(*name))
            || self.parameter("key").is_some()
    }

    /// What is remembered of it: no key, and nothing of what was said.
    pub(super) fn record(&self) -> RecordedRequest {
        RecordedRequest {
            host: self.host.clone(),
            method: self.head.method.to_string(),
            path: self.path().to_owned(),
            keyed: self.is_keyed(),
            model: self.model().map(|model| model.chars().take(LONGEST_MODEL).collect()),
            stream: self.wants_stream(),
            http_version: match self.head.version {
                Version::HTTP_2 => "HTTP/2.0",
                Version::HTTP_10 => "HTTP/1.0",
                _ => "HTTP/1.1",
            },
            user_agent: self
                .head
                .headers
                .get(USER_AGENT)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        }
    }

    /// The model in the body, else the one in the path: `/deployments/{model}/…` or `/models/{model}:…`.
    fn model(&self) -> Option<&str> {
        let in_body = self.json().and_then(|body| body.get("model")).and_then(Value::as_str);
        in_body.or_else(|| {
            let (_, deployment) = self.path().split_once("/deployments/").unwrap_or_default();
            let (_, model) = self.path().split_once("/models/").unwrap_or_default();
            let model = model.split_once(':').map(|(model, _)| model);
            deployment.split_once('/').map(|(deployment, _)| deployment).or(model)
        })
    }
}

fn host(request: &Request<Incoming>) -> Option<String> {
    let host = match request.uri().host() {
        Some(host) => host,
        None => {
            let host = request.headers().get(HOST)?.to_str().ok()?;
            match host.rsplit_once(':') {
                Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
                _ => host,
            }
        }
    };
    Some(normal(host.trim_start_matches('[').trim_end_matches(']')).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::test_client::{KEYED, call, get, request, start};
    use http::{Method, Version};

    #[tokio::test]
    async fn what_is_remembered_tells_model_and_stream_and_never_the_key() {
        let simulator = start().await;
        let body = r#"{"model":"claude-haiku-4-5","stream":true,"max_tokens":1,"messages":[]}"#;
        let streamed = request(Method::POST, "https", "http-529.sim.test", "/v1/messages", KEYED, body);
        call(&simulator, Version::HTTP_2, streamed).await.unwrap();
        for (host, path, headers) in [
            ("api.sim.test", "/v1/models", &[][..]),
            ("azure.sim.test", "/openai/deployments/gpt-sim/chat/completions", &[("api-key", "sk-x")]),
            ("gemini.sim.test", "/v1beta/models/gemini-sim:streamGenerateContent?key=sk-x", &[]),
        ] {
            get(&simulator, host, path, headers).await.unwrap();
        }
        let seen = simulator.requests();
        let seen: Vec<_> = seen.iter().map(|one| (one.model.as_deref(), one.stream, one.keyed)).collect();
        assert_eq!(
            seen,
            [
                (Some("claude-haiku-4-5"), true, true),
                (None, false, false),
                (Some("gpt-sim"), false, true),
                (Some("gemini-sim"), true, true)
            ]
        );
        let all = serde_json::to_string(&simulator.requests()).unwrap();
        assert!(!all.contains("sk-"), "{all}");
    }
}
