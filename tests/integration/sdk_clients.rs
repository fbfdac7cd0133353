//! The official Python clients of Anthropic and OpenAI against the simulator: it speaks the real protocol if what they
//! make of it is right.
//!
//! Their versions are pinned in `sdk_clients/requirements.txt` and installed once below the target directory; only that
//! needs the package index.

use std::path::Path;

use api_canary::simulate::{Fault, Lasting, Options, Simulator};

use crate::canary::binary;
use crate::python::{packages, python, said};
use crate::workspace::{PATIENCE, Workspace};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/sdk_clients");

/// Runs one of the scripts to its end; what it says, if it says anything but that all is well.
async fn run(script: &'static str) {
    let installed = tokio::task::spawn_blocking(|| packages("sdk_clients/requirements.txt"));
    let packages = installed.await.unwrap();
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let storm = Lasting { time: None, requests: Some(1) };
    simulator.set_fault_lasting("storm.sim.test", Fault::Http429Ms, storm);
    let workspace = Workspace::new();
    let ca = workspace.write("ca.pem", simulator.ca_pem());
    let mut command = python();
    // The clients read more of the environment than this program does.
    let of_clients =
        |name: &str| ["ANTHROPIC_", "OPENAI_", "AZURE_"].iter().any(|start| name.starts_with(start));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_clients)) {
        command.env_remove(name);
    }
    for (name, _) in binary().get_envs() {
        command.env_remove(name);
    }
    command
        .arg(Path::new(SCRIPTS).join(script))
        .env("PYTHONPATH", packages)
        .env("SIMULATED_KEY", Options::default().api_key)
        .env("SIMULATED_CA", ca)
        .env("SIMULATED_TLS_PORT", simulator.api_address().port().to_string())
        .env("SIMULATED_PLAIN_PORT", simulator.plain_address().port().to_string());
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = tokio::time::timeout(PATIENCE, ended).await.expect("the client ends").unwrap();
    let requests = simulator.requests();
    let newest = requests.last();
    assert!(output.status.success(), "{}\nthe newest request: {newest:#?}", said(&output));
    assert!(requests.iter().any(|request| request.stream && request.keyed && request.model.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropics_own_client_understands_the_simulator() {
    run("anthropic_sdk.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openais_own_client_understands_the_simulator() {
    run("openai_sdk.py").await;
}
