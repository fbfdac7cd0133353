//! What Google's APIs have in common: errors in the shape of `google.rpc.Status`.
//!
//! `{"error":{"code","message","status","details":[…]}}`, where a detail is an `ErrorInfo` with a reason, a `RetryInfo` with a
//! delay, or a `QuotaFailure` with the quotas that are exhausted. There is no header with a request id; the front end of the
//! APIs names itself in `server`, and Google's load balancers in front of it answer with pages.

use std::time::SystemTime;

use serde_json::Value;

use super::rate_limit::Said;
use super::verdict::{self, Body, Found, Marks, listed};
use super::{Answer, CallKind, Reading};
use crate::outcome::{Reason, Usage};

/// The canonical codes, and the reasons that tell more.
const ERROR_TYPES: &[&str] = &[
    "API_KEY_INVALID",
    "API_KEY_EXPIRED",
    "API_KEY_SERVICE_BLOCKED",
    "SERVICE_DISABLED",
    "BILLING_DISABLED",
    "CONSUMER_INVALID",
    "CONSUMER_SUSPENDED",
    "CREDENTIALS_MISSING",
    "ACCESS_TOKEN_EXPIRED",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "ACCESS_TOKEN_TYPE_UNSUPPORTED",
    "IAM_PERMISSION_DENIED",
    "RATE_LIMIT_EXCEEDED",
    "INVALID_ARGUMENT",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "ABORTED",
    "ALREADY_EXISTS",
    "RESOURCE_EXHAUSTED",
    "CANCELLED",
    "UNKNOWN",
    "INTERNAL",
    "UNIMPLEMENTED",
    "UNAVAILABLE",
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
];

/// The parts of an error.
#[derive(Debug)]
pub(super) struct Error<'a> {
    pub(super) message: Option<&'a str>,
    status: Option<&'a str>,
    reason: Option<&'a str>,
    details: Option<&'a Value>,
}

impl<'a> Error<'a> {
    /// The error in a body, if it is one.
    pub(super) fn of(json: &'a Value) -> Option<Self> {
        let error = unlisted(json).get("error")?;
        let text = |key: &str| error.get(key).and_then(Value::as_str);
        let details = error.get("details");
        let reasons = details.and_then(Value::as_array).into_iter().flatten();
        error.is_object().then(|| Self {
            message: text("message"),
            status: text("status"),
            reason: reasons.filter_map(|detail| detail.get("reason")).find_map(Value::as_str),
            details,
        })
    }

    /// The type out of the list: the reason where it is known, else the status.
    pub(super) fn listed(&self) -> &'static str {
        let reason = self.reason.filter(|reason| ERROR_TYPES.contains(reason));
        listed(reason.or(self.status), ERROR_TYPES).unwrap_or("other")
    }

    fn says(&self, words: &[&str]) -> bool {
        self.message.is_some_and(|message| words.iter().any(|words| message.contains(words)))
    }

    fn means(&self) -> Option<Reason> {
        let reason = match self.reason.unwrap_or_default() {
            "API_KEY_INVALID" | "API_KEY_EXPIRED" | "ACCESS_TOKEN_EXPIRED" => Reason::AuthInvalid,
            "BILLING_DISABLED" => Reason::Billing,
            _ => match self.status? {
                "FAILED_PRECONDITION" if self.says(&["location is not supported"]) => Reason::RegionBlocked,
                "FAILED_PRECONDITION" if self.says(&["enable billing"]) => Reason::Billing,
                "RESOURCE_EXHAUSTED" if self.says(&["spending cap", "spend cap"]) => Reason::SpendLimit,
                "RESOURCE_EXHAUSTED" if self.says(&["credits are depleted"]) => Reason::Billing,
                "INVALID_ARGUMENT" if self.says(&["API key not valid", "API key expired"]) => {
                    Reason::AuthInvalid
                }
                "INVALID_ARGUMENT"
                | "FAILED_PRECONDITION"
                | "OUT_OF_RANGE"
                | "UNIMPLEMENTED"
                | "ALREADY_EXISTS" => Reason::RequestRejected,
                "UNAUTHENTICATED" => Reason::AuthInvalid,
                "PERMISSION_DENIED" => Reason::AuthForbidden,
                "NOT_FOUND" => Reason::ModelNotFound,
                "RESOURCE_EXHAUSTED" => Reason::RateLimited,
                "UNAVAILABLE" => Reason::ProviderOverloaded,
                "INTERNAL" | "UNKNOWN" | "DATA_LOSS" | "DEADLINE_EXCEEDED" | "CANCELLED" | "ABORTED" => {
                    Reason::ProviderError
                }
                _ => return None,
            },
        };
        Some(reason)
    }
}

/// The body itself; an unfinished stream has it in a list.
fn unlisted(json: &Value) -> &Value {
    json.as_array().and_then(|list| list.first()).unwrap_or(json)
}

/// What an answer means, where the dialect says whether it is a good one and what it used.
pub(super) fn read(
    kind: CallKind,
    answer: &Answer<'_>,
    now: SystemTime,
    is_good: fn(CallKind, &Answer<'_>, Option<&Value>) -> bool,
    used: fn(&Value) -> Option<Usage>,
) -> Reading {
    const FRONT_END: [&str; 2] = ["ESF", "scaffolding on HTTPServer2"];
    let json = answer.json();
    let json = json.as_ref().map(unlisted);
    let error = json.and_then(Error::of);
    let own = error.as_ref().is_some_and(|error| error.status.is_some());
    let server = answer.header("server").unwrap_or_default();
    let edge = matches!(server, "gws" | "Google Frontend" | "sffe" | "GSE")
        || answer.header("via").is_some_and(|via| via.contains("google"));
    let found = Found {
        marks: Marks::of(own || (FRONT_END.contains(&server) && !answer.is_html()), edge),
        body: Body::of(own, error.is_none() && is_good(kind, answer, json)),
        refusal_wanted: kind == CallKind::Hello,
        reason: error.as_ref().and_then(Error::means),
        kind: error.as_ref().and_then(|error| error.reason.or(error.status)),
        message: error.as_ref().and_then(|error| error.message),
        error_type: error.as_ref().map(Error::listed),
        request_id: json.and_then(|json| json.get("responseId")).and_then(Value::as_str),
        usage: json.filter(|_| kind.is_paid()).and_then(used),
        said: Said {
            message: error.as_ref().and_then(|error| error.message),
            details: error.as_ref().and_then(|error| error.details),
            ..Said::default()
        },
        ..Found::default()
    };
    verdict::reading(answer, json, &found, now)
}
