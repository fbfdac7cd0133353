//! How far what a prober reports is from what was on the wire: `cargo bench --bench wire [-- SCENARIO…] [--rounds N]`.
//!
//! Prober and servers are in two networks of their own, joined by a link that holds every packet for 25 ms and notes it
//! ([`link`]); so a round trip takes 50 ms. Nginx answers with TLS 1.3 what a server behind it takes a known time for, unbound
//! knows the names. What the packets say of a probe is the truth ([`truth`]); how a probe is found among them is by the
//! number in the name it asks for, and by nginx' log, which has the port of each call. Every prober walks the same
//! targets in the same network, one prober after the other:
//! - `canary`: the library's probers, made once a target, on a runtime like the program's.
//! - `canary (whole program)`: the program with 1,000 targets, as its JSON API tells its journeys (evenly paced only).
//! - `floor`: bare sockets and rustls, with the time read around each step.
//! - `blackbox_exporter`, scraped as Prometheus scrapes it.
//!
//! A cell is the error, reported less true, in milliseconds: p50 with its sign, and p99 of its size. All targets are
//! walked once before, so that nothing is measured that happens once a target. `CPU µs` is of the prober for a probe, to 10 ms
//! of the whole scenario. `late` is how late the canary says that it was; `others` how many cores processes not of this bench
//! used: above some tenths the p99 of two cores mean little. With several rounds cells are medians over them.
//!
//! How to read it:
//! - The first line is the wire itself, p50 and p99 of what was so: a server that is busy in a burst is slow there too, and that
//!   is no error of anybody.
//! - A prober that is late makes its layers longer than they were, and the next one begin late. What it waits between two
//!   layers is in the `total` of the wire too, so that the error of `total` is only what it was late before its first packet
//!   and behind its last one: whether it blames the right layer is in the other columns.
//! - `tls` has the prober's own work in it: it is done when what came has been verified, some 0.3 ms behind the last packet.
//! - A packet is noted some hundredths of a millisecond after it was sent, since the link has to wake up, and just before it
//!   is heard. That is in every column, and `kernel's RTT` of the floor shows how much it is: the kernel itself is not late.
//! - The answer is small and comes at once, so that `transfer` only shows what a prober adds to nothing.
//!
//! With `cargo test` three targets are walked in each scenario, each of which has to be found on the wire. It needs root, nginx,
//! unbound and `/dev/net/tun`; figures are of worth on a quiet machine in a release build only.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../shared/canary.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod canary;
#[path = "../journey/floor.rs"]
#[expect(dead_code, reason = "another bench uses the rest")]
mod floor;
#[path = "../shared/harness.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod harness;
mod link;
mod network;
mod others;
mod packet;
#[path = "../shared/place.rs"]
mod place;
mod probers;
#[path = "../shared/process.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod process;
mod record;
mod report;
mod scenario;
#[path = "../shared/servers.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod servers;
mod slow;
mod truth;
mod tun;
mod whole;

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use harness::is_smoke;
use network::{Network, Walked, Who};
use report::Figures;
use scenario::Scenario;
use truth::Truth;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The argument that makes this program one of its own children.
const ROLE: &str = "--role";

/// In a smoke run, the largest error of a total that is not nonsense, in seconds.
const SANE: f64 = 1.0;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [ROLE, role, rest @ ..] = words.as_slice() {
        return child(role, rest);
    }
    if let Some(why) = missing() {
        println!("skipped: {why}");
        return if is_smoke() { Ok(()) } else { Err(why.into()) };
    }
    let rounds = words.iter().position(|word| *word == "--rounds").and_then(|at| words.get(at + 1));
    let rounds: u32 = rounds.map_or(Ok(1), |text| text.parse())?;
    let scenarios = scenario::all(is_smoke());
    let is_asked = |scenario: &&Scenario| {
        let asked = |name: &&str| words.contains(name);
        words.contains(&scenario.name) || !scenarios.iter().any(|scenario| asked(&scenario.name))
    };
    let scenarios: Vec<&Scenario> = scenarios.iter().filter(is_asked).collect();
    let directory = tempfile::tempdir()?;
    let mut network = Network::new(directory.path())?;
    println!("{}", machine(&network));
    let mut figures = Vec::new();
    for scenario in scenarios {
        for round in 0..rounds {
            for who in Who::ALL.into_iter().filter(|who| who.does(scenario)) {
                let walked = network.walk(who, scenario, directory.path())?;
                for words in walked.unmatched.iter().take(3) {
                    println!("{}, {}: not matched: {words}", scenario.name, who.words());
                }
                if is_smoke() {
                    check(scenario, who, &walked)?;
                }
                figures.push(Figures::of(scenario, who, round, &walked));
            }
        }
        println!("{}", report::table(scenario, &figures));
    }
    if !is_smoke() {
        println!("{}", report::bars(&figures));
    }
    Ok(())
}

