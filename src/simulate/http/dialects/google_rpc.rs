//! Errors as all of Google's APIs have them: `google.rpc.Status`, with details of types of their own.

use super::super::answers::{Answer, status, typed};
use super::super::limits::WAIT_SECONDS;
use super::Failure;
use serde_json::{Value, json};

/// What its content is called.
pub(super) const JSON: &str = "application/json; charset=UTF-8";

/// The error for a failure, where the API does not have another one for it.
pub(super) fn refuse(failure: &Failure) -> Answer {
    match failure {
        Failure::KeyMissing | Failure::KeyWrong => error(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
             authentication credential.",
            &[],
        ),
        Failure::Forbidden => error(403, "PERMISSION_DENIED", "The caller does not have permission", &[]),
        Failure::Region => {
            error(400, "FAILED_PRECONDITION", "User location is not supported for the API use.", &[])
        }
        Failure::NoSuchPath => error(404, "NOT_FOUND", "Requested entity was not found.", &[]),
        Failure::NoSuchModel(model) => {
            error(404, "NOT_FOUND", &format!("models/{model} is not found for this API version."), &[])
        }
        Failure::BadRequest(message) => error(400, "INVALID_ARGUMENT", message, &[]),
        Failure::RateLimited => {
            let violation = violation("GenerateRequestsPerMinutePerProjectPerModel");
            let retry = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{WAIT_SECONDS}s")});
            let message = "You exceeded your current quota, please check your plan and billing details. Please retry in \
                7s.";
            error(429, "RESOURCE_EXHAUSTED", message, &[violation, retry])
        }
        Failure::Quota => {
            let message = "You exceeded your current quota, please check your plan and billing details.";
            error(
                429,
                "RESOURCE_EXHAUSTED",
                message,
                &[violation("GenerateRequestsPerDayPerProjectPerModel")],
            )
        }
        Failure::Internal => error(500, "INTERNAL", "An internal error has occurred.", &[]),
        Failure::Timeout => {
            error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete.", &[])
        }
        Failure::Overloaded => error(503, "UNAVAILABLE", OVERLOADED, &[]),
    }
}

pub(super) const OVERLOADED: &str = "The model is overloaded. Please try again later.";

pub(super) fn error(code: u16, name: &str, message: &str, details: &[Value]) -> Answer {
    typed(status(code), JSON, body(code, name, message, details).to_string())
}

pub(super) fn body(code: u16, name: &str, message: &str, details: &[Value]) -> Value {
    let mut error = json!({"code": code, "message": message, "status": name});
    if !details.is_empty() {
        error["details"] = details.into();
    }
    json!({"error": error})
}

/// Why the key or token is refused, in one word.
pub(super) fn reason(reason: &str, service: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": service},
    })
}

fn violation(quota: &str) -> Value {
    let violation = json!({
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
        "quotaId": quota,
        "quotaValue": "1000",
    });
    json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]})
}
