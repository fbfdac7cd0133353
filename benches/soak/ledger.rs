//! What the canary counted of its targets beside what the other end counted of their hosts.
//!
//! Promises: no tolerance. A request whose client gave up, though, may never have been read, and an answer never have
//! come: where the two sides differ, the canary must have seen it. So a difference is explained by as many journeys of that
//! target as ended in another way than the others, and a query more by a lookup that lasted until it was sent again.
//! Whatever else is not equal is a mismatch, and told with both numbers.

use std::collections::{BTreeMap, BTreeSet};

use api_canary::simulate::{Counts, Fault, HostCounts};

/// How often a query is sent again within the longest timeout here, after a second and after three.
const MOST_RESENDS: u64 = 2;

/// A target whose host is its own.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) target: String,
    pub(crate) host: String,
    pub(crate) fault: Option<Fault>,
    /// Whether TLS is spoken to it.
    pub(crate) secure: bool,
    /// Whether nobody but its journeys asks for the host: no experiments after failures.
    pub(crate) alone: bool,
}

/// What the canary says of one target, over all its paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) journeys: u64,
    pub(crate) runs: u64,
    pub(crate) runs_failed: u64,
    lookups: u64,
    lookups_within_a_second: u64,
    /// By reason, over all layers.
    reasons: BTreeMap<String, u64>,
    /// By layer.
    walked: BTreeMap<String, u64>,
    bucketed: BTreeMap<String, u64>,
    failures: BTreeMap<String, u64>,
    failures_by_reason: BTreeMap<String, u64>,
    /// By status; 0 where no response came.
    requests: BTreeMap<u16, u64>,
}

/// The counters of all targets in an exposition.
pub(crate) fn read(text: &str) -> BTreeMap<String, Told> {
    let mut all: BTreeMap<String, Told> = BTreeMap::new();
    for line in text.lines() {
        let Some((name, rest)) = line.split_once('{') else { continue };
        if !FAMILIES.contains(&name) {
            continue;
        }
        let Some((labels, value)) = rest.rsplit_once("} ") else { continue };
        // An exact comparison wants whole numbers; nothing that is counted here is anything else.
        let Ok(value) = value.parse::<u64>() else { continue };
        let label = |name: &str| label(labels, name).unwrap_or_default().to_owned();
        let told = all.entry(label("target")).or_default();
        let counter = match name {
            "probe_runs_total" => &mut told.journeys,
            "target_runs_total" => &mut told.runs,
            "target_runs_failed_total" => &mut told.runs_failed,
            "dns_lookup_duration_seconds_count" => &mut told.lookups,
            "dns_lookup_duration_seconds_bucket" if label("le").parse() == Ok(1.0) => {
                &mut told.lookups_within_a_second
            }
            "probe_layer_duration_seconds_count" => told.walked.entry(label("layer")).or_default(),
            "probe_layer_duration_seconds_bucket" if label("le") == "+Inf" => {
                told.bucketed.entry(label("layer")).or_default()
            }
            "probe_layer_failures_total" => told.failures.entry(label("layer")).or_default(),
            "probe_failures_total" => {
                *told.reasons.entry(label("reason")).or_default() += value;
                told.failures_by_reason.entry(label("layer")).or_default()
            }
            "api_requests_total" => {
                told.requests.entry(label("status_code").parse().unwrap_or_default()).or_default()
            }
            _ => continue,
        };
        *counter += value;
    }
    all
}

const FAMILIES: [&str; 10] = [
    "probe_runs_total",
    "target_runs_total",
    "target_runs_failed_total",
    "dns_lookup_duration_seconds_count",
    "dns_lookup_duration_seconds_bucket",
    "probe_layer_duration_seconds_count",
    "probe_layer_duration_seconds_bucket",
    "probe_layer_failures_total",
    "probe_failures_total",
    "api_requests_total",
];

/// The value of a label that needs no escapes.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    labels.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
}

/// What was compared, and what of it is not equal.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// What is compared: how often, and the sums of both sides.
    pub(crate) compared: BTreeMap<&'static str, Sums>,
    pub(crate) mismatches: Vec<String>,
    /// What is not equal for a reason that the canary has told.
    pub(crate) explained: Vec<String>,
    /// Journeys that ended in another way than they must.
    pub(crate) unusual: u64,
}

/// The sums of both sides.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(crate) comparisons: u64,
    pub(crate) canary: u64,
    pub(crate) other_end: u64,
}

// === impl Ledger ===

impl Ledger {
    /// Compares targets with what their hosts were asked for.
    pub(crate) fn compare(&mut self, entries: &[Entry], told: &BTreeMap<String, Told>, counts: &Counts) {
        let (never, nobody) = (Told::default(), HostCounts::default());
        for entry in entries {
            let told = told.get(&entry.target).unwrap_or(&never);
            self.itself(entry, told);
            self.entry(entry, told, counts.hosts.get(&entry.host).unwrap_or(&nobody));
        }
    }