/// What this program is as a child.
fn child(role: &str, rest: &[&str]) -> Result<()> {
    let scenario = |name: &str| {
        let scenario = scenario::all(is_smoke()).into_iter().find(|scenario| scenario.name == name);
        scenario.ok_or_else(|| format!("no such scenario: {name}"))
    };
    match (role, rest) {
        ("link", _) => link::run(),
        ("slow", [socket, ..]) => slow::run(Path::new(socket)),
        ("canary", [name, config, ..]) => probers::canary(&scenario(name)?, Path::new(config)),
        ("floor", [name, _, root, ..]) => probers::floor(&scenario(name)?, Path::new(root), network::SERVERS),
        ("scrape", [name, ..]) => probers::scrape(&scenario(name)?),
        ("ask", [name, ..]) => whole::ask(scenario(name)?.targets),
        _ => Err(format!("no such role: {role} {rest:?}").into()),
    }
}

/// Why it cannot run here.
fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("networks of its own take root".to_owned());
    }
    tun::device("wirecheck").err().map(|error| format!("{}: {error}", tun::CLONE))
}

/// Where it runs, and beside whom.
fn machine(network: &Network) -> String {
    let version = |program: &str, argument: &str| {
        let Ok(output) = Command::new(program).arg(argument).output() else {
            return format!("no {program}");
        };
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned()
    };
    let first =
        if network.link_is_first() { "" } else { "; the link has no priority: its times are less exact" };
    let skipped =
        if network::has_blackbox() { "" } else { "; blackbox_exporter is skipped: it is not installed" };
    format!(
        "{} cores, Linux {}; {}; {}; round trip {} ms{first}{skipped}",
        std::thread::available_parallelism().map_or(0, usize::from),
        std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        version("/usr/sbin/nginx", "-v"),
        version(servers::BLACKBOX_PROGRAM, "--version"),
        (link::ONE_WAY * 2).as_secs_f64() * 1e3,
    )
}

/// Every probe was found on the wire, nothing was there faster than the link and the server are, and no total is nonsense.
fn check(scenario: &Scenario, who: Who, walked: &Walked) -> Result<()> {
    let name = format!("{}, {}", scenario.name, who.words());
    let expected = usize::try_from(scenario.targets * scenario.times)?;
    if !walked.unmatched.is_empty() || walked.pairs.len() < expected {
        let found = walked.pairs.len();
        return Err(format!("{name}: {found} of {expected} found: {:?}", walked.unmatched).into());
    }
    let round_trip = link::nanos(link::ONE_WAY * 2);
    let delay = link::nanos(Duration::from_millis(scenario.delay.into()));
    for (record, truth) in &walked.pairs {
        let Truth { dns, tcp, tls, processing, transfer, total } = *truth;
        let is_slow_enough =
            [dns, tcp, tls, processing.saturating_sub(delay)].iter().all(|took| *took >= round_trip)
                && total >= dns + tcp + tls + processing + transfer;
        let so = Duration::from_nanos(total).as_secs_f64();
        if !is_slow_enough || record.total.is_none_or(|said| (said - so).abs() > SANE) {
            return Err(format!("{name}: {record:?} is not {truth:?}").into());
        }
    }
    Ok(())
}
