//! Every metric of the probe results, declared once: name, help, type, labels, bounds.
//!
//! Promises: a family that is not in this table cannot be written; `docs/metrics.md` is generated from it, and a
//! literal snapshot of it (`tests/snapshots/metric_names.txt`) makes a rename fail a test.

use crate::config::Profile;
use crate::target::{CALL_BOUNDS, LEAN_CALL_BOUNDS};

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// The last value.
    Gauge,
    /// A distribution with fixed bounds.
    Histogram,
}

impl Kind {
    /// The word in a TYPE line: `counter`, `gauge`, `histogram`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Whose series a family has: what the leading labels are, and with what the series leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A target's.
    Target,
    /// A target's on one route: they leave with the last path on it.
    Route,
    /// One path's.
    Path,
}

impl Scope {
    /// The labels every series of the scope starts with.
    #[must_use]
    pub const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Target => &["target"],
            Self::Route => &["target", "route"],
            Self::Path => &["target", "route", "family"],
        }
    }
}

/// A target with one route and both families has at most so many series.
pub const SERIES_PER_TARGET: usize = 250;

/// With the lean profile it has at most so many.
pub const SERIES_PER_LEAN_TARGET: usize = 60;

/// A further resolver adds at most so many, of which a histogram 8.
pub const SERIES_PER_RESOLVER: usize = 20;

/// Each of several name servers of resolv.conf adds at most so many.
pub const SERIES_PER_NAME_SERVER: usize = 10;

/// Bounds of no histogram.
const NONE: &[f64] = &[];

/// Calls, in seconds: 10 bounds, so 13 series per target, route, endpoint and connection.
const CALL: &[f64] = &CALL_BOUNDS;

/// First tokens, in seconds: 6 bounds, so 9 series per target, route and model.
const FIRST_TOKEN: &[f64] = &[0.25, 0.5, 1.0, 2.0, 5.0, 10.0];

/// Silences inside a stream, in seconds: 4 bounds, so 7 series per target, route and model.
const GAP: &[f64] = &[0.5, 1.0, 5.0, 10.0];

/// Layers, in seconds: 6 bounds, so 9 series per path and layer (36 for a path of four layers). Finer ones would break
/// the budget of 250 series per target.
const LAYER: &[f64] = &[0.0005, 0.01, 0.05, 0.2, 1.0, 30.0];

/// Lookups, in seconds: 5 bounds, so 8 series per target and resolver.
const LOOKUP: &[f64] = &[0.01, 0.05, 0.2, 1.0, 30.0];

/// Not in the lean profile.
const OFF: Option<&[f64]> = None;

/// In both profiles.
const ON: Option<&[f64]> = Some(NONE);

/// In both profiles, in the lean one with 5 bounds, so 8 series per target, route, endpoint and connection.
const COARSE: Option<&[f64]> = Some(&LEAN_CALL_BOUNDS);

/// One row of the catalogue.
#[derive(Debug, Clone, Copy)]
struct Declaration {
    name: &'static str,
    kind: Kind,
    scope: Scope,
    labels: &'static [&'static str],
    bounds: &'static [f64],
    /// The bounds of the lean profile, if it has the family.
    lean: Option<&'static [f64]>,
    help: &'static str,
}

macro_rules! families {
    ($($variant:ident, $name:literal, $kind:ident, $bounds:ident, $scope:ident, [$($label:literal),*], $lean:ident, $help:literal;)*) => {
        /// A metric family of the probe results. See the table in this file for name, type, labels and bounds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Family {
            $(#[doc = $help] $variant,)*
        }

        impl Family {
            /// Every family, in the order of exposition.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            const fn declaration(self) -> &'static Declaration {
                match self {
                    $(Self::$variant => &Declaration {
                        name: $name,
                        kind: Kind::$kind,
                        scope: Scope::$scope,
                        labels: &[$($label),*],
                        bounds: $bounds,
                        lean: $lean,
                        help: $help,
                    },)*
                }
            }
        }
    };
}

