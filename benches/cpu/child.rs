//! This program as a child in the place: as the floor, or as the Prometheus that asks blackbox_exporter or scrapes the canary.
//!
//! It works until its standard input ends, and answers each line there with what it has done so far.

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api_canary::net;
use reqwest::Client;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::time::{Instant, sleep_until};

use super::floor;
use super::measure::METRICS;
use super::rows::Row;
use super::servers::{BLACKBOX, HTTP, HTTPS};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
type Probe = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// The arguments that make this program a child.
pub(crate) const FLOOR: &str = "--as-floor";
pub(crate) const ASKER: &str = "--as-asker";
pub(crate) const SCRAPER: &str = "--as-scraper";

/// In flight at once without a pace.
const CLOSED: u64 = 16;
/// The most in flight at once with one: who is asked cannot keep it.
const MOST: u64 = 256;
/// What Prometheus accepts.
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
    text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
/// How often Prometheus scrapes.
const SCRAPE: Duration = Duration::from_secs(15);

/// What was done so far.
#[derive(Debug, Default)]
struct Done {
    begun: AtomicU64,
    good: AtomicU64,
    bad: AtomicU64,
}

/// Works as these arguments say; `None` where they make this program no child.
pub(crate) fn run(arguments: &[String]) -> Option<Result<()>> {
    let (what, rest) = arguments.split_first()?;
    let work = match what.as_str() {
        FLOOR => floor_of,
        ASKER => asker_of,
        SCRAPER => scraper_of,
        _ => return None,
    };
    Some(serve(work, rest))
}

/// What makes the probe of a number.
type Make = Box<dyn Fn(u64) -> Probe + Send + Sync>;

/// A probe, and the time between two of them; `None` for as fast as it goes.
type Work = (Make, Option<Duration>);

fn serve(work: fn(&[String]) -> Result<Work>, arguments: &[String]) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Also for the clients that it makes.
    let _inside = runtime.enter();
    let (make, every) = work(arguments)?;
    let done = Arc::new(Done::default());
    let told = Arc::clone(&done);
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        for _ in std::io::stdin().lock().lines().map_while(std::result::Result::ok) {
            let numbers = [&told.good, &told.bad].map(|number| number.load(Ordering::Relaxed).to_string());
            let _ = writeln!(std::io::stdout(), "{}", numbers.join(" "));
        }
        drop(end);
    });
    runtime.block_on(async {
        tokio::select! {
            () = go(make, every, done) => {}
            _ = ended => {}
        }
    });
    Ok(())
}

