//! The verdict on an answer: what all providers have in common.
//!
//! A dialect says what it found in an answer; who answered, and what a status means where the body does not say more, is
//! the same for all. So are the pages that stand in for an API: a challenge, a portal, an edge without its origin.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::rate_limit::{self, Limits, Said};
use super::redact::one_line;
use super::{Answer, Reading};
use crate::outcome::{AnsweredBy, Failure, Reason, Usage};

/// Whose marks an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// Those that only the API itself leaves.
    Origin,
    /// Those of the provider's edge.
    Edge,
}

impl Marks {
    /// The API's own say more than the edge's, through which they came.
    pub(super) fn of(origin: bool, edge: bool) -> Option<Self> {
        if origin { Some(Self::Origin) } else { edge.then_some(Self::Edge) }
    }
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Body {
    /// What a good answer to the call looks like.
    Good,
    /// An error in the provider's own shape.
    OwnError,
    /// Anything else.
    #[default]
    Other,
}

impl Body {
    pub(super) fn of(own_error: bool, good: bool) -> Self {
        if own_error {
            Self::OwnError
        } else if good {
            Self::Good
        } else {
            Self::Other
        }
    }
}

/// What a dialect found in an answer.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// Whose marks it has; none where nobody's.
    pub(super) marks: Option<Marks>,
    /// What the body is.
    pub(super) body: Body,
    /// The call is made without a key in order to be refused.
    pub(super) refusal_wanted: bool,
    /// The status is a refusal, but of a kind that proves what the call is to prove.
    pub(super) proven: bool,
    /// What the error says, where it says more than the status.
    pub(super) reason: Option<Reason>,
    /// The error's type or code, as it is shown.
    pub(super) kind: Option<&'a str>,
    /// The error's message.
    pub(super) message: Option<&'a str>,
    /// The error's type out of the provider's list, else `other`.
    pub(super) error_type: Option<&'static str>,
    /// The provider's request id.
    pub(super) request_id: Option<&'a str>,
    /// The tokens it used.
    pub(super) usage: Option<Usage>,
    /// A wait that is told in a way of the provider's own.
    pub(super) wait: Option<Duration>,
    /// What is said about the limit that a refusal is about.
    pub(super) said: Said<'a>,
}

/// The type out of a provider's list.
pub(super) fn listed(kind: Option<&str>, list: &'static [&'static str]) -> Option<&'static str> {
    kind.map(|kind| list.iter().find(|known| **known == kind).map_or("other", |known| known))
}

/// Whether the answer has a mark of Cloudflare's edge.
pub(super) fn by_cloudflare(answer: &Answer<'_>) -> bool {
    answer.headers.contains_key("cf-ray") || answer.header("server") == Some("cloudflare")
}

/// Everything there is to read, from what a dialect found.
pub(super) fn reading(
    answer: &Answer<'_>,
    json: Option<&Value>,
    found: &Found<'_>,
    now: SystemTime,
) -> Reading {
    let answered_by = match found.marks {
        Some(Marks::Origin) => AnsweredBy::Origin,
        _ if answer.status == 200 && found.body == Body::Good => AnsweredBy::Origin,
        Some(Marks::Edge) => AnsweredBy::Edge,
        None => AnsweredBy::Between,
    };
    let reason = judge(answer, json, found, answered_by);
    // What a portal or a block page asks for is not of the API, nor are its limits those of the account.
    let is_strange = reason == Some(Reason::NotTheApi);
    let limits = if is_strange { Limits::default() } else { rate_limit::read(answer, now) };
    let limited_by = rate_limit::limited_by(reason, &limits, found.said);
    Reading {
        failure: reason.map(|reason| Failure::new(reason, describe(answer, found))),
        answered_by,
        request_id: found.request_id.map(one_line),
        // A refusal that proves what was to be proven is no error.
        error_type: found.error_type.filter(|_| reason.is_some()),
        rate_limits: limits.limits,
        rate_limits_rejected: limits.rejected,
        limited_by,
        retry_after: rate_limit::retry_after(answer, json, now).or(found.wait).filter(|_| !is_strange),
        should_retry: rate_limit::should_retry(answer).filter(|_| !is_strange),
        usage: found.usage,
    }
}