families! {
    ApiRequests, "api_requests_total", Counter, NONE, Route, ["endpoint", "method", "status_code"], ON,
        "API calls made, to further addresses and endpoints too, by status code of the response; status code 0 means that no response came.";
    ApiLatency, "api_latency_seconds", Histogram, CALL, Route, ["endpoint", "connection"], COARSE,
        "Seconds from the request sent until the response was complete, of a stream until its first token, also where it breaks later; other incomplete responses are not observed. connection is fresh for the journey's own, reused for one that an ordinary client had kept.";
    ApiTimeToFirstToken, "api_time_to_first_token_seconds", Histogram, FIRST_TOKEN, Route, ["model"], OFF,
        "Seconds from the request sent until the first token of content of a stream.";
    ApiStreamGap, "api_stream_gap_seconds", Histogram, GAP, Route, ["model"], OFF,
        "The longest time without an event inside a stream, in seconds; pings are no events.";
    ApiStreamTokensPerSecond, "api_stream_tokens_per_second", Gauge, NONE, Route, ["model"], OFF,
        "Tokens a second between the first and the last token of the last stream, by the provider's own count.";
    ApiErrors, "api_errors_total", Counter, NONE, Route, ["endpoint", "error_type"], OFF,
        "API calls answered with an error, by the provider's own error type; other where it states none that is known.";
    ApiRetries, "api_retries_total", Counter, NONE, Route, ["endpoint"], OFF,
        "Attempts after the first.";
    ApiTokens, "api_tokens_total", Counter, NONE, Target, ["model", "direction"], OFF,
        "Tokens that calls of the canary used, by the provider's own count; direction is input or output.";
    ApiCost, "api_cost_usd_total", Counter, NONE, Target, ["model"], OFF,
        "What calls cost whose tokens the provider counted to the end, in US dollars; what others may have cost counts against the budget only.";
    ApiBudgetRemaining, "api_budget_remaining_usd", Gauge, NONE, Target, [], OFF,
        "What is left of the target's budget for the day (UTC), in US dollars; absent where its calls are free.";
    ApiCallPaused, "api_call_paused_info", Gauge, NONE, Target, ["reason"], OFF,
        "Why the last run did not make the configured call: retry_after, slowed_down or budget; absent where it did, always 1.";
    RateLimitRemaining, "rate_limit_remaining", Gauge, NONE, Target, ["dimension"], ON,
        "What was left of a rate limit when the provider last stated it.";
    RateLimitLimit, "rate_limit_limit", Gauge, NONE, Target, ["dimension"], ON,
        "The rate limit as the provider last stated it.";
    RateLimitReset, "rate_limit_reset_timestamp_seconds", Gauge, NONE, Target, ["dimension"], ON,
        "Unix time in seconds of the rate limit's full replenishment, as the provider last stated it.";
    RateLimitRetryAt, "rate_limit_retry_at_timestamp_seconds", Gauge, NONE, Target, [], OFF,
        "Unix time in seconds from which the call is made again, after a Retry-After or because limits have slowed it down, as of the last run; absent when that left nothing to wait for.";
    RateLimitExceeded, "rate_limit_exceeded_total", Counter, NONE, Target, ["dimension"], ON,
        "Calls refused because of a rate limit, by its dimension; unknown where the provider does not say.";
    RateLimitRejected, "rate_limit_values_rejected_total", Counter, NONE, Target, [], OFF,
        "Stated values of rate limits that could not be believed: negative, absurd or unreadable.";
    ProviderStatus, "provider_status", Gauge, NONE, Target, [], OFF,
        "What the provider's status page says of the API: 0 operational, 1 under maintenance, 2 degraded, 3 partial outage, 4 major outage; absent while unknown. It never overrides a probe.";
    ProbeSuccess, "probe_success", Gauge, NONE, Path, [], ON,
        "1 if the last journey reached the top and every expectation held, else 0.";
    ProbeDuration, "probe_duration_seconds", Gauge, NONE, Path, [], ON,
        "Duration of the last journey in seconds, all layers together.";
    ProbeLayerSuccess, "probe_layer_success", Gauge, NONE, Path, ["layer"], ON,
        "1 if the layer passed in the last journey, 0 if it failed; absent if the layer was not reached.";
    ProbeLayerDuration, "probe_layer_duration_seconds", Histogram, LAYER, Path, ["layer"], OFF,
        "Seconds spent in the layer, failures included.";
    ProbeRuns, "probe_runs_total", Counter, NONE, Path, [], ON,
        "Journeys finished, whether they succeeded or not.";
    ProbeLayerFailures, "probe_layer_failures_total", Counter, NONE, Path, ["layer"], OFF,
        "Journeys in which the layer failed.";
    ProbeFailures, "probe_failures_total", Counter, NONE, Path, ["layer", "reason"], ON,
        "Journeys in which the layer failed, by reason.";
    ProbeLastRun, "probe_last_run_timestamp_seconds", Gauge, NONE, Path, [], ON,
        "Unix time in seconds at which the last journey ended.";
    ProbeFinding, "probe_finding_info", Gauge, NONE, Path, ["layer", "reason"], OFF,
        "Something the last journey noticed without being stopped by it; always 1.";
    ProbeDnsLookupTime, "probe_dns_lookup_time_seconds", Gauge, NONE, Path, [], OFF,
        "Seconds the last journey spent on the name lookup.";
    ProbeIpProtocol, "probe_ip_protocol", Gauge, NONE, Path, [], OFF,
        "The IP version of the path: 4 or 6; absent where a proxy chooses it.";
    ProbeHttpStatusCode, "probe_http_status_code", Gauge, NONE, Path, [], OFF,
        "The status code of the last journey's response; absent if there was none.";
    ProbeHttpAnsweredBy, "probe_http_answered_by_info", Gauge, NONE, Path, ["by"], OFF,
        "Who answered in the last journey, judged by the marks on the answer: origin (the API), edge (the provider's edge without it) or between (something on the way); always 1.";
    ProbeRetrySuccess, "probe_retry_success", Gauge, NONE, Path, [], OFF,
        "1 if a further attempt of the last journey worked, else 0; absent where there was none.";
    ProbeHttpVersion, "probe_http_version", Gauge, NONE, Path, [], OFF,
        "The HTTP version of the last journey: 1.1 or 2.";
    ProbeHttpDuration, "probe_http_duration_seconds", Gauge, NONE, Path, ["phase"], OFF,
        "Seconds the last journey spent in a phase of the call; absent for a phase that did not happen.";
    ProbeSslEarliestCertExpiry, "probe_ssl_earliest_cert_expiry", Gauge, NONE, Path, [], ON,
        "Unix time in seconds at which the first of the presented certificates expires, verified or not.";
    ProbeSslLastChainExpiry, "probe_ssl_last_chain_expiry_timestamp_seconds", Gauge, NONE, Path, [], ON,
        "Unix time in seconds at which the verified chain expires; absent if the chain did not verify.";
    ProbeSslLastChain, "probe_ssl_last_chain_info", Gauge, NONE, Path,
        ["fingerprint_sha256", "issuer", "subject", "subjectalternative", "serialnumber"], OFF,
        "The server certificate as presented in the last journey, verified or not; always 1.";
    ProbeTlsVersion, "probe_tls_version_info", Gauge, NONE, Path, ["version"], OFF,
        "The TLS version of the last journey; always 1.";
    ProbeTlsCipher, "probe_tls_cipher_info", Gauge, NONE, Path, ["cipher"], OFF,
        "The TLS cipher suite of the last journey; always 1.";
    ProbeTlsHandshake, "probe_tls_handshake_info", Gauge, NONE, Path, ["version", "cipher", "alpn", "group"], OFF,
        "What the TLS handshake of the last journey agreed on, empty where it agreed on nothing; always 1.";
    ProbeTlsTrusted, "probe_tls_trusted", Gauge, NONE, Path, ["store"], OFF,
        "1 if the certificate chain of the last journey leads to a root of the store (mozilla: the bundled one, machine: this machine's own), else 0; absent where the target trusts a file of its own.";
    ProbeTlsOlderRefused, "probe_tls_older_versions_refused", Gauge, NONE, Path, [], OFF,
        "1 if versions of TLS older than the lowest accepted one were refused when they were tried, else 0; absent where they are not tried.";
    ProbeHttpRedirectsToHttps, "probe_http_redirects_to_https", Gauge, NONE, Path, [], OFF,
        "1 if plain HTTP on port 80 was redirected to HTTPS, else 0; absent where it is not tried or nothing answers there.";
    ProbeProxyDuration, "probe_proxy_duration_seconds", Gauge, NONE, Path, ["phase"], OFF,
        "Seconds the last journey spent in a phase of the proxy layer; absent for a phase that did not happen.";
    ProbeProxyStatusCode, "probe_proxy_status_code", Gauge, NONE, Path, [], OFF,
        "The status code of the proxy's reply to CONNECT in the last journey; absent if there was none.";
    ProbeAddresses, "probe_addresses", Gauge, NONE, Path, [], OFF,
        "Number of addresses walked in the last run; only where all of them are.";
    ProbeAddressesFailing, "probe_addresses_failing", Gauge, NONE, Path, [], OFF,
        "Number of addresses that failed in the last run; only where all of them are walked. The log names them.";
    ProbeTcpRtt, "probe_tcp_rtt_seconds", Gauge, NONE, Path, [], OFF,
        "The kernel's smoothed round-trip time of the last journey's connection in seconds; through a proxy, to the proxy.";
    TargetUp, "target_up", Gauge, NONE, Target, [], ON,
        "1 if at least one path of the target works end to end, at once or when it was tried again, else 0.";
    TargetDownSince, "target_down_since_timestamp_seconds", Gauge, NONE, Target, [], ON,
        "Unix time in seconds since when no path of the target has worked; absent while one does.";
    TargetRuns, "target_runs_total", Counter, NONE, Target, [], ON,
        "Runs finished; a run walks every path of the target once.";
    TargetRunsFailed, "target_runs_failed_total", Counter, NONE, Target, [], ON,
        "Runs in which no path of the target worked end to end, tried again or not: what an objective counts as bad.";
    TargetInterval, "target_interval_seconds", Gauge, NONE, Target, [], ON,
        "Time between the starts of two runs in seconds, as configured.";
    TargetSloObjective, "target_slo_objective_ratio", Gauge, NONE, Target, [], ON,
        "The share of runs that must be good, from 0.5 to less than 1, as configured; absent where the target has no objective.";
    TargetPreferredRoute, "target_preferred_route_info", Gauge, NONE, Target, ["route"], OFF,
        "The route that `api-canary env` would choose; absent while none is healthy, always 1.";
    TargetPreferredEndpoint, "target_preferred_endpoint_info", Gauge, NONE, Target, ["url"], OFF,
        "The endpoint to call, whose journeys the series of the paths show; only where there are several, absent while none is healthy, always 1.";
    TargetEndpointUp, "target_endpoint_up", Gauge, NONE, Target, ["url"], ON,
        "1 if at least one path to the endpoint works end to end, else 0; only where there are several.";
    TargetDiagnosis, "target_diagnosis_info", Gauge, NONE, Target, ["verdict", "layer", "blame"], ON,
        "Why the target does not work, or not as it should, and who must act, from everything that is known; ok with layer and blame none where all is well. Exactly one series a target, always 1.";
    TargetDiagnosisChanges, "target_diagnosis_changes_total", Counter, NONE, Target, [], OFF,
        "Changes of the diagnosis that were told, the first one not counted.";
    TargetFinding, "target_finding_info", Gauge, NONE, Target, ["layer", "reason"], OFF,
        "Something the paths and resolvers of the target say together that none of them says alone; always 1.";
    DnsLookupSuccess, "dns_lookup_success", Gauge, NONE, Target, ["resolver", "record_type"], OFF,
        "1 if the resolver said that the name exists (NOERROR), with or without an address of this type, else 0.";
    DnsLookupDuration, "dns_lookup_duration_seconds", Histogram, LOOKUP, Target, ["resolver"], OFF,
        "Seconds a lookup took at the resolver, failures included.";
    DnsResponseCode, "dns_response_code_info", Gauge, NONE, Target, ["resolver", "record_type", "rcode"], OFF,
        "The response code of the resolver's last answer; always 1.";
    DnsAnswerAddresses, "dns_answer_addresses", Gauge, NONE, Target, ["resolver", "record_type"], OFF,
        "Number of addresses in the resolver's last answer.";
    DnsAnswerUnexpectedAddresses, "dns_answer_unexpected_addresses", Gauge, NONE, Target, ["resolver", "record_type"], OFF,
        "Number of addresses in the resolver's last answer that are outside the expected networks; absent where none are configured.";
    DnsAnswerTtl, "dns_answer_ttl_seconds", Gauge, NONE, Target, ["resolver", "record_type"], OFF,
        "The smallest time to live in the resolver's last answer, in seconds.";
    DnsAnswerSecure, "dns_answer_secure", Gauge, NONE, Target, ["resolver", "record_type"], OFF,
        "1 if the resolver's last answer is signed and validated by DNSSEC, 0 if it is proven unsigned; absent where it is not validated.";
}

