//! Gemini's dialect: the model is in the path, the key in `x-goog-api-key`.
//!
//! Facts from the public API documentation of 2026. Without a key, `GET /v1beta/models` is refused with 403 in Google's shape;
//! a key that is not valid is 400 with the reason `API_KEY_INVALID`; how long to wait is in the body. Thoughts are generated
//! tokens and count to the limit, so a model that thinks may answer the smallest message with nothing but that it stopped.

use std::time::SystemTime;

use http::HeaderName;
use serde_json::{Value, json};

use super::google::{self, Error};
use super::redact::one_line;
use super::sent::{self, LONG_PROMPT, PROMPT, STREAMED_TOKENS};
use super::{Answer, Call, CallKind, Event, EventReading, Price, Provider, Reading, StreamMark, prices};
use crate::outcome::Usage;

/// The Gemini API.
#[derive(Debug)]
pub(super) struct Gemini;

impl Provider for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn default_url(&self) -> Option<&'static str> {
        Some("https://generativelanguage.googleapis.com")
    }

    fn kinds(&self) -> &'static [CallKind] {
        &[CallKind::Hello, CallKind::Models, CallKind::CountTokens, CallKind::Message, CallKind::Stream]
    }

    fn call(&self, kind: CallKind, model: &str) -> Option<Call> {
        const LIST: &str = "/v1beta/models?pageSize=1";
        // Both forms of a name are in use.
        let model = sent::segment(model.strip_prefix("models/").unwrap_or(model));
        let to = |method| format!("/v1beta/models/{model}:{method}");
        let asked = |prompt| json!([{"role": "user", "parts": [{"text": prompt}]}]);
        let of = |prompt, tokens: u64| json!({"contents": asked(prompt), "generationConfig": {"maxOutputTokens": tokens}});
        let call = match kind {
            CallKind::Hello => sent::get(kind, LIST, &[], false),
            CallKind::Models => sent::get(kind, LIST, &[], true),
            CallKind::CountTokens => {
                sent::post(kind, to("countTokens"), sent::JSON, &json!({"contents": asked(PROMPT)}))
            }
            CallKind::Message => {
                let call = sent::post(kind, to("generateContent"), sent::JSON, &of(PROMPT, 1));
                Call { most: sent::most(1), ..call }
            }
            CallKind::Stream => {
                let body = of(LONG_PROMPT, STREAMED_TOKENS);
                let call = sent::post(kind, to("streamGenerateContent?alt=sse"), sent::STREAM, &body);
                Call { most: sent::most(STREAMED_TOKENS), ..call }
            }
            CallKind::Get => return None,
        };
        Some(call)
    }

    fn default_model(&self) -> Option<&'static str> {
        Some("gemini-3.1-flash-lite")
    }

    fn price(&self, model: &str) -> Option<Price> {
        prices::of(prices::GEMINI, model.strip_prefix("models/").unwrap_or(model))
    }

    fn key_header(&self) -> (HeaderName, &'static str) {
        (HeaderName::from_static("x-goog-api-key"), "")
    }

    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        google::read(kind, answer, now, has_shape, used)
    }

    fn read_event(&self, event: Event<'_>) -> EventReading {
        let json: Option<Value> = serde_json::from_str(event.data).ok();
        let unreadable = json.is_none() && !event.data.is_empty();
        let json = json.unwrap_or_default();
        let usage = used(&json).unwrap_or_default();
        if let Some(error) = Error::of(&json) {
            let message = one_line(error.message.unwrap_or_default());
            let mark = StreamMark::Error { error_type: error.listed(), message };
            return EventReading { mark, usage, ends: false };
        }
        let candidates = || json.get("candidates").and_then(Value::as_array).into_iter().flatten();
        // A prompt that is blocked ends the stream too.
        let blocked =
            json.get("promptFeedback").is_some_and(|feedback| feedback.get("blockReason").is_some());
        let ends = blocked
            || candidates().any(|candidate| candidate.get("finishReason").is_some_and(Value::is_string));
        let mark = if candidates().any(has_content) {
            StreamMark::Content
        } else if ends {
            StreamMark::End
        } else if unreadable {
            StreamMark::Unreadable
        } else {
            StreamMark::Other
        };
        EventReading { mark, usage, ends }
    }
}

