//! Which limit a refusal is about.

use serde_json::Value;

use super::Limits;
use super::wait::quotas;
use crate::outcome::Reason;

/// What the body says about it.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::provider) struct Said<'a> {
    /// The error's type, which `OpenAI` and Groq make the dimension.
    pub(in crate::provider) kind: Option<&'a str>,
    /// The error's message.
    pub(in crate::provider) message: Option<&'a str>,
    /// Google's details.
    pub(in crate::provider) details: Option<&'a Value>,
    /// The window of a subscription that Anthropic says is the cause.
    pub(in crate::provider) window: Option<&'a str>,
}

/// The dimension of the limit, `unknown` where it is not said; absent where the answer is no such refusal.
pub(in crate::provider) fn limited_by(
    reason: Option<Reason>,
    limits: &Limits,
    said: Said<'_>,
) -> Option<&'static str> {
    if reason != Some(Reason::RateLimited) {
        return None;
    }
    let exhausted =
        || limits.limits.iter().find(|limit| limit.remaining == Some(0)).map(|limit| limit.dimension);
    let kind = || match said.kind? {
        "requests" => Some("requests"),
        "tokens" => Some("tokens"),
        _ => None,
    };
    let quota = || quotas(said.details?.as_array()?).find_map(of_quota);
    let named = said.window.and_then(of_window).or_else(exhausted).or_else(quota);
    // Both are of the same limit: the message also tells input from output, and the day from the minute.
    let told = said.message.and_then(of_words);
    Some(named.or(told).or_else(kind).unwrap_or("unknown"))
}

fn of_window(window: &str) -> Option<&'static str> {
    if window.starts_with("five_hour") {
        Some("unified_5h")
    } else if window.starts_with("seven_day") {
        Some("unified_7d")
    } else {
        None
    }
}

/// An id such as `GenerateContentInputTokensPerModelPerMinute-FreeTier`.
fn of_quota(id: &str) -> Option<&'static str> {
    let daily = id.contains("PerDay");
    if id.contains("InputToken") && !daily {
        Some("input_tokens")
    } else if id.contains("OutputToken") && !daily {
        Some("output_tokens")
    } else if id.contains("Token") {
        Some(if daily { "tokens_day" } else { "tokens" })
    } else if id.contains("Concurrent") {
        Some("concurrent_requests")
    } else if id.contains("Request") {
        Some(if daily { "requests_day" } else { "requests" })
    } else {
        None
    }
}

/// Words that tell it, the most particular first.
fn of_words(message: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 20] = [
        ("concurren", "concurrent_requests"),
        ("input tokens", "input_tokens"),
        ("input_tokens", "input_tokens"),
        ("output tokens", "output_tokens"),
        ("output_tokens", "output_tokens"),
        ("tokens per day", "tokens_day"),
        ("(tpd)", "tokens_day"),
        ("requests per day", "requests_day"),
        ("(rpd)", "requests_day"),
        ("tokens per min", "tokens"),
        ("(tpm)", "tokens"),
        ("request tokens", "tokens"),
        ("token rate limit", "tokens"),
        ("too many tokens", "tokens"),
        ("requests per", "requests"),
        ("(rpm)", "requests"),
        ("requests rate limit", "requests"),
        ("request rate limit", "requests"),
        ("number of requests", "requests"),
        ("free-models-per-day", "requests_day"),
    ];
    let message = message.to_ascii_lowercase();
    WORDS.iter().find(|(words, _)| message.contains(words)).map(|(_, dimension)| *dimension)
}

#[cfg(test)]
mod tests {
    use super::super::{DIMENSIONS, Field};
    use super::*;

    #[test]
    fn the_dimension_of_a_refusal_is_taken_from_what_says_it_best() {
        let details = |quota: &str| serde_json::json!([{"violations": [{"quotaId": quota}]}]);
        let minute = details("GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
        let day = details("GenerateRequestsPerDayPerProjectPerModel-FreeTier");
        let input = details("GenerateContentInputTokensPerModelPerMinute-FreeTier");
        let nothing = Said::default();
        let message = |message| Said { message: Some(message), ..nothing };
        let quota = |details| Said { details: Some(details), ..nothing };
        let mut exhausted = Limits::default();
        exhausted.count("requests", Field::Remaining, Some(7));
        exhausted.count("output_tokens", Field::Remaining, Some(0));
        let none = Limits::default();
        let groq =
            "Rate limit reached for model `m` in organization `o` on tokens per day (TPD): Limit 500000";
        let cases: Vec<(&Limits, Said<'_>, &str)> = vec![
            (&exhausted, nothing, "output_tokens"),
            (&exhausted, message("30,000 input tokens per minute"), "output_tokens"),
            (&none, nothing, "unknown"),
            (&none, message("Too many requests"), "unknown"),
            (
                &none,
                message("would exceed your organization's rate limit of 30,000 input tokens per minute"),
                "input_tokens",
            ),
            (&none, message("Number of request tokens has exceeded your per-minute rate limit"), "tokens"),
            (
                &none,
                message("Number of concurrent connections has exceeded your rate limit"),
                "concurrent_requests",
            ),
            (&none, message("Requests rate limit exceeded"), "requests"),
            (&none, message("Too many tokens, please wait before trying again."), "tokens"),
            (&none, Said { kind: Some("tokens"), message: Some(groq), ..nothing }, "tokens_day"),
            (&none, Said { kind: Some("requests"), ..nothing }, "requests"),
            (&none, Said { kind: Some("rate_limit_error"), ..nothing }, "unknown"),
            (&none, quota(&minute), "requests"),
            (&none, quota(&day), "requests_day"),
            (&none, quota(&input), "input_tokens"),
            (&none, Said { window: Some("five_hour"), ..nothing }, "unified_5h"),
            (&none, Said { window: Some("seven_day_opus"), ..nothing }, "unified_7d"),
        ];
        for (limits, said, dimension) in cases {
            assert_eq!(limited_by(Some(Reason::RateLimited), limits, said), Some(dimension), "{said:?}");
            assert!(dimension == "unknown" || DIMENSIONS.contains(&dimension));
            assert_eq!(limited_by(Some(Reason::SpendLimit), limits, said), None);
            assert_eq!(limited_by(None, limits, said), None);
        }
    }
}
