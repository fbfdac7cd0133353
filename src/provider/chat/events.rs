//! The chunks of chat completions: deltas, then the tokens used, then `[DONE]`.

use serde_json::Value;

use super::super::redact::one_line;
use super::super::{Event, EventReading, StreamMark};
use super::refusal::ChatError;
use super::usage;
use crate::outcome::Usage;

/// What stands for the answer in a delta; thoughts are tokens too.
const CONTENT: [&str; 5] = ["content", "reasoning", "reasoning_content", "tool_calls", "refusal"];

/// What an event means.
pub(super) fn read(event: Event<'_>, error_types: &'static [&'static str]) -> EventReading {
    if event.data.trim() == "[DONE]" {
        return EventReading { mark: StreamMark::End, usage: Usage::default(), ends: true };
    }
    let json: Option<Value> = serde_json::from_str(event.data).ok();
    let unreadable = json.is_none() && !event.data.is_empty();
    let json = json.unwrap_or_default();
    let used = json.get("usage").filter(|used| used.is_object()).or_else(|| json.get("x_groq")?.get("usage"));
    let mark = match ChatError::of(&json, 200) {
        Some(error) => StreamMark::Error {
            error_type: error.listed(error_types),
            message: one_line(error.message.or(error.shown()).unwrap_or_default()),
        },
        None if json
            .get("choices")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(has_content)) =>
        {
            StreamMark::Content
        }
        None if unreadable => StreamMark::Unreadable,
        None => StreamMark::Other,
    };
    EventReading { mark, usage: used.map(usage).unwrap_or_default(), ends: false }
}

fn has_content(choice: &Value) -> bool {
    let is_some = |value: &Value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(parts) => !parts.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    choice.get("delta").is_some_and(|delta| CONTENT.iter().any(|key| delta.get(key).is_some_and(is_some)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chunk_has_its_mark() {
        use StreamMark::{Content, End, Other, Unreadable};
        let used = Usage { input_tokens: Some(9), output_tokens: Some(16) };
        let nothing = Usage::default();
        let cases = [
            (r#"{"choices":[{"delta":{"role":"assistant","content":""}}],"usage":null}"#, Other, nothing),
            (r#"{"choices":[{"delta":{"content":"1"}}]}"#, Content, nothing),
            (r#"{"choices":[{"delta":{"reasoning":"so"}}]}"#, Content, nothing),
            (r#"{"choices":[{"delta":{"content":[{"type":"thinking"}]}}]}"#, Content, nothing),
            (r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#, Other, nothing),
            (r#"{"choices":[],"prompt_filter_results":[]}"#, Other, nothing),
            (r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":16}}"#, Other, used),
            (
                r#"{"choices":[{"delta":{"content":"2"},"finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":16}}"#,
                Content,
                used,
            ),
            (r#"{"choices":[],"x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":16}}}"#, Other, used),
            ("[DONE]", End, nothing),
            (" [DONE] ", End, nothing),
            ("rubbish", Unreadable, nothing),
            ("", Other, nothing),
        ];
        for (data, mark, usage) in cases {
            let ends = mark == End;
            assert_eq!(
                read(Event { name: "message", data }, &[]),
                EventReading { mark, usage, ends },
                "{data}"
            );
        }
    }

    #[test]
    fn an_error_inside_of_a_chunk_is_one() {
        let data = r#"{"error":{"code":502,"message":"Provider disconnected, key sk-or-v1-x"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#;
        let message = "Provider disconnected, key sk-[redacted]".to_owned();
        let mark = StreamMark::Error { error_type: "other", message };
        assert_eq!(read(Event { name: "message", data }, &["server_error"]).mark, mark);
        let data = r#"{"object":"error","message":"Internal","type":"server_error","code":"3000"}"#;
        let mark = StreamMark::Error { error_type: "server_error", message: "Internal".to_owned() };
        assert_eq!(read(Event { name: "message", data }, &["server_error"]).mark, mark);
        let data = r#"{"error":{"type":"server_error","message":"The server had an error"}}"#;
        let message = "The server had an error".to_owned();
        let mark = StreamMark::Error { error_type: "server_error", message };
        assert_eq!(read(Event { name: "message", data }, &["server_error"]).mark, mark);
    }
}
