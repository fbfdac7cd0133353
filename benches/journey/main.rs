//! What a journey costs in CPU, beside the least work that does the same: `cargo bench --bench journey [-- NAME…]`.
//!
//! Both are run in turns in one process, on one thread, with the peer in another process; only ratios of one round are
//! compared. `--ours` leaves the floor out, for a profiler.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

mod floor;
#[path = "../shared/harness.rs"]
mod harness;
#[path = "../shared/peer.rs"]
#[expect(dead_code, reason = "other benches use the rest")]
mod peer;

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use std::time::Duration;

use api_canary::outcome::{Reason, Run};
use api_canary::probe::{Prober, SystemResolver};
use api_canary::provider::{self, CallKind};
use api_canary::target::{ApiKey, CallOptions, HttpOffer, Order, Target};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::task::JoinSet;

use harness::{Spread, cpu_time, is_smoke, micros_each};
use peer::Peer;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
type Probe = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Probes under way at once.
const IN_FLIGHT: u32 = 16;
/// Nothing listens there.
const REFUSED: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);
const KEY: &str = "sk-ant-sim-valid";

/// One row: the floor and ours, and how many probes make a measurement.
struct Case {
    name: &'static str,
    probes: u32,
    floor: Box<dyn Fn() -> Probe + Send + Sync>,
    ours: Box<dyn Fn() -> Probe + Send + Sync>,
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == peer::ARGUMENT) {
        return peer::serve();
    }
    let names: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let ours_only = std::env::args().any(|argument| argument == "--ours");
    let peer = Peer::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (rounds, divisor) = if is_smoke() { (1, 50) } else { (15, 1) };
    println!(
        "CPU µs for each probe, {IN_FLIGHT} in flight; medians of {rounds} rounds, ratio [least–greatest]"
    );
    println!("{:<40} {:>8} {:>8}   ratio", "module", "floor", "ours");
    for case in cases(&peer)? {
        if !names.is_empty() && !names.iter().any(|name| case.name.contains(name.as_str())) {
            continue;
        }
        let probes = (case.probes / divisor).max(IN_FLIGHT);
        let mut measured = [Vec::new(), Vec::new(), Vec::new()];
        for round in 0..=rounds {
            let floor = if ours_only {
                f64::NAN
            } else {
                runtime.block_on(measure(probes, &case.floor)).map_err(unsend)?
            };
            let ours = runtime.block_on(measure(probes, &case.ours)).map_err(unsend)?;
            // The first round warms up.
            if round > 0 {
                for (values, value) in measured.iter_mut().zip([floor, ours, ours / floor]) {
                    values.push(value);
                }
            }
        }
        let [floor, ours, ratio] = measured.map(Spread::of);
        println!(
            "{:<40} {:>8.1} {:>8.1}   {:.2} [{:.2}–{:.2}]",
            case.name, floor.median, ours.median, ratio.median, ratio.least, ratio.greatest
        );
    }
    Ok(())
}

fn unsend(error: Box<dyn Error + Send + Sync>) -> Box<dyn Error> {
    error
}

/// Runs so many probes; CPU µs for each.
async fn measure(probes: u32, probe: &(dyn Fn() -> Probe + Send + Sync)) -> Result<f64> {
    let start = cpu_time();
    let mut under_way = JoinSet::new();
    for _ in 0..probes {
        if under_way.len() >= IN_FLIGHT.try_into()? {
            under_way.join_next().await.ok_or("nothing is under way")???;
        }
        // As the engine does: a task for each run.
        under_way.spawn(probe());
    }
    while let Some(ended) = under_way.join_next().await {
        ended??;
    }
    Ok(micros_each(cpu_time() - start, probes))
}

fn cases(peer: &Peer) -> std::result::Result<Vec<Case>, Box<dyn Error>> {
    let verified = Arc::new(floor::config(&peer.root)?);
    let known = Arc::new(floor::config_of_known_chain(&peer.root)?);
    let https = format!("https://api.sim.test:{}", peer.api.port());
    let h1 = Target { http: peer::http(HttpOffer::H1), ..models(peer, &https)? };
    let h2 = Target { http: peer::http(HttpOffer::H2), ..models(peer, &https)? };
    let no_alpn = format!("https://tls-no-alpn.sim.test:{}", peer.api.port());
    let tls = Target { http: peer::http(HttpOffer::H2), ..peer.target(&no_alpn)? };
    let http = format!("http://api.sim.test:{}/ok", peer.plain.port());
    let tcp = peer.target(&format!("http://{REFUSED}/"))?;
    let nxdomain = peer.target("http://dns-nxdomain.sim.test/")?;
    let fails = |reason| move |run: &Run| reason_of(run) == Some(reason);
    let works = |run: &Run| reason_of(run).is_none() && !run.outcomes.is_empty();
    Ok(vec![
        Case {
            name: "dns (no such name)",
            probes: 2000,
            floor: floor_dns(peer.dns),
            ours: ours(nxdomain, fails(Reason::DnsNxdomain))?,
        },
        Case {
            name: "tcp (refused)",
            probes: 2000,
            floor: floor_tcp(),
            ours: ours(tcp, fails(Reason::TcpRefused))?,
        },
        Case {
            name: "http (dns, tcp, call)",
            probes: 1000,
            floor: floor_http(peer),
            ours: ours(peer.target(&http)?, works)?,
        },
        Case {
            name: "tls (dns, tcp, handshake)",
            probes: 250,
            floor: floor_https(peer, &verified, "tls-no-alpn.sim.test", false),
            ours: ours(tls, fails(Reason::HttpProtocol))?,
        },
        Case {
            name: "https h1",
            probes: 250,
            floor: floor_https(peer, &verified, "api.sim.test", true),
            ours: ours(h1.clone(), works)?,
        },
        Case {
            name: "https h2 (floor: h1)",
            probes: 250,
            floor: floor_https(peer, &verified, "api.sim.test", true),
            ours: ours(h2.clone(), works)?,
        },
        Case {
            name: "https h1, floor knows the chain too",
            probes: 250,
            floor: floor_https(peer, &known, "api.sim.test", true),
            ours: ours(h1.clone(), works)?,
        },
        Case {
            name: "https h2 (floor: h1), floor knows it too",
            probes: 250,
            floor: floor_https(peer, &known, "api.sim.test", true),
            ours: ours(h2, works)?,
        },
        Case {
            name: "https h1, new prober for each",
            probes: 250,
            floor: floor_https(peer, &verified, "api.sim.test", true),
            ours: ours_new(h1, works)?,
        },
    ])
}

