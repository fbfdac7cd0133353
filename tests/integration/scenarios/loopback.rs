//! What the scenarios on loopback share: two simulated providers, a resolver with its own opinions, real proxies, and
//! servers and ports of the odd kinds.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;

use api_canary::simulate::{Fault, Options, Simulator};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::scenario::OnLoopback;
use super::told::{Told, run};
use crate::canary::binary;
use crate::peers::authority::Authority;
use crate::peers::name_server::NameServer;
use crate::peers::openssl::TlsServer;
use crate::peers::process::{closed_port, local, program};
use crate::peers::proxies::Proxy;
use crate::workspace::Workspace;

/// Where resolv.conf can point to; nothing listens at the address after it.
const ON_PORT_53: Ipv4Addr = Ipv4Addr::new(127, 83, 0, 1);

/// What the zone's own resolver says. It does not know the names that are not here.
const ZONE: &[&str] = &[
    "local-zone: \"sim.test.\" static",
    "local-data: \"blocked.sim.test. 60 IN A 0.0.0.0\"",
    "local-data: \"dropped.sim.test. 60 IN A 127.0.0.3\"",
    "local-data: \"refused.sim.test. 60 IN A 127.0.0.2\"",
    "local-data: \"rewritten.sim.test. 60 IN A 127.0.0.7\"",
    "local-data: \"single.sim.test. 60 IN A 127.0.0.1\"",
    "local-data: \"stranger.sim.test. 60 IN A 127.0.0.1\"",
    "local-data: \"dual.sim.test. 60 IN A 127.0.0.1\"",
    "local-data: \"dual.sim.test. 60 IN AAAA ::1\"",
    "local-data: \"tls-expired.sim.test. 60 IN A 127.0.0.1\"",
    "local-data: \"tls-expired.sim.test. 60 IN AAAA ::1\"",
    "local-data: \"tls-expiring.sim.test. 60 IN A 127.0.0.1\"",
    "local-data: \"tls-expiring.sim.test. 60 IN AAAA ::1\"",
    "local-data: \"tls-reset.sim.test. 60 IN A 127.0.0.1\"",
    "local-data: \"tls-reset.sim.test. 60 IN AAAA ::1\"",
];

/// What a resolver says that knows the name and no address of it.
const NO_ADDRESS: &[&str] =
    &["local-zone: \"sim.test.\" static", "local-data: \"api.sim.test. 60 IN TXT none\""];

/// The servers, and what stands for them in the texts of a scenario.
pub(super) struct World {
    words: BTreeMap<&'static str, String>,
    _simulators: [Simulator; 2],
    _name_servers: [NameServer; 3],
    _proxies: [Proxy; 3],
    _stranger: TlsServer,
    _silent: UdpSocket,
    _workspace: Workspace,
}

impl World {
    pub(super) async fn new() -> Self {
        let workspace = Workspace::new();
        let directory = workspace.path();
        let simulator = Simulator::start(Options::default()).await.unwrap();
        let home = Options {
            domain: "anthropic.com".to_owned(),
            faults: vec![("api.anthropic.com".to_owned(), Fault::TlsUntrusted)],
            ..Options::default()
        };
        let home = Simulator::start(home).await.unwrap();
        let authority = Authority::new(directory);
        let expired = authority.leaf("expired", -2);
        let zone = NameServer::start(directory, "zone", &expired, ZONE).await;
        let listed = NameServer::on_port_53(directory, "listed", ON_PORT_53.into(), ZONE).await;
        let nodata = NameServer::start(directory, "nodata", &expired, NO_ADDRESS).await;
        let stranger = TlsServer::start(directory, &authority, &expired, "stranger", &[]).await;
        let open = Proxy::tinyproxy(directory, "open", "").await;
        let narrow = Proxy::tinyproxy(directory, "narrow", "ConnectPort 1").await;
        let guarded = Proxy::tinyproxy(directory, "guarded", "BasicAuth canary right").await;
        let silent = UdpSocket::bind(local(0)).unwrap();
        let api = simulator.api_address();
        let words = BTreeMap::from([
            ("{api}", api.port().to_string()),
            ("{plain}", simulator.plain_address().port().to_string()),
            ("{home}", home.api_address().port().to_string()),
            ("{only4}", relay(local(0), api).await.to_string()),
            ("{only6}", relay_ipv6(api).await.to_string()),
            ("{stranger}", stranger.address.port().to_string()),
            ("{sim}", simulator.dns_address().to_string()),
            ("{home-dns}", home.dns_address().to_string()),
            ("{zone}", zone.clear.to_string()),
            ("{nodata}", nodata.clear.to_string()),
            ("{silent}", silent.local_addr().unwrap().to_string()),
            ("{nobody}", local(closed_port()).to_string()),
            ("{proxy}", simulator.proxy_address().to_string()),
            ("{open}", open.address.to_string()),
            ("{narrow}", narrow.address.to_string()),
            ("{guarded}", guarded.address.to_string()),
            ("{gone}", local(closed_port()).to_string()),
            ("{ca}", workspace.write("ca.pem", simulator.ca_pem()).display().to_string()),
            ("{theirs}", authority.root().display().to_string()),
        ]);
        Self {
            words,
            _simulators: [simulator, home],
            _name_servers: [zone, listed, nodata],
            _proxies: [open, narrow, guarded],
            _stranger: stranger,
            _silent: silent,
            _workspace: workspace,
        }
    }

