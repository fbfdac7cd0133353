//! An outcome becomes series: one function a scope.
//!
//! Promises: what a journey did not find out is removed, not kept from the last one (rate limits, which are "last
//! seen", excepted); a layer's failures and its failures by reason always add up to the same.

mod api;
mod dns;
mod proxy;
mod target;
mod tls;

use std::sync::Arc;
use std::time::SystemTime;

use super::catalogue::Family;
use super::{Cells, Metrics, Owner};
use crate::clock;
use crate::outcome::{
    AddressResult, ApiEvidence, Family as AddressFamily, Layer, Lookup, Outcome, PooledCall, Stage,
};
pub use target::{CallState, TargetSummary, ToldDiagnosis};
pub use tls::certificate_texts;

impl Metrics {
    /// Records one journey.
    pub fn record(&self, outcome: &Outcome) {
        let path = &outcome.path;
        self.store.write(Owner::path(path), |cells| record_path(cells, outcome));
        if let Some(call) = outcome.stages.api.evidence() {
            let ended = outcome.started + outcome.took;
            self.store.write(Owner::route(&path.target, &path.route), |cells| api::calls(cells, call, ended));
        }
    }

    /// Counts the calls of an outcome that are not its own journey's: those to an endpoint whose series are not shown, those
    /// of further addresses, and further attempts. They were made, and use up limits, as any other; what each says of the
    /// account holds for the target. Attempts that never came to a call are those of `endpoint`.
    pub fn count_calls(&self, outcome: &Outcome, shown: bool, endpoint: &'static str) {
        let own = outcome.stages.api.evidence();
        let of_addresses = outcome.addresses.iter().filter_map(|result| result.call.as_deref());
        let attempts = outcome.retries.iter().filter_map(|attempt| attempt.call.as_deref());
        let further = of_addresses.chain(attempts);
        let mut counted = own.into_iter().filter(|_| !shown).chain(further.clone()).peekable();
        let endpoint = own.map_or(endpoint, |call| call.endpoint);
        let retried = !outcome.retries.is_empty();
        if counted.peek().is_some() || retried {
            self.store.write(Owner::route(&outcome.path.target, &outcome.path.route), |cells| {
                counted.for_each(|call| api::count(cells, call));
                if retried {
                    api::retries(cells, endpoint, outcome.retries.len());
                }
            });
        }
        self.record_account(&outcome.path.target, own.into_iter().chain(further));
    }

    /// Records a call of an ordinary client.
    pub fn record_pooled(&self, target: &Arc<str>, call: &PooledCall, ended: SystemTime) {
        let Some(evidence) = call.stage.evidence() else { return };
        self.store.write(Owner::route(target, &call.route), |cells| api::calls(cells, evidence, ended));
        self.record_account(target, std::iter::once(evidence));
    }

    fn record_account<'a>(&self, target: &Arc<str>, calls: impl Iterator<Item = &'a ApiEvidence>) {
        let mut calls = calls.filter(|call| api::has_account(call)).peekable();
        if calls.peek().is_some() {
            self.store.write(Owner::target(target), |cells| calls.for_each(|call| api::account(cells, call)));
        }
    }

    /// Records how a target as a whole stands after a run.
    pub fn record_target(&self, target: &Arc<str>, summary: &TargetSummary<'_>, ended: SystemTime) {
        self.store.write(Owner::target(target), |cells| {
            target::stands(cells, summary, self.configured.load().objectives.get(target).copied(), ended);
        });
    }

    /// Records what is told of a target between two runs.
    pub fn record_diagnosis(&self, target: &Arc<str>, told: ToldDiagnosis) {
        self.store.write(Owner::target(target), |cells| target::diagnosis(cells, told));
    }

    /// Records all lookups of one run, whether or not a path came of them; who was not asked has no series any more.
    pub fn record_lookups<'a>(&self, target: &Arc<str>, lookups: impl Iterator<Item = &'a Lookup> + Clone) {
        self.store.write(Owner::target(target), |cells| dns::lookups(cells, lookups));
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
    let to_proxy = stages.proxy.evidence().and_then(|evidence| evidence.rtt);
    let rtt = stages.tcp.evidence().and_then(|evidence| evidence.rtt).or(to_proxy);
    cells.put(Family::ProbeTcpRtt, &[], rtt.map(|rtt| rtt.as_secs_f64()));
    proxy::tunnel(cells, stages.proxy.evidence());
    tls::handshake(cells, stages.tls.evidence());
    let outside = &outcome.outside;
    cells.put(Family::ProbeTlsOlderRefused, &[], outside.older_tls_refused.map(flag));
    cells.put(Family::ProbeHttpRedirectsToHttps, &[], outside.redirects_https.map(flag));
    addresses(cells, &outcome.addresses);
    api::answer(cells, outcome);
}

/// How many addresses were walked where all of them are; which of them fail is in the log.
fn addresses(cells: &mut Cells, results: &[AddressResult]) {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let walked = (!results.is_empty()).then(|| number(results.len()));
    cells.put(Family::ProbeAddresses, &[], walked);
    let failing = results.iter().filter(|result| result.failure.is_some()).count();
    cells.put(Family::ProbeAddressesFailing, &[], walked.map(|_| number(failing)));
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
        Layer::Proxy => stages.proxy != Stage::NotPlanned,
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
