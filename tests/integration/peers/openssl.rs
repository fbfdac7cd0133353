//! `openssl s_server`: a TLS server with the habits of OpenSSL.

use std::net::SocketAddr;
use std::path::Path;

use super::authority::{Authority, Certificate};
use super::process::{Peer, local, program};

/// A running `openssl s_server`.
pub(crate) struct TlsServer {
    _peer: Peer,
    pub(crate) address: SocketAddr,
}

impl TlsServer {
    /// Starts one with further arguments.
    pub(crate) async fn start(
        directory: &Path,
        authority: &Authority,
        certificate: &Certificate,
        name: &str,
        more: &[&str],
    ) -> Self {
        let (peer, [port]) = Peer::start(directory.join(format!("s_server-{name}.log")), |[port]| {
            let mut command = program("openssl");
            command.args(["s_server", "-accept", &local(port).to_string(), "-www", "-quiet"]);
            command.arg("-cert").arg(&certificate.chain).arg("-cert_chain").arg(&certificate.chain);
            command.arg("-key").arg(&certificate.key).arg("-CAfile").arg(authority.root()).args(more);
            command
        })
        .await;
        Self { _peer: peer, address: local(port) }
    }
}
