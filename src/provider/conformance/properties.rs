//! What holds for every provider, whatever an answer or an event is.

use proptest::prelude::*;

use super::*;

/// Header names that are read anywhere, so that arbitrary values reach what reads them.
const NAMES: [&str; 26] = [
    "content-type",
    "server",
    "via",
    "cf-ray",
    "cf-mitigated",
    "request-id",
    "x-request-id",
    "x-amzn-requestid",
    "x-amzn-errortype",
    "apim-request-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-tokens-reset",
    "anthropic-ratelimit-unified-5h-utilization",
    "anthropic-ratelimit-unified-representative-claim",
    "x-ratelimit-limit",
    "x-ratelimit-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimitbysize-limit-minute",
    "ratelimit",
    "ratelimit-policy",
    "ratelimit-limit",
    "ratelimit-reset",
    "anthropic-priority-input-tokens-limit",
];

fn header_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        r#"[-0-9.eE+hmsuµTZ:,;="a-z ]{0,24}"#.prop_map(String::into_bytes),
        any::<f64>().prop_map(|number| number.to_string().into_bytes()),
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        Just(b"application/json".to_vec()),
        Just(b"text/html".to_vec()),
        Just(b"text/event-stream".to_vec()),
    ]
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    const KEYS: &str = "(error|message|type|code|status|details|reason|retryDelay|violations|quotaId|data|models|\
        choices|delta|content|usage|input_tokens|output_tokens|prompt_tokens|usageMetadata|promptTokenCount|candidates|\
        parts|text|finishReason|metadata|error_type|cloudflare_error|retry_after|detail|request_id|x)";
    const WORDS: &str = "(error|401|429|hello|RESOURCE_EXHAUSTED|API_KEY_INVALID|insufficient_quota|tokens|PerDay|\
        37s|-1s|message_start|message_stop|text_delta|content_block_delta|try again in 5s|[ -~]{0,12})";
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        WORDS.prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::vec((KEYS, inner), 0..6)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => json().prop_map(|json| json.to_string().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..600),
        1 => "(<html>|<!DOCTYPE)[ -~é]{0,500}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn any_answer_can_be_read(
        status in 100_u16..1000,
        given in proptest::collection::vec((0..NAMES.len(), header_value()), 0..8),
        body in body(),
        truncated: bool,
        second in 0_u64..4_000_000_000,
    ) {
        let pairs = given.iter().filter_map(|(name, value)| {
            Some((HeaderName::from_static(NAMES[*name]), HeaderValue::from_bytes(value).ok()?))
        });
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: &headers, body: &body, truncated };
        let now = UNIX_EPOCH + Duration::from_secs(second);
        for provider in ALL {
            for kind in CallKind::ALL {
                let reading = provider.read(kind, &answer, now);
                prop_assert!(reading.rate_limits.iter().all(|limit| DIMENSIONS.contains(&limit.dimension)));
                let dimensions: HashSet<_> = reading.rate_limits.iter().map(|limit| limit.dimension).collect();
                prop_assert_eq!(dimensions.len(), reading.rate_limits.len());
                prop_assert_eq!(reading.limited_by.is_some(), reason(&reading) == Some(Reason::RateLimited));
                prop_assert!(reading.failure.is_none_or(|failure| !failure.detail.contains(['\n', '\r'])));
                prop_assert!(reading.request_id.is_none_or(|id| id.chars().count() <= 160));
                prop_assert!(reading.retry_after.is_none_or(|wait| wait <= Duration::from_secs(31 * 86_400)));
            }
        }
    }

    #[test]
    fn any_event_can_be_read(
        name in "(message|error|ping|message_stop|[a-z_]{0,10})",
        data in prop_oneof![
            json().prop_map(|json| json.to_string()),
            ".{0,80}",
            Just("[DONE]".to_owned()),
            Just("{\"error\":".to_owned()),
        ],
    ) {
        for provider in ALL {
            let reading = provider.read_event(Event { name: &name, data: &data });
            prop_assert!(reading.mark != StreamMark::End || reading.ends);
            if let StreamMark::Error { message, .. } = &reading.mark {
                prop_assert!(!reading.ends && !message.contains('\n') && message.chars().count() <= 160);
            }
        }
    }
}
