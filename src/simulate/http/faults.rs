//! Answers as their host's fault wants them: the provider's errors, the edge's, somebody else's.

use super::super::fault::Fault;
use super::super::rate_limits::Account;
use super::super::world::{Ids, World, wall_clock};
use super::answers::{Answer, error, error_with, from_edge, html, json, set, status, typed};
use super::api;
use super::body::{Body, Then};
use super::call::{Call, Content};
use super::dialects::Ask;
use super::limits;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use http::{HeaderValue, Method, Response, StatusCode};
use jiff::SignedDuration;
use serde_json::json;
use std::time::Duration;

/// How late `http-slow` is.
const SLOW: Duration = Duration::from_millis(1500);
/// The pauses, in milliseconds, before the parts of `http-slow-body`.
const SLOW_PARTS: [u64; 4] = [200, 400, 400, 400];
/// Lets the ten bytes of `http-cut-body` out before the end.
const CUT_PAUSE: Duration = Duration::from_millis(20);
const HUGE_BODY: usize = 3 * 1024 * 1024;
const HUGE_HEADER: usize = 100 * 1024;

const PORTAL_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Guest network: sign in</title></head>\n\
    <body><h1>Welcome</h1><form action=\"/login\"><input name=\"room\"><button>Connect</button></form></body></html>\n";
const CHALLENGE_PAGE: &str = "<!DOCTYPE html><html lang=\"en-US\"><head><title>Just a moment...</title>\
    <meta name=\"robots\" content=\"noindex,nofollow\"></head><body><noscript>Enable JavaScript and cookies to \
    continue</noscript></body></html>";
const EDGE_520_PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>api | 520: Web server is returning \
    an unknown error</title></head><body><h1>Error code 520</h1><p>cloudflare</p></body></html>";
const UPSTREAM_TEXT: &str = "upstream connect error or disconnect/reset before headers. reset reason: connection \
    termination";

/// The answer to a request, as the fault of its host wants it, if any.
pub(super) async fn answer(world: &World, call: Call) -> Answer {
    let ids = world.next_ids();
    let ask = Ask { world, ids: &ids, call: &call };
    let fault = match call.fault {
        Some(Fault::Http401Keyed) => call.is_keyed().then_some(Fault::Http401),
        fault => fault,
    };
    let answer = match (fault, &call.content) {
        // The edge stops a body that is too large before the API sees it.
        (_, Content::TooLarge) => from_edge(api::too_large(), &ids),
        (None | Some(Fault::HttpH2Silent | Fault::HttpH2Reset), _) => ask.healthy(),
        (Some(Fault::HttpSlow), _) => {
            tokio::time::sleep(SLOW).await;
            ask.healthy()
        }
        (Some(Fault::HttpSlowBody), _) => {
            let (head, body) = ask.healthy().into_parts();
            Response::from_parts(head, body.in_parts(&SLOW_PARTS.map(Duration::from_millis)))
        }
        (Some(Fault::HttpLimitsAbsurd), _) => {
            let mut answer = ask.healthy();
            ask.tell_limits(&Account::exhausted(), answer.headers_mut());
            limits::make_absurd(answer.headers_mut());
            answer
        }
        (Some(fault), _) if fault.name().starts_with("stream-") => ask.healthy(),
        (Some(fault), _) => ask
            .refusal(fault)
            .map(|answer| limits::retry(fault, answer))
            .or_else(|| edge_answer(fault, &ids).map(|answer| from_edge(answer, &ids)))
            .or_else(|| odd_body(fault).map(|answer| ask.dressed(answer)))
            .unwrap_or_else(|| somebody_elses(fault, world)),
    };
    if call.head.method == Method::HEAD { without_body(answer) } else { answer }
}

