//! Streams of events over a connection, in both versions of HTTP: what is found, and when it is over.

mod peer;

use std::time::Duration;

use http::Method;
use peer::{BOTH, KEY, Step, called, target};
use regex::bytes::Regex;

use super::*;
use crate::net::{Observed, Observer};
use crate::outcome::{StreamEvidence, Usage};
use crate::target::BodyPattern;

const STREAM: Step = Step::Head(200, "text/event-stream; charset=utf-8");

fn event(name: &str) -> Step {
    Step::Send(format!("event: {name}\ndata: 0\n\n"))
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The stage's parts.
fn parts(called: &Called) -> (Duration, Option<(Reason, &str)>, &ApiEvidence) {
    let failure = called.stage.failure().map(|failure| (failure.reason, failure.detail.as_str()));
    (called.stage.took().unwrap(), failure, called.stage.evidence().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_clean_stream_passes_and_its_close_is_not_waited_for() {
    let script = [
        Step::Wait(100),
        STREAM,
        Step::Wait(100),
        event("start"),
        Step::Wait(100),
        event("token"),
        event("ping"),
        Step::Wait(300),
        event("token"),
        event("end"),
        event("usage"),
        Step::Wait(60_000),
        event("token"),
    ];
    for version in BOTH {
        let (called, _) = called(&target(), version, &script).await;
        let (took, failure, evidence) = parts(&called);
        assert_eq!((took, failure), (ms(600), None), "{version:?}");
        let stream = StreamEvidence {
            first_event: Some(ms(200)),
            first_token: Some(ms(300)),
            last_token: Some(ms(600)),
            longest_gap: Some(ms(300)),
            longest_silence: Some(ms(300)),
            events: 5,
            pings: 1,
            complete: true,
        };
        assert_eq!(evidence.stream, Some(stream), "{version:?}");
        assert_eq!(evidence.latency(), Some(ms(300)));
        assert_eq!(evidence.phases.processing, Some(ms(100)));
        assert_eq!(evidence.phases.transfer, Some(ms(500)));
        assert_eq!(evidence.usage, Some(Usage { input_tokens: Some(10), output_tokens: Some(10) }));
        assert_eq!(evidence.cost.map(|cost| cost.to_string()).as_deref(), Some("20.00"));
        assert_eq!(evidence.request_id.as_deref(), Some("req_1"));
        assert!(evidence.answered_by.is_some());
        assert_eq!((evidence.body_bytes, evidence.body_truncated), (129, false), "{version:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stream_cost_is_not_known_before_its_end() {
    let counted = Some(Usage { input_tokens: Some(10), output_tokens: Some(10) });
    for (last, cost) in [(event("end"), Some("20.00")), (Step::Cut, None), (Step::Wait(60_000), None)] {
        let (called, _) = called(&target(), BOTH[0], &[STREAM, event("usage"), event("token"), last]).await;
        let (_, _, evidence) = parts(&called);
        assert_eq!(evidence.usage, counted);
        assert_eq!(evidence.cost.map(|cost| cost.to_string()).as_deref(), cost);
    }
}

#[tokio::test(start_paused = true)]
async fn how_an_answer_fails_decides_the_reason_and_when_it_is_over() {
    use Reason as R;
    const JSON: &str = "application/json";
    let token = || event("token");
    let more = |pieces: &[Step], step: Step, times: usize| {
        let repeated = std::iter::repeat_n([Step::Wait(500), step], times).flatten();
        pieces.iter().cloned().chain(repeated).collect::<Vec<_>>()
    };
    let error = Step::Send("event: error\ndata: Overloaded\n\n".to_owned());
    let long = Step::Send(format!("event: token\ndata: {}\n\n", "x".repeat(300_000)));
    let cases: Vec<(Vec<Step>, u64, Option<R>, &str)> = vec![
        (
            vec![STREAM, token(), error.clone(), Step::Wait(60_000)],
            0,
            Some(R::StreamError),
            "overloaded_error: Overloaded",
        ),
        (vec![STREAM, error], 0, Some(R::StreamError), "after 1 event,"),
        (
            vec![STREAM, token(), Step::Wait(400), Step::Half, Step::Wait(200), Step::Cut],
            600,
            Some(R::StreamCut),
            "in 0.6 s, the last event 0.6 s ago, the next one begun: ",
        ),
        (vec![STREAM, Step::Wait(200), Step::Cut], 200, Some(R::StreamCut), "reading the stream, 0 events"),
        (
            vec![STREAM, token(), Step::Wait(200), Step::End],
            200,
            Some(R::StreamCut),
            "before the stream's own end: 1 event",
        ),
        (vec![STREAM, event("end")], 0, Some(R::UnexpectedBody), "no content in it"),
        (
            vec![STREAM, token(), Step::Wait(60_000)],
            10_000,
            Some(R::StreamStalled),
            "no byte at all for 10.0 s",
        ),
        (vec![STREAM, Step::Wait(60_000)], 10_000, Some(R::StreamStalled), "no byte at all for 10.0 s"),
        (
            more(&[STREAM, token()], Step::Send("x".to_owned()), 30),
            10_000,
            Some(R::StreamStalled),
            "bytes without a complete event for 10.0 s",
        ),
        (
            more(&[STREAM, token()], event("ping"), 30),
            10_000,
            Some(R::StreamStalled),
            "only pings for 10.0 s",
        ),
        (
            more(&[STREAM, token()], Step::Send(":\n\n".to_owned()), 30),
            10_000,
            Some(R::StreamStalled),
            "only pings for 10.0 s",
        ),
        (more(&[STREAM], token(), 30), 10_000, Some(R::HttpTimeout), "still streaming after 10.0 s: "),
        (vec![Step::Wait(60_000)], 10_000, Some(R::HttpTimeout), "sent, and no response in 10.0 s"),
        (
            vec![Step::Head(529, JSON), Step::Send("{}".to_owned()), Step::End],
            0,
            Some(R::ProviderOverloaded),
            "HTTP 529, application/json",
        ),
        (
            vec![Step::Head(529, "text/event-stream"), token(), Step::End],
            0,
            Some(R::ProviderOverloaded),
            "HTTP 529",
        ),
        (
            vec![Step::Head(200, JSON), Step::Send("{}".to_owned()), Step::End],
            0,
            Some(R::UnexpectedBody),
            "body starts \"{}\"; expected a stream of events",
        ),
        (vec![STREAM, token(), long, event("end")], 0, None, ""),
    ];
    for version in BOTH {
        for (script, time, reason, words) in &cases {
            let (called, _) = called(&target(), version, script).await;
            let (took, failure, evidence) = parts(&called);
            assert_eq!(failure.map(|failure| failure.0), *reason, "{version:?} {words}: {failure:?}");
            assert!(
                failure.is_none_or(|failure| failure.1.contains(words)),
                "{version:?} {words}: {failure:?}"
            );
            assert_eq!(took, ms(*time), "{version:?} {words}");
            let streamed = evidence.stream.is_some();
            assert_eq!(
                streamed,
                matches!(script.first(), Some(Step::Head(200, "text/event-stream; charset=utf-8")))
            );
            let gave_up = *reason == Some(R::StreamError);
            assert_eq!(evidence.error_type, gave_up.then_some("overloaded_error"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_is_longer_than_allowed_ends_the_call_at_once() {
    let mut target = target();
    target.http.expect.max_gap = Some(ms(2_000));
    let mut script = vec![STREAM, Step::Wait(1_500), event("token")];
    script.extend(std::iter::repeat_n([Step::Wait(300), event("ping")], 100).flatten());
    for version in BOTH {
        let (called, _) = called(&target, version, &script).await;
        let (took, failure, evidence) = parts(&called);
        assert_eq!((took, failure.map(|failure| failure.0)), (ms(3_500), Some(Reason::StreamStalled)));
        assert!(failure.is_some_and(|failure| failure.1.contains("only pings for 2.0 s")), "{failure:?}");
        assert_eq!(evidence.stream.and_then(|stream| stream.longest_gap), Some(ms(2_000)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_first_token_is_a_finding() {
    let mut target = target();
    target.http.expect.max_first_token = Some(ms(1_000));
    target.http.expect.body = Some(BodyPattern(Regex::new("event: start").unwrap()));
    let script = [Step::Wait(100), STREAM, event("start"), Step::Wait(1_000), event("token"), event("end")];
    let (called, _) = called(&target, HttpVersion::Http11, &script).await;
    assert!(called.stage.passed(), "{called:?}");
    let found: Vec<_> =
        called.findings.iter().map(|found| (found.0.reason, found.0.detail.as_str())).collect();
    let words = "first token after 1.100 s (head 0.100 s, first event 0.100 s), expected within 1.000 s";
    assert_eq!(found, [(Reason::SlowFirstToken, words)]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_match_fails_a_clean_stream() {
    let mut target = target();
    target.http.expect.body = Some(BodyPattern(Regex::new("event: hello").unwrap()));
    let (called, _) = called(&target, HttpVersion::Http11, &[STREAM, event("token"), event("end")]).await;
    assert_eq!(parts(&called).1.map(|failure| failure.0), Some(Reason::UnexpectedBody));
}

#[tokio::test(start_paused = true)]
async fn a_key_in_an_error_event_is_not_repeated_not_even_in_part() {
    for words in [format!("no such key {KEY}"), format!("{KEY} {KEY}"), format!("bad {KEY}")] {
        let error = Step::Send(format!("event: error\ndata: {words}\n\n"));
        let (called, request) = called(&target(), HttpVersion::Http11, &[STREAM, error]).await;
        assert!(request.contains(KEY), "{request}");
        let said = format!("{called:?}");
        assert!(said.contains("StreamError") && said.contains("[redact"), "{said}");
        assert!(!said.contains(&KEY[..4]), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_says_how_long_it_is_and_of_what_type() {
    for version in BOTH {
        let (called, request) = called(&target(), version, &[STREAM, event("token"), event("end")]).await;
        assert_eq!(parts(&called).2.method, Method::POST);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, r#"{"stream":true}"#);
        let start = match version {
            HttpVersion::Http11 => "POST /base/talk HTTP/1.1\r\n",
            HttpVersion::Http2 => "POST https://h.example/base/talk\r\n",
        };
        assert!(head.starts_with(start), "{head}");
        let headers: Vec<_> = head.split("\r\n").collect();
        let key = format!("authorization: Bearer {KEY}");
        for header in ["content-length: 15", "content-type: application/json", &*key] {
            let count = headers.iter().filter(|line| **line == header).count();
            assert_eq!(count, 1, "{version:?} {header}: {head}");
        }
        let closes = headers.contains(&"connection: close");
        assert_eq!(closes, version == HttpVersion::Http11, "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
}

/// Tells when the first bytes have come.
struct Told(Option<tokio::sync::oneshot::Sender<()>>);

impl Observer for Told {
    fn came(&mut self, _bytes: &[u8]) {
        if let Some(tell) = self.0.take() {
            tell.send(()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_reset_connection_is_a_cut_stream() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut theirs, _) = listener.accept().await.unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    let peer = tokio::spawn(async move {
        let mut request = Vec::new();
        while !request.ends_with(br#"{"stream":true}"#) {
            theirs.read_buf(&mut request).await.unwrap();
        }
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 1000\r\n\r\n: hi\n\n";
        theirs.write_all(head.as_bytes()).await.unwrap();
        // A reset takes what was not read yet with it.
        told.await.unwrap();
        socket2::SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
    });
    let target = target();
    let plan = CallPlan::new(&target, &target.sites[0].endpoint, target.call.kind).unwrap();
    let deadline = Deadline::after(Instant::now(), Duration::from_secs(60));
    let stream = Observed::new(stream, Told(Some(tell)));
    let called =
        call(stream, &Arrivals::default(), &plan, HttpVersion::Http11, Channel::Verified, deadline).await;
    peer.await.unwrap();
    let (_, failure, evidence) = parts(&called);
    assert_eq!(failure.map(|failure| failure.0), Some(Reason::StreamCut), "{failure:?}");
    assert_eq!(evidence.stream.map(|stream| (stream.pings, stream.complete)), Some((1, false)));
}
