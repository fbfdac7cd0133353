//! What stands in the network: nginx on the server at every port a test asks for, unbound on the client itself, so that
//! no fault of the network is one of DNS, and a canary on the client.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::network::{ELSEWHERE, LAST, Network, SERVER, server};
use crate::canary::Canary;
use crate::peers::authority::Authority;
use crate::peers::nginx::API;
use crate::peers::process::{Peer, program, put};
use crate::workspace::Workspace;

/// Where unbound listens.
const RESOLVER: &str = "127.0.0.1:53";

/// How often targets are walked, and what each journey may take; seconds.
const INTERVAL: u32 = 4;
pub(super) const TIMEOUT: u32 = 3;

/// A network with its programs, from the canary's side.
pub(crate) struct Place {
    // First, so that they end before their network does.
    _peers: [Peer; 2],
    pub(crate) network: Network,
    workspace: Workspace,
    root: PathBuf,
}

/// A target: its name, the last number of the server's addresses, and the port.
pub(super) type To<'a> = (&'a str, u8, u16);

impl Place {
    /// Waits until all of `ports` are reached through the router over both families.
    pub(crate) async fn new(network: Network, ports: &[u16]) -> Self {
        let workspace = Workspace::new();
        let authority = Authority::new(workspace.path());
        let nginx = nginx(&network, &workspace, &authority, ports).await;
        let unbound = unbound(&workspace).await;
        Self { _peers: [nginx, unbound], network, root: authority.root(), workspace }
    }

    /// The file of the certificate to trust.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of the test.
    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Starts a canary that watches these.
    pub(super) async fn canary(&self, targets: &[To<'_>]) -> Canary {
        let mut config = format!(
            "resolvers: {{ here: {{ address: \"udp://{RESOLVER}\" }} }}\n\
             defaults: {{ interval: {INTERVAL}s, timeout: {TIMEOUT}s }}\ntargets:\n"
        );
        for (name, number, port) in targets {
            writeln!(
                config,
                "  - {{ name: {name}, provider: anthropic, url: \"https://server{number}.peers.test:{port}\", \
                 resolvers: [here], expected_networks: [], tls: {{ ca_file: {} }} }}",
                self.root.display()
            )
            .unwrap();
        }
        Canary::start(&self.workspace.write("config.yml", &config)).await
    }
}

/// The API on the server.
async fn nginx(network: &Network, workspace: &Workspace, authority: &Authority, ports: &[u16]) -> Peer {
    let directory = workspace.path().join("nginx");
    std::fs::create_dir(&directory).unwrap();
    let certificate = authority.leaf("server", 90);
    // With the root, so that what the server says first is larger than a packet.
    let chain = [&certificate.chain, &authority.root()].map(|file| std::fs::read_to_string(file).unwrap());
    let chain = put(&directory, "chain.pem", &chain.concat());
    let mut listen = String::new();
    for port in ports {
        writeln!(listen, "listen {port} ssl http2; listen [::]:{port} ssl http2;").unwrap();
    }
    let config = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr info;\n\
         events {{ }}\n\
         http {{\n\
         access_log off;\n\
         client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
         uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
         server {{ {listen} ssl_certificate {}; ssl_certificate_key {}; {API} }}\n\
         server {{ listen 80; listen [::]:80; {API} }}\n}}\n",
        chain.display(),
        certificate.key.display()
    );
    let config = put(&directory, "nginx.conf", &config);
    let mut command = network.on_the_server("nginx");
    command.args(["-e", "stderr", "-p"]).arg(&directory).arg("-c").arg(config);
    let both = |port: &u16| SERVER.map(|address| SocketAddr::new(address, *port));
    let addresses: Vec<_> = ports.iter().flat_map(both).collect();
    Peer::at(directory.join("error.log"), command, &addresses).await
}

/// More names of the server's addresses that end in so much, as of other owners.
const OTHERS: [(u8, &str); 2] = [(3, "api.one.test"), (4, "api.two.test")];

/// The resolver on the client: `serverN.peers.test` is the server's addresses that end in N, `only4` has IPv4 only, `elsewhere.peers.test` the
/// one that looks like somebody else's.
async fn unbound(workspace: &Workspace) -> Peer {
    let directory = workspace.path().join("unbound");
    std::fs::create_dir(&directory).unwrap();
    let mut names = String::new();
    for number in 2..=LAST {
        for (kind, address) in ["A", "AAAA"].into_iter().zip(server(number)) {
            writeln!(names, "  local-data: \"server{number}.peers.test. 60 IN {kind} {address}\"").unwrap();
        }
    }
    for (number, name) in OTHERS {
        for (kind, address) in ["A", "AAAA"].into_iter().zip(server(number)) {
            writeln!(names, "  local-data: \"{name}. 60 IN {kind} {address}\"").unwrap();
        }
    }
    writeln!(names, "  local-data: \"only4.peers.test. 60 IN A {}\"", server(2)[0]).unwrap();
    writeln!(names, "  local-data: \"elsewhere.peers.test. 60 IN A {ELSEWHERE}\"").unwrap();
    let config = format!(
        r#"server:
  num-threads: 1
  interface: 127.0.0.1
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  module-config: "iterator"
  local-zone: "peers.test." static
{names}remote-control:
  control-enable: no
"#,
        directory = directory.display()
    );
    let config = put(&directory, "unbound.conf", &config);
    let mut command = program("unbound");
    command.args(["-d", "-p", "-c"]).arg(config);
    Peer::at(directory.join("unbound.log"), command, &[RESOLVER.parse().unwrap()]).await
}
