//! What was sent in confidence, and leaving it out of what came back.
//!
//! Promises: no answer of any server can make us repeat the key or the value of a configured header. It is left out
//! before anything is read out of the answer, since a text that was cut already may end in half a key.

use bytes::BytesMut;
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue};

use crate::target::Secret;

/// Shorter parts of a header's value are common words.
const SHORTEST: usize = 8;

const REDACTED: &str = "[redacted]";

/// What was sent in confidence with one request.
pub(super) struct Confidence {
    key: Option<Secret>,
    headers: Vec<HeaderValue>,
}

impl Confidence {
    /// What a request with this key and these headers holds.
    pub(super) fn of(key: Option<Secret>, headers: &HeaderMap) -> Self {
        let confided = |name| name != ACCEPT && name != USER_AGENT;
        let values = headers.iter().filter(|(name, value)| value.is_sensitive() && confided(*name));
        Self { key, headers: values.map(|(_, value)| value.clone()).collect() }
    }

    /// Leaves it out of an answer.
    pub(super) fn redact(&self, headers: &mut HeaderMap, body: &mut BytesMut) {
        if let Some(left) = self.left_out_of(body) {
            *body = BytesMut::from(left.as_slice());
        }
        for value in headers.values_mut() {
            if let Some(left) = self.left_out_of(value.as_bytes()) {
                *value = HeaderValue::try_from(left).unwrap_or_else(|_| HeaderValue::from_static(REDACTED));
            }
        }
    }

    /// The words without it, if it is in them.
    pub(super) fn redacted(&self, text: &str) -> Option<String> {
        self.left_out_of(text.as_bytes()).map(|left| String::from_utf8_lossy(&left).into_owned())
    }

    /// Leaves it out of words.
    pub(super) fn redact_text(&self, text: &mut String) {
        if let Some(left) = self.redacted(text) {
            *text = left;
        }
    }

    /// The key, and the words of the headers' values: the scheme before a credential may be left out in an answer.
    fn words(&self) -> impl Iterator<Item = &[u8]> {
        let key = self.key.iter().map(|key| key.expose().as_bytes());
        let words = self.headers.iter().flat_map(|value| value.as_bytes().split(u8::is_ascii_whitespace));
        key.chain(words.filter(|word| word.len() >= SHORTEST))
    }

    /// `None` if there is nothing to leave out.
    fn left_out_of(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.words().fold(None, |left, word| {
            let replaced = replace(left.as_deref().unwrap_or(text), word);
            replaced.or(left)
        })
    }
}

fn replace(text: &[u8], word: &[u8]) -> Option<Vec<u8>> {
    let mut at = find(text, word)?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        out.extend_from_slice(REDACTED.as_bytes());
        rest = after.get(word.len()..).unwrap_or_default();
        match find(rest, word) {
            Some(next) => at = next,
            None => break,
        }
    }
    out.extend_from_slice(rest);
    Some(out)
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = word.first()?;
    // The first byte alone rules nearly all places out, in a body that may be a MiB long.
    text.windows(word.len()).position(|window| window.first() == Some(first) && window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence() -> Confidence {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("x-team", "Basic the-credential"), ("x-short", "yes"), ("accept", "application/json")]
        {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        Confidence::of(Some(Secret::new("the-key".to_owned())), &headers)
    }

    #[test]
    fn keys_and_credentials_are_left_out_wherever_they_are() {
        let mut body =
            BytesMut::from(&b"the-keythe-key, the-credential; yes, 2023-06-01 application/json"[..]);
        let mut headers = HeaderMap::new();
        headers.insert("request-id", HeaderValue::from_static("x-the-key"));
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        confidence().redact(&mut headers, &mut body);
        assert_eq!(body, "[redacted][redacted], [redacted]; yes, 2023-06-01 application/json");
        assert_eq!(headers["request-id"], "x-[redacted]");
        assert_eq!(headers["content-type"], "application/json");
        let mut text = "said the-key".to_owned();
        confidence().redact_text(&mut text);
        assert_eq!(text, "said [redacted]");
    }

    #[test]
    fn what_holds_nothing_of_it_stays_as_it_is() {
        let nothing = Confidence::of(None, &HeaderMap::new());
        for text in ["", "the-key", "the-k"] {
            assert_eq!(nothing.left_out_of(text.as_bytes()), None, "{text}");
        }
        assert_eq!(confidence().left_out_of(b"the-ke y"), None);
    }
}
