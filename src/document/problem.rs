//! Why a request of the JSON API was not answered as asked, in the form of RFC 9457.

use schemars::JsonSchema;
use serde::Serialize;

/// A problem: what is wrong with the request, or why it cannot be answered now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: String,
    /// The status code of the answer.
    pub status: u16,
    /// What is wrong, and what to do instead.
    pub detail: String,
}

impl Problem {
    /// A problem of a status, whose words are given too.
    #[must_use]
    pub fn new(status: u16, title: &str, detail: String) -> Self {
        Self { kind: "about:blank", title: title.to_owned(), status, detail }
    }
}