/// A task for each probe; with a pace, a timer for each as well.
async fn go(make: Make, every: Option<Duration>, done: Arc<Done>) {
    let start = Instant::now();
    let ended = Arc::new(tokio::sync::Notify::new());
    let mut number = 0;
    loop {
        let in_flight = || {
            let over = done.good.load(Ordering::Relaxed) + done.bad.load(Ordering::Relaxed);
            done.begun.load(Ordering::Relaxed) - over
        };
        match every {
            Some(every) => {
                sleep_until(start + every.mul_f64(as_float(number))).await;
                number += 1;
                if in_flight() >= MOST {
                    continue;
                }
            }
            None => {
                while in_flight() >= CLOSED {
                    ended.notified().await;
                }
                number += 1;
            }
        }
        done.begun.fetch_add(1, Ordering::Relaxed);
        let (probe, done, ended) = (make(number), Arc::clone(&done), Arc::clone(&ended));
        tokio::spawn(async move {
            let came = probe.await;
            let first = done.bad.load(Ordering::Relaxed) == 0;
            match came {
                Ok(()) => done.good.fetch_add(1, Ordering::Relaxed),
                Err(error) => {
                    if first {
                        let _ = writeln!(std::io::stderr(), "a probe failed: {error}");
                    }
                    done.bad.fetch_add(1, Ordering::Relaxed)
                }
            };
            ended.notify_one();
        });
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody makes 2^53 probes")]
fn as_float(number: u64) -> f64 {
    number as f64
}

/// Row, rate (0 for as fast as it goes) and number of targets.
fn parts(arguments: &[String]) -> Result<(Row, Option<Duration>, u64)> {
    let [row, rate, targets, ..] = arguments else { return Err("a row, a rate, and targets".into()) };
    let row = Row::of_name(row).ok_or("no such row")?;
    let rate: f64 = rate.parse()?;
    Ok((row, (rate > 0.0).then(|| Duration::from_secs_f64(1.0 / rate)), targets.parse()?))
}

fn floor_of(arguments: &[String]) -> Result<Work> {
    let (row, every, targets) = parts(arguments)?;
    let root = CertificateDer::from_pem_file(arguments.get(3).ok_or("a root")?)?;
    let config = Arc::new(floor::config(&root)?);
    let targets = (0..targets).map(|number| Target::new(u32::try_from(number)?));
    let targets = targets.collect::<Result<Vec<_>>>()?;
    let make = move |number: u64| -> Probe {
        let index = usize::try_from(number).unwrap_or_default() % targets.len();
        match targets.get(index) {
            Some(target) => Box::pin(target.clone().probe(row, Arc::clone(&config))),
            None => Box::pin(async { Err("no such target".into()) }),
        }
    };
    Ok((Box::new(make), every))
}

/// What the floor makes once a target.
#[derive(Debug, Clone)]
struct Target {
    host: Arc<str>,
    name: ServerName<'static>,
    request: Arc<str>,
}

impl Target {
    fn new(number: u32) -> Result<Self> {
        let host = Row::host(number);
        let request = format!(
            "GET /v1/models HTTP/1.1\r\nhost: {host}:{HTTPS}\r\nuser-agent: floor\r\naccept: application/json\r\n\
             connection: close\r\n\r\n"
        );
        Ok(Self { name: ServerName::try_from(host.clone())?, host: host.into(), request: request.into() })
    }

    async fn probe(self, row: Row, config: Arc<ClientConfig>) -> Result<()> {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let address = match row {
            Row::Tcp => local,
            Row::Dns | Row::TcpByName | Row::Tls | Row::Http1 | Row::Http2 => {
                floor::resolve((local, 53).into(), &self.host).await?.ok_or("no such name")?
            }
        };
        let port = match row {
            Row::Dns => return Ok(()),
            Row::Tcp | Row::TcpByName => HTTP,
            Row::Tls | Row::Http1 | Row::Http2 => HTTPS,
        };
        let stream = floor::connect((address, port).into()).await?;
        if port == HTTP {
            return Ok(());
        }
        let stream = floor::handshake(stream, &config, &self.name).await?;
        if row.calls() {
            floor::call(stream, &self.request).await?;
        }
        Ok(())
    }
}

fn asker_of(arguments: &[String]) -> Result<Work> {
    let (row, every, targets) = parts(arguments)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, BLACKBOX));
    let url = |number: u64| {
        let target = row.target_of_blackbox(u32::try_from(number)?);
        Ok(format!("http://{address}/probe?module={}&target={target}", row.name()).into())
    };
    let urls: Vec<Arc<str>> = (0..targets).map(url).collect::<Result<_>>()?;
    let client = client()?;
    let make = move |number: u64| -> Probe {
        let index = usize::try_from(number).unwrap_or_default() % urls.len();
        let (client, url) = (client.clone(), urls.get(index).cloned().unwrap_or_default());
        Box::pin(async move {
            let text = asked(&client, &url).await?;
            if text.contains("\nprobe_success 1\n") { Ok(()) } else { Err(text.into()) }
        })
    };
    Ok((Box::new(make), every))
}

fn scraper_of(_: &[String]) -> Result<Work> {
    let client = client()?;
    let make = move |_| -> Probe {
        let client = client.clone();
        Box::pin(async move { asked(&client, METRICS).await.map(drop) })
    };
    Ok((Box::new(make), Some(SCRAPE)))
}

/// One that keeps its connections and takes gzip, as Prometheus.
fn client() -> Result<Client> {
    let client = net::client(net::public_tls()?).no_proxy().gzip(true);
    Ok(client.user_agent("Prometheus/2.42.0").timeout(Duration::from_secs(15)).build()?)
}

async fn asked(client: &Client, url: &str) -> Result<String> {
    let request =
        client.get(url).header("accept", ACCEPT).header("x-prometheus-scrape-timeout-seconds", "10");
    Ok(request.send().await?.error_for_status()?.text().await?)
}
