//! What the headers of an answer say about waiting and about limits, where a fault wants them otherwise.

use super::super::fault::Fault;
use super::super::world::wall_clock;
use super::answers::{Answer, set};
use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use jiff::SignedDuration;

/// How long every 429 asks to wait.
pub(super) const WAIT_SECONDS: u32 = 7;

const ABSURD_LIMITS: [&str; 4] = ["-1", "99999999999999999999999", "many", "0"];
const ABSURD_RESTS: [&str; 4] = ["-1", "1e400", "NaN", "18446744073709551616"];
const ABSURD_RESETS: [&str; 4] = ["-1", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"];

/// Says in another way when to call again.
pub(super) fn retry(fault: Fault, mut answer: Answer) -> Answer {
    match fault {
        Fault::Http429Ms => {
            set(&mut answer, "retry-after-ms", "1500");
            set(&mut answer, "retry-after", "2");
            set(&mut answer, "x-should-retry", "true");
        }
        Fault::Http429Date => {
            answer.headers_mut().remove("retry-after-ms");
            let at = wall_clock().saturating_add(SignedDuration::from_secs(WAIT_SECONDS.into()));
            let date = at.map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
            set(&mut answer, RETRY_AFTER.as_str(), &date.unwrap_or_default());
        }
        Fault::Http429NoRetry => set(&mut answer, "x-should-retry", "false"),
        _ => {}
    }
    answer
}

/// Replaces every value of a rate limit by one that cannot be meant.
pub(super) fn make_absurd(headers: &mut HeaderMap) {
    let mut names: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().contains("ratelimit")).cloned().collect();
    names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    let mut seen = [0; 3];
    for name in names {
        let kinds = [("remaining", ABSURD_RESTS), ("reset", ABSURD_RESETS), ("limit", ABSURD_LIMITS)];
        // Every name has `ratelimit` in it, so that `limit` is what neither of the others is.
        let kind = kinds.iter().position(|(word, _)| name.as_str().contains(word));
        let Some(((_, values), seen)) = kind.and_then(|kind| kinds.get(kind).zip(seen.get_mut(kind))) else {
            continue;
        };
        if let Some(value) = values.get(*seen % values.len()) {
            headers.insert(name, HeaderValue::from_static(value));
        }
        *seen += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::test_client::{KEYED, get, start};
    use std::time::Duration;

    #[tokio::test]
    async fn when_to_call_again_is_told_in_several_ways() {
        let simulator = start().await;
        let told = async |host: &str| {
            let answer = get(&simulator, &format!("{host}.sim.test"), "/v1/models", KEYED).await.unwrap();
            assert_eq!(answer.status, 429, "{host}");
            ["retry-after", "retry-after-ms", "x-should-retry"]
                .map(|name| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told("http-429-ms").await, [some("2"), some("1500"), some("true")]);
        assert_eq!(told("http-429-ms.openai").await, [some("2"), some("1500"), some("true")]);
        assert_eq!(told("http-429-no-retry").await, [some("7"), None, some("false")]);
        for host in ["http-429-date", "http-429-date.azure"] {
            let before = crate::clock::wall();
            let [Some(date), None, None] = told(host).await else { panic!("{host}") };
            let date = httpdate::parse_http_date(&date).unwrap();
            // A date has whole seconds.
            assert!(date >= before + Duration::from_secs(6), "{host} {date:?}");
            assert!(date <= crate::clock::wall() + Duration::from_secs(7), "{host} {date:?}");
        }
    }

    #[tokio::test]
    async fn absurd_limits_come_with_healthy_answers() {
        let simulator = start().await;
        let hello = get(&simulator, "http-limits-absurd.sim.test", "/api/hello", &[]).await.unwrap();
        assert_eq!((hello.status.as_u16(), hello.body), (200, r#"{"message":"hello"}"#.into()));
        let told = |name: &str| hello.headers[&format!("anthropic-ratelimit-{name}")].to_str().unwrap();
        assert_eq!((told("input-tokens-limit"), told("input-tokens-remaining")), ("-1", "-1"));
        assert_eq!((told("tokens-limit"), told("tokens-remaining")), ("0", "18446744073709551616"));
        assert_eq!((told("output-tokens-reset"), told("requests-remaining")), ("yesterday", "NaN"));
        let key = &[("authorization", "Bearer sk-ant-sim-valid")];
        let models =
            get(&simulator, "http-limits-absurd.groq.sim.test", "/openai/v1/models", key).await.unwrap();
        assert_eq!(models.headers["x-ratelimit-remaining-requests"], "-1");
    }
}
