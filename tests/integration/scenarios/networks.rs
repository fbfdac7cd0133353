//! Scenarios with a router between the canary and the server: what it loses, refuses, cuts and cannot reach.

use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;

use super::middlebox::Middlebox;
use super::scenario::{BEHIND, BehindARouter, Filter, OK, Scenario, degraded, down, routed};
use super::told::{Told, run};
use crate::canary::binary;
use crate::namespaces::network::{SERVER, on_the_client};
use crate::namespaces::place::Place;

/// No way out of the client.
const NO_WAY_OUT: &str = "ip route del default; ip -6 route del default";

/// Links behind which packets are smaller, and a router that says nothing of it.
const QUIET: &str = "nft add table inet quiet\n\
    nft add chain inet quiet output '{ type filter hook output priority 0; }'\n\
    nft add rule inet quiet output icmp type destination-unreachable drop\n\
    nft add rule inet quiet output icmpv6 type packet-too-big drop\n";

/// The server over both families.
const BOTH: &[SocketAddr] = &[IPV4, SocketAddr::new(SERVER[1], 443)];
const IPV4: SocketAddr = SocketAddr::new(SERVER[0], 443);

/// How many local ports the client has where they run out.
const FEW_PORTS: u16 = 20;

const HOSTS: &[&str] = &["server2.peers.test", "api.one.test", "api.two.test"];

/// Hosts of one owner.
const ONE_OWNER: &[&str] = &["server2.peers.test", "server3.peers.test", "server4.peers.test"];

/// A control with both families.
const DUAL_CONTROL: &str = "http://server5.peers.test/api/hello";

pub(super) const SCENARIOS: &[Scenario] = &[
    routed("healthy behind a router", BEHIND, OK),
    routed(
        "T2 the router drops SYNs to the API only",
        BehindARouter { forward: &["tcp dport 443 tcp flags & (syn | ack) == syn drop"], ..BEHIND },
        down("tcp_timeout", "tcp", "network"),
    ),
    routed(
        "T1 the router resets connections to the API only",
        BehindARouter { forward: &["tcp dport 443 reject with tcp reset"], ..BEHIND },
        down("tcp_refused", "tcp", "network"),
    ),
    routed(
        "T2 the router forbids the API only",
        BehindARouter { forward: &["tcp dport 443 reject with icmpx type admin-prohibited"], ..BEHIND },
        down("tcp_unreachable", "tcp", "network"),
    ),
    routed(
        "N6 IPv6 is swallowed on the way",
        BehindARouter { forward: &["meta nfproto ipv6 drop"], ..BEHIND },
        degraded("ipv6_broken", "tcp", "network"),
    ),
    routed(
        "N6 IPv4 is swallowed on the way",
        BehindARouter {
            forward: &["meta nfproto ipv4 drop"],
            control: Some("http://[2001:db8:2::5]/api/hello"),
            ..BEHIND
        },
        degraded("ipv4_broken", "tcp", "network"),
    ),
    routed(
        "N6 no way out over IPv6",
        BehindARouter { client: "ip -6 route del default", ..BEHIND },
        degraded("ipv6_broken", "tcp", "network"),
    ),
    routed(
        "offline: no route anywhere",
        BehindARouter { client: NO_WAY_OUT, ..BEHIND },
        down("offline", "tcp", "network"),
    ),
    routed(
        "offline: nothing comes back from anywhere",
        BehindARouter { forward: &["drop"], ..BEHIND },
        down("offline", "tcp", "network"),
    ),
    routed(
        "offline: not even the resolver is reached",
        BehindARouter { client: NO_WAY_OUT, resolver: "far", ..BEHIND },
        down("offline", "tcp", "network"),
    ),
    routed(
        "offline: three targets fail alike",
        BehindARouter { client: NO_WAY_OUT, hosts: HOSTS, ..BEHIND },
        down("offline", "tcp", "network"),
    ),
    routed(
        "offline: three targets fail alike and no control is asked",
        BehindARouter { client: NO_WAY_OUT, hosts: HOSTS, control: None, ..BEHIND },
        down("offline", "tcp", "network"),
    ),
    routed(
        "T2 three hosts of one provider are silent and no control is asked",
        BehindARouter { forward: &["tcp dport 443 drop"], hosts: ONE_OWNER, control: None, ..BEHIND },
        down("tcp_timeout", "tcp", "network"),
    ),
    routed(
        "N6 no way out over IPv4, and the name has no other address",
        BehindARouter {
            client: "ip route del default",
            hosts: &["only4.peers.test"],
            control: Some(DUAL_CONTROL),
            ..BEHIND
        },
        down("ipv4_broken", "tcp", "network"),
    ),
    routed(
        "M1 large packets are lost in both directions",
        BehindARouter { router: MTU_BOTH, ..BEHIND },
        down("tls_mtu_blackhole", "tls", "network"),
    ),
    routed(
        "M1 large packets are lost on the way to the server",
        BehindARouter { router: MTU_THERE, ..BEHIND },
        down("tls_mtu_blackhole", "tls", "network"),
    ),
    routed(
        "M1 large packets are lost on the way back",
        BehindARouter { router: MTU_BACK, ..BEHIND },
        down("tls_mtu_blackhole", "tls", "network"),
    ),
    routed(
        "T3 everything with words in it is reset",
        BehindARouter { forward: &["tcp dport 443 tcp flags & psh == psh reject with tcp reset"], ..BEHIND },
        down("tls_reset", "tls", "network"),
    ),
    routed(
        "T3 a box resets by server name",
        BehindARouter { filter: Some((Filter::Reset, BOTH)), ..BEHIND },
        down("tls_sni_filtered", "tls", "network"),
    ),
    routed(
        "T3 a box swallows by server name",
        BehindARouter { filter: Some((Filter::Silence, BOTH)), ..BEHIND },
        down("tls_sni_filtered", "tls", "network"),
    ),
    routed(
        "T3 a box resets by server name over IPv4, and IPv6 is not used",
        BehindARouter { filter: Some((Filter::Reset, &[IPV4])), keys: "families: [ipv4]", ..BEHIND },
        down("tls_sni_filtered", "tls", "network"),
    ),
    routed(
        "the name has an address of somebody else",
        BehindARouter {
            hosts: &["elsewhere.peers.test"],
            keys: "expected_networks: [198.51.100.0/24]",
            ..BEHIND
        },
        down("dns_unexpected_address", "dns", "resolver"),
    ),
    routed(
        "the name has an address of somebody else, who drops everything",
        BehindARouter {
            hosts: &["elsewhere.peers.test"],
            keys: "expected_networks: [198.51.100.0/24]",
            forward: &["ip daddr 198.18.0.0/15 drop"],
            ..BEHIND
        },
        down("dns_unexpected_address", "dns", "resolver"),
    ),
    routed(
        "the canary has no local port left",
        BehindARouter { no_ports: true, keys: "families: [ipv4]", ..BEHIND },
        down("canary_exhausted", "tcp", "canary"),
    ),
    routed(
        "IPv6 is swallowed and the server name is filtered over IPv4",
        BehindARouter {
            forward: &["meta nfproto ipv6 drop"],
            filter: Some((Filter::Reset, &[IPV4])),
            ..BEHIND
        },
        down("tls_sni_filtered", "tls", "network"),
    ),
];

