//! Bedrock's dialect, as far as its API keys reach without signing: the list of models, with the key as a bearer token or refused
//! without one.
//!
//! Messages are not made: they are on another host (`bedrock-runtime`), and its streams are of a binary format. The newer
//! endpoint for Claude, `bedrock-mantle`, speaks Anthropic's dialect: that is `provider: anthropic` with its URL. A key is
//! of one region, so whoever is elsewhere sets `url`. Facts from the public documentation of 2026: `x-amzn-requestid` is on every
//! answer, and the error's type is in `x-amzn-errortype`. Unverified: the words of a refusal without a key.

use std::time::SystemTime;

use serde_json::Value;

use super::rate_limit::Said;
use super::verdict::{self, Body, Found, Marks, listed};
use super::{Answer, Call, CallKind, Event, EventReading, Provider, Reading, StreamMark, sent};
use crate::outcome::{Reason, Usage};

/// The exceptions of the documentation.
const ERROR_TYPES: &[&str] = &[
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InternalFailure",
    "InternalServerException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "ModelErrorException",
    "ModelNotReadyException",
    "ModelStreamErrorException",
    "ModelTimeoutException",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "TooManyRequestsException",
    "UnrecognizedClientException",
    "ValidationException",
];

/// Amazon Bedrock.
#[derive(Debug)]
pub(super) struct Bedrock;

impl Provider for Bedrock {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    fn default_url(&self) -> Option<&'static str> {
        Some("https://bedrock.us-east-1.amazonaws.com")
    }

    fn kinds(&self) -> &'static [CallKind] {
        &[CallKind::Hello, CallKind::Models]
    }

    fn call(&self, kind: CallKind, _model: &str) -> Option<Call> {
        // One provider's models, as the list of all is long.
        const LIST: &str = "/foundation-models?byProvider=anthropic";
        match kind {
            CallKind::Hello => Some(sent::get(kind, LIST, &[], false)),
            CallKind::Models => Some(sent::get(kind, LIST, &[], true)),
            CallKind::CountTokens | CallKind::Message | CallKind::Stream | CallKind::Get => None,
        }
    }

    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading {
        let json = answer.json();
        let text = |key: &str| json.as_ref().and_then(|json| json.get(key)).and_then(Value::as_str);
        // Both spellings are in use.
        let message = text("message").or_else(|| text("Message"));
        // `Name:http://…` in the header, `namespace#Name` in the body.
        let name = answer.header("x-amzn-errortype").or_else(|| text("__type"));
        let name = name.and_then(|name| name.split(':').next()).and_then(|name| name.rsplit('#').next());
        let request_id = answer.header("x-amzn-requestid");
        let failed = answer.status != 200;
        let edge = answer.headers.contains_key("x-amz-cf-id")
            || matches!(answer.header("server"), Some("awselb/2.0" | "CloudFront"));
        let models = json.as_ref().and_then(|json| json.get("modelSummaries"));
        let listed_models = models.is_some_and(Value::is_array);
        let found = Found {
            marks: Marks::of(request_id.is_some(), edge),
            body: Body::of(failed && message.is_some(), listed_models),
            refusal_wanted: kind == CallKind::Hello,
            reason: name.filter(|_| failed).and_then(|name| reason(name, message)).or_else(|| {
                // A key that is refused has no type of its own everywhere.
                (failed && speaks_of_key(message)).then_some(Reason::AuthInvalid)
            }),
            kind: name,
            message,
            error_type: listed(name, ERROR_TYPES),
            request_id,
            said: Said { message, ..Said::default() },
            ..Found::default()
        };
        verdict::reading(answer, json.as_ref(), &found, now)
    }

    fn read_event(&self, _event: Event<'_>) -> EventReading {
        EventReading { mark: StreamMark::Other, usage: Usage::default(), ends: false }
    }
}

/// What an exception means.
fn reason(name: &str, message: Option<&str>) -> Option<Reason> {
    let says = |words: &str| message.is_some_and(|message| message.contains(words));
    let reason = match name {
        "AccessDeniedException" if speaks_of_key(message) => Reason::AuthInvalid,
        "AccessDeniedException" if says("INVALID_PAYMENT_INSTRUMENT") => Reason::Billing,
        "AccessDeniedException" => Reason::AuthForbidden,
        "ExpiredTokenException"
        | "IncompleteSignatureException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "UnrecognizedClientException" => Reason::AuthInvalid,
        "ThrottlingException" | "TooManyRequestsException" | "ServiceQuotaExceededException" => {
            Reason::RateLimited
        }
        "ModelNotReadyException" | "ServiceUnavailableException" => Reason::ProviderOverloaded,
        "InternalFailure"
        | "InternalServerException"
        | "ModelErrorException"
        | "ModelStreamErrorException"
        | "ModelTimeoutException" => Reason::ProviderError,
        "ResourceNotFoundException" => Reason::ModelNotFound,
        "ValidationException" if says("unsupported countries") => Reason::RegionBlocked,
        "ValidationException" if says("model identifier is invalid") => Reason::ModelNotFound,
        "ValidationException" => Reason::RequestRejected,
        _ => return None,
    };
    Some(reason)
}

