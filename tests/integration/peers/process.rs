//! Other people's programs as peers: found, started in the foreground on a free port, ended with the test.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::workspace::wait_for;

/// How often a start is tried: another process may take the port between our look and the peer's.
const ATTEMPTS: usize = 5;

/// How long one look at whether an address takes connections may last.
const ANSWER: Duration = Duration::from_secs(1);

/// A running peer; it ends with this value.
pub(crate) struct Peer {
    child: Child,
    log: PathBuf,
}

impl Peer {
    /// Starts what `command` makes of some free ports, and waits until all of them take connections.
    pub(crate) async fn start<const PORTS: usize>(
        log: PathBuf,
        command: impl Fn([u16; PORTS]) -> Command,
    ) -> (Self, [u16; PORTS]) {
        for _ in 0..ATTEMPTS {
            let ports = free_ports();
            let mut peer = Self::spawn(log.clone(), &mut command(ports));
            if peer.serves(&ports.map(local)).await {
                return (peer, ports);
            }
        }
        panic!("it does not start: {}", std::fs::read_to_string(&log).unwrap());
    }

    /// Starts what listens at addresses that are free for sure, and waits until all of them take connections.
    pub(crate) async fn at(log: PathBuf, mut command: Command, addresses: &[SocketAddr]) -> Self {
        let mut peer = Self::spawn(log, &mut command);
        assert!(peer.serves(addresses).await, "it does not start: {}", peer.log());
        peer
    }

    fn spawn(log: PathBuf, command: &mut Command) -> Self {
        let file = File::create(&log).unwrap();
        let out = file.try_clone().unwrap();
        let child = command.stdin(Stdio::null()).stdout(out).stderr(file).spawn().unwrap();
        Self { child, log }
    }

    /// What it has written.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Whether all addresses take connections, sooner or later; `false` when it has ended before.
    async fn serves(&mut self, addresses: &[SocketAddr]) -> bool {
        let child = std::sync::Mutex::new(&mut self.child);
        wait_for("a peer's addresses", || async {
            if child.lock().unwrap().try_wait().unwrap().is_some() {
                return Ok(false);
            }
            let closed: Vec<_> = addresses
                .iter()
                .filter(|address| TcpStream::connect_timeout(address, ANSWER).is_err())
                .collect();
            if closed.is_empty() { Ok(true) } else { Err(format!("closed: {closed:?}")) }
        })
        .await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program by its name, also where the search path of a plain user does not lead.
pub(crate) fn program(name: &str) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "the search path is the machine's, not the program's config"
    )]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = places.find(|place| place.join(name).is_file());
    let place = found.unwrap_or_else(|| panic!("{name} is not installed; `scripts/test` installs it"));
    Command::new(place.join(name))
}

/// An address on loopback.
pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Writes a file below a directory of the workspace, and returns where.
pub(crate) fn put(directory: &Path, name: &str, content: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Ports that are free for TCP and UDP right now, all different.
pub(crate) fn free_ports<const PORTS: usize>() -> [u16; PORTS] {
    let mut held = Vec::new();
    while held.len() < PORTS {
        let tcp = TcpListener::bind(local(0)).unwrap();
        // One that is taken for UDP is held until the end, so that it is not offered again.
        let udp = UdpSocket::bind(tcp.local_addr().unwrap()).ok();
        let free = udp.is_some();
        let port = tcp.local_addr().unwrap().port();
        if free {
            held.push((port, tcp, udp));
        }
    }
    std::array::from_fn(|index| held[index].0)
}

/// A port that nothing listens on right now.
pub(crate) fn closed_port() -> u16 {
    let [port] = free_ports();
    port
}
