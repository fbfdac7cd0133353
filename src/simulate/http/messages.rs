//! `POST /v1/messages` and `/v1/messages/count_tokens`: whole answers and streams.

use super::super::world::{Ids, World};
use super::answers::{Answer, Refusal, json};
use super::api::book;
use super::call::Call;
use super::model::Said;
use super::script::{Script, named_event, streams};
use http::StatusCode;
use serde_json::{Value, json};
use std::borrow::Cow;

/// A request for a message, as far as it matters here.
struct Prompt<'a> {
    model: &'a str,
    said: Said,
}

pub(super) fn answer(world: &World, ids: &Ids, call: &Call, count: bool) -> Answer {
    let Some(body) = call.json() else {
        return invalid("The request body is not valid JSON").answer(ids);
    };
    let prompt = match prompt(body, count) {
        Ok(prompt) => prompt,
        Err(refused) => return refused.answer(ids),
    };
    if count {
        // Counting has a pool of its own and tells no limits.
        return json(StatusCode::OK, json!({"input_tokens": prompt.said.input_tokens}).to_string());
    }
    let mut answer = if streams(call) {
        script(ids, &prompt).play(call)
    } else {
        json(StatusCode::OK, message(ids, &prompt, true).to_string())
    };
    book(world, prompt.said.used(), &mut answer);
    answer
}

fn prompt(body: &Value, count: bool) -> Result<Prompt<'_>, Refusal> {
    let required = |name: &str| invalid(format!("{name}: Field required"));
    let model = body.get("model").and_then(Value::as_str).ok_or_else(|| required("model"))?;
    let messages = body.get("messages").and_then(Value::as_array).ok_or_else(|| required("messages"))?;
    let max_tokens = match body.get("max_tokens") {
        Some(max) => {
            let max = max.as_u64().and_then(|max| usize::try_from(max).ok());
            max.ok_or_else(|| invalid("max_tokens: Input should be a valid integer"))?
        }
        None if count => 0,
        None => return Err(required("max_tokens")),
    };
    if messages.is_empty() {
        return Err(invalid("messages: at least one message is required"));
    }
    if !model.starts_with("claude-") {
        return Err(Refusal::new(404, "not_found_error", format!("model: {model}")));
    }
    let texts = messages.iter().filter_map(|message| message.get("content"));
    Ok(Prompt { model, said: Said::to(texts.chain(body.get("system")), Some(max_tokens)) })
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(400, "invalid_request_error", message)
}

fn stop_reason(said: &Said) -> &'static str {
    if said.was_cut() { "max_tokens" } else { "end_turn" }
}

/// The message object: complete, or as a stream begins.
fn message(ids: &Ids, prompt: &Prompt<'_>, complete: bool) -> Value {
    let said = &prompt.said;
    let content = match said.words {
        [_, ..] if complete => json!([{"type": "text", "text": said.text()}]),
        _ => json!([]),
    };
    // A stream begins with what the first token costs; what it says at its end counts it again.
    let output_tokens = if complete { said.output_tokens() } else { said.output_tokens().min(1) };
    json!({
        "id": ids.request_id.replace("req_", "msg_"),
        "type": "message",
        "role": "assistant",
        "model": prompt.model,
        "content": content,
        "stop_reason": complete.then(|| stop_reason(said)),
        "stop_sequence": null,
        "usage": {
            "input_tokens": said.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
            "service_tier": "standard",
        },
    })
}

