//! The config of many targets that all work, each at a host of its own below `sim.test`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::harness::is_smoke;
use super::peer::Peer;

/// Time between the starts of two runs of a target.
pub(crate) fn interval() -> Duration {
    Duration::from_secs(if is_smoke() { 3 } else { 15 })
}

/// The same of a target that was changed.
pub(crate) fn changed_interval() -> Duration {
    interval() - Duration::from_secs(1)
}

/// How many are watched, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fleet {
    pub(crate) targets: u32,
    pub(crate) https: bool,
    /// Whether only the series that rules need are exposed.
    pub(crate) lean: bool,
}

impl Fleet {
    /// Writes its config, in which the first so many targets have another interval.
    pub(crate) fn write(
        self,
        peer: &Peer,
        directory: &Path,
        changed: u32,
    ) -> Result<PathBuf, Box<dyn Error>> {
        let root = directory.join("root.pem");
        fs::write(&root, &peer.pem)?;
        let mut text = format!("resolvers: {{ peer: {{ address: \"udp://{}\" }} }}\n", peer.dns);
        writeln!(text, "defaults: {{ interval: {}s, timeout: 2s }}", interval().as_secs_f64())?;
        if self.lean {
            writeln!(text, "metrics: {{ profile: lean }}")?;
        }
        writeln!(text, "targets:")?;
        let (scheme, port, tls) = if self.https {
            ("https", peer.api.port(), format!(", tls: {{ ca_file: {} }}", root.display()))
        } else {
            ("http", peer.plain.port(), String::new())
        };
        for number in 0..self.targets {
            let interval = if number < changed {
                format!(", interval: {}s", changed_interval().as_secs_f64())
            } else {
                String::new()
            };
            writeln!(
                text,
                "  - {{ name: target-{number:05}, provider: http, url: \"{scheme}://t{number:05}.sim.test:{port}/ok\", \
                 resolvers: [peer], families: [ipv4]{tls}{interval} }}"
            )?;
        }
        let file = directory.join("config.yml");
        fs::write(&file, text)?;
        Ok(file)
    }

    /// `10,000 https`
    pub(crate) fn shown(self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let profile = if self.lean { ", lean" } else { "" };
        format!("{} {scheme}{profile}", self.targets)
    }
}
