//! A real unbound with local zones: every kind of answer that a resolver of a company or a provider gives.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use super::process::{Peer, local, program, put};

/// Addresses of `many.peers.test`: over UDP the answer is truncated, so that all of them come over TCP only.
pub(crate) const MANY: u8 = 200;

/// The time to live of everything in `peers.test`, in seconds.
pub(crate) const TTL: f64 = 321.0;

/// A running unbound, over UDP and TCP.
pub(crate) struct Unbound {
    peer: Peer,
    pub(crate) address: SocketAddr,
}

impl Unbound {
    /// Starts it; `many.peers.test` is all of 127.0.0.1 to 127.0.0.[`MANY`].
    pub(crate) async fn start(directory: &Path) -> Self {
        let directory = directory.join("unbound");
        std::fs::create_dir(&directory).unwrap();
        let mut many = String::new();
        for last in 1..=MANY {
            writeln!(many, "  local-data: \"many.peers.test. 321 IN A 127.0.0.{last}\"").unwrap();
        }
        // By default unbound asks nothing of loopback, so that a forwarder there cannot be asked: SERVFAIL at once.
        let (peer, [port]) = Peer::start(directory.join("unbound.log"), |[port]| {
            let config = format!(
                r#"server:
  verbosity: 1
  num-threads: 1
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  module-config: "iterator"
  rrset-roundrobin: no
  max-udp-size: 512
  local-zone: "peers.test." static
  local-data: "healthy.peers.test. 321 IN A 127.0.0.1"
  local-data: "dual.peers.test. 321 IN A 127.0.0.1"
  local-data: "dual.peers.test. 321 IN AAAA ::1"
  local-data: "six.peers.test. 321 IN AAAA ::1"
  local-data: "expired.peers.test. 321 IN A 127.0.0.1"
  local-data: "mtls.peers.test. 321 IN A 127.0.0.1"
  local-data: "nodata.peers.test. 321 IN TXT words"
{many}  local-zone: "nxdomain.test." always_nxdomain
  local-zone: "refused.test." refuse
  local-zone: "dropped.test." deny
  local-zone: "redirected.test." redirect
  local-data: "redirected.test. 321 IN A 127.0.0.1"
  local-zone: "sinkhole.test." redirect
  local-data: "sinkhole.test. 321 IN A 0.0.0.0"
  local-zone: "test." nodefault
forward-zone:
  name: "servfail.test."
  forward-addr: 127.0.0.1@53
remote-control:
  control-enable: no
"#,
                directory = directory.display()
            );
            let config = put(&directory, "unbound.conf", &config);
            let mut command = program("unbound");
            command.args(["-d", "-p", "-c"]).arg(config);
            command
        })
        .await;
        Self { peer, address: local(port) }
    }

    /// What it has to say for itself.
    pub(crate) fn log(&self) -> String {
        self.peer.log()
    }
}