    /// Compares connections with an other end that is asked for by these targets only.
    pub(crate) fn connections(&mut self, entries: &[Entry], told: &BTreeMap<String, Told>, counts: &Counts) {
        let made = |secure| {
            let of_port = entries.iter().filter(|entry| entry.secure == secure);
            // A tunnel is a connection to the API too.
            let made = |told: &Told| told.reached("tcp") + told.reached("proxy");
            of_port.filter_map(|entry| told.get(&entry.target)).map(made).sum()
        };
        self.equal("connections to the API over TLS", "all", made(true), counts.connections.api);
        self.equal("connections to the API without TLS", "all", made(false), counts.connections.plain);
    }

    /// What the canary says agrees with itself.
    fn itself(&mut self, entry: &Entry, told: &Told) {
        let name = &entry.target;
        self.equal("runs = journeys (one path each)", name, told.runs, told.journeys);
        for layer in ["dns", "tcp", "proxy", "tls", "api"] {
            self.equal(
                "failures = failures by reason",
                name,
                of(&told.failures, layer),
                of(&told.failures_by_reason, layer),
            );
            self.equal(
                "histogram = its last bucket",
                name,
                of(&told.walked, layer),
                of(&told.bucketed, layer),
            );
        }
        let first = of(&told.walked, "dns") + of(&told.walked, "proxy");
        self.equal("journeys = first layers walked", name, told.journeys, first);
        self.unusual += told.unusual(entry.fault);
    }

    fn entry(&mut self, entry: &Entry, told: &Told, host: &HostCounts) {
        let fails_in = entry.fault.map_or("", Fault::layer);
        let unusual = told.unusual(entry.fault);
        let mut same = |what, canary, other_end, slack| {
            // Experiments ask for more than is told of the journeys.
            let more = if entry.alone {
                self.book(what, canary, other_end);
                canary.abs_diff(other_end)
            } else {
                canary.saturating_sub(other_end)
            };
            if more > 0 {
                let Entry { target, fault, .. } = entry;
                let fault = fault.map_or("healthy", Fault::name);
                let line = format!("{what} of {target} ({fault}): {canary}, other end {other_end}");
                let list = if more > slack { &mut self.mismatches } else { &mut self.explained };
                list.push(line);
            }
        };
        same("requests", told.requests.values().sum(), host.requests, unusual);
        // A status in a head that the client refuses to read is none that it knows.
        if entry.fault != Some(Fault::HttpHugeHeaders) {
            let statuses: BTreeSet<u16> = told.requests.keys().chain(host.answers.keys()).copied().collect();
            let number =
                |counters: &BTreeMap<u16, u64>, status| counters.get(&status).copied().unwrap_or_default();
            for status in statuses.into_iter().filter(|status| *status > 0) {
                let (canary, other_end) = (number(&told.requests, status), number(&host.answers, status));
                same("answers by status", canary, other_end, unusual);
            }
            let unanswered = host.requests.saturating_sub(host.answers.values().sum());
            same("requests without a response", number(&told.requests, 0), unanswered, unusual);
        }
        if !["dns", "proxy"].contains(&fails_in) {
            let slow = told.lookups.saturating_sub(told.lookups_within_a_second);
            same("lookups = DNS queries", told.lookups, host.queries, slow * MOST_RESENDS);
        }
        // Addresses that reset or swallow everything read no hello.
        if !matches!(entry.fault, Some(Fault::TlsAddressReset | Fault::TlsAddressSilent)) {
            same("TLS walked = hellos", of(&told.walked, "tls"), host.hellos, unusual);
        }
        if fails_in != "tls" {
            same("TLS passed = handshakes", told.reached("tls"), host.handshakes, unusual);
        }
        same("proxy walked = tunnels asked for", of(&told.walked, "proxy"), host.tunnels, unusual);
    }

    /// What must be equal whatever happens.
    fn equal(&mut self, what: &'static str, of: &str, canary: u64, other_end: u64) {
        self.book(what, canary, other_end);
        if canary != other_end {
            self.mismatches.push(format!("{what} of {of}: {canary}, other end {other_end}"));
        }
    }

    fn book(&mut self, what: &'static str, canary: u64, other_end: u64) {
        let sums = self.compared.entry(what).or_default();
        sums.comparisons += 1;
        sums.canary += canary;
        sums.other_end += other_end;
    }
}

// === impl Told ===

impl Told {
    /// Journeys that ended in another way than they must: of healthy targets those that failed, of others those that were
    /// unlike most.
    fn unusual(&self, fault: Option<Fault>) -> u64 {
        if fault.is_none() {
            return self.runs_failed;
        }
        let worked = self.runs.saturating_sub(self.runs_failed);
        let (most, usual) =
            self.reasons.iter().map(|(reason, count)| (*count, reason.as_str())).fold((worked, ""), Ord::max);
        // A journey that goes on behind a finding may have two reasons.
        let others =
            self.reasons.iter().filter(|(reason, _)| *reason != usual && reason.ends_with("_timeout"));
        self.journeys.saturating_sub(most).max(others.map(|(_, count)| count).sum())
    }

    /// Journeys that got through a layer.
    fn reached(&self, layer: &str) -> u64 {
        of(&self.walked, layer).saturating_sub(of(&self.failures, layer))
    }
}

/// A layer's counter.
fn of(counters: &BTreeMap<String, u64>, layer: &str) -> u64 {
    counters.get(layer).copied().unwrap_or_default()
}
