//! Any answer to any call of any provider: reading it does not panic, and what it says holds together.

#![no_main]

use std::collections::HashSet;
use std::time::{Duration, UNIX_EPOCH};

use api_canary::outcome::Reason;
use api_canary::provider::{ALL, Answer};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    provider: u8,
    kind: u8,
    status: u16,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    truncated: bool,
}

fuzz_target!(|input: Input| {
    let provider = ALL[usize::from(input.provider) % ALL.len()];
    let kinds = provider.kinds();
    let kind = kinds[usize::from(input.kind) % kinds.len()];
    let Ok(status) = StatusCode::from_u16(100 + input.status % 900) else { return };
    let mut headers = HeaderMap::new();
    for (name, value) in input.headers.iter().take(100) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let answer = Answer { status, headers: &headers, body: &input.body, truncated: input.truncated };
    let reading = provider.read(kind, &answer, UNIX_EPOCH + Duration::from_secs(1_790_000_000));
    let dimensions: HashSet<_> = reading.rate_limits.iter().map(|limit| limit.dimension).collect();
    assert_eq!(dimensions.len(), reading.rate_limits.len(), "a dimension stands once");
    let limited = reading.failure.as_ref().is_some_and(|failure| failure.reason == Reason::RateLimited);
    assert!(limited || reading.limited_by.is_none(), "only a limit has a dimension");
    if let Some(failure) = reading.failure {
        assert!(!failure.detail.contains(['\n', '\r']), "one line");
    }
});
