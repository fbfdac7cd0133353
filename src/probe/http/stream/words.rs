//! What is said of a stream that is not as it should be.

use std::fmt::Write as _;

use tokio::time::Instant;

use super::StreamReader;

impl StreamReader<'_> {
    /// `12 events, 2 pings and 4711 bytes in 3.4 s, the last event 0.2 s ago`: how far it came.
    pub(in crate::probe::http) fn so_far(&self, now: Instant) -> String {
        let seen = &self.seen;
        let mut words = format!(
            "{}, {} and {} in {:.1} s",
            count(seen.evidence.events, "event"),
            count(seen.evidence.pings, "ping"),
            count(seen.bytes, "byte"),
            (now - seen.sent).as_secs_f64()
        );
        let mut add = |more: String| {
            // Writing to a text does not fail.
            let _ = write!(words, ", {more}");
        };
        if seen.evidence.events > 0 {
            add(format!("the last event {:.1} s ago", (now - seen.event_at).as_secs_f64()));
        }
        if seen.too_long > 0 {
            add(format!("{} too long to be read", count(seen.too_long, "event")));
        }
        if self.parser.is_inside_event() {
            add("the next one begun".to_owned());
        }
        words
    }

    pub(super) fn without_content(&self, now: Instant) -> String {
        format!("HTTP 200, the stream ended well and had no content in it: {}", self.so_far(now))
    }

    pub(super) fn without_end(&self, now: Instant) -> String {
        format!("HTTP 200, the answer ended before the stream's own end: {}", self.so_far(now))
    }

    pub(super) fn foreign(&self, now: Instant) -> String {
        let unreadable = count(self.seen.unreadable, "event");
        format!("HTTP 200, {unreadable} of the stream in no form of the provider's: {}", self.so_far(now))
    }

    pub(super) fn gave_up(&self, error_type: &str, message: &str, now: Instant) -> String {
        format!("HTTP 200, then in the stream {error_type}: {message}; after {}", self.so_far(now))
    }

    pub(super) fn flowing(&self, now: Instant) -> String {
        let token = if self.seen.evidence.first_token.is_some() { "" } else { " and no token yet" };
        let waited = (now - self.seen.sent).as_secs_f64();
        format!("HTTP 200, still streaming after {waited:.1} s{token}: {}", self.so_far(now))
    }

    /// Which silence it is. Bytes that came long ago, as silences go, do not make it less silent.
    pub(super) fn silent(&self, now: Instant) -> String {
        let seen = &self.seen;
        let (byte, event) = (now - seen.byte_at, now - seen.event_at);
        let what = if byte >= event / 2 {
            format!("no byte at all for {:.1} s", byte.as_secs_f64())
        } else if seen.pings_since > 0 {
            format!("only pings for {:.1} s", event.as_secs_f64())
        } else {
            format!("bytes without a complete event for {:.1} s", event.as_secs_f64())
        };
        let allowed = self.streaming.max_gap.filter(|most| event >= *most).map_or_else(String::new, |most| {
            format!(", expected an event at least every {:.3} s", most.as_secs_f64())
        });
        format!("HTTP 200, the stream went silent, {what}{allowed}: {}", self.so_far(now))
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
