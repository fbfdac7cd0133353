//! An answer that is a stream of events, judged as it comes: chunks and times in, a verdict out, no IO.
//!
//! Promises: what is kept does not grow with the stream; bytes, signs of life and events are told apart, so that "silent"
//! says what was missing; what came until a failure is kept.

mod words;

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{StatusCode, response};
use tokio::time::Instant;

use super::exchange::Ended;
use super::sse::{Parser, Part};
use crate::outcome::{Failure, Reason, StreamEvidence, Usage};
use crate::provider::{Event, EventReading, StreamMark};

/// A stream whose last event is younger is flowing still: tokens come many a second, and a pause of a second is one that
/// people notice.
const FLOWING: Duration = Duration::from_secs(1);

/// Of a budget so short that the above is most of it, only this part.
const FLOWING_PART: u32 = 4;

/// How the events of a stream are read, and what is expected of them.
#[derive(Clone, Copy)]
pub(super) struct Streaming<'a> {
    /// What an event means.
    pub(super) read: &'a (dyn Fn(Event<'_>) -> EventReading + Sync),
    /// Without an event for longer it has stalled.
    pub(super) max_gap: Option<Duration>,
}

impl fmt::Debug for Streaming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("max_gap", &self.max_gap).finish_non_exhaustive()
    }
}

/// Whether this is the head of a stream of events that can be read.
pub(super) fn is_stream(head: &response::Parts) -> bool {
    let typed = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = typed.split(';').next().unwrap_or_default().trim();
    let coded = head.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    head.status == StatusCode::OK && essence.eq_ignore_ascii_case("text/event-stream") && !coded
}

/// How the stream came to its end, where it did so by what came or did not come.
#[derive(Debug)]
enum Verdict {
    /// As its protocol says.
    Complete,
    /// The provider gave up.
    GaveUp { error_type: &'static str, message: String },
    /// No event for longer than is allowed.
    Stalled,
}

/// Reads a stream.
#[derive(Debug)]
pub(super) struct StreamReader<'a> {
    streaming: Streaming<'a>,
    parser: Parser,
    seen: Seen,
    verdict: Option<Verdict>,
}

/// What was seen of a stream.
#[derive(Debug)]
struct Seen {
    sent: Instant,
    bytes: u64,
    /// When the last byte came; before it, the head.
    byte_at: Instant,
    /// When the last event came, pings not counted; before it, the head.
    event_at: Instant,
    /// Pings since then.
    pings_since: u64,
    too_long: u64,
    /// Events that are not in the form of the provider's.
    unreadable: u64,
    usage: Usage,
    evidence: StreamEvidence,
}

/// What became of a stream.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) evidence: StreamEvidence,
    pub(super) bytes: u64,
    pub(super) usage: Option<Usage>,
    pub(super) error_type: Option<&'static str>,
    /// Why it is not a good one; `None` when it is.
    pub(super) failure: Option<Failure>,
}

// === impl StreamReader ===

impl<'a> StreamReader<'a> {
    /// Of an answer to a request sent and with a head that came at these times.
    pub(super) fn new(streaming: Streaming<'a>, sent: Instant, head_at: Instant) -> Self {
        let seen = Seen {
            sent,
            bytes: 0,
            byte_at: head_at,
            event_at: head_at,
            pings_since: 0,
            too_long: 0,
            unreadable: 0,
            usage: Usage::default(),
            evidence: StreamEvidence::default(),
        };
        Self { streaming, parser: Parser::default(), seen, verdict: None }
    }

    /// Reads the bytes that came now; whether the stream is over with them.
    pub(super) fn push(&mut self, chunk: &[u8], now: Instant) -> bool {
        if chunk.is_empty() {
            return self.is_over();
        }
        let Self { streaming, parser, seen, verdict } = self;
        seen.byte(chunk.len(), now);
        parser.push(chunk, |part| {
            let reading = match part {
                Part::Event(event) => (streaming.read)(event),
                Part::TooLong => {
                    seen.too_long = seen.too_long.saturating_add(1);
                    EventReading { mark: StreamMark::Other, usage: Usage::default(), ends: false }
                }
                Part::Comment => {
                    EventReading { mark: StreamMark::Ping, usage: Usage::default(), ends: false }
                }
            };
            let said = seen.event(reading, now);
            // What comes behind the end may count the tokens, but changes nothing of how it ended.
            if verdict.is_none() {
                *verdict = said;
            }
        });
        // Signs of life may come so densely that no timer ever gets its turn.
        if self.stalls_at().is_some_and(|at| now >= at) {
            self.stall();
        }
        self.is_over()
    }

    /// When it will have stalled, if no event comes before.
    pub(super) fn stalls_at(&self) -> Option<Instant> {
        self.streaming.max_gap.map(|most| self.seen.event_at + most)
    }

