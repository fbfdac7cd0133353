//! The events of Anthropic's streams: `message_start`, then blocks with their deltas, `message_delta`, `message_stop`.
//!
//! `ping` may come at any time, new events too: they are none of ours. Usage is cumulative.

use serde_json::Value;

use super::super::redact::one_line;
use super::super::verdict::listed;
use super::super::{Event, EventReading, StreamMark};
use super::{ERROR_TYPES, usage};

/// What an event means.
pub(super) fn read(event: Event<'_>) -> EventReading {
    let json: Option<Value> = serde_json::from_str(event.data).ok();
    let unreadable = json.is_none() && !event.data.is_empty();
    let json = json.unwrap_or_default();
    let text = |value: Option<&Value>, key: &str| {
        value.and_then(|value| value.get(key)?.as_str().map(str::to_owned))
    };
    let used = json.get("usage").or_else(|| json.get("message")?.get("usage")).map(usage);
    let mark = match json.get("type").and_then(Value::as_str).unwrap_or(event.name) {
        "content_block_delta" if json.get("delta").is_some_and(is_content) => StreamMark::Content,
        "ping" => StreamMark::Ping,
        "message_stop" => StreamMark::End,
        "error" => {
            let error = json.get("error");
            let kind = text(error, "type");
            StreamMark::Error {
                error_type: listed(kind.as_deref(), ERROR_TYPES).unwrap_or("other"),
                message: one_line(&text(error, "message").or(kind).unwrap_or_else(|| event.data.to_owned())),
            }
        }
        _ if unreadable => StreamMark::Unreadable,
        _ => StreamMark::Other,
    };
    let ends = mark == StreamMark::End;
    EventReading { mark, usage: used.unwrap_or_default(), ends }
}

/// Whether a delta brings a token: the signature of a thought is none.
fn is_content(delta: &Value) -> bool {
    let holds = match delta.get("type").and_then(Value::as_str) {
        Some("text_delta") => "text",
        Some("input_json_delta") => "partial_json",
        Some("thinking_delta") => "thinking",
        _ => return false,
    };
    delta.get(holds).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Usage;

    fn used(input: u64, output: u64) -> Usage {
        Usage { input_tokens: Some(input), output_tokens: Some(output) }
    }

    #[test]
    fn each_event_has_its_mark() {
        use StreamMark::{Content, End, Other, Ping, Unreadable};
        let output = Usage { output_tokens: Some(15), ..Usage::default() };
        let nothing = Usage::default();
        let cases = [
            (
                "message_start",
                r#"{"type":"message_start","message":{"usage":{"input_tokens":9,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,"output_tokens":1}}}"#,
                Other,
                used(16, 1),
            ),
            (
                "content_block_start",
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                Other,
                nothing,
            ),
            ("ping", r#"{"type":"ping"}"#, Ping, nothing),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"1"}}"#,
                Content,
                nothing,
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":""}}"#,
                Other,
                nothing,
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{"}}"#,
                Content,
                nothing,
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"so"}}"#,
                Content,
                nothing,
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","delta":{"type":"signature_delta","signature":"Eq"}}"#,
                Other,
                nothing,
            ),
            ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#, Other, nothing),
            (
                "message_delta",
                r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":15}}"#,
                Other,
                output,
            ),
            ("message_stop", r#"{"type":"message_stop"}"#, End, nothing),
            ("new_event", r#"{"type":"new_event"}"#, Other, nothing),
            ("message", "not json", Unreadable, nothing),
            ("message", "[DONE]", Unreadable, nothing),
            ("message", "", Other, nothing),
            ("ping", "", Ping, nothing),
        ];
        for (name, data, mark, usage) in cases {
            let ends = mark == End;
            assert_eq!(read(Event { name, data }), EventReading { mark, usage, ends }, "{data}");
        }
    }

    #[test]
    fn an_error_has_a_type_of_the_list_and_no_key() {
        for (data, error_type, message) in [
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "overloaded_error",
                "Overloaded",
            ),
            (
                r#"{"type":"error","error":{"type":"new_error","message":"bad\nkey sk-ant-api03-x"}}"#,
                "other",
                "bad key sk-[redacted]",
            ),
            ("gone", "other", "gone"),
        ] {
            let mark = StreamMark::Error { error_type, message: message.to_owned() };
            assert_eq!(read(Event { name: "error", data }).mark, mark);
        }
    }
}