fn has_shape(kind: CallKind, answer: &Answer<'_>, json: Option<&Value>) -> bool {
    let has = |key: &str, is: fn(&Value) -> bool| json.and_then(|json| json.get(key)).is_some_and(is);
    match kind {
        CallKind::Hello | CallKind::Models => has("models", Value::is_array),
        CallKind::CountTokens => has("totalTokens", Value::is_u64),
        CallKind::Message => has("candidates", Value::is_array) || has("promptFeedback", Value::is_object),
        CallKind::Stream => answer.is_event_stream(),
        CallKind::Get => false,
    }
}

/// The tokens used so far: what was thought is paid as what was said.
fn used(json: &Value) -> Option<Usage> {
    let usage = json.get("usageMetadata")?;
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let output = [count("candidatesTokenCount"), count("thoughtsTokenCount")];
    let input_tokens = count("promptTokenCount");
    // A count of none is left out: the whole usage says that there were none.
    let counted = input_tokens.is_some() && count("totalTokenCount").is_some();
    let output_tokens = (counted || output.iter().any(Option::is_some))
        .then(|| output.into_iter().flatten().fold(0, u64::saturating_add));
    Some(Usage { input_tokens, output_tokens })
}

fn has_content(candidate: &Value) -> bool {
    let parts = candidate.get("content").and_then(|content| content.get("parts")).and_then(Value::as_array);
    let has_text =
        |part: &Value| part.get("text").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    parts.is_some_and(|parts| parts.iter().any(|part| has_text(part) || part.get("functionCall").is_some()))
}

#[cfg(test)]
mod tests {
    use super::super::CallKind::{CountTokens, Hello, Message, Models, Stream};
    use super::super::conformance::{Row, hold, read};
    use super::*;
    use crate::outcome::AnsweredBy::{Edge, Origin};
    use crate::outcome::Reason as R;

    const ROWS: &[Row] = &[
        (
            Hello,
            403,
            &[("server", "ESF")],
            r#"{"error":{"code":403,"message":"Method doesn't allow unregistered callers","status":"PERMISSION_DENIED"}}"#,
            None,
            Origin,
            None,
        ),
        (
            Hello,
            400,
            &[],
            r#"{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}"#,
            Some(R::RegionBlocked),
            Origin,
            Some("FAILED_PRECONDITION"),
        ),
        (
            Models,
            400,
            &[],
            r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("API_KEY_INVALID"),
        ),
        (
            Models,
            400,
            &[],
            r#"{"error":{"code":400,"message":"API key expired. Please renew the API key.","status":"INVALID_ARGUMENT"}}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("INVALID_ARGUMENT"),
        ),
        (
            Models,
            403,
            &[],
            r#"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED"}}"#,
            Some(R::AuthForbidden),
            Origin,
            Some("PERMISSION_DENIED"),
        ),
        (
            Models,
            403,
            &[],
            r#"{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED","details":[{"reason":"BILLING_DISABLED"}]}}"#,
            Some(R::Billing),
            Origin,
            Some("BILLING_DISABLED"),
        ),
        (
            Message,
            400,
            &[],
            r#"{"error":{"code":400,"message":"Please enable billing on your project","status":"FAILED_PRECONDITION"}}"#,
            Some(R::Billing),
            Origin,
            Some("FAILED_PRECONDITION"),
        ),
        (
            Message,
            400,
            &[],
            r#"{"error":{"code":400,"message":"Unknown name","status":"INVALID_ARGUMENT"}}"#,
            Some(R::RequestRejected),
            Origin,
            Some("INVALID_ARGUMENT"),
        ),
        (
            CountTokens,
            404,
            &[],
            r#"{"error":{"code":404,"message":"models/x is not found","status":"NOT_FOUND"}}"#,
            Some(R::ModelNotFound),
            Origin,
            Some("NOT_FOUND"),
        ),
        (
            Message,
            429,
            &[],
            r#"{"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED"}}"#,
            Some(R::RateLimited),
            Origin,
            Some("RESOURCE_EXHAUSTED"),
        ),
        (
            Message,
            429,
            &[],
            r#"{"error":{"code":429,"message":"Your prepayment credits are depleted.","status":"RESOURCE_EXHAUSTED"}}"#,
            Some(R::Billing),
            Origin,
            Some("RESOURCE_EXHAUSTED"),
        ),
        (
            Message,
            500,
            &[],
            r#"{"error":{"code":500,"message":"m","status":"INTERNAL"}}"#,
            Some(R::ProviderError),
            Origin,
            Some("INTERNAL"),
        ),
        (
            Message,
            503,
            &[],
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("UNAVAILABLE"),
        ),
        (
            Message,
            504,
            &[],
            r#"{"error":{"code":504,"message":"m","status":"DEADLINE_EXCEEDED"}}"#,
            Some(R::ProviderError),
            Origin,
            Some("DEADLINE_EXCEEDED"),
        ),
        (
            Stream,
            429,
            &[],
            r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]"#,
            Some(R::RateLimited),
            Origin,
            Some("RESOURCE_EXHAUSTED"),
        ),
        (
            Message,
            418,
            &[],
            r#"{"error":{"code":418,"message":"m","status":"BRAND_NEW"}}"#,
            Some(R::UnexpectedStatus),
            Origin,
            Some("other"),
        ),
        (
            Models,
            404,
            &[("server", "gws"), ("content-type", "text/html")],
            r#"<html>Error 404 (Not Found)!!1"#,
            Some(R::UnexpectedStatus),
            Edge,
            None,
        ),
        (
            Models,
            502,
            &[("via", "1.1 google"), ("content-type", "text/html")],
            r#"<html>502"#,
            Some(R::EdgeOriginUnreachable),
            Edge,
            None,
        ),
        (Models, 404, &[("server", "ESF")], r#""#, Some(R::ModelNotFound), Origin, None),
    ];

