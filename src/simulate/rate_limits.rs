//! The account's rate limits: token buckets that go down with use and refill continuously.
//!
//! They are reported, never enforced: a healthy host stays healthy under any load. The fault
//! `http-429` is there for the other case.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// Per minute: requests, input tokens, output tokens.
const LIMITS: [u32; 3] = [1000, 2_000_000, 400_000];

/// What a call used up, in the order of [`LIMITS`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Used {
    pub(super) input_tokens: u32,
    pub(super) output_tokens: u32,
}

#[derive(Debug)]
pub(super) struct RateLimits {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How much is missing to full, per limit.
    missing: [f64; 3],
    at: Instant,
}

/// One limit, as headers tell it in three values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) limit: u32,
    pub(super) remaining: f64,
    pub(super) seconds_to_full: f64,
}

/// What is left of all limits after a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    /// Whole requests.
    pub(super) requests: Reading,
    pub(super) input: Reading,
    pub(super) output: Reading,
}

// === impl Account ===

impl Account {
    /// No requests are left, as a 429 tells it.
    pub(super) fn exhausted() -> Self {
        let full = |limit: u32| Reading { limit, remaining: f64::from(limit), seconds_to_full: 0.0 };
        let [requests, input, output] = LIMITS;
        let requests = Reading { limit: requests, remaining: 0.0, seconds_to_full: 7.0 };
        Self { requests, input: full(input), output: full(output) }
    }

    /// Input and output tokens together.
    pub(super) fn tokens(&self) -> Reading {
        Reading {
            limit: self.input.limit + self.output.limit,
            remaining: self.input.remaining + self.output.remaining,
            seconds_to_full: self.input.seconds_to_full.max(self.output.seconds_to_full),
        }
    }

    /// As Anthropic's headers have it.
    pub(super) fn write(&self, wall: Timestamp, headers: &mut HeaderMap) {
        write("requests", &self.requests, 1.0, wall, headers);
        // The provider rounds remaining tokens to the nearest thousand.
        write("tokens", &self.tokens(), 1000.0, wall, headers);
        write("input-tokens", &self.input, 1000.0, wall, headers);
        write("output-tokens", &self.output, 1000.0, wall, headers);
    }
}

// === impl RateLimits ===

impl RateLimits {
    pub(super) fn new(now: Instant) -> Self {
        Self { state: Mutex::new(State { missing: [0.0; 3], at: now }) }
    }

    /// Books one call; what is left then.
    pub(super) fn book(&self, used: Used, now: Instant) -> Account {
        let [mut requests, input, output] = self.take(used, now);
        requests.remaining = requests.remaining.floor();
        Account { requests, input, output }
    }

    fn take(&self, used: Used, now: Instant) -> [Reading; 3] {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.saturating_duration_since(state.at).as_secs_f64();
        state.at = now;
        let used = [1, used.input_tokens, used.output_tokens];
        std::array::from_fn(|i| {
            let limit = f64::from(LIMITS[i]);
            let per_second = limit / 60.0;
            let missing = (state.missing[i] - elapsed * per_second).max(0.0) + f64::from(used[i]);
            state.missing[i] = missing.min(limit);
            Reading {
                limit: LIMITS[i],
                remaining: limit - state.missing[i],
                seconds_to_full: state.missing[i] / per_second,
            }
        })
    }
}

fn write(what: &str, reading: &Reading, unit: f64, wall: Timestamp, headers: &mut HeaderMap) {
    let remaining = ((reading.remaining / unit).round() * unit).to_string();
    let reset = wall.saturating_add(SignedDuration::from_secs_f64(reading.seconds_to_full.ceil()));
    let reset = reset.map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    for (suffix, value) in [("limit", reading.limit.to_string()), ("remaining", remaining), ("reset", reset)]
    {
        let name = HeaderName::try_from(format!("anthropic-ratelimit-{what}-{suffix}"));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_buckets_go_down_with_use_and_refill_with_time() {
        let start = Instant::now();
        let wall: Timestamp = "2026-11-23T06:00:00.4Z".parse().unwrap();
        let limits = RateLimits::new(start);
        let mut headers = HeaderMap::new();
        for _ in 0..50 {
            limits.book(Used { input_tokens: 1000, output_tokens: 20 }, start).write(wall, &mut headers);
        }
        assert_eq!(headers["anthropic-ratelimit-requests-limit"], "1000");
        assert_eq!(headers["anthropic-ratelimit-requests-remaining"], "950");
        assert_eq!(headers["anthropic-ratelimit-requests-reset"], "2026-11-23T06:00:03Z");
        assert_eq!(headers["anthropic-ratelimit-input-tokens-remaining"], "1950000");
        assert_eq!(headers["anthropic-ratelimit-output-tokens-remaining"], "399000");
        assert_eq!(headers["anthropic-ratelimit-tokens-remaining"], "2349000");
        limits.book(Used::default(), start + Duration::from_secs(60)).write(wall, &mut headers);
        assert_eq!(headers["anthropic-ratelimit-requests-remaining"], "999");
        assert_eq!(headers["anthropic-ratelimit-input-tokens-remaining"], "2000000");
    }

    #[test]
    fn an_overdrawn_account_has_nothing_left_and_not_less() {
        let start = Instant::now();
        let limits = RateLimits::new(start);
        let mut headers = HeaderMap::new();
        for _ in 0..1002 {
            limits.book(Used::default(), start).write(Timestamp::UNIX_EPOCH, &mut headers);
        }
        assert_eq!(headers["anthropic-ratelimit-requests-remaining"], "0");
        assert_eq!(headers["anthropic-ratelimit-requests-reset"], "1970-01-01T00:01:00Z");
    }
}
