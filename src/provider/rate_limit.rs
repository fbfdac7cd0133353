//! Limits and waiting times out of headers and bodies, in every syntax that is spoken.
//!
//! Promises: the dimension is one of [`DIMENSIONS`]; what is negative, absurd or unreadable is absent, and counted; of
//! several policies of one dimension the tightest is given. Names are compared, never put together.

mod headers;
mod ietf;
mod limited_by;
#[cfg(test)]
pub(super) mod samples;
mod value;
mod wait;

use std::time::SystemTime;

use crate::outcome::RateLimit;

pub(super) use headers::read;
pub(super) use limited_by::{Said, limited_by};
pub(super) use wait::{again_in, retry_after, should_retry};

/// Every dimension a limit can have, in the order they are given; of a refusal the first that is exhausted is named, so
/// that the particular stands before the sum.
pub(super) const DIMENSIONS: [&str; 19] = [
    "requests",
    "input_tokens",
    "output_tokens",
    "tokens",
    "concurrent_requests",
    "requests_day",
    "tokens_day",
    "tokens_month",
    "requests_hour",
    "tokens_hour",
    "project_requests",
    "project_tokens",
    "priority_input_tokens",
    "priority_output_tokens",
    "fast_input_tokens",
    "fast_output_tokens",
    "unified_5h",
    "unified_7d",
    "content_bytes",
];

/// The limits an answer stated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Limits {
    /// One a dimension.
    pub(super) limits: Vec<RateLimit>,
    /// Values that could not be believed.
    pub(super) rejected: u32,
}

impl Limits {
    /// The limit of a dimension, to be filled in.
    fn entry(&mut self, dimension: &'static str) -> &mut RateLimit {
        let at = self.limits.iter().position(|limit| limit.dimension == dimension).unwrap_or_else(|| {
            self.limits.push(RateLimit { dimension, limit: None, remaining: None, reset: None });
            self.limits.len() - 1
        });
        &mut self.limits[at]
    }

    /// A value that was believed, or is counted as one that was not.
    fn believed<T>(&mut self, value: Option<T>) -> Option<T> {
        self.rejected += u32::from(value.is_none());
        value
    }

    fn count(&mut self, dimension: &'static str, field: Field, value: Option<u64>) {
        let Some(value) = self.believed(value) else { return };
        let limit = self.entry(dimension);
        let slot = match field {
            Field::Limit => &mut limit.limit,
            Field::Remaining => &mut limit.remaining,
            Field::Reset => return,
        };
        // The same limit is told in more than one header by some: what is left is what is left by the strictest.
        *slot = Some(slot.map_or(value, |known| known.min(value)));
    }

    fn reset(&mut self, dimension: &'static str, value: Option<SystemTime>) {
        let Some(value) = self.believed(value) else { return };
        let reset = &mut self.entry(dimension).reset;
        *reset = Some(reset.map_or(value, |known| known.max(value)));
    }

    fn sorted(mut self) -> Self {
        self.limits.sort_by_key(|limit| DIMENSIONS.iter().position(|known| *known == limit.dimension));
        self
    }
}

/// Which of the three facts of a limit a header holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Limit,
    Remaining,
    Reset,
}
