//! The probers as children: each walks a scenario in its place and prints what it found, one line a probe.

use std::error::Error;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api_canary::config::{Config, Env, Source};
use api_canary::net;
use api_canary::outcome::Outcome;
use api_canary::probe::{Prober, SystemResolver};
use api_canary::target::Order;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;

use super::floor;
use super::record::{Record, host, path};
use super::scenario::Scenario;
use super::servers::{BLACKBOX, HTTPS};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What a child says when its targets have all been walked once.
pub(crate) const WARM: &str = "warm";

fn warm() -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{WARM}")
}

fn print(records: &[Record]) -> Result<()> {
    let mut output = std::io::stdout().lock();
    for record in records {
        serde_json::to_writer(&mut output, record)?;
        writeln!(output)?;
    }
    Ok(())
}

/// As the program has it.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// The config of so many targets; `interval` in seconds.
pub(crate) fn config(
    targets: u32,
    delay: u32,
    interval: u32,
    root: &Path,
    directory: &Path,
) -> Result<PathBuf> {
    let root = root.display();
    let mut text = format!("defaults: {{ interval: {interval}s }}\ntargets:\n");
    for target in 0..targets {
        text.push_str(&format!(
            "  - {{ name: t{target:05}, provider: http, url: \"https://{}:{HTTPS}{}\", families: [ipv4], \
             tls: {{ ca_file: {root} }} }}\n",
            host(target),
            path(target, delay)
        ));
    }
    let file = directory.join(format!("canary-{targets}-{delay}-{interval}.yml"));
    std::fs::write(&file, text)?;
    Ok(file)
}

/// The library, used as the engine uses it: a prober made once a target, all of them on one runtime.
pub(crate) fn canary(scenario: &Scenario, config: &Path) -> Result<()> {
    let env = Env::of::<&str, &str>([]);
    let config = Config::load(&Source::File(config.to_owned()), &env).map_err(|error| error.to_string())?;
    let system = Arc::<SystemResolver>::default();
    let probers =
        config.targets.iter().map(|target| Prober::try_new(Arc::clone(target), &system).map(Arc::new));
    let probers: Vec<Arc<Prober>> = probers.collect::<std::result::Result<_, _>>()?;
    let walk = scenario.walk(
        move |target| {
            let prober = usize::try_from(target).ok().and_then(|at| probers.get(at)).cloned();
            async move {
                let Some(prober) = prober else { return Record::failed(target, &"no such target") };
                let run = prober.run(Order::Configured).await;
                match run.outcomes.first() {
                    Some(outcome) => of_outcome(target, outcome),
                    None => Record::failed(target, &format!("no journey: {:?}", run.lookups)),
                }
            }
        },
        warm,
    );
    print(&runtime()?.block_on(walk)?)
}

fn of_outcome(target: u32, outcome: &Outcome) -> Record {
    let seconds = |took: Option<Duration>| took.map(|took| took.as_secs_f64());
    let stages = &outcome.stages;
    let phases = stages.api.evidence().map(|api| api.phases).unwrap_or_default();
    Record {
        target,
        failure: (!outcome.success()).then(|| format!("{:?}", outcome.trouble())),
        warm: false,
        dns: seconds(stages.dns.took()),
        tcp: seconds(stages.tcp.took()),
        tls: seconds(stages.tls.took()),
        processing: seconds(phases.processing),
        transfer: seconds(phases.transfer),
        total: seconds(Some(outcome.took)),
        rtt: seconds(stages.tcp.evidence().and_then(|tcp| tcp.rtt)),
        late: seconds(Some(outcome.late)),
    }
}

/// The least work that does the same, with the time read around each step.
pub(crate) fn floor(scenario: &Scenario, root: &Path, servers: Ipv4Addr) -> Result<()> {
    let root = CertificateDer::from_pem_file(root)?;
    let config = Arc::new(floor::config(&root)?);
    let delay = scenario.delay;
    let walk = scenario.walk(
        move |target| {
            let config = Arc::clone(&config);
            async move {
                let probe = bare(target, delay, servers, &config).await;
                probe.unwrap_or_else(|error| Record::failed(target, &error))
            }
        },
        warm,
    );
    print(&runtime()?.block_on(walk)?)
}

async fn bare(
    target: u32,
    delay: u32,
    servers: Ipv4Addr,
    config: &Arc<ClientConfig>,
) -> std::io::Result<Record> {
    let host = host(target);
    let name = ServerName::try_from(host.clone()).map_err(std::io::Error::other)?;
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: {host}\r\nuser-agent: floor\r\nconnection: close\r\n\r\n",
        path(target, delay)
    );
    let start = Instant::now();
    let mut last = start;
    let mut lap = || {
        let now = Instant::now();
        Some((now - std::mem::replace(&mut last, now)).as_secs_f64())
    };
    let address = floor::resolve(SocketAddr::from((servers, 53)), &host).await?;
    let dns = lap();
    let address = address.ok_or_else(|| std::io::Error::other("no such name"))?;
    let stream = floor::connect((address, HTTPS).into()).await?;
    let tcp = lap();
    let rtt = net::round_trip_time(&stream).map(|rtt| rtt.as_secs_f64());
    let mut stream = floor::handshake(stream, config, &name).await?;
    let tls = lap();
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::with_capacity(4096);
    stream.read_buf(&mut answer).await?;
    let processing = lap();
    while floor::length(&answer)?.is_none_or(|whole| answer.len() < whole) {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(std::io::Error::other("the answer is cut off"));
        }
    }
    let transfer = lap();
    let total = Some(start.elapsed().as_secs_f64());
    Ok(Record { target, dns, tcp, tls, processing, transfer, total, rtt, ..Record::default() })
}

/// What Prometheus does with `blackbox_exporter`: scrapes `/probe` over connections that it keeps, compressed.
pub(crate) fn scrape(scenario: &Scenario) -> Result<()> {
    let client =
        net::client(net::public_tls()?).no_proxy().gzip(true).timeout(Duration::from_secs(15)).build()?;
    let delay = scenario.delay;
    let walk = scenario.walk(
        move |target| {
            let client = client.clone();
            async move {
                let page = format!("http://127.0.0.1:{BLACKBOX}/probe");
                let url = format!("https://{}:{HTTPS}{}", host(target), path(target, delay));
                let ask = client.get(page).query(&[("module", "wire"), ("target", &url)]);
                let ask = ask.header("x-prometheus-scrape-timeout-seconds", "10");
                let answer = async { ask.send().await?.error_for_status()?.text().await };
                answer
                    .await
                    .map_or_else(|error| Record::failed(target, &error), |text| of_page(target, &text))
            }
        },
        warm,
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    print(&runtime.block_on(walk)?)
}

fn of_page(target: u32, text: &str) -> Record {
    let value = |series: &str| -> Option<f64> {
        text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
    };
    let phase = |phase: &str| value(&format!("probe_http_duration_seconds{{phase=\"{phase}\"}}"));
    let works = value("probe_success").is_some_and(|success| success > 0.5);
    Record {
        target,
        failure: (!works).then(|| format!("probe_success is not 1: {text}")),
        dns: phase("resolve"),
        tcp: phase("connect"),
        tls: phase("tls"),
        processing: phase("processing"),
        transfer: phase("transfer"),
        total: value("probe_duration_seconds"),
        ..Record::default()
    }
}
