//! The other end: the simulated provider in a process of its own, so that its CPU time is not the prober's.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use api_canary::simulate::{Options, Simulator};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The argument that makes this program the peer.
pub(crate) const ARGUMENT: &str = "--peer";

/// The running peer; ends with this value, and with this process.
pub(crate) struct Peer {
    child: Child,
    pub(crate) dns: SocketAddr,
    pub(crate) api: SocketAddr,
    pub(crate) plain: SocketAddr,
    pub(crate) root: CertificateDer<'static>,
}

impl Peer {
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let program = std::env::current_exe()?;
        let mut child =
            Command::new(program).arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("the peer has no output")?).read_line(&mut line)?;
        let (addresses, pem): ([SocketAddr; 3], String) = serde_json::from_str(&line)?;
        let [dns, api, plain] = addresses;
        Ok(Self { child, dns, api, plain, root: CertificateDer::from_pem_slice(pem.as_bytes())? })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until standard input ends.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let simulator = runtime.block_on(Simulator::start(Options::default()))?;
    let addresses = [simulator.dns_address(), simulator.api_address(), simulator.plain_address()];
    let line = serde_json::to_string(&(addresses, simulator.ca_pem()))?;
    writeln!(std::io::stdout(), "{line}")?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.block_on(simulator.shutdown());
    Ok(())
}
