//! An outcome becomes series: one function a scope.
//!
//! Promises: what a journey did not find out is removed, not kept from the last one (rate limits, which are "last
//! seen", excepted); a layer's failures and its failures by reason always add up to the same.

mod api;
mod dns;
mod tls;

use std::sync::Arc;

use super::catalogue::Family;
use super::{Cells, Metrics, Owner};
use crate::clock;
use crate::outcome::{DnsEvidence, Family as AddressFamily, Layer, Outcome, Stage};

impl Metrics {
    /// Records one journey.
    pub fn record(&self, outcome: &Outcome) {
        let path = &outcome.path;
        self.store.write(Owner::path(path), |cells| record_path(cells, outcome));
        if let Some(call) = outcome.stages.api.evidence() {
            let ended = outcome.started + outcome.took;
            self.store.write(Owner::route(&path.target, &path.route), |cells| api::calls(cells, call, ended));
            if !call.rate_limits.is_empty() {
                self.store
                    .write(Owner::target(&path.target), |cells| api::rate_limits(cells, &call.rate_limits));
            }
        }
    }

    /// Says whether a target works, by at least one of its paths.
    pub fn set_target_up(&self, target: &Arc<str>, up: bool) {
        self.store.write(Owner::target(target), |cells| cells.set(Family::TargetUp, &[], flag(up)));
    }

    /// Records one lookup, whether or not a path came of it.
    pub fn record_lookup(&self, target: &Arc<str>, lookup: &Stage<DnsEvidence>) {
        let (Some(evidence), Some(took)) = (lookup.evidence(), lookup.took()) else { return };
        self.store.write(Owner::target(target), |cells| {
            dns::lookup(cells, evidence);
            cells.observe(Family::DnsLookupDuration, &[&evidence.resolver], took.as_secs_f64(), None);
        });
    }
}

fn flag(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

fn start(cells: &mut Cells, layers: impl Iterator<Item = Layer>) {
    cells.add(Family::ProbeRuns, &[], 0);
    for layer in layers {
        cells.add(Family::ProbeLayerFailures, &[layer.label()], 0);
    }
}

fn record_path(cells: &mut Cells, outcome: &Outcome) {
    let stages = &outcome.stages;
    start(cells, Layer::ALL.into_iter().filter(|layer| planned(outcome, *layer)));
    cells.add(Family::ProbeRuns, &[], 1);
    cells.set(Family::ProbeSuccess, &[], flag(outcome.success()));
    cells.set(Family::ProbeDuration, &[], outcome.took.as_secs_f64());
    let ended = outcome.started + outcome.took;
    cells.set(Family::ProbeLastRun, &[], clock::unix_seconds(ended));
    cells.put(Family::ProbeIpProtocol, &[], ip_protocol(outcome.path.family));
    for layer in Layer::ALL {
        record_layer(cells, outcome, layer);
    }
    cells.clear(Family::ProbeFinding);
    for finding in &outcome.findings {
        cells.set(Family::ProbeFinding, &[finding.layer().label(), finding.0.reason.label()], 1.0);
    }
    let lookup = stages.dns.took().map(|took| took.as_secs_f64());
    cells.put(Family::ProbeDnsLookupTime, &[], lookup);
    let rtt = stages.tcp.evidence().and_then(|evidence| evidence.rtt);
    cells.put(Family::ProbeTcpRtt, &[], rtt.map(|rtt| rtt.as_secs_f64()));
    tls::handshake(cells, stages.tls.evidence());
    api::answer(cells, outcome);
}

/// A hard finding is a failure of its layer, even of one that was walked without failing.
fn record_layer(cells: &mut Cells, outcome: &Outcome, layer: Layer) {
    let label = layer.label();
    let failure = outcome.layer_failure(layer);
    let took = outcome.layer_took(layer);
    let success = failure.map(|_| 0.0).or(took.map(|_| 1.0));
    cells.put(Family::ProbeLayerSuccess, &[label], success);
    if let Some(took) = took {
        cells.observe(Family::ProbeLayerDuration, &[label], took.as_secs_f64(), None);
    }
    if let Some(failure) = failure {
        cells.add(Family::ProbeLayerFailures, &[label], 1);
        cells.add(Family::ProbeFailures, &[label, failure.reason.label()], 1);
    }
}

fn planned(outcome: &Outcome, layer: Layer) -> bool {
    let stages = &outcome.stages;
    match layer {
        Layer::Dns => stages.dns != Stage::NotPlanned,
        Layer::Tcp => stages.tcp != Stage::NotPlanned,
        Layer::Proxy => false,
        Layer::Tls => stages.tls != Stage::NotPlanned,
        Layer::Api => stages.api != Stage::NotPlanned,
    }
}

fn ip_protocol(family: AddressFamily) -> Option<f64> {
    match family {
        AddressFamily::Ipv4 => Some(4.0),
        AddressFamily::Ipv6 => Some(6.0),
        AddressFamily::Any => None,
    }
}

#[cfg(test)]
mod tests;
