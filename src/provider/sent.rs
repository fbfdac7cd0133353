//! The parts of calls that dialects share: bodies, headers, prompts, and what a paid call can use at the most.

use std::borrow::Cow;

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::{Call, CallKind};
use crate::outcome::Usage;

/// Headers as a [`Call`] has them.
pub(super) type Headers = &'static [(&'static str, &'static str)];

/// Of a body in JSON.
pub(super) const JSON: Headers = &[("content-type", "application/json")];

/// Of a body in JSON that is answered with a stream of events.
pub(super) const STREAM: Headers = &[("content-type", "application/json"), ("accept", "text/event-stream")];

/// What is asked for the smallest message.
pub(super) const PROMPT: &str = "Hi";

/// What is asked for a stream: the answer is longer than what is taken of it, so that tokens a second can be measured.
pub(super) const LONG_PROMPT: &str = "Count from 1 to 50.";

/// The most tokens that are generated for a stream.
pub(super) const STREAMED_TOKENS: u64 = 16;

/// The most tokens a prompt of ours can be, with what models put around it.
const PROMPT_TOKENS: u64 = 32;

/// What a paid call can use at the most.
pub(super) const fn most(output_tokens: u64) -> Usage {
    Usage { input_tokens: Some(PROMPT_TOKENS), output_tokens: Some(output_tokens) }
}

/// A GET.
pub(super) fn get(kind: CallKind, path: &'static str, headers: Headers, keyed: bool) -> Call {
    let (path, body, most) = (Cow::Borrowed(path), Bytes::new(), Usage::default());
    Call { kind, method: Method::GET, path, headers, body, keyed, most }
}

/// A POST of JSON with the key, for free.
pub(super) fn post(
    kind: CallKind,
    path: impl Into<Cow<'static, str>>,
    headers: Headers,
    body: &Value,
) -> Call {
    let body = Bytes::from(body.to_string());
    Call { kind, method: Method::POST, path: path.into(), headers, body, keyed: true, most: Usage::default() }
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    // Nothing but dots would be a step up.
    if text.bytes().all(|b| b == b'.') {
        return "%2E".repeat(text.len());
    }
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => segment.push(byte.into()),
            _ => {
                segment.push('%');
                let hex = |digit: u8| char::from_digit(digit.into(), 16).unwrap_or('0').to_ascii_uppercase();
                segment.push(hex(byte >> 4));
                segment.push(hex(byte & 15));
            }
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_can_not_break_out_of_its_segment() {
        assert_eq!(segment("gpt-4o_mini.1~"), "gpt-4o_mini.1~");
        assert_eq!((segment(".."), segment("")), ("%2E%2E".to_owned(), String::new()));
        assert_eq!(segment("a/../b?c d\u{e9}%"), "a%2F..%2Fb%3Fc%20d%C3%A9%25");
    }
}
