//! The simulated world, and a directory with the config that watches it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::DemoError;
use super::scene::{ACTORS, Actor, OLD, OPENAI, PROXIED, STREAM, Scene};
use crate::config::Env;
use crate::simulate::{Options, Simulator};

/// The variable that holds the key, in an environment of the demo's own.
const KEY: &str = "DEMO_KEY";

/// The domain of all names; nobody can own it.
const DOMAIN: &str = "sim.test";

/// A simulator and its directory, which goes with it.
#[derive(Debug)]
pub(super) struct World {
    simulator: Simulator,
    directory: TempDir,
    key: String,
}

impl World {
    pub(super) async fn start() -> Result<Self, DemoError> {
        let directory = tempfile::Builder::new().prefix("api-canary-demo-").tempdir();
        let directory = directory.map_err(DemoError::Directory)?;
        let options = Options { domain: DOMAIN.to_owned(), ..Options::default() };
        let key = options.api_key.clone();
        let simulator = Simulator::start(options).await?;
        let world = Self { simulator, directory, key };
        world.write("ca.pem", world.simulator.ca_pem())?;
        world.write("config.yml", &world.config())?;
        Ok(world)
    }

    /// Writes a file into its directory.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, DemoError> {
        let path = self.path().join(name);
        let written = fs::write(&path, text);
        written.map_err(|source| DemoError::File { path: path.clone(), source })?;
        Ok(path)
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where the config is.
    pub(super) fn config_file(&self) -> PathBuf {
        self.path().join("config.yml")
    }

    /// What the config is read with: nothing of the machine's own environment.
    pub(super) fn env(&self) -> Env {
        Env::of([(KEY, self.key.as_str())])
    }

    /// What breaks a host by hand.
    pub(super) fn by_hand(&self, actor: Actor, fault: &str) -> String {
        format!("http://{}/faults/{}/{fault}?for=30s", self.simulator.control_address(), host(actor))
    }

    pub(super) fn switch_on(&self, scene: &Scene) {
        self.simulator.set_fault(&host(scene.actor), scene.fault);
    }

    pub(super) fn switch_off(&self, scene: &Scene) {
        self.simulator.clear_fault(&host(scene.actor));
    }

    /// Ends the simulator and removes the directory.
    pub(super) async fn end(self) -> io::Result<()> {
        self.simulator.shutdown().await;
        self.directory.close()
    }

    /// Twice as often as it may be, with a timeout that leaves a slow machine its time and shows a slow answer as one.
    fn config(&self) -> String {
        let mut text = format!(
            "resolvers:\n  simulated: {{ address: \"udp://{}\" }}\n\
             routes:\n  company: {{ proxy: \"http://{}\" }}\n\
             defaults: {{ interval: 2s, timeout: 2s }}\n\
             targets:\n",
            self.simulator.dns_address(),
            self.simulator.proxy_address(),
        );
        for actor in ACTORS {
            text.push_str(&self.target(actor));
        }
        text
    }

    fn target(&self, actor: Actor) -> String {
        let port = self.simulator.api_address().port();
        let (name, host) = (actor.name, host(actor));
        let (provider, path) = if actor == OPENAI { ("openai", "/v1") } else { ("anthropic", "") };
        let more = match actor {
            STREAM => {
                "    call: { kind: stream, max_daily_cost_usd: 100 }\n    \
                 http: { expect: { max_gap: 1s } }\n"
            }
            PROXIED => "    routes: [company]\n    http: { expect: { max_latency: 1s } }\n",
            OLD | OPENAI => "    http: { expect: { max_latency: 1s } }\n",
            _ => {
                "    http: { expect: { max_latency: 1s } }\n    \
                 slo: { objective: 99.5, window: 30d, latency: 1s }\n"
            }
        };
        format!(
            "  - name: {name}\n    provider: {provider}\n    url: \"https://{host}:{port}{path}\"\n    \
             resolvers: [simulated]\n    expected_networks: []\n    api_key: {{ env: {KEY} }}\n    \
             tls: {{ ca_file: ca.pem }}\n{more}"
        )
    }
}

fn host(actor: Actor) -> String {
    format!("{}.{DOMAIN}", actor.host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Source};

    #[tokio::test]
    async fn the_config_is_good_and_names_everybody_and_the_directory_goes() {
        let world = World::start().await.unwrap();
        let config = Config::load(&Source::File(world.config_file()), &world.env()).unwrap();
        let names: Vec<_> = config.targets.iter().map(|target| target.name.to_string()).collect();
        assert_eq!(names, ACTORS.map(|actor| actor.name));
        let directory = world.path().to_owned();
        world.end().await.unwrap();
        assert!(!directory.exists());
    }
}
