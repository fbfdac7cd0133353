//! The healthy API: what is asked for by method and path, and who may ask.

use super::super::rate_limits::Used;
use super::super::world::{Ids, World, wall_clock};
use super::answers::{Answer, Refusal, error, from_origin, html, json, method_not_allowed, typed};
use super::call::Call;
use super::messages;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(super) const HELLO: &[u8] = br#"{"message":"hello"}"#;

/// The models offered, newest first.
const MODELS: [(&str, &str); 4] = [
    ("claude-opus-5", "Claude Opus 5"),
    ("claude-sonnet-5", "Claude Sonnet 5"),
    ("claude-haiku-4-5", "Claude Haiku 4.5"),
    ("claude-3-5-haiku-20241022", "Claude Haiku 3.5"),
];
const CREATED_AT: &str = "2026-01-01T00:00:00Z";

pub(super) fn answer(world: &World, ids: &Ids, call: &Call) -> Answer {
    let read = matches!(call.head.method, Method::GET | Method::HEAD);
    let post = call.head.method == Method::POST;
    let answer = match call.path() {
        "/api/hello" if read => json(StatusCode::OK, HELLO),
        "/ok" if read => json(StatusCode::OK, &br#"{"status":"ok"}"#[..]),
        "/text" if read => {
            typed(StatusCode::OK, "text/plain; charset=utf-8", &b"plain text, all is well\n"[..])
        }
        "/v1/models" if read => models(world, ids, call),
        "/v1/messages" | "/v1/messages/count_tokens" if post => match authorize(world, call) {
            Ok(()) => messages::answer(world, ids, call, call.path().ends_with("count_tokens")),
            Err(refused) => refused.answer(ids),
        },
        "/api/hello" | "/ok" | "/text" | "/v1/models" => method_not_allowed(ids, "GET, HEAD"),
        "/v1/messages" | "/v1/messages/count_tokens" => method_not_allowed(ids, "POST"),
        _ => error(ids, 404, "not_found_error", "Not Found"),
    };
    from_origin(answer, ids)
}

/// Books a call on the account and writes what is left into its answer.
pub(super) fn book(world: &World, used: Used, answer: &mut Answer) {
    world.rate_limits.book(used, Instant::now()).write(wall_clock(), answer.headers_mut());
}

fn models(world: &World, ids: &Ids, call: &Call) -> Answer {
    if let Err(refused) = authorize(world, call) {
        return refused.answer(ids);
    }
    let limit = match call.parameter("limit").map(str::parse::<usize>) {
        None => 20,
        Some(Ok(limit @ 1..=1000)) => limit,
        Some(_) => return error(ids, 400, "invalid_request_error", "limit: must be between 1 and 1000"),
    };
    let data: Vec<Value> = MODELS
        .iter()
        .take(limit)
        .map(|(id, name)| json!({"type": "model", "id": id, "display_name": name, "created_at": CREATED_AT}))
        .collect();
    let edge = |model: Option<&Value>| model.and_then(|model| model.get("id")).cloned();
    let body = json!({
        "first_id": edge(data.first()),
        "last_id": edge(data.last()),
        "has_more": limit < MODELS.len(),
        "data": data,
    });
    let mut answer = json(StatusCode::OK, body.to_string());
    book(world, Used::default(), &mut answer);
    answer
}

pub(super) fn too_large() -> Answer {
    const PAGE: &[u8] = b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n\
        <center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>cloudflare</center>\r\n\
        </body>\r\n</html>\r\n";
    html(StatusCode::PAYLOAD_TOO_LARGE, Bytes::from_static(PAGE))
}

/// First the key, then the version, as the provider checks them. The key comes in either header: the provider's own
/// clients have moved to `authorization`.
fn authorize(world: &World, call: &Call) -> Result<(), Refusal> {
    let refuse = |message| Err(Refusal::new(401, "authentication_error", message));
    let headers = &call.head.headers;
    match (headers.get("x-api-key"), call.bearer()) {
        (Some(key), _) if key.as_bytes() == world.api_key.as_bytes() => {}
        (None, Some(key)) if key == world.api_key => {}
        (Some(_), _) => return refuse("invalid x-api-key"),
        (None, _) if headers.contains_key(AUTHORIZATION) => return refuse("Invalid bearer token"),
        (None, _) => return refuse("x-api-key header is required"),
    }
    if !headers.contains_key("anthropic-version") {
        return Err(Refusal::new(400, "invalid_request_error", "anthropic-version: header is required"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::test_client::{KEYED, call, exchange, get, request, start};
    use http::{Method, Version};
    use tokio::net::TcpStream;

    const HOST: &str = "api.sim.test";

    #[tokio::test]
    async fn hello_is_answered_in_every_version_and_without_tls() {
        let simulator = start().await;
        for version in [Version::HTTP_11, Version::HTTP_2] {
            for scheme in ["https", "http"] {
                let hello = request(Method::GET, scheme, HOST, "/api/hello", &[("user-agent", "t/1")], "");
                let answer = if scheme == "https" {
                    call(&simulator, version, hello).await.unwrap()
                } else {
                    let stream = TcpStream::connect(simulator.plain_address()).await.unwrap();
                    exchange(stream, version, hello).await.unwrap()
                };
                assert_eq!((answer.status.as_u16(), answer.version), (200, version));
                assert_eq!(answer.body, r#"{"message":"hello"}"#);
                assert_eq!(answer.headers["server"], "cloudflare");
                assert!(answer.headers["request-id"].to_str().unwrap().starts_with("req_"));
                assert!(answer.headers.contains_key("cf-ray") && answer.headers.contains_key("date"));
            }
        }
        let seen = simulator.requests();
        assert_eq!(seen.len(), 4);
        assert!(
            seen.iter().all(|request| request.host == HOST && request.path == "/api/hello" && !request.keyed)
        );
        assert_eq!(seen[0].user_agent.as_deref(), Some("t/1"));
        assert_eq!((seen[0].http_version, seen[2].http_version), ("HTTP/1.1", "HTTP/2.0"));
    }

    #[tokio::test]
    async fn head_has_the_length_and_no_body() {
        let simulator = start().await;
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let head = request(Method::HEAD, "https", HOST, "/api/hello", &[], "");
            let answer = call(&simulator, version, head).await.unwrap();
            assert_eq!(answer.headers["content-length"], "19");
            assert!(answer.body.is_empty());
        }
    }

    #[tokio::test]
    async fn the_key_is_checked_before_the_version() {
        let simulator = start().await;
        let refused = [
            (&[][..], 401, "authentication_error", "x-api-key header is required"),
            (&[("x-api-key", "sk-ant-other")], 401, "authentication_error", "invalid x-api-key"),
            (
                &[("authorization", "Bearer sk-ant-other")],
                401,
                "authentication_error",
                "Invalid bearer token",
            ),
            (&[("authorization", "sk-ant-sim-valid")], 401, "authentication_error", "Invalid bearer token"),
            (&KEYED[..1], 400, "invalid_request_error", "anthropic-version: header is required"),
        ];
        for (headers, status, kind, message) in refused {
            let answer = get(&simulator, HOST, "/v1/models", headers).await.unwrap();
            let body = answer.json();
            assert_eq!(answer.status, status);
            assert_eq!((&body["type"], &body["error"]["type"]), (&"error".into(), &kind.into()));
            assert_eq!(body["error"]["message"], message);
            assert_eq!(body["request_id"], answer.headers["request-id"].to_str().unwrap());
        }
        let bearer = [("authorization", "Bearer sk-ant-sim-valid"), KEYED[1]];
        assert_eq!(get(&simulator, HOST, "/v1/models", &bearer).await.unwrap().status, 200);
    }

    #[tokio::test]
    async fn models_are_listed_and_booked() {
        let simulator = start().await;
        for _ in 0..2 {
            let answer = get(&simulator, HOST, "/v1/models?limit=1", KEYED).await.unwrap();
            let body = answer.json();
            assert_eq!(body["data"].as_array().unwrap().len(), 1);
            assert_eq!((&body["has_more"], &body["last_id"]), (&true.into(), &body["data"][0]["id"]));
            assert_eq!(answer.headers["anthropic-ratelimit-requests-limit"], "1000");
            let remaining = answer.headers["anthropic-ratelimit-requests-remaining"].to_str().unwrap();
            assert!(remaining.parse::<u32>().unwrap() < 1000, "{remaining}");
        }
        let all = get(&simulator, HOST, "/v1/models", KEYED).await.unwrap().json();
        assert_eq!(all["has_more"], false);
        let wrong = get(&simulator, HOST, "/v1/models?limit=0", KEYED).await.unwrap();
        assert_eq!(wrong.status, 400);
    }

    #[tokio::test]
    async fn other_paths_and_methods_are_refused() {
        let simulator = start().await;
        for (path, status) in [("/v1/messages", 405), ("/", 404), ("/ok", 200), ("/text", 200)] {
            assert_eq!(get(&simulator, HOST, path, &[]).await.unwrap().status, status, "{path}");
        }
    }

    #[tokio::test]
    async fn a_body_beyond_the_bound_is_refused_by_the_edge() {
        let simulator = start().await;
        let body = "x".repeat(super::super::super::accept::MAX_BODY + 1);
        let request = request(Method::POST, "https", HOST, "/v1/messages", KEYED, &body);
        let answer = call(&simulator, Version::HTTP_11, request).await.unwrap();
        assert_eq!(answer.status, 413);
        assert!(!answer.headers.contains_key("request-id"));
    }
}