/// Why it is not a good answer; `None` when it is.
fn judge(answer: &Answer<'_>, json: Option<&Value>, found: &Found<'_>, by: AnsweredBy) -> Option<Reason> {
    if answer.header("cf-mitigated") == Some("challenge") || is_challenge_page(answer) {
        return Some(Reason::EdgeChallenge);
    }
    // A page for people, from neither the API nor its edge: a portal or a block page, whatever its status.
    if by == AnsweredBy::Between && (answer.is_html() || answer.status.is_redirection()) {
        return Some(Reason::NotTheApi);
    }
    let status = answer.status.as_u16();
    let reason = match status {
        200 => match found.reason {
            None if found.body == Body::Good => return None,
            Some(reason) => reason,
            None if by == AnsweredBy::Origin => Reason::UnexpectedBody,
            None => Reason::NotTheApi,
        },
        _ if found.proven => return None,
        _ => found.reason.unwrap_or_else(|| by_status(status, json, by)),
    };
    let refused =
        matches!(status, 401 | 403) && matches!(reason, Reason::AuthInvalid | Reason::AuthForbidden);
    // The tier that knows the keys has answered: that is what was asked.
    let as_wanted =
        found.refusal_wanted && refused && found.body == Body::OwnError && by == AnsweredBy::Origin;
    (!as_wanted).then_some(reason)
}

/// What a status means that is not 200.
pub(super) fn by_status(status: u16, json: Option<&Value>, by: AnsweredBy) -> Reason {
    let is_json = json.is_some();
    let cloudflare = json.and_then(|json| json.get("cloudflare_error")) == Some(&Value::Bool(true));
    match status {
        400 | 405 | 409 | 413 | 422 => Reason::RequestRejected,
        401 => Reason::AuthInvalid,
        402 => Reason::Billing,
        403 if cloudflare && json.and_then(|json| json.get("error_code")) == Some(&Value::from(1009)) => {
            Reason::RegionBlocked
        }
        403 if cloudflare => Reason::EdgeChallenge,
        403 if by == AnsweredBy::Between && !is_json => Reason::NotTheApi,
        403 if by == AnsweredBy::Edge && !is_json => Reason::EdgeChallenge,
        403 => Reason::AuthForbidden,
        404 if by == AnsweredBy::Origin => Reason::ModelNotFound,
        404 if by == AnsweredBy::Between => Reason::NotTheApi,
        408 => Reason::ProviderError,
        429 => Reason::RateLimited,
        451 => Reason::RegionBlocked,
        529 => Reason::ProviderOverloaded,
        520..=527 | 530 => Reason::EdgeOriginUnreachable,
        502 | 504 if by == AnsweredBy::Edge && !is_json => Reason::EdgeOriginUnreachable,
        500.. if cloudflare => Reason::EdgeOriginUnreachable,
        500.. => Reason::ProviderError,
        _ => Reason::UnexpectedStatus,
    }
}

fn is_challenge_page(answer: &Answer<'_>) -> bool {
    const TITLES: [&[u8]; 2] = [b"<title>Just a moment", b"<title>Attention Required!"];
    matches!(answer.status.as_u16(), 403 | 429 | 503)
        && answer.is_html()
        && TITLES.iter().any(|title| answer.body.windows(title.len()).any(|window| window == *title))
}

fn describe(answer: &Answer<'_>, found: &Found<'_>) -> String {
    let status = answer.status.as_u16();
    match (found.kind, found.message) {
        (Some(kind), Some(message)) => format!("HTTP {status} {}: {}", one_line(kind), one_line(message)),
        (Some(kind), None) => format!("HTTP {status} {}", one_line(kind)),
        (None, Some(message)) if found.body == Body::OwnError => {
            format!("HTTP {status}: {}", one_line(message))
        }
        (None, _) => answer.describe(),
    }
}
