//! What the simulator was asked, remembered for tests and for the control endpoint.

use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many requests, and how many DNS queries, are remembered: the newest.
const REMEMBERED: usize = 10_000;

/// One request that reached the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// The `Host` header's or `:authority`'s host, lower case, without the port.
    pub host: String,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// Whether it carried a credential: any provider's header for it, or Gemini's `key` in the query.
    pub keyed: bool,
    /// The model it names, in its body or its path.
    pub model: Option<String>,
    /// Whether it asks for a stream.
    pub stream: bool,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    pub http_version: &'static str,
    /// The `user-agent`, where there was one.
    pub user_agent: Option<String>,
}

/// One DNS query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedQuery {
    /// The name, lower case, without the trailing dot.
    pub name: String,
    /// The record type, such as `A`.
    pub record_type: String,
    /// `udp` or `tcp`.
    pub transport: &'static str,
}

/// One tunnel that the proxy was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedTunnel {
    /// `http`, `https` or `socks5`.
    pub protocol: &'static str,
    /// As it was asked for: `api.sim.test:443`, `127.0.0.1:443`.
    pub destination: String,
    /// Whether credentials came along.
    pub keyed: bool,
}

/// The newest entries of something.
#[derive(Debug)]
pub(super) struct Ring<T>(Mutex<VecDeque<T>>);

// === impl Ring ===

impl<T: Clone> Ring<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    pub(super) fn push(&self, entry: T) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == REMEMBERED {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// The entries, oldest first.
    pub(super) fn entries(&self) -> Vec<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_entries_are_remembered() {
        let ring = Ring::new();
        for entry in 0..REMEMBERED + 2 {
            ring.push(entry);
        }
        let entries = ring.entries();
        assert_eq!((entries.len(), entries.first()), (REMEMBERED, Some(&2)));
    }
}
