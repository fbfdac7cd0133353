//! The target's own expectations, on top of what the provider's dialect says: pure.

use std::time::Duration;

use crate::outcome::{Failure, Finding, Reason};
use crate::provider::Answer;
use crate::target::Expectations;

/// What is wrong after the expectations were applied.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) failure: Option<Failure>,
    pub(super) slow: Option<Finding>,
}

/// A status that is listed is right whatever the dialect says of it; one that is not listed is wrong.
pub(super) fn judge(
    expected: &Expectations,
    answer: &Answer<'_>,
    said: Option<Failure>,
    latency: Option<Duration>,
) -> Judged {
    let status = answer.status.as_u16();
    let by_status = match (expected.status.is_empty(), expected.status.contains(&status)) {
        (true, _) => said,
        (false, true) => said.filter(|_| answer.status.is_success()),
        (false, false) => {
            let words = format!("{}; expected {:?}", answer.describe(), expected.status);
            said.or(Some(Failure::new(Reason::UnexpectedStatus, words)))
        }
    };
    let by_body = || {
        let pattern = expected.body.as_ref().filter(|pattern| !pattern.0.is_match(answer.body))?;
        let words = format!("{}, which does not match {:?}", answer.describe(), pattern.0.as_str());
        Some(Failure::new(Reason::UnexpectedBody, words))
    };
    let slow =
        expected.max_latency.zip(latency).filter(|(most, latency)| latency > most).map(|(most, latency)| {
            let words = format!(
                "complete after {:.3} s, expected within {:.3} s",
                latency.as_secs_f64(),
                most.as_secs_f64()
            );
            Finding::new(Reason::HttpSlow, words)
        });
    Judged { failure: by_status.or_else(by_body), slow }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::target::BodyPattern;

    fn judged(expected: &Expectations, status: u16, body: &str, said: Option<Reason>) -> Option<Reason> {
        let headers = HeaderMap::new();
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: &headers, body: body.as_bytes(), truncated: false };
        judge(expected, &answer, said.map(|reason| Failure::new(reason, "")), None)
            .failure
            .map(|failure| failure.reason)
    }

    #[test]
    fn a_listed_status_is_right_and_another_is_wrong() {
        let expected = Expectations { status: vec![200, 401], ..Expectations::default() };
        assert_eq!(judged(&expected, 401, "", Some(Reason::AuthInvalid)), None);
        assert_eq!(judged(&expected, 200, "", Some(Reason::NotTheApi)), Some(Reason::NotTheApi));
        assert_eq!(judged(&expected, 404, "", None), Some(Reason::UnexpectedStatus));
        assert_eq!(
            judged(&expected, 529, "", Some(Reason::ProviderOverloaded)),
            Some(Reason::ProviderOverloaded)
        );
        assert_eq!(judged(&Expectations::default(), 200, "", None), None);
    }

    #[test]
    fn a_body_must_match() {
        let pattern = regex::bytes::Regex::new("\"status\":\\s*\"ok\"").unwrap();
        let expected = Expectations { body: Some(BodyPattern(pattern)), ..Expectations::default() };
        assert_eq!(judged(&expected, 200, r#"{"status": "ok"}"#, None), None);
        assert_eq!(judged(&expected, 200, r#"{"status": "no"}"#, None), Some(Reason::UnexpectedBody));
    }

    #[test]
    fn slow_is_a_finding_and_no_failure() {
        let headers = HeaderMap::new();
        let answer = Answer { status: StatusCode::OK, headers: &headers, body: b"", truncated: false };
        let expected = Expectations { max_latency: Some(Duration::from_secs(1)), ..Expectations::default() };
        let judged = judge(&expected, &answer, None, Some(Duration::from_millis(1001)));
        assert_eq!((judged.failure, judged.slow.map(|slow| slow.0.reason)), (None, Some(Reason::HttpSlow)));
        assert!(judge(&expected, &answer, None, Some(Duration::from_secs(1))).slow.is_none());
    }
}
