//! What a prober says of one probe, in seconds: one line of JSON.

use serde::{Deserialize, Serialize};

/// One probe, as its prober reported it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Its target's number.
    pub(crate) target: u32,
    /// Why it failed, if it did.
    pub(crate) failure: Option<String>,
    /// Whether it was only to warm up.
    pub(crate) warm: bool,
    pub(crate) dns: Option<f64>,
    pub(crate) tcp: Option<f64>,
    pub(crate) tls: Option<f64>,
    pub(crate) processing: Option<f64>,
    pub(crate) transfer: Option<f64>,
    pub(crate) total: Option<f64>,
    /// The kernel's round trip of the handshake.
    pub(crate) rtt: Option<f64>,
    /// How late it says it was itself.
    pub(crate) late: Option<f64>,
}

impl Record {
    /// A probe that failed.
    pub(crate) fn failed(target: u32, why: &impl ToString) -> Self {
        Self { target, failure: Some(why.to_string()), ..Self::default() }
    }
}

/// The host of a target, whose number the link finds in questions of DNS.
pub(crate) fn host(target: u32) -> String {
    format!("t{target:05}.bench.test")
}

/// Path and query of its call, by which nginx' log names the target and nginx knows how long to take.
pub(crate) fn path(target: u32, delay: u32) -> String {
    format!("/after/{delay}?id={target}")
}
