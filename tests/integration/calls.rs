//! What the tests of calls share: a key, and what the simulator was asked for.

use api_canary::clock;
use api_canary::simulate::{Fault, Lasting, RecordedRequest};

use crate::canary::Canary;
use crate::exposition::Samples;
use crate::scene::Scene;

/// A variable with the one key that the simulator accepts.
pub(crate) const KEY: (&str, &str) = ("TEST_KEY", "sk-ant-sim-valid");

/// What a target with that key has in its config.
pub(crate) const KEYED: &str = ", api_key: { env: TEST_KEY }";

/// A canary with the key in its environment.
pub(crate) async fn keyed_canary(scene: &Scene, timing: &str, targets: &[String]) -> Canary {
    Canary::start_with(&scene.config(timing, targets), &[], &[KEY]).await
}

/// The wall clock in seconds.
pub(crate) fn unix_now() -> f64 {
    clock::wall().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64()
}

/// What a host was asked for, in order.
pub(crate) fn asked(scene: &Scene, host: &str) -> Vec<RecordedRequest> {
    let host = format!("{host}.sim.test");
    scene.simulator.requests().into_iter().filter(|request| request.host == host).collect()
}

/// How often it was asked for a path.
pub(crate) fn asked_for(scene: &Scene, host: &str, path: &str) -> usize {
    asked(scene, host).iter().filter(|request| request.path == path).count()
}

/// Gives a host a fault that so many requests have.
pub(crate) fn fault_for(scene: &Scene, host: &str, fault: Fault, requests: u32) {
    let lasting = Lasting { time: None, requests: Some(requests) };
    scene.simulator.set_fault_lasting(&format!("{host}.sim.test"), fault, lasting);
}

/// How many runs of a target with one path are over.
pub(crate) fn runs(samples: &Samples, target: &str) -> f64 {
    samples.one("probe_runs_total", &[("target", target)]).unwrap_or(0.0)
}

/// The lines of a log that hold all these words.
pub(crate) fn lines(log: &[String], words: &[&str]) -> usize {
    log.iter().filter(|line| words.iter().all(|word| line.contains(word))).count()
}

/// A sum over all series of a name with these labels.
pub(crate) fn sum(samples: &Samples, name: &str, of: &[(&str, &str)]) -> f64 {
    samples.all(name, of).iter().map(|(_, value)| value).sum()
}

/// The same number, as far as it can be counted.
pub(crate) fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

/// A count as a sample has it.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
