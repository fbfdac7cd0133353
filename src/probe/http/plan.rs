//! The call of a target, made once; only the key is looked up for each call, so that a rotated one is used.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::outcome::{ApiEvidence, HttpVersion};
use crate::provider::{Answer, CallKind, Event, EventReading, Price, Provider, Reading};
use crate::target::{ApiKey, Endpoint, Expectations, Scheme, Secret, Target};

/// How the canary names itself.
pub(super) const AGENT: &str = concat!("api-canary/", env!("CARGO_PKG_VERSION"));

/// What the call will travel over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// A TLS connection whose certificate verified.
    Verified,
    /// A connection without TLS: no key is sent over it.
    Plain,
}

/// Why a call cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The provider has no such call.
    #[error("the provider {provider} has no call of kind {kind}")]
    NoSuchCall {
        /// The provider.
        provider: &'static str,
        /// The kind.
        kind: CallKind,
    },
    /// The parts do not make a request.
    #[error("the call cannot be made into a request: {0}")]
    Request(#[from] http::Error),
}

/// A planned call.
#[derive(Debug)]
pub(crate) struct CallPlan {
    provider: &'static dyn Provider,
    kind: CallKind,
    method: Method,
    path: Uri,
    absolute: Uri,
    host: HeaderValue,
    headers: Arc<HeaderMap>,
    body: Bytes,
    model: Option<Arc<str>>,
    price: Option<Price>,
    key: Option<Key>,
    expectations: Expectations,
    shown: String,
}

#[derive(Debug)]
struct Key {
    key: ApiKey,
    header: HeaderName,
    prefix: &'static str,
}

/// A request ready to be sent, and the key in it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) head: Request<Bytes>,
    pub(super) key: Option<Secret>,
}

/// The headers of calls to which no target adds any, which all targets share: one a kind of call of a provider.
static COMMON: Mutex<Vec<(&str, CallKind, Arc<HeaderMap>)>> = Mutex::new(Vec::new());