const MTU_BOTH: &str = "ip link set client mtu 1380; ip link set server mtu 1380\n";
const MTU_THERE: &str = "ip link set server mtu 1380\n";
const MTU_BACK: &str = "ip link set client mtu 1380\n";

/// Makes a scenario and has it diagnosed.
pub(super) fn told(made: &BehindARouter) -> Told {
    let made = *made;
    let (tell, told) = channel();
    on_the_client(async move |network| {
        let place = Place::new(network, &[443]).await;
        let network = &place.network;
        if !made.router.is_empty() {
            network.router_does(&format!("{QUIET}{}", made.router));
        }
        if !made.forward.is_empty() {
            network.forward(made.forward);
        }
        let _box = made.filter.map(|(how, families)| Middlebox::start(network, families, made.hosts[0], how));
        let _taken = made.no_ports.then(|| take_all_ports(&place, IPV4));
        if !made.client.is_empty() {
            network.client_does(made.client);
        }
        let resolver = if made.resolver == "far" { "198.51.100.53:53" } else { "127.0.0.1:53" };
        let mut config = format!(
            "resolvers: {{ here: {{ address: \"udp://{resolver}\" }} }}\n\
             defaults: {{ interval: 5s, timeout: 2s }}\ntargets:\n"
        );
        for host in made.hosts {
            let networks = if made.keys.contains("expected") { "" } else { "expected_networks: []," };
            config += &format!(
                "  - {{ name: {host}, provider: anthropic, url: \"https://{host}\", resolvers: [here], \
                 tls: {{ ca_file: {} }}, {networks} {} }}\n",
                place.root().display(),
                made.keys
            );
        }
        let config = place.workspace().write("config.yml", &config);
        let mut command = binary();
        command.args(["diagnose", "--json", "--lang", "en"]);
        command.arg(format!("--config.file={}", config.display()));
        command.args(made.control.iter().flat_map(|control| ["--control", control]));
        tell.send(run(command, place.workspace().path())).unwrap();
    });
    told.recv().unwrap()
}

/// Connections that hold all ports that the client has to this server.
fn take_all_ports(place: &Place, server: SocketAddr) -> Vec<TcpStream> {
    let last = 40_000 + FEW_PORTS - 1;
    place.network.client_does(&format!("echo 40000 {last} >/proc/sys/net/ipv4/ip_local_port_range"));
    let held: Vec<_> = std::iter::from_fn(|| TcpStream::connect(server).ok()).collect();
    assert_eq!(held.len(), usize::from(FEW_PORTS));
    held
}
