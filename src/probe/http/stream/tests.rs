//! Streams as scripts: what came when, how it ended, and what is made of it.

use http::{HeaderValue, Response};
use proptest::prelude::*;

use super::*;

/// A dialect in which the type of an event says it all.
fn read(event: Event<'_>) -> EventReading {
    let count = event.data.parse().ok();
    let mark = match event.name {
        "ping" => StreamMark::Ping,
        "token" | "last" => StreamMark::Content,
        "end" => StreamMark::End,
        "rubbish" => StreamMark::Unreadable,
        "error" => StreamMark::Error { error_type: "overloaded_error", message: event.data.to_owned() },
        _ => StreamMark::Other,
    };
    let usage = match event.name {
        "input" => Usage { input_tokens: count, output_tokens: None },
        "output" => Usage { input_tokens: None, output_tokens: count },
        _ => Usage::default(),
    };
    EventReading { mark, usage, ends: event.name == "last" }
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// An event of this type.
fn event(name: &str) -> String {
    format!("event: {name}\ndata: 7\n\n")
}

/// What becomes of a stream with a head after 100 ms and these chunks at these times, that ended so at that time; there
/// were 10 s.
fn streamed(max_gap: Option<u64>, chunks: &[(u64, &str)], ended: Ended, at: u64) -> Streamed {
    let sent = Instant::now();
    let streaming = Streaming { read: &read, max_gap: max_gap.map(ms) };
    let mut reader = StreamReader::new(streaming, sent, sent + ms(100));
    for (at, chunk) in chunks {
        if reader.push(chunk.as_bytes(), sent + ms(*at)) {
            break;
        }
    }
    reader.finish(ended, sent + ms(at), ms(10_000))
}

fn failure(streamed: &Streamed) -> Option<(Reason, &str)> {
    streamed.failure.as_ref().map(|failure| (failure.reason, failure.detail.as_str()))
}

#[test]
fn a_clean_stream_is_timed_from_the_request_on() {
    let (start, token, ping) = (event("start"), event("token"), event("ping"));
    let rest = event("input") + &event("output") + &event("end");
    let chunks =
        [(200, &*start), (300, &*ping), (600, &*token), (700, ":\n\n"), (800, &*token), (850, &*rest)];
    let streamed = streamed(None, &chunks, Ended::Complete, 9_000);
    assert_eq!(failure(&streamed), None);
    let evidence = StreamEvidence {
        first_event: Some(ms(200)),
        first_token: Some(ms(600)),
        last_token: Some(ms(800)),
        longest_gap: Some(ms(400)),
        longest_silence: Some(ms(300)),
        events: 6,
        pings: 2,
        complete: true,
    };
    assert_eq!(streamed.evidence, evidence);
    assert_eq!(streamed.usage, Some(Usage { input_tokens: Some(7), output_tokens: Some(7) }));
    let sum: usize = chunks.iter().map(|(_, chunk)| chunk.len()).sum();
    assert_eq!(usize::try_from(streamed.bytes), Ok(sum));
}

#[test]
fn an_event_may_be_the_last_one_without_an_end_mark() {
    let chunk = event("last") + &event("output");
    let streamed = streamed(None, &[(200, &chunk)], Ended::TimedOut, 10_000);
    assert_eq!((failure(&streamed), streamed.evidence.complete), (None, true));
    assert_eq!(streamed.evidence.first_token, Some(ms(200)));
    assert_eq!(
        streamed.usage.and_then(|usage| usage.output_tokens),
        Some(7),
        "what comes with the end is read"
    );
}

/// Chunks at times, what is wrong at the end, and words of it.
type Case<'a> = (&'a [(u64, &'a str)], Reason, &'a str);

/// Whether the streams that ended so at that time are judged so.
fn assert_judged(cases: &[Case<'_>], at: u64, ended: impl Fn() -> Ended) {
    for (chunks, reason, words) in cases {
        let streamed = streamed(None, chunks, ended(), at);
        let (said, detail) = failure(&streamed).unwrap();
        assert_eq!(said, *reason, "{chunks:?}: {detail}");
        assert!(detail.contains(words), "{chunks:?}: {detail}");
        assert_eq!(streamed.error_type, (said == Reason::StreamError).then_some("overloaded_error"));
    }
}

#[test]
fn an_answer_that_ends_before_its_stream_was_cut() {
    use Reason as R;
    let (token, end) = (event("token"), event("end"));
    let error = "event: error\ndata: Overloaded\n\n".to_owned() + &end;
    let long = format!("data: {}\n\n", "x".repeat(100_000));
    let twice = token.repeat(2);
    let rubbish = event("start") + &event("rubbish");
    let half = token.trim_end();
    let so_far =
        "before the stream's own end: 2 events, 0 pings and 44 bytes in 1.4 s, the last event 1.2 s ago";
    let cases: &[Case<'_>] = &[
        (&[(200, &end)], R::UnexpectedBody, "ended well and had no content in it: 1 event, 0 pings"),
        (&[(200, &token), (300, &error)], R::StreamError, "overloaded_error: Overloaded; after 3 events"),
        (&[(200, &twice)], R::StreamCut, so_far),
        (&[(200, half)], R::StreamCut, "0 events, 0 pings and 20 bytes in 1.4 s, the next one begun"),
        (&[], R::StreamCut, "0 events, 0 pings and 0 bytes in 1.4 s"),
        (
            &[(200, &rubbish)],
            R::UnexpectedBody,
            "1 event of the stream in no form of the provider's: 2 events",
        ),
        (&[(200, &token), (300, &rubbish)], R::StreamCut, "before the stream's own end: 3 events"),
        (&[(1_300, &long)], R::StreamCut, "event 0.1 s ago, 1 event too long to be read"),
    ];
    assert_judged(cases, 1_400, || Ended::Complete);
    let broken = || Ended::Broken(Failure::new(R::StreamCut, "cut"));
    assert_judged(&[(&[(200, &token)], R::StreamCut, "cut")], 1_400, broken);
    assert_judged(&[(&[(200, &error)], R::StreamError, "Overloaded")], 1_400, broken);
}

#[test]
fn at_the_end_of_its_time_a_stream_is_silent_or_still_flowing() {
    use Reason as R;
    let (token, ping) = (event("token"), event("ping"));
    let half = token.trim_end();
    let cases: &[Case<'_>] = &[
        (&[], R::StreamStalled, "no byte at all for 9.9 s: 0 events"),
        (&[(200, &token), (201, half)], R::StreamStalled, "no byte at all for 9.8 s: 1 event"),
        (&[(200, &ping), (201, &token)], R::StreamStalled, "no byte at all for 9.8 s"),
        (
            &[(200, &token), (4_000, half), (8_000, "xx")],
            R::StreamStalled,
            "bytes without a complete event for 9.8 s: 1 event",
        ),
        (
            &[(200, &token), (4_000, &ping), (9_000, ":\n")],
            R::StreamStalled,
            "only pings for 9.8 s: 1 event, 2 pings",
        ),
        (&[(200, &token), (9_000, &token)], R::StreamStalled, "no byte at all for 1.0 s"),
        (&[(200, &token), (9_001, &token)], R::HttpTimeout, "still streaming after 10.0 s: 2 events"),
        (&[(9_900, "data: a\n\n")], R::HttpTimeout, "after 10.0 s and no token yet: 1 event"),
    ];
    assert_judged(cases, 10_000, || Ended::TimedOut);
}

#[test]
fn a_short_budget_has_a_short_silence() {
    let sent = Instant::now();
    let read_for = |budget| {
        let mut reader = StreamReader::new(Streaming { read: &read, max_gap: None }, sent, sent);
        reader.push(event("token").as_bytes(), sent + ms(400));
        reader.finish(Ended::TimedOut, sent + ms(1_000), budget).failure.unwrap().reason
    };
    assert_eq!(read_for(ms(1_000)), Reason::StreamStalled);
    assert_eq!(read_for(ms(4_000)), Reason::HttpTimeout);
}

#[test]
fn a_gap_that_is_longer_than_allowed_ends_the_stream() {
    let (token, ping) = (event("token"), event("ping"));
    let sent = Instant::now();
    let streaming = Streaming { read: &read, max_gap: Some(ms(1_000)) };
    let mut reader = StreamReader::new(streaming, sent, sent + ms(100));
    assert_eq!(reader.stalls_at(), Some(sent + ms(1_100)), "counted from the head on");
    assert!(!reader.push(ping.as_bytes(), sent + ms(900)));
    assert_eq!(reader.stalls_at(), Some(sent + ms(1_100)), "pings do not count");
    assert!(!reader.push(token.as_bytes(), sent + ms(1_000)));
    assert_eq!(reader.stalls_at(), Some(sent + ms(2_000)));
    assert!(!reader.push(ping.as_bytes(), sent + ms(1_999)));
    assert!(reader.push(ping.as_bytes(), sent + ms(2_000)), "however densely they come");
    let streamed = reader.finish(Ended::Complete, sent + ms(2_000), ms(10_000));
    let (reason, detail) = failure(&streamed).unwrap();
    assert_eq!(reason, Reason::StreamStalled);
    assert!(
        detail.contains("only pings for 1.0 s, expected an event at least every 1.000 s: 1 event, 3 pings"),
        "{detail}"
    );
    assert_eq!(streamed.evidence.longest_gap, Some(ms(1_000)));
}

#[test]
fn the_silence_at_the_end_counts_as_one() {
    let streamed = streamed(None, &[(200, &event("token"))], Ended::TimedOut, 10_000);
    assert_eq!(streamed.evidence.longest_gap, Some(ms(9_800)));
    assert_eq!(streamed.evidence.longest_silence, Some(ms(9_800)));
    assert!(!streamed.evidence.complete);
}

#[test]
fn a_stream_is_known_by_its_head() {
    for (status, kind, coding, expected) in [
        (200, "text/event-stream", "", true),
        (200, "Text/Event-Stream; charset=utf-8", "identity", true),
        (200, "text/event-stream", "gzip", false),
        (200, "text/event-streams", "", false),
        (200, "application/json", "", false),
        (201, "text/event-stream", "", false),
        (500, "text/event-stream", "", false),
    ] {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if !coding.is_empty() {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        assert_eq!(is_stream(&response.into_parts().0), expected, "{status} {kind} {coding}");
    }
}

proptest! {
    #[test]
    fn any_bytes_at_any_times_are_judged(
        chunks in prop::collection::vec((0..3_000_u64, prop::collection::vec(any::<u8>(), 0..50)), 0..20),
        max_gap in prop::option::of(0..5_000_u64),
    ) {
        let sent = Instant::now();
        let streaming = Streaming { read: &read, max_gap: max_gap.map(ms) };
        let mut reader = StreamReader::new(streaming, sent, sent);
        let mut now = sent;
        for (later, chunk) in &chunks {
            now += ms(*later);
            reader.push(chunk, now);
        }
        let bytes: usize = chunks.iter().map(|(_, chunk)| chunk.len()).sum();
        let streamed = reader.finish(Ended::Complete, now, ms(10_000));
        prop_assert_eq!(usize::try_from(streamed.bytes), Ok(bytes));
        prop_assert!(streamed.failure.is_some(), "no such bytes are a whole stream");
    }
}
