//! Any HTTP endpoint: one GET of the target's URL, judged by its status.

use std::time::SystemTime;

use bytes::Bytes;
use http::Method;

use super::rate_limit::Said;
use super::{Answer, Call, CallKind, Event, EventReading, Provider, Reading, StreamMark, rate_limit, redact};
use crate::outcome::{AnsweredBy, Failure, Reason, Usage};

/// The provider `http`.
#[derive(Debug)]
pub(super) struct Generic;

impl Provider for Generic {
    fn name(&self) -> &'static str {
        "http"
    }

    fn default_url(&self) -> Option<&'static str> {
        None
    }

    fn kinds(&self) -> &'static [CallKind] {
        &[CallKind::Get]
    }

    fn call(&self, kind: CallKind, _model: &str) -> Option<Call> {
        (kind == CallKind::Get).then(|| Call {
            kind,
            method: Method::GET,
            path: "".into(),
            headers: &[],
            body: Bytes::new(),
            keyed: true,
            most: Usage::default(),
        })
    }

    fn read_event(&self, _event: Event<'_>) -> EventReading {
        EventReading { mark: StreamMark::Other, usage: Usage::default(), ends: false }
    }

    fn default_call(&self, _has_key: bool) -> CallKind {
        CallKind::Get
    }

    fn read(&self, _kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        let status = answer.status.as_u16();
        let reason = match status {
            200..=299 => None,
            401 => Some(Reason::AuthInvalid),
            403 => Some(Reason::AuthForbidden),
            429 => Some(Reason::RateLimited),
            503 | 529 => Some(Reason::ProviderOverloaded),
            520..=527 | 530 => Some(Reason::EdgeOriginUnreachable),
            500.. => Some(Reason::ProviderError),
            _ => Some(Reason::UnexpectedStatus),
        };
        let request_id = answer.header("x-request-id").or(answer.header("request-id")).map(redact::one_line);
        let limits = rate_limit::read(answer, now);
        let limited_by = rate_limit::limited_by(reason, &limits, Said::default());
        Reading {
            failure: reason.map(|reason| Failure::new(reason, answer.describe())),
            // Of a generic endpoint nothing is known that would tell its answers from another's.
            answered_by: AnsweredBy::Origin,
            request_id,
            error_type: None,
            rate_limits: limits.limits,
            rate_limits_rejected: limits.rejected,
            limited_by,
            retry_after: rate_limit::retry_after(answer, None, now),
            should_retry: rate_limit::should_retry(answer),
            usage: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode, header};

    use super::*;

    #[test]
    fn the_status_decides() {
        for (status, reason) in [
            (200, None),
            (204, None),
            (301, Some(Reason::UnexpectedStatus)),
            (401, Some(Reason::AuthInvalid)),
            (403, Some(Reason::AuthForbidden)),
            (404, Some(Reason::UnexpectedStatus)),
            (429, Some(Reason::RateLimited)),
            (500, Some(Reason::ProviderError)),
            (503, Some(Reason::ProviderOverloaded)),
            (522, Some(Reason::EdgeOriginUnreachable)),
            (529, Some(Reason::ProviderOverloaded)),
        ] {
            let headers: HeaderMap =
                [(header::RETRY_AFTER, HeaderValue::from_static("3"))].into_iter().collect();
            let status = StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, headers: &headers, body: b"no", truncated: false };
            let reading = Generic.read(CallKind::Get, &answer, std::time::UNIX_EPOCH);
            assert_eq!(reading.failure.map(|failure| failure.reason), reason, "{status}");
            assert!(reading.retry_after.is_some());
        }
    }
}
