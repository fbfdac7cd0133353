//! One table of tests over all providers: what each must have, whatever its dialect.

mod properties;

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

use super::rate_limit::DIMENSIONS;
use super::rate_limit::samples::headers;
use super::{ALL, Answer, CallKind, Event, Provider, Reading, StreamMark, by_name};
use crate::outcome::{AnsweredBy, Reason, Usage};

/// 2026-03-26T20:00:00Z.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_774_555_200)
}

/// What a provider reads out of an answer.
pub(super) fn read(
    provider: &str,
    kind: CallKind,
    status: u16,
    given: &[(&str, &str)],
    body: &str,
) -> Reading {
    let headers = headers(given);
    let status = StatusCode::from_u16(status).unwrap();
    let answer = Answer { status, headers: &headers, body: body.as_bytes(), truncated: false };
    by_name(provider).unwrap().read(kind, &answer, now())
}

/// One row of a provider's table: kind, status, headers, body, what it means, who answered, and the type of the error.
pub(super) type Row = (
    CallKind,
    u16,
    &'static [(&'static str, &'static str)],
    &'static str,
    Option<Reason>,
    AnsweredBy,
    Option<&'static str>,
);

/// Holds a provider to its table.
pub(super) fn hold(provider: &str, rows: &[Row]) {
    for (kind, status, headers, body, reason, by, error_type) in rows {
        let reading = read(provider, *kind, *status, headers, body);
        let said = (reading.failure.map(|failure| failure.reason), reading.answered_by, reading.error_type);
        assert_eq!(said, (*reason, *by, *error_type), "{provider} {kind} {status} {headers:?} {body}");
    }
}

/// What a provider answers.
struct Sample {
    provider: &'static str,
    /// The headers that say it is the API itself.
    marks: &'static [(&'static str, &'static str)],
    /// The good answer to each kind.
    good: &'static [(CallKind, &'static str)],
    /// An error with this message.
    error: fn(u16, &str) -> String,
    /// Whether `hello` is a call that is refused.
    refused: bool,
    /// What 503 means.
    unavailable: Reason,
    /// What 404 means.
    unknown: Reason,
}

const LIST: &str = r#"{"object":"list","data":[]}"#;
const CHAT: &str =
    r#"{"choices":[{"message":{"content":"H"}}],"usage":{"prompt_tokens":8,"completion_tokens":1}}"#;

const CHAT_GOOD: &[(CallKind, &str)] =
    &[(CallKind::Models, LIST), (CallKind::Message, CHAT), (CallKind::Stream, "")];