    /// Makes a scenario and has it diagnosed.
    pub(super) fn told(&self, made: &OnLoopback) -> Told {
        let workspace = Workspace::new();
        let mut command = binary();
        command.args(["diagnose", "--json", "--lang", "en"]);
        if made.unconfigured {
            // Its name is asked of resolv.conf's servers.
            let arguments = ["--resolver", "udp://{sim}", "--ca-file", "{ca}", "--timeout", "2s"];
            command.args(arguments.map(|text| self.filled(text))).arg(self.filled(made.url));
        } else {
            let config = workspace.write("config.yml", &self.config(made));
            command.arg(format!("--config.file={}", config.display()));
        }
        if !made.arguments.contains(&"--control") {
            command.args(["--control", &self.filled("http://127.0.0.1:{plain}/ok")]);
        }
        command.args(made.arguments.iter().map(|text| self.filled(text)));
        command.envs(made.environment.iter().map(|(name, value)| (name, self.filled(value))));
        // Also where it is not asked first: what the machine's own resolver would say must not matter.
        let usual = [("/etc/resolv.conf", "nameserver 127.83.0.1\n")];
        let usual = usual.iter().filter(|(path, _)| made.files.iter().all(|(own, _)| own != path));
        for (index, (path, content)) in made.files.iter().chain(usual).enumerate() {
            let file = workspace.write(&format!("file{index}"), content);
            command = mounted(&file, path, &command);
        }
        run(command, workspace.path())
    }

    fn config(&self, made: &OnLoopback) -> String {
        let address = |name: &str| match name {
            "home" => "{home-dns}".to_owned(),
            name => format!("{{{name}}}"),
        };
        let own = made.resolvers.split(", ").filter(|name| *name != "system");
        let resolvers: Vec<String> =
            own.map(|name| format!("{name}: {{ address: \"udp://{}\" }}", address(name))).collect();
        let mut text = format!(
            "resolvers: {{ {} }}\nroutes: {{ {} }}\ndefaults: {{ interval: 5s, timeout: 2s }}\ntargets:\n",
            resolvers.join(", "),
            made.routes,
        );
        let urls = std::iter::once(&made.url).chain(made.others);
        for (index, url) in urls.enumerate() {
            text += &format!(
                "  - {{ name: api{index}, provider: anthropic, url: \"{url}\", resolvers: [{}], tls: {{ {} }}, {} }}\n",
                made.resolvers, made.tls, made.keys
            );
        }
        self.filled(&text)
    }

    /// A text with what stands for its words.
    fn filled(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning))
    }
}

/// The same command where a file of the machine is another one, for it alone.
fn mounted(file: &Path, over: &str, command: &Command) -> Command {
    let mut outer = program("unshare");
    outer.args(["--mount", "sh", "-ec", "mount --bind \"$1\" \"$2\"; shift 2; exec \"$@\"", "sh"]);
    outer.arg(file).arg(over).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

/// Takes connections at an address alone, and hands them on; the port.
async fn relay(at: SocketAddr, to: SocketAddr) -> u16 {
    let listener = TcpListener::bind(at).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                let Ok(mut stream) = TcpStream::connect(to).await else { return };
                let _ = copy_bidirectional(&mut from, &mut stream).await;
            });
        }
    });
    port
}

/// The same at `::1`, where there is IPv6; else a port that nothing listens on.
async fn relay_ipv6(to: SocketAddr) -> u16 {
    if crate::scene::has_ipv6() { relay("[::1]:0".parse().unwrap(), to).await } else { closed_port() }
}
