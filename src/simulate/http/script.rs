//! A streamed answer as a script, and how it is played: whole, or broken in one way.
//!
//! Times are such that a client can measure them: the first token comes after [`FIRST_TOKEN`], each further one after
//! [`TOKEN`]. However it is broken, it ends with its connection's lifetime at the latest.

use super::super::fault::Fault;
use super::answers::{Answer, typed};
use super::body::{Body, Then};
use super::call::Call;
use super::ending::Ending;
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long the model thinks.
pub(super) const FIRST_TOKEN: Duration = Duration::from_millis(30);
/// How long each further token takes.
pub(super) const TOKEN: Duration = Duration::from_millis(10);
/// The first token of `stream-slow-start`.
const SLOW_START: Duration = Duration::from_millis(1500);
/// How many tokens come before a stream breaks, where there are that many.
const TOKENS_BEFORE: usize = 2;
/// Between the pings of `stream-pings`, and the bytes of `stream-stall-mid-event`.
const TRICKLE: Duration = Duration::from_millis(100);
/// Lets out what was said before the connection ends.
const LET_OUT: Duration = Duration::from_millis(50);

const GARBAGE: &[u8] = b"event: message_start\ndata: }{ this is not JSON\n\n\
    <!-- nor is this an event -->\n\ndata: \xff\xfe\x00\x01 0xdeadbeef\n\n";

/// A whole stream, event by event.
pub(super) struct Script {
    /// At once.
    pub(super) opening: Vec<Bytes>,
    /// One token each.
    pub(super) tokens: Vec<Bytes>,
    /// At once behind the last token; the last of it says that the stream is complete.
    pub(super) closing: Vec<Bytes>,
    /// What is sent to keep the connection busy.
    pub(super) ping: Bytes,
    /// What is sent when the model fails on the way.
    pub(super) error: Bytes,
}

