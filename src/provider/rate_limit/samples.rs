//! Headers and answers for the tests of this room.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::super::Answer;

pub(in crate::provider) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    pairs.iter().map(pair).collect()
}

pub(in crate::provider) fn answer(headers: &HeaderMap) -> Answer<'_> {
    Answer { status: StatusCode::OK, headers, body: b"", truncated: false }
}
