//! Queries that show nothing where all is well, and what is promised in a fault.

/// A query that may be empty where all is well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Empty {
    /// `uid: panel/query`.
    pub(super) place: &'static str,
    /// A target for which there is something.
    pub(super) filled: &'static str,
    /// Whether there may be something where all is well too, from run to run.
    pub(super) varies: bool,
}

/// What must not be empty for some targets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promised {
    pub(super) place: &'static str,
    pub(super) targets: &'static [&'static str],
}

/// A query whose series say what is wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    pub(super) place: &'static str,
    pub(super) labels: &'static [&'static str],
}

/// The faults for which a target is down.
const DOWN: &[&str] = &[
    "dns-nxdomain",
    "tcp-refused",
    "proxy-denied",
    "tls-expired",
    "http-401-keyed",
    "http-429",
    "http-529",
    "stream-stall",
];

const fn empty(place: &'static str, filled: &'static str) -> Empty {
    Empty { place, filled, varies: false }
}

const fn varying(place: &'static str, filled: &'static str) -> Empty {
    Empty { place, filled, varies: true }
}

pub(super) const EMPTY: &[Empty] = &[
    empty("api-canary-api: The provider's status page/A", "endpoints"),
    empty("api-canary-api: Did retrying help/A", "retried"),
    empty("api-canary-api: Latency quantiles, reused connections/A", "reused"),
    empty("api-canary-api: Latency quantiles, reused connections/B", "reused"),
    empty("api-canary-api: Latency quantiles, reused connections/C", "reused"),
    empty("api-canary-api: Calls paused now/A", "http-429"),
    empty("api-canary-api: Calls paused now/B", "http-429"),
    empty("api-canary-overview: What is wrong now/C", "tcp-refused"),
    empty("api-canary-overview: Which layer fails, over time/A", "tcp-refused"),
    empty("api-canary-overview: Which layer fails, over time/B", "tls-expiring"),
    empty("api-canary-overview: How many targets, by cause/A", "tcp-refused"),
    empty("api-canary-overview: Success: all targets, and the ten that fail most/B", "tcp-refused"),
    empty("api-canary-overview: Failures by reason/A", "tcp-refused"),
    empty("api-canary-overview: Where canaries disagree/A", "disputed"),
    empty("api-canary-overview: Success by canary, of targets that several watch/A", "disputed"),
    empty("api-canary-overview: Latency by canary (p95), of targets that several watch/A", "disputed"),
    empty("api-canary-overview: Noticed, though it did not stop the call/A", "tls-expiring"),
    empty("api-canary-target: Down for/A", "tcp-refused"),
    empty("api-canary-target: What each canary says/B", "tcp-refused"),
    varying("api-canary-target: Slowest path's last journey/A", "tls-expiring"),
    varying("api-canary-target: Slowest path's last journey/B", "tls-expiring"),
    varying("api-canary-target: Slowest path's last journey/D", "tls-expiring"),
    varying("api-canary-target: Slowest path's last journey/E", "tls-expiring"),
    varying("api-canary-target: Slowest path's last journey/F", "tls-expiring"),
    varying("api-canary-target: Slowest path's last journey/C", "proxy-denied"),
    empty("api-canary-target: Phases by path/K", "endpoints"),
    empty("api-canary-target: Phases by path/L", "endpoints"),
    empty("api-canary-target: Findings now/A", "tls-expiring"),
    empty("api-canary-target: Findings now/B", "odd"),
    empty("api-canary-target: Resolvers compared/D", "odd"),
    empty("api-canary-target: Resolvers compared/F", "written"),
    empty("api-canary-target: Endpoints/A", "endpoints"),
    empty("api-canary-target: Preferred endpoint/A", "endpoints"),
    empty("api-canary-target: Certificates/D", "public"),
    empty("api-canary-target: Certificates/E", "public"),
    empty("api-canary-target: Certificates/G", "odd"),
    empty("api-canary-target: Certificates/H", "written"),
];

pub(super) const PROMISED: &[Promised] = &[
    Promised { place: "api-canary-overview: What is wrong now/A", targets: DOWN },
    Promised { place: "api-canary-overview: What is wrong now/C", targets: DOWN },
    Promised { place: "api-canary-overview: Which layer fails, over time/A", targets: DOWN },
    Promised { place: "api-canary-overview: How many targets, by cause/A", targets: DOWN },
    Promised { place: "api-canary-overview: Failures by reason/A", targets: DOWN },
    Promised { place: "api-canary-overview: Failures by layer/A", targets: DOWN },
    Promised { place: "api-canary-target: Verdict/A", targets: DOWN },
    Promised { place: "api-canary-target: Down for/A", targets: DOWN },
    Promised { place: "api-canary-target: Paths: the last journeys/B", targets: DOWN },
    Promised { place: "api-canary-target: Paths: the last journeys/C", targets: DOWN },
    Promised { place: "api-canary-target: Layer at fault over time/A", targets: DOWN },
    Promised { place: "api-canary-target: Failures by reason/A", targets: DOWN },
    Promised { place: "api-canary-target: Certificates/A", targets: &["tls-expired", "tls-expiring"] },
    Promised { place: "api-canary-target: Issuers over time/A", targets: &["tls-expired", "tls-expiring"] },
    Promised {
        place: "api-canary-target: Days until the first certificate expires/A",
        targets: &["tls-expired", "tls-expiring"],
    },
    Promised { place: "api-canary-target: Proxy replies/A", targets: &["proxy-denied"] },
    Promised {
        place: "api-canary-api: Requests by status code/A",
        targets: &["http-401-keyed", "http-429", "http-529", "stream-stall"],
    },
    Promised { place: "api-canary-api: Share of 529/A", targets: &["http-529"] },
    Promised { place: "api-canary-api: Limits/A", targets: &["http-429"] },
    Promised { place: "api-canary-api: Refused because of a limit/A", targets: &["http-429"] },
    Promised { place: "api-canary-api: Stream gaps p95 by route/A", targets: &["stream-stall"] },
];

pub(super) const VERDICTS: &[Verdict] = &[
    Verdict { place: "api-canary-overview: What is wrong now/A", labels: &["verdict", "layer", "blame"] },
    Verdict { place: "api-canary-overview: How many targets, by cause/A", labels: &["verdict", "blame"] },
    Verdict { place: "api-canary-target: Verdict/A", labels: &["verdict"] },
    Verdict { place: "api-canary-target: Layer/A", labels: &["layer"] },
    Verdict { place: "api-canary-target: Who must act/A", labels: &["blame"] },
    Verdict { place: "api-canary-target: What each canary says/A", labels: &["verdict", "layer", "blame"] },
];
