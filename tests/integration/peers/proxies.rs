//! Real proxies: tinyproxy speaks HTTP, microsocks SOCKS 5.

use std::net::SocketAddr;
use std::path::Path;

use super::process::{Peer, local, program, put};

/// A running proxy.
pub(crate) struct Proxy {
    _peer: Peer,
    pub(crate) address: SocketAddr,
}

impl Proxy {
    /// A tinyproxy with further lines of config, such as `BasicAuth user password`.
    pub(crate) async fn tinyproxy(directory: &Path, name: &str, lines: &str) -> Self {
        let directory = directory.join(name);
        std::fs::create_dir(&directory).unwrap();
        let (peer, [port]) = Peer::start(directory.join("log"), |[port]| {
            let text = format!("Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 20\n{lines}\n");
            let mut command = program("tinyproxy");
            command.arg("-d").arg("-c").arg(put(&directory, "tinyproxy.conf", &text));
            command
        })
        .await;
        Self { _peer: peer, address: local(port) }
    }

    /// A microsocks, with these arguments such as `-u user -P password`.
    pub(crate) async fn microsocks(directory: &Path, name: &str, arguments: &[&str]) -> Self {
        let (peer, [port]) = Peer::start(directory.join(format!("{name}.log")), |[port]| {
            let mut command = program("microsocks");
            command.args(["-i", "127.0.0.1", "-p", &port.to_string()]).args(arguments);
            command
        })
        .await;
        Self { _peer: peer, address: local(port) }
    }
}