/// What every call of a target carries but for the key.
fn headers(
    target: &Target,
    kind: CallKind,
    of_call: &'static [(&'static str, &'static str)],
) -> Arc<HeaderMap> {
    let own = &target.http.headers;
    let make = || {
        let mut headers = HeaderMap::with_capacity(3 + of_call.len() + own.len());
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in of_call {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        for (name, value) in own {
            headers.insert(name.clone(), value.clone());
        }
        Arc::new(headers)
    };
    if !own.is_empty() {
        return make();
    }
    let provider = target.provider.name();
    let mut common = COMMON.lock().unwrap_or_else(PoisonError::into_inner);
    match common.iter().find(|(of, known, _)| *of == provider && *known == kind) {
        Some((_, _, headers)) => Arc::clone(headers),
        None => {
            let headers = make();
            common.push((provider, kind, Arc::clone(&headers)));
            headers
        }
    }
}

impl CallPlan {
    /// The call of this kind at this endpoint.
    pub(crate) fn new(target: &Target, endpoint: &Endpoint, kind: CallKind) -> Result<Self, PlanError> {
        let provider = target.provider;
        let model = target.call.model.clone().filter(|_| kind.needs_model());
        let call = provider
            .call(kind, model.as_deref().unwrap_or_default())
            .ok_or(PlanError::NoSuchCall { provider: provider.name(), kind })?;
        let base = &endpoint.path;
        let path = if call.path.is_empty() {
            base.clone()
        } else {
            let base = base.split('?').next().unwrap_or_default().trim_end_matches('/');
            format!("{base}{}", call.path)
        };
        // A query often holds a key, and what came from the environment may be one.
        let shown_path = match path.split_once('?') {
            _ if endpoint.confidential => "/[redacted]",
            Some((path, _)) => path,
            None => &path,
        }
        .to_owned();
        let scheme = match endpoint.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let authority = endpoint.authority();
        let to_uri = |text: String| Uri::try_from(text).map_err(http::Error::from);
        let absolute = to_uri(format!("{scheme}://{authority}{path}"))?;
        let headers = headers(target, kind, call.headers);
        let key = target.api_key.clone().filter(|_| call.keyed).map(|key| {
            let (header, prefix) = provider.key_header();
            Key { key, header, prefix }
        });
        Ok(Self {
            provider,
            kind,
            shown: format!("{} {scheme}://{authority}{shown_path}", call.method),
            method: call.method,
            path: to_uri(path)?,
            absolute,
            host: HeaderValue::try_from(authority).map_err(http::Error::from)?,
            headers,
            body: call.body,
            price: target.call.budget.as_ref().map(|budget| budget.price),
            model,
            key,
            // What is expected is of the configured call; a free one in its place is judged by its dialect alone.
            expectations: if kind == target.call.kind {
                target.http.expect.clone()
            } else {
                Expectations::default()
            },
        })
    }

    /// The request in the form of a version, with the key if the channel may carry it.
    pub(super) fn request(&self, version: HttpVersion, channel: Channel) -> Prepared {
        let mut head = Request::new(self.body.clone());
        *head.method_mut() = self.method.clone();
        head.headers_mut().clone_from(&*self.headers);
        match version {
            HttpVersion::Http11 => {
                *head.uri_mut() = self.path.clone();
                head.headers_mut().insert(HOST, self.host.clone());
                // One call a connection: let the server close first, so that its side holds the closed connection.
                head.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            HttpVersion::Http2 => {
                *head.uri_mut() = self.absolute.clone();
                *head.version_mut() = http::Version::HTTP_2;
            }
        }
        let mut sent = None;
        if let (Some(Key { key, header, prefix }), Channel::Verified) = (&self.key, channel) {
            let secret = key.current();
            // A key that could not be sent was refused when it was read.
            if let Ok(mut value) = HeaderValue::try_from(format!("{prefix}{}", secret.expose())) {
                value.set_sensitive(true);
                head.headers_mut().insert(header.clone(), value);
                sent = Some(secret);
            }
        }
        Prepared { head, key: sent }
    }

    /// The request on a connection that is to be kept.
    pub(super) fn request_to_keep(&self, version: HttpVersion, channel: Channel) -> Prepared {
        let mut prepared = self.request(version, channel);
        prepared.head.headers_mut().remove(CONNECTION);
        prepared
    }

    /// The request for a client that keeps its connection and chooses the version itself.
    pub(super) fn request_kept(&self, channel: Channel) -> Prepared {
        let mut prepared = self.request(HttpVersion::Http2, channel);
        *prepared.head.version_mut() = http::Version::HTTP_11;
        prepared
    }

    pub(super) fn read(&self, answer: &Answer<'_>, now: SystemTime) -> Reading {
        self.provider.read(self.kind, answer, now)
    }

    pub(super) fn read_event(&self, event: Event<'_>) -> EventReading {
        self.provider.read_event(event)
    }

    /// Whether a stream of events is asked for.
    pub(super) fn is_stream(&self) -> bool {
        self.kind == CallKind::Stream
    }

    pub(super) fn expectations(&self) -> &Expectations {
        &self.expectations
    }

    /// Evidence of this call, about to be made.
    pub(super) fn evidence(&self) -> ApiEvidence {
        let mut evidence = ApiEvidence::of_call(self.kind.label(), self.method.clone());
        evidence.model.clone_from(&self.model);
        evidence
    }

    pub(super) fn price(&self) -> Option<&Price> {
        self.price.as_ref()
    }

    /// `GET https://api.example.com/v1/models`
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Env, Source};

    fn plan(url: &str) -> CallPlan {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.yml");
        let text =
            format!("targets:\n  - {{name: a, provider: http, url: \"{url}\", api_key: {{env: KEY}}}}\n");
        std::fs::write(&file, text).unwrap();
        let env = Env::of([("KEY", "sk-ant-1"), ("TOKEN", "t0ken")]);
        let target = Config::load(&Source::File(file), &env).unwrap().targets.remove(0);
        CallPlan::new(&target, &target.sites[0].endpoint, target.call.kind).unwrap()
    }

    #[test]
    fn a_call_is_shown_without_its_query_and_without_what_came_from_the_environment() {
        assert_eq!(plan("https://h.example:8443/a/b?key=secret").shown(), "GET https://h.example:8443/a/b");
        let plan = plan("https://h.example/${TOKEN}/b");
        assert_eq!(plan.shown(), "GET https://h.example/[redacted]");
        let request = plan.request(HttpVersion::Http11, Channel::Verified);
        assert_eq!(request.head.uri(), "/t0ken/b");
    }

    #[test]
    fn what_is_expected_is_expected_of_the_configured_call_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.yml");
        let expect = "http: { expect: { status: [200], body_regex: claude, max_latency: 1s } }";
        let text =
            format!("targets: [{{ name: a, provider: anthropic, api_key: {{ env: KEY }}, {expect} }}]\n");
        std::fs::write(&file, text).unwrap();
        let target =
            Config::load(&Source::File(file), &Env::of([("KEY", "sk-ant-1")])).unwrap().targets.remove(0);
        let of = |kind| CallPlan::new(&target, &target.sites[0].endpoint, kind).unwrap().expectations;
        assert_eq!(of(CallKind::Models), target.http.expect);
        assert_eq!(of(CallKind::Hello), Expectations::default());
    }

    #[test]
    fn the_key_goes_only_over_a_verified_channel() {
        let plan = plan("https://h.example/");
        let sent =
            |channel| plan.request(HttpVersion::Http2, channel).head.headers().contains_key("authorization");
        assert!(sent(Channel::Verified));
        assert!(!sent(Channel::Plain));
    }
}
