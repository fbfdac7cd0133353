//! What a call is answered in its host's dialect. A dialect is a [`Provider`] in a file of its own; Anthropic's API is in
//! `api` and `messages`.
//!
//! All dialects share one account, one API key and one model; what differs is where the key is looked for, the paths, the
//! shapes of answers and errors, and how limits are told. Where a provider tells limits at all, it does so here with every
//! answer to a keyed call.

mod azure;
mod bedrock;
mod chat;
mod durations;
mod gemini;
mod google_rpc;
mod groq;
mod mistral;
mod openai;
mod openrouter;
#[cfg(test)]
mod tests;
mod vertex;

use super::super::dialect::Dialect;
use super::super::fault::Fault;
use super::super::rate_limits::{Account, Used};
use super::super::world::{Ids, World, wall_clock};
use super::answers::{Answer, from_origin, json};
use super::call::Call;
use super::{api, faults};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use std::borrow::Cow;
use tokio::time::Instant;

/// One call, and what its answer is made of.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) world: &'a World,
    pub(super) ids: &'a Ids,
    pub(super) call: &'a Call,
}

/// A good answer, and what it takes from the account where it is a keyed one.
struct Served {
    answer: Answer,
    used: Option<Used>,
}

/// Why a provider refuses a call.
enum Failure {
    KeyMissing,
    KeyWrong,
    Forbidden,
    /// The provider does not serve this part of the world.
    Region,
    NoSuchPath,
    NoSuchModel(String),
    BadRequest(Cow<'static, str>),
    RateLimited,
    /// The money, or what was paid for, is used up.
    Quota,
    Internal,
    Timeout,
    Overloaded,
}

/// One dialect.
trait Provider: Sync {
    /// The answer of a healthy host.
    fn answer(&self, ask: &Ask<'_>) -> Result<Served, Failure>;

    /// The same in words of refusal, with what the provider says about when to call again.
    fn refuse(&self, ask: &Ask<'_>, failure: &Failure) -> Answer;

    /// Adds the headers by which an answer is known to be the provider's own.
    fn dress(&self, ask: &Ask<'_>, answer: Answer) -> Answer;

    /// Tells what is left, where the provider does.
    fn tell_limits(&self, account: &Account, headers: &mut HeaderMap);
}

// === impl Ask ===

impl<'a> Ask<'a> {
    /// The answer of a healthy host.
    pub(super) fn healthy(&self) -> Answer {
        let Some(provider) = self.provider() else {
            return api::answer(self.world, self.ids, self.call);
        };
        match provider.answer(self) {
            Ok(Served { mut answer, used }) => {
                if let Some(used) = used {
                    let account = self.world.rate_limits.book(used, Instant::now());
                    provider.tell_limits(&account, answer.headers_mut());
                }
                self.dressed(answer)
            }
            Err(failure) => self.dressed(provider.refuse(self, &failure)),
        }
    }

    /// The API's own error that a fault means, if it means one.
    pub(super) fn refusal(&self, fault: Fault) -> Option<Answer> {
        let answer = match self.provider() {
            None => faults::origin_error(fault, self.ids)?,
            Some(provider) => provider.refuse(self, &failure(fault)?),
        };
        Some(self.dressed(answer))
    }

    /// An answer as one the API itself made.
    pub(super) fn dressed(&self, answer: Answer) -> Answer {
        match self.provider() {
            None => from_origin(answer, self.ids),
            Some(provider) => provider.dress(self, answer),
        }
    }

    pub(super) fn tell_limits(&self, account: &Account, headers: &mut HeaderMap) {
        match self.provider() {
            None => account.write(wall_clock(), headers),
            Some(provider) => provider.tell_limits(account, headers),
        }
    }

    fn provider(&self) -> Option<&'static dyn Provider> {
        Some(match self.call.dialect? {
            Dialect::OpenAi => &openai::OpenAi,
            Dialect::Azure => &azure::Azure,
            Dialect::Gemini => &gemini::Gemini,
            Dialect::Mistral => &mistral::Mistral,
            Dialect::Groq => &groq::Groq,
            Dialect::OpenRouter => &openrouter::OpenRouter,
            Dialect::Vertex => &vertex::Vertex,
            Dialect::Bedrock => &bedrock::Bedrock,
        })
    }

    fn is_get(&self) -> bool {
        matches!(self.call.head.method, Method::GET | Method::HEAD)
    }

    fn is_post(&self) -> bool {
        self.call.head.method == Method::POST
    }

    /// Lets through who has the key.
    fn check(&self, key: Option<&str>) -> Result<(), Failure> {
        match key {
            None => Err(Failure::KeyMissing),
            Some(key) if key == self.world.api_key => Ok(()),
            Some(_) => Err(Failure::KeyWrong),
        }
    }

    /// Lets through who has the key in `authorization: Bearer …`.
    fn check_bearer(&self) -> Result<(), Failure> {
        self.check(self.call.bearer())
    }
}

// === impl Served ===

impl Served {
    fn json(body: &Value, used: Used) -> Self {
        Self { answer: json(StatusCode::OK, body.to_string()), used: Some(used) }
    }
}

fn failure(fault: Fault) -> Option<Failure> {
    Some(match fault {
        Fault::Http401 => Failure::KeyWrong,
        Fault::Http403 | Fault::Http403Tenant => Failure::Forbidden,
        Fault::Http403Region => Failure::Region,
        Fault::Http404 => Failure::NoSuchModel("no-such-model".to_owned()),
        Fault::Http429 | Fault::Http429Ms | Fault::Http429Date | Fault::Http429NoRetry => {
            Failure::RateLimited
        }
        Fault::Http400Credit | Fault::Http400Spend | Fault::Http402 | Fault::Http429Spend => Failure::Quota,
        Fault::Http500 => Failure::Internal,
        Fault::Http504 => Failure::Timeout,
        Fault::Http529 => Failure::Overloaded,
        _ => return None,
    })
}
