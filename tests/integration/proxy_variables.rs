//! The proxy variables, held against the real curl: for each environment and URL it has to go where we say that it goes.
//!
//! No request leaves loopback: every name of the table is one that curl is told the address of, every address is one of
//! loopback.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use api_canary::target::{Endpoint, EndpointError, EnvWay, Host, Proxy, ProxyEnvironment};

/// All names of the table and their addresses: an endpoint's and two proxies'.
const NAMES: [(&str, Ipv4Addr); 6] = [
    ("api.example", Ipv4Addr::new(127, 77, 0, 1)),
    ("x.api.example", Ipv4Addr::new(127, 77, 0, 1)),
    ("notapi.example", Ipv4Addr::new(127, 77, 0, 1)),
    ("localhost", Ipv4Addr::new(127, 77, 0, 1)),
    ("a.proxy", Ipv4Addr::new(127, 77, 0, 2)),
    ("b.proxy", Ipv4Addr::new(127, 77, 0, 3)),
];

/// A version of curl.
type Version = (u32, u32);

/// Where the versions of curl are one in what they do.
const EVERY: fn(Version) -> bool = |_| true;
/// Spaces separate entries of `NO_PROXY`.
const SPACES: fn(Version) -> bool = |version| version < (8, 9);
/// IPv6 addresses are not compared as text.
const IPV6: fn(Version) -> bool = |version| version >= (8, 18);

/// Variables, a URL, and the versions of curl that read them as we do. `{A}` and `{B}` are where the proxies listen.
type Row = (&'static [(&'static str, &'static str)], &'static str, fn(Version) -> bool);

const HTTPS: &str = "https://api.example/";
const HTTP: &str = "http://api.example/";
const P: (&str, &str) = ("https_proxy", "http://a.proxy:{A}");