/// An event that has a name.
pub(super) fn named_event(data: &Value) -> Bytes {
    let name = data.get("type").and_then(Value::as_str).unwrap_or("ping");
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// An event that has none.
pub(super) fn event(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}

/// Whether this call is answered with a stream: it asks for one, and its fault lets it be one.
pub(super) fn streams(call: &Call) -> bool {
    call.wants_stream() && call.fault != Some(Fault::StreamJson)
}

// === impl Script ===

impl Script {
    /// The answer that plays it, as the fault of the call wants it.
    pub(super) fn play(self, call: &Call) -> Answer {
        let mut answer = typed(StatusCode::OK, "text/event-stream; charset=utf-8", Bytes::new());
        *answer.body_mut() = self.body(call);
        answer
    }

    fn body(self, call: &Call) -> Body {
        let first = if call.fault == Some(Fault::StreamSlowStart) { SLOW_START } else { FIRST_TOKEN };
        let at_once = |part: Bytes| (Duration::ZERO, part);
        let Self { opening, tokens, mut closing, ping, error } = self;
        let mut parts: VecDeque<_> = opening.into_iter().map(at_once).collect();
        let pauses = std::iter::once(first).chain(std::iter::repeat(TOKEN));
        let broken_at = tokens.len().min(TOKENS_BEFORE);
        // The event that is only begun: the one that would come next.
        let begun = tokens.get(broken_at).or(tokens.last()).or(closing.first());
        let begun = begun.map_or_else(Bytes::new, |event| event.slice(..event.len() / 2));
        let mut tokens: Vec<_> = pauses.zip(tokens).collect();
        let then = match call.fault {
            Some(Fault::StreamGarbage) => {
                return Body::streamed([at_once(Bytes::from_static(GARBAGE))].into(), Then::Complete);
            }
            Some(Fault::StreamPings) => {
                tokens.clear();
                closing.clear();
                Then::Again(TRICKLE, ping)
            }
            Some(Fault::StreamError) => {
                tokens.truncate(TOKENS_BEFORE);
                closing = vec![error];
                Then::Complete
            }
            Some(Fault::StreamCut) => broken_off(
                &mut tokens,
                &mut closing,
                Then::Ending(LET_OUT, Arc::clone(&call.end), Ending::Close),
            ),
            Some(Fault::StreamReset) => broken_off(
                &mut tokens,
                &mut closing,
                Then::Ending(LET_OUT, Arc::clone(&call.end), Ending::Reset),
            ),
            Some(Fault::StreamStall) => broken_off(&mut tokens, &mut closing, Then::Silence),
            Some(Fault::StreamStallMidEvent) => {
                let trickle = Then::Again(TRICKLE, Bytes::from_static(b"."));
                let then = broken_off(&mut tokens, &mut closing, trickle);
                closing.push(begun);
                then
            }
            Some(Fault::StreamNoEnd) => {
                closing.pop();
                Then::Complete
            }
            _ => Then::Complete,
        };
        parts.extend(tokens);
        parts.extend(closing.into_iter().map(at_once));
        Body::streamed(parts, then)
    }
}

fn broken_off(tokens: &mut Vec<(Duration, Bytes)>, closing: &mut Vec<Bytes>, then: Then) -> Then {
    tokens.truncate(TOKENS_BEFORE);
    closing.clear();
    then
}

#[cfg(test)]
mod tests {
    use super::super::super::Simulator;
    use super::super::super::test_client::{KEYED, PATIENCE, handshake, request, start};
    use super::{FIRST_TOKEN, TOKEN};
    use http::{Method, Version};
    use http_body_util::BodyExt as _;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use std::time::Duration;
    use tokio::time::{Instant, timeout};

    /// How long a stream is watched that does not end: many times what it takes to break, on a busy machine too.
    const WATCHED: Duration = Duration::from_secs(3);

    /// What was seen of a stream.
    struct Seen {
        text: String,
        end: End,
        took: Duration,
    }

    #[derive(Debug, PartialEq, Eq)]
    enum End {
        Proper,
        Broken,
        None,
    }

    async fn watch(simulator: &Simulator, host: &str, version: Version, patience: Duration) -> Seen {
        let body = r#"{"model":"claude-haiku-4-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
        let asked = request(Method::POST, "https", &format!("{host}.sim.test"), "/v1/messages", KEYED, body);
        let h2 = version == Version::HTTP_2;
        let alpn = if h2 { "h2" } else { "http/1.1" };
        let io = TokioIo::new(handshake(simulator, &format!("{host}.sim.test"), &[alpn]).await.unwrap());
        let asked_at = Instant::now();
        let answer = if h2 {
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(asked).await.unwrap()
        } else {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(asked).await.unwrap()
        };
        assert_eq!(answer.status(), 200, "{host}");
        let mut body = answer.into_body();
        let mut bytes = Vec::new();
        let reading = async {
            while let Some(frame) = body.frame().await {
                match frame {
                    Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
                    Err(_) => return End::Broken,
                }
            }
            End::Proper
        };
        let end = timeout(patience, reading).await.unwrap_or(End::None);
        Seen { text: String::from_utf8_lossy(&bytes).into_owned(), end, took: asked_at.elapsed() }
    }

    fn count(seen: &Seen, event: &str) -> usize {
        seen.text.matches(&format!("event: {event}\n")).count()
    }

    #[tokio::test]
    async fn a_healthy_stream_takes_its_time_and_counts_its_tokens_at_the_end() {
        let simulator = start().await;
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let seen = watch(&simulator, "api", version, PATIENCE).await;
            assert_eq!((&seen.end, count(&seen, "content_block_delta")), (&End::Proper, 8));
            assert!(seen.took >= FIRST_TOKEN + TOKEN * 7, "{:?}", seen.took);
            assert!(seen.text.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
            let delta = seen.text.lines().find(|line| line.contains("\"message_delta\"")).unwrap();
            let delta: serde_json::Value =
                serde_json::from_str(delta.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(
                (&delta["usage"]["input_tokens"], &delta["usage"]["output_tokens"]),
                (&8.into(), &8.into())
            );
        }
    }

    #[tokio::test]
    async fn streams_break_in_one_way_each_in_both_versions() {
        let simulator = start().await;
        // Fault, tokens seen, how it ended, the end of what was said.
        let cases = [
            ("stream-error", 2, End::Proper, "}}\n\n"),
            ("stream-cut", 2, End::Broken, "\n\n"),
            ("stream-reset", 2, End::Broken, "\n\n"),
            ("stream-no-end", 8, End::Proper, "\n\n"),
            ("stream-stall", 2, End::None, "\n\n"),
            ("stream-stall-mid-event", 3, End::None, "..."),
            ("stream-pings", 0, End::None, "event: ping\ndata: {\"type\":\"ping\"}\n\n"),
            ("stream-garbage", 0, End::Proper, "\n\n"),
            ("stream-json", 0, End::Proper, "}"),
        ];
        let (simulator, cases) = (&simulator, &cases);
        let watched = [Version::HTTP_11, Version::HTTP_2].into_iter().flat_map(|version| {
            cases.iter().map(move |(host, tokens, end, last)| {
                let patience = if *end == End::None { WATCHED } else { PATIENCE };
                let seen = watch(simulator, host, version, patience);
                async move { (format!("{host} {version:?}"), tokens, end, last, seen.await) }
            })
        });
        for (case, tokens, end, last, seen) in futures_util::future::join_all(watched).await {
            assert_eq!(
                (&seen.end, count(&seen, "content_block_delta")),
                (end, *tokens),
                "{case} {}",
                seen.text
            );
            assert!(seen.text.ends_with(last), "{case}: {}", seen.text);
            assert_eq!(count(&seen, "message_stop"), 0, "{case}");
            assert_eq!(count(&seen, "error"), usize::from(case.starts_with("stream-error")), "{case}");
        }
    }

    #[tokio::test]
    async fn a_slow_start_is_healthy_in_the_end() {
        let simulator = start().await;
        let seen = watch(&simulator, "stream-slow-start", Version::HTTP_11, PATIENCE).await;
        assert_eq!((&seen.end, count(&seen, "message_stop")), (&End::Proper, 1));
        assert!(seen.took.as_secs_f64() >= 1.5, "{:?}", seen.took);
    }

    #[tokio::test]
    async fn calls_that_ask_for_no_stream_do_not_have_these_faults() {
        use super::super::super::fault::Fault;
        use super::super::super::test_client::{call, get};
        let simulator = start().await;
        let message =
            r#"{"model":"claude-haiku-4-5","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}"#;
        for fault in Fault::ALL.iter().filter(|fault| fault.name().starts_with("stream-")) {
            let host = format!("{fault}.sim.test");
            assert_eq!(get(&simulator, &host, "/api/hello", &[]).await.unwrap().status, 200, "{fault}");
            let whole = request(Method::POST, "https", &host, "/v1/messages", KEYED, message);
            let whole = call(&simulator, Version::HTTP_2, whole).await.unwrap();
            assert_eq!(whole.json()["type"], "message", "{fault}");
        }
    }
}
