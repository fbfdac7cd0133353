//! A simulator, a directory, and the configs that point a canary there.

use std::path::{Path, PathBuf};

use api_canary::simulate::{Options, Simulator};

use crate::workspace::Workspace;

/// Where a test takes place.
pub(crate) struct Scene {
    pub(crate) simulator: Simulator,
    pub(crate) workspace: Workspace,
    ca: PathBuf,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let workspace = Workspace::new();
        let ca = workspace.write("ca.pem", simulator.ca_pem());
        Self { simulator, workspace, ca }
    }

    /// The file with the root certificate to trust.
    pub(crate) fn ca(&self) -> &Path {
        &self.ca
    }

    /// A target at `https://HOST.sim.test`, with more keys such as `, interval: 1s`.
    pub(crate) fn target(&self, name: &str, host: &str, more: &str) -> String {
        let port = self.simulator.api_address().port();
        self.at(name, &format!("https://{host}.sim.test:{port}"), more)
    }

    /// The same with the URL given.
    pub(crate) fn at(&self, name: &str, url: &str, more: &str) -> String {
        let provider = if more.contains("provider:") { "" } else { "provider: anthropic, " };
        let resolvers = if more.contains("resolvers:") { "" } else { "resolvers: [sim], " };
        let ca = self.ca.display();
        format!("{{ name: {name}, url: \"{url}\", {provider}{resolvers}tls: {{ ca_file: {ca} }}{more} }}")
    }

    /// The text of a config with these targets; `timing` such as `interval: 2s, timeout: 1s`.
    pub(crate) fn text(&self, timing: &str, targets: &[String]) -> String {
        let dns = self.simulator.dns_address();
        let mut text = format!(
            "resolvers:\n  sim: {{ address: \"udp://{dns}\" }}\n  sim-tcp: {{ address: \"tcp://{dns}\" }}\n\
             defaults: {{ {timing} }}\ntargets:\n"
        );
        for target in targets {
            text.push_str(&format!("  - {target}\n"));
        }
        text
    }

    /// Writes that config, in place of the one before.
    pub(crate) fn config(&self, timing: &str, targets: &[String]) -> PathBuf {
        self.workspace.write("config.yml", &self.text(timing, targets))
    }

    /// How often a host was asked for something over HTTP.
    pub(crate) fn requests(&self, host: &str) -> usize {
        let host = format!("{host}.sim.test");
        self.simulator.requests().iter().filter(|request| request.host == host).count()
    }
}

/// Whether this machine has IPv6 on loopback, as the simulator needs it for `dual.sim.test`.
pub(crate) fn has_ipv6() -> bool {
    std::net::TcpListener::bind("[::1]:0").is_ok()
}
