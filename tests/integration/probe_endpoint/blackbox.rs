//! A real blackbox_exporter, with a hosts file of its own: it asks the machine's resolver only.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use api_canary::net;

use crate::exposition::Samples;
use crate::peers::process::{Peer, local, program, put};

/// A running blackbox_exporter; it ends with this value.
pub(super) struct Blackbox {
    _peer: Peer,
    address: SocketAddr,
    client: reqwest::Client,
}

impl Blackbox {
    /// Starts one with these modules, for which each of these hosts is at 127.0.0.1 and no other name can be looked up.
    pub(super) async fn start(directory: &Path, modules: &str, hosts: &[String]) -> Self {
        let directory = directory.join("blackbox");
        std::fs::create_dir(&directory).unwrap();
        let config = put(&directory, "blackbox.yml", modules);
        let names: String = hosts.iter().map(|host| format!("127.0.0.1 {host}\n")).collect();
        let names = put(&directory, "hosts", &format!("127.0.0.1 localhost\n{names}"));
        // Nothing listens there, which it learns at once.
        let servers = put(&directory, "resolv.conf", "nameserver 127.0.0.61\n");
        let (peer, [port]) = Peer::start(directory.join("log"), |[port]| {
            let mut command = Command::new("unshare");
            command.args(["--mount", "/bin/sh", "-ec"]);
            command.arg(
                "mount --bind \"$1\" /etc/resolv.conf; mount --bind \"$2\" /etc/hosts; shift 2; exec \"$@\"",
            );
            command.arg("sh").args([&servers, &names]);
            command.arg(program("prometheus-blackbox-exporter").get_program());
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--web.listen-address={}", local(port)));
            command
        })
        .await;
        let client = net::client(net::public_tls().unwrap()).no_proxy().build().unwrap();
        Self { _peer: peer, address: local(port), client }
    }

    /// What it says of a target.
    pub(super) async fn probe(&self, module: &str, target: &str) -> Samples {
        let url = format!("http://{}/probe", self.address);
        let request = self.client.get(url).query(&[("module", module), ("target", target)]);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{module} {target}");
        Samples::read(&answer.text().await.unwrap())
    }
}