fn in_error(_status: u16, message: &str) -> String {
    format!(r#"{{"error":{{"message":"{message}","type":"some_error","code":null}}}}"#)
}

const SAMPLES: &[Sample] = &[
    Sample {
        provider: "anthropic",
        marks: &[("request-id", "req_1"), ("cf-ray", "1-FRA")],
        good: &[
            (CallKind::Hello, r#"{"message":"hello"}"#),
            (CallKind::Models, r#"{"data":[],"has_more":false}"#),
            (CallKind::CountTokens, r#"{"input_tokens":8}"#),
            (
                CallKind::Message,
                r#"{"type":"message","content":[],"usage":{"input_tokens":5,"cache_read_input_tokens":3,"output_tokens":1}}"#,
            ),
            (CallKind::Stream, ""),
        ],
        error: |_, message| {
            format!(r#"{{"type":"error","error":{{"type":"some_error","message":"{message}"}}}}"#)
        },
        refused: false,
        unavailable: Reason::ProviderError,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "openai",
        marks: &[("x-request-id", "req_1"), ("cf-ray", "1-FRA")],
        good: CHAT_GOOD,
        error: in_error,
        refused: true,
        unavailable: Reason::ProviderOverloaded,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "azure_openai",
        marks: &[("apim-request-id", "a-1")],
        good: CHAT_GOOD,
        error: |status, message| format!(r#"{{"error":{{"code":"{status}","message":"{message}"}}}}"#),
        refused: true,
        unavailable: Reason::ProviderOverloaded,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "gemini",
        marks: &[("server", "scaffolding on HTTPServer2")],
        good: &[
            (CallKind::Models, r#"{"models":[],"nextPageToken":"x"}"#),
            (CallKind::CountTokens, r#"{"totalTokens":8}"#),
            (
                CallKind::Message,
                r#"{"candidates":[{"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":8,"thoughtsTokenCount":1,"totalTokenCount":9}}"#,
            ),
            (CallKind::Stream, ""),
        ],
        error: google_error,
        refused: true,
        unavailable: Reason::ProviderOverloaded,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "vertex",
        marks: &[("server", "ESF")],
        good: &[(CallKind::Models, r#"{"publisherModels":[]}"#)],
        error: google_error,
        refused: true,
        unavailable: Reason::ProviderOverloaded,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "bedrock",
        marks: &[("x-amzn-requestid", "a-1")],
        good: &[(CallKind::Models, r#"{"modelSummaries":[]}"#)],
        error: |_, message| format!(r#"{{"message":"{message}"}}"#),
        refused: true,
        unavailable: Reason::ProviderError,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "mistral",
        marks: &[("mistral-correlation-id", "m-1")],
        good: CHAT_GOOD,
        error: |_, message| {
            format!(r#"{{"object":"error","message":"{message}","type":"some_error","code":"1300"}}"#)
        },
        refused: true,
        unavailable: Reason::ProviderOverloaded,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "groq",
        marks: &[("x-request-id", "req_1")],
        good: CHAT_GOOD,
        error: in_error,
        refused: true,
        unavailable: Reason::ProviderOverloaded,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "openrouter",
        marks: &[("cf-ray", "1-FRA")],
        good: &[
            (CallKind::Models, r#"{"data":{"label":"k","limit_remaining":null,"usage":0}}"#),
            (CallKind::Message, CHAT),
            (CallKind::Stream, ""),
        ],
        error: |status, message| format!(r#"{{"error":{{"code":{status},"message":"{message}"}}}}"#),
        refused: true,
        unavailable: Reason::ProviderOverloaded,
        unknown: Reason::ModelNotFound,
    },
    Sample {
        provider: "http",
        marks: &[],
        good: &[(CallKind::Get, "anything")],
        error: |_, message| message.to_owned(),
        refused: false,
        unavailable: Reason::ProviderOverloaded,
        unknown: Reason::UnexpectedStatus,
    },
];

fn google_error(status: u16, message: &str) -> String {
    let name = match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        503 => "UNAVAILABLE",
        _ => "NEW_STATUS",
    };
    format!(r#"{{"error":{{"code":{status},"message":"{message}","status":"{name}"}}}}"#)
}

impl Sample {
    fn read(&self, kind: CallKind, status: u16, content_type: &str, body: &str) -> Reading {
        let mut headers = self.marks.to_vec();
        headers.push(("content-type", content_type));
        read(self.provider, kind, status, &headers, body)
    }

    fn dialect(&self) -> &'static dyn Provider {
        by_name(self.provider).unwrap()
    }
}

fn reason(reading: &Reading) -> Option<Reason> {
    reading.failure.as_ref().map(|failure| failure.reason)
}

#[test]
fn every_provider_has_a_name_of_its_own_and_a_sample() {
    let names: HashSet<_> = ALL.iter().map(|provider| provider.name()).collect();
    assert_eq!(names.len(), ALL.len());
    let sampled: HashSet<_> = SAMPLES.iter().map(|sample| sample.provider).collect();
    assert_eq!(sampled, names);
}

#[test]
fn every_provider_can_be_called_without_more_than_its_name() {
    for provider in ALL {
        let name = provider.name();
        let kinds = provider.kinds();
        assert!(kinds.contains(&CallKind::Hello) || kinds.contains(&CallKind::Get), "{name}");
        assert_eq!(kinds.iter().collect::<HashSet<_>>().len(), kinds.len(), "{name}");
        for has_key in [false, true] {
            let kind = provider.default_call(has_key);
            assert!(kinds.contains(&kind) && !kind.is_paid(), "{name}");
        }
        let (header, before) = provider.key_header();
        assert!(!header.as_str().is_empty() && (before.is_empty() || before == "Bearer "), "{name}");
        if let Some(url) = provider.default_url() {
            let uri: Uri = url.parse().unwrap();
            assert_eq!(uri.scheme_str(), Some("https"), "{name}");
            assert!(uri.query().is_none(), "{name}");
        }
        for network in provider.networks() {
            assert!(network.parse::<ipnet::IpNet>().is_ok(), "{name} {network}");
        }
        if let Some(page) = provider.status_page() {
            let urls: Vec<Uri> = page.urls.iter().map(|url| url.parse().unwrap()).collect();
            assert!(!urls.is_empty() && urls.iter().all(|url| url.scheme_str() == Some("https")), "{name}");
        }
        // A model that is called unasked has a price or, where it is not known, the config must give one.
        let model = provider.default_model().unwrap_or("no-such-model");
        assert!(provider.price("no-such-model").is_none(), "{name}");
        assert!(provider.price(model).is_none_or(|price| price.input <= price.output), "{name}");
    }
}

#[test]
fn the_page_on_providers_names_each_with_its_url_and_model() {
    let page = include_str!("../../docs/providers.md");
    for provider in ALL {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", provider.name()))).unwrap();
        let facts = provider.default_url().into_iter().chain(provider.default_model());
        for fact in facts.map(|fact| format!("`{fact}`")) {
            assert!(row.contains(&fact), "{fact} is not in {row}");
        }
    }
    for dimension in DIMENSIONS {
        assert!(page.contains(&format!("`{dimension}`")), "{dimension}");
    }
}

#[test]
fn every_call_is_well_formed_whatever_the_model_is_called() {
    for provider in ALL {
        for kind in CallKind::ALL {
            for model in [
                "",
                "claude-haiku-4-5",
                "openai/gpt-oss-20b",
                "a\"b\\c\n",
                "?x=1#y",
                "..",
                "../../v1/other",
                "é",
            ] {
                let Some(call) = provider.call(kind, model) else {
                    assert!(!provider.kinds().contains(&kind), "{} {kind}", provider.name());
                    continue;
                };
                let shown = format!("{} {kind} {model:?}: {call:?}", provider.name());
                assert!(provider.kinds().contains(&kind) && call.kind == kind, "{shown}");
                assert!(call.path.is_empty() || call.path.starts_with('/'), "{shown}");
                let url = format!("https://example.com/base{}", call.path);
                let uri: Uri = url.parse().unwrap();
                assert_eq!(
                    uri.path_and_query().map(|path| format!("https://example.com{path}")),
                    Some(url),
                    "{shown}"
                );
                assert!(uri.path().split('/').all(|segment| segment != ".."), "{shown}");
                for (name, value) in call.headers {
                    HeaderName::from_static(name);
                    HeaderValue::from_static(value);
                }
                let is_post = call.method == Method::POST;
                assert_eq!(is_post, !call.body.is_empty(), "{shown}");
                assert_eq!(is_post, call.headers.contains(&("content-type", "application/json")), "{shown}");
                let body: serde_json::Value = if is_post {
                    serde_json::from_slice(&call.body).unwrap()
                } else {
                    serde_json::Value::Null
                };
                assert_eq!(kind.needs_model(), is_post, "{shown}");
                assert_eq!(call.keyed, kind != CallKind::Hello, "{shown}");
                if kind.needs_model() && !model.is_empty() {
                    let in_body = body.get("model").and_then(|value| value.as_str()) == Some(model);
                    assert!(in_body || call.path.contains(&super::sent::segment(model)), "{shown}");
                }
                let Usage { input_tokens, output_tokens } = call.most;
                assert_eq!(kind.is_paid(), input_tokens.is_some_and(|tokens| tokens > 0), "{shown}");
                assert_eq!(
                    kind.is_paid(),
                    output_tokens.is_some_and(|tokens| (1..=16).contains(&tokens)),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn good_answers_pass_and_say_what_was_used() {
    for sample in SAMPLES {
        for (kind, body) in sample.good {
            let content_type =
                if *kind == CallKind::Stream { "text/event-stream" } else { "application/json" };
            let reading = sample.read(*kind, 200, content_type, body);
            assert_eq!(
                (reading.failure, reading.answered_by),
                (None, AnsweredBy::Origin),
                "{} {kind}",
                sample.provider
            );
            let used = (*kind == CallKind::Message)
                .then_some(Usage { input_tokens: Some(8), output_tokens: Some(1) });
            assert_eq!(reading.usage, used, "{} {kind}", sample.provider);
            assert_eq!((reading.error_type, reading.limited_by), (None, None));
        }
        let answered: HashSet<_> = sample.good.iter().map(|(kind, _)| *kind).collect();
        let kinds = sample.dialect().kinds().iter().copied();
        let kinds: HashSet<_> = kinds.filter(|kind| !(sample.refused && *kind == CallKind::Hello)).collect();
        assert_eq!(answered, kinds, "{}", sample.provider);
    }
}

#[test]
fn each_refusal_has_the_same_reason_at_every_provider() {
    for sample in SAMPLES {
        for kind in sample.dialect().kinds() {
            let wants_refusal = sample.refused && *kind == CallKind::Hello;
            let refused = |reason| (!wants_refusal).then_some(reason);
            for (status, expected) in [
                (401, refused(Reason::AuthInvalid)),
                (403, refused(Reason::AuthForbidden)),
                (404, Some(sample.unknown)),
                (429, Some(Reason::RateLimited)),
                (500, Some(Reason::ProviderError)),
                (503, Some(sample.unavailable)),
                (522, Some(Reason::EdgeOriginUnreachable)),
                (529, Some(Reason::ProviderOverloaded)),
            ] {
                let body = (sample.error)(status, "no");
                let reading = sample.read(*kind, status, "application/json", &body);
                let shown = format!("{} {kind} {status}: {:?}", sample.provider, reading.failure);
                assert_eq!(reason(&reading), expected, "{shown}");
                assert_eq!(reading.answered_by, AnsweredBy::Origin, "{shown}");
                assert_eq!(reading.limited_by, (status == 429).then_some("unknown"), "{shown}");
            }
        }
    }
}

#[test]
fn what_stands_in_for_the_api_is_told_from_it() {
    const PAGE: &str = "<!doctype html><title>Sign in to the Wi-Fi</title>";
    const CHALLENGE: &str = "<html><head><title>Just a moment...</title>";
    for sample in SAMPLES.iter().filter(|sample| sample.provider != "http") {
        for kind in sample.dialect().kinds() {
            let read =
                |status, headers: &[(&str, &str)], body| read(sample.provider, *kind, status, headers, body);
            let html = ("content-type", "text/html; charset=utf-8");
            for status in [200, 302, 401, 403, 404, 429, 503, 511] {
                let asks = [
                    html,
                    ("retry-after", "86400"),
                    ("x-should-retry", "true"),
                    ("x-ratelimit-remaining-requests", "0"),
                ];
                let reading = read(status, &asks, PAGE);
                assert_eq!((reading.retry_after, reading.should_retry), (None, None), "{}", sample.provider);
                assert_eq!(reading.rate_limits, [], "{}", sample.provider);
                let said = (reason(&reading), reading.answered_by);
                assert_eq!(
                    said,
                    (Some(Reason::NotTheApi), AnsweredBy::Between),
                    "{} {kind} {status}",
                    sample.provider
                );
            }
            for (status, headers) in
                [(403, &[html][..]), (503, &[html]), (429, &[html, ("cf-mitigated", "challenge")])]
            {
                let reading = read(status, headers, CHALLENGE);
                assert_eq!(
                    reason(&reading),
                    Some(Reason::EdgeChallenge),
                    "{} {kind} {status}",
                    sample.provider
                );
            }
            for (status, body) in [(200, ""), (200, "{}"), (200, "[]"), (403, "blocked")] {
                let reading = read(status, &[], body);
                assert_eq!(
                    reason(&reading),
                    Some(Reason::NotTheApi),
                    "{} {kind} {status} {body:?}",
                    sample.provider
                );
            }
        }
    }
}

#[test]
fn waiting_times_and_limits_are_read_at_every_provider() {
    for provider in ALL {
        let name = provider.name();
        for kind in provider.kinds() {
            let given = [
                ("retry-after", "9"),
                ("retry-after-ms", "1500"),
                ("x-should-retry", "false"),
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-limit-tokens", "-1"),
            ];
            let reading = read(name, *kind, 429, &given, "{}");
            assert_eq!(reading.retry_after, Some(Duration::from_millis(1500)), "{name} {kind}");
            assert_eq!(reading.should_retry, Some(false), "{name} {kind}");
            assert_eq!(reading.limited_by, Some("tokens"), "{name} {kind}");
            assert_eq!((reading.rate_limits.len(), reading.rate_limits_rejected), (1, 1), "{name} {kind}");
        }
    }
}

#[test]
fn no_reading_repeats_a_key() {
    const KEYS: [&str; 9] = [
        "sk-ant-api03-SECRETSECRET",
        "sk-proj-SECRETSECRET",
        "sk-or-v1-SECRETSECRET",
        "gsk_SECRETSECRET",
        "AIzaSECRETSECRET",
        "ya29.SECRETSECRET",
        "ABSKSECRETSECRET==",
        "bedrock-api-key-SECRETSECRET",
        "0123456789SECRETSECRETabcdef0123456789",
    ];
    for sample in SAMPLES {
        for (kind, key) in sample.dialect().kinds().iter().flat_map(|kind| KEYS.map(|key| (*kind, key))) {
            for message in
                [format!("Incorrect API key provided: {key}."), format!("'{key}'"), format!("key={key}&x")]
            {
                for status in [200, 400, 401, 403, 429, 500] {
                    for body in
                        [(sample.error)(status, &message), message.clone(), format!("<html>{message}")]
                    {
                        let reading = sample.read(kind, status, "application/json", &body);
                        let shown = format!("{reading:?}");
                        assert!(!shown.contains("SECRET"), "{} {kind} {status}: {shown}", sample.provider);
                    }
                }
            }
            let data = (sample.error)(500, key);
            let shown = format!("{:?}", sample.dialect().read_event(Event { name: "error", data: &data }));
            assert!(!shown.contains("SECRET"), "{}: {shown}", sample.provider);
        }
    }
}