impl Family {
    /// Its name as samples have it; a counter's ends in `_total`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.declaration().name
    }

    /// Its help text.
    #[must_use]
    pub const fn help(self) -> &'static str {
        self.declaration().help
    }

    /// Its type.
    #[must_use]
    pub const fn kind(self) -> Kind {
        self.declaration().kind
    }

    /// Whose series it has.
    #[must_use]
    pub const fn scope(self) -> Scope {
        self.declaration().scope
    }

    /// The labels after those of its scope.
    #[must_use]
    pub const fn own_labels(self) -> &'static [&'static str] {
        self.declaration().labels
    }

    /// All its labels: those of its scope, then its own.
    pub fn labels(self) -> impl Iterator<Item = &'static str> {
        self.scope().labels().iter().chain(self.own_labels()).copied()
    }

    /// The upper bounds of its buckets, ascending, without the last, infinite one; empty unless it is a histogram.
    #[must_use]
    pub const fn bounds(self) -> &'static [f64] {
        self.declaration().bounds
    }

    /// Whether a profile has it.
    #[must_use]
    pub const fn is_in(self, profile: Profile) -> bool {
        match profile {
            Profile::Full => true,
            Profile::Lean => self.declaration().lean.is_some(),
        }
    }

    /// The bounds that a profile shows, some of [`Self::bounds`]; none where it does not have the family.
    #[must_use]
    pub const fn bounds_in(self, profile: Profile) -> &'static [f64] {
        match (profile, self.declaration().lean) {
            (Profile::Full, _) => self.declaration().bounds,
            (Profile::Lean, Some(bounds)) => bounds,
            (Profile::Lean, None) => NONE,
        }
    }

    /// Its place in [`Self::ALL`].
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_say_their_type() {
        let names: HashSet<_> = Family::ALL.iter().map(|family| family.name()).collect();
        assert_eq!(names.len(), Family::ALL.len());
        for family in Family::ALL {
            let name = family.name();
            assert_eq!(name.ends_with("_total"), family.kind() == Kind::Counter, "{name}");
            assert_eq!(!family.bounds().is_empty(), family.kind() == Kind::Histogram, "{name}");
            assert!(family.help().ends_with('.'), "{name}: help is a sentence");
        }
    }

    #[test]
    fn labels_are_unique_within_a_family_and_safe() {
        for family in Family::ALL {
            let labels: Vec<_> = family.labels().collect();
            let unique: HashSet<_> = labels.iter().collect();
            assert_eq!(unique.len(), labels.len(), "{}", family.name());
            for taken in ["job", "instance", "le", "quantile", "type", "region", "zone", "cluster"] {
                assert!(!labels.contains(&taken), "{}: {taken}", family.name());
            }
        }
    }

    #[test]
    fn bounds_ascend_and_hold_what_the_contract_says() {
        for family in Family::ALL {
            assert!(family.bounds().is_sorted_by(|a, b| a < b), "{}", family.name());
        }
        for bound in [0.005, 0.1, 0.5, 1.0, 2.0, 5.0, 120.0] {
            assert!(Family::ApiLatency.bounds().contains(&bound), "{bound}");
        }
        for bound in [0.0005, 30.0] {
            assert!(Family::ProbeLayerDuration.bounds().contains(&bound), "{bound}");
        }
    }

    #[test]
    fn the_lean_profile_has_one_histogram_and_no_information_but_the_diagnosis() {
        let lean: Vec<_> = Family::ALL.iter().filter(|family| family.is_in(Profile::Lean)).collect();
        let info = lean.iter().filter(|family| family.name().ends_with("_info")).copied();
        assert_eq!(info.collect::<Vec<_>>(), [&Family::TargetDiagnosis]);
        let histograms = lean.iter().filter(|family| family.kind() == Kind::Histogram).copied();
        assert_eq!(histograms.collect::<Vec<_>>(), [&Family::ApiLatency]);
        for family in Family::ALL {
            let shown = family.bounds_in(Profile::Lean);
            assert!(shown.iter().all(|bound| family.bounds().contains(bound)), "{}", family.name());
            let counts = !shown.is_empty();
            assert_eq!(counts, family.kind() == Kind::Histogram && family.is_in(Profile::Lean));
        }
    }

    #[test]
    fn a_family_is_at_its_place() {
        assert!(Family::ALL.iter().enumerate().all(|(at, family)| family.index() == at));
    }
}