fn speaks_of_key(message: Option<&str>) -> bool {
    const WORDS: [&str; 4] =
        ["API Key is valid", "Missing Authentication Token", "Bearer Token has expired", "security token"];
    message.is_some_and(|message| WORDS.iter().any(|words| message.contains(words)))
}

#[cfg(test)]
mod tests {
    use super::super::CallKind::{Hello, Models};
    use super::super::conformance::{Row, hold};
    use crate::outcome::AnsweredBy::{Between, Edge, Origin};
    use crate::outcome::Reason as R;

    const ROWS: &[Row] = &[
        (
            Hello,
            403,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "MissingAuthenticationTokenException")],
            r#"{"message":"Missing Authentication Token"}"#,
            None,
            Origin,
            None,
        ),
        (
            Hello,
            403,
            &[("x-amzn-requestid", "a-1")],
            r#"{"Message":"Missing Authentication Token"}"#,
            None,
            Origin,
            None,
        ),
        (Hello, 403, &[], r#"{"message":"Forbidden"}"#, Some(R::AuthForbidden), Between, None),
        (
            Models,
            403,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "AccessDeniedException")],
            r#"{"Message":"Authentication failed: Please make sure your API Key is valid."}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("AccessDeniedException"),
        ),
        (
            Models,
            403,
            &[("x-amzn-requestid", "a-1")],
            r#"{"Message":"Authentication failed: Please make sure your API Key is valid."}"#,
            Some(R::AuthInvalid),
            Origin,
            None,
        ),
        (
            Models,
            403,
            &[
                ("x-amzn-requestid", "a-1"),
                ("x-amzn-errortype", "AccessDeniedException:http://internal.amazon.com/coral/"),
            ],
            r#"{"message":"User is not authorized to perform: bedrock:ListFoundationModels"}"#,
            Some(R::AuthForbidden),
            Origin,
            Some("AccessDeniedException"),
        ),
        (
            Models,
            403,
            &[("x-amzn-requestid", "a-1")],
            r#"{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}"#,
            Some(R::AuthInvalid),
            Origin,
            Some("UnrecognizedClientException"),
        ),
        (
            Models,
            429,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "ThrottlingException")],
            r#"{"message":"Too many requests"}"#,
            Some(R::RateLimited),
            Origin,
            Some("ThrottlingException"),
        ),
        (
            Models,
            429,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "ModelNotReadyException")],
            r#"{"message":"m"}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("ModelNotReadyException"),
        ),
        (
            Models,
            400,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "ThrottlingException")],
            r#"{"message":"Rate exceeded"}"#,
            Some(R::RateLimited),
            Origin,
            Some("ThrottlingException"),
        ),
        (
            Models,
            400,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "ValidationException")],
            r#"{"message":"Access to Anthropic models is not allowed from unsupported countries"}"#,
            Some(R::RegionBlocked),
            Origin,
            Some("ValidationException"),
        ),
        (
            Models,
            400,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "ValidationException")],
            r#"{"message":"m"}"#,
            Some(R::RequestRejected),
            Origin,
            Some("ValidationException"),
        ),
        (
            Models,
            404,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "ResourceNotFoundException")],
            r#"{"message":"m"}"#,
            Some(R::ModelNotFound),
            Origin,
            Some("ResourceNotFoundException"),
        ),
        (
            Models,
            500,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "InternalServerException")],
            r#"{"message":"m"}"#,
            Some(R::ProviderError),
            Origin,
            Some("InternalServerException"),
        ),
        (
            Models,
            503,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "ServiceUnavailableException")],
            r#"{"message":"m"}"#,
            Some(R::ProviderOverloaded),
            Origin,
            Some("ServiceUnavailableException"),
        ),
        (
            Models,
            500,
            &[("x-amzn-requestid", "a-1"), ("x-amzn-errortype", "BrandNewException")],
            r#"{"message":"m"}"#,
            Some(R::ProviderError),
            Origin,
            Some("other"),
        ),
        (
            Models,
            503,
            &[("server", "awselb/2.0"), ("content-type", "text/html")],
            r#"<html>503"#,
            Some(R::ProviderError),
            Edge,
            None,
        ),
    ];

    #[test]
    fn the_answer_table() {
        hold("bedrock", ROWS);
    }
}
