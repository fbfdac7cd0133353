//! The other side of a call: it takes one request and answers by a script, in raw HTTP/1.1 or in HTTP/2.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::{Instant, sleep};

use super::super::{CallPlan, Called, Channel, call};
use crate::config::{Config, Env, Source};
use crate::net::Arrivals;
use crate::outcome::{AnsweredBy, Failure, HttpVersion, Reason, Usage};
use crate::provider::{
    Answer, Call, CallKind, Event, EventReading, Price, Provider, Reading, StatusPage, StreamMark,
};
use crate::target::{Budget, Target};
use crate::units::{Deadline, Usd};

/// A dialect in which the type of an event says it all.
#[derive(Debug)]
struct Talker;

impl Provider for Talker {
    fn name(&self) -> &'static str {
        "talker"
    }

    fn default_url(&self) -> Option<&'static str> {
        None
    }

    fn networks(&self) -> &'static [&'static str] {
        &[]
    }

    fn kinds(&self) -> &'static [CallKind] {
        &[CallKind::Message, CallKind::Stream]
    }

    fn call(&self, kind: CallKind, _model: &str) -> Option<Call> {
        Some(Call {
            kind,
            method: Method::POST,
            path: "/talk".into(),
            headers: &[("content-type", "application/json")],
            body: Bytes::from_static(br#"{"stream":true}"#),
            keyed: true,
            most: Usage::default(),
        })
    }

    fn default_call(&self, _has_key: bool) -> CallKind {
        CallKind::Stream
    }

    fn default_model(&self) -> Option<&'static str> {
        None
    }

    fn price(&self, _model: &str) -> Option<Price> {
        None
    }

    fn key_header(&self) -> (HeaderName, &'static str) {
        (header::AUTHORIZATION, "Bearer ")
    }

    fn status_page(&self) -> Option<StatusPage> {
        None
    }

    fn read(&self, _kind: CallKind, answer: &Answer<'_>, _now: SystemTime) -> Reading {
        let overloaded = || Failure::new(Reason::ProviderOverloaded, answer.describe());
        Reading {
            failure: (!answer.status.is_success()).then(overloaded),
            answered_by: AnsweredBy::Origin,
            request_id: answer.header("request-id").map(str::to_owned),
            error_type: None,
            rate_limits: Vec::new(),
            rate_limits_rejected: 0,
            limited_by: None,
            retry_after: None,
            should_retry: None,
            usage: None,
        }
    }

    fn read_event(&self, event: Event<'_>) -> EventReading {
        let mark = match event.name {
            "ping" => StreamMark::Ping,
            "token" => StreamMark::Content,
            "end" => StreamMark::End,
            // As the dialects do, it cuts the provider's words.
            "error" => StreamMark::Error {
                error_type: "overloaded_error",
                message: event.data.chars().take(20).collect(),
            },
            _ => StreamMark::Other,
        };
        let tokens = (event.name == "usage").then_some(10);
        EventReading { mark, usage: Usage { input_tokens: tokens, output_tokens: tokens }, ends: false }
    }
}

/// The key that is sent.
pub(super) const KEY: &str = "the-very-secret-key";

/// A target whose streams are called, with a token at a dollar.
pub(super) fn target() -> Target {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yml");
    let text =
        "targets:\n  - {name: a, provider: http, url: \"https://h.example/base\", api_key: {env: KEY}}\n";
    std::fs::write(&file, text).unwrap();
    let target = Config::load(&Source::File(file), &Env::of([("KEY", KEY)])).unwrap().targets.remove(0);
    let mut target = Arc::into_inner(target).unwrap();
    target.provider = &Talker;
    target.call.kind = CallKind::Stream;
    let dollar = Usd::parse("1").unwrap();
    target.call.budget = Some(Budget { daily: dollar, price: Price { input: dollar, output: dollar } });
    target
}

pub(super) const BOTH: [HttpVersion; 2] = [HttpVersion::Http11, HttpVersion::Http2];

