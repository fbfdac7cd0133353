//! What is called as it is written: the call, trying again, and the provider's status page.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Money, Time, shown};
use crate::config::decode::Field;
use crate::provider::CallKind;
use crate::target::RetryOptions;

/// More attempts than this are load, not monitoring.
pub(in crate::config) const MOST_ATTEMPTS: u32 = 5;

/// Often enough for context, seldom enough to be no burden.
pub(in crate::config) const STATUS_PAGE_INTERVAL: Duration = Duration::from_secs(300);

/// What is called.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawCall {
    /// The kind of call. `hello` needs no key, `models` proves the key free of charge, `count_tokens` proves the key and
    /// the model free of charge, `message` (the smallest) and `stream` prove inference and cost money, `get` (http)
    /// fetches the URL. docs/providers.md says which provider has which. By default `models` with a key, `hello`
    /// without, `get` for `http`.
    #[schemars(extend("enum" = call_kinds()))]
    pub(in crate::config) kind: Field<String>,
    /// The least time between two of these calls, from the target's interval, which is the default, to 1d. In the runs
    /// between, the layers below are walked all the same, and `between` is called.
    pub(in crate::config) interval: Field<Time>,
    /// The model to call, for `count_tokens`, `message` and `stream`; for `azure_openai` the deployment. A cheap one of the
    /// provider by default.
    #[schemars(extend("examples" = ["claude-haiku-4-5"]))]
    pub(in crate::config) model: Field<String>,
    /// The most that the target's calls may cost on one day (UTC), in US dollars; must be given for `message` and
    /// `stream`. A call that may cost more than is left of it is not made.
    #[schemars(extend("examples" = [0.10]))]
    pub(in crate::config) max_daily_cost_usd: Field<Money>,
    /// What the model costs, instead of what the built-in table of prices says.
    pub(in crate::config) price: Field<RawPrice>,
    /// What is called in the runs between: `free` is the provider's free call without a key, `nothing` leaves it at the
    /// layers below, for a gateway that has no such call.
    #[schemars(extend("default" = "free"))]
    pub(in crate::config) between: Field<RawBetween>,
    /// On what connection: `fresh` is made on the journey's own, `reused` by an ordinary client beside the journeys that
    /// keeps its connections, as the providers' own clients do. The two are never mixed in `api_latency_seconds`.
    #[schemars(extend("default" = "fresh"))]
    pub(in crate::config) connection: Field<RawConnection>,
}

/// What a model costs: US dollars for a million tokens.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["input", "output"]))]
pub(in crate::config) struct RawPrice {
    /// Tokens of the prompt.
    #[schemars(extend("examples" = [1]))]
    pub(in crate::config) input: Field<Money>,
    /// Tokens generated.
    #[schemars(extend("examples" = [5]))]
    pub(in crate::config) output: Field<Money>,
}

/// What is called in the runs between.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawBetween {
    Free,
    Nothing,
}

/// On what connection a call is made.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawConnection {
    Fresh,
    Reused,
}

/// Whether a journey that failed is tried again at once.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawRetry {
    /// Attempts in all, from 1 to 5; 1 is not to try again. Only what may pass is tried again (connections that break,
    /// timeouts, 408, 409, 429, 5xx, or as `x-should-retry` says), within the timeout, and never before a `Retry-After`.
    /// What the first attempt found is what the path's metrics show.
    #[schemars(extend("default" = RetryOptions::default().max_attempts, "minimum" = 1, "maximum" = MOST_ATTEMPTS))]
    pub(in crate::config) max_attempts: Field<u32>,
    /// The delay before the second attempt; it doubles with each.
    #[schemars(extend("default" = shown(RetryOptions::default().base_delay)))]
    pub(in crate::config) base_delay: Field<Time>,
    /// The longest delay.
    #[schemars(extend("default" = shown(RetryOptions::default().max_delay)))]
    pub(in crate::config) max_delay: Field<Time>,
    /// How the delay varies: `full` is anything from nothing to the whole of it, `none` exactly it.
    #[schemars(extend("default" = "full"))]
    pub(in crate::config) jitter: Field<RawJitter>,
}

/// How delays vary.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum RawJitter {
    Full,
    None,
}

/// The provider's public status page.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawStatusPage {
    /// Where its `summary.json` in the format of Statuspage is; `""` is not to read any. The provider's own by default,
    /// where the host is the provider's own.
    #[schemars(extend("examples" = ["https://status.example.com/api/v2/summary.json"]))]
    pub(in crate::config) url: Field<String>,
    /// The id of the component that is the API. With a `url` given, none by default.
    pub(in crate::config) component: Field<String>,
    /// Time between two readings, from 1m to 1d.
    #[schemars(extend("default" = shown(STATUS_PAGE_INTERVAL)))]
    pub(in crate::config) interval: Field<Time>,
}

fn call_kinds() -> Vec<&'static str> {
    CallKind::ALL.iter().map(|kind| kind.label()).collect()
}