/// The time that a server whose clock is wrong says it is.
pub(super) fn date(fault: Fault) -> Option<HeaderValue> {
    let days = match fault {
        Fault::TlsClockAhead => 4,
        Fault::TlsClockBehind => -4,
        _ => return None,
    };
    let time = wall_clock().checked_add(SignedDuration::from_hours(24 * days)).ok()?;
    HeaderValue::try_from(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

/// Errors of the API itself.
pub(super) fn origin_error(fault: Fault, ids: &Ids) -> Option<Answer> {
    let (code, kind, message) = match fault {
        Fault::Http400Credit => (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade \
             or purchase credits.",
        ),
        Fault::Http400Spend => (
            400,
            "invalid_request_error",
            "You have reached your specified API usage limits. You will regain access on 2030-01-01 at 00:00 UTC.",
        ),
        Fault::Http401 => (401, "authentication_error", "invalid x-api-key"),
        Fault::Http402 => {
            (402, "billing_error", "There is a problem with your billing or payment information.")
        }
        Fault::Http403 => {
            (403, "permission_error", "Your API key does not have permission to use the specified resource.")
        }
        Fault::Http403Tenant => {
            let error = json!({
                "type": "permission_error",
                "error_code": "tenant_restriction_violation",
                "message": "Access restricted by network policy. Contact IT Administrator.",
            });
            return Some(error_with(ids, 403, &error));
        }
        Fault::Http404 => (404, "not_found_error", "Not Found"),
        Fault::Http429 | Fault::Http429Ms | Fault::Http429Date | Fault::Http429NoRetry => {
            return Some(rate_limited(ids));
        }
        Fault::Http429Spend => {
            let error = json!({
                "type": "rate_limit_error",
                "message": "You have reached the monthly spend limit of your usage tier.",
                "details": {"error_code": "enforced_spend_limit_reached"},
            });
            return Some(error_with(ids, 429, &error));
        }
        Fault::Http500 => (500, "api_error", "Internal server error"),
        Fault::Http504 => (504, "timeout_error", "Request timed out."),
        Fault::Http529 => (529, "overloaded_error", "Overloaded"),
        _ => return None,
    };
    Some(error(ids, code, kind, message))
}

fn rate_limited(ids: &Ids) -> Answer {
    let message = "This request would exceed your organization's rate limit of 1,000 requests per minute.";
    let mut answer = error(ids, 429, "rate_limit_error", message);
    Account::exhausted().write(wall_clock(), answer.headers_mut());
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("7"));
    answer
}

/// Answers the edge makes by itself: the API never saw the request.
fn edge_answer(fault: Fault, ids: &Ids) -> Option<Answer> {
    let answer = match fault {
        Fault::Http403Region => {
            let body = r#"{"error":{"type":"forbidden","message":"Request not allowed"}}"#;
            json(StatusCode::FORBIDDEN, body)
        }
        Fault::Http403Challenge => {
            let mut answer = html(StatusCode::FORBIDDEN, CHALLENGE_PAGE);
            set(&mut answer, "cf-mitigated", "challenge");
            answer
        }
        Fault::Http413 => api::too_large(),
        Fault::Http503Text => typed(StatusCode::SERVICE_UNAVAILABLE, "text/plain", UPSTREAM_TEXT),
        Fault::Http520 => html(status(520), EDGE_520_PAGE),
        Fault::Http522Json => {
            let body = json!({
                "type": "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/error-522/",
                "title": "Error 522: Connection timed out",
                "status": 522,
                "detail": "The origin web server did not complete the connection in time.",
                "instance": ids.ray,
                "error_code": 522,
                "error_name": "origin_connection_timeout",
                "error_category": "origin",
                "ray_id": ids.ray,
                "timestamp": wall_clock().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "zone": "api",
                "cloudflare_error": true,
                "retryable": true,
                "retry_after": 120,
                "owner_action_required": false,
            });
            let mut answer = json(status(522), body.to_string());
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("120"));
            answer
        }
        _ => return None,
    };
    Some(answer)
}

