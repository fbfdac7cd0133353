//! A real unbound with zones of the test's choice, over UDP, TCP, TLS and HTTPS.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::authority::Certificate;
use super::process::{Peer, local, program, put};

/// A running name server.
pub(crate) struct NameServer {
    _peer: Peer,
    /// Over UDP and TCP.
    pub(crate) clear: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) https: SocketAddr,
}

impl NameServer {
    /// Starts one that knows what these lines say, such as `local-data: "a.test. 60 IN A 127.0.0.1"`.
    pub(crate) async fn start(
        directory: &Path,
        name: &str,
        certificate: &Certificate,
        lines: &[&str],
    ) -> Self {
        let directory = directory.join(name);
        std::fs::create_dir(&directory).unwrap();
        let (peer, [clear, tls, https]) = Peer::start(directory.join("log"), |[clear, tls, https]| {
            let listen = [clear, tls, https].map(|port| format!("  interface: 127.0.0.1@{port}\n")).concat();
            let more = format!(
                "{listen}  tls-port: {tls}\n  https-port: {https}\n  tls-service-key: \"{}\"\n  tls-service-pem: \"{}\"\n",
                certificate.key.display(),
                certificate.chain.display()
            );
            command(&directory, &more, lines)
        })
        .await;
        Self { _peer: peer, clear: local(clear), tls: local(tls), https: local(https) }
    }

    /// Starts one on port 53 of an address of loopback, where resolv.conf can name it.
    pub(crate) async fn on_port_53(directory: &Path, name: &str, address: IpAddr, lines: &[&str]) -> Self {
        let directory = directory.join(name);
        std::fs::create_dir(&directory).unwrap();
        // A second port of its own is where it is seen that it is up.
        let (peer, [port]) = Peer::start(directory.join("log"), |[port]| {
            let listen = format!("  interface: {address}@53\n  interface: 127.0.0.1@{port}\n");
            command(&directory, &listen, lines)
        })
        .await;
        let nowhere = local(port);
        Self { _peer: peer, clear: SocketAddr::new(address, 53), tls: nowhere, https: nowhere }
    }
}

fn command(directory: &Path, listen: &str, lines: &[&str]) -> std::process::Command {
    let lines: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    let config = format!(
        "server:\n  verbosity: 1\n  num-threads: 1\n{listen}  access-control: 127.0.0.0/8 allow\n  do-daemonize: no\n  \
         username: \"\"\n  chroot: \"\"\n  directory: \"{}\"\n  pidfile: \"\"\n  use-syslog: no\n  logfile: \"\"\n  \
         module-config: \"iterator\"\n  rrset-roundrobin: no\n  local-zone: \"test.\" nodefault\n{lines}\
         remote-control:\n  control-enable: no\n",
        directory.display()
    );
    let mut command = program("unbound");
    command.args(["-d", "-p", "-c"]).arg(put(directory, "unbound.conf", &config));
    command
}