/// What the other side does with a request.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// It answers with this status and content type.
    Head(u16, &'static str),
    /// It sends a chunk.
    Send(String),
    /// It sends half a chunk.
    Half,
    /// It waits so many milliseconds.
    Wait(u64),
    /// It ends the answer by the rules.
    End,
    /// It closes the connection, or in HTTP/2 resets the stream.
    Cut,
}

/// What a call by this script found, with 10 s for it, and the head of the request as it came.
pub(super) async fn called(target: &Target, version: HttpVersion, script: &[Step]) -> (Called, String) {
    let plan = CallPlan::new(target, &target.sites[0].endpoint, target.call.kind).unwrap();
    let (ours, theirs) = tokio::io::duplex(1024 * 1024);
    let script = script.to_vec();
    let peer = tokio::spawn(async move {
        match version {
            HttpVersion::Http11 => http1(theirs, script).await,
            HttpVersion::Http2 => http2(theirs, script).await,
        }
    });
    let deadline = Deadline::after(Instant::now(), Duration::from_secs(10));
    let called = call(ours, &Arrivals::default(), &plan, version, Channel::Verified, deadline).await;
    (called, peer.await.unwrap())
}

/// Whether it went on; the client hangs up when it knows enough.
async fn http1(mut stream: DuplexStream, script: Vec<Step>) -> String {
    let mut request = Vec::new();
    while !request.ends_with(br#"{"stream":true}"#) {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request ended early");
    }
    for step in script {
        let bytes = match step {
            Step::Head(status, kind) => format!(
                "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nrequest-id: req_1\r\ntransfer-encoding: chunked\r\n\r\n"
            ),
            Step::Send(text) => format!("{:x}\r\n{text}\r\n", text.len()),
            Step::Half => "ff\r\nevent: token\nda".to_owned(),
            Step::End => "0\r\n\r\n".to_owned(),
            Step::Cut => break,
            Step::Wait(time) => {
                sleep(Duration::from_millis(time)).await;
                continue;
            }
        };
        if stream.write_all(bytes.as_bytes()).await.is_err() {
            break;
        }
    }
    String::from_utf8(request).unwrap()
}

async fn http2(stream: DuplexStream, script: Vec<Step>) -> String {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let (request, mut respond) = connection.accept().await.unwrap().unwrap();
    // The connection moves only while it is asked for the next request.
    let driven = tokio::spawn(async move { while connection.accept().await.is_some() {} });
    let (head, mut body) = request.into_parts();
    let mut sent = Vec::new();
    while let Some(data) = body.data().await {
        sent.extend_from_slice(&data.unwrap());
    }
    let mut answer = None;
    for step in script {
        let went = match (step, &mut answer) {
            (Step::Wait(time), _) => {
                sleep(Duration::from_millis(time)).await;
                Ok(())
            }
            (Step::Head(status, kind), answer) => {
                let mut headers = HeaderMap::new();
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
                headers.insert("request-id", HeaderValue::from_static("req_1"));
                let mut response = Response::builder().status(status).body(()).unwrap();
                *response.headers_mut() = headers;
                respond.send_response(response, false).map(|stream| *answer = Some(stream))
            }
            (Step::Send(text), Some(answer)) => answer.send_data(text.into(), false),
            (Step::Half, Some(answer)) => answer.send_data("event: token\nda".into(), false),
            (Step::End, Some(answer)) => answer.send_data(Bytes::new(), true),
            (Step::Cut, Some(answer)) => {
                answer.send_reset(h2::Reason::INTERNAL_ERROR);
                Ok(())
            }
            (Step::Send(_) | Step::Half | Step::End | Step::Cut, None) => panic!("no head was sent"),
        };
        if went.is_err() {
            break;
        }
    }
    // The client has hung up, or will when its time is over.
    driven.await.unwrap();
    shown(&head.method, &head, &sent)
}

/// As HTTP/1.1 would have it.
fn shown(method: &Method, head: &http::request::Parts, body: &[u8]) -> String {
    let request: &Request<()> = &Request::from_parts(head.clone(), ());
    let mut text = format!("{method} {}\r\n", request.uri());
    for (name, value) in request.headers() {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    text + "\r\n" + std::str::from_utf8(body).unwrap()
}