    /// No event came in time.
    pub(super) fn stall(&mut self) {
        self.verdict.get_or_insert(Verdict::Stalled);
    }

    /// Whether there was a token.
    pub(super) fn has_token(&self) -> bool {
        self.seen.evidence.first_token.is_some()
    }

    /// Whether it is over because nothing came.
    pub(super) fn has_stalled(&self) -> bool {
        matches!(self.verdict, Some(Verdict::Stalled))
    }

    fn is_over(&self) -> bool {
        self.verdict.is_some()
    }

    /// Whether it is somebody else's: an event that was cut is none, so what can not be read was sent so.
    fn is_foreign(&self) -> bool {
        self.seen.unreadable > 0 && self.seen.evidence.first_token.is_none()
    }

    /// What there is of it, now that its connection or its time has come to an end; `budget` is the time there was.
    pub(super) fn finish(mut self, ended: Ended, now: Instant, budget: Duration) -> Streamed {
        let complete = matches!(self.verdict, Some(Verdict::Complete));
        if !complete {
            self.seen.until(now);
        }
        let error_type = match &self.verdict {
            Some(Verdict::GaveUp { error_type, .. }) => Some(*error_type),
            Some(Verdict::Complete | Verdict::Stalled) | None => None,
        };
        let failure = self.failure(ended, now, budget);
        let Seen { evidence, bytes, usage, .. } = self.seen;
        let usage = Some(usage).filter(|usage| *usage != Usage::default());
        Streamed { evidence: StreamEvidence { complete, ..evidence }, bytes, usage, error_type, failure }
    }

    fn failure(&self, ended: Ended, now: Instant, budget: Duration) -> Option<Failure> {
        let (reason, words) = match (&self.verdict, ended) {
            (Some(Verdict::Complete), _) if self.seen.evidence.first_token.is_some() => return None,
            (Some(Verdict::Complete), _) => (Reason::UnexpectedBody, self.without_content(now)),
            (Some(Verdict::GaveUp { error_type, message }), _) => {
                (Reason::StreamError, self.gave_up(error_type, message, now))
            }
            (Some(Verdict::Stalled), _) => (Reason::StreamStalled, self.silent(now)),
            (None, Ended::Complete) if self.is_foreign() => (Reason::UnexpectedBody, self.foreign(now)),
            (None, Ended::Complete) => (Reason::StreamCut, self.without_end(now)),
            (None, Ended::Broken(broken)) => return Some(broken),
            (None, Ended::TimedOut) if now - self.seen.event_at < FLOWING.min(budget / FLOWING_PART) => {
                (Reason::HttpTimeout, self.flowing(now))
            }
            (None, Ended::TimedOut) => (Reason::StreamStalled, self.silent(now)),
        };
        Some(Failure::new(reason, words))
    }
}

// === impl Seen ===

impl Seen {
    fn byte(&mut self, count: usize, now: Instant) {
        self.bytes = self.bytes.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        lengthen(&mut self.evidence.longest_silence, now - self.byte_at);
        self.byte_at = now;
    }

    /// Takes note of an event, and says whether it is the end.
    fn event(&mut self, reading: EventReading, now: Instant) -> Option<Verdict> {
        let EventReading { mark, usage, ends } = reading;
        self.usage = self.usage.updated(usage);
        if mark == StreamMark::Ping {
            self.evidence.pings = self.evidence.pings.saturating_add(1);
            self.pings_since = self.pings_since.saturating_add(1);
        } else {
            lengthen(&mut self.evidence.longest_gap, now - self.event_at);
            self.event_at = now;
            self.pings_since = 0;
            self.evidence.events = self.evidence.events.saturating_add(1);
            self.evidence.first_event.get_or_insert(now - self.sent);
        }
        match mark {
            StreamMark::Content => {
                self.evidence.first_token.get_or_insert(now - self.sent);
                self.evidence.last_token = Some(now - self.sent);
            }
            StreamMark::End => return Some(Verdict::Complete),
            StreamMark::Error { error_type, message } => {
                return Some(Verdict::GaveUp { error_type, message });
            }
            StreamMark::Unreadable => self.unreadable = self.unreadable.saturating_add(1),
            StreamMark::Ping | StreamMark::Other => {}
        }
        ends.then_some(Verdict::Complete)
    }

    /// Nothing more came until now.
    fn until(&mut self, now: Instant) {
        lengthen(&mut self.evidence.longest_silence, now - self.byte_at);
        lengthen(&mut self.evidence.longest_gap, now - self.event_at);
    }
}

fn lengthen(longest: &mut Option<Duration>, time: Duration) {
    *longest = (*longest).max(Some(time));
}

#[cfg(test)]
mod tests;
