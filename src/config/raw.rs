//! The config as it is written: the mirror that serde fills, and from which schema and reference are generated.
//!
//! Promises: the doc comment of a field is its description everywhere; a default stands here once, as a constant
//! that the lowering uses too. Nothing in here is validated beyond the type of a single value.

mod call;
mod discovery;
mod duration;
mod history;
mod http;
mod metrics;
mod money;
mod path;
mod slo;
mod target;
mod tls;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::decode::{Field, Pairs};
pub(super) use call::{
    MOST_ATTEMPTS, RawBetween, RawCall, RawConnection, RawJitter, RawPrice, RawRetry, RawStatusPage,
    STATUS_PAGE_INTERVAL,
};
pub(super) use discovery::{
    MAX_TARGETS, REFRESH, RawBearerToken, RawGroup, RawLabels, RawTargetSource, SOURCE_TIMEOUT,
};
pub(super) use duration::{Time, shown};
pub(super) use history::{MOST_JOURNEYS, Memory, RawHistory};
pub(super) use http::{RawHttp, RawVersion};
pub(super) use metrics::{RawMetrics, RawProfile};
pub(super) use money::Money;
pub(super) use path::{MOST_IN_A_ROW, RawDiagnosis, RawFailover, RawResolver, RawRoute};
pub(super) use slo::{RawSlo, WINDOW};
pub(super) use target::{RawAddresses, RawApiKey, RawFamily, RawTarget, RawTopLayer, provider_names};
pub(super) use tls::{EXPIRY_WARNING, RawClientCert, RawMinVersion, RawTls};

/// Often enough to see an outage within a scrape or two, seldom enough to cost nothing.
pub(super) const INTERVAL: Duration = Duration::from_secs(30);

/// Longer than any healthy call without streaming; the layers share it.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// Who looks at what has just been mended does not want to wait for longer.
pub(super) const PROBE_MIN_INTERVAL: Duration = Duration::from_secs(10);

/// What names look like, for editors.
const NAME: &str = r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,99}|.*\$\{.*)$";

/// A config of api-canary: the API endpoints under watch, and how they are watched.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "api-canary config", extend("anyOf" = [
    {"required": ["targets"]}, {"required": ["target_files"]}, {"required": ["target_sources"]},
]))]
pub(super) struct RawConfig {
    /// Where this canary stands, such as `fra-office`, if it is one of several: the label `vantage` of every series, a
    /// name like those of targets. Without it there is no such label, and Prometheus' own labels tell canaries apart.
    #[schemars(extend("pattern" = NAME, "examples" = ["fra-office"]))]
    pub(super) vantage: Field<String>,
    /// Resolvers to choose from by name; `system`, the machine's own, always exists.
    pub(super) resolvers: Field<Pairs<RawResolver>>,
    /// Proxies to choose from by name. `direct`, without a proxy, and `env`, as the process's proxy variables say,
    /// always exist.
    pub(super) routes: Field<Pairs<RawRoute>>,
    /// URLs of hosts that have nothing to do with the targets, called after a failure only: is it them or us? No key is
    /// ever sent to them. None where nothing is said.
    #[schemars(extend("examples" = [["https://example.com"]]))]
    pub(super) control: Field<Vec<Field<String>>>,
    /// How much of what was is kept, for the status page and the JSON API.
    pub(super) history: Field<RawHistory>,
    /// How `/probe` answers.
    pub(super) probe: Field<RawProbe>,
    /// Which series there are.
    pub(super) metrics: Field<RawMetrics>,
    /// What holds for every target that does not say otherwise.
    pub(super) defaults: Field<RawDefaults>,
    /// The API endpoints under watch; at least one, unless there are `target_files` or `target_sources`.
    pub(super) targets: Field<Vec<Field<RawTarget>>>,
    /// Files with more targets, by paths in which `*`, `?`, `[...]` and `**` stand for anything that fits (docs/discovery.md);
    /// what changes in them is noticed without a reload. A relative path starts at the config file's directory.
    #[schemars(extend("examples" = [["targets.d/*.yml"]]))]
    pub(super) target_files: Field<Vec<Field<String>>>,
    /// URLs that answer with more targets, read again and again (docs/discovery.md).
    pub(super) target_sources: Field<Vec<Field<RawTargetSource>>>,
}

/// How `/probe` answers.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawProbe {
    /// A result younger than this is answered again, from 1s to 1d. With the interval of its scrapers, a pair of them costs
    /// what one costs.
    #[schemars(extend("default" = shown(PROBE_MIN_INTERVAL)))]
    pub(super) min_interval: Field<Time>,
}

/// What holds for every target that does not say otherwise.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDefaults {
    /// Time between the starts of two runs, from 1s to 1d.
    #[schemars(extend("default" = shown(INTERVAL)))]
    pub(super) interval: Field<Time>,
    /// The budget of one run through all layers, from 100ms to the interval; where the interval is shorter than
    /// this default, the interval.
    #[schemars(extend("default" = shown(TIMEOUT)))]
    pub(super) timeout: Field<Time>,
    /// When another route or endpoint is preferred.
    pub(super) failover: Field<RawFailover>,
    /// When a diagnosis is told, and whether experiments are made to find it.
    pub(super) diagnosis: Field<RawDiagnosis>,
}
