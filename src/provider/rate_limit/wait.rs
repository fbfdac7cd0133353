//! How long an answer asks to wait, and whether it says that trying again makes sense.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::super::Answer;
use super::value;

/// A wait longer than this is no instruction any more.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

/// `retry-after-ms`, else `Retry-After` (whole or fractional seconds, or an HTTP date, RFC 9110 §10.2.3), else what the
/// body says: Cloudflare's `retry_after` and Google's `RetryInfo`.
pub(in crate::provider) fn retry_after(
    answer: &Answer<'_>,
    json: Option<&Value>,
    now: SystemTime,
) -> Option<Duration> {
    let millis = || seconds(answer.header("retry-after-ms")?.parse::<f64>().ok()? / 1e3);
    let header = || {
        let text = answer.header("retry-after")?;
        match text.parse() {
            Ok(number) => seconds(number),
            Err(_) => believed(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()),
        }
    };
    let body = || json.and_then(|json| cloudflare(json).or_else(|| google(json)));
    millis().or_else(header).or_else(body)
}

/// `x-should-retry`, which the vendors' own clients obey first.
pub(in crate::provider) fn should_retry(answer: &Answer<'_>) -> Option<bool> {
    match answer.header("x-should-retry")? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The wait in a message such as "Please try again in 5.289s."
pub(in crate::provider) fn again_in(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once("try again in ")?;
    let word = rest.split_whitespace().next()?;
    value::duration(word.trim_end_matches(['.', ','])).and_then(believed)
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok().and_then(believed)
}

fn believed(wait: Duration) -> Option<Duration> {
    (wait <= LONGEST).then_some(wait)
}

fn cloudflare(json: &Value) -> Option<Duration> {
    json.get("cloudflare_error").and_then(Value::as_bool).filter(|is_one| *is_one)?;
    seconds(json.get("retry_after")?.as_f64()?)
}

/// A limit for a day is not waited for: the delay beside it is of the limit for a minute.
fn google(json: &Value) -> Option<Duration> {
    let details = json.get("error")?.get("details")?.as_array()?;
    if quotas(details).any(|quota| quota.contains("PerDay")) {
        return None;
    }
    let delay = details.iter().find_map(|detail| detail.get("retryDelay")).and_then(Value::as_str)?;
    value::duration(delay).and_then(believed)
}

/// The ids of the quotas that Google's `QuotaFailure` says are exhausted.
pub(super) fn quotas(details: &[Value]) -> impl Iterator<Item = &str> {
    let violations = details.iter().filter_map(|detail| detail.get("violations")).filter_map(Value::as_array);
    violations.flatten().filter_map(|violation| violation.get("quotaId")).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::super::samples::{answer, headers};
    use super::*;

    const MINUTE: &str = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37s"}]}}"#;

    #[test]
    fn a_wait_is_read_from_the_most_exact_place() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
        let daily = MINUTE.replace("PerMinute", "PerDay");
        for (ms, after, body, wait) in [
            (None, Some("7"), "", Some(7.0)),
            (None, Some("1.5"), "", Some(1.5)),
            (None, Some("Sun, 06 Nov 1994 08:49:37 GMT"), "", Some(7.0)),
            (None, Some("Sun, 06 Nov 1994 08:00:00 GMT"), "", Some(0.0)),
            (None, Some("-1"), "", None),
            (None, Some("NaN"), "", None),
            (None, Some("1e300"), "", None),
            (None, Some("99999999"), "", None),
            (None, Some("soon"), "", None),
            (Some("1250.5"), Some("7"), "", Some(1.2505)),
            (Some("-5"), Some("7"), "", Some(7.0)),
            (Some("x"), None, "", None),
            (None, None, MINUTE, Some(37.0)),
            (None, None, &MINUTE.replace("37s", "1.5s"), Some(1.5)),
            (None, None, &MINUTE.replace("37s", "-1s"), None),
            (None, Some("3"), MINUTE, Some(3.0)),
            (None, None, &daily, None),
            (None, None, r#"{"cloudflare_error":true,"retry_after":120}"#, Some(120.0)),
            (None, None, r#"{"cloudflare_error":true,"retry_after":-1}"#, None),
            (None, None, r#"{"retry_after":120}"#, None),
        ] {
            let mut pairs = Vec::new();
            pairs.extend(ms.map(|text| ("retry-after-ms", text)));
            pairs.extend(after.map(|text| ("retry-after", text)));
            let headers = headers(&pairs);
            let json = serde_json::from_str(body).ok();
            let read = retry_after(&answer(&headers), json.as_ref(), now);
            assert_eq!(read, wait.map(Duration::from_secs_f64), "{pairs:?} {body}");
        }
    }

    #[test]
    fn whether_to_try_again_is_read_and_nothing_else() {
        for (text, read) in [("true", Some(true)), ("false", Some(false)), ("maybe", None)] {
            assert_eq!(should_retry(&answer(&headers(&[("x-should-retry", text)]))), read);
        }
    }

    #[test]
    fn a_wait_in_words_is_found() {
        for (text, wait) in [
            ("Limit 15000, Used 11972, Requested 4351. Please try again in 5.289s. Visit", Some(5.289)),
            ("Please try again in 6m0s.", Some(360.0)),
            ("Please try again in 20ms", Some(0.02)),
            ("Please try again in a while.", None),
            ("try again in ", None),
        ] {
            assert_eq!(again_in(text), wait.map(Duration::from_secs_f64), "{text}");
        }
    }
}