fn script(ids: &Ids, prompt: &Prompt<'_>) -> Script {
    let said = &prompt.said;
    let ping = named_event(&json!({"type": "ping"}));
    let mut opening = vec![named_event(&json!({
        "type": "message_start",
        "message": message(ids, prompt, false),
    }))];
    let mut closing = Vec::new();
    // Without a token there is no block either.
    if !said.words.is_empty() {
        let block = json!({"type": "text", "text": ""});
        opening
            .push(named_event(&json!({"type": "content_block_start", "index": 0, "content_block": block})));
        opening.push(ping.clone());
        closing.push(named_event(&json!({"type": "content_block_stop", "index": 0})));
    }
    closing.push(named_event(&json!({
        "type": "message_delta",
        "delta": {"stop_reason": stop_reason(said), "stop_sequence": null},
        "usage": {
            "input_tokens": said.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": said.output_tokens(),
        },
    })));
    closing.push(named_event(&json!({"type": "message_stop"})));
    let delta = |word: &&str| {
        let delta = json!({"type": "text_delta", "text": word});
        named_event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    };
    let overloaded = json!({"type": "overloaded_error", "message": "Overloaded"});
    Script {
        opening,
        tokens: said.words.iter().map(delta).collect(),
        closing,
        ping,
        error: named_event(&json!({"type": "error", "error": overloaded})),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Simulator;
    use super::super::super::test_client::{Answered, KEYED, call, request, start};
    use http::{Method, Version};

    async fn post(simulator: &Simulator, path: &str, body: &str) -> Answered {
        let request = request(Method::POST, "https", "api.sim.test", path, KEYED, body);
        call(simulator, Version::HTTP_2, request).await.unwrap()
    }

    fn ask(max_tokens: u32, more: &str) -> String {
        format!(
            r#"{{"model":"claude-haiku-4-5","max_tokens":{max_tokens},"messages":[{{"role":"user","content":"hi there"}}]{more}}}"#
        )
    }

    #[tokio::test]
    async fn messages_have_content_usage_and_limits() {
        let simulator = start().await;
        for (max_tokens, blocks, output) in [(0, 0, 0), (1, 1, 1), (100, 1, 8)] {
            let answer = post(&simulator, "/v1/messages", &ask(max_tokens, "")).await;
            let body = answer.json();
            assert_eq!(answer.status, 200);
            assert_eq!(body["content"].as_array().unwrap().len(), blocks);
            assert_eq!(
                (&body["usage"]["input_tokens"], &body["usage"]["output_tokens"]),
                (&9.into(), &output.into())
            );
            assert_eq!(body["stop_reason"], if max_tokens < 8 { "max_tokens" } else { "end_turn" });
            assert!(answer.headers.contains_key("anthropic-ratelimit-output-tokens-reset"));
        }
    }

    #[tokio::test]
    async fn a_stream_goes_from_message_start_to_message_stop() {
        let simulator = start().await;
        let answer = post(&simulator, "/v1/messages", &ask(1, r#","stream":true"#)).await;
        assert_eq!(answer.headers["content-type"], "text/event-stream; charset=utf-8");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let events: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
        assert_eq!(
            events,
            [
                "message_start",
                "content_block_start",
                "ping",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop"
            ]
        );
    }

    #[tokio::test]
    async fn tokens_are_counted_without_max_tokens_and_without_limits() {
        let simulator = start().await;
        let body = r#"{"model":"claude-haiku-4-5","messages":[{"role":"user","content":[{"type":"text","text":"hi there"}]}]}"#;
        let answer = post(&simulator, "/v1/messages/count_tokens", body).await;
        assert_eq!(answer.json()["input_tokens"], 9);
        assert!(!answer.headers.contains_key("anthropic-ratelimit-requests-limit"));
        assert_eq!(post(&simulator, "/v1/messages", body).await.status, 400);
    }

    #[tokio::test]
    async fn wrong_requests_are_told_what_is_wrong() {
        let simulator = start().await;
        for (body, status, message) in [
            ("{", 400, "The request body is not valid JSON"),
            ("{}", 400, "model: Field required"),
            (
                r#"{"model":"claude-x","max_tokens":1,"messages":[]}"#,
                400,
                "messages: at least one message is required",
            ),
            (&ask(1, "").replace("claude-haiku-4-5", "gone"), 404, "model: gone"),
        ] {
            let answer = post(&simulator, "/v1/messages", body).await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.json()["error"]["message"], message);
        }
    }
}