const ROWS: &[Row] = &[
    // Which variable.
    (&[], HTTPS, EVERY),
    (&[P], HTTPS, EVERY),
    (&[P], HTTP, EVERY),
    (&[P, ("HTTPS_PROXY", "http://b.proxy:{B}")], HTTPS, EVERY),
    (&[("HTTPS_PROXY", "http://b.proxy:{B}")], HTTPS, EVERY),
    (&[("https_proxy", ""), ("HTTPS_PROXY", "http://b.proxy:{B}")], HTTPS, EVERY),
    (&[("https_proxy", ""), ("HTTPS_PROXY", ""), ("ALL_PROXY", "http://b.proxy:{B}")], HTTPS, EVERY),
    (&[("ALL_PROXY", "http://b.proxy:{B}"), ("all_proxy", "http://a.proxy:{A}")], HTTPS, EVERY),
    (&[P, ("all_proxy", "http://b.proxy:{B}")], HTTPS, EVERY),
    (&[("http_proxy", "http://a.proxy:{A}")], HTTP, EVERY),
    (&[("http_proxy", "http://a.proxy:{A}")], HTTPS, EVERY),
    (&[("HTTP_PROXY", "http://a.proxy:{A}")], HTTP, EVERY),
    (&[("HTTP_PROXY", "http://a.proxy:{A}"), ("all_proxy", "http://b.proxy:{B}")], HTTP, EVERY),
    (&[("http_proxy", "http://a.proxy:{A}"), ("REQUEST_METHOD", "GET")], HTTP, EVERY),
    (&[P], "https://localhost/", EVERY),
    (&[P], "https://127.77.0.9/", EVERY),
    // Which proxy.
    (&[("https_proxy", "a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "a.proxy")], HTTPS, EVERY),
    (&[("https_proxy", "http://a.proxy")], HTTPS, EVERY),
    (&[("https_proxy", "http://a.proxy:/")], HTTPS, EVERY),
    (&[("https_proxy", "a.proxy:")], HTTPS, EVERY),
    (&[("https_proxy", "https://a.proxy")], HTTPS, EVERY),
    (&[("https_proxy", "https://a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "socks5://a.proxy")], HTTPS, EVERY),
    (&[("https_proxy", "socks5://a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "socks5h://a.proxy:{A}")], HTTPS, EVERY),
    (&[("http_proxy", "SOCKS5h://A.Proxy:{A}")], HTTP, EVERY),
    (&[("https_proxy", "socks4://a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "socks4a://a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "socks://a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "ftp://a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http:/a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http:///a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http:////a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http://a.proxy:{A}/path?query#fragment")], HTTPS, EVERY),
    (&[("https_proxy", "http://127.77.0.2:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http://a.proxy:65536")], HTTPS, EVERY),
    (&[("https_proxy", "http://a.proxy:x")], HTTPS, EVERY),
    (&[("https_proxy", " http://a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http://")], HTTPS, EVERY),
    (&[("https_proxy", "http://a!.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http://user:secret@a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "user:secret@a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http://us%20er%3a:s%40%2Fcr%zzet%@a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http://user@a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http://:secret@a.proxy:{A}")], HTTPS, EVERY),
    (&[("https_proxy", "http://user:s@cret@a.proxy:{A}")], HTTPS, EVERY),
    // Which hosts are exempted.
    (&[P, ("no_proxy", "*")], HTTPS, EVERY),
    (&[P, ("no_proxy", "*,other")], HTTPS, EVERY),
    (&[P, ("no_proxy", "*.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", "api.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", "API.Example")], HTTPS, EVERY),
    (&[P, ("no_proxy", "api.example")], "https://API.EXAMPLE/", EVERY),
    (&[P, ("no_proxy", "api.example")], "https://x.api.example/", EVERY),
    (&[P, ("no_proxy", ".api.example")], "https://x.api.example/", EVERY),
    (&[P, ("no_proxy", ".api.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", "api.example")], "https://notapi.example/", EVERY),
    (&[P, ("no_proxy", ".api.example")], "https://notapi.example/", EVERY),
    (&[P, ("no_proxy", "x.api.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", "api.example.")], HTTPS, EVERY),
    (&[P, ("no_proxy", "..api.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", ".")], HTTPS, EVERY),
    (&[P, ("no_proxy", "example")], HTTPS, EVERY),
    (&[P, ("no_proxy", "api.example:443")], HTTPS, EVERY),
    (&[P, ("no_proxy", "api.example:8443")], "https://api.example:8443/", EVERY),
    (&[P, ("no_proxy", "api.example")], "https://api.example:8443/", EVERY),
    (&[P, ("NO_PROXY", "api.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", "other"), ("NO_PROXY", "api.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", ""), ("NO_PROXY", "api.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", "other , api.example")], HTTPS, EVERY),
    (&[P, ("no_proxy", ",,other,,,api.example,")], HTTPS, EVERY),
    (&[P, ("no_proxy", "other api.example")], HTTPS, SPACES),
    (&[P, ("no_proxy", "other\tapi.example")], HTTPS, SPACES),
    (&[P, ("no_proxy", "api.example other")], HTTPS, EVERY),
    (&[P, ("no_proxy", "127.77.0.9")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", ".77.0.9,0.9")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", "127.77.0.0/16")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", "127.77.0.255/29")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", "127.77.0.15/29")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", "127.77.0.9/32")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", "127.77.0.9/33")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", "127.0.0.0/0")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", "127.77.0.9:443")], "https://127.77.0.9/", EVERY),
    (&[P, ("no_proxy", "127.77.0.0/16")], HTTPS, EVERY),
    (&[P, ("no_proxy", "::1")], "https://[::1]/", EVERY),
    (&[P, ("no_proxy", "[::1]")], "https://[::1]/", EVERY),
    (&[P, ("no_proxy", "::2/128")], "https://[::1]/", EVERY),
    (&[P, ("no_proxy", "0:0::1")], "https://[::1]/", IPV6),
    (&[P, ("no_proxy", "::/9")], "https://[::1]/", IPV6),
    (&[P, ("no_proxy", "::/64")], "https://[::1]/", IPV6),
];

/// Where curl went, and the first bytes it sent if somebody listened there.
#[derive(Debug, PartialEq, Eq)]
enum Went {
    /// Nowhere.
    Nowhere,
    /// There.
    To(SocketAddr, Vec<u8>),
}

/// Something that listens, tells what it is sent first, and hangs up.
struct Peer {
    address: SocketAddr,
    heard: Receiver<Vec<u8>>,
}

impl Peer {
    fn start(address: Ipv4Addr) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let (tell, heard) = channel();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                let mut first = vec![0; 4096];
                let size = stream.read(&mut first).unwrap_or(0);
                first.truncate(size);
                let _ = stream
                    .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                if tell.send(first).is_err() {
                    return;
                }
            }
        });
        Self { address, heard }
    }
}

fn curl_version() -> Version {
    let output = Command::new("/usr/bin/curl").arg("--version").output().expect("curl is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split([' ', '.']).skip(1).map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// Lets curl fetch a URL with these variables alone.
fn curl(variables: &[(String, String)], url: &str, peers: &[Peer; 2]) -> Went {
    let mut command = Command::new("/usr/bin/curl");
    command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    command.args(["-q", "-sv", "--max-time", "5", "-o", "/dev/null"]);
    let ports: BTreeSet<u16> =
        [80, 443, 1080, 8443].into_iter().chain(peers.iter().map(|peer| peer.address.port())).collect();
    for (name, address) in NAMES {
        for port in &ports {
            command.args(["--resolve", &format!("{name}:{port}:{address}")]);
        }
    }
    let output = command.arg(url).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let tried: Vec<SocketAddr> = told
        .lines()
        .filter_map(|line| line.split_once("Trying ")?.1.strip_suffix("..."))
        .map(|address| address.parse().unwrap())
        .collect();
    let Some(address) = tried.first() else { return Went::Nowhere };
    assert!(tried.iter().all(|other| other == address && other.ip().is_loopback()), "{url}: {told}");
    let peer = peers.iter().find(|peer| peer.address == *address);
    let first =
        peer.map(|peer| peer.heard.recv_timeout(Duration::from_secs(5)).expect("curl sent something"));
    Went::To(*address, first.unwrap_or_default())
}

fn address(host: &Host, port: u16) -> SocketAddr {
    let address = match host {
        Host::Address(address) => *address,
        Host::Name(name) => {
            let own = NAMES.iter().find(|(own, _)| own == name);
            IpAddr::V4(own.unwrap_or_else(|| panic!("{name} is not in the list of names")).1)
        }
    };
    SocketAddr::new(address, port)
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits =
            (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = if at <= chunk.len() { DIGITS[bits >> (18 - 6 * at) & 63] } else { b'=' };
            out.push(digit.into());
        }
    }
    out
}

/// Whether curl spoke to a proxy as this one wants it.
fn spoke(first: &[u8], proxy: &Proxy, endpoint: &Endpoint) -> bool {
    let text = String::from_utf8_lossy(first);
    match proxy.protocol.to_string().as_str() {
        "http" => {
            let method = if endpoint.port == 80 { "GET http://" } else { "CONNECT " };
            let line = text.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: Basic "));
            let credentials = proxy.credentials.as_ref().map(|credentials| {
                base64(&format!("{}:{}", credentials.user.expose(), credentials.password.expose()))
            });
            text.starts_with(method) && line == credentials.as_deref()
        }
        "https" => first.first() == Some(&0x16),
        _ => first.first() == Some(&5),
    }
}

#[test]
fn curl_goes_where_the_proxy_variables_are_said_to_lead() -> Result<(), EndpointError> {
    let version = curl_version();
    let peers = [Peer::start(NAMES[4].1), Peer::start(NAMES[5].1)];
    let mut seen = BTreeSet::new();
    for (variables, url, same) in ROWS {
        let variables: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| {
                let value = value.replace("{A}", &peers[0].address.port().to_string());
                ((*name).to_owned(), value.replace("{B}", &peers[1].address.port().to_string()))
            })
            .collect();
        let environment = ProxyEnvironment::read(|name| {
            variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
        });
        let endpoint = Endpoint::parse(url)?;
        let route = environment.route(&endpoint);
        let went = curl(&variables, url, &peers);
        let agrees = match (&route.way, &went) {
            (EnvWay::Direct, Went::To(to, _)) => *to == address(&endpoint.host, endpoint.port),
            (EnvWay::Proxy(proxy), Went::To(to, first)) => {
                let listens = peers.iter().any(|peer| peer.address == *to);
                *to == address(&proxy.host, proxy.port) && (!listens || spoke(first, proxy, &endpoint))
            }
            // Curl speaks SOCKS 4, which we do not.
            (EnvWay::Unsupported(_), Went::To(_, first)) => first.first() == Some(&4),
            (EnvWay::Unsupported(_), Went::Nowhere) => true,
            (EnvWay::Direct | EnvWay::Proxy(_), Went::Nowhere) => false,
        };
        assert_eq!(agrees, same(version), "{variables:?} {url}: said {:?}, went {went:?}", route.way);
        // Where versions of curl differ, that is told.
        let told = route.disagreements.iter().any(|line| line.starts_with("curl "));
        assert!(same(version) || told, "{variables:?} {url}: {:?}", route.disagreements);
        seen.insert(format!("{:?}", route.way).split('(').next().map(str::to_owned));
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    Ok(())
}