/// Status 200 of the API itself, with something wrong about the rest.
fn odd_body(fault: Fault) -> Option<Answer> {
    let mut answer = json(StatusCode::OK, api::HELLO);
    match fault {
        Fault::HttpNotJson => {
            return Some(typed(StatusCode::OK, "text/plain", "?!~ 0xdeadbeef not json at all\n"));
        }
        Fault::HttpCutBody => {
            answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("1000"));
            *answer.body_mut() = Body::streamed(
                [(Duration::ZERO, Bytes::from_static(b"{\"message\""))].into(),
                Then::CutOff(CUT_PAUSE),
            );
        }
        Fault::HttpHugeBody => {
            let padding = "x".repeat(HUGE_BODY - r#"{"message":"hello","padding":""}"#.len());
            return Some(json(StatusCode::OK, format!(r#"{{"message":"hello","padding":"{padding}"}}"#)));
        }
        Fault::HttpHugeHeaders => set(&mut answer, "x-padding", &"x".repeat(HUGE_HEADER)),
        _ => return None,
    }
    Some(answer)
}

/// Answers of something in between, with none of the provider's headers.
fn somebody_elses(fault: Fault, world: &World) -> Answer {
    match fault {
        Fault::HttpEmpty200 => Response::new(Body::empty()),
        Fault::Http302 => {
            let mut answer = html(StatusCode::FOUND, "<html><body>Sign in to use the network.</body></html>");
            let portal = format!("http://portal.{}:{}/login", world.faults.domain(), world.plain.port());
            if let Ok(portal) = HeaderValue::try_from(portal) {
                answer.headers_mut().insert(LOCATION, portal);
            }
            answer
        }
        _ => html(StatusCode::OK, PORTAL_PAGE),
    }
}

/// What a HEAD request gets: the head, with the length the body would have had.
fn without_body(mut answer: Answer) -> Answer {
    if let Some(length) = answer.body().length() {
        answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    *answer.body_mut() = Body::empty();
    answer
}

#[cfg(test)]
mod tests {
    use super::super::super::test_client::{KEYED, call, get, request, start};
    use super::HUGE_BODY;
    use http::{Method, Version};
    use tokio::time::Instant;

    #[tokio::test]
    async fn errors_of_the_api_have_its_shape() {
        let simulator = start().await;
        for (name, status, kind) in [
            ("http-400-credit", 400, "invalid_request_error"),
            ("http-401", 401, "authentication_error"),
            ("http-402", 402, "billing_error"),
            ("http-403", 403, "permission_error"),
            ("http-403-tenant", 403, "permission_error"),
            ("http-404", 404, "not_found_error"),
            ("http-429", 429, "rate_limit_error"),
            ("http-429-spend", 429, "rate_limit_error"),
            ("http-500", 500, "api_error"),
            ("http-504", 504, "timeout_error"),
            ("http-529", 529, "overloaded_error"),
        ] {
            let answer = get(&simulator, &format!("{name}.sim.test"), "/v1/models", KEYED).await.unwrap();
            let body = answer.json();
            assert_eq!(answer.status, status, "{name}");
            assert_eq!((&body["type"], &body["error"]["type"]), (&"error".into(), &kind.into()), "{name}");
            assert_eq!(body["request_id"], answer.headers["request-id"].to_str().unwrap(), "{name}");
            assert!(answer.headers.contains_key("anthropic-organization-id"), "{name}");
            assert_eq!(answer.headers.contains_key("retry-after"), name == "http-429", "{name}");
        }
    }

    #[tokio::test]
    async fn a_fault_of_keys_spares_calls_without_one() {
        let simulator = start().await;
        let status = async |headers| {
            get(&simulator, "http-401-keyed.sim.test", "/api/hello", headers).await.unwrap().status.as_u16()
        };
        assert_eq!((status(&[]).await, status(KEYED).await), (200, 401));
    }

    #[tokio::test]
    async fn a_rate_limit_says_which_and_until_when() {
        let simulator = start().await;
        let answer = get(&simulator, "http-429.sim.test", "/v1/models", KEYED).await.unwrap();
        assert_eq!(answer.headers["retry-after"], "7");
        assert_eq!(answer.headers["anthropic-ratelimit-requests-remaining"], "0");
        let spend = get(&simulator, "http-429-spend.sim.test", "/v1/models", KEYED).await.unwrap().json();
        assert_eq!(spend["error"]["details"]["error_code"], "enforced_spend_limit_reached");
    }

    #[tokio::test]
    async fn answers_of_the_edge_have_its_headers_and_no_request_id() {
        let simulator = start().await;
        for (name, status, content_type) in [
            ("http-403-region", 403, "application/json"),
            ("http-403-challenge", 403, "text/html; charset=UTF-8"),
            ("http-413", 413, "text/html; charset=UTF-8"),
            ("http-503-text", 503, "text/plain"),
            ("http-520", 520, "text/html; charset=UTF-8"),
            ("http-522-json", 522, "application/json"),
        ] {
            let answer = get(&simulator, &format!("{name}.sim.test"), "/api/hello", &[]).await.unwrap();
            assert_eq!(answer.status, status, "{name}");
            assert_eq!(answer.headers["content-type"], content_type, "{name}");
            assert!(
                answer.headers.contains_key("cf-ray") && !answer.headers.contains_key("request-id"),
                "{name}"
            );
            let challenged = answer.headers.get("cf-mitigated").is_some_and(|value| value == "challenge");
            assert_eq!(challenged, name == "http-403-challenge", "{name}");
        }
    }

    #[tokio::test]
    async fn answers_of_something_in_between_have_nothing_of_the_provider() {
        let simulator = start().await;
        for (name, status, empty) in
            [("portal", 200, false), ("http-302", 302, false), ("http-empty-200", 200, true)]
        {
            let answer = get(&simulator, &format!("{name}.sim.test"), "/api/hello", &[]).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.body.is_empty()), (status, empty), "{name}");
            let provider = ["request-id", "cf-ray", "server"].iter().any(|h| answer.headers.contains_key(*h));
            assert!(!provider, "{name}");
        }
        let redirect = get(&simulator, "http-302.sim.test", "/api/hello", &[]).await.unwrap();
        let portal = format!("http://portal.sim.test:{}/login", simulator.plain_address().port());
        assert_eq!(redirect.headers["location"], portal.as_str());
    }

    #[tokio::test]
    async fn odd_answers_are_odd_in_both_versions() {
        let simulator = start().await;
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let ask = async |name: &str| {
                let hello = request(Method::GET, "https", &format!("{name}.sim.test"), "/api/hello", &[], "");
                call(&simulator, version, hello).await
            };
            assert_eq!(ask("http-huge-body").await.unwrap().body.len(), HUGE_BODY);
            let not_json = ask("http-not-json").await.unwrap();
            assert!(not_json.headers.contains_key("request-id"));
            assert!(serde_json::from_slice::<serde_json::Value>(&not_json.body).is_err());
            assert!(ask("http-cut-body").await.is_err());
        }
        let huge = get(&simulator, "http-huge-headers.sim.test", "/api/hello", &[]).await.unwrap();
        assert_eq!(huge.headers["x-padding"].len(), 100 * 1024);
        let huge = request(Method::GET, "https", "http-huge-headers.sim.test", "/api/hello", &[], "");
        assert!(call(&simulator, Version::HTTP_2, huge).await.is_err(), "more than an HTTP/2 client takes");
    }

    #[tokio::test]
    async fn slow_answers_are_healthy_in_the_end() {
        let simulator = start().await;
        let timed = async |name: &str| {
            let asked = Instant::now();
            let answer = get(&simulator, name, "/api/hello", &[]).await.unwrap();
            assert_eq!(answer.body, r#"{"message":"hello"}"#, "{name}");
            asked.elapsed().as_secs_f64()
        };
        let (slow, slow_body) = tokio::join!(timed("http-slow.sim.test"), timed("http-slow-body.sim.test"));
        assert!(slow >= 1.5 && slow_body >= 1.4, "{slow} {slow_body}");
    }
}
