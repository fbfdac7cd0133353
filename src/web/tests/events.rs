//! The stream of events.

use futures_util::StreamExt as _;
use http_body_util::BodyStream;

use super::*;
use crate::diagnosis::{Change, Diagnosis, Facts, Say, Verdict};
use crate::outcome::Reason;
use crate::sinks::Sinks;

pub(super) const RESET: Verdict = Verdict::Down(Reason::TlsReset);

/// What the pages show, what is told, and what stops them.
pub(super) fn told() -> (Arc<WebState>, Sinks, watch::Sender<bool>) {
    let metrics = Arc::new(Metrics::new().unwrap());
    let history = Arc::default();
    let sinks = Sinks::new(Arc::default(), Arc::clone(&history), Arc::clone(&metrics));
    let (stop, stopped) = watch::channel(false);
    let parts = Parts {
        metrics,
        readiness: Arc::default(),
        events: Arc::clone(sinks.events()),
        knowledge: Arc::clone(sinks.knowledge()),
        history,
        ..parts()
    };
    let state = WebState::new(parts, stopped);
    (Arc::new(state), sinks, stop)
}

pub(super) fn tell(sinks: &Sinks, target: &str, verdict: Verdict, before: Option<Verdict>) {
    let diagnosis = Diagnosis {
        target: target.into(),
        verdict,
        layer: verdict.reason().map(Reason::layer),
        blame: verdict.reason().map(Reason::blame),
        seen: None,
        evidence: vec![Say::Detail("a \"word\"".to_owned())],
        ruled_out: Vec::new(),
        findings: Vec::new(),
        facts: Facts::default(),
    };
    sinks.diagnosed(&diagnosis, Some(&Change { before, lasted: None }), Arc::default());
}

type Stream = BodyStream<Body>;

async fn listen(state: &Arc<WebState>) -> Stream {
    let request = Request::get("/api/v1/events").header("accept-encoding", "gzip").body(Body::empty());
    let response = ask(state, request.unwrap()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert!(!response.headers().contains_key("content-encoding"));
    assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    BodyStream::new(response.into_body())
}

/// The next event's name and data; `None` at the end of the stream.
async fn next(stream: &mut Stream) -> Option<(String, serde_json::Value)> {
    let frame = stream.next().await?.unwrap().into_data().unwrap();
    let text = String::from_utf8(frame.into()).unwrap();
    let lines: Vec<_> = text.trim_end().lines().collect();
    let [name, data] = lines.as_slice() else { panic!("{text:?}") };
    let name = name.strip_prefix("event: ").unwrap().to_owned();
    Some((name, serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap()))
}

/// The next event's name, target and verdict.
async fn short(stream: &mut Stream) -> [String; 3] {
    let (name, data) = next(stream).await.unwrap();
    [name, data["target"].as_str().unwrap().to_owned(), data["verdict"].as_str().unwrap().to_owned()]
}

#[tokio::test]
async fn a_listener_gets_the_state_and_then_every_change() {
    let (state, sinks, stop) = told();
    tell(&sinks, "b", Verdict::Ok, None);
    tell(&sinks, "a", RESET, Some(Verdict::Ok));
    let mut stream = listen(&state).await;
    assert_eq!(short(&mut stream).await, ["state", "a", "tls_reset"]);
    assert_eq!(short(&mut stream).await, ["state", "b", "ok"]);
    tell(&sinks, "b", Verdict::Degraded(Reason::HttpSlow), Some(Verdict::Ok));
    let (name, mut data) = next(&mut stream).await.unwrap();
    assert_eq!(name, "diagnosis");
    let at = data.as_object_mut().unwrap().remove("at").unwrap();
    assert!(at.as_str().is_some_and(|at| at.len() >= 20 && at.ends_with('Z')), "{at}");
    let expected = serde_json::json!({
        "target": "b", "verdict": "http_slow", "layer": "api", "blame": "provider", "degraded": true,
        "before": "ok", "summary": Reason::HttpSlow.summary(), "evidence": ["a \"word\""],
    });
    assert_eq!(data, expected);
    sinks.retire("b");
    assert_eq!(short(&mut listen(&state).await).await, ["state", "a", "tls_reset"]);
    stop.send(true).unwrap();
    assert_eq!(next(&mut stream).await, None, "it ends with the program");
    assert_eq!(next(&mut listen(&state).await).await, None, "however much there would be to tell");
}

#[tokio::test]
async fn a_listener_that_is_too_slow_is_told_how_much_it_missed_and_the_state() {
    let (state, sinks, _stop) = told();
    tell(&sinks, "a", Verdict::Ok, None);
    let mut stream = listen(&state).await;
    assert_eq!(short(&mut stream).await, ["state", "a", "ok"]);
    for _ in 0..300 {
        tell(&sinks, "a", RESET, Some(Verdict::Ok));
    }
    let (name, data) = next(&mut stream).await.unwrap();
    assert_eq!((name.as_str(), &data["missed"]), ("missed", &serde_json::json!(300)));
    assert_eq!(short(&mut stream).await, ["state", "a", "tls_reset"]);
    tell(&sinks, "a", Verdict::Ok, Some(RESET));
    assert_eq!(short(&mut stream).await, ["diagnosis", "a", "ok"]);
}

#[tokio::test]
async fn there_are_only_so_many_streams() {
    let (state, _sinks, _stop) = told();
    let mut open = Vec::new();
    for _ in 0..crate::web::events::STREAMS {
        open.push(listen(&state).await);
    }
    assert_eq!(text(&state, "/api/v1/events").await, (503, "There are 16 event streams already.\n".into()));
    drop(open.pop());
    open.push(listen(&state).await);
}

#[tokio::test]
async fn all_streams_together_leave_room_for_scrapes_and_a_client_of_old_has_one_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (state, sinks, stop) = told();
    tell(&sinks, "a", RESET, None);
    let serving = tokio::spawn(serve(listener, state));
    let mut open = Vec::new();
    for number in 0..crate::web::events::STREAMS {
        let version = if number == 0 { "1.0" } else { "1.1" };
        let ask = format!("GET /api/v1/events HTTP/{version}\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n");
        let mut stream = connect(address, &ask).await;
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains("\"tls_reset\"") {
            text.push(stream.read_u8().await.unwrap());
        }
        open.push(stream);
    }
    let mut stream = connect(address, "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(5), serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_lasts_as_long_as_its_client_takes_in_what_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (state, sinks, _stop) = told();
    tokio::spawn(serve(listener, state));
    let mut stream = connect(address, "GET /api/v1/events HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        text.push(char::from(stream.read_u8().await.unwrap()));
    }
    // Longer than a connection may stay without a request, in steps that let a comment through.
    for _ in 0..40 {
        settle().await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(16)).await;
        tokio::time::resume();
    }
    tell(&sinks, "a", RESET, None);
    let mut text = String::new();
    while !text.contains("\"verdict\":\"tls_reset\"") {
        let mut buffer = [0; 1024];
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut buffer)).await.unwrap();
        let read = read.unwrap();
        assert!(read > 0, "closed after {text:?}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    assert!(text.matches(":\n\n").count() >= 20, "{text:?}");
}
