//! A network of its own for a test: a client, a router and a server, each in a network namespace.
//!
//! A namespace lives as long as a process in it does. The process that holds each of ours ends when its standard input
//! does, so that no namespace outlives its test; none has a name that another test could have too, and the only way out
//! of the three leads to one another.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd as _;
use std::panic::resume_unwind;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::peers::process::program;

/// The server's addresses: one that is reached, and others below the same router that routes can be lost to.
pub(crate) const SERVER: [IpAddr; 2] = server(2);

/// The server's addresses by their last number, which is 2 to [`LAST`].
pub(crate) const fn server(number: u8) -> [IpAddr; 2] {
    [
        IpAddr::V4(Ipv4Addr::new(198, 51, 100, number)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, number as u16)),
    ]
}

/// An address of the server's that looks like one of the internet (it is kept for benchmarks): the others are for
/// documentation, where no API can be.
pub(crate) const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);

/// The last of the server's addresses.
pub(crate) const LAST: u8 = 5;

/// The three namespaces and the links between them.
pub(crate) struct Network {
    client: Namespace,
    router: Namespace,
    server: Namespace,
}

/// One namespace, held by a process that does nothing.
struct Namespace {
    holder: Child,
}

/// Runs a test on the client of a new network: its sockets, and the programs it starts, are there.
pub(crate) fn on_the_client(test: impl AsyncFnOnce(Network) + Send + 'static) {
    // A thread is in a namespace, not a process; so everything the test does stays on this one.
    let thread = std::thread::spawn(move || {
        let network = Network::new();
        network.client.enter();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(test(network));
    });
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

impl Network {
    fn new() -> Self {
        let [client, router, server] = std::array::from_fn(|_| Namespace::new());
        // What it refuses it says each time: by default the kernel says so to one host about once a second.
        router.sh(
            "for file in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$file; done\n\
             for file in ipv4/icmp_ratemask ipv6/icmp/ratelimit; do echo 0 >/proc/sys/net/$file; done",
        );
        router.ip(&format!(
            "link set lo up\n\
             link add name client type veth peer name uplink netns {}\n\
             link add name server type veth peer name uplink netns {}\n\
             address add 192.0.2.1/24 dev client\n\
             address add 2001:db8:1::1/64 dev client nodad\n\
             address add 198.51.100.1/24 dev server\n\
             address add 2001:db8:2::1/64 dev server nodad\n\
             link set client up\n\
             link set server up\n",
            client.holder.id(),
            server.holder.id(),
        ));
        let host = |addresses: &str, routers: [&str; 2]| {
            format!(
                "link set lo up\n{addresses}link set uplink up\n\
                 route add default via {}\nroute add default via {}\n",
                routers[0], routers[1]
            )
        };
        let own = "address add 192.0.2.2/24 dev uplink\naddress add 2001:db8:1::2/64 dev uplink nodad\n";
        client.ip(&host(own, ["192.0.2.1", "2001:db8:1::1"]));
        let own = |number| {
            let [ipv4, ipv6] = self::server(number);
            format!("address add {ipv4}/24 dev uplink\naddress add {ipv6}/64 dev uplink nodad\n")
        };
        let all: String = (2..=LAST).map(own).collect();
        let all = all + &format!("address add {ELSEWHERE}/32 dev uplink\n");
        router.ip(&format!("route add {ELSEWHERE} via {}\n", SERVER[0]));
        server.ip(&host(&all, ["198.51.100.1", "2001:db8:2::1"]));
        Self { client, router, server }
    }

    /// A program that will run on the server.
    pub(crate) fn on_the_server(&self, name: &str) -> Command {
        self.server.command(name)
    }

    /// Gives the router these rules of nftables for all that it forwards, in place of those it had.
    pub(crate) fn forward(&self, rules: &[&str]) {
        let rules = rules.join("\n");
        Namespace::feed(
            self.router.command("nft").args(["-f", "-"]),
            &format!(
                "flush ruleset\n\
                 table inet router {{\nchain forward {{\n\
                 type filter hook forward priority filter; policy accept;\n{rules}\n}}\n}}\n"
            ),
        );
    }

    /// Changes the router's routes: commands of `ip -batch`.
    pub(crate) fn route(&self, commands: &str) {
        self.router.ip(commands);
    }

    /// Runs commands of `sh` on the router.
    pub(crate) fn router_does(&self, commands: &str) {
        self.router.sh(commands);
    }

    /// Runs commands of `sh` on the client.
    pub(crate) fn client_does(&self, commands: &str) {
        self.client.sh(commands);
    }

    /// Runs something on the router in a thread of its own.
    pub(crate) fn thread_on_the_router(&self, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        let file = File::open(self.router.file()).unwrap();
        std::thread::spawn(move || {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            run();
        })
    }

    /// Changes the client's routes.
    pub(crate) fn route_on_the_client(&self, commands: &str) {
        self.client.ip(commands);
    }
}

impl Namespace {
    fn new() -> Self {
        let mut command = program("unshare");
        command.args(["--net", "sh", "-c", "echo made && exec cat"]);
        let mut holder =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut namespace = Self { holder };
        if line != "made\n" {
            let mut error = String::new();
            let _ = namespace.holder.stderr.take().unwrap().read_to_string(&mut error);
            panic!("this test makes network namespaces, which takes root (CAP_SYS_ADMIN): {error}");
        }
        namespace
    }

    /// Where the kernel shows it.
    fn file(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.id())
    }

    /// Moves this thread there.
    fn enter(&self) {
        let file = File::open(self.file()).unwrap();
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
    }

    /// A program that will run there.
    fn command(&self, name: &str) -> Command {
        let mut command = program("nsenter");
        command.arg(format!("--net={}", self.file())).arg("--").arg(program(name).get_program());
        command
    }

    fn ip(&self, commands: &str) {
        Self::feed(self.command("ip").args(["-batch", "-"]), commands);
    }

    fn sh(&self, commands: &str) {
        Self::feed(self.command("sh").args(["-e"]), commands);
    }

    /// Runs a command that reads what to do, and must succeed.
    fn feed(command: &mut Command, text: &str) {
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {error}\n{text}");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
