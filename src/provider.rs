//! The dialects: how a provider is called and what its answers mean.
//!
//! Promises: pure functions over requests and responses, no IO, no clock; adding a provider is one file in this room
//! plus its line in [`ALL`].

mod answer;
mod anthropic;
mod generic;
mod rate_limit;

use std::fmt;
use std::time::SystemTime;

use http::{HeaderName, Method};

pub use answer::{Answer, Reading};

/// What kind of call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// The provider's own reachability call, no key.
    Hello,
    /// The list of models: proves the key, costs nothing.
    Models,
    /// A plain GET of the target's URL.
    Get,
}

impl CallKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Hello, Self::Models, Self::Get];

    /// The name in the config and the `endpoint` label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Models => "models",
            Self::Get => "get",
        }
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// One call in a provider's dialect, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What kind.
    pub kind: CallKind,
    /// The method.
    pub method: Method,
    /// What is appended to the target's path, query included.
    pub path: &'static str,
    /// Headers the dialect needs.
    pub headers: &'static [(&'static str, &'static str)],
    /// Whether the key goes with it.
    pub keyed: bool,
}

/// One provider's dialect.
pub trait Provider: fmt::Debug + Send + Sync {
    /// Its name in the config.
    fn name(&self) -> &'static str;

    /// Its own base URL, if it has one.
    fn default_url(&self) -> Option<&'static str>;

    /// The networks it has published for its API, in CIDR notation.
    fn networks(&self) -> &'static [&'static str];

    /// The call of one kind, or `None` where the provider has no such call.
    fn call(&self, kind: CallKind) -> Option<Call>;

    /// What is called when the config does not say.
    fn default_call(&self, has_key: bool) -> CallKind;

    /// The header that carries the key, and what stands before the key in it.
    fn key_header(&self) -> (HeaderName, &'static str);

    /// What an answer to a call means; `now` is for times the answer gives relative to itself.
    fn read(&self, kind: CallKind, answer: &Answer<'_>, now: SystemTime) -> Reading;
}

/// Every provider.
pub const ALL: &[&dyn Provider] = &[&anthropic::Anthropic, &generic::Generic];

/// The provider of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|provider| provider.name() == name)
}