fn reason_of(run: &Run) -> Option<Reason> {
    run.outcomes.iter().find_map(|outcome| outcome.trouble()).map(|trouble| trouble.failure.reason)
}

/// A target of the Claude API's dialect, with a key.
fn models(peer: &Peer, url: &str) -> std::result::Result<Target, Box<dyn Error>> {
    Ok(Target {
        provider: provider::by_name("anthropic").ok_or("no such provider")?,
        api_key: Some(ApiKey::fixed(KEY)?),
        call: CallOptions::free(CallKind::Models, Duration::from_secs(30)),
        ..peer.target(url)?
    })
}

type Make = Box<dyn Fn() -> Probe + Send + Sync>;

fn ours(
    target: Target,
    right: impl Fn(&Run) -> bool + Copy + Send + Sync + 'static,
) -> std::result::Result<Make, Box<dyn Error>> {
    let prober = Arc::new(Prober::try_new(Arc::new(target), &Arc::default())?);
    Ok(Box::new(move || {
        let prober = Arc::clone(&prober);
        Box::pin(async move {
            let run = prober.run(Order::Configured).await;
            if right(&run) { Ok(()) } else { Err(format!("{run:#?}").into()) }
        })
    }))
}

/// Without anything kept from probe to probe.
fn ours_new(
    target: Target,
    right: impl Fn(&Run) -> bool + Copy + Send + Sync + 'static,
) -> std::result::Result<Make, Box<dyn Error>> {
    let target = Arc::new(target);
    let system = Arc::new(SystemResolver::default());
    Ok(Box::new(move || {
        let (target, system) = (Arc::clone(&target), Arc::clone(&system));
        Box::pin(async move {
            let run = Prober::try_new(target, &system)?.run(Order::Configured).await;
            if right(&run) { Ok(()) } else { Err(format!("{run:#?}").into()) }
        })
    }))
}

fn floor_dns(server: SocketAddr) -> Make {
    Box::new(move || {
        Box::pin(async move {
            match floor::resolve(server, "dns-nxdomain.sim.test").await? {
                None => Ok(()),
                Some(address) => Err(format!("it resolves to {address}").into()),
            }
        })
    })
}

fn floor_tcp() -> Make {
    Box::new(|| {
        Box::pin(async {
            match floor::connect(REFUSED).await {
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Ok(()),
                other => Err(format!("not refused: {other:?}").into()),
            }
        })
    })
}

fn floor_http(peer: &Peer) -> Make {
    let (dns, port) = (peer.dns, peer.plain.port());
    let request: Arc<str> = format!(
        "GET /ok HTTP/1.1\r\nhost: api.sim.test:{port}\r\nuser-agent: floor\r\nconnection: close\r\n\r\n"
    )
    .into();
    Box::new(move || {
        let request = Arc::clone(&request);
        Box::pin(async move {
            let address = floor::resolve(dns, "api.sim.test").await?.ok_or("no such name")?;
            let stream = floor::connect((address, port).into()).await?;
            floor::call(stream, &request).await?;
            Ok(())
        })
    })
}

fn floor_https(peer: &Peer, config: &Arc<ClientConfig>, host: &'static str, call: bool) -> Make {
    let (dns, port) = (peer.dns, peer.api.port());
    let config = Arc::clone(config);
    let request: Arc<str> = format!(
        "GET /v1/models?limit=1 HTTP/1.1\r\nhost: {host}:{port}\r\nuser-agent: floor\r\naccept: application/json\r\n\
         anthropic-version: 2023-06-01\r\nx-api-key: {KEY}\r\nconnection: close\r\n\r\n"
    )
    .into();
    Box::new(move || {
        let (request, config) = (Arc::clone(&request), Arc::clone(&config));
        Box::pin(async move {
            let name = ServerName::try_from(host)?;
            let address = floor::resolve(dns, host).await?.ok_or("no such name")?;
            let stream = floor::connect((address, port).into()).await?;
            let stream = floor::handshake(stream, &config, &name).await?;
            if call {
                floor::call(stream, &request).await?;
            }
            Ok(())
        })
    })
}
