//! The official Python clients of Anthropic and OpenAI against the simulator: it speaks the real protocol if what they
//! make of it is right.
//!
//! Their versions are pinned in `sdk_clients/requirements.txt` and installed once below the target directory; only that
//! needs the package index.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use api_canary::simulate::{Fault, Lasting, Options, Simulator};

use crate::canary::binary;
use crate::peers::process::program;
use crate::workspace::{PATIENCE, Workspace};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/sdk_clients");

/// Python, without anything of its own that could matter here.
pub(crate) fn python() -> Command {
    let mut command = program("python3");
    command.env_remove("PYTHONPATH").env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
    command
}

pub(crate) fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{}\n{out}\n{err}", output.status)
}

/// Where the clients are installed.
fn packages() -> &'static Path {
    static PACKAGES: OnceLock<PathBuf> = OnceLock::new();
    PACKAGES.get_or_init(|| installed("sdk-clients", &Path::new(SCRIPTS).join("requirements.txt")))
}

/// Where the packages that a file pins are installed: once for a version of Python and of them, whole or not at all.
pub(crate) fn installed(name: &str, requirements: &Path) -> PathBuf {
    let version = python().arg("--version").output().unwrap();
    let mut of = DefaultHasher::new();
    (fs::read_to_string(requirements).unwrap(), &version.stdout).hash(&mut of);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let packages = place.join(format!("{name}-{:016x}", of.finish()));
    if !packages.is_dir() {
        let fresh = tempfile::tempdir_in(place).unwrap();
        let installed = python()
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary", ":all:", "--target"])
            .arg(fresh.path())
            .arg("--requirement")
            .arg(requirements)
            .output()
            .unwrap();
        assert!(
            installed.status.success(),
            "pip cannot install what this test pins (it needs python3-pip, which `scripts/test` installs, and a \
             package index): {}",
            said(&installed)
        );
        // Another run may have been faster, with the same content.
        if fs::rename(fresh.path(), &packages).is_ok() {
            let _moved = fresh.keep();
        }
        assert!(packages.is_dir(), "the packages cannot be moved to {}", packages.display());
    }
    packages
}

/// Runs one of the scripts to its end; what it says, if it says anything but that all is well.
async fn run(script: &'static str) {
    let packages = tokio::task::spawn_blocking(packages).await.unwrap();
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
