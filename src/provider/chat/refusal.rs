//! An error of the chat-completions dialect, in the shapes its speakers give it.
//!
//! `{"error":{"message","type","param","code"}}` is `OpenAI`'s and Groq's; Azure leaves the type out, `OpenRouter`'s code is a
//! number and its type is in `metadata`; Mistral's is bare, `{"object":"error","message","type","code"}` or `{"detail"}`.

use serde_json::Value;

use super::super::verdict::by_status;
use crate::outcome::{AnsweredBy, Reason};

/// The parts of an error.
#[derive(Debug, PartialEq)]
pub(super) struct ChatError<'a> {
    pub(super) message: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    code: Option<&'a str>,
    /// A code that is a number, which is a status.
    number: Option<u16>,
    /// The type in the metadata.
    inner: Option<&'a str>,
}

impl<'a> ChatError<'a> {
    /// The error in a body, if it is one.
    pub(super) fn of(json: &'a Value, status: u16) -> Option<Self> {
        let of = |value: &'a Value| {
            let text = |key: &str| value.get(key).and_then(Value::as_str);
            let inner = value.get("metadata").and_then(|metadata| metadata.get("error_type"));
            let code = text("code");
            let number = match value.get("code").and_then(Value::as_u64) {
                Some(number) => u16::try_from(number).ok(),
                None => code.and_then(|code| code.parse().ok()),
            };
            Self {
                message: text("message").or_else(|| text("detail")),
                kind: text("type"),
                // A number tells no more than the status.
                code: code.filter(|_| number.is_none()),
                number,
                inner: inner.and_then(Value::as_str),
            }
        };
        match json.get("error") {
            Some(error) if error.is_object() => Some(of(error)),
            Some(_) => None,
            // Where the status says nothing, it has to say itself what it is.
            None if status == 200 && json.get("object").is_none_or(|object| object != "error") => None,
            None => Some(of(json)).filter(|_| is_bare(json)),
        }
    }

    /// All that names its type, the most particular first.
    fn names(&self) -> impl Iterator<Item = &'a str> {
        [self.code, self.inner, self.kind].into_iter().flatten()
    }

    /// As it is shown.
    pub(super) fn shown(&self) -> Option<&'a str> {
        self.names().next()
    }

    /// The most particular name that is in the list, else `other`.
    pub(super) fn listed(&self, list: &'static [&'static str]) -> &'static str {
        self.names().find_map(|name| list.iter().find(|known| **known == name)).map_or("other", |known| known)
    }

    fn is(&self, names: &[&str]) -> bool {
        self.names().any(|name| names.contains(&name))
    }

    fn says(&self, words: &[&str]) -> bool {
        self.message.is_some_and(|message| words.iter().any(|words| message.contains(words)))
    }

    /// Whether the model ran and only was not done within the tokens it was given.
    pub(super) fn ran_into_limit(&self) -> bool {
        self.says(&["max_tokens or model output limit was reached"])
    }

    /// What it says beyond the status.
    pub(super) fn reason(&self, status: u16) -> Option<Reason> {
        // Once a model has been asked, OpenRouter answers 200 and says in the body what went wrong.
        let told = if status == 200 {
            self.number.filter(|code| (400..600).contains(code)).unwrap_or(500)
        } else {
            status
        };
        if let Some(reason) = self.named(told) {
            return Some(reason);
        }
        (status == 200).then(|| by_status(told, None, AnsweredBy::Origin))
    }

    fn named(&self, status: u16) -> Option<Reason> {
        const BILLING: &[&str] =
            &["insufficient_quota", "credit_balance_exhausted", "billing_not_active", "insufficient_credits"];
        const SPEND: &[&str] = &["billing_hard_limit_reached", "spend_limit_reached"];
        const REGION: &[&str] = &["unsupported_country_region_territory", "region_restricted"];
        const MODEL: &[&str] =
            &["model_not_found", "DeploymentNotFound", "invalid_model", "model_decommissioned"];
        const OVERLOADED: &[&str] = &[
            "service_tier_capacity_exceeded",
            "capacity_exceeded",
            "server_overloaded",
            "overloaded_error",
            "provider_overloaded",
        ];
        let reason = if self.is(SPEND) || self.says(&["spend limit", "spending limit", "Key limit exceeded"])
        {
            Reason::SpendLimit
        } else if self.is(BILLING) || self.says(&["exceeded your current quota"]) {
            Reason::Billing
        } else if self.is(REGION) {
            Reason::RegionBlocked
        } else if self.is(OVERLOADED) {
            Reason::ProviderOverloaded
        } else {
            match status {
                400 | 404 if self.is(MODEL) => Reason::ModelNotFound,
                400 if self.says(&["is not a valid model", "Invalid model"]) => Reason::ModelNotFound,
                // Azure's, of a role that is missing.
                401 if self.is(&["PermissionDenied"]) => Reason::AuthForbidden,
                // A tier without room at Groq; and the documented meaning of 503 with all of them.
                498 | 503 => Reason::ProviderOverloaded,
                _ => return None,
            }
        };
        Some(reason)
    }
}

/// Whether a body is an error that is not in `error`.
fn is_bare(json: &Value) -> bool {
    let has = |key: &str, is: fn(&Value) -> bool| json.get(key).is_some_and(is);
    has("message", Value::is_string) || has("detail", |detail| detail.is_string() || detail.is_array())
}