    #[test]
    fn the_answer_table() {
        hold("gemini", ROWS);
    }

    #[test]
    fn a_refusal_names_its_quota_and_only_a_short_one_is_waited_for() {
        let body = r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[
            {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37s"}]}}"#;
        let reading = read("gemini", Message, 429, &[], body);
        assert_eq!(reading.limited_by, Some("requests"));
        assert_eq!(reading.retry_after, Some(std::time::Duration::from_secs(37)));
        let reading = read("gemini", Stream, 429, &[], &format!("[{body}]"));
        assert_eq!(reading.limited_by, Some("requests"));
        assert_eq!(reading.retry_after, Some(std::time::Duration::from_secs(37)), "in a list");
        let reading = read("gemini", Message, 429, &[], &body.replace("PerMinute", "PerDay"));
        assert_eq!((reading.limited_by, reading.retry_after), (Some("requests_day"), None));
    }

    #[test]
    fn a_chunk_can_bring_the_last_words_and_the_end() {
        use StreamMark::{Content, End, Other, Unreadable};
        let nothing = Usage::default();
        let used = |input, output| Usage { input_tokens: Some(input), output_tokens: Some(output) };
        let cases = [
            (
                r#"{"candidates":[{"content":{"parts":[{"text":"1"}]}}],"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#,
                Content,
                used(4, 0),
                false,
            ),
            (
                r#"{"candidates":[{"content":{"parts":[{"text":" 2"}]},"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":9,"thoughtsTokenCount":7,"totalTokenCount":20}}"#,
                Content,
                used(4, 16),
                true,
            ),
            (
                r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP"}]}"#,
                End,
                nothing,
                true,
            ),
            (r#"{"candidates":[{"finishReason":"SAFETY"}]}"#, End, nothing, true),
            (r#"{"promptFeedback":{"blockReason":"OTHER"}}"#, End, nothing, true),
            (
                r#"{"usageMetadata":{"promptTokenCount":4}}"#,
                Other,
                Usage { input_tokens: Some(4), ..nothing },
                false,
            ),
            ("rubbish", Unreadable, nothing, false),
            ("", Other, nothing, false),
        ];
        for (data, mark, usage, ends) in cases {
            let event = Event { name: "message", data };
            assert_eq!(Gemini.read_event(event), EventReading { mark, usage, ends }, "{data}");
        }
        let data = r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"The model is overloaded."}}"#;
        let mark =
            StreamMark::Error { error_type: "UNAVAILABLE", message: "The model is overloaded.".to_owned() };
        assert_eq!(Gemini.read_event(Event { name: "message", data }).mark, mark);
    }

    #[test]
    fn both_forms_of_a_model_make_the_same_path() {
        for model in ["gemini-x", "models/gemini-x"] {
            let call = Gemini.call(Message, model).unwrap();
            assert_eq!(call.path, "/v1beta/models/gemini-x:generateContent");
        }
    }
}
