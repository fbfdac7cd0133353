//! The target's own expectations, on top of what the provider's dialect says: pure.

use std::time::Duration;

use crate::outcome::{ApiEvidence, Failure, Finding, Reason};
use crate::provider::Answer;
use crate::target::Expectations;

/// What is wrong with an answer after the expectations were applied to what the dialect says of it.
///
/// A status that is listed is right whatever the dialect says of it; one that is not listed is wrong.
pub(super) fn judge(expected: &Expectations, answer: &Answer<'_>, said: Option<Failure>) -> Option<Failure> {
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
    by_status.or_else(by_body)
}

/// What took longer than expected, and would have without what we held it up by ourselves.
pub(super) fn slow(
    expected: &Expectations,
    seen: &ApiEvidence,
    held_up: Duration,
) -> impl Iterator<Item = Finding> {
    let first_token = seen.stream.and_then(|stream| stream.first_token);
    let (what, latency) = match seen.stream {
        None => ("complete", seen.latency()),
        Some(_) => ("first token", first_token),
    };
    let whole = late(Reason::HttpSlow, what, expected.max_latency, latency, held_up, "");
    let token = late(
        Reason::SlowFirstToken,
        "first token",
        expected.max_first_token,
        first_token,
        held_up,
        &parts(seen),
    );
    whole.into_iter().chain(token)
}

fn late(
    reason: Reason,
    what: &str,
    most: Option<Duration>,
    time: Option<Duration>,
    held_up: Duration,
    parts: &str,
) -> Option<Finding> {
    let (most, time) = most.zip(time).filter(|(most, time)| time.saturating_sub(held_up) > *most)?;
    let (time, most) = (time.as_secs_f64(), most.as_secs_f64());
    Some(Finding::new(reason, format!("{what} after {time:.3} s{parts}, expected within {most:.3} s")))
}

/// What came before the first token.
fn parts(seen: &ApiEvidence) -> String {
    let head = seen.phases.processing;
    let event = seen.stream.and_then(|stream| stream.first_event);
    head.zip(event).map_or_else(String::new, |(head, event)| {
        format!(" (head {:.3} s, first event {:.3} s)", head.as_secs_f64(), event.as_secs_f64())
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::outcome::{HttpPhases, StreamEvidence};
    use crate::target::BodyPattern;

    fn judged(expected: &Expectations, status: u16, body: &str, said: Option<Reason>) -> Option<Reason> {
        let headers = HeaderMap::new();
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers: &headers, body: body.as_bytes(), truncated: false };
        judge(expected, &answer, said.map(|reason| Failure::new(reason, ""))).map(|failure| failure.reason)
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

    /// What is said of a call whose head took 0.2 s and whose body took 0.8 s.
    fn slow_of(expected: &Expectations, stream: Option<StreamEvidence>) -> Vec<(Reason, String)> {
        slow_when_held_up(expected, stream, Duration::ZERO)
    }

    fn slow_when_held_up(
        expected: &Expectations,
        stream: Option<StreamEvidence>,
        held_up: Duration,
    ) -> Vec<(Reason, String)> {
        let mut evidence = ApiEvidence::of_call("models", http::Method::GET);
        let (processing, transfer) = (Duration::from_millis(200), Duration::from_millis(800));
        evidence.phases = HttpPhases { processing: Some(processing), transfer: Some(transfer) };
        evidence.stream = stream;
        slow(expected, &evidence, held_up).map(|Finding(failure)| (failure.reason, failure.detail)).collect()
    }

    #[test]
    fn slow_is_a_finding() {
        let within = |ms| Expectations {
            max_latency: Some(Duration::from_millis(ms)),
            max_first_token: Some(Duration::from_millis(ms)),
            ..Expectations::default()
        };
        let words = "complete after 1.000 s, expected within 0.999 s".to_owned();
        assert_eq!(slow_of(&within(999), None), [(Reason::HttpSlow, words)]);
        assert_eq!(slow_of(&within(1000), None), []);
        let stream = StreamEvidence {
            first_event: Some(Duration::from_millis(300)),
            first_token: Some(Duration::from_millis(600)),
            ..StreamEvidence::default()
        };
        let words = "first token after 0.600 s, expected within 0.500 s".to_owned();
        let parts = "first token after 0.600 s (head 0.200 s, first event 0.300 s), expected within 0.500 s"
            .to_owned();
        let both = [(Reason::HttpSlow, words), (Reason::SlowFirstToken, parts)];
        assert_eq!(slow_of(&within(500), Some(stream)), both);
        assert_eq!(slow_of(&within(600), Some(stream)), []);
        assert_eq!(slow_of(&within(500), Some(StreamEvidence::default())), [], "there was none");
    }

    #[test]
    fn what_the_canary_held_up_is_not_called_slow() {
        let most = Some(Duration::from_millis(700));
        let expected = Expectations { max_latency: most, max_first_token: most, ..Expectations::default() };
        let token = |ms| {
            let first_token = Some(Duration::from_millis(ms));
            Some(StreamEvidence { first_token, ..StreamEvidence::default() })
        };
        for (stream, slow) in [(None, 1), (token(1000), 2)] {
            let found = |held_up| slow_when_held_up(&expected, stream, Duration::from_millis(held_up)).len();
            assert_eq!((found(299), found(300)), (slow, 0));
        }
    }
}
